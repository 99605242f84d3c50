/* join : rdd(pair(K, V)), rdd(pair(K, W)) -> rdd(pair(K, pair(V, W)))
 * left_outer_join -> rdd(pair(K, pair(V, option(W)))), right_outer_join -> rdd(pair(K, pair(option(V), W)))
 * full_outer_join -> rdd(pair(K, pair(option(V), option(W))))
 *
 * Every value of the left with every value of the right, key by key: rows are made when they are asked for. Where
 * groups come in pieces, the right one is kept packed, on disk beyond the share, and read again for each piece of the
 * left. */
#include "base/error.h"
#include "rdd/groups.h"
#include "rdd/narrow.h"
#include "rdd/shuffle_read.h"
#include "shuffle/lanes.h"

/* Where the value of a side stands in a row. */
struct side {
    const ce_type *type;
    uint32_t offset; /* of the value */
    int64_t present; /* of an option's flag; -1: the side is never missing */
};

struct join_state {
    cei_cursor cursor;
    cei_groups groups;
    struct side left, right;
    bool keeps_left, keeps_right; /* rows without a partner */
    char *rows;
    uint32_t key_bytes;

    cei_batch a, b; /* values that are paired now; rows NULL, count 1: the missing one */
    uint32_t i, j;  /* the next pair */
    bool in_group;

    /* The right group in pieces: */
    cei_lanes packed;
    cei_blocks blocks; /* in memory or on disk */
    cei_spiller spiller;
    uint32_t block; /* being read: the next one */
    ce_block reading;
    cei_block_reader reader;
    char *scratch;
    cei_arena parts;
};

/* ---- the right group in pieces ---- */

static void drop_packed(struct join_state *state)
{
    cei_block_release(&state->reading);
    cei_blocks_close(&state->blocks);
    state->spiller.held_bytes = 0;
    state->block = 0;
    state->reader.left = 0;
}

static ce_status take_packed(struct join_state *state)
{
    ce_block block;
    while (cei_lanes_take(&state->packed, &block)) {
        CE_TRY(cei_spiller_keep(&state->spiller, &state->blocks, &block));
    }
    return CE_OK;
}

static ce_status pack_right(struct join_state *state)
{
    cei_run *run = state->cursor.run;
    cei_batch values;
    cei_pull pulled;
    drop_packed(state);
    if (!state->packed.count) {
        CE_TRY(cei_lanes_open(&state->packed, state->right.type, 1, 0, run->share.bytes_max / 8, run->pool));
    }
    while ((pulled = cei_groups_piece(&state->groups, 1, &values)) == CEI_ROWS) {
        CE_TRY(cei_lanes_push(&state->packed, values.rows, values.count, NULL));
        CE_TRY(take_packed(state));
    }
    if (pulled == CEI_FAILED) {
        return run->status;
    }
    CE_TRY(cei_lanes_seal(&state->packed));
    return take_packed(state);
}

/* The next values of the packed group; *b empty: there are no more. */
static ce_status next_packed(struct join_state *state)
{
    cei_run *run = state->cursor.run;
    state->b.count = 0;
    while (state->b.count == 0) {
        if (state->reader.left == 0) {
            cei_block_release(&state->reading);
            if (state->block == state->blocks.count) {
                return CE_OK;
            }
            const ce_block *next = &state->blocks.blocks[state->block++];
            state->reading = *next;
            state->reading.release = NULL;
            if (cei_block_is_lent(next)) { /* a copy: the lent one is read again */
                cei_lender *lender = next->owner;
                CE_TRY(lender->load(lender, next, run->pool, &state->reading));
            }
            cei_block_reader_open(&state->reader, state->right.type, &state->reading);
        }
        cei_arena_reset(&state->parts);
        CE_TRY(cei_block_reader_next(&state->reader, CEI_GROUP_PIECE, state->scratch, &state->parts, &state->b.rows,
                                     &state->b.count));
    }
    return CE_OK;
}

/* ---- going on ---- */

static const cei_batch missing = {NULL, 1};

/* The first values of both sides of a new group; in_group false: it makes no rows. */
static ce_status begin_group(struct join_state *state)
{
    cei_groups *groups = &state->groups;
    cei_pull left = cei_groups_piece(groups, 0, &state->a);
    ce_status status = CE_OK;
    state->i = state->j = 0;
    if (groups->sorts) {
        status = left == CEI_FAILED ? state->cursor.run->status : pack_right(state);
        status = status == CE_OK ? next_packed(state) : status;
    } else {
        ce_list list;
        (void)cei_groups_list(groups, 1, &list);
        state->b = (cei_batch){list.at, list.count};
    }
    const bool has_left = left == CEI_ROWS, has_right = state->b.count > 0;
    state->in_group = (has_left || state->keeps_right) && (has_right || state->keeps_left);
    state->a = has_left ? state->a : missing;
    state->b = has_right ? state->b : missing;
    return status;
}

/* All pairs of a and b are made: the next piece of the right, or of the left with the right from the start. */
static ce_status next_pieces(struct join_state *state)
{
    cei_groups *groups = &state->groups;
    state->i = state->j = 0;
    if (groups->sorts && state->b.rows) {
        CE_TRY(next_packed(state));
        if (state->b.count) {
            return CE_OK;
        }
    }
    state->in_group = false;
    if (!groups->sorts || !state->a.rows) {
        return CE_OK;
    }
    const bool has_right = state->b.rows != NULL;
    cei_pull pulled = cei_groups_piece(groups, 0, &state->a);
    if (pulled == CEI_FAILED) {
        return state->cursor.run->status;
    }
    state->in_group = pulled == CEI_ROWS;
    if (state->in_group && has_right) {
        state->block = 0;
        state->reader.left = 0;
        return next_packed(state);
    }
    state->b = missing;
    return CE_OK;
}

