/* filter : rdd(T), (T -> bool) -> rdd(T)
 *
 * The kernel answers a byte per row, which the compiler can vectorise; the rows that stay are then moved together.
 * Rows of flat types gather in the output over several input batches, others are handed on at once. */
#include "rdd/compact.h"
#include "rdd/node.h"

struct filter_state {
    cei_cursor cursor;
    cei_cursor *input;
    bool flat;
    char *rows; /* batch of the output, then the kernel's answers; one piece of the pool */
    uint8_t *keep;
    uint32_t room;
    cei_arena strings;
};

static size_t filter_piece_bytes(const struct filter_state *state, uint32_t room)
{
    return ((size_t)state->cursor.node->type->bytes + 1) * room + CEI_COMPACT_SLACK_BYTES;
}

/* Room for a batch's worth of gathered rows, of which kept are there, and one input batch on top. */
static ce_status filter_make_room(struct filter_state *state, uint32_t kept, uint32_t count)
{
    cei_run *run = state->cursor.run;
    size_t row_bytes = state->cursor.node->type->bytes;
    uint32_t room = run->batch_rows + (count > run->batch_rows ? count : run->batch_rows);
    char *rows = cei_pool_grow(run->pool, state->rows, filter_piece_bytes(state, state->room), kept * row_bytes,
                               filter_piece_bytes(state, room));
    if (!rows) {
        return CE_MEMORY;
    }
    state->room = room;
    state->rows = rows;
    state->keep = (uint8_t *)rows + room * row_bytes + CEI_COMPACT_SLACK_BYTES;
    return CE_OK;
}

static cei_pull filter_next(cei_cursor *cursor, cei_batch *batch)
{
    struct filter_state *state = (struct filter_state *)cursor;
    const ce_rdd *node = cursor->node;
    size_t row_bytes = node->type->bytes;
    uint32_t kept = 0;
    cei_pull pulled = CEI_ROWS;
    while (kept < cursor->run->batch_rows / 2 + 1 && (kept == 0 || state->flat)) {
        cei_batch in;
        if (cei_run_is_cancelled(cursor->run)) { /* a filter that keeps nothing runs as long as its input */
            return CEI_FAILED;
        }
        pulled = state->input->next(state->input, &in);
        if (pulled != CEI_ROWS) {
            break;
        }
        if (in.count > state->room - kept && filter_make_room(state, kept, in.count) != CE_OK) {
            return cei_run_fail(cursor->run, CE_MEMORY);
        }
        cei_arena_reset(&state->strings);
        cei_user_begin(cursor->run, node, &state->strings);
        node->function->filter(in.rows, in.count, state->keep, node->env);
        if (cei_user_end(cursor->run) == CEI_FAILED) {
            return CEI_FAILED;
        }
        kept += cei_compact(in.rows, row_bytes, in.count, state->keep, state->rows + kept * row_bytes);
    }
    *batch = (cei_batch){state->rows, kept};
    return kept && pulled != CEI_FAILED ? CEI_ROWS : pulled;
}

static void filter_close(cei_cursor *cursor)
{
    struct filter_state *state = (struct filter_state *)cursor;
    cei_pool_give(cursor->run->pool, state->rows, filter_piece_bytes(state, state->room));
    cei_arena_close(&state->strings);
}

static ce_status filter_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct filter_state *state = cei_cursor_new(run, node, sizeof *state, filter_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = filter_close;
    state->flat = cei_type_is_flat(node->type);
    cei_arena_open(&state->strings, run->pool, 0);
    *cursor = &state->cursor;
    return cei_open_parent(run, node, 0, partition, &state->input);
}

const cei_op cei_op_filter = {.name = "filter", .open = filter_open};

ce_rdd *ce_filter_at(ce_rdd *rdd, const ce_function *f, const void *env, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_filter, NULL, site, &rdd, 1);
    if (cei_node_takes(node, f, CE_FUNCTION_FILTER, rdd ? rdd->type : NULL, env)) {
        node->type = rdd->type;
        node->partitioner = rdd->partitioner;
    }
    return node;
}
