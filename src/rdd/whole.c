/*
 * whole.c: a user function over a whole partition. It runs once, in one call, and all that it emits waits in one piece
 * of memory that is then handed out batch by batch without copying.
 *
 * What it has emitted may point into the newest batch of an input, which ends when that input is pulled again: right
 * before, the rows emitted since the last time are made to own their parts.
 */
#include "rdd/whole.h"
#include "base/error.h"

struct whole_state {
    cei_cursor cursor;
    cei_rows first, second;
    uint32_t partition;
    bool called;
    cei_emitted emitted;
    cei_arena strings;
};

static cei_pull whole_call(struct whole_state *state)
{
    const ce_rdd *node = state->cursor.node;
    state->called = true;
    cei_user_begin(state->cursor.run, node, &state->strings);
    node->function->partitions(state->partition, &state->first.rows,
                               node->parent_count > 1 ? &state->second.rows : NULL, &state->emitted.emit, node->env);
    return cei_user_end(state->cursor.run);
}

static cei_pull whole_next(cei_cursor *cursor, cei_batch *batch)
{
    struct whole_state *state = (struct whole_state *)cursor;
    if (!state->called && whole_call(state) == CEI_FAILED) {
        return CEI_FAILED;
    }
    *batch = cei_emitted_give(&state->emitted, cursor->run->batch_rows);
    return batch->count ? CEI_ROWS : CEI_END;
}

static void whole_close(cei_cursor *cursor)
{
    struct whole_state *state = (struct whole_state *)cursor;
    cei_emitted_close(cursor->run, &state->emitted);
    cei_arena_close(&state->strings);
}

static ce_status whole_open_input(struct whole_state *state, uint32_t parent, cei_rows *rows)
{
    const ce_rdd *node = state->cursor.node;
    cei_cursor *from;
    CE_TRY(cei_open_parent(state->cursor.run, node, parent, state->partition, &from));
    cei_rows_open(rows, from, node->parents[parent]->type);
    rows->before_refill = cei_type_is_flat(node->type) ? NULL : cei_emitted_own;
    rows->owner = &state->emitted;
    return CE_OK;
}

ce_status cei_whole_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct whole_state *state = cei_cursor_new(run, node, sizeof *state, whole_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = whole_close;
    state->partition = partition;
    cei_arena_open(&state->strings, run->pool, 0);
    *cursor = &state->cursor;
    CE_TRY(cei_emitted_open(run, &state->emitted, node->type));
    CE_TRY(whole_open_input(state, 0, &state->first));
    return node->parent_count > 1 ? whole_open_input(state, 1, &state->second) : CE_OK;
}
