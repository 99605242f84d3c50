/* sum : rdd(number) -> double;  sum_int64 : rdd(integer) -> int64
 *
 * The sums of the partitions are added in the order of the partitions, so the last bits are the same each time.
 * Integers are added in 128 bits, which 2^64 rows do not fill.
 *
 * In tasks: sum_rows : rdd(number) -> rdd(double);  sum_integers : rdd(integer) -> rdd(record(int64, uint64)). */
#include "action/action.h"
#include "action/numbers.h"
#include "base/error.h"

__extension__ typedef __int128 wide;

CE_RECORD(wide_parts, (int64_t, high), (uint64_t, low));

struct sum_state {
    cei_cursor cursor;
    cei_cursor *input;
    void (*add)(struct sum_state *state, const cei_batch *in);
    double sum;
    wide total;
    wide_parts parts;
    bool ended;
};

static void add_numbers(struct sum_state *state, const cei_batch *in)
{
    const ce_type *type = state->cursor.node->parents[0]->type;
    double room[CEI_NUMBERS_AT_ONCE], sum = state->sum;
    for (uint32_t first = 0; first < in->count; first += CEI_NUMBERS_AT_ONCE) {
        uint32_t count = in->count - first < CEI_NUMBERS_AT_ONCE ? in->count - first : CEI_NUMBERS_AT_ONCE;
        const double *numbers = cei_numbers(type, in->rows + (size_t)first * type->bytes, count, room);
        for (uint32_t i = 0; i < count; i++) {
            sum += numbers[i];
        }
    }
    state->sum = sum;
}

static void add_integers(struct sum_state *state, const cei_batch *in)
{
    const void *at = in->rows;
    wide total = state->total;
    switch (state->cursor.node->parents[0]->type->kind) {
#define CASE(KIND, T)                                                                                                  \
    case CE_KIND_##KIND:                                                                                               \
        for (uint32_t i = 0; i < in->count; i++) {                                                                     \
            total += ((const T *)at)[i];                                                                               \
        }                                                                                                              \
        break;
        CASE(INT8, int8_t)
        CASE(INT16, int16_t)
        CASE(INT32, int32_t)
        CASE(INT64, int64_t)
        CASE(UINT8, uint8_t)
        CASE(UINT16, uint16_t)
        CASE(UINT32, uint32_t)
        CASE(UINT64, uint64_t)
#undef CASE
    default:
        break;
    }
    state->total = total;
}

static cei_pull sum_next(cei_cursor *cursor, cei_batch *batch)
{
    struct sum_state *state = (struct sum_state *)cursor;
    cei_batch in;
    cei_pull pulled = CEI_END;
    while (!state->ended && (pulled = state->input->next(state->input, &in)) == CEI_ROWS) {
        state->add(state, &in);
        if (cei_run_is_cancelled(cursor->run)) {
            return CEI_FAILED;
        }
    }
    if (state->ended || pulled != CEI_END) {
        return pulled;
    }
    state->ended = true;
    state->parts = (wide_parts){(int64_t)(state->total >> 64), (uint64_t)state->total};
    bool integers = state->add == add_integers;
    *batch = (cei_batch){integers ? (const char *)&state->parts : (const char *)&state->sum, 1};
    return CEI_ROWS;
}

static ce_status open_with(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor,
                           void (*add)(struct sum_state *state, const cei_batch *in))
{
    struct sum_state *state = cei_cursor_new(run, node, sizeof *state, sum_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->add = add;
    *cursor = &state->cursor;
    return cei_open_parent(run, node, 0, partition, &state->input);
}

static ce_status sum_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    return open_with(run, node, partition, cursor, add_numbers);
}

static ce_status integers_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    return open_with(run, node, partition, cursor, add_integers);
}

const cei_op cei_op_sum_rows = {.name = "sum_rows", .open = sum_open};
const cei_op cei_op_sum_integers = {.name = "sum_integers", .open = integers_open};

ce_status ce_sum(ce_rdd *rdd, double *sum)
{
    CEI_HOLD(rdd);
    ce_rdd node;
    ce_result sums;
    *sum = 0.0;
    CE_TRY(cei_action_node(&node, &cei_op_sum_rows, &rdd));
    CE_TRY(cei_action_number(rdd, "sum"));
    node.type = CE_TYPE(double);
    CE_TRY(cei_action_rows(&node, "sum", &sums));
    for (uint64_t i = 0; i < sums.count; i++) {
        *sum += ce_result_rows(&sums, double)[i];
    }
    ce_result_free(&sums);
    return CE_OK;
}

ce_status ce_sum_int64(ce_rdd *rdd, int64_t *sum)
{
    CEI_HOLD(rdd);
    ce_rdd node;
    ce_result sums;
    char text[256];
    *sum = 0;
    CE_TRY(cei_action_node(&node, &cei_op_sum_integers, &rdd));
    if (!cei_type_is_number(rdd->type) || rdd->type->kind > CE_KIND_UINT64) {
        return cei_fail(CE_TYPE, "%s:%d: sum_int64: needs an integer type, has %s", rdd->site.file, rdd->site.line,
                        ce_type_text(rdd->type, text, sizeof text));
    }
    node.type = CE_TYPE(wide_parts);
    CE_TRY(cei_action_rows(&node, "sum_int64", &sums));
    wide total = 0;
    for (uint64_t i = 0; i < sums.count; i++) {
        const wide_parts *parts = &ce_result_rows(&sums, wide_parts)[i];
        total += (wide)parts->high * ((wide)1 << 64) + (wide)parts->low;
    }
    ce_result_free(&sums);
    if (total > INT64_MAX || total < INT64_MIN) {
        return cei_action_invalid(rdd, "sum_int64", "the sum does not fit into 64 bits");
    }
    *sum = (int64_t)total;
    return CE_OK;
}
