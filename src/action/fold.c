/* fold : rdd(T), T, (T, T -> T) -> T
 *
 * As in Spark the zero enters once per partition, with or without rows, and once more where the partitions meet. */
#include "action/fold_rows.h"
#include "base/error.h"

ce_status ce_fold_with(ce_rdd *rdd, const void *zero, const ce_function *f, ce_result *value)
{
    CEI_HOLD(rdd);
    ce_rdd node;
    *value = (ce_result){0};
    CE_TRY(cei_node_prepare(rdd));
    CE_TRY(cei_fold_check(rdd, "fold", f, f));
    if (!zero) {
        return cei_action_invalid(rdd, "fold", "the zero is NULL");
    }
    CE_TRY(cei_fold_node(&node, f, zero, &rdd));
    return cei_fold_job(&node, "fold", f, zero, value);
}
