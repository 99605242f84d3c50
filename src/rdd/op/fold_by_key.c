/* fold_by_key : rdd(pair(K, V)), zero V, (V, V -> V) -> rdd(pair(K, V))
 *
 * As reduce_by_key, where each sum begins with zero: once for each key in each map partition. */
#include "rdd/combined.h"
#include "rdd/shuffle_read.h"

const cei_op cei_op_fold_by_key = {.name = "fold_by_key", .open = cei_combined_open, .prepare = cei_wide_prepare};

ce_rdd *ce_fold_by_key_at(ce_rdd *rdd, const void *zero, const ce_function *f, uint32_t partitions, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_fold_by_key, NULL, site, &rdd, 1);
    const ce_type *key, *value;
    if (!cei_node_pair(node, rdd ? rdd->type : NULL, &key, &value) ||
        !cei_node_takes(node, f, CE_FUNCTION_FOLD, value, NULL) || !cei_node_gives(node, f, value) ||
        !cei_node_copy_args(node, value, zero)) {
        return node;
    }
    node->type = rdd->type;
    node->function = f;
    return cei_combine_by_key(node, rdd, partitions, true);
}
