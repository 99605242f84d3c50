/* quantiles : rdd(number), probabilities -> double for each
 *
 * Each task makes one KLL sketch of its partition; the sketches are merged on the calling thread, in the order of the
 * partitions.
 *
 * In tasks: quantile_rows : rdd(number) -> rdd(str), one row per partition. */
#include "action/fold_rows.h"
#include "action/numbers.h"
#include "base/error.h"
#include "base/random.h"
#include "rdd/narrow.h"
#include "rdd/sketches.h"
#include <math.h>

struct quantile_state {
    cei_cursor cursor;
    cei_intake in;
    cei_kll sketch;
    ce_str bytes; /* what is given, in the arena */
    bool ended;
};

static cei_pull quantile_next(cei_cursor *cursor, cei_batch *batch)
{
    struct quantile_state *state = (struct quantile_state *)cursor;
    const ce_type *type = cursor->node->parents[0]->type;
    double room[CEI_NUMBERS_AT_ONCE];
    cei_batch part;
    cei_pull pulled = CEI_END;
    while (!state->ended &&
           (pulled = cei_intake_next(&state->in, type->bytes, CEI_NUMBERS_AT_ONCE, &part)) == CEI_ROWS) {
        const double *numbers = cei_numbers(type, part.rows, part.count, room);
        for (uint32_t i = 0; i < part.count; i++) {
            cei_kll_add(&state->sketch, numbers[i]);
        }
    }
    if (state->ended || pulled != CEI_END) {
        return pulled;
    }
    char *bytes = cei_arena_alloc(&cursor->run->arena, cei_kll_bytes(&state->sketch));
    if (!bytes) {
        return cei_run_fail(cursor->run, CE_MEMORY);
    }
    state->ended = true;
    state->bytes = cei_kll_write(&state->sketch, bytes);
    *batch = (cei_batch){(const char *)&state->bytes, 1};
    return CEI_ROWS;
}

static ce_status quantile_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct quantile_state *state = cei_cursor_new(run, node, sizeof *state, quantile_next);
    if (!state) {
        return CE_MEMORY;
    }
    cei_kll_open(&state->sketch, CEI_KLL_K, cei_random_stream_seed(0, partition));
    *cursor = &state->cursor;
    return cei_open_parent(run, node, 0, partition, &state->in.from);
}

const cei_op cei_op_quantile_rows = {.name = "quantile_rows", .open = quantile_open};

/* ---- on the calling thread ---- */

ce_status ce_quantiles(ce_rdd *rdd, const double *probabilities, uint32_t count, double *quantiles)
{
    CEI_HOLD(rdd);
    ce_rdd node;
    ce_result merged;
    cei_kll sketch;
    for (uint32_t i = 0; i < count; i++) {
        quantiles[i] = NAN;
    }
    CE_TRY(cei_action_node(&node, &cei_op_quantile_rows, &rdd));
    CE_TRY(cei_action_number(rdd, "quantiles"));
    ce_status status = cei_check_probabilities(probabilities, count);
    if (status != CE_OK) {
        return cei_error_prefix(status, "%s:%d: quantiles: ", rdd->site.file, rdd->site.line);
    }
    node.type = CE_TYPE(ce_str);
    CE_TRY(cei_fold_job(&node, "quantiles", cei_merge_quantiles, NULL, &merged));
    cei_kll_read(&sketch, ce_result_value(&merged, ce_str));
    ce_result_free(&merged);
    if (sketch.count == 0) {
        return cei_action_empty(rdd, "quantiles");
    }
    cei_kll_quantiles(&sketch, probabilities, count, quantiles);
    return CE_OK;
}
