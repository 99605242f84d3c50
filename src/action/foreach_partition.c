/* foreach_partition : rdd(T), (rows(T) -> void) -> nothing
 *
 * The function runs once per partition, empty ones too. What it leaves unread is not computed.
 *
 * In tasks: foreach_partition_rows : rdd(T) -> rdd(T) without rows. */
#include "action/action.h"
#include "base/error.h"

struct foreach_partition_state {
    cei_cursor cursor;
    cei_rows rows;
    uint32_t partition;
    bool called;
    cei_arena strings;
};

static cei_pull foreach_partition_next(cei_cursor *cursor, cei_batch *batch)
{
    struct foreach_partition_state *state = (struct foreach_partition_state *)cursor;
    const ce_rdd *node = cursor->node;
    (void)batch;
    if (state->called) {
        return CEI_END;
    }
    state->called = true;
    cei_user_begin(cursor->run, node, &state->strings);
    node->function->partitions(state->partition, &state->rows.rows, NULL, NULL, node->env);
    return cei_user_end(cursor->run) == CEI_FAILED ? CEI_FAILED : CEI_END;
}

static void foreach_partition_close(cei_cursor *cursor)
{
    struct foreach_partition_state *state = (struct foreach_partition_state *)cursor;
    cei_arena_close(&state->strings);
}

static ce_status foreach_partition_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct foreach_partition_state *state = cei_cursor_new(run, node, sizeof *state, foreach_partition_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = foreach_partition_close;
    state->partition = partition;
    cei_arena_open(&state->strings, run->pool, 0);
    *cursor = &state->cursor;
    cei_cursor *input;
    CE_TRY(cei_open_parent(run, node, 0, partition, &input));
    cei_rows_open(&state->rows, input, node->parents[0]->type);
    return CE_OK;
}

const cei_op cei_op_foreach_partition_rows = {.name = "foreach_partition_rows", .open = foreach_partition_open};

ce_status ce_foreach_partition_with_function(ce_rdd *rdd, const ce_function *f, const void *env)
{
    CEI_HOLD(rdd);
    ce_rdd node;
    ce_result none;
    CE_TRY(cei_action_node(&node, &cei_op_foreach_partition_rows, &rdd));
    CE_TRY(cei_action_takes(rdd, "foreach_partition", f, CE_FUNCTION_FOREACH_PARTITION, rdd->type, env));
    node.function = f;
    node.env = env;
    CE_TRY(cei_action_rows(&node, "foreach_partition", &none));
    ce_result_free(&none);
    return CE_OK;
}
