/* top_by_key : rdd(pair(K, V)), n, [(V, V -> int)] -> rdd(pair(K, list(V)))
 *
 * The n largest values of each key, the largest first. Before the shuffle each task keeps the n largest of its own rows
 * by key and hands over what it has whenever its share of memory is used up; behind it the lists of a key become one.
 * The values of a key are a heap with the smallest at its root, so that a value that is not among the largest costs one
 * comparison. */
#include "base/error.h"
#include "rdd/groups.h"
#include "rdd/heap.h"
#include "rdd/narrow.h"
#include "rdd/shuffle_read.h"
#include "shuffle/table.h"

/* partial: a key may come several times. */
CE_RECORD(top_args, (uint32_t, count_max), (bool, takes_lists), (bool, partial));

static const uint64_t garbage_bytes_min = 64 << 10;

/* What the table holds behind a key. */
struct top {
    char *values; /* in keep */
    uint32_t count, room;
};

struct top_state {
    cei_cursor cursor;
    cei_cursor *input;
    cei_shuffle shuffle; /* of the rows that come */
    cei_groups groups;   /* where all rows of a key are there */
    cei_table table;     /* partial: key -> struct top */
    const ce_type *type; /* V */
    top_args args;
    bool flat;
    cei_arena keep;      /* values and their parts, and what they have left behind */
    uint64_t live_bytes; /* in keep, when it was last rebuilt */
    cei_heap heap;
    bool giving, ended; /* rows come out; the input has ended */
    uint64_t position;
    char *rows;
    cei_arena strings; /* keys that are given, and what the user's function makes */
};

static ce_status top_grow(struct top_state *state, struct top *top)
{
    uint32_t room = top->room ? top->room : 1;
    room = room > state->args.count_max / 2 ? state->args.count_max : 2 * room;
    char *values = cei_arena_alloc(&state->keep, (size_t)room * state->type->bytes);
    if (!values) {
        return CE_MEMORY;
    }
    if (top->count) {
        memcpy(values, top->values, (size_t)top->count * state->type->bytes);
    }
    top->values = values;
    top->room = room;
    return CE_OK;
}

static ce_status top_offer(struct top_state *state, struct top *top, const char *value)
{
    bool full = top->count == state->args.count_max;
    if (full && !cei_heap_is_less(&state->heap, top->values, value)) {
        return CE_OK;
    }
    if (top->count == top->room && !full) {
        CE_TRY(top_grow(state, top));
    }
    memcpy(state->heap.spare, value, state->type->bytes);
    if (!state->flat) {
        CE_TRY(cei_value_own(state->type, state->heap.spare, &state->keep));
    }
    if (full) {
        cei_heap_sift_down(&state->heap, top->values, 0, top->count);
    } else {
        cei_heap_sift_up(&state->heap, top->values, top->count);
        top->count++;
    }
    return CE_OK;
}

/* Offers what stands in a row: a value, or the list of another task. */
static ce_status top_offer_all(struct top_state *state, struct top *top, const char *value)
{
    ce_list list = {value, 1};
    if (state->args.takes_lists) {
        memcpy(&list, value, sizeof list);
    }
    for (uint32_t i = 0; i < list.count; i++) {
        CE_TRY(top_offer(state, top, (const char *)list.at + (size_t)i * state->type->bytes));
    }
    return CE_OK;
}

static ce_status top_take(struct top_state *state, const char *rows, uint32_t count)
{
    void *found[CEI_TABLE_BLOCK_ROWS];
    uint8_t is_new[CEI_TABLE_BLOCK_ROWS];
    CE_TRY(cei_table_find(&state->table, rows, count, found, is_new));
    const char *value = rows + state->shuffle.value_offset;
    for (uint32_t i = 0; i < count; i++, value += state->shuffle.type->bytes) {
        struct top *top = found[i];
        if (is_new[i]) {
            *top = (struct top){0};
        }
        CE_TRY(top_offer_all(state, top, value));
    }
    return CE_OK;
}

/* Values that others have superseded, and lists that have grown, have left their memory: when that is most of it, what
 * lives moves to a fresh arena. */
static ce_status top_rebuild(struct top_state *state)
{
    if (state->keep.used_bytes < 2 * state->live_bytes + garbage_bytes_min) {
        return CE_OK;
    }
    cei_arena fresh;
    cei_arena_open(&fresh, state->cursor.run->pool, 0);
    ce_status status = CE_OK;
    for (uint64_t i = 0; i < cei_table_end(&state->table) && status == CE_OK; i++) {
        struct top *top = cei_table_value(&state->table, i);
        char *values = top ? cei_arena_alloc(&fresh, (size_t)top->room * state->type->bytes) : NULL;
        if (!top || !values) {
            status = top ? CE_MEMORY : CE_OK;
            continue;
        }
        memcpy(values, top->values, (size_t)top->count * state->type->bytes);
        top->values = values;
        for (uint32_t j = 0; !state->flat && j < top->count && status == CE_OK; j++) {
            status = cei_value_own(state->type, values + (size_t)j * state->type->bytes, &fresh);
        }
    }
    if (status != CE_OK) {
        cei_arena_close(&fresh); /* the task fails: nobody reads the half-moved values */
        return status;
    }
    cei_arena_close(&state->keep);
    state->keep = fresh;
    state->live_bytes = fresh.used_bytes;
    return CE_OK;
}

