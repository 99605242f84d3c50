/* glom : rdd(T) -> rdd(list(T))
 *
 * One list per partition, empty ones too: the rows gather in one piece of memory that doubles, and own their parts. */
#include "base/error.h"
#include "rdd/narrow.h"

struct glom_state {
    cei_cursor cursor;
    cei_intake in;
    char *rows; /* from the pool */
    size_t count, room;
    bool flat, given;
    ce_list list; /* the only row */
    cei_arena keep;
};

static ce_status glom_grow(struct glom_state *state, size_t more)
{
    cei_pool *pool = state->cursor.run->pool;
    size_t row_bytes = state->cursor.node->parents[0]->type->bytes;
    if (state->count + more > UINT32_MAX) {
        char place[256];
        return cei_fail(CE_INVALID, "%s: the partition has more than %u rows, which is the most that a list holds",
                        cei_node_place(state->cursor.node, place, sizeof place), UINT32_MAX);
    }
    size_t bytes = (state->count + more > 2 * state->room ? state->count + more : 2 * state->room) * row_bytes;
    size_t room = cei_pool_piece_bytes(bytes) / row_bytes;
    char *rows = cei_pool_grow(pool, state->rows, state->room * row_bytes, state->count * row_bytes, bytes);
    if (!rows) {
        return CE_MEMORY;
    }
    state->rows = rows;
    state->room = room;
    return CE_OK;
}

static ce_status glom_add(struct glom_state *state, const char *rows, uint32_t count)
{
    const ce_type *type = state->cursor.node->parents[0]->type;
    if (count > state->room - state->count) {
        CE_TRY(glom_grow(state, count));
    }
    char *to = state->rows + state->count * type->bytes;
    memcpy(to, rows, (size_t)count * type->bytes);
    state->count += count;
    for (uint32_t i = 0; !state->flat && i < count; i++, to += type->bytes) {
        CE_TRY(cei_value_own(type, to, &state->keep));
    }
    return CE_OK;
}

static cei_pull glom_next(cei_cursor *cursor, cei_batch *batch)
{
    struct glom_state *state = (struct glom_state *)cursor;
    cei_pull pulled = CEI_END;
    while (!state->given && (pulled = cei_intake_pull(&state->in)) == CEI_ROWS) {
        ce_status status = glom_add(state, state->in.rows, state->in.left);
        if (status != CE_OK) {
            return cei_run_fail(cursor->run, status);
        }
        state->in.left = 0;
    }
    if (pulled != CEI_END || state->given) {
        return pulled;
    }
    state->given = true;
    state->list = (ce_list){state->rows, (uint32_t)state->count};
    *batch = (cei_batch){(const char *)&state->list, 1};
    return CEI_ROWS;
}

static void glom_close(cei_cursor *cursor)
{
    struct glom_state *state = (struct glom_state *)cursor;
    cei_pool_give(cursor->run->pool, state->rows, state->room * cursor->node->parents[0]->type->bytes);
    cei_arena_close(&state->keep);
}

static ce_status glom_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct glom_state *state = cei_cursor_new(run, node, sizeof *state, glom_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = glom_close;
    state->flat = cei_type_is_flat(node->parents[0]->type);
    cei_arena_open(&state->keep, run->pool, 0);
    *cursor = &state->cursor;
    return cei_open_parent(run, node, 0, partition, &state->in.from);
}

const cei_op cei_op_glom = {.name = "glom", .open = glom_open};

ce_rdd *ce_glom_at(ce_rdd *rdd, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_glom, NULL, site, &rdd, 1);
    const ce_type *type = cei_node_is_sound(node) ? cei_scope_list(node->scope, rdd->type) : NULL;
    if (!type) {
        return cei_node_poison(node, CE_MEMORY, "out of memory");
    }
    node->type = type;
    return node;
}
