/* join_broadcast : rdd(pair(K, V)), rdd(pair(K, W)) -> rdd(pair(K, pair(V, W))), the second small
 * left_outer_join_broadcast -> rdd(pair(K, pair(V, option(W))))
 *
 * The second is shuffled to one partition, which each task reads whole into a table: key -> chain of its values. The
 * first is probed as it comes, in blocks, and crosses no shuffle. */
#include "base/error.h"
#include "data/block.h"
#include "data/blocks.h"
#include "rdd/narrow.h"
#include "rdd/shuffle_read.h"
#include "shuffle/table.h"

enum { PROBE_ROWS = CEI_TABLE_BLOCK_ROWS, FIRST_ROOM = 256 };
static const uint32_t NONE = UINT32_MAX;

struct broadcast_state {
    cei_batcher base; /* its input is the first */
    cei_cursor *small;
    const ce_type *row; /* of the second */
    bool left_outer, full;
    cei_table table;   /* key -> the newest of its values */
    cei_blocks loaded; /* which values point into */
    cei_arena parts;
    char *values, *scratch; /* of the second, one behind the other; from the pool */
    uint32_t *before;       /* of each value: the one before it with the same key, or NONE; from the pool */
    uint32_t count, room;
    cei_batch part; /* rows of the first being joined */
    uint32_t at;    /* in part */
    void *found[PROBE_ROWS];
    uint32_t chain;                /* the next value for row `at`; NONE: it has not begun */
    uint32_t value_at, present_at; /* of the second's value in a row; of its flag */
};

/* ---- the table ---- */

static ce_status make_room(struct broadcast_state *state, uint32_t more)
{
    cei_pool *pool = state->base.cursor.run->pool;
    const size_t bytes = state->row->fields[1].type->bytes;
    uint32_t room = state->room ? state->room : FIRST_ROOM;
    while (room < state->count + more) {
        if (room > NONE / 2) {
            return cei_fail(CE_MEMORY, "more than %u rows to broadcast", room);
        }
        room *= 2;
    }
    if (room == state->room) {
        return CE_OK;
    }
    char *values = cei_pool_take(pool, room * bytes);
    uint32_t *before = values ? cei_pool_take(pool, room * sizeof *before) : NULL;
    if (!before) {
        cei_pool_give(pool, values, room * bytes);
        return CE_MEMORY;
    }
    if (state->count) {
        memcpy(values, state->values, state->count * bytes);
        memcpy(before, state->before, state->count * sizeof *before);
    }
    cei_pool_give(pool, state->values, state->room * bytes);
    cei_pool_give(pool, state->before, state->room * sizeof *before);
    state->values = values;
    state->before = before;
    state->room = room;
    return CE_OK;
}

static ce_status add_rows(struct broadcast_state *state, const char *rows, uint32_t count)
{
    void *found[PROBE_ROWS];
    uint8_t is_new[PROBE_ROWS];
    const size_t bytes = state->row->fields[1].type->bytes;
    CE_TRY(make_room(state, count));
    CE_TRY(cei_table_find(&state->table, rows, count, found, is_new));
    for (uint32_t i = 0; i < count; i++, rows += state->row->bytes) {
        uint32_t before = NONE;
        if (!is_new[i]) {
            memcpy(&before, found[i], sizeof before);
        }
        memcpy(found[i], &state->count, sizeof state->count);
        memcpy(state->values + state->count * bytes, rows + state->row->fields[1].offset, bytes);
        state->before[state->count++] = before;
    }
    return CE_OK;
}

static ce_status add_block(struct broadcast_state *state, ce_block *block)
{
    cei_block_reader reader;
    ce_status status = cei_input_load(state->base.cursor.run, block);
    if (status != CE_OK) {
        cei_block_release(block);
        return status;
    }
    CE_TRY(cei_blocks_push(&state->loaded, block));
    cei_block_reader_open(&reader, state->row, &state->loaded.blocks[state->loaded.count - 1]);
    while (reader.left) {
        const char *rows;
        uint32_t count;
        CE_TRY(cei_block_reader_next(&reader, PROBE_ROWS, state->scratch, &state->parts, &rows, &count));
        CE_TRY(add_rows(state, rows, count));
    }
    return CE_OK;
}

