/*
 * cell.c: the rows whose random number falls between two bounds. A byte per row says who stays, and the rows that stay
 * are moved together as in a filter. The numbers belong to the rows' positions, so batch sizes do not change who is
 * chosen.
 */
#include "rdd/cell.h"
#include "base/error.h"
#include "base/random.h"
#include "rdd/compact.h"
#include "rdd/narrow.h"

struct cell_state {
    cei_batcher base;
    cei_random random;
    double low, high;
    uint8_t *keep;
    bool flat;
};

static cei_pull cell_next(cei_cursor *cursor, cei_batch *batch)
{
    struct cell_state *state = (struct cell_state *)cursor;
    size_t row_bytes = cursor->node->type->bytes;
    uint32_t room = cursor->run->batch_rows, kept = 0;
    cei_pull pulled = state->low < state->high ? CEI_ROWS : CEI_END;
    while (pulled == CEI_ROWS && (kept == 0 || (state->flat && kept <= room / 2))) {
        cei_batch part;
        pulled = cei_intake_next(&state->base.in, row_bytes, room - kept, &part);
        if (pulled != CEI_ROWS) {
            break;
        }
        for (uint32_t i = 0; i < part.count; i++) {
            double number = cei_random_double(&state->random);
            state->keep[i] = number >= state->low && number < state->high;
        }
        kept += cei_compact(part.rows, row_bytes, part.count, state->keep, state->base.rows + kept * row_bytes);
    }
    *batch = (cei_batch){state->base.rows, kept};
    return kept && pulled != CEI_FAILED ? CEI_ROWS : pulled;
}

ce_status cei_cell_open(cei_run *run, const ce_rdd *node, uint32_t partition, double low, double high, uint64_t seed,
                        cei_cursor **cursor)
{
    if (low <= 0 && high >= 1) {
        return cei_open_parent(run, node, 0, partition, cursor);
    }
    CE_TRY(cei_batcher_open(run, node, partition, sizeof(struct cell_state), cell_next, cursor));
    struct cell_state *state = (struct cell_state *)*cursor;
    state->low = low;
    state->high = high;
    state->flat = cei_type_is_flat(node->type);
    cei_random_seed(&state->random, cei_random_stream_seed(seed, partition));
    state->keep = cei_arena_alloc(&run->arena, run->batch_rows);
    return state->keep ? CE_OK : CE_MEMORY;
}
