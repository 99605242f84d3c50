/* take_ordered : rdd(T), count, [(T, T -> int)] -> rows(T)
 *
 * And top, which is the same the other way round. */
#include "action/order_rows.h"

ce_status ce_take_ordered(ce_rdd *rdd, uint64_t count, ce_result *rows)
{
    CEI_HOLD(rdd);
    return cei_take_ordered(rdd, "take_ordered", count, (cei_row_order){.natural = true}, rows);
}

ce_status ce_top(ce_rdd *rdd, uint64_t count, ce_result *rows)
{
    CEI_HOLD(rdd);
    return cei_take_ordered(rdd, "top", count, (cei_row_order){.natural = true, .reversed = true}, rows);
}

ce_status ce_take_ordered_with(ce_rdd *rdd, uint64_t count, const ce_function *compare, ce_result *rows)
{
    CEI_HOLD(rdd);
    return cei_take_ordered(rdd, "take_ordered", count, (cei_row_order){.compare = compare}, rows);
}

ce_status ce_top_with(ce_rdd *rdd, uint64_t count, const ce_function *compare, ce_result *rows)
{
    CEI_HOLD(rdd);
    return cei_take_ordered(rdd, "top", count, (cei_row_order){.compare = compare, .reversed = true}, rows);
}