/* CEI_END: the table has all of the second. */
static cei_pull fill_table(struct broadcast_state *state)
{
    cei_run *run = state->base.cursor.run;
    cei_pull pulled;
    ce_block block;
    while ((pulled = cei_input_take(run, cei_shuffle_read_input(state->small), &block)) == CEI_ROWS) {
        ce_status status = add_block(state, &block);
        if (status != CE_OK) {
            return cei_run_fail(run, status);
        }
        if (cei_run_is_cancelled(run)) {
            return CEI_FAILED;
        }
    }
    state->full = pulled == CEI_END;
    return pulled;
}

/* ---- probing ---- */

/* Which rows of the first meet which values of the second, from where the last batch has stopped; NONE: the row is kept
 * without one. Returns how many. */
static uint32_t match_rows(struct broadcast_state *state, uint32_t room, uint32_t *lefts, uint32_t *rights)
{
    const uint32_t *const before = state->before, end = state->part.count;
    uint32_t count = 0, at = state->at, chain = state->chain;
    while (count < room && at < end) {
        const void *found = state->found[at];
        lefts[count] = at;
        rights[count] = chain;
        if (found && chain == NONE) {
            memcpy(&rights[count], found, sizeof chain);
        }
        chain = found ? before[rights[count]] : NONE;
        count += found != NULL || state->left_outer;
        at += chain == NONE;
    }
    state->at = at;
    state->chain = chain;
    return count;
}

/* Writes one field of each row: the size as a constant where the compiler can know it. */
static inline __attribute__((always_inline)) void write_field(char *to, size_t row_bytes, const char *from,
                                                              size_t stride, const uint32_t *indices, uint32_t count,
                                                              size_t bytes)
{
    for (uint32_t i = 0; i < count; i++, to += row_bytes) {
        memcpy(to, from + indices[i] * stride, bytes);
    }
}

static void write_fields(char *to, size_t row_bytes, const char *from, size_t stride, const uint32_t *indices,
                         uint32_t count, size_t bytes)
{
    if (bytes == 8) {
        write_field(to, row_bytes, from, stride, indices, count, 8);
    } else if (bytes == 16) {
        write_field(to, row_bytes, from, stride, indices, count, 16);
    } else {
        write_field(to, row_bytes, from, stride, indices, count, bytes);
    }
}

/* The right side of outer rows, of which some have none. */
static void write_options(const struct broadcast_state *state, char *rows, const uint32_t *rights, uint32_t count)
{
    const size_t row_bytes = state->base.cursor.node->type->bytes, bytes = state->row->fields[1].type->bytes;
    for (uint32_t i = 0; i < count; i++, rows += row_bytes) {
        const bool has = rights[i] != NONE;
        rows[state->present_at] = has;
        if (has) {
            cei_value_copy(rows + state->value_at, state->values + rights[i] * bytes, bytes);
        } else {
            memset(rows + state->value_at, 0, bytes);
        }
    }
}

/* Rows are made field by field: each loop is short, and nothing in it depends on the row before. */
static uint32_t join_rows(struct broadcast_state *state, char *rows, uint32_t room)
{
    uint32_t lefts[PROBE_ROWS], rights[PROBE_ROWS];
    const ce_type *type = state->base.cursor.node->type, *left = state->base.cursor.node->parents[0]->type;
    const uint32_t count = match_rows(state, room < PROBE_ROWS ? room : PROBE_ROWS, lefts, rights);
    const char *from = state->part.rows;
    write_fields(rows, type->bytes, from, left->bytes, lefts, count, type->fields[0].type->bytes);
    write_fields(rows + type->fields[1].offset, type->bytes, from + left->fields[1].offset, left->bytes, lefts, count,
                 left->fields[1].type->bytes);
    if (state->left_outer) {
        write_options(state, rows, rights, count);
        return count;
    }
    const size_t bytes = state->row->fields[1].type->bytes;
    write_fields(rows + state->value_at, type->bytes, state->values, bytes, rights, count, bytes);
    return count;
}

static cei_pull broadcast_next(cei_cursor *cursor, cei_batch *batch)
{
    struct broadcast_state *state = (struct broadcast_state *)cursor;
    const size_t left_bytes = cursor->node->parents[0]->type->bytes;
    cei_pull pulled = state->full ? CEI_END : fill_table(state);
    if (pulled != CEI_END) {
        return pulled;
    }
    for (;;) {
        if (state->at == state->part.count) {
            pulled = cei_intake_next(&state->base.in, left_bytes, PROBE_ROWS, &state->part);
            if (pulled != CEI_ROWS) {
                state->part.count = 0;
                state->at = 0;
                return pulled;
            }
            state->at = 0;
            ce_status status = cei_table_look_up(&state->table, state->part.rows, (uint32_t)left_bytes,
                                                 state->part.count, state->found);
            if (status != CE_OK) {
                return cei_run_fail(cursor->run, status);
            }
        }
        const uint32_t count = join_rows(state, state->base.rows, cursor->run->batch_rows);
        if (count) {
            *batch = (cei_batch){state->base.rows, count};
            return CEI_ROWS;
        }
    }
}

