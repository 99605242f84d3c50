/* order_rows : rdd(T), k -> rdd(T)
 *
 * The k smallest rows of each partition, in order. A heap with the largest of them at its root holds deep copies; a
 * row that is not smaller than the root costs one comparison. Rows are numbered: of equal ones the first stay. */
#include "action/order_rows.h"
#include "base/error.h"

CE_RECORD(order_args, (uint64_t, count_max), (bool, reversed));

static const uint64_t garbage_bytes_min = 64 << 10;

/* An entry of the heap: a row, rounded up to 8 bytes, and its number behind it. */
struct order_state {
    cei_cursor cursor;
    cei_cursor *input;
    const ce_type *type;
    order_args args;
    char *entries, *spare; /* from the pool; one entry from the arena */
    size_t entry_bytes;
    uint64_t count, room, rows_seen;
    cei_arena keep;      /* parts of the rows in the heap, and of those that left it */
    uint64_t live_bytes; /* in keep, when it was last rebuilt */
    bool flat, sorted;
    uint64_t position; /* rows handed on */
    cei_arena strings;
};

static int order_of(const ce_function *compare, const ce_type *type, bool reversed, const void *a, const void *b)
{
    int order = compare ? compare->compare(a, b) : ce_type_compare(type, a, b);
    order = (order > 0) - (order < 0);
    return reversed ? -order : order;
}

static inline int order_rows(const struct order_state *state, const void *a, const void *b)
{
    return order_of(state->cursor.node->function, state->type, state->args.reversed, a, b);
}

static bool is_before(const struct order_state *state, const char *a, const char *b)
{
    int order = order_rows(state, a, b);
    if (order != 0) {
        return order < 0;
    }
    uint64_t number_a, number_b;
    memcpy(&number_a, a + state->entry_bytes - sizeof number_a, sizeof number_a);
    memcpy(&number_b, b + state->entry_bytes - sizeof number_b, sizeof number_b);
    return number_a < number_b;
}

static inline char *entry_at(const struct order_state *state, uint64_t index)
{
    return state->entries + index * state->entry_bytes;
}

/* Puts state->spare into the heap of count entries, where at is free, above its children. */
static void sift_down(struct order_state *state, uint64_t at, uint64_t count)
{
    for (;;) {
        uint64_t child = 2 * at + 1;
        if (child >= count) {
            break;
        }
        if (child + 1 < count && is_before(state, entry_at(state, child), entry_at(state, child + 1))) {
            child++;
        }
        if (!is_before(state, state->spare, entry_at(state, child))) {
            break;
        }
        memcpy(entry_at(state, at), entry_at(state, child), state->entry_bytes);
        at = child;
    }
    memcpy(entry_at(state, at), state->spare, state->entry_bytes);
}

/* Puts state->spare where at is free, below its parents. */
static void sift_up(struct order_state *state, uint64_t at)
{
    while (at > 0 && is_before(state, entry_at(state, (at - 1) / 2), state->spare)) {
        memcpy(entry_at(state, at), entry_at(state, (at - 1) / 2), state->entry_bytes);
        at = (at - 1) / 2;
    }
    memcpy(entry_at(state, at), state->spare, state->entry_bytes);
}

static ce_status order_grow(struct order_state *state)
{
    const size_t bytes = state->entry_bytes;
    uint64_t room = state->room ? 2 * state->room : 64;
    char *entries =
        cei_pool_grow(state->cursor.run->pool, state->entries, state->room * bytes, state->count * bytes, room * bytes);
    if (!entries) {
        return CE_MEMORY;
    }
    state->entries = entries;
    state->room = room;
    return CE_OK;
}

/* Rows that left the heap have left their parts: when those are most of it, what lives moves to a fresh arena. */
static ce_status order_rebuild(struct order_state *state)
{
    if (state->keep.used_bytes < 2 * state->live_bytes + garbage_bytes_min) {
        return CE_OK;
    }
    cei_arena fresh;
    cei_arena_open(&fresh, state->cursor.run->pool, 0);
    for (uint64_t i = 0; i < state->count; i++) {
        if (cei_value_own(state->type, entry_at(state, i), &fresh) != CE_OK) {
            cei_arena_close(&fresh); /* the task fails: nobody reads the half-moved rows */
            return CE_MEMORY;
        }
    }
    cei_arena_close(&state->keep);
    state->keep = fresh;
    state->live_bytes = fresh.used_bytes;
    return CE_OK;
}

static ce_status order_take(struct order_state *state, const char *rows, uint32_t count)
{
    size_t row_bytes = state->type->bytes;
    for (uint32_t i = 0; i < count; i++, rows += row_bytes) {
        uint64_t number = state->rows_seen++;
        bool full = state->count == state->args.count_max;
        if (full && order_rows(state, rows, state->entries) >= 0) {
            continue;
        }
        memcpy(state->spare, rows, row_bytes);
        memcpy(state->spare + state->entry_bytes - sizeof number, &number, sizeof number);
        if (!state->flat) {
            CE_TRY(cei_value_own(state->type, state->spare, &state->keep));
        }
        if (full) {
            sift_down(state, 0, state->count);
            CE_TRY(state->flat ? CE_OK : order_rebuild(state));
            continue;
        }
        if (state->count == state->room) {
            CE_TRY(order_grow(state));
        }
        sift_up(state, state->count);
        state->count++;
    }
    return CE_OK;
}

