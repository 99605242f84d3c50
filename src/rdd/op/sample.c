/* sample : rdd(T) -> rdd(T)
 *
 * Each row with a probability, or with replacement as many times as a Poisson draw says. Where few rows are chosen the
 * number of rows up to the next one is drawn instead of a number for each row. */
#include "base/buffer.h"
#include "base/error.h"
#include "base/random.h"
#include "rdd/cell.h"
#include "rdd/narrow.h"
#include <math.h>

CE_RECORD(sample_args, (bool, with_replacement), (double, fraction), (uint64_t, seed));

static const double gap_fraction_max = 0.4;    /* beyond, a draw per row is cheaper than a logarithm per gap */
static const double draw_min = 5e-11;          /* keeps the logarithm of a draw finite */
static const double fraction_tolerance = 1e-6; /* by which a sum of fractions may miss 1 */

struct sample_state {
    cei_batcher base;
    cei_random random;
    double fraction;
    double none;     /* probability that a row is not chosen */
    double log_none; /* its logarithm, exact for the smallest fractions too */
    bool with_replacement, gaps, flat;
    uint64_t gap;    /* rows to leave out before the next one */
    const char *row; /* the chosen one */
    uint64_t copies; /* of it to be handed out */
};

/* How many rows in a row are not chosen. */
static uint64_t sample_gap(struct sample_state *state)
{
    double draw = cei_random_double(&state->random);
    double gap = log(draw > draw_min ? draw : draw_min) / state->log_none;
    return gap < 0x1p63 ? (uint64_t)gap : UINT64_MAX;
}

/* A Poisson draw, given that it is not 0. */
static uint64_t sample_at_least_one(struct sample_state *state)
{
    double product = state->none + (1 - state->none) * cei_random_double(&state->random);
    uint64_t count = 1;
    for (product *= cei_random_double(&state->random); product > state->none; count++) {
        product *= cei_random_double(&state->random);
    }
    return count;
}

/* Goes on in the input's batch to the next row that is chosen, or to its end. */
static void sample_pick(struct sample_state *state)
{
    cei_intake *in = &state->base.in;
    size_t row_bytes = state->base.cursor.node->type->bytes;
    if (state->gaps) {
        uint32_t skipped = state->gap < in->left ? (uint32_t)state->gap : in->left;
        cei_intake_skip(in, row_bytes, skipped);
        state->gap -= skipped;
        if (in->left == 0) {
            return;
        }
    }
    state->row = in->rows;
    cei_intake_skip(in, row_bytes, 1);
    if (state->gaps) {
        state->copies = state->with_replacement ? sample_at_least_one(state) : 1;
        state->gap = sample_gap(state);
    } else {
        state->copies = cei_random_poisson(&state->random, state->fraction);
    }
}

static cei_pull sample_next(cei_cursor *cursor, cei_batch *batch)
{
    struct sample_state *state = (struct sample_state *)cursor;
    cei_intake *in = &state->base.in;
    size_t row_bytes = cursor->node->type->bytes;
    uint32_t count = 0, room = cursor->run->batch_rows;
    cei_pull pulled = CEI_ROWS;
    while (count < room) {
        uint32_t copies = state->copies < room - count ? (uint32_t)state->copies : room - count;
        cei_copy_fields(state->base.rows + count * row_bytes, row_bytes, state->row, 0, row_bytes, copies);
        count += copies;
        state->copies -= copies;
        if (state->copies || (in->left == 0 && count && !state->flat)) {
            break;
        }
        pulled = cei_intake_pull(in);
        if (pulled != CEI_ROWS) {
            break;
        }
        sample_pick(state);
    }
    *batch = (cei_batch){state->base.rows, count};
    return count && pulled != CEI_FAILED ? CEI_ROWS : pulled;
}

static ce_status sample_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    const sample_args *args = node->args;
    if (args->fraction <= 0 || (!args->with_replacement && args->fraction > gap_fraction_max)) {
        return cei_cell_open(run, node, partition, 0, args->fraction, args->seed, cursor);
    }
    CE_TRY(cei_batcher_open(run, node, partition, sizeof(struct sample_state), sample_next, cursor));
    struct sample_state *state = (struct sample_state *)*cursor;
    cei_random_seed(&state->random, cei_random_stream_seed(args->seed, partition));
    state->fraction = args->fraction;
    state->with_replacement = args->with_replacement;
    state->log_none = args->with_replacement ? -args->fraction : log1p(-args->fraction);
    state->none = exp(state->log_none);
    state->gaps = args->fraction <= gap_fraction_max;
    state->flat = cei_type_is_flat(node->type);
    if (state->gaps) {
        state->gap = sample_gap(state);
    }
    return CE_OK;
}

const cei_op cei_op_sample = {.name = "sample", .open = sample_open, .determinism = cei_determinism_by_position};

/* Poisons with a sentence that ends in the fraction as a person writes it. */
static ce_rdd *sample_poison(ce_rdd *node, const char *sentence, double fraction, const char *rest)
{
    cei_buffer text = {0};
    cei_buffer_double(&text, fraction);
    const char *number = cei_buffer_cstr(&text);
    cei_node_poison(node, CE_INVALID, "%s%s%s", sentence, number ? number : "", rest);
    cei_buffer_close(&text);
    return node;
}

ce_rdd *ce_sample_at(ce_rdd *rdd, bool with_replacement, double fraction, uint64_t seed, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_sample, NULL, site, &rdd, 1);
    if (!(fraction >= 0)) {
        return sample_poison(node, "Fraction must be nonnegative, but got ", fraction, "");
    }
    if (!with_replacement && fraction > 1 + fraction_tolerance) {
        return sample_poison(node, "Sampling fraction (", fraction, ") must be on interval [0, 1]");
    }
    if (isinf(fraction)) {
        return sample_poison(node, "Fraction must be finite, but got ", fraction, "");
    }
    sample_args *args = cei_node_args(node, CE_TYPE(sample_args));
    if (args) {
        *args = (sample_args){with_replacement, fraction, seed};
        node->type = rdd->type;
        node->partitioner = rdd->partitioner;
    }
    return node;
}
