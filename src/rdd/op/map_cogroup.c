/* map_cogroup : rdd(pair(K, V)), rdd(pair(K, W)), (K, rows(V), rows(W) -> 0..n U) -> rdd(U)
 *
 * The function runs once for each key of either. */
#include "rdd/grouped.h"
#include "rdd/groups.h"

const cei_op cei_op_map_cogroup = {.name = "map_cogroup", .open = cei_grouped_open};

ce_rdd *ce_map_cogroup_at(ce_rdd *a, ce_rdd *b, const ce_function *f, const void *env, uint32_t partitions,
                          ce_site site)
{
    ce_rdd *rdds[] = {a, b};
    ce_rdd *node = cei_cogroup_node(&cei_op_map_cogroup, rdds, 2, partitions, site);
    if (!cei_node_is_sound(node) || !cei_node_takes(node, f, CE_FUNCTION_COGROUPS, a->type->fields[1].type, env) ||
        !cei_node_takes_key(node, f, a->type->fields[0].type)) {
        return node;
    }
    if (!ce_type_equal(f->second, b->type->fields[1].type)) {
        char takes[256], has[256];
        return cei_node_poison(node, CE_TYPE, "%s takes %s of the second, has %s", f->name,
                               ce_type_text(f->second, takes, sizeof takes),
                               ce_type_text(b->type->fields[1].type, has, sizeof has));
    }
    node->type = f->out;
    node->partitioner = (cei_partitioner){0};
    return node;
}
