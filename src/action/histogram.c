/* histogram : rdd(number), edges -> counts;  histogram_even : rdd(number), n -> edges, counts
 *
 * With given edges the bucket is found by binary search; between edges at equal distances it is computed. Both, and
 * the order of -0.0 and NaN among edges, are as in Spark.
 *
 * In tasks: histogram_rows : rdd(number) -> rdd(bucket_count), the buckets of a partition that are not empty. */
#include "action/action.h"
#include "action/numbers.h"
#include "action/stats.h"
#include "base/error.h"
#include <math.h>

CE_LIST(edge_list, double);
CE_RECORD(histogram_args, (edge_list, edges), (bool, even));
CE_RECORD(bucket_count, (uint32_t, bucket), (uint64_t, count));

struct histogram_state {
    cei_cursor cursor;
    cei_cursor *input;
    histogram_args args;
    uint32_t buckets;
    uint64_t *counts; /* from the pool */
    bool full;
    uint32_t position;
    bucket_count *rows;
};

/* A total order in which NaN is last and -0.0 is before 0.0. */
static int compare_doubles(double a, double b)
{
    if (a < b || a > b) {
        return a < b ? -1 : 1;
    }
    if (isnan(a) || isnan(b)) {
        return (isnan(a) != 0) - (isnan(b) != 0);
    }
    return (signbit(b) != 0) - (signbit(a) != 0);
}

/* UINT32_MAX: outside of the edges. */
static uint32_t bucket_between(const edge_list *edges, double number)
{
    uint32_t first = 0, end = edges->count;
    while (first < end) {
        uint32_t middle = first + (end - 1 - first) / 2;
        int order = compare_doubles(edges->at[middle], number);
        if (order == 0) {
            return middle < edges->count - 1 ? middle : middle - 1;
        }
        if (order < 0) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return first > 0 && first < edges->count ? first - 1 : UINT32_MAX;
}

static uint32_t bucket_even(const edge_list *edges, double number)
{
    uint32_t buckets = edges->count - 1;
    double min = edges->at[0], max = edges->at[buckets];
    if (isnan(number) || number < min || number > max) {
        return UINT32_MAX;
    }
    double place = (number - min) / (max - min) * (double)buckets;
    if (!(place >= 1.0)) { /* NaN when all numbers are the same */
        return 0;
    }
    return place < (double)buckets ? (uint32_t)place : buckets - 1;
}

static void count_batch(struct histogram_state *state, const cei_batch *in)
{
    const ce_type *type = state->cursor.node->parents[0]->type;
    const edge_list *edges = &state->args.edges;
    double room[CEI_NUMBERS_AT_ONCE];
    for (uint32_t first = 0; first < in->count; first += CEI_NUMBERS_AT_ONCE) {
        uint32_t count = in->count - first < CEI_NUMBERS_AT_ONCE ? in->count - first : CEI_NUMBERS_AT_ONCE;
        const double *numbers = cei_numbers(type, in->rows + (size_t)first * type->bytes, count, room);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t bucket = state->args.even ? bucket_even(edges, numbers[i]) : bucket_between(edges, numbers[i]);
            if (bucket != UINT32_MAX) {
                state->counts[bucket]++;
            }
        }
    }
}

static cei_pull histogram_next(cei_cursor *cursor, cei_batch *batch)
{
    struct histogram_state *state = (struct histogram_state *)cursor;
    cei_batch in;
    cei_pull pulled;
    while (!state->full) {
        pulled = state->input->next(state->input, &in);
        if (pulled == CEI_ROWS) {
            count_batch(state, &in);
        }
        if (pulled == CEI_WANT || pulled == CEI_FAILED || cei_run_is_cancelled(cursor->run)) {
            return pulled == CEI_WANT ? CEI_WANT : CEI_FAILED;
        }
        state->full = pulled == CEI_END;
    }
    *batch = (cei_batch){(const char *)state->rows, 0};
    for (; state->position < state->buckets && batch->count < cursor->run->batch_rows; state->position++) {
        if (state->counts[state->position]) {
            state->rows[batch->count++] = (bucket_count){state->position, state->counts[state->position]};
        }
    }
    return batch->count ? CEI_ROWS : CEI_END;
}

