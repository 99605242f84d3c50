/* count_by_key : rdd(pair(K, V)) -> rows(pair(K, int64))
 *
 * As Spark: each key with a 1, then reduce_by_key, so that a key comes to the calling thread once. Input that is
 * partitioned by key needs no shuffle.
 *
 * In tasks: key_with_one : rdd(pair(K, V)) -> rdd(pair(K, int64)), and reduce_by_key. */
#include "action/count_by_key.h"
#include "base/error.h"
#include "rdd/shuffle_read.h"
#include "sched/engine.h"

struct ones_state {
    cei_cursor cursor;
    cei_cursor *input;
    char *rows; /* batch of the output, from the pool */
    uint32_t room;
};

static ce_status ones_make_room(struct ones_state *state, uint32_t count)
{
    cei_run *run = state->cursor.run;
    const ce_type *type = state->cursor.node->type;
    size_t row_bytes = type->bytes;
    cei_pool_give(run->pool, state->rows, state->room * row_bytes);
    state->room = count > run->batch_rows ? count : run->batch_rows;
    state->rows = cei_pool_take(run->pool, state->room * row_bytes);
    if (!state->rows) {
        state->room = 0;
        return CE_MEMORY;
    }
    memset(state->rows, 0, state->room * row_bytes);
    for (uint32_t i = 0; i < state->room; i++) {
        *(int64_t *)(void *)(state->rows + i * row_bytes + type->fields[1].offset) = 1;
    }
    return CE_OK;
}

static cei_pull ones_next(cei_cursor *cursor, cei_batch *batch)
{
    struct ones_state *state = (struct ones_state *)cursor;
    const ce_type *type = cursor->node->type;
    size_t from_bytes = cursor->node->parents[0]->type->bytes, key_bytes = type->fields[0].type->bytes;
    cei_batch in;
    cei_pull pulled = state->input->next(state->input, &in);
    if (pulled != CEI_ROWS) {
        return pulled;
    }
    if (in.count > state->room && ones_make_room(state, in.count) != CE_OK) {
        return cei_run_fail(cursor->run, CE_MEMORY);
    }
    for (uint32_t i = 0; i < in.count; i++) {
        memcpy(state->rows + (size_t)i * type->bytes, in.rows + i * from_bytes, key_bytes);
    }
    *batch = (cei_batch){state->rows, in.count};
    return CEI_ROWS;
}

static void ones_close(cei_cursor *cursor)
{
    struct ones_state *state = (struct ones_state *)cursor;
    cei_pool_give(cursor->run->pool, state->rows, (size_t)state->room * cursor->node->type->bytes);
}

static ce_status ones_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct ones_state *state = cei_cursor_new(run, node, sizeof *state, ones_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = ones_close;
    *cursor = &state->cursor;
    return cei_open_parent(run, node, 0, partition, &state->input);
}

const cei_op cei_op_key_with_one = {.name = "key_with_one", .open = ones_open};

/* ---- on the calling thread ---- */

static inline int64_t cei_add_counts(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(cei_add_counts, int64_t)

static int compare_keys(const void *a, const void *b, void *arg)
{
    return ce_type_compare(arg, a, b);
}

ce_status cei_count_by_key(ce_rdd *rdd, const char *action, const ce_type *key, cei_partitioner partitioner,
                           ce_result *counts)
{
    ce_rdd ones, sums, *ones_at = &ones;
    *counts = (ce_result){0};
    CE_TRY(cei_action_node(&ones, &cei_op_key_with_one, &rdd));
    ones.type = cei_scope_pair(rdd->scope, key, &ce_type_int64_t);
    if (!ones.type) {
        return CE_MEMORY;
    }
    CE_TRY(cei_action_node(&sums, &cei_op_reduce_by_key, &ones_at));
    cei_shuffle shuffle = cei_shuffle_of(ones.type, true, &ce_fn_cei_add_counts, true);
    sums.function = &ce_fn_cei_add_counts;
    if (partitioner.kind == CEI_PARTITIONER_NONE) {
        shuffle.id = atomic_fetch_add(&rdd->scope->next_shuffle, 1);
        shuffle.partitioner = (cei_partitioner){.kind = CEI_PARTITIONER_HASH, .count = rdd->partition_count};
        sums.shuffle = &shuffle;
    }
    ce_status status = cei_action_rows(&sums, action, counts);
    if (sums.shuffle) {
        cei_store_remove(cei_context_of(rdd)->store, shuffle.id);
    }
    if (status == CE_OK) {
        status = cei_result_sort(counts, compare_keys, (void *)key);
    }
    if (status != CE_OK) {
        ce_result_free(counts);
    }
    return status;
}

ce_status ce_count_by_key(ce_rdd *rdd, ce_result *counts)
{
    CEI_HOLD(rdd);
    const ce_type *key, *value;
    *counts = (ce_result){0};
    CE_TRY(cei_node_prepare(rdd));
    CE_TRY(cei_action_pair(rdd, "count_by_key", &key, &value));
    return cei_count_by_key(rdd, "count_by_key", key, rdd->partitioner, counts);
}
