/* first : rdd(T) -> T
 *
 * take of one row; no row at all is a failure. */
#include "action/take.h"
#include "base/error.h"

ce_status ce_first(ce_rdd *rdd, ce_result *row)
{
    CEI_HOLD(rdd);
    CE_TRY(cei_take(rdd, "first", 1, row));
    if (row->count == 0) {
        ce_result_free(row);
        return cei_action_empty(rdd, "first");
    }
    return CE_OK;
}
