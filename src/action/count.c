/* count : rdd(T) -> uint64
 *
 * In tasks: count_rows : rdd(T) -> rdd(uint64), one row per partition. A source that can count without making rows
 * does so. */
#include "action/action.h"
#include "base/error.h"
#include "base/memory.h"

struct count_state {
    cei_cursor cursor;
    cei_cursor *input;
    uint64_t rows;
    bool ended;
};

static cei_pull count_next(cei_cursor *cursor, cei_batch *batch)
{
    struct count_state *state = (struct count_state *)cursor;
    cei_pull pulled = CEI_END;
    if (state->ended) {
        return CEI_END;
    }
    if (state->input->count) {
        pulled = state->input->count(state->input, &state->rows);
    } else {
        cei_batch in;
        while ((pulled = state->input->next(state->input, &in)) == CEI_ROWS) {
            state->rows += in.count;
            if (cei_run_is_cancelled(cursor->run)) {
                return CEI_FAILED;
            }
        }
    }
    if (pulled != CEI_END) {
        return pulled;
    }
    state->ended = true;
    *batch = (cei_batch){(const char *)&state->rows, 1};
    return CEI_ROWS;
}

static ce_status count_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct count_state *state = cei_cursor_new(run, node, sizeof *state, count_next);
    if (!state) {
        return CE_MEMORY;
    }
    *cursor = &state->cursor;
    return cei_open_parent(run, node, 0, partition, &state->input);
}

const cei_op cei_op_count_rows = {.name = "count_rows", .open = count_open};

ce_status cei_count_partitions(ce_rdd *rdd, uint32_t count, uint64_t *rows)
{
    ce_rdd counter;
    ce_result counts;
    CE_TRY(cei_action_node(&counter, &cei_op_count_rows, &rdd));
    counter.type = &ce_type_uint64_t;
    uint32_t *partitions = cei_alloc((count ? count : 1) * sizeof *partitions);
    if (!partitions) {
        return CE_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        partitions[i] = i;
    }
    ce_status status = cei_action_rows_of(&counter, "count", partitions, count, &counts);
    for (uint32_t i = 0; status == CE_OK && i < count; i++) {
        rows[i] = ce_result_rows(&counts, uint64_t)[i];
    }
    ce_result_free(&counts);
    cei_free(partitions);
    return status;
}

ce_status ce_count(ce_rdd *rdd, uint64_t *count)
{
    CEI_HOLD(rdd);
    ce_rdd counter;
    ce_result counts;
    *count = 0;
    CE_TRY(cei_action_node(&counter, &cei_op_count_rows, &rdd));
    counter.type = &ce_type_uint64_t;
    CE_TRY(cei_action_rows(&counter, "count", &counts));
    for (uint64_t i = 0; i < counts.count; i++) {
        *count += ce_result_rows(&counts, uint64_t)[i];
    }
    ce_result_free(&counts);
    return CE_OK;
}
