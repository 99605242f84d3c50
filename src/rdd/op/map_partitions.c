/* map_partitions : rdd(T), (rows(T) -> 0..n U) -> rdd(U)
 *
 * The function sees the rows of a partition as an iterator and runs once for each, empty ones too. */
#include "rdd/whole.h"

const cei_op cei_op_map_partitions = {.name = "map_partitions", .open = cei_whole_open};

ce_rdd *ce_map_partitions_at(ce_rdd *rdd, const ce_function *f, const void *env, bool keep_partitioner, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_map_partitions, NULL, site, &rdd, 1);
    if (cei_node_takes(node, f, CE_FUNCTION_PARTITIONS, rdd ? rdd->type : NULL, env)) {
        node->type = f->out;
        if (keep_partitioner) {
            node->partitioner = rdd->partitioner;
        }
    }
    return node;
}
