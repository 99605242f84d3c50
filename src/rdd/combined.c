/*
 * combined.c: one row per key, in bounded memory.
 *
 *     blocks -> sections (shuffle/sections.h) -> for each: table -> rows
 *                                                   | does not fit
 *                                                   v
 *                                     sorter by hash -> equal keys stand together -> merged one by one -> rows
 *
 * An input that is partitioned already, and so has no blocks, is one section.
 */
#include "rdd/combined.h"
#include "base/error.h"
#include "data/block.h"
#include "rdd/shuffle_read.h"
#include "shuffle/sections.h"
#include "shuffle/sorter.h"
#include "shuffle/table.h"

enum { TABLE_ROWS = 512 };

struct combined_state {
    cei_cursor cursor;
    cei_cursor *input;
    bool has_blocks;
    cei_combiner combiner;
    cei_table table;
    cei_sections sections;
    uint32_t section, block; /* being read; block: the next */
    enum { COLLECT, FILL, SCAN, MERGE, DONE } phase;
    uint64_t position;
    ce_block reading;
    cei_block_reader reader;
    char *scratch; /* TABLE_ROWS of the input, where they are not flat */
    cei_arena parts;
    char *rows; /* batch_rows */
    cei_arena strings;

    cei_sorter *sorter; /* NULL: what there is fits in the table */
    cei_order order;
    char *carry;          /* a row that may not be complete */
    cei_arena carried[2]; /* its parts, by turns */
    bool has_carry, turn;
};

/* ---- what is combined ---- */

cei_combiner cei_combiner_of(const ce_rdd *node, const ce_type *row)
{
    cei_combiner combiner = {.row = row, .out = node->type, .key = row};
    if (node->function) {
        combiner.key = row->fields[0].type;
        combiner.value = row->fields[1].type;
        combiner.value_offset = row->fields[1].offset;
        combiner.accumulator = node->type->fields[1].type;
        combiner.accumulator_offset = node->type->fields[1].offset;
        combiner.create = node->create;
        combiner.zero = node->args;
        combiner.merge = node->function;
    }
    return combiner;
}

static const ce_function *merge_of_combiners(const ce_rdd *node)
{
    return node->merge_combiners ? node->merge_combiners : node->function;
}

/* What comes out of the map side's tables is combined as it is; what was not combined there, like there. */
static cei_combiner combiner_of_reduce_side(const ce_rdd *node)
{
    if (!node->shuffle || !node->shuffle->combines) {
        return cei_combiner_of(node, node->shuffle ? node->shuffle->type : node->parents[0]->type);
    }
    cei_combiner combiner = cei_combiner_of(node, node->type);
    combiner.create = NULL;
    combiner.zero = NULL;
    combiner.merge = merge_of_combiners(node);
    return combiner;
}

bool cei_combines_soundly(const ce_rdd *node, const ce_type *row)
{
    const ce_function *merge = node->function, *create = node->create, *both = merge_of_combiners(node);
    if (!merge) {
        return !create && !both && (!row || ce_type_equal(node->type, row));
    }
    const ce_type *accumulator = node->type->kind == CE_KIND_PAIR ? node->type->fields[1].type : NULL;
    if (!accumulator || both->kind != CE_FUNCTION_FOLD || !ce_type_equal(both->in, accumulator) ||
        !ce_type_equal(both->out, accumulator)) {
        return false;
    }
    if (!row) {
        return true;
    }
    if (row->kind != CE_KIND_PAIR || !ce_type_equal(row->fields[0].type, node->type->fields[0].type)) {
        return false;
    }
    const ce_type *value = row->fields[1].type;
    const bool begins = create ? create->kind == CE_FUNCTION_MAP && !create->env && ce_type_equal(create->in, value) &&
                                     ce_type_equal(create->out, accumulator)
                        : node->args ? ce_type_equal(node->args_type, accumulator)
                                     : ce_type_equal(value, accumulator);
    return begins && merge->kind == CE_FUNCTION_FOLD && ce_type_equal(merge->in, value) &&
           ce_type_equal(merge->out, accumulator);
}

