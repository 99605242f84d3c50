/* group_by_key : rdd(pair(K, V)) -> rdd(pair(K, list(V)))
 *
 * Nothing is combined before the shuffle. Behind it the values wait in the order of arrival with the number of their
 * group; at the end a counting sort puts each group's values side by side. */
#include "base/error.h"
#include "rdd/shuffle_read.h"
#include "shuffle/table.h"

struct group_state {
    cei_cursor cursor;
    cei_cursor *input;
    cei_shuffle shuffle;
    cei_table table;  /* key -> struct group */
    cei_arena keep;   /* parts of values */
    char *values;     /* in the order of arrival; from the pool */
    uint32_t *groups; /* of each value; from the pool */
    char *sorted;     /* values by group; from the pool */
    uint64_t count, room, sorted_bytes;
    uint32_t group_count;
    bool full, flat;
    uint64_t position;
    char *rows;
    cei_arena strings;
};

/* What the table holds behind a key. */
struct group {
    uint32_t number, count;
    uint64_t first; /* in sorted */
};

static ce_status group_grow(struct group_state *state, uint32_t more)
{
    if (state->count + more <= state->room) {
        return CE_OK;
    }
    cei_pool *pool = state->cursor.run->pool;
    size_t value_bytes = state->shuffle.value->bytes;
    uint64_t room = state->room ? 2 * state->room : 1024;
    room = room < state->count + more ? state->count + more : room;
    char *values = cei_pool_take(pool, room * value_bytes);
    uint32_t *groups = values ? cei_pool_take(pool, room * sizeof *groups) : NULL;
    if (!groups) {
        cei_pool_give(pool, values, room * value_bytes);
        return CE_MEMORY;
    }
    if (state->count) {
        memcpy(values, state->values, state->count * value_bytes);
        memcpy(groups, state->groups, state->count * sizeof *groups);
    }
    cei_pool_give(pool, state->values, state->room * value_bytes);
    cei_pool_give(pool, state->groups, state->room * sizeof *groups);
    state->values = values;
    state->groups = groups;
    state->room = room;
    return CE_OK;
}

static ce_status group_take(struct group_state *state, const char *rows, uint32_t count)
{
    void *found[CEI_TABLE_BLOCK_ROWS];
    uint8_t is_new[CEI_TABLE_BLOCK_ROWS];
    size_t value_bytes = state->shuffle.value->bytes, row_bytes = state->shuffle.type->bytes;
    CE_TRY(cei_table_find(&state->table, rows, count, found, is_new));
    CE_TRY(group_grow(state, count));
    for (uint32_t i = 0; i < count; i++) {
        struct group *group = found[i];
        if (is_new[i]) {
            *group = (struct group){.number = state->group_count++};
        }
        group->count++;
        char *value = state->values + state->count * value_bytes;
        memcpy(value, rows + i * row_bytes + state->shuffle.value_offset, value_bytes);
        if (!state->flat) {
            CE_TRY(cei_value_own(state->shuffle.value, value, &state->keep));
        }
        state->groups[state->count++] = group->number;
    }
    return CE_OK;
}

/* Gives each group its place and moves the values there. */
static ce_status group_sort(struct group_state *state)
{
    cei_pool *pool = state->cursor.run->pool;
    size_t value_bytes = state->shuffle.value->bytes;
    uint64_t *next = cei_pool_take(pool, ((size_t)state->group_count + 1) * sizeof *next);
    state->sorted_bytes = state->count * value_bytes + 1;
    state->sorted = next ? cei_pool_take(pool, state->sorted_bytes) : NULL;
    if (!state->sorted) {
        cei_pool_give(pool, next, ((size_t)state->group_count + 1) * sizeof *next);
        return CE_MEMORY;
    }
    memset(next, 0, ((size_t)state->group_count + 1) * sizeof *next);
    for (uint64_t i = 0; i < state->count; i++) {
        next[state->groups[i] + 1]++;
    }
    for (uint32_t i = 0; i < state->group_count; i++) {
        next[i + 1] += next[i];
    }
    for (uint64_t i = 0; i < state->table.capacity; i++) {
        cei_cell *cell = cei_table_cell(&state->table, i);
        if (cell) {
            struct group *group = (struct group *)(void *)(cell + 1);
            group->first = next[group->number];
        }
    }
    for (uint64_t i = 0; i < state->count; i++) {
        memcpy(state->sorted + next[state->groups[i]]++ * value_bytes, state->values + i * value_bytes, value_bytes);
    }
    cei_pool_give(pool, next, ((size_t)state->group_count + 1) * sizeof *next);
    return CE_OK;
}

