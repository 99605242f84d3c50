/* take_sample : rdd(T), with_replacement, count, seed -> rows(T)
 *
 * Two jobs. The first counts the rows of each partition; the drawing of row numbers then tells how many rows each
 * partition gives, and the second job takes that many at random, at once the right number. The rows are shuffled at
 * the end.
 *
 * In tasks: pick_rows : rdd(T) -> rdd(T). Without replacement a row is picked with the chance of (rows still wanted)
 * in (rows still to come); with replacement the next picked place is the smallest of the places still to be drawn. */
#include "action/action.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include <math.h>

CE_RECORD(partition_pick, (uint64_t, rows), (uint64_t, wanted));
CE_LIST(partition_picks, partition_pick);
CE_RECORD(pick_args, (partition_picks, partitions), (bool, with_replacement), (uint64_t, seed));

/* An RDD whose row counts change each time it is computed is counted again so often. */
enum { ROUNDS_MAX = 8 };

struct pick_state {
    cei_cursor cursor;
    cei_cursor *input;
    const pick_args *args;
    cei_random random;
    uint64_t rows_left, wanted; /* rows to come, by the count; picks still to make */
    double rows, place;         /* with replacement: rows in all, and where the next pick lies among them */
    uint64_t row;               /* number of the next row of in */
    cei_batch in;
    uint32_t next; /* of in */
    bool flat;
    char *picked;
};

/* The smallest of the places that are still to be drawn between the last one and the end. */
static void draw_place(struct pick_state *state)
{
    double u = 1.0 - cei_random_double(&state->random); /* (0, 1] */
    state->place += (state->rows - state->place) * -expm1(log(u) / (double)state->wanted);
}

/* How often the next row is picked. */
static bool picks_row(struct pick_state *state)
{
    if (state->args->with_replacement) {
        /* Rounding may put a place at the very end: the last row it is then. */
        bool picked = state->place < (double)(state->row + 1) || state->rows_left <= 1;
        if (picked && --state->wanted > 0) {
            draw_place(state);
        }
        return picked;
    }
    bool picked = cei_random_below(&state->random, state->rows_left) < state->wanted;
    state->wanted -= picked;
    return picked;
}

static void next_row(struct pick_state *state)
{
    state->next++;
    state->row++;
    state->rows_left--;
}

static cei_pull pick_next(cei_cursor *cursor, cei_batch *batch)
{
    struct pick_state *state = (struct pick_state *)cursor;
    size_t row_bytes = cursor->node->type->bytes;
    uint32_t count = 0;
    cei_pull pulled = CEI_END;
    while (state->wanted > 0 && state->rows_left > 0 && count < cursor->run->batch_rows) {
        if (state->next == state->in.count) {
            if (count > 0 && !state->flat) {
                break; /* what was picked may point into the input's batch */
            }
            state->next = state->in.count = 0;
            pulled = cei_run_is_cancelled(cursor->run) ? CEI_FAILED : state->input->next(state->input, &state->in);
            if (pulled != CEI_ROWS) {
                break;
            }
        }
        const char *row = state->in.rows + state->next * row_bytes;
        if (!picks_row(state)) {
            next_row(state);
            continue;
        }
        memcpy(state->picked + count++ * row_bytes, row, row_bytes);
        if (!state->args->with_replacement) {
            next_row(state);
        }
    }
    *batch = (cei_batch){state->picked, count};
    return count && pulled != CEI_FAILED ? CEI_ROWS : pulled == CEI_ROWS ? CEI_END : pulled;
}

static ce_status pick_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct pick_state *state = cei_cursor_new(run, node, sizeof *state, pick_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->args = node->args;
    const partition_pick *pick = &state->args->partitions.at[partition];
    state->rows_left = pick->rows;
    state->wanted = pick->wanted;
    state->flat = cei_type_is_flat(node->type);
    cei_random_seed(&state->random, cei_random_stream_seed(state->args->seed, partition));
    state->rows = (double)pick->rows;
    if (state->wanted > 0 && state->args->with_replacement) {
        draw_place(state);
    }
    state->picked = cei_arena_alloc(&run->arena, (size_t)run->batch_rows * node->type->bytes);
    *cursor = &state->cursor;
    return state->picked ? cei_open_parent(run, node, 0, partition, &state->input) : CE_MEMORY;
}

const cei_op cei_op_pick_rows = {.name = "pick_rows", .open = pick_open};

/* ---- drawing: on the calling thread ---- */

/* Rows that can still be drawn, by partition, as a tree of sums (Fenwick): tree[i] is the sum of the i & -i partitions
 * up to i. */
static void tree_add(uint64_t *tree, uint32_t count, uint32_t partition, uint64_t rows)
{
    for (uint64_t i = (uint64_t)partition + 1; i <= count; i += i & -i) {
        tree[i] += rows; /* may wrap around: adding -1 */
    }
}

