/* take : rdd(T), count -> rows(T)
 *
 * In rounds of one job each, as Spark: the first looks at a few partitions; the next ones at as many as the rows found
 * so far make likely to be enough, by half more than that, and never at more than a factor of those before.
 *
 * In tasks: take_rows : rdd(T) -> rdd(T), which stops pulling when it has enough. */
#include "action/take.h"
#include "base/error.h"
#include "base/memory.h"
#include "sched/engine.h"
#include <math.h>

struct take_state {
    cei_cursor cursor;
    cei_cursor *input;
    uint64_t left;
};

static cei_pull take_next(cei_cursor *cursor, cei_batch *batch)
{
    struct take_state *state = (struct take_state *)cursor;
    if (state->left == 0) {
        return CEI_END;
    }
    cei_pull pulled = state->input->next(state->input, batch);
    if (pulled == CEI_ROWS) {
        batch->count = batch->count < state->left ? batch->count : (uint32_t)state->left;
        state->left -= batch->count;
    }
    return pulled;
}

static ce_status take_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct take_state *state = cei_cursor_new(run, node, sizeof *state, take_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->left = *(const uint64_t *)node->args;
    *cursor = &state->cursor;
    return cei_open_parent(run, node, 0, partition, &state->input);
}

const cei_op cei_op_take_rows = {.name = "take_rows", .open = take_open};

/* ---- rounds ---- */

struct scan {
    uint32_t scanned;    /* partitions 0 .. scanned - 1 */
    uint64_t found;      /* rows in them, not more than were asked for from each */
    cei_blocks *results; /* of each */
    uint32_t *partitions;
};

/* The partitions that the next round looks at. */
static uint32_t next_round(const struct scan *scan, const ce_rdd *node, uint64_t left)
{
    const cei_settings *settings = &cei_context_of(node)->settings;
    double wanted = (double)cei_setting(settings, CEI_CONF_rdd_limit_initial_partitions);
    if (scan->scanned > 0) {
        double most = (double)scan->scanned * (double)cei_setting(settings, CEI_CONF_rdd_limit_scale_up_factor);
        wanted = scan->found ? ceil(1.5 * (double)left * (double)scan->scanned / (double)scan->found) : most;
        wanted = wanted < most ? wanted : most;
    }
    uint32_t behind = node->partition_count - scan->scanned;
    return wanted < (double)behind ? (uint32_t)wanted : behind;
}

static ce_status scan_rounds(struct scan *scan, ce_rdd *node, const char *action, uint64_t count)
{
    while (scan->found < count && scan->scanned < node->partition_count) {
        uint64_t left = count - scan->found;
        uint32_t round = next_round(scan, node, left);
        for (uint32_t i = 0; i < round; i++) {
            scan->partitions[i] = scan->scanned + i;
        }
        node->args = &left;
        CE_TRY(cei_run_job(node, action, scan->partitions, round, scan->results + scan->scanned));
        for (uint32_t end = scan->scanned + round; scan->scanned < end; scan->scanned++) {
            const cei_blocks *blocks = &scan->results[scan->scanned];
            for (uint32_t i = 0; i < blocks->count; i++) {
                scan->found += blocks->blocks[i].rows;
            }
        }
    }
    return CE_OK;
}

ce_status cei_take(ce_rdd *rdd, const char *action, uint64_t count, ce_result *rows)
{
    ce_rdd node;
    *rows = (ce_result){0};
    CE_TRY(cei_action_node(&node, &cei_op_take_rows, &rdd));
    node.args_type = &ce_type_uint64_t;
    uint32_t room = node.partition_count ? node.partition_count : 1;
    struct scan scan = {.results = cei_alloc_zeroed(room, sizeof *scan.results),
                        .partitions = cei_alloc_zeroed(room, sizeof *scan.partitions)};
    ce_status status = scan.results && scan.partitions ? scan_rounds(&scan, &node, action, count) : CE_MEMORY;
    if (status == CE_OK) {
        status = cei_result_from_blocks(rows, node.type, scan.results, scan.scanned);
    }
    if (status == CE_OK) {
        status = cei_result_cut(rows, count);
    }
    for (uint32_t i = 0; scan.results && i < scan.scanned; i++) {
        cei_blocks_close(&scan.results[i]);
    }
    cei_free(scan.results);
    cei_free(scan.partitions);
    return status;
}

ce_status ce_take(ce_rdd *rdd, uint64_t count, ce_result *rows)
{
    CEI_HOLD(rdd);
    return cei_take(rdd, "take", count, rows);
}
