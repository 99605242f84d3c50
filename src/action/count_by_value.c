/* count_by_value : rdd(T) -> rows(pair(T, int64))
 *
 * count_by_key with the whole row as its key. */
#include "action/count_by_key.h"
#include "base/error.h"

ce_status ce_count_by_value(ce_rdd *rdd, ce_result *counts)
{
    CEI_HOLD(rdd);
    *counts = (ce_result){0};
    CE_TRY(cei_node_prepare(rdd));
    return cei_count_by_key(rdd, "count_by_value", rdd->type, (cei_partitioner){0}, counts);
}
