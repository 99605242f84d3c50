/* collect_as_map : rdd(pair(K, V)) -> rows(pair(K, V)), sorted by key
 *
 * collect, a stable sort, and of equal keys the last row. */
#include "action/action.h"
#include "base/error.h"

static int compare_keys(const void *a, const void *b, void *arg)
{
    return ce_type_compare(arg, a, b);
}

/* Of rows that lie side by side with equal keys the last one stays. */
static void keep_last(ce_result *rows, const ce_type *key)
{
    size_t row_bytes = rows->type->bytes;
    char *first = (char *)rows->rows, *to = first;
    for (uint64_t i = 0; i < rows->count; i++) {
        const char *row = first + i * row_bytes;
        if (to > first && ce_type_compare(key, to - row_bytes, row) == 0) {
            to -= row_bytes;
        }
        memmove(to, row, row_bytes);
        to += row_bytes;
    }
    rows->count = (uint64_t)(to - first) / row_bytes;
}

ce_status ce_collect_as_map(ce_rdd *rdd, ce_result *rows)
{
    CEI_HOLD(rdd);
    const ce_type *key, *value;
    *rows = (ce_result){0};
    CE_TRY(cei_node_prepare(rdd));
    CE_TRY(cei_action_pair(rdd, "collect_as_map", &key, &value));
    CE_TRY(cei_action_rows(rdd, "collect_as_map", rows));
    ce_status status = cei_result_sort(rows, compare_keys, (void *)key);
    if (status == CE_OK) {
        keep_last(rows, key);
    } else {
        ce_result_free(rows);
    }
    return status;
}

const void *ce_result_find(const ce_result *result, const void *key)
{
    if (!result->type || result->type->kind != CE_KIND_PAIR) {
        return NULL;
    }
    const ce_type *type = result->type->fields[0].type;
    const char *rows = result->rows;
    uint64_t first = 0, end = result->count;
    while (first < end) {
        uint64_t middle = first + (end - first) / 2;
        int order = ce_type_compare(type, rows + middle * result->type->bytes, key);
        if (order == 0) {
            return rows + middle * result->type->bytes;
        }
        if (order < 0) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return NULL;
}
