/* map_partitions_with_index : rdd(T), (partition, rows(T) -> 0..n U) -> rdd(U)
 *
 * map_partitions whose function is told which partition it has. */
#include "rdd/whole.h"

const cei_op cei_op_map_partitions_with_index = {.name = "map_partitions_with_index", .open = cei_whole_open};

ce_rdd *ce_map_partitions_with_index_at(ce_rdd *rdd, const ce_function *f, const void *env, bool keep_partitioner,
                                        ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_map_partitions_with_index, NULL, site, &rdd, 1);
    if (cei_node_takes(node, f, CE_FUNCTION_PARTITIONS_WITH_INDEX, rdd ? rdd->type : NULL, env)) {
        node->type = f->out;
        if (keep_partitioner) {
            node->partitioner = rdd->partitioner;
        }
    }
    return node;
}
