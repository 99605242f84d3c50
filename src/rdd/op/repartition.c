/* repartition : rdd(T) -> rdd(T), spread evenly
 *
 * Round robin over the reduce partitions, from a start that differs for each map partition. */
#include "rdd/shuffle_read.h"

const cei_op cei_op_repartition = {.name = "repartition", .open = cei_shuffle_read_open, .prepare = cei_wide_prepare};

ce_rdd *ce_repartition_at(ce_rdd *rdd, uint32_t partitions, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_repartition, NULL, site, &rdd, 1);
    if (!cei_node_is_sound(node)) {
        return node;
    }
    if (partitions == 0) {
        return cei_node_poison(node, CE_INVALID, "Number of partitions (0) must be positive.");
    }
    node->type = rdd->type;
    cei_shuffle shuffle = {.type = rdd->type};
    cei_node_set_shuffle(node, shuffle, (cei_partitioner){.kind = CEI_PARTITIONER_ROUND, .count = partitions});
    return node;
}
