/* map_groups : rdd(pair(K, V)), (K, rows(V) -> 0..n U) -> rdd(U)
 *
 * The function runs once for each key. */
#include "rdd/grouped.h"
#include "rdd/shuffle_read.h"

const cei_op cei_op_map_groups = {.name = "map_groups", .open = cei_grouped_open, .prepare = cei_wide_prepare};

ce_rdd *ce_map_groups_at(ce_rdd *rdd, const ce_function *f, const void *env, uint32_t partitions, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_map_groups, NULL, site, &rdd, 1);
    const ce_type *key, *value;
    if (!cei_node_pair(node, rdd ? rdd->type : NULL, &key, &value) ||
        !cei_node_takes(node, f, CE_FUNCTION_GROUPS, value, env) || !cei_node_takes_key(node, f, key)) {
        return node;
    }
    node->type = f->out;
    cei_partitioner partitioner = cei_default_partitioner(rdd, partitions);
    if (!cei_partitioner_equal(rdd->partitioner, partitioner)) {
        cei_node_set_shuffle(node, cei_shuffle_of(rdd->type, true), partitioner);
        node->partitioner = (cei_partitioner){0}; /* rows are not pairs of the key any more */
    }
    return node;
}
