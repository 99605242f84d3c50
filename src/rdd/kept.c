/*
 * kept.c: groups of two inputs, of which some values of the first are given. Of plain rows the row itself is the key,
 * with a 1 for a value.
 */
#include "rdd/kept.h"
#include "base/error.h"
#include "rdd/groups.h"
#include "rdd/narrow.h"

struct kept_state {
    cei_cursor cursor;
    cei_groups groups;
    char *rows;
    cei_batch values; /* of the group in hand, still to be given */
    bool intersects, plain;
};

/* Whether the group in hand gives anything. Of a group in pieces the second input is asked for one only. */
static cei_pull gives(struct kept_state *state, bool *gives)
{
    cei_batch other;
    cei_pull pulled = cei_groups_piece(&state->groups, 1, &other);
    const bool has_other = pulled == CEI_ROWS;
    if (pulled == CEI_FAILED) {
        return pulled;
    }
    pulled = cei_groups_piece(&state->groups, 0, &state->values);
    *gives = pulled == CEI_ROWS && has_other == state->intersects;
    state->values.count = *gives ? (state->intersects ? 1 : state->values.count) : 0;
    return pulled == CEI_FAILED ? pulled : CEI_ROWS;
}

static uint32_t give_values(struct kept_state *state, char *row, uint32_t room)
{
    const ce_type *type = state->cursor.node->type;
    const uint32_t count = state->values.count < room ? state->values.count : room;
    const size_t key_bytes = state->groups.key->bytes;
    for (uint32_t i = 0; i < count; i++, row += type->bytes) {
        memcpy(row, state->groups.at, key_bytes);
        if (!state->plain) {
            const size_t bytes = type->fields[1].type->bytes;
            memcpy(row + type->fields[1].offset, state->values.rows + i * bytes, bytes);
        }
    }
    state->values.rows += state->plain ? 0 : (size_t)count * type->fields[1].type->bytes;
    state->values.count -= count;
    return count;
}

/* More values of the group in hand, or the next group. */
static cei_pull go_on(struct kept_state *state)
{
    bool has = false;
    if (state->groups.sorts && state->groups.at && !state->intersects && state->values.rows) {
        cei_pull pulled = cei_groups_piece(&state->groups, 0, &state->values);
        if (pulled != CEI_END) {
            return pulled;
        }
    }
    cei_pull pulled;
    do {
        pulled = cei_groups_next(&state->groups);
        pulled = pulled == CEI_ROWS ? gives(state, &has) : pulled;
        state->values.rows = has ? state->values.rows : NULL;
    } while (pulled == CEI_ROWS && !has);
    return pulled;
}

static cei_pull kept_next(cei_cursor *cursor, cei_batch *batch)
{
    struct kept_state *state = (struct kept_state *)cursor;
    uint32_t count = 0;
    do {
        if (state->values.count == 0) {
            if (count && !cei_groups_stays(&state->groups)) {
                break;
            }
            cei_pull pulled = go_on(state);
            if (pulled != CEI_ROWS && !count) {
                return pulled;
            }
            if (pulled != CEI_ROWS) {
                break; /* it will be said again */
            }
        }
        count += give_values(state, state->rows + (size_t)count * cursor->node->type->bytes,
                             cursor->run->batch_rows - count);
    } while (count < cursor->run->batch_rows && !state->groups.sorts);
    *batch = (cei_batch){state->rows, count};
    return CEI_ROWS;
}

static void kept_close(cei_cursor *cursor)
{
    cei_groups_close(&((struct kept_state *)cursor)->groups);
}

ce_status cei_kept_open(cei_run *run, const ce_rdd *node, uint32_t partition, bool plain, bool intersects,
                        cei_cursor **cursor)
{
    struct kept_state *state = cei_cursor_new(run, node, sizeof *state, kept_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = kept_close;
    *cursor = &state->cursor;
    state->plain = plain;
    state->intersects = intersects;
    state->rows = cei_arena_alloc_zeroed(&run->arena, (size_t)run->batch_rows * node->type->bytes);
    return state->rows ? cei_groups_open(&state->groups, run, node, partition) : CE_MEMORY;
}

/* ---- building ---- */

uint32_t cei_kept_partitions(ce_rdd *a, uint32_t partitions)
{
    return partitions == 0 && a && cei_node_prepare_early(a) ? a->partition_count : partitions;
}

static ce_rdd *row_as_key(ce_rdd *rdd, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_key_with_one, NULL, site, &rdd, 1);
    if (cei_node_is_sound(node)) {
        cei_node_gives_pair(node, rdd->type, &ce_type_int64_t);
    }
    return node;
}

ce_rdd *cei_kept_plain_node(const cei_op *op, ce_rdd *a, ce_rdd *b, uint32_t partitions, ce_site site)
{
    ce_rdd *rdds[] = {row_as_key(a, site), row_as_key(b, site)};
    ce_rdd *node = cei_cogroup_node(op, rdds, 2, partitions, site);
    node->type = cei_node_is_sound(node) ? a->type : node->type;
    node->partitioner = (cei_partitioner){0};
    return node;
}