/* Never an empty table: it keeps the memory that it grew to. */
static bool must_give(const struct top_state *state)
{
    uint64_t bytes;
    (void)cei_table_may_grow(&state->table, state->cursor.run->batch_rows, &bytes);
    bytes += state->keep.used_bytes;
    return state->args.partial && state->table.used && !cei_share_allows(&state->cursor.run->share, bytes);
}

static cei_pull top_fill(struct top_state *state)
{
    cei_run *run = state->cursor.run;
    cei_batch in;
    cei_pull pulled = CEI_ROWS;
    while (!must_give(state) && (pulled = state->input->next(state->input, &in)) == CEI_ROWS) {
        if (cei_run_is_cancelled(run)) {
            return CEI_FAILED;
        }
        ce_status status = CE_OK;
        cei_arena_reset(&state->strings);
        cei_user_begin(run, state->cursor.node, &state->strings);
        for (uint32_t i = 0; i < in.count && status == CE_OK; i += CEI_TABLE_BLOCK_ROWS) {
            uint32_t count = in.count - i < CEI_TABLE_BLOCK_ROWS ? in.count - i : CEI_TABLE_BLOCK_ROWS;
            status = top_take(state, in.rows + (size_t)i * state->shuffle.type->bytes, count);
        }
        if (cei_user_end(run) == CEI_FAILED) {
            return CEI_FAILED;
        }
        status = status == CE_OK ? top_rebuild(state) : status;
        if (status != CE_OK) {
            return cei_run_fail(run, status);
        }
    }
    state->ended = pulled == CEI_END;
    return pulled == CEI_ROWS ? CEI_END : pulled;
}

/* From a heap to the largest first: the smallest goes to the end. */
static void top_sort(struct top_state *state, struct top *top)
{
    size_t bytes = state->type->bytes;
    for (uint32_t end = top->count; end > 1; end--) {
        char *last = top->values + (size_t)(end - 1) * bytes;
        memcpy(state->heap.spare, last, bytes);
        memcpy(last, top->values, bytes);
        cei_heap_sift_down(&state->heap, top->values, 0, end - 1);
    }
}

static ce_status top_give(struct top_state *state, cei_batch *batch)
{
    const ce_type *type = state->cursor.node->type;
    char *row = state->rows;
    batch->rows = row;
    batch->count = 0;
    const uint64_t end = cei_table_end(&state->table);
    for (; state->position < end && batch->count < state->cursor.run->batch_rows; state->position++) {
        struct top *top = cei_table_value(&state->table, state->position);
        if (!top) {
            continue;
        }
        top_sort(state, top);
        CE_TRY(cei_table_key(&state->table, state->position, row, &state->strings));
        ce_list list = {top->values, top->count};
        memcpy(row + type->fields[1].offset, &list, sizeof list);
        row += type->bytes;
        batch->count++;
    }
    return CE_OK;
}

static void top_clear(struct top_state *state)
{
    cei_table_reset(&state->table);
    cei_arena_reset(&state->keep);
    state->live_bytes = 0;
    state->position = 0;
    state->giving = false;
}

/* ---- all of a key at once ---- */

/* The largest of the group in hand to *top. */
static cei_pull top_of_group(struct top_state *state, struct top *top)
{
    cei_run *run = state->cursor.run;
    cei_batch values;
    cei_pull pulled;
    *top = (struct top){0};
    while ((pulled = cei_groups_piece(&state->groups, 0, &values)) == CEI_ROWS) {
        ce_status status = CE_OK;
        const size_t bytes = state->shuffle.value->bytes;
        cei_user_begin(run, state->cursor.node, &state->strings);
        for (uint32_t i = 0; i < values.count && status == CE_OK; i++) {
            status = top_offer_all(state, top, values.rows + i * bytes);
        }
        if (cei_user_end(run) == CEI_FAILED) {
            return CEI_FAILED;
        }
        if (status != CE_OK) {
            return cei_run_fail(run, status);
        }
    }
    return pulled;
}

static cei_pull top_next_grouped(cei_cursor *cursor, cei_batch *batch)
{
    struct top_state *state = (struct top_state *)cursor;
    const ce_type *type = cursor->node->type;
    char *row = state->rows;
    uint32_t count = 0;
    cei_arena_reset(&state->keep);
    cei_arena_reset(&state->strings);
    do {
        struct top top;
        cei_pull pulled = cei_groups_next(&state->groups);
        if (pulled != CEI_ROWS) {
            return pulled;
        }
        if (top_of_group(state, &top) == CEI_FAILED) {
            return CEI_FAILED;
        }
        cei_user_begin(cursor->run, cursor->node, &state->strings);
        top_sort(state, &top);
        if (cei_user_end(cursor->run) == CEI_FAILED) {
            return CEI_FAILED;
        }
        const ce_list list = {top.values, top.count};
        memcpy(row, state->groups.at, type->fields[0].type->bytes);
        memcpy(row + type->fields[1].offset, &list, sizeof list);
        row += type->bytes;
        count++;
    } while (cei_groups_stays(&state->groups) && count < cursor->run->batch_rows &&
             state->keep.used_bytes < garbage_bytes_min);
    *batch = (cei_batch){state->rows, count};
    return CEI_ROWS;
}

