/* stats : rdd(number) -> count, mean, sum, min, max, variances
 *
 * Welford's update within partitions and Chan's merge across them, in the order of the partitions, with the very steps
 * of Spark's StatCounter, so that the last bits agree. `squares` is the sum of squared distances from the mean.
 *
 * In tasks: stats_rows : rdd(number) -> rdd(cei_moments), one row per partition. */
#include "action/stats.h"
#include "action/numbers.h"
#include "base/error.h"
#include <math.h>

static const cei_moments no_moments = {.min = INFINITY, .max = -INFINITY};

/* As Java's: NaN wins, and -0.0 is less than 0.0. */
static double min_of(double a, double b)
{
    if (isnan(a) || isnan(b)) {
        return NAN;
    }
    return a < b || (a == b && signbit(a)) ? a : b;
}

static double max_of(double a, double b)
{
    if (isnan(a) || isnan(b)) {
        return NAN;
    }
    return a > b || (a == b && !signbit(a)) ? a : b;
}

static void add_number(cei_moments *to, double number)
{
    double delta = number - to->mean;
    to->count++;
    to->mean += delta / (double)to->count;
    to->squares += delta * (number - to->mean);
    to->max = max_of(to->max, number);
    to->min = min_of(to->min, number);
}

static void add_moments(cei_moments *to, const cei_moments *more)
{
    if (to->count == 0) {
        *to = *more;
        return;
    }
    if (more->count == 0) {
        return;
    }
    double delta = more->mean - to->mean;
    double n = (double)to->count, m = (double)more->count;
    if (more->count * 10 < to->count) { /* a much smaller side only moves the mean of the larger one */
        to->mean = to->mean + (delta * m) / (n + m);
    } else if (to->count * 10 < more->count) {
        to->mean = more->mean - (delta * n) / (n + m);
    } else {
        to->mean = (to->mean * n + more->mean * m) / (n + m);
    }
    to->squares += more->squares + (delta * delta * n * m) / (n + m);
    to->count += more->count;
    to->max = max_of(to->max, more->max);
    to->min = min_of(to->min, more->min);
}

/* ---- in tasks ---- */

struct stats_state {
    cei_cursor cursor;
    cei_cursor *input;
    cei_moments moments;
    bool ended;
};

static void add_batch(struct stats_state *state, const cei_batch *in)
{
    const ce_type *type = state->cursor.node->parents[0]->type;
    double room[CEI_NUMBERS_AT_ONCE];
    cei_moments moments = state->moments;
    for (uint32_t first = 0; first < in->count; first += CEI_NUMBERS_AT_ONCE) {
        uint32_t count = in->count - first < CEI_NUMBERS_AT_ONCE ? in->count - first : CEI_NUMBERS_AT_ONCE;
        const double *numbers = cei_numbers(type, in->rows + (size_t)first * type->bytes, count, room);
        for (uint32_t i = 0; i < count; i++) {
            add_number(&moments, numbers[i]);
        }
    }
    state->moments = moments;
}

static cei_pull stats_next(cei_cursor *cursor, cei_batch *batch)
{
    struct stats_state *state = (struct stats_state *)cursor;
    cei_batch in;
    cei_pull pulled = CEI_END;
    while (!state->ended && (pulled = state->input->next(state->input, &in)) == CEI_ROWS) {
        add_batch(state, &in);
        if (cei_run_is_cancelled(cursor->run)) {
            return CEI_FAILED;
        }
    }
    if (state->ended || pulled != CEI_END) {
        return pulled;
    }
    state->ended = true;
    *batch = (cei_batch){(const char *)&state->moments, 1};
    return CEI_ROWS;
}

static ce_status stats_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct stats_state *state = cei_cursor_new(run, node, sizeof *state, stats_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->moments = no_moments;
    *cursor = &state->cursor;
    return cei_open_parent(run, node, 0, partition, &state->input);
}

const cei_op cei_op_stats_rows = {.name = "stats_rows", .open = stats_open};

/* ---- on the calling thread ---- */

ce_status cei_moments_of(ce_rdd *rdd, const char *action, cei_moments *moments)
{
    ce_rdd node;
    ce_result parts;
    *moments = no_moments;
    CE_TRY(cei_action_node(&node, &cei_op_stats_rows, &rdd));
    CE_TRY(cei_action_number(rdd, action));
    if (rdd->partition_count == 0) {
        return cei_action_empty(rdd, action);
    }
    node.type = CE_TYPE(cei_moments);
    CE_TRY(cei_action_rows(&node, action, &parts));
    for (uint64_t i = 0; i < parts.count; i++) {
        add_moments(moments, &ce_result_rows(&parts, cei_moments)[i]);
    }
    ce_result_free(&parts);
    return CE_OK;
}

static ce_stats_result result_of(const cei_moments *moments)
{
    double n = (double)moments->count;
    ce_stats_result stats = {.count = moments->count,
                             .mean = moments->mean,
                             .sum = n * moments->mean,
                             .min = moments->min,
                             .max = moments->max};
    stats.variance = moments->count > 0 ? moments->squares / n : NAN;
    stats.sample_variance = moments->count > 1 ? moments->squares / (n - 1) : NAN;
    stats.stdev = sqrt(stats.variance);
    stats.sample_stdev = sqrt(stats.sample_variance);
    return stats;
}

ce_status ce_stats(ce_rdd *rdd, ce_stats_result *stats)
{
    CEI_HOLD(rdd);
    cei_moments moments;
    *stats = result_of(&no_moments);
    CE_TRY(cei_moments_of(rdd, "stats", &moments));
    *stats = result_of(&moments);
    return CE_OK;
}

ce_status ce_mean(ce_rdd *rdd, double *mean)
{
    CEI_HOLD(rdd);
    cei_moments moments;
    *mean = 0.0;
    CE_TRY(cei_moments_of(rdd, "mean", &moments));
    *mean = moments.mean;
    return CE_OK;
}

ce_status ce_variance(ce_rdd *rdd, double *variance)
{
    CEI_HOLD(rdd);
    cei_moments moments;
    *variance = NAN;
    CE_TRY(cei_moments_of(rdd, "variance", &moments));
    *variance = result_of(&moments).variance;
    return CE_OK;
}
