/*
 * lists.c: groups as rows. Lists of groups in memory are where groups.c has put the values; those that come in pieces
 * are collected.
 */
#include "rdd/lists.h"
#include "base/error.h"
#include "rdd/groups.h"

struct lists_state {
    cei_cursor cursor;
    cei_groups groups;
    char *rows;
    cei_arena lists; /* of groups that came in pieces */
};

/* Where the list of an input stands in a row. */
static uint32_t offset_of(const ce_type *row, uint32_t input)
{
    const ce_field *values = &row->fields[1];
    return values->offset + (values->type->kind == CE_KIND_LIST ? 0 : values->type->fields[input].offset);
}

static ce_status lists_row(struct lists_state *state, char *row)
{
    const ce_rdd *node = state->cursor.node;
    const cei_groups *groups = &state->groups;
    memcpy(row, groups->at, groups->key->bytes);
    for (uint32_t i = 0; i < groups->input_count; i++) {
        ce_list list;
        ce_status status = cei_groups_collect(&state->groups, i, &list, &state->lists);
        if (status == CE_MEMORY) {
            char place[256];
            return cei_error_prefix(
                status, "%s: a group is too large for a list (%s): ", cei_node_place(node, place, sizeof place),
                groups->input_count > 1 ? "map_cogroup takes any size" : "map_groups takes groups of any size");
        }
        CE_TRY(status);
        memcpy(row + offset_of(node->type, i), &list, sizeof list);
    }
    return CE_OK;
}

static cei_pull lists_next(cei_cursor *cursor, cei_batch *batch)
{
    struct lists_state *state = (struct lists_state *)cursor;
    uint32_t count = 0;
    cei_arena_reset(&state->lists);
    do {
        cei_pull pulled = cei_groups_next(&state->groups);
        if (pulled != CEI_ROWS) {
            return pulled;
        }
        ce_status status = lists_row(state, state->rows + (size_t)count * cursor->node->type->bytes);
        if (status != CE_OK) {
            return cei_run_fail(cursor->run, status);
        }
        count++;
    } while (cei_groups_stays(&state->groups) && count < cursor->run->batch_rows);
    *batch = (cei_batch){state->rows, count};
    return CEI_ROWS;
}

static void lists_close(cei_cursor *cursor)
{
    struct lists_state *state = (struct lists_state *)cursor;
    cei_groups_close(&state->groups);
    cei_arena_close(&state->lists);
}

ce_status cei_lists_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct lists_state *state = cei_cursor_new(run, node, sizeof *state, lists_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = lists_close;
    *cursor = &state->cursor;
    cei_arena_open(&state->lists, run->pool, 0);
    state->rows = cei_arena_alloc_zeroed(&run->arena, (size_t)run->batch_rows * node->type->bytes);
    return state->rows ? cei_groups_open(&state->groups, run, node, partition) : CE_MEMORY;
}
