/* tree_reduce : rdd(T), (T, T -> T), depth -> T
 *
 * As reduce, over the levels of tree_aggregate. */
#include "action/fold_rows.h"
#include "base/error.h"

ce_status ce_tree_reduce_with(ce_rdd *rdd, const ce_function *f, uint32_t depth, ce_result *value)
{
    CEI_HOLD(rdd);
    ce_rdd node;
    *value = (ce_result){0};
    CE_TRY(cei_node_prepare(rdd));
    CE_TRY(cei_fold_check(rdd, "tree_reduce", f, f));
    CE_TRY(cei_fold_node(&node, f, NULL, &rdd));
    return cei_fold_tree(&node, "tree_reduce", f, NULL, depth, value);
}