ce_rdd *cei_combine_by_key(ce_rdd *node, ce_rdd *rdd, uint32_t partitions, bool map_side)
{
    cei_partitioner partitioner = cei_default_partitioner(rdd, partitions);
    if (cei_partitioner_equal(rdd->partitioner, partitioner)) {
        node->partitioner = rdd->partitioner;
        return node;
    }
    cei_shuffle shuffle = cei_shuffle_of(map_side ? node->type : rdd->type, true);
    shuffle.combines = map_side;
    shuffle.combiner = cei_combiner_of(node, rdd->type);
    cei_node_set_shuffle(node, shuffle, partitioner);
    return node;
}

/* ---- into the table ---- */

/* Writes the table's rows to the sorter. */
static ce_status table_to_sorter(struct combined_state *state)
{
    cei_run *run = state->cursor.run;
    uint64_t position = 0;
    uint32_t count;
    if (!state->sorter) {
        state->order = (cei_order){.by = CEI_ORDER_BY_HASH, .row = state->combiner.out, .key = state->combiner.key};
        CE_TRY(cei_sorter_open(&state->sorter, &state->order, &run->share));
    }
    for (;;) {
        cei_arena_reset(&state->parts);
        CE_TRY(cei_table_scan(&state->table, &position, run->batch_rows, state->rows, &state->parts, &count));
        if (count == 0) {
            break;
        }
        CE_TRY(cei_sorter_push(state->sorter, state->rows, count));
    }
    cei_table_reset(&state->table);
    return CE_OK;
}

static bool is_full(const struct combined_state *state, uint32_t more)
{
    uint64_t bytes;
    (void)cei_table_may_grow(&state->table, more, &bytes);
    return state->table.used && !cei_share_allows(&state->cursor.run->share, bytes);
}

/* Pushes rows; when memory is short, what the table has goes to the sorter first. */
static ce_status push_rows(struct combined_state *state, const char *rows, uint32_t count)
{
    cei_table *table = &state->table;
    if (is_full(state, count)) {
        CE_TRY(table_to_sorter(state)); /* not tried again: some rows may be in the sorter, others lost */
    }
    ce_status status = cei_table_push(table, rows, count);
    if (status == CE_MEMORY && table->used && !table->broken) {
        const uint32_t pushed = table->pushed;
        CE_TRY(table_to_sorter(state));
        status = cei_table_push(table, rows + (size_t)pushed * state->combiner.row->bytes, count - pushed);
    }
    return status;
}

/* Combines count <= TABLE_ROWS rows. */
static cei_pull take_rows(struct combined_state *state, const char *rows, uint32_t count)
{
    cei_run *run = state->cursor.run;
    cei_arena_reset(&state->strings);
    cei_user_begin(run, state->cursor.node, &state->strings);
    ce_status status = push_rows(state, rows, count);
    if (cei_user_end(run) == CEI_FAILED) {
        return CEI_FAILED;
    }
    cei_share_note(&run->share, cei_table_bytes(&state->table));
    return status == CE_OK ? CEI_ROWS : cei_run_fail(run, status);
}

/* The input's own batches. */
static cei_pull fill_from_cursor(struct combined_state *state)
{
    cei_batch in;
    cei_pull pulled;
    size_t row_bytes = state->combiner.row->bytes;
    while ((pulled = state->input->next(state->input, &in)) == CEI_ROWS) {
        for (uint32_t done = 0, n; done < in.count; done += n) {
            n = in.count - done < TABLE_ROWS ? in.count - done : TABLE_ROWS;
            if (cei_run_is_cancelled(state->cursor.run) ||
                take_rows(state, in.rows + done * row_bytes, n) == CEI_FAILED) {
                return CEI_FAILED;
            }
        }
    }
    return pulled;
}

/* CEI_ROWS: there is one to read; CEI_END: the section has no more. */
static cei_pull next_block(struct combined_state *state)
{
    cei_run *run = state->cursor.run;
    cei_blocks *list = &state->sections.cut[state->section];
    cei_block_release(&state->reading);
    if (state->block == list->count) {
        return CEI_END;
    }
    for (uint32_t ahead = 1; ahead <= 2 && state->block + ahead < list->count; ahead++) {
        cei_block_will_load(&list->blocks[state->block + ahead]);
    }
    state->reading = list->blocks[state->block];
    list->blocks[state->block++] = (ce_block){0};
    ce_status status = cei_input_load(run, &state->reading);
    if (status != CE_OK) {
        return cei_run_fail(run, status);
    }
    cei_block_reader_open(&state->reader, state->combiner.row, &state->reading);
    return CEI_ROWS;
}

