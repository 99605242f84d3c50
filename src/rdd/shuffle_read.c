/*
 * shuffle_read.c: the cursors behind a shuffle. Blocks wait in the run's input queue (task/task.c fills it); a block
 * is released when its last row has been handed on and the next batch is asked for.
 */
#include "rdd/shuffle_read.h"
#include "base/clock.h"
#include "base/error.h"
#include "data/block.h"
#include "shuffle/range.h"

/* ---- rows as they come ---- */

struct read_state {
    cei_cursor cursor;
    uint32_t input; /* index in run->inputs */
    ce_block block; /* being read */
    cei_block_reader reader;
    char *scratch; /* batch_rows rows, where rows are not flat */
    cei_arena parts;
};

/* Blocks ahead of the one that is read which the system is told of. */
enum { READ_AHEAD = 4 };

cei_pull cei_input_take(cei_run *run, uint32_t index, ce_block *block)
{
    cei_input *input = &run->inputs[index];
    if (input->count == 0) {
        run->wanted = index;
        return input->ended ? CEI_END : CEI_WANT;
    }
    *block = input->blocks[input->first];
    input->first = (input->first + 1) % input->room;
    input->count--;
    if (input->count >= READ_AHEAD) {
        cei_block_will_load(&input->blocks[(input->first + READ_AHEAD - 1) % input->room]);
    }
    run->metrics.shuffle_rows_read += block->rows;
    run->metrics.shuffle_bytes_read += block->byte_count;
    return CEI_ROWS;
}

cei_pull cei_shuffle_collect(const cei_cursor *read, cei_sections *sections)
{
    cei_run *run = read->run;
    ce_block block;
    cei_pull pulled;
    while ((pulled = cei_input_take(run, cei_shuffle_read_input(read), &block)) == CEI_ROWS) {
        if (cei_run_is_cancelled(run)) {
            cei_block_release(&block);
            return CEI_FAILED;
        }
        ce_status status = cei_sections_add(sections, &block);
        if (status != CE_OK) {
            return cei_run_fail(run, status);
        }
    }
    return pulled;
}

ce_status cei_input_load(cei_run *run, ce_block *block)
{
    if (!cei_block_is_lent(block)) {
        return CE_OK;
    }
    int64_t begin_ns = cei_clock_ns();
    ce_status status = cei_block_load(block, run->pool);
    run->metrics.fetch_wait_ns += cei_clock_ns() - begin_ns;
    return status;
}

static cei_pull read_next(cei_cursor *cursor, cei_batch *batch)
{
    struct read_state *state = (struct read_state *)cursor;
    cei_run *run = cursor->run;
    for (;;) {
        if (state->reader.left == 0) {
            cei_block_release(&state->block);
            cei_pull pulled = cei_input_take(run, state->input, &state->block);
            if (pulled != CEI_ROWS) {
                return pulled;
            }
            ce_status status = cei_input_load(run, &state->block);
            if (status != CE_OK) {
                return cei_run_fail(run, status);
            }
            cei_block_reader_open(&state->reader, run->inputs[state->input].type, &state->block);
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

uint32_t cei_shuffle_read_input(const cei_cursor *cursor)
{
    return ((const struct read_state *)(const void *)cursor)->input;
}

ce_status cei_wide_input_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    return node->shuffle ? cei_shuffle_read_open(run, node, partition, cursor)
                         : cei_open_parent(run, node, 0, partition, cursor);
}

/* ---- building ---- */

cei_shuffle cei_shuffle_of(const ce_type *row, bool pair)
{
    cei_shuffle shuffle = {.type = row, .key = row};
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
    bool by_key = partitioner.kind == CEI_PARTITIONER_HASH || partitioner.kind == CEI_PARTITIONER_FUNCTION ||
                  partitioner.kind == CEI_PARTITIONER_RANGE;
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

cei_partitioner cei_default_partitioner_of(ce_rdd *const *rdds, uint32_t count, uint32_t partitions)
{
    uint32_t most = 0;
    const cei_partitioner *best = NULL;
    for (uint32_t i = 0; i < count; i++) {
        const bool known = cei_node_prepare_early(rdds[i]) && rdds[i]->partition_count > 0;
        const uint32_t own = known ? rdds[i]->partition_count : rdds[i]->scope->default_parallelism;
        most = own > most ? own : most;
        const cei_partitioner *partitioner = &rdds[i]->partitioner;
        const bool has = partitioner->kind != CEI_PARTITIONER_NONE && partitioner->count > 0;
        best = has && (!best || partitioner->count > best->count) ? partitioner : best;
    }
    const uint32_t wanted = rdds[0]->scope->default_partitions ? rdds[0]->scope->default_partitions : most;
    if (partitions == 0 && best && ((uint64_t)best->count * 10 > most || best->count >= wanted)) {
        return *best;
    }
    return (cei_partitioner){.kind = CEI_PARTITIONER_HASH, .count = partitions ? partitions : wanted};
}

ce_rdd *cei_partitioned(ce_rdd *rdd, cei_partitioner partitioner, ce_site site)
{
    if (cei_partitioner_equal(rdd->partitioner, partitioner)) {
        return rdd;
    }
    ce_rdd *node = cei_node_new(&cei_op_partition_by, NULL, site, &rdd, 1);
    if (cei_node_is_sound(node)) {
        node->type = rdd->type;
        cei_node_set_shuffle(node, cei_shuffle_of(rdd->type, true), partitioner);
    }
    return node;
}

ce_status cei_wide_prepare(ce_rdd *node)
{
    uint32_t parents = node->parents[0]->partition_count;
    if (!node->shuffle) {
        node->partition_count = parents;
        return CE_OK;
    }
    if (node->shuffle->partitioner.count == 0) {
        bool by_range = node->shuffle->partitioner.kind == CEI_PARTITIONER_RANGE;
        uint32_t count = by_range ? node->shuffle->partitioner.range->bound_count + 1 : parents;
        node->shuffle->partitioner.count = count;
        if (node->partitioner.kind != CEI_PARTITIONER_NONE) {
            node->partitioner.count = count;
        }
    }
    node->partition_count = node->shuffle->partitioner.count;
    return CE_OK;
}
