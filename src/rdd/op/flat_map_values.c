/* flat_map_values : rdd(pair(K, V)), (V -> 0..n U) -> rdd(pair(K, U))
 *
 * The kernel gets one value at a time, so that it is known whose key goes with what it emits. What one value emits
 * beyond the room of a batch waits; the next batch has only that, because the strings of a value must live until its
 * last pair is handed out. */
#include "base/error.h"
#include "rdd/narrow.h"

struct flat_map_values_state {
    cei_batcher base;
    const char *row; /* whose value was the last one */
    ce_emit emit;    /* what it emitted */
    size_t waiting;  /* rows at the end of emit without a pair */
    bool flat;
    cei_arena strings;
};

/* Fills the batch behind its first count rows with what waits; returns how many rows it has then. */
static uint32_t flat_map_values_pair(struct flat_map_values_state *state, uint32_t count)
{
    const ce_type *type = state->base.cursor.node->type;
    uint32_t room = state->base.cursor.run->batch_rows - count;
    uint32_t more = state->waiting < room ? (uint32_t)state->waiting : room;
    size_t value_bytes = state->emit.row_bytes;
    char *to = state->base.rows + (size_t)count * type->bytes;
    cei_copy_fields(to, type->bytes, state->row, 0, type->fields[0].type->bytes, more);
    cei_copy_fields(to + type->fields[1].offset, type->bytes, state->emit.next - state->waiting * value_bytes,
                    value_bytes, value_bytes, more);
    state->waiting -= more;
    return count + more;
}

static cei_pull flat_map_values_call(struct flat_map_values_state *state)
{
    cei_run *run = state->base.cursor.run;
    const ce_rdd *node = state->base.cursor.node;
    const ce_type *in = node->parents[0]->type;
    ce_emit *emit = &state->emit;
    emit->next = emit->rows;
    cei_user_begin(run, node, &state->strings);
    node->function->flat_map(state->row + in->fields[1].offset, in->bytes, 1, emit, node->env);
    state->waiting = (size_t)(emit->next - emit->rows) / emit->row_bytes;
    return cei_user_end(run);
}

static cei_pull flat_map_values_next(cei_cursor *cursor, cei_batch *batch)
{
    struct flat_map_values_state *state = (struct flat_map_values_state *)cursor;
    cei_intake *in = &state->base.in;
    cei_pull pulled = CEI_ROWS;
    uint32_t count = 0;
    if (state->waiting) {
        *batch = (cei_batch){state->base.rows, flat_map_values_pair(state, 0)};
        return CEI_ROWS;
    }
    cei_arena_reset(&state->strings);
    while (count < cursor->run->batch_rows) {
        if (in->left == 0 && count && !state->flat) {
            break;
        }
        cei_batch part;
        pulled = cei_intake_next(in, cursor->node->parents[0]->type->bytes, 1, &part);
        if (pulled != CEI_ROWS) {
            break;
        }
        state->row = part.rows;
        if (flat_map_values_call(state) == CEI_FAILED) {
            return CEI_FAILED;
        }
        count = flat_map_values_pair(state, count);
    }
    *batch = (cei_batch){state->base.rows, count};
    return count && pulled != CEI_FAILED ? CEI_ROWS : pulled;
}

static void flat_map_values_close(cei_cursor *cursor)
{
    struct flat_map_values_state *state = (struct flat_map_values_state *)cursor;
    cei_emit_close(cursor->run, &state->emit);
    cei_arena_close(&state->strings);
    cei_batcher_close(cursor);
}

static ce_status flat_map_values_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    CE_TRY(cei_batcher_open(run, node, partition, sizeof(struct flat_map_values_state), flat_map_values_next, cursor));
    struct flat_map_values_state *state = (struct flat_map_values_state *)*cursor;
    cei_arena_open(&state->strings, run->pool, 0);
    state->flat = cei_type_is_flat(node->type);
    (*cursor)->close = flat_map_values_close;
    return cei_emit_open(run, &state->emit, node->function->out);
}

const cei_op cei_op_flat_map_values = {.name = "flat_map_values", .open = flat_map_values_open};

ce_rdd *ce_flat_map_values_at(ce_rdd *rdd, const ce_function *f, const void *env, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_flat_map_values, NULL, site, &rdd, 1);
    const ce_type *key, *value;
    if (cei_node_pair(node, rdd ? rdd->type : NULL, &key, &value) &&
        cei_node_takes(node, f, CE_FUNCTION_FLAT_MAP, value, env) && cei_node_gives_pair(node, key, f->out)) {
        node->partitioner = rdd->partitioner;
    }
    return node;
}
