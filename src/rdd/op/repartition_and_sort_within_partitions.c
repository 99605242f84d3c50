/* repartition_and_sort_within_partitions : rdd(pair(K, V)) -> rdd(pair(K, V))
 *
 * Equal keys in one partition, by hash or by a function of CE_PARTITIONER, and each partition in the order of its keys.
 * An RDD that is partitioned so already is sorted in place, without a shuffle. */
#include "rdd/shuffle_read.h"
#include "rdd/sorted.h"

static ce_status partition_sorted_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    const cei_order order = {.by = CEI_ORDER_BY_VALUE, .row = node->type, .key = node->type->fields[0].type};
    return cei_sorted_open(run, node, partition, &order, cursor);
}

const cei_op cei_op_repartition_and_sort_within_partitions = {
    .name = "repartition_and_sort_within_partitions", .open = partition_sorted_open, .prepare = cei_wide_prepare};

ce_rdd *ce_repartition_and_sort_within_partitions_at(ce_rdd *rdd, const ce_function *f, uint32_t partitions,
                                                     ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_repartition_and_sort_within_partitions, NULL, site, &rdd, 1);
    const ce_type *key, *value;
    if (!cei_node_pair(node, rdd ? rdd->type : NULL, &key, &value)) {
        return node;
    }
    if (f && !cei_node_takes(node, f, CE_FUNCTION_PARTITION, key, NULL)) {
        return node;
    }
    node->type = rdd->type;
    cei_partitioner partitioner =
        cei_partitioner_for(rdd, f ? CEI_PARTITIONER_FUNCTION : CEI_PARTITIONER_HASH, partitions);
    partitioner.function = f;
    if (cei_partitioner_equal(rdd->partitioner, partitioner)) {
        node->partitioner = rdd->partitioner;
        return node;
    }
    cei_node_set_shuffle(node, cei_shuffle_of(rdd->type, true), partitioner);
    return node;
}
