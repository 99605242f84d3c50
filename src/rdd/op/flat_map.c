/* flat_map : rdd(T), (T -> 0..n U) -> rdd(U)
 *
 * The kernel takes input rows until the output is full. What was emitted may point into the input's batch, so a batch
 * is handed on before the input is pulled again, unless rows of U hold no pointers. */
#include "rdd/node.h"

struct flat_map_state {
    cei_cursor cursor;
    cei_cursor *input;
    cei_batch in;
    uint32_t taken; /* rows of in that the kernel has had */
    bool flat;
    ce_emit emit;
    cei_arena strings;
};

static cei_pull flat_map_next(cei_cursor *cursor, cei_batch *batch)
{
    struct flat_map_state *state = (struct flat_map_state *)cursor;
    const ce_function *f = cursor->node->function;
    ce_emit *emit = &state->emit;
    cei_pull pulled = CEI_ROWS;
    emit->next = emit->rows;
    cei_arena_reset(&state->strings);
    while (emit->next < emit->full) {
        if (state->taken == state->in.count) {
            if (emit->next > emit->rows && !state->flat) {
                break;
            }
            if (cei_run_is_cancelled(cursor->run)) { /* a function that emits nothing runs as long as its input */
                return CEI_FAILED;
            }
            state->taken = state->in.count = 0;
            pulled = state->input->next(state->input, &state->in);
            if (pulled != CEI_ROWS) {
                break;
            }
        }
        cei_user_begin(cursor->run, cursor->node, &state->strings);
        state->taken += f->flat_map(state->in.rows + (size_t)state->taken * f->in->bytes, f->in->bytes,
                                    state->in.count - state->taken, emit, cursor->node->env);
        if (cei_user_end(cursor->run) == CEI_FAILED) {
            return CEI_FAILED;
        }
    }
    *batch = (cei_batch){emit->rows, (uint32_t)((size_t)(emit->next - emit->rows) / emit->row_bytes)};
    return batch->count && pulled != CEI_FAILED ? CEI_ROWS : pulled;
}

static void flat_map_close(cei_cursor *cursor)
{
    struct flat_map_state *state = (struct flat_map_state *)cursor;
    cei_emit_close(cursor->run, &state->emit);
    cei_arena_close(&state->strings);
}

static ce_status flat_map_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct flat_map_state *state = cei_cursor_new(run, node, sizeof *state, flat_map_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = flat_map_close;
    state->flat = cei_type_is_flat(node->type);
    cei_arena_open(&state->strings, run->pool, 0);
    *cursor = &state->cursor;
    ce_status status = cei_emit_open(run, &state->emit, node->type);
    return status != CE_OK ? status : cei_open_parent(run, node, 0, partition, &state->input);
}

const cei_op cei_op_flat_map = {.name = "flat_map", .open = flat_map_open};

ce_rdd *ce_flat_map_at(ce_rdd *rdd, const ce_function *f, const void *env, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_flat_map, NULL, site, &rdd, 1);
    if (cei_node_takes(node, f, CE_FUNCTION_FLAT_MAP, rdd ? rdd->type : NULL, env)) {
        node->type = f->out;
    }
    return node;
}