/* From a heap to rows in order, side by side. */
static void order_sort(struct order_state *state)
{
    for (uint64_t end = state->count; end > 1; end--) {
        memcpy(state->spare, entry_at(state, end - 1), state->entry_bytes);
        memcpy(entry_at(state, end - 1), state->entries, state->entry_bytes);
        sift_down(state, 0, end - 1);
    }
    for (uint64_t i = 1; i < state->count; i++) {
        memmove(state->entries + i * state->type->bytes, entry_at(state, i), state->type->bytes);
    }
    state->sorted = true;
}

static cei_pull order_fill(struct order_state *state)
{
    cei_run *run = state->cursor.run;
    cei_batch in;
    cei_pull pulled;
    while ((pulled = state->input->next(state->input, &in)) == CEI_ROWS) {
        if (cei_run_is_cancelled(run)) {
            return CEI_FAILED;
        }
        cei_arena_reset(&state->strings);
        cei_user_begin(run, state->cursor.node, &state->strings);
        ce_status status = order_take(state, in.rows, in.count);
        if (cei_user_end(run) == CEI_FAILED) {
            return CEI_FAILED;
        }
        if (status != CE_OK) {
            return cei_run_fail(run, status);
        }
    }
    if (pulled == CEI_END) {
        cei_user_begin(run, state->cursor.node, &state->strings);
        order_sort(state);
        return cei_user_end(run) == CEI_FAILED ? CEI_FAILED : CEI_END;
    }
    return pulled;
}

static cei_pull order_next(cei_cursor *cursor, cei_batch *batch)
{
    struct order_state *state = (struct order_state *)cursor;
    if (!state->sorted) {
        cei_pull pulled = order_fill(state);
        if (pulled != CEI_END) {
            return pulled;
        }
    }
    uint64_t left = state->count - state->position;
    batch->count = left < cursor->run->batch_rows ? (uint32_t)left : cursor->run->batch_rows;
    batch->rows = state->entries + state->position * state->type->bytes;
    state->position += batch->count;
    return batch->count ? CEI_ROWS : CEI_END;
}

static void order_close(cei_cursor *cursor)
{
    struct order_state *state = (struct order_state *)cursor;
    cei_pool_give(cursor->run->pool, state->entries, state->room * state->entry_bytes);
    cei_arena_close(&state->keep);
    cei_arena_close(&state->strings);
}

static ce_status order_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct order_state *state = cei_cursor_new(run, node, sizeof *state, order_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = order_close;
    state->type = node->type;
    state->flat = cei_type_is_flat(node->type);
    state->args = *(const order_args *)node->args;
    state->entry_bytes = (((size_t)node->type->bytes + 7) & ~(size_t)7) + sizeof(uint64_t);
    cei_arena_open(&state->keep, run->pool, 0);
    cei_arena_open(&state->strings, run->pool, 0);
    state->spare = cei_arena_alloc(&run->arena, state->entry_bytes);
    *cursor = &state->cursor;
    return state->spare ? cei_open_parent(run, node, 0, partition, &state->input) : CE_MEMORY;
}

const cei_op cei_op_order_rows = {.name = "order_rows", .open = order_open};

/* ---- on the calling thread ---- */

struct sorting {
    const ce_type *type;
    cei_row_order order;
};

static int compare_rows(const void *a, const void *b, void *arg)
{
    const struct sorting *sorting = arg;
    return order_of(sorting->order.compare, sorting->type, sorting->order.reversed, a, b);
}

ce_status cei_take_ordered(ce_rdd *rdd, const char *action, uint64_t count, cei_row_order order, ce_result *rows)
{
    ce_rdd node;
    cei_driver driver;
    *rows = (ce_result){0};
    CE_TRY(cei_action_node(&node, &cei_op_order_rows, &rdd));
    if (!order.natural) {
        CE_TRY(cei_action_takes(rdd, action, order.compare, CE_FUNCTION_COMPARE, rdd->type, NULL));
    }
    if (count == 0) {
        return cei_result_from_values(rows, rdd->type, NULL, 0);
    }
    order_args args = {.count_max = count, .reversed = order.reversed};
    struct sorting sorting = {rdd->type, order};
    node.function = order.compare;
    node.args = &args;
    node.args_type = CE_TYPE(order_args);
    CE_TRY(cei_action_rows(&node, action, rows));
    cei_driver_open(&driver, &node);
    cei_user_begin(&driver.run, &node, &driver.strings);
    ce_status status = cei_result_sort(rows, compare_rows, &sorting);
    (void)cei_user_end(&driver.run);
    status = cei_driver_close(&driver, status);
    if (status != CE_OK) {
        ce_result_free(rows);
        return status;
    }
    return cei_result_cut(rows, count);
}
