/* to_local_iterator : rdd(T) -> iterator(T)
 *
 * One job per partition, when its rows are asked for, so that one partition's rows are in memory at a time. */
#include "action/action.h"
#include "base/error.h"
#include "base/memory.h"

struct ce_local_iterator {
    ce_rdd *rdd;
    uint32_t next_partition;
    ce_result rows; /* of the partition before it */
    uint64_t next_row;
};

ce_status ce_to_local_iterator(ce_rdd *rdd, ce_local_iterator **iterator)
{
    CEI_HOLD(rdd);
    *iterator = NULL;
    CE_TRY(cei_node_prepare(rdd));
    ce_local_iterator *made = cei_alloc_zeroed(1, sizeof *made);
    if (!made) {
        return CE_MEMORY;
    }
    made->rdd = rdd;
    *iterator = made;
    return CE_OK;
}

ce_status ce_local_iterator_next(ce_local_iterator *iterator, const void **row)
{
    CEI_HOLD(iterator->rdd);
    *row = NULL;
    while (iterator->next_row == iterator->rows.count) {
        if (iterator->next_partition == iterator->rdd->partition_count) {
            return CE_OK;
        }
        iterator->next_row = 0;
        ce_result_free(&iterator->rows);
        CE_TRY(cei_action_rows_of(iterator->rdd, "to_local_iterator", &iterator->next_partition, 1, &iterator->rows));
        iterator->next_partition++;
    }
    *row = (const char *)iterator->rows.rows + iterator->next_row++ * iterator->rows.type->bytes;
    return CE_OK;
}

void ce_local_iterator_free(ce_local_iterator *iterator)
{
    if (iterator) {
        ce_result_free(&iterator->rows);
        cei_free(iterator);
    }
}
