/* map : rdd(T), (T -> U) -> rdd(U)
 *
 * One kernel call per batch of the input. Strings that the function makes live in the state's own arena until the next
 * batch. */
#include "rdd/node.h"

struct map_state {
    cei_cursor cursor;
    cei_cursor *input;
    char *rows; /* batch of the output, from the pool */
    uint32_t room;
    cei_arena strings;
};

static ce_status map_make_room(struct map_state *state, uint32_t count)
{
    cei_run *run = state->cursor.run;
    size_t row_bytes = state->cursor.node->type->bytes;
    cei_pool_give(run->pool, state->rows, state->room * row_bytes);
    state->room = count > run->batch_rows ? count : run->batch_rows;
    state->rows = cei_pool_take(run->pool, state->room * row_bytes);
    return state->rows ? CE_OK : CE_MEMORY;
}

static cei_pull map_next(cei_cursor *cursor, cei_batch *batch)
{
    struct map_state *state = (struct map_state *)cursor;
    const ce_rdd *node = cursor->node;
    const ce_function *f = node->function;
    cei_batch in;
    cei_pull pulled = state->input->next(state->input, &in);
    if (pulled != CEI_ROWS) {
        return pulled;
    }
    if (in.count > state->room && map_make_room(state, in.count) != CE_OK) {
        return cei_run_fail(cursor->run, CE_MEMORY);
    }
    cei_arena_reset(&state->strings);
    cei_user_begin(cursor->run, node, &state->strings);
    f->map(in.rows, f->in->bytes, state->rows, f->out->bytes, in.count, node->env);
    *batch = (cei_batch){state->rows, in.count};
    return cei_user_end(cursor->run);
}

static void map_close(cei_cursor *cursor)
{
    struct map_state *state = (struct map_state *)cursor;
    cei_pool_give(cursor->run->pool, state->rows, state->room * cursor->node->type->bytes);
    cei_arena_close(&state->strings);
}

static ce_status map_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct map_state *state = cei_cursor_new(run, node, sizeof *state, map_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = map_close;
    cei_arena_open(&state->strings, run->pool, 0);
    *cursor = &state->cursor;
    return cei_open_parent(run, node, 0, partition, &state->input);
}

const cei_op cei_op_map = {.name = "map", .open = map_open};

ce_rdd *ce_map_at(ce_rdd *rdd, const ce_function *f, const void *env, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_map, NULL, site, &rdd, 1);
    if (cei_node_takes(node, f, CE_FUNCTION_MAP, rdd ? rdd->type : NULL, env)) {
        node->type = f->out;
    }
    return node;
}