static cei_pull fill_from_section(struct combined_state *state)
{
    cei_run *run = state->cursor.run;
    cei_pull pulled;
    while ((pulled = next_block(state)) == CEI_ROWS) {
        for (;;) {
            cei_batch in;
            if (cei_run_is_cancelled(run)) {
                return CEI_FAILED;
            }
            cei_arena_reset(&state->parts);
            ce_status status =
                cei_block_reader_next(&state->reader, TABLE_ROWS, state->scratch, &state->parts, &in.rows, &in.count);
            if (status != CE_OK) {
                return cei_run_fail(run, status);
            }
            if (in.count == 0) {
                break;
            }
            if (take_rows(state, in.rows, in.count) == CEI_FAILED) {
                return CEI_FAILED;
            }
        }
    }
    return pulled;
}

/* CEI_END: all blocks are there, cut into sections. */
static cei_pull collect(struct combined_state *state)
{
    cei_run *run = state->cursor.run;
    cei_pull pulled = cei_shuffle_collect(state->input, &state->sections);
    if (pulled == CEI_END) {
        uint32_t bits = cei_sections_bits(&state->sections, 2 * state->table.slot_bytes);
        ce_status status = cei_sections_cut(&state->sections, bits);
        return status == CE_OK ? CEI_END : cei_run_fail(run, status);
    }
    return pulled;
}

/* ---- out of the sorter ---- */

/* Makes the last row of the batch, whose key may go on, the one that is carried to the next batch. */
static ce_status carry_last(struct combined_state *state, const char *row)
{
    cei_arena *arena = &state->carried[state->turn];
    state->turn = !state->turn;
    cei_arena_reset(arena);
    memmove(state->carry, row, state->combiner.out->bytes);
    state->has_carry = true;
    return cei_value_own(state->combiner.out, state->carry, arena);
}

/* Merges count sorted rows behind the carried one into state->rows, which has room for one more; *out: how many of
 * them are complete or the last. */
static void merge_rows(struct combined_state *state, const char *in, uint32_t count, uint32_t *out)
{
    const cei_combiner *combiner = &state->combiner;
    const ce_function *merge = merge_of_combiners(state->cursor.node);
    const size_t bytes = combiner->out->bytes;
    char *last = state->rows;
    uint32_t done = 0;
    if (state->has_carry) {
        memcpy(last, state->carry, bytes);
        done = 1;
    }
    for (uint32_t i = 0, n; i < count; i += n) {
        const char *row = in + i * bytes;
        n = 1;
        if (done == 0 || ce_type_compare(combiner->key, last, row) != 0) {
            last = state->rows + done * bytes;
            memcpy(last, row, bytes);
            done++;
            continue;
        }
        while (i + n < count && ce_type_compare(combiner->key, last, row + n * bytes) == 0) {
            n++;
        }
        if (merge) {
            merge->fold(last + combiner->accumulator_offset, row + combiner->accumulator_offset, (uint32_t)bytes, n);
        }
    }
    *out = done;
}

static cei_pull merge_next(struct combined_state *state, cei_batch *batch)
{
    cei_run *run = state->cursor.run;
    for (;;) {
        const char *in;
        uint32_t count = 0, done;
        if (cei_run_is_cancelled(run)) {
            return CEI_FAILED;
        }
        cei_arena_reset(&state->strings);
        ce_status status = cei_sorter_next(state->sorter, run->batch_rows, &in, &count);
        if (status != CE_OK) {
            return cei_run_fail(run, status);
        }
        cei_user_begin(run, state->cursor.node, &state->strings);
        merge_rows(state, in, count, &done);
        if (cei_user_end(run) == CEI_FAILED) {
            return CEI_FAILED;
        }
        state->has_carry = false;
        if (count && done) {
            done--;
            status = carry_last(state, state->rows + (size_t)done * state->combiner.out->bytes);
            if (status != CE_OK) {
                return cei_run_fail(run, status);
            }
        }
        if (done || count == 0) {
            *batch = (cei_batch){state->rows, done};
            return done ? CEI_ROWS : CEI_END;
        }
    }
}

