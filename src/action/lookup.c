/* lookup : rdd(pair(K, V)), K -> rows(V)
 *
 * Where the RDD is partitioned by key only one partition can hold the key: the job computes that one.
 *
 * In tasks: filter_key : rdd(pair(K, V)), K -> rdd(V). */
#include "action/action.h"
#include "base/error.h"
#include "shuffle/key.h"

struct lookup_state {
    cei_cursor cursor;
    cei_cursor *input;
    char *rows; /* batch of the output, from the pool */
    uint32_t room;
};

static ce_status lookup_make_room(struct lookup_state *state, uint32_t count)
{
    cei_run *run = state->cursor.run;
    size_t row_bytes = state->cursor.node->type->bytes;
    cei_pool_give(run->pool, state->rows, state->room * row_bytes);
    state->room = count > run->batch_rows ? count : run->batch_rows;
    state->rows = cei_pool_take(run->pool, state->room * row_bytes);
    if (!state->rows) {
        state->room = 0;
        return CE_MEMORY;
    }
    return CE_OK;
}

static uint32_t copy_matches(const ce_rdd *node, const cei_batch *in, char *to)
{
    const ce_type *pair = node->parents[0]->type, *key = pair->fields[0].type;
    uint32_t count = 0;
    for (uint32_t i = 0; i < in->count; i++) {
        const char *row = in->rows + (size_t)i * pair->bytes;
        if (cei_value_equal(key, row, node->args)) {
            memcpy(to + (size_t)count * node->type->bytes, row + pair->fields[1].offset, node->type->bytes);
            count++;
        }
    }
    return count;
}

/* A batch of the input may hold no match at all; one with matches is handed on before the next is pulled. */
static cei_pull lookup_next(cei_cursor *cursor, cei_batch *batch)
{
    struct lookup_state *state = (struct lookup_state *)cursor;
    cei_batch in;
    cei_pull pulled;
    while ((pulled = state->input->next(state->input, &in)) == CEI_ROWS) {
        if (cei_run_is_cancelled(cursor->run)) {
            return CEI_FAILED;
        }
        if (in.count > state->room && lookup_make_room(state, in.count) != CE_OK) {
            return cei_run_fail(cursor->run, CE_MEMORY);
        }
        *batch = (cei_batch){state->rows, copy_matches(cursor->node, &in, state->rows)};
        if (batch->count > 0) {
            break;
        }
    }
    return pulled;
}

static void lookup_close(cei_cursor *cursor)
{
    struct lookup_state *state = (struct lookup_state *)cursor;
    cei_pool_give(cursor->run->pool, state->rows, (size_t)state->room * cursor->node->type->bytes);
}

static ce_status lookup_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct lookup_state *state = cei_cursor_new(run, node, sizeof *state, lookup_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = lookup_close;
    *cursor = &state->cursor;
    return cei_open_parent(run, node, 0, partition, &state->input);
}

const cei_op cei_op_filter_key = {.name = "filter_key", .open = lookup_open};

/* The only partition that can hold the key. A user's partitioner runs here, outside of tasks. */
static ce_status partition_of(ce_rdd *node, const ce_rdd *rdd, const ce_type *key_type, const void *key,
                              uint32_t *partition)
{
    cei_driver driver;
    cei_driver_open(&driver, node);
    cei_user_begin(&driver.run, node, &driver.strings);
    ce_status status = cei_partition_of(&rdd->partitioner, key_type, key, partition);
    (void)cei_user_end(&driver.run);
    return cei_driver_close(&driver, status);
}

ce_status ce_lookup(ce_rdd *rdd, const void *key, ce_result *values)
{
    CEI_HOLD(rdd);
    ce_rdd node;
    const ce_type *key_type, *value_type;
    *values = (ce_result){0};
    CE_TRY(cei_action_node(&node, &cei_op_filter_key, &rdd));
    CE_TRY(cei_action_pair(rdd, "lookup", &key_type, &value_type));
    if (!key) {
        return cei_action_invalid(rdd, "lookup", "the key is NULL");
    }
    node.type = value_type;
    node.args = (void *)key; /* only read */
    node.args_type = key_type;
    if (rdd->partitioner.kind == CEI_PARTITIONER_NONE || rdd->partition_count == 0) {
        return cei_action_rows(&node, "lookup", values);
    }
    uint32_t partition;
    CE_TRY(partition_of(&node, rdd, key_type, key, &partition));
    return cei_action_rows_of(&node, "lookup", &partition, 1, values);
}
