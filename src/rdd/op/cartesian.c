/* cartesian : rdd(A), rdd(B) -> rdd(pair(A, B))
 *
 * Partition i * nb + j is a_i x b_j. The rows of b_j are computed once and packed into blocks, which are then read for
 * each row of a_i. Pairs come in the order of a_i, then of b_j, whatever the size of batches. */
#include "base/error.h"
#include "rdd/narrow.h"
#include "shuffle/lanes.h"

struct cartesian_state {
    cei_batcher base; /* its input is a_i */
    cei_intake inner;
    cei_lanes lanes; /* one: its ready blocks are b_j */
    bool stored;
    const char *row; /* of a_i, for which b_j is being read; NULL: none */
    uint32_t block;  /* being read */
    cei_block_reader reader;
    char *scratch; /* batch_rows rows of b_j, where they are not flat */
    bool flat;     /* rows of A */
    cei_arena parts;
};

/* Packs b_j. CEI_END: all of it is there. */
static cei_pull cartesian_store(struct cartesian_state *state)
{
    cei_run *run = state->base.cursor.run;
    cei_pull pulled;
    while ((pulled = cei_intake_pull(&state->inner)) == CEI_ROWS) {
        ce_status status = cei_lanes_push(&state->lanes, state->inner.rows, state->inner.left, NULL);
        if (status != CE_OK) {
            return cei_run_fail(run, status);
        }
        state->inner.left = 0;
    }
    if (pulled == CEI_END) {
        ce_status status = cei_lanes_seal(&state->lanes);
        if (status != CE_OK) {
            return cei_run_fail(run, status);
        }
        state->stored = true;
    }
    return pulled;
}

/* Writes pairs of the row in hand behind the first *count, as many as there is room for. */
static ce_status cartesian_pair(struct cartesian_state *state, uint32_t *count)
{
    const ce_type *type = state->base.cursor.node->type;
    uint32_t room = state->base.cursor.run->batch_rows - *count, more = 0;
    size_t inner_bytes = type->fields[1].type->bytes;
    char *to = state->base.rows + (size_t)*count * type->bytes;
    const char *rows;
    if (state->reader.left == 0) {
        if (state->block == state->lanes.ready.count) {
            state->row = NULL;
            return CE_OK;
        }
        cei_block_reader_open(&state->reader, type->fields[1].type, &state->lanes.ready.blocks[state->block++]);
    }
    CE_TRY(cei_block_reader_next(&state->reader, room, state->scratch, &state->parts, &rows, &more));
    cei_copy_fields(to, type->bytes, state->row, 0, type->fields[0].type->bytes, more);
    cei_copy_fields(to + type->fields[1].offset, type->bytes, rows, inner_bytes, inner_bytes, more);
    *count += more;
    return CE_OK;
}

static cei_pull cartesian_fill(struct cartesian_state *state, cei_batch *batch)
{
    cei_run *run = state->base.cursor.run;
    cei_intake *outer = &state->base.in;
    size_t outer_bytes = state->base.cursor.node->type->fields[0].type->bytes;
    cei_pull pulled = CEI_ROWS;
    uint32_t count = 0;
    cei_arena_reset(&state->parts);
    while (count < run->batch_rows) {
        if (!state->row) {
            if (outer->left == 0 && count && !state->flat) {
                break;
            }
            cei_batch part;
            pulled = cei_intake_next(outer, outer_bytes, 1, &part);
            if (pulled != CEI_ROWS) {
                break;
            }
            state->row = part.rows;
            state->block = 0;
        }
        ce_status status = cartesian_pair(state, &count);
        if (status != CE_OK) {
            return cei_run_fail(run, status);
        }
    }
    *batch = (cei_batch){state->base.rows, count};
    return count && pulled != CEI_FAILED ? CEI_ROWS : pulled;
}

static cei_pull cartesian_next(cei_cursor *cursor, cei_batch *batch)
{
    struct cartesian_state *state = (struct cartesian_state *)cursor;
    if (!state->stored) {
        /* Without a row of a_i there is no need for b_j. */
        cei_pull pulled = cei_intake_pull(&state->base.in);
        if (pulled == CEI_ROWS) {
            pulled = cartesian_store(state);
            pulled = pulled == CEI_END ? CEI_ROWS : pulled;
        }
        if (pulled != CEI_ROWS) {
            return pulled;
        }
    }
    return state->lanes.ready.count ? cartesian_fill(state, batch) : CEI_END;
}

static void cartesian_close(cei_cursor *cursor)
{
    struct cartesian_state *state = (struct cartesian_state *)cursor;
    cei_lanes_close(&state->lanes);
    cei_arena_close(&state->parts);
    cei_batcher_close(cursor);
}

static ce_status cartesian_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    const ce_rdd *b = node->parents[1];
    uint32_t outer = partition / b->partition_count, inner = partition % b->partition_count;
    CE_TRY(cei_batcher_open(run, node, outer, sizeof(struct cartesian_state), cartesian_next, cursor));
    struct cartesian_state *state = (struct cartesian_state *)*cursor;
    cei_arena_open(&state->parts, run->pool, 0);
    state->flat = cei_type_is_flat(node->parents[0]->type);
    state->base.cursor.close = cartesian_close;
    CE_TRY(cei_lanes_open(&state->lanes, b->type, 1, 0, UINT64_MAX, run->pool));
    state->scratch = cei_arena_alloc(&run->arena, (size_t)run->batch_rows * b->type->bytes);
    return state->scratch ? cei_open_parent(run, node, 1, inner, &state->inner.from) : CE_MEMORY;
}

static ce_status cartesian_prepare(ce_rdd *node)
{
    uint32_t a = node->parents[0]->partition_count, b = node->parents[1]->partition_count;
    if ((uint64_t)a * b > INT32_MAX) {
        return cei_fail(CE_INVALID, "%u x %u partitions are more than %d", a, b, INT32_MAX);
    }
    node->partition_count = a * b;
    return CE_OK;
}

const cei_op cei_op_cartesian = {.name = "cartesian", .open = cartesian_open, .prepare = cartesian_prepare};

ce_rdd *ce_cartesian_at(ce_rdd *a, ce_rdd *b, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_cartesian, NULL, site, (ce_rdd *[]){a, b}, 2);
    if (cei_node_is_sound(node)) {
        cei_node_gives_pair(node, a->type, b->type);
    }
    return node;
}
