/* group_by_key : rdd(pair(K, V)) -> rdd(pair(K, list(V)))
 *
 * Each key once, with all its values. A group is one value of the result, so it must fit in memory; map_groups takes
 * groups of any size. */
#include "base/error.h"
#include "rdd/groups.h"
#include "rdd/narrow.h"
#include "rdd/shuffle_read.h"

struct group_state {
    cei_cursor cursor;
    cei_groups groups;
    char *rows;
    cei_arena lists; /* of groups that came in pieces */
};

static cei_pull group_next(cei_cursor *cursor, cei_batch *batch)
{
    struct group_state *state = (struct group_state *)cursor;
    const ce_type *type = cursor->node->type;
    char *row = state->rows;
    uint32_t count = 0;
    cei_arena_reset(&state->lists);
    do {
        cei_pull pulled = cei_groups_next(&state->groups);
        if (pulled != CEI_ROWS) {
            return pulled;
        }
        ce_list list;
        ce_status status = cei_groups_collect(&state->groups, 0, &list, &state->lists);
        if (status != CE_OK) {
            char place[256];
            cei_node_place(cursor->node, place, sizeof place);
            return cei_run_fail(
                cursor->run,
                cei_error_prefix(status,
                                 "%s: a group is too large for a list (map_groups takes groups of any size): ", place));
        }
        memcpy(row, state->groups.at, type->fields[0].type->bytes);
        memcpy(row + type->fields[1].offset, &list, sizeof list);
        row += type->bytes;
        count++;
    } while (cei_groups_stays(&state->groups) && count < cursor->run->batch_rows);
    *batch = (cei_batch){state->rows, count};
    return CEI_ROWS;
}

static void group_close(cei_cursor *cursor)
{
    struct group_state *state = (struct group_state *)cursor;
    cei_groups_close(&state->groups);
    cei_arena_close(&state->lists);
}

static ce_status group_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct group_state *state = cei_cursor_new(run, node, sizeof *state, group_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = group_close;
    *cursor = &state->cursor;
    cei_arena_open(&state->lists, run->pool, 0);
    state->rows = cei_arena_alloc_zeroed(&run->arena, (size_t)run->batch_rows * node->type->bytes);
    return state->rows ? cei_groups_open(&state->groups, run, node, partition) : CE_MEMORY;
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
    if (!list) {
        return cei_node_poison(node, CE_MEMORY, "out of memory");
    }
    if (!cei_node_gives_pair(node, key, list)) {
        return node;
    }
    cei_partitioner partitioner = cei_default_partitioner(rdd, partitions);
    if (cei_partitioner_equal(rdd->partitioner, partitioner)) {
        node->partitioner = rdd->partitioner;
        return node;
    }
    cei_node_set_shuffle(node, cei_shuffle_of(rdd->type, true), partitioner);
    return node;
}
