/* aggregate : rdd(T), U, (U, T -> U), (U, U -> U) -> U
 *
 * As fold, with a value of another type than the rows. */
#include "action/fold_rows.h"
#include "base/error.h"

ce_status ce_aggregate_with(ce_rdd *rdd, const void *zero, const ce_function *seq, const ce_function *comb,
                            ce_result *value)
{
    CEI_HOLD(rdd);
    ce_rdd node;
    *value = (ce_result){0};
    CE_TRY(cei_node_prepare(rdd));
    CE_TRY(cei_fold_check(rdd, "aggregate", seq, comb));
    if (!zero) {
        return cei_action_invalid(rdd, "aggregate", "the zero is NULL");
    }
    CE_TRY(cei_fold_node(&node, seq, zero, &rdd));
    return cei_fold_job(&node, "aggregate", comb, zero, value);
}
