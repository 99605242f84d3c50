/* count_approx_distinct : rdd(T), relative_sd -> uint64
 *
 * Each task makes one sketch of its partition; the sketches are merged on the calling thread.
 *
 * In tasks: sketch_rows : rdd(T) -> rdd(str), one row per partition. */
#include "action/fold_rows.h"
#include "base/error.h"
#include "rdd/narrow.h"
#include "rdd/sketches.h"
#include <math.h>

CE_RECORD(sketch_args, (uint32_t, precision));

struct sketch_state {
    cei_cursor cursor;
    cei_intake in;
    cei_hasher hasher;
    ce_str sketch;
    char *room; /* of the sketch; from the pool */
    uint64_t room_bytes;
    bool ended;
    uint64_t hashes[CEI_KEYS_MAX];
    char batch[CEI_HLL_HEADER_BYTES + CEI_KEYS_MAX * CEI_HLL_ENTRY_BYTES]; /* the sketch of one batch */
};

static ce_status sketch_add(struct sketch_state *state, const cei_batch *part, uint32_t precision)
{
    cei_pool *pool = state->cursor.run->pool;
    size_t stride = state->hasher.type->bytes;
    CE_TRY(cei_hasher_hash(&state->hasher, part->rows, stride, part->count, state->hashes));
    if (cei_hll_add_in_place(state->sketch, state->hashes, part->count)) {
        return CE_OK;
    }
    ce_str more = cei_hll_of(state->hashes, part->count, precision, state->batch);
    uint64_t bytes = cei_hll_merge_bytes(state->sketch, more);
    char *room = bytes ? cei_pool_take(pool, bytes) : NULL;
    if (bytes && !room) {
        return CE_MEMORY;
    }
    state->sketch = cei_hll_merge(state->sketch, more, room);
    if (room && state->sketch.at == room) {
        cei_pool_give(pool, state->room, state->room_bytes);
        state->room = room;
        state->room_bytes = bytes;
    } else {
        cei_pool_give(pool, room, bytes);
    }
    return CE_OK;
}

static cei_pull sketch_next(cei_cursor *cursor, cei_batch *batch)
{
    struct sketch_state *state = (struct sketch_state *)cursor;
    uint32_t precision = ((const sketch_args *)cursor->node->args)->precision;
    cei_batch part;
    cei_pull pulled = CEI_END;
    while (!state->ended &&
           (pulled = cei_intake_next(&state->in, state->hasher.type->bytes, CEI_KEYS_MAX, &part)) == CEI_ROWS) {
        ce_status status = sketch_add(state, &part, precision);
        if (status != CE_OK) {
            return cei_run_fail(cursor->run, status);
        }
    }
    if (state->ended || pulled != CEI_END) {
        return pulled;
    }
    state->ended = true;
    *batch = (cei_batch){(const char *)&state->sketch, 1};
    return CEI_ROWS;
}

static void sketch_close(cei_cursor *cursor)
{
    struct sketch_state *state = (struct sketch_state *)cursor;
    cei_pool_give(cursor->run->pool, state->room, state->room_bytes);
    cei_buffer_close(&state->hasher.scratch);
}

static ce_status sketch_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct sketch_state *state = cei_cursor_new(run, node, sizeof *state, sketch_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = sketch_close;
    cei_hasher_open(&state->hasher, node->parents[0]->type);
    char *empty = cei_arena_alloc(&run->arena, CEI_HLL_HEADER_BYTES);
    if (!empty) {
        return CE_MEMORY;
    }
    state->sketch = cei_hll_of(NULL, 0, ((const sketch_args *)node->args)->precision, empty);
    *cursor = &state->cursor;
    return cei_open_parent(run, node, 0, partition, &state->in.from);
}

const cei_op cei_op_sketch_rows = {.name = "sketch_rows", .open = sketch_open};

/* ---- on the calling thread ---- */

ce_status ce_count_approx_distinct(ce_rdd *rdd, double relative_sd, uint64_t *count)
{
    CEI_HOLD(rdd);
    ce_rdd node;
    ce_result merged;
    sketch_args args;
    *count = 0;
    CE_TRY(cei_action_node(&node, &cei_op_sketch_rows, &rdd));
    ce_status status = cei_hll_precision(relative_sd, &args.precision);
    if (status != CE_OK) {
        return cei_error_prefix(status, "%s:%d: count_approx_distinct: ", rdd->site.file, rdd->site.line);
    }
    if (rdd->partition_count == 0) {
        return CE_OK;
    }
    node.type = CE_TYPE(ce_str);
    node.args = &args;
    node.args_type = CE_TYPE(sketch_args);
    CE_TRY(cei_fold_job(&node, "count_approx_distinct", cei_merge_counts, NULL, &merged));
    *count = (uint64_t)llround(cei_hll_estimate(ce_result_value(&merged, ce_str)));
    ce_result_free(&merged);
    return CE_OK;
}