/* ---- what a task has of each key ---- */

static cei_pull top_next(cei_cursor *cursor, cei_batch *batch)
{
    struct top_state *state = (struct top_state *)cursor;
    for (;;) {
        if (!state->giving) {
            cei_pull pulled = top_fill(state);
            if (pulled != CEI_END) {
                return pulled;
            }
            state->giving = true;
        }
        cei_arena_reset(&state->strings);
        cei_user_begin(cursor->run, cursor->node, &state->strings);
        ce_status status = top_give(state, batch);
        if (cei_user_end(cursor->run) == CEI_FAILED) {
            return CEI_FAILED;
        }
        if (status != CE_OK) {
            return cei_run_fail(cursor->run, status);
        }
        if (batch->count || state->ended) {
            return batch->count ? CEI_ROWS : CEI_END;
        }
        top_clear(state);
    }
}

static void top_close(cei_cursor *cursor)
{
    struct top_state *state = (struct top_state *)cursor;
    if (state->args.partial) {
        cei_table_close(&state->table);
    } else {
        cei_groups_close(&state->groups);
    }
    cei_arena_close(&state->keep);
    cei_arena_close(&state->strings);
}

static ce_status top_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct top_state *state = cei_cursor_new(run, node, sizeof *state, top_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = top_close;
    run->share.holders++;
    state->args = *(const top_args *)node->args;
    state->type = node->type->fields[1].type->element;
    state->flat = cei_type_is_flat(state->type);
    state->shuffle = cei_shuffle_of(node->shuffle ? node->shuffle->type : node->parents[0]->type, true);
    cei_arena_open(&state->keep, run->pool, 0);
    cei_arena_open(&state->strings, run->pool, 0);
    state->heap = (cei_heap){.type = state->type, .compare = node->function};
    state->rows = cei_arena_alloc_zeroed(&run->arena, (size_t)run->batch_rows * node->type->bytes);
    state->heap.spare = cei_arena_alloc(&run->arena, state->type->bytes);
    *cursor = &state->cursor;
    if (!state->args.partial) {
        state->cursor.next = top_next_grouped;
        return state->rows && state->heap.spare ? cei_groups_open(&state->groups, run, node, partition) : CE_MEMORY;
    }
    cei_table_open_for(&state->table, state->shuffle.key, state->shuffle.type->bytes, sizeof(struct top), run->pool);
    return state->rows && state->heap.spare ? cei_wide_input_open(run, node, partition, &state->input) : CE_MEMORY;
}

const cei_op cei_op_top_by_key = {.name = "top_by_key", .open = top_open, .prepare = cei_wide_prepare};

/* ---- building ---- */

static ce_rdd *top_node(ce_rdd *rdd, top_args wanted, const ce_function *compare, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_top_by_key, NULL, site, &rdd, 1);
    const ce_type *key, *value;
    if (!cei_node_pair(node, rdd ? rdd->type : NULL, &key, &value)) {
        return node;
    }
    value = wanted.takes_lists ? value->element : value;
    if (wanted.count_max == 0) {
        return cei_node_poison(node, CE_INVALID, "the number of values must be at least 1, is 0");
    }
    top_args *args = cei_node_args(node, CE_TYPE(top_args));
    if (!args || (compare && !cei_node_takes(node, compare, CE_FUNCTION_COMPARE, value, NULL))) {
        return node;
    }
    *args = wanted;
    const ce_type *list = cei_scope_list(node->scope, value);
    if (list) {
        cei_node_gives_pair(node, key, list);
    } else {
        cei_node_poison(node, CE_MEMORY, "%s", ce_last_error());
    }
    return node;
}

ce_rdd *ce_top_by_key_at(ce_rdd *rdd, uint32_t count, const ce_function *compare, uint32_t partitions, ce_site site)
{
    ce_rdd *first = top_node(rdd, (top_args){.count_max = count}, compare, site);
    if (!cei_node_is_sound(first)) {
        return first;
    }
    cei_partitioner partitioner = cei_default_partitioner(rdd, partitions);
    if (cei_partitioner_equal(rdd->partitioner, partitioner)) {
        first->partitioner = rdd->partitioner;
        return first;
    }
    ((top_args *)first->args)->partial = true;
    ce_rdd *last = top_node(first, (top_args){.count_max = count, .takes_lists = true}, compare, site);
    cei_node_set_shuffle(last, cei_shuffle_of(first->type, true), partitioner);
    return last;
}
