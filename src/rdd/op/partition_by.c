/* partition_by : rdd(pair(K, V)) -> rdd(pair(K, V)), equal keys in the same partition
 *
 * By hash or by a function of CE_PARTITIONER. An RDD that is partitioned so already is given back as it is. */
#include "rdd/shuffle_read.h"

const cei_op cei_op_partition_by = {.name = "partition_by", .open = cei_shuffle_read_open, .prepare = cei_wide_prepare};

ce_rdd *ce_partition_by_at(ce_rdd *rdd, const ce_function *f, uint32_t partitions, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_partition_by, NULL, site, &rdd, 1);
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
        return rdd;
    }
    cei_node_set_shuffle(node, cei_shuffle_of(rdd->type, true), partitioner);
    return node;
}
