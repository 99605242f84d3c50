/* foreach : rdd(T), (T -> void) -> nothing
 *
 * In tasks: foreach_rows : rdd(T) -> rdd(T) without rows; one kernel call per batch. */
#include "action/action.h"
#include "base/error.h"

struct foreach_state {
    cei_cursor cursor;
    cei_cursor *input;
    cei_arena strings;
};

static cei_pull foreach_next(cei_cursor *cursor, cei_batch *batch)
{
    struct foreach_state *state = (struct foreach_state *)cursor;
    const ce_rdd *node = cursor->node;
    cei_pull pulled;
    while ((pulled = state->input->next(state->input, batch)) == CEI_ROWS) {
        if (cei_run_is_cancelled(cursor->run)) {
            return CEI_FAILED;
        }
        cei_arena_reset(&state->strings);
        cei_user_begin(cursor->run, node, &state->strings);
        node->function->foreach (batch->rows, batch->count, node->env);
        if (cei_user_end(cursor->run) == CEI_FAILED) {
            return CEI_FAILED;
        }
    }
    return pulled;
}

static void foreach_close(cei_cursor *cursor)
{
    struct foreach_state *state = (struct foreach_state *)cursor;
    cei_arena_close(&state->strings);
}

static ce_status foreach_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct foreach_state *state = cei_cursor_new(run, node, sizeof *state, foreach_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = foreach_close;
    cei_arena_open(&state->strings, run->pool, 0);
    *cursor = &state->cursor;
    return cei_open_parent(run, node, 0, partition, &state->input);
}

const cei_op cei_op_foreach_rows = {.name = "foreach_rows", .open = foreach_open};

ce_status ce_foreach_with_function(ce_rdd *rdd, const ce_function *f, const void *env)
{
    CEI_HOLD(rdd);
    ce_rdd node;
    ce_result none;
    CE_TRY(cei_action_node(&node, &cei_op_foreach_rows, &rdd));
    CE_TRY(cei_action_takes(rdd, "foreach", f, CE_FUNCTION_FOREACH, rdd->type, env));
    node.function = f;
    node.env = env;
    CE_TRY(cei_action_rows(&node, "foreach", &none));
    ce_result_free(&none);
    return CE_OK;
}
