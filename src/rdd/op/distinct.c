/* distinct : rdd(T) -> rdd(T)
 *
 * The whole row is the key and there is no value: equal rows meet in a table on both sides of a hash shuffle. Where
 * rows are partitioned by a part of themselves already, equal rows are in one partition, and the table behind
 * suffices. */
#include "rdd/combined.h"
#include "rdd/shuffle_read.h"

const cei_op cei_op_distinct = {.name = "distinct", .open = cei_combined_open, .prepare = cei_wide_prepare};

ce_rdd *ce_distinct_at(ce_rdd *rdd, uint32_t partitions, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_distinct, NULL, site, &rdd, 1);
    if (!cei_node_is_sound(node)) {
        return node;
    }
    node->type = rdd->type;
    if (rdd->partitioner.kind != CEI_PARTITIONER_NONE && (partitions == 0 || partitions == rdd->partitioner.count)) {
        node->partitioner = rdd->partitioner;
        return node;
    }
    cei_partitioner partitioner = cei_partitioner_for(rdd, CEI_PARTITIONER_HASH, partitions);
    cei_shuffle shuffle = cei_shuffle_of(rdd->type, false);
    shuffle.combines = true;
    shuffle.combiner = cei_combiner_of(node, rdd->type);
    cei_node_set_shuffle(node, shuffle, partitioner);
    return node;
}