static void broadcast_close(cei_cursor *cursor)
{
    struct broadcast_state *state = (struct broadcast_state *)cursor;
    cei_pool *pool = cursor->run->pool;
    cei_table_close(&state->table);
    cei_blocks_close(&state->loaded);
    cei_arena_close(&state->parts);
    cei_pool_give(pool, state->values, state->row ? (size_t)state->room * state->row->fields[1].type->bytes : 0);
    cei_pool_give(pool, state->before, state->room * sizeof *state->before);
    cei_batcher_close(cursor);
}

static ce_status open_one(cei_run *run, const ce_rdd *node, uint32_t partition, bool left_outer, cei_cursor **cursor)
{
    CE_TRY(cei_batcher_open(run, node, partition, sizeof(struct broadcast_state), broadcast_next, cursor));
    struct broadcast_state *state = (struct broadcast_state *)*cursor;
    const ce_type *both = node->type->fields[1].type, *right = both->fields[1].type;
    state->base.cursor.close = broadcast_close;
    state->row = node->parents[1]->type;
    state->left_outer = left_outer;
    state->chain = NONE;
    state->present_at = node->type->fields[1].offset + both->fields[1].offset;
    state->value_at = state->present_at + (left_outer ? right->fields[1].offset : 0);
    cei_table_open_for(&state->table, state->row->fields[0].type, state->row->bytes, sizeof(uint32_t), run->pool);
    cei_arena_open(&state->parts, run->pool, 0);
    state->scratch = cei_arena_alloc_zeroed(&run->arena, (size_t)PROBE_ROWS * state->row->bytes);
    return state->scratch ? cei_shuffle_read_open(run, node->parents[1], 0, &state->small) : CE_MEMORY;
}

static ce_status join_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    return open_one(run, node, partition, false, cursor);
}

static ce_status left_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    return open_one(run, node, partition, true, cursor);
}

const cei_op cei_op_join_broadcast = {.name = "join_broadcast", .open = join_open};
const cei_op cei_op_left_outer_join_broadcast = {.name = "left_outer_join_broadcast", .open = left_open};

/* ---- building ---- */

/* A node behind a shuffle of its own, whatever the partitioner of small: its one partition is read by every task. */
static ce_rdd *in_one_partition(ce_rdd *small, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_partition_by, NULL, site, &small, 1);
    if (cei_node_is_sound(node)) {
        node->type = small->type;
        cei_node_set_shuffle(node, cei_shuffle_of(small->type, true),
                             (cei_partitioner){.kind = CEI_PARTITIONER_HASH, .count = 1});
    }
    return node;
}

ce_rdd *ce_join_broadcast_at(ce_rdd *a, ce_rdd *b, bool left_outer, ce_site site)
{
    const cei_op *op = left_outer ? &cei_op_left_outer_join_broadcast : &cei_op_join_broadcast;
    ce_rdd *node = cei_node_new(op, NULL, site, (ce_rdd *[]){a, b}, 2);
    const ce_type *key, *other, *left, *right;
    char first[256], has[256];
    if (!cei_node_pair(node, a ? a->type : NULL, &key, &left) || !cei_node_pair(node, b->type, &other, &right)) {
        return node;
    }
    if (!ce_type_equal(key, other)) {
        return cei_node_poison(node, CE_TYPE, "keys of %s meet keys of %s", ce_type_text(key, first, sizeof first),
                               ce_type_text(other, has, sizeof has));
    }
    node = cei_node_new(op, NULL, site, (ce_rdd *[]){a, in_one_partition(b, site)}, 2);
    right = left_outer ? cei_scope_option(node->scope, right) : right;
    const ce_type *both = right ? cei_scope_pair(node->scope, left, right) : NULL;
    if (!both) {
        return cei_node_poison(node, CE_MEMORY, "out of memory");
    }
    if (cei_node_gives_pair(node, key, both)) {
        node->partitioner = a->partitioner;
    }
    return node;
}