static void histogram_close(cei_cursor *cursor)
{
    struct histogram_state *state = (struct histogram_state *)cursor;
    cei_pool_give(cursor->run->pool, state->counts, state->buckets * sizeof *state->counts);
}

static ce_status histogram_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct histogram_state *state = cei_cursor_new(run, node, sizeof *state, histogram_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = histogram_close;
    state->args = *(const histogram_args *)node->args;
    state->buckets = state->args.edges.count - 1;
    state->counts = cei_pool_take(run->pool, state->buckets * sizeof *state->counts);
    state->rows = cei_arena_alloc_zeroed(&run->arena, run->batch_rows * sizeof *state->rows);
    *cursor = &state->cursor;
    if (!state->counts || !state->rows) {
        return CE_MEMORY;
    }
    memset(state->counts, 0, state->buckets * sizeof *state->counts);
    return cei_open_parent(run, node, 0, partition, &state->input);
}

const cei_op cei_op_histogram_rows = {.name = "histogram_rows", .open = histogram_open};

static ce_status count_buckets(ce_rdd *rdd, const char *action, const double *edges, uint32_t count, bool even,
                               uint64_t *counts)
{
    ce_rdd node;
    ce_result rows;
    CE_TRY(cei_action_node(&node, &cei_op_histogram_rows, &rdd));
    histogram_args args = {.edges = {edges, count + 1}, .even = even};
    node.type = CE_TYPE(bucket_count);
    node.args = &args;
    node.args_type = CE_TYPE(histogram_args);
    CE_TRY(cei_action_rows(&node, action, &rows));
    for (uint64_t i = 0; i < rows.count; i++) {
        const bucket_count *row = &ce_result_rows(&rows, bucket_count)[i];
        counts[row->bucket] += row->count;
    }
    ce_result_free(&rows);
    return CE_OK;
}

ce_status ce_histogram(ce_rdd *rdd, const double *edges, uint32_t buckets, uint64_t *counts)
{
    CEI_HOLD(rdd);
    memset(counts, 0, buckets * sizeof *counts);
    CE_TRY(cei_node_prepare(rdd));
    CE_TRY(cei_action_number(rdd, "histogram"));
    if (buckets == 0 || buckets == UINT32_MAX || !edges) {
        return cei_action_invalid(rdd, "histogram", "needs at least one bucket and the edges around each");
    }
    return count_buckets(rdd, "histogram", edges, buckets, false, counts);
}

ce_status ce_histogram_even(ce_rdd *rdd, uint32_t buckets, double *edges, uint64_t *counts, uint32_t *used)
{
    CEI_HOLD(rdd);
    cei_moments moments;
    *used = 0;
    memset(counts, 0, buckets * sizeof *counts);
    CE_TRY(cei_moments_of(rdd, "histogram_even", &moments));
    if (buckets == 0 || buckets == UINT32_MAX) {
        return cei_action_invalid(rdd, "histogram_even", "needs at least one bucket");
    }
    if (moments.count == 0) {
        return cei_action_empty(rdd, "histogram_even");
    }
    double span = moments.max - moments.min;
    if (!isfinite(span)) {
        return cei_action_invalid(rdd, "histogram_even", "the rows have NaN or infinite values, or span infinity");
    }
    buckets = moments.min < moments.max ? buckets : 1;
    for (uint32_t i = 0; i < buckets; i++) {
        edges[i] = moments.min + ((double)i * span) / (double)buckets;
    }
    edges[buckets] = moments.max;
    CE_TRY(count_buckets(rdd, "histogram_even", edges, buckets, true, counts));
    *used = buckets;
    return CE_OK;
}
