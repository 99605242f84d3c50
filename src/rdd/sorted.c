/*
 * sorted.c: rows in order. Blocks that came across a shuffle go to the sorter whole, without being unpacked; rows of a
 * parent that is partitioned as wanted already go there batch by batch. The memory of the sorter goes with its last
 * row: what stands above may need it.
 */
#include "rdd/sorted.h"
#include "base/error.h"
#include "data/block.h"
#include "rdd/shuffle_read.h"

struct sorted_state {
    cei_cursor cursor;
    cei_cursor *input;
    cei_order order;
    cei_sorter *sorter; /* NULL when all rows are handed out */
    bool full;          /* it has all rows */
    cei_arena strings;  /* of user functions */
};

static cei_pull sorted_block(const struct sorted_state *state, ce_block *block)
{
    cei_run *run = state->cursor.run;
    cei_pull pulled = cei_input_take(run, cei_shuffle_read_input(state->input), block);
    ce_status status = pulled == CEI_ROWS ? cei_input_load(run, block) : CE_OK;
    if (status != CE_OK) {
        cei_block_release(block);
        return cei_run_fail(run, status);
    }
    return pulled;
}

/* Takes one block or one batch. CEI_END: there were no more, and rows can come out. */
static cei_pull sorted_take(struct sorted_state *state)
{
    cei_run *run = state->cursor.run;
    const bool by_block = state->cursor.node->shuffle != NULL;
    cei_batch batch;
    ce_block block;
    if (cei_run_is_cancelled(run)) {
        return CEI_FAILED;
    }
    cei_pull pulled = by_block ? sorted_block(state, &block) : state->input->next(state->input, &batch);
    if (pulled != CEI_ROWS && pulled != CEI_END) {
        return pulled;
    }
    state->full = pulled == CEI_END;
    cei_arena_reset(&state->strings);
    cei_user_begin(run, state->cursor.node, &state->strings);
    ce_status status = state->full ? cei_sorter_finish(state->sorter)
                       : by_block  ? cei_sorter_push_block(state->sorter, &block)
                                   : cei_sorter_push(state->sorter, batch.rows, batch.count);
    if (cei_user_end(run) == CEI_FAILED) {
        return CEI_FAILED;
    }
    return status == CE_OK ? pulled : cei_run_fail(run, status);
}

static cei_pull sorted_next(cei_cursor *cursor, cei_batch *batch)
{
    struct sorted_state *state = (struct sorted_state *)cursor;
    cei_run *run = cursor->run;
    if (!state->sorter) {
        return CEI_END;
    }
    while (!state->full) {
        cei_pull pulled = sorted_take(state);
        if (pulled != CEI_ROWS && pulled != CEI_END) {
            return pulled;
        }
    }
    cei_arena_reset(&state->strings);
    cei_user_begin(run, cursor->node, &state->strings);
    ce_status status = cei_sorter_next(state->sorter, run->batch_rows, &batch->rows, &batch->count);
    if (cei_user_end(run) == CEI_FAILED) {
        return CEI_FAILED;
    }
    if (status != CE_OK) {
        return cei_run_fail(run, status);
    }
    if (batch->count == 0) {
        cei_sorter_close(state->sorter);
        state->sorter = NULL;
    }
    return batch->count ? CEI_ROWS : CEI_END;
}

static void sorted_close(cei_cursor *cursor)
{
    struct sorted_state *state = (struct sorted_state *)cursor;
    if (state->sorter) {
        cei_sorter_close(state->sorter);
    }
    cei_arena_close(&state->strings);
}

ce_status cei_sorted_open(cei_run *run, const ce_rdd *node, uint32_t partition, const cei_order *order,
                          cei_cursor **cursor)
{
    struct sorted_state *state = cei_cursor_new(run, node, sizeof *state, sorted_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = sorted_close;
    state->order = *order;
    cei_arena_open(&state->strings, run->pool, 0);
    *cursor = &state->cursor;
    CE_TRY(cei_sorter_open(&state->sorter, &state->order, &run->share));
    return cei_wide_input_open(run, node, partition, &state->input);
}

ce_status cei_range_sorted_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    const cei_range *range = node->shuffle->partitioner.range;
    const cei_order order = {.by = range->compare ? CEI_ORDER_BY_FUNCTION : CEI_ORDER_BY_VALUE,
                             .row = node->type,
                             .key = range->key,
                             .derive = range->derive,
                             .derive_env = range->derive_env,
                             .compare = range->compare,
                             .descending = range->descending};
    return cei_sorted_open(run, node, partition, &order, cursor);
}

/* ---- building and preparing ---- */

void cei_node_set_range(ce_rdd *node, const cei_range *range, bool pair, uint32_t partitions)
{
    cei_range *copy = cei_scope_alloc(node->scope, sizeof *copy);
    if (!copy) {
        cei_node_poison(node, CE_MEMORY, "out of memory");
        return;
    }
    copy->key = range->key;
    copy->compare = range->compare;
    copy->derive = range->derive;
    copy->derive_env = range->derive_env;
    copy->descending = range->descending;
    copy->determiner = node;
    cei_shuffle shuffle = cei_shuffle_of(node->type, pair);
    if (!pair) {
        shuffle.key = NULL;
    }
    cei_node_set_shuffle(node, shuffle,
                         (cei_partitioner){.kind = CEI_PARTITIONER_RANGE, .count = partitions, .range = copy});
    node->partitioner.count = 0; /* that is how many were asked for, not how many there will be */
}

ce_status cei_range_prepare(ce_rdd *node)
{
    cei_partitioner *partitioner = &node->shuffle->partitioner;
    uint32_t partitions = partitioner->count ? partitioner->count : node->parents[0]->partition_count;
    CE_TRY(node->scope->sample_bounds(node->parents[0], partitioner->range, partitions, node->op->name));
    partitioner->count = partitioner->range->bound_count + 1;
    if (node->partitioner.kind != CEI_PARTITIONER_NONE) {
        node->partitioner.count = partitioner->count;
    }
    node->partition_count = partitioner->count;
    return CE_OK;
}
