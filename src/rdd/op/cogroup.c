/* cogroup : rdd(pair(K, V)), rdd(pair(K, W)), ... -> rdd(pair(K, record(list(V), list(W), ...)))
 *
 * Each key of any input once, with its values of each: an empty list where it has none. */
#include "base/error.h"
#include "rdd/groups.h"
#include "rdd/narrow.h"

struct cogroup_state {
    cei_cursor cursor;
    cei_groups groups;
    char *rows;
    cei_arena lists; /* of groups that came in pieces */
};

static ce_status cogroup_row(struct cogroup_state *state, char *row)
{
    const ce_type *type = state->cursor.node->type, *lists = type->fields[1].type;
    memcpy(row, state->groups.at, type->fields[0].type->bytes);
    for (uint32_t i = 0; i < lists->field_count; i++) {
        ce_list list;
        ce_status status = cei_groups_collect(&state->groups, i, &list, &state->lists);
        if (status != CE_OK) {
            char place[256];
            return cei_error_prefix(status, "%s: a group is too large for a list (map_cogroup takes any size): ",
                                    cei_node_place(state->cursor.node, place, sizeof place));
        }
        memcpy(row + type->fields[1].offset + lists->fields[i].offset, &list, sizeof list);
    }
    return CE_OK;
}

static cei_pull cogroup_next(cei_cursor *cursor, cei_batch *batch)
{
    struct cogroup_state *state = (struct cogroup_state *)cursor;
    uint32_t count = 0;
    cei_arena_reset(&state->lists);
    do {
        cei_pull pulled = cei_groups_next(&state->groups);
        if (pulled != CEI_ROWS) {
            return pulled;
        }
        ce_status status = cogroup_row(state, state->rows + (size_t)count * cursor->node->type->bytes);
        if (status != CE_OK) {
            return cei_run_fail(cursor->run, status);
        }
        count++;
    } while (cei_groups_stays(&state->groups) && count < cursor->run->batch_rows);
    *batch = (cei_batch){state->rows, count};
    return CEI_ROWS;
}

static void cogroup_close(cei_cursor *cursor)
{
    struct cogroup_state *state = (struct cogroup_state *)cursor;
    cei_groups_close(&state->groups);
    cei_arena_close(&state->lists);
}

static ce_status cogroup_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct cogroup_state *state = cei_cursor_new(run, node, sizeof *state, cogroup_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = cogroup_close;
    *cursor = &state->cursor;
    cei_arena_open(&state->lists, run->pool, 0);
    state->rows = cei_arena_alloc_zeroed(&run->arena, (size_t)run->batch_rows * node->type->bytes);
    return state->rows ? cei_groups_open(&state->groups, run, node, partition) : CE_MEMORY;
}

const cei_op cei_op_cogroup = {.name = "cogroup", .open = cogroup_open};

ce_rdd *ce_cogroup_at(ce_rdd *const *rdds, uint32_t count, uint32_t partitions, ce_site site)
{
    const ce_type *lists[CEI_GROUPS_INPUTS_MAX] = {NULL};
    if (count == 0 || count > CEI_GROUPS_INPUTS_MAX) {
        ce_rdd *node = cei_node_new(&cei_op_cogroup, NULL, site, count ? rdds : (ce_rdd *[]){NULL}, 1);
        return cei_node_poison(node, CE_INVALID, "takes 1 to %d RDDs, has %u", CEI_GROUPS_INPUTS_MAX, count);
    }
    ce_rdd *node = cei_cogroup_node(&cei_op_cogroup, rdds, count, partitions, site);
    if (!cei_node_is_sound(node)) {
        return node;
    }
    bool made = true;
    for (uint32_t i = 0; i < count; i++) {
        lists[i] = cei_scope_list(node->scope, rdds[i]->type->fields[1].type);
        made = made && lists[i];
    }
    const ce_type *record = made ? cei_scope_record(node->scope, lists, count) : NULL;
    if (!record) {
        return cei_node_poison(node, CE_MEMORY, "out of memory");
    }
    cei_node_gives_pair(node, rdds[0]->type->fields[0].type, record);
    return node;
}
