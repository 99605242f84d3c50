/* max : rdd(T) -> T
 *
 * The largest row by the type's natural order. */
#include "action/order_rows.h"
#include "base/error.h"

ce_status ce_max(ce_rdd *rdd, ce_result *value)
{
    CEI_HOLD(rdd);
    CE_TRY(cei_take_ordered(rdd, "max", 1, (cei_row_order){.natural = true, .reversed = true}, value));
    if (value->count == 0) {
        ce_result_free(value);
        return cei_action_empty(rdd, "max");
    }
    return CE_OK;
}