/* ---- the cursor ---- */

static void start_section(struct combined_state *state)
{
    state->block = 0;
    cei_table_reset(&state->table);
    state->phase = FILL;
}

static ce_status end_filling(struct combined_state *state)
{
    state->position = 0;
    state->phase = SCAN;
    if (state->sorter) {
        state->phase = MERGE;
        CE_TRY(table_to_sorter(state));
        return cei_sorter_finish(state->sorter);
    }
    return CE_OK;
}

/* Rows of the section in hand; CEI_END when there are no more. */
static cei_pull give(struct combined_state *state, cei_batch *batch)
{
    cei_run *run = state->cursor.run;
    if (state->phase == MERGE) {
        cei_pull pulled = merge_next(state, batch);
        if (pulled == CEI_END) {
            cei_sorter_close(state->sorter);
            state->sorter = NULL;
        }
        return pulled;
    }
    cei_arena_reset(&state->strings);
    ce_status status =
        cei_table_scan(&state->table, &state->position, run->batch_rows, state->rows, &state->strings, &batch->count);
    batch->rows = state->rows;
    return status != CE_OK ? cei_run_fail(run, status) : batch->count ? CEI_ROWS : CEI_END;
}

static cei_pull combined_next(cei_cursor *cursor, cei_batch *batch)
{
    struct combined_state *state = (struct combined_state *)cursor;
    for (;;) {
        if (state->phase == COLLECT) {
            cei_pull pulled = state->has_blocks ? collect(state) : CEI_END;
            if (pulled != CEI_END) {
                return pulled;
            }
            start_section(state);
        }
        if (state->phase == FILL) {
            cei_pull pulled = state->has_blocks ? fill_from_section(state) : fill_from_cursor(state);
            ce_status status = pulled == CEI_END ? end_filling(state) : CE_OK;
            if (status != CE_OK) {
                return cei_run_fail(cursor->run, status);
            }
            if (pulled != CEI_END) {
                return pulled;
            }
        }
        cei_pull pulled = state->phase == DONE ? CEI_END : give(state, batch);
        if (pulled != CEI_END) {
            return pulled;
        }
        if (!state->has_blocks || state->section + 1 == 1u << state->sections.bits) {
            state->phase = DONE;
            return CEI_END;
        }
        state->section++;
        start_section(state);
    }
}

static void combined_close(cei_cursor *cursor)
{
    struct combined_state *state = (struct combined_state *)cursor;
    cei_block_release(&state->reading);
    cei_table_close(&state->table);
    if (state->has_blocks) {
        cei_sections_close(&state->sections);
    }
    cei_sorter_close(state->sorter);
    cei_arena_close(&state->parts);
    cei_arena_close(&state->strings);
    cei_arena_close(&state->carried[0]);
    cei_arena_close(&state->carried[1]);
}

ce_status cei_combined_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct combined_state *state = cei_cursor_new(run, node, sizeof *state, combined_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = combined_close;
    *cursor = &state->cursor;
    state->combiner = combiner_of_reduce_side(node);
    state->has_blocks = node->shuffle != NULL;
    cei_table_open(&state->table, &state->combiner, run->pool);
    cei_arena_open(&state->parts, run->pool, 0);
    cei_arena_open(&state->strings, run->pool, 0);
    cei_arena_open(&state->carried[0], run->pool, 0);
    cei_arena_open(&state->carried[1], run->pool, 0);
    run->share.holders++;
    if (state->has_blocks) {
        cei_sections_open(&state->sections, state->combiner.row, state->combiner.key,
                          cei_partitioner_hash_ranges(&node->shuffle->partitioner), &run->share);
    }
    state->rows = cei_arena_alloc_zeroed(&run->arena, ((size_t)run->batch_rows + 1) * node->type->bytes);
    state->carry = cei_arena_alloc_zeroed(&run->arena, node->type->bytes);
    state->scratch = cei_arena_alloc_zeroed(&run->arena, (size_t)TABLE_ROWS * state->combiner.row->bytes);
    return state->rows && state->carry && state->scratch ? cei_wide_input_open(run, node, partition, &state->input)
                                                         : CE_MEMORY;
}