static inline void put_side(const struct side *side, char *row, const cei_batch *values, uint32_t at)
{
    if (side->present >= 0) {
        row[side->present] = values->rows != NULL;
    }
    if (values->rows) {
        cei_value_copy(row + side->offset, values->rows + (size_t)at * side->type->bytes, side->type->bytes);
    } else {
        memset(row + side->offset, 0, side->type->bytes);
    }
}

/* Pairs until there is no room, or the pieces are used up. */
static uint32_t pair_values(struct join_state *state, char *row, uint32_t room)
{
    const uint32_t row_bytes = state->cursor.node->type->bytes;
    uint32_t count = 0;
    while (count < room && state->i < state->a.count) {
        cei_value_copy(row, state->groups.at, state->key_bytes);
        put_side(&state->left, row, &state->a, state->i);
        put_side(&state->right, row, &state->b, state->j);
        row += row_bytes;
        count++;
        if (++state->j == state->b.count) {
            state->j = 0;
            state->i++;
        }
    }
    return count;
}

static cei_pull join_next(cei_cursor *cursor, cei_batch *batch)
{
    struct join_state *state = (struct join_state *)cursor;
    cei_run *run = cursor->run;
    uint32_t count = 0;
    for (;;) {
        ce_status status = CE_OK;
        if (!state->in_group) {
            if (count && !cei_groups_stays(&state->groups)) {
                break; /* rows point into what the next section replaces */
            }
            cei_pull pulled = cei_groups_next(&state->groups);
            if (pulled != CEI_ROWS && !count) {
                return pulled;
            }
            if (pulled != CEI_ROWS) {
                break;
            }
            status = begin_group(state);
        } else if (state->i == state->a.count) {
            if (count && state->groups.sorts) {
                break;
            }
            status = next_pieces(state);
        } else {
            count +=
                pair_values(state, state->rows + (size_t)count * cursor->node->type->bytes, run->batch_rows - count);
            if (count == run->batch_rows) {
                break;
            }
        }
        if (status != CE_OK) {
            return cei_run_fail(run, status);
        }
    }
    *batch = (cei_batch){state->rows, count};
    return CEI_ROWS;
}

static void join_close(cei_cursor *cursor)
{
    struct join_state *state = (struct join_state *)cursor;
    drop_packed(state);
    cei_lanes_close(&state->packed);
    cei_spill_drop(state->spiller.file);
    cei_arena_close(&state->parts);
    cei_groups_close(&state->groups);
}

static struct side side_of(const ce_type *row, uint32_t field, bool is_option)
{
    const ce_type *values = row->fields[1].type;
    const uint32_t at = row->fields[1].offset + values->fields[field].offset;
    const ce_type *type = values->fields[field].type;
    return is_option ? (struct side){type->fields[1].type, at + type->fields[1].offset, at}
                     : (struct side){type, at, -1};
}

static ce_status open_outer(cei_run *run, const ce_rdd *node, uint32_t partition, bool left, bool right,
                            cei_cursor **cursor)
{
    struct join_state *state = cei_cursor_new(run, node, sizeof *state, join_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = join_close;
    *cursor = &state->cursor;
    state->spiller.share = &run->share;
    state->keeps_left = left;
    state->keeps_right = right;
    state->left = side_of(node->type, 0, right);
    state->right = side_of(node->type, 1, left);
    state->key_bytes = node->type->fields[0].type->bytes;
    cei_arena_open(&state->parts, run->pool, 0);
    state->rows = cei_arena_alloc_zeroed(&run->arena, (size_t)run->batch_rows * node->type->bytes);
    state->scratch = cei_arena_alloc(&run->arena, (size_t)CEI_GROUP_PIECE * state->right.type->bytes);
    return state->rows && state->scratch ? cei_groups_open(&state->groups, run, node, partition) : CE_MEMORY;
}

static ce_status join_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    return open_outer(run, node, partition, false, false, cursor);
}

static ce_status left_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    return open_outer(run, node, partition, true, false, cursor);
}

static ce_status right_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    return open_outer(run, node, partition, false, true, cursor);
}

static ce_status full_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    return open_outer(run, node, partition, true, true, cursor);
}

const cei_op cei_op_join = {.name = "join", .open = join_open};
const cei_op cei_op_left_outer_join = {.name = "left_outer_join", .open = left_open};
const cei_op cei_op_right_outer_join = {.name = "right_outer_join", .open = right_open};
const cei_op cei_op_full_outer_join = {.name = "full_outer_join", .open = full_open};

/* ---- building ---- */

ce_rdd *ce_join_at(ce_rdd *a, ce_rdd *b, bool left_outer, bool right_outer, uint32_t partitions, ce_site site)
{
    static const cei_op *const ops[] = {&cei_op_join, &cei_op_left_outer_join, &cei_op_right_outer_join,
                                        &cei_op_full_outer_join};
    ce_rdd *rdds[] = {a, b};
    ce_rdd *node = cei_cogroup_node(ops[left_outer + 2 * right_outer], rdds, 2, partitions, site);
    if (!cei_node_is_sound(node)) {
        return node;
    }
    const ce_type *left = a->type->fields[1].type, *right = b->type->fields[1].type;
    left = right_outer ? cei_scope_option(node->scope, left) : left;
    right = left_outer ? cei_scope_option(node->scope, right) : right;
    const ce_type *both = left && right ? cei_scope_pair(node->scope, left, right) : NULL;
    if (!both) {
        return cei_node_poison(node, CE_MEMORY, "out of memory");
    }
    cei_node_gives_pair(node, a->type->fields[0].type, both);
    return node;
}
