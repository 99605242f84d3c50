/* min : rdd(T) -> T
 *
 * The smallest row by the type's natural order. */
#include "action/order_rows.h"
#include "base/error.h"

ce_status ce_min(ce_rdd *rdd, ce_result *value)
{
    CEI_HOLD(rdd);
    CE_TRY(cei_take_ordered(rdd, "min", 1, (cei_row_order){.natural = true}, value));
    if (value->count == 0) {
        ce_result_free(value);
        return cei_action_empty(rdd, "min");
    }
    return CE_OK;
}
