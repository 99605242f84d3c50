/*
 * concat.c: partitions one after the other. A thousand files that become one partition must not all be open at once: a
 * part is opened when the one before has ended, and closed when it has ended itself. Only what reads from a shuffle is
 * opened at the start, because a host asks a task for its inputs before the first step.
 *
 * The cursors of a part are kept on a list of their own rather than the run's, so that they can be closed without
 * looking for them.
 */
#include "rdd/concat.h"
#include "base/error.h"
#include "rdd/narrow.h"

struct concat_state {
    cei_cursor cursor;
    const cei_part *parts;
    struct concat_part {
        cei_cursor *cursor; /* NULL: not opened yet, or closed */
        cei_cursor *opened; /* newest first, as in a run */
    } * opened;
    uint32_t count, at;
};

static ce_status concat_open_part(struct concat_state *state, uint32_t index)
{
    cei_run *run = state->cursor.run;
    struct concat_part *part = &state->opened[index];
    cei_cursor *others = run->opened;
    run->opened = NULL;
    ce_status status = cei_open_parent(run, state->cursor.node, state->parts[index].parent,
                                       state->parts[index].partition, &part->cursor);
    part->opened = run->opened;
    run->opened = others;
    return status;
}

static void concat_close_part(struct concat_part *part)
{
    for (cei_cursor *cursor = part->opened; cursor; cursor = cursor->opened_before) {
        if (cursor->close) {
            cursor->close(cursor);
        }
    }
    *part = (struct concat_part){0};
}

/* CEI_ROWS: the part to go on with is open. CEI_END: there is none left. */
static cei_pull concat_part(struct concat_state *state)
{
    if (state->at == state->count) {
        return CEI_END;
    }
    if (!state->opened[state->at].cursor) {
        ce_status status = concat_open_part(state, state->at);
        if (status != CE_OK) {
            return cei_run_fail(state->cursor.run, status);
        }
    }
    return CEI_ROWS;
}

static cei_pull concat_next(cei_cursor *cursor, cei_batch *batch)
{
    struct concat_state *state = (struct concat_state *)cursor;
    cei_pull pulled;
    while ((pulled = concat_part(state)) == CEI_ROWS) {
        cei_cursor *part = state->opened[state->at].cursor;
        pulled = part->next(part, batch);
        if (pulled != CEI_END) {
            return pulled;
        }
        concat_close_part(&state->opened[state->at++]);
    }
    return pulled;
}

static cei_pull concat_count(cei_cursor *cursor, uint64_t *rows)
{
    struct concat_state *state = (struct concat_state *)cursor;
    cei_pull pulled;
    while ((pulled = concat_part(state)) == CEI_ROWS) {
        pulled = cei_count_rest(state->opened[state->at].cursor, rows);
        if (pulled != CEI_END) {
            return pulled;
        }
        concat_close_part(&state->opened[state->at++]);
    }
    return pulled;
}

static void concat_close(cei_cursor *cursor)
{
    struct concat_state *state = (struct concat_state *)cursor;
    for (; state->at < state->count; state->at++) {
        concat_close_part(&state->opened[state->at]);
    }
}

static bool reads_shuffle(const ce_rdd *node)
{
    bool reads = node->shuffle != NULL;
    for (uint32_t i = 0; i < node->parent_count && !reads; i++) {
        reads = reads_shuffle(node->parents[i]);
    }
    return reads;
}

ce_status cei_concat_open(cei_run *run, const ce_rdd *node, const cei_part *parts, uint32_t count, cei_cursor **cursor)
{
    if (count == 1) {
        return cei_open_parent(run, node, parts[0].parent, parts[0].partition, cursor);
    }
    struct concat_state *state = cei_cursor_new(run, node, sizeof *state, concat_next);
    struct concat_part *opened = cei_arena_alloc_zeroed(&run->arena, count * sizeof *opened);
    if (!state || !opened) {
        return CE_MEMORY;
    }
    state->cursor.close = concat_close;
    state->cursor.count = concat_count;
    state->parts = parts;
    state->opened = opened;
    state->count = count;
    *cursor = &state->cursor;
    bool early = false;
    for (uint32_t i = 0; i < node->parent_count && !early; i++) {
        early = reads_shuffle(node->parents[i]);
    }
    for (uint32_t i = 0; i < count && early; i++) {
        CE_TRY(concat_open_part(state, i));
    }
    return CE_OK;
}
