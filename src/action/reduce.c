/* reduce : rdd(T), (T, T -> T) -> T
 *
 * Each task reduces its partition; the values of the partitions that have rows are reduced in the order of the
 * partitions. */
#include "action/fold_rows.h"
#include "base/error.h"

ce_status ce_reduce_with(ce_rdd *rdd, const ce_function *f, ce_result *value)
{
    CEI_HOLD(rdd);
    ce_rdd node;
    *value = (ce_result){0};
    CE_TRY(cei_node_prepare(rdd));
    CE_TRY(cei_fold_check(rdd, "reduce", f, f));
    CE_TRY(cei_fold_node(&node, f, NULL, &rdd));
    return cei_fold_job(&node, "reduce", f, NULL, value);
}
