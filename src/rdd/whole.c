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
    ce_emit emit;
    size_t owned_bytes; /* of emitted rows whose parts are in keep */
    size_t given_bytes; /* of emitted rows handed out */
    cei_arena keep, strings;
};

static ce_status whole_own_emitted(void *owner)
{
    struct whole_state *state = owner;
    const ce_emit *emit = &state->emit;
    if (emit->failed) {
        return CE_MEMORY;
    }
    size_t emitted = (size_t)(emit->next - emit->rows);
    for (; state->owned_bytes < emitted; state->owned_bytes += emit->row_bytes) {
        CE_TRY(cei_value_own(state->cursor.node->type, emit->rows + state->owned_bytes, &state->keep));
    }
    return CE_OK;
}

static cei_pull whole_call(struct whole_state *state)
{
    const ce_rdd *node = state->cursor.node;
    state->called = true;
    cei_user_begin(state->cursor.run, node, &state->strings);
    node->function->partitions(state->partition, &state->first.rows,
                               node->parent_count > 1 ? &state->second.rows : NULL, &state->emit, node->env);
    return cei_user_end(state->cursor.run);
}

static cei_pull whole_next(cei_cursor *cursor, cei_batch *batch)
{
    struct whole_state *state = (struct whole_state *)cursor;
    const ce_emit *emit = &state->emit;
    if (!state->called && whole_call(state) == CEI_FAILED) {
        return CEI_FAILED;
    }
    const char *rows = emit->rows + state->given_bytes;
    size_t left = (size_t)(emit->next - rows) / emit->row_bytes;
    uint32_t count = left < cursor->run->batch_rows ? (uint32_t)left : cursor->run->batch_rows;
    state->given_bytes += (size_t)count * emit->row_bytes;
    *batch = (cei_batch){rows, count};
    return count ? CEI_ROWS : CEI_END;
}

static void whole_close(cei_cursor *cursor)
{
    struct whole_state *state = (struct whole_state *)cursor;
    cei_emit_close(cursor->run, &state->emit);
    cei_arena_close(&state->keep);
    cei_arena_close(&state->strings);
}

static ce_status whole_open_input(struct whole_state *state, uint32_t parent, cei_rows *rows)
{
    const ce_rdd *node = state->cursor.node;
    cei_cursor *from;
    CE_TRY(cei_open_parent(state->cursor.run, node, parent, state->partition, &from));
    cei_rows_open(rows, from, node->parents[parent]->type);
    rows->before_refill = cei_type_is_flat(node->type) ? NULL : whole_own_emitted;
    rows->owner = state;
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
    cei_arena_open(&state->keep, run->pool, 0);
    cei_arena_open(&state->strings, run->pool, 0);
    *cursor = &state->cursor;
    CE_TRY(cei_emit_open(run, &state->emit, node->type));
    CE_TRY(whole_open_input(state, 0, &state->first));
    return node->parent_count > 1 ? whole_open_input(state, 1, &state->second) : CE_OK;
}
