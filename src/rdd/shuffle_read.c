/*
 * shuffle_read.c: the cursors behind a shuffle. Blocks wait in the run's input queue (task/task.c fills it); a block
 * is released when its last row has been handed on and the next batch is asked for.
 */
#include "rdd/shuffle_read.h"
#include "base/error.h"
#include "data/block.h"
#include "shuffle/table.h"

/* ---- rows as they come ---- */

struct read_state {
    cei_cursor cursor;
    uint32_t input; /* index in run->inputs */
    ce_block block; /* being read */
    cei_block_reader reader;
    char *scratch; /* batch_rows rows, where rows are not flat */
    cei_arena parts;
};

static bool read_next_block(struct read_state *state)
{
    cei_input *input = &state->cursor.run->inputs[state->input];
    cei_block_release(&state->block);
    if (input->count == 0) {
        return false;
    }
    state->block = input->blocks[input->first];
    input->first = (input->first + 1) % input->room;
    input->count--;
    cei_block_reader_open(&state->reader, input->type, &state->block);
    state->cursor.run->metrics.shuffle_rows_read += state->block.rows;
    state->cursor.run->metrics.shuffle_bytes_read += state->block.byte_count;
    return true;
}

static cei_pull read_next(cei_cursor *cursor, cei_batch *batch)
{
    struct read_state *state = (struct read_state *)cursor;
    cei_run *run = cursor->run;
    for (;;) {
        if (state->reader.left == 0 && !read_next_block(state)) {
            if (run->inputs[state->input].ended) {
                return CEI_END;
            }
            run->wanted = state->input;
            return CEI_WANT;
        }
        cei_arena_reset(&state->parts);
        ce_status status = cei_block_reader_next(&state->reader, run->batch_rows, state->scratch, &state->parts,
                                                 &batch->rows, &batch->count);
        if (status != CE_OK) {
            return cei_run_fail(run, status);
        }
        if (batch->count) {
            return CEI_ROWS;
        }
    }
}

static void read_close(cei_cursor *cursor)
{
    struct read_state *state = (struct read_state *)cursor;
    cei_block_release(&state->block);
    cei_arena_close(&state->parts);
}

ce_status cei_shuffle_read_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct read_state *state = cei_cursor_new(run, node, sizeof *state, read_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = read_close;
    cei_arena_open(&state->parts, run->pool, 0);
    *cursor = &state->cursor;
    int64_t input = cei_run_add_input(run, node->shuffle->id, partition, node->shuffle->type);
    state->scratch = cei_arena_alloc(&run->arena, (size_t)run->batch_rows * node->shuffle->type->bytes);
    state->input = (uint32_t)input;
    return input < 0 || !state->scratch ? CE_MEMORY : CE_OK;
}

ce_status cei_wide_input_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    return node->shuffle ? cei_shuffle_read_open(run, node, partition, cursor)
                         : cei_open_parent(run, node, 0, partition, cursor);
}

/* ---- one row per key ---- */

struct combined_state {
    cei_cursor cursor;
    cei_cursor *input;
    cei_shuffle shuffle;
    cei_table table;
    bool full; /* the input has ended: rows come out */
    uint64_t position;
    char *rows;
    cei_arena strings;
};

static cei_pull combined_fill(struct combined_state *state)
{
    cei_run *run = state->cursor.run;
    cei_batch in;
    cei_pull pulled;
    while ((pulled = state->input->next(state->input, &in)) == CEI_ROWS) {
        if (cei_run_is_cancelled(run)) {
            return CEI_FAILED;
        }
        cei_arena_reset(&state->strings);
        cei_user_begin(run, state->cursor.node, &state->strings);
        ce_status status = cei_table_push(&state->table, in.rows, in.count);
        if (cei_user_end(run) == CEI_FAILED) {
            return CEI_FAILED;
        }
        if (status != CE_OK) {
            return cei_run_fail(run, status);
        }
    }
    state->full = pulled == CEI_END;
    return pulled;
}

