/* sort_by : rdd(T), (T -> K) -> rdd(T)
 *
 * As sort_by_key, but only rows cross the shuffle: a row's key is computed again wherever it is needed, which costs
 * less than carrying it. */
#include "rdd/sorted.h"

const cei_op cei_op_sort_by = {
    .name = "sort_by", .open = cei_range_sorted_open, .prepare = cei_range_prepare, .prepares_late = true};

ce_rdd *ce_sort_by_at(ce_rdd *rdd, const ce_function *f, const void *env, bool ascending, uint32_t partitions,
                      ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_sort_by, NULL, site, &rdd, 1);
    if (!cei_node_takes(node, f, CE_FUNCTION_MAP, rdd ? rdd->type : NULL, env)) {
        return node;
    }
    node->type = rdd->type;
    const cei_range range = {.key = f->out, .derive = f, .derive_env = node->env, .descending = !ascending};
    cei_node_set_range(node, &range, false, partitions);
    return node;
}