static cei_pull group_fill(struct group_state *state)
{
    cei_run *run = state->cursor.run;
    cei_batch in;
    cei_pull pulled;
    while ((pulled = state->input->next(state->input, &in)) == CEI_ROWS) {
        if (cei_run_is_cancelled(run)) {
            return CEI_FAILED;
        }
        for (uint32_t i = 0; i < in.count; i += CEI_TABLE_BLOCK_ROWS) {
            uint32_t count = in.count - i < CEI_TABLE_BLOCK_ROWS ? in.count - i : CEI_TABLE_BLOCK_ROWS;
            ce_status status = group_take(state, in.rows + (size_t)i * state->shuffle.type->bytes, count);
            if (status != CE_OK) {
                return cei_run_fail(run, status);
            }
        }
    }
    if (pulled == CEI_END) {
        ce_status status = group_sort(state);
        state->full = true;
        return status == CE_OK ? CEI_END : cei_run_fail(run, status);
    }
    return pulled;
}

static cei_pull group_next(cei_cursor *cursor, cei_batch *batch)
{
    struct group_state *state = (struct group_state *)cursor;
    const ce_type *type = cursor->node->type;
    if (!state->full) {
        cei_pull pulled = group_fill(state);
        if (pulled != CEI_END) {
            return pulled;
        }
    }
    cei_arena_reset(&state->strings);
    char *row = state->rows;
    uint32_t count = 0;
    for (; state->position < state->table.capacity && count < cursor->run->batch_rows; state->position++) {
        const cei_cell *cell = cei_table_cell(&state->table, state->position);
        if (!cell) {
            continue;
        }
        ce_status status = cei_table_key(&state->table, cell, row, &state->strings);
        if (status != CE_OK) {
            return cei_run_fail(cursor->run, status);
        }
        const struct group *group = (const struct group *)(const void *)(cell + 1);
        ce_list list = {state->sorted + group->first * state->shuffle.value->bytes, group->count};
        memcpy(row + type->fields[1].offset, &list, sizeof list);
        row += type->bytes;
        count++;
    }
    *batch = (cei_batch){state->rows, count};
    return count ? CEI_ROWS : CEI_END;
}

static void group_close(cei_cursor *cursor)
{
    struct group_state *state = (struct group_state *)cursor;
    cei_pool *pool = cursor->run->pool;
    cei_pool_give(pool, state->values, state->room * state->shuffle.value->bytes);
    cei_pool_give(pool, state->groups, state->room * sizeof *state->groups);
    cei_pool_give(pool, state->sorted, state->sorted_bytes);
    cei_table_close(&state->table);
    cei_arena_close(&state->keep);
    cei_arena_close(&state->strings);
}

static ce_status group_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct group_state *state = cei_cursor_new(run, node, sizeof *state, group_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = group_close;
    state->shuffle = cei_shuffle_of(node->shuffle ? node->shuffle->type : node->parents[0]->type, true, NULL, false);
    state->flat = cei_type_is_flat(state->shuffle.value);
    cei_table_open(&state->table, &state->shuffle, sizeof(struct group), run->pool);
    cei_arena_open(&state->keep, run->pool, 0);
    cei_arena_open(&state->strings, run->pool, 0);
    state->rows = cei_arena_alloc_zeroed(&run->arena, (size_t)run->batch_rows * node->type->bytes);
    *cursor = &state->cursor;
    return state->rows ? cei_wide_input_open(run, node, partition, &state->input) : CE_MEMORY;
}

const cei_op cei_op_group_by_key = {.name = "group_by_key", .open = group_open, .prepare = cei_wide_prepare};

ce_rdd *ce_group_by_key_at(ce_rdd *rdd, uint32_t partitions, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_group_by_key, NULL, site, &rdd, 1);
    const ce_type *key, *value;
    if (!cei_node_pair(node, rdd ? rdd->type : NULL, &key, &value)) {
        return node;
    }
    const ce_type *list = cei_scope_list(node->scope, value);
    const ce_type *type = list ? cei_scope_pair(node->scope, key, list) : NULL;
    if (!type) {
        return cei_node_poison(node, CE_MEMORY, "out of memory");
    }
    node->type = type;
    cei_partitioner partitioner = cei_default_partitioner(rdd, partitions);
    if (cei_partitioner_equal(rdd->partitioner, partitioner)) {
        node->partitioner = rdd->partitioner;
        return node;
    }
    cei_node_set_shuffle(node, cei_shuffle_of(rdd->type, true, NULL, false), partitioner);
    return node;
}