static cei_pull combined_next(cei_cursor *cursor, cei_batch *batch)
{
    struct combined_state *state = (struct combined_state *)cursor;
    if (!state->full) {
        cei_pull pulled = combined_fill(state);
        if (pulled != CEI_END) {
            return pulled;
        }
    }
    cei_arena_reset(&state->strings);
    ce_status status = cei_table_scan(&state->table, &state->position, cursor->run->batch_rows, state->rows, NULL,
                                      &state->strings, &batch->count);
    batch->rows = state->rows;
    return status != CE_OK ? cei_run_fail(cursor->run, status) : batch->count ? CEI_ROWS : CEI_END;
}

static void combined_close(cei_cursor *cursor)
{
    struct combined_state *state = (struct combined_state *)cursor;
    cei_table_close(&state->table);
    cei_arena_close(&state->strings);
}

ce_status cei_combined_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct combined_state *state = cei_cursor_new(run, node, sizeof *state, combined_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = combined_close;
    /* Without a function rows are whole keys: distinct. */
    state->shuffle = cei_shuffle_of(node->type, node->function != NULL, node->function, true);
    cei_table_open(&state->table, &state->shuffle, state->shuffle.value ? state->shuffle.value->bytes : 0, run->pool);
    cei_arena_open(&state->strings, run->pool, 0);
    state->rows = cei_arena_alloc_zeroed(&run->arena, (size_t)run->batch_rows * node->type->bytes);
    *cursor = &state->cursor;
    return state->rows ? cei_wide_input_open(run, node, partition, &state->input) : CE_MEMORY;
}

/* ---- building ---- */

cei_shuffle cei_shuffle_of(const ce_type *row, bool pair, const ce_function *combine, bool combines)
{
    cei_shuffle shuffle = {.type = row, .key = row, .combine = combine, .combines = combines};
    if (pair) {
        shuffle.key = row->fields[0].type;
        shuffle.value = row->fields[1].type;
        shuffle.value_offset = row->fields[1].offset;
    }
    return shuffle;
}

bool cei_node_set_shuffle(ce_rdd *node, cei_shuffle shuffle, cei_partitioner partitioner)
{
    if (partitioner.count > INT32_MAX) {
        cei_node_poison(node, CE_INVALID, "Number of partitions (%d) must be positive.", (int)partitioner.count);
    }
    if (node->status != CE_OK) {
        return false;
    }
    node->shuffle = cei_scope_alloc(node->scope, sizeof shuffle);
    if (!node->shuffle) {
        cei_node_poison(node, CE_MEMORY, "out of memory");
        return false;
    }
    shuffle.id = atomic_fetch_add(&node->scope->next_shuffle, 1);
    shuffle.partitioner = partitioner;
    *node->shuffle = shuffle;
    bool by_key = partitioner.kind == CEI_PARTITIONER_HASH || partitioner.kind == CEI_PARTITIONER_FUNCTION;
    if (by_key && shuffle.value) {
        node->partitioner = partitioner;
    }
    return true;
}

cei_partitioner cei_partitioner_for(ce_rdd *parent, cei_partitioner_kind kind, uint32_t partitions)
{
    if (partitions == 0 && parent && cei_node_prepare_early(parent)) {
        partitions = parent->partition_count;
    }
    return (cei_partitioner){.kind = kind, .count = partitions};
}

cei_partitioner cei_default_partitioner(ce_rdd *parent, uint32_t partitions)
{
    if (partitions == 0 && parent->partitioner.kind != CEI_PARTITIONER_NONE) {
        return parent->partitioner;
    }
    return cei_partitioner_for(parent, CEI_PARTITIONER_HASH,
                               partitions ? partitions : parent->scope->default_partitions);
}

ce_status cei_wide_prepare(ce_rdd *node)
{
    uint32_t parents = node->parents[0]->partition_count;
    if (!node->shuffle) {
        node->partition_count = parents;
        return CE_OK;
    }
    if (node->shuffle->partitioner.count == 0) {
        node->shuffle->partitioner.count = parents;
        if (node->partitioner.kind != CEI_PARTITIONER_NONE) {
            node->partitioner.count = parents;
        }
    }
    node->partition_count = node->shuffle->partitioner.count;
    return CE_OK;
}
