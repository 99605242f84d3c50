/* collect : rdd(T) -> rows(T)
 *
 * By partition and then by position: the job's blocks are copied into one result in that order. */
#include "action/action.h"
#include "base/error.h"
#include "base/memory.h"

ce_status ce_collect(ce_rdd *rdd, ce_result *rows)
{
    CEI_HOLD(rdd);
    *rows = (ce_result){0};
    CE_TRY(cei_node_prepare(rdd));
    return cei_action_rows(rdd, "collect", rows);
}

ce_status ce_collect_partitions(ce_rdd *rdd, const uint32_t *partitions, uint32_t count, ce_result *results)
{
    CEI_HOLD(rdd);
    for (uint32_t i = 0; i < count; i++) {
        results[i] = (ce_result){0};
    }
    CE_TRY(cei_node_prepare(rdd));
    cei_blocks *lists = cei_alloc_zeroed(count ? count : 1, sizeof *lists);
    if (!lists) {
        return CE_MEMORY;
    }
    ce_status status = cei_run_job(rdd, "collect_partitions", partitions, count, lists);
    for (uint32_t i = 0; i < count && status == CE_OK; i++) {
        status = cei_result_from_blocks(&results[i], rdd->type, &lists[i], 1);
    }
    for (uint32_t i = 0; i < count; i++) {
        cei_blocks_close(&lists[i]);
        if (status != CE_OK) {
            ce_result_free(&results[i]);
        }
    }
    cei_free(lists);
    return status;
}