/* The partition of the row with this number among those that can be drawn. */
static uint32_t tree_find(const uint64_t *tree, uint32_t count, uint64_t number)
{
    uint64_t at = 0, step = 1;
    while (step * 2 <= count) {
        step *= 2;
    }
    for (; step > 0; step /= 2) {
        if (at + step <= count && tree[at + step] <= number) {
            at += step;
            number -= tree[at];
        }
    }
    return (uint32_t)at;
}

/* Sets how many of the rows of each partition are wanted. When that is most of them, those that are not wanted are
 * drawn. */
static ce_status draw(partition_pick *picks, uint32_t partitions, uint64_t total, uint64_t count, bool with_replacement,
                      cei_random *random)
{
    uint64_t *tree = cei_alloc_zeroed((size_t)partitions + 1, sizeof *tree);
    if (!tree) {
        return CE_MEMORY;
    }
    bool unwanted = !with_replacement && count > total / 2;
    uint64_t draws = unwanted ? total - count : count;
    for (uint32_t i = 0; i < partitions; i++) {
        tree_add(tree, partitions, i, picks[i].rows);
        picks[i].wanted = unwanted ? picks[i].rows : 0;
    }
    for (; draws > 0; draws--) {
        uint32_t partition = tree_find(tree, partitions, cei_random_below(random, total));
        picks[partition].wanted += unwanted ? UINT64_MAX : 1;
        if (!with_replacement) {
            tree_add(tree, partitions, partition, UINT64_MAX);
            total--;
        }
    }
    cei_free(tree);
    return CE_OK;
}

static ce_status shuffle_rows(ce_result *rows, cei_random *random)
{
    size_t bytes = rows->type->bytes;
    char *first = (char *)rows->rows, *spare = cei_alloc(bytes);
    if (!spare) {
        return CE_MEMORY;
    }
    for (uint64_t left = rows->count; left > 1; left--) {
        char *a = first + (left - 1) * bytes, *b = first + cei_random_below(random, left) * bytes;
        memcpy(spare, a, bytes);
        memmove(a, b, bytes);
        memcpy(b, spare, bytes);
    }
    cei_free(spare);
    return CE_OK;
}

/* One count and one draw. *count: the rows there should be in the result. */
static ce_status sample_once(ce_rdd *node, bool with_replacement, uint64_t *count, partition_pick *picks,
                             uint64_t *counts, cei_random *random, ce_result *rows)
{
    uint32_t partitions = node->partition_count;
    uint64_t total = 0;
    CE_TRY(cei_count_partitions(node->parents[0], partitions, counts));
    for (uint32_t i = 0; i < partitions; i++) {
        picks[i] = (partition_pick){.rows = counts[i]};
        total += counts[i];
    }
    *count = total == 0 || (!with_replacement && *count > total) ? total : *count;
    if (*count == 0) {
        return cei_result_from_values(rows, node->type, NULL, 0);
    }
    CE_TRY(draw(picks, partitions, total, *count, with_replacement, random));
    pick_args args = {
        .partitions = {picks, partitions}, .with_replacement = with_replacement, .seed = cei_random_next(random)};
    node->args = &args;
    node->args_type = CE_TYPE(pick_args);
    ce_status status = cei_action_rows(node, "take_sample", rows);
    node->args = NULL;
    return status;
}

ce_status ce_take_sample(ce_rdd *rdd, bool with_replacement, int64_t count, uint64_t seed, ce_result *rows)
{
    CEI_HOLD(rdd);
    ce_rdd node;
    cei_random random;
    *rows = (ce_result){0};
    CE_TRY(cei_action_node(&node, &cei_op_pick_rows, &rdd));
    if (count < 0) {
        return cei_action_invalid(rdd, "take_sample", "the number of rows is negative: %lld", (long long)count);
    }
    if (count == 0 || rdd->partition_count == 0) {
        return cei_result_from_values(rows, rdd->type, NULL, 0);
    }
    partition_pick *picks = cei_alloc_zeroed(rdd->partition_count, sizeof *picks);
    uint64_t *counts = cei_alloc_zeroed(rdd->partition_count, sizeof *counts);
    ce_status status = picks && counts ? CE_OK : CE_MEMORY;
    cei_random_seed(&random, seed);
    bool enough = false;
    for (uint32_t round = 0; round < ROUNDS_MAX && status == CE_OK && !enough; round++) {
        uint64_t wanted = (uint64_t)count;
        ce_result_free(rows);
        status = sample_once(&node, with_replacement, &wanted, picks, counts, &random, rows);
        enough = status == CE_OK && rows->count == wanted;
    }
    if (status == CE_OK && !enough) {
        status = cei_action_invalid(rdd, "take_sample", "the RDD gives fewer rows when it is computed again");
    }
    if (status == CE_OK) {
        status = shuffle_rows(rows, &random);
    }
    cei_free(picks);
    cei_free(counts);
    if (status != CE_OK) {
        ce_result_free(rows);
    }
    return status;
}
