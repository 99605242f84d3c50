/* is_empty : rdd(T) -> bool
 *
 * take of one row finds none. */
#include "action/take.h"
#include "base/error.h"

ce_status ce_is_empty(ce_rdd *rdd, bool *empty)
{
    CEI_HOLD(rdd);
    ce_result row;
    *empty = true;
    CE_TRY(cei_take(rdd, "is_empty", 1, &row));
    *empty = row.count == 0;
    ce_result_free(&row);
    return CE_OK;
}
