/* reduce_by_key_locally : rdd(pair(K, V)), (V, V -> V) -> rows(pair(K, V)), sorted by key
 *
 * Each task reduces its partition by key in a table, as reduce_by_key does where nothing has to cross a shuffle; the
 * calling thread sorts what comes by key, equal keys in the order of the partitions, and reduces those that stand side
 * by side. */
#include "action/fold_rows.h"
#include "base/error.h"
#include "rdd/shuffle_read.h"

static int compare_keys(const void *a, const void *b, void *arg)
{
    return ce_type_compare(arg, a, b);
}

/* Reduces count rows of one key into the value of the first, whose parts live as long as the driver then. */
static ce_status reduce_run(cei_driver *driver, const ce_rdd *node, char *rows, uint64_t count)
{
    cei_fold fold;
    const ce_type *pair = node->type;
    uint32_t offset = pair->fields[1].offset;
    ce_status status = cei_fold_open(&fold, &driver->run, node, node->function, NULL);
    for (uint64_t i = 0; i < count && status == CE_OK; i++) {
        if (cei_fold_push(&fold, rows + i * pair->bytes + offset, 1) == CEI_FAILED) {
            status = driver->run.status;
        }
    }
    if (status == CE_OK) {
        memcpy(rows + offset, fold.value, node->function->out->bytes);
        status = cei_value_own(node->function->out, rows + offset, &driver->run.arena);
    }
    cei_fold_close(&fold);
    return status;
}

/* Leaves one row per key at the front of the sorted rows. */
static ce_status reduce_sorted(cei_driver *driver, const ce_rdd *node, ce_result *sorted)
{
    size_t row_bytes = node->type->bytes;
    char *rows = (char *)sorted->rows; /* ours until it is given out */
    uint64_t kept = 0;
    for (uint64_t first = 0, end; first < sorted->count; first = end) {
        char *row = rows + first * row_bytes;
        end = first + 1;
        while (end < sorted->count && ce_type_compare(node->type->fields[0].type, row, rows + end * row_bytes) == 0) {
            end++;
        }
        if (end - first > 1) {
            CE_TRY(reduce_run(driver, node, row, end - first));
        }
        memmove(rows + kept++ * row_bytes, row, row_bytes);
    }
    sorted->count = kept;
    return CE_OK;
}

ce_status ce_reduce_by_key_locally_with(ce_rdd *rdd, const ce_function *f, ce_result *rows)
{
    static const char action[] = "reduce_by_key_locally";
    CEI_HOLD(rdd);
    ce_rdd node;
    ce_result parts;
    cei_driver driver;
    const ce_type *key, *value;
    *rows = (ce_result){0};
    CE_TRY(cei_action_node(&node, &cei_op_reduce_by_key, &rdd));
    CE_TRY(cei_action_pair(rdd, action, &key, &value));
    ce_rdd of_values = {.scope = rdd->scope, .site = rdd->site, .type = value};
    CE_TRY(cei_fold_check(&of_values, action, f, f));
    if (rdd->partition_count == 0) {
        return cei_action_empty(rdd, action);
    }
    node.function = f;
    CE_TRY(cei_action_rows(&node, action, &parts));
    ce_status status = cei_result_sort(&parts, compare_keys, (void *)key);
    cei_driver_open(&driver, &node);
    if (status == CE_OK) {
        status = reduce_sorted(&driver, &node, &parts);
    }
    if (status == CE_OK) {
        status = cei_result_from_values(rows, node.type, parts.rows, parts.count);
    }
    status = cei_driver_close(&driver, status);
    ce_result_free(&parts);
    return status;
}
