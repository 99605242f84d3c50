/* map_groups : rdd(pair(K, V)), (K, rows(V) -> 0..n U) -> rdd(U)
 * map_cogroup : rdd(pair(K, V)), rdd(pair(K, W)), (K, rows(V), rows(W) -> 0..n U) -> rdd(U)
 *
 * The user's function sees the values of a key as iterators, so a group may be larger than memory. What it has emitted
 * may point into the values in hand: right before these go, the rows are made to own their parts. */
#include "base/error.h"
#include "rdd/groups.h"
#include "rdd/shuffle_read.h"

struct map_state {
    cei_cursor cursor;
    cei_groups groups;
    cei_emitted emitted;
    cei_arena strings;
};

static cei_pull call(struct map_state *state)
{
    cei_run *run = state->cursor.run;
    const ce_rdd *node = state->cursor.node;
    cei_groups *groups = &state->groups;
    ce_status (*before)(void *) = groups->sorts && !cei_type_is_flat(node->type) ? cei_emitted_own : NULL;
    ce_rows *first = cei_groups_rows(groups, 0, before, &state->emitted);
    ce_rows *second = groups->input_count > 1 ? cei_groups_rows(groups, 1, before, &state->emitted) : NULL;
    cei_user_begin(run, node, &state->strings);
    node->function->groups(groups->at, first, second, &state->emitted.emit, node->env);
    return cei_user_end(run);
}

/* CEI_ROWS: something was emitted; CEI_END: there are no more groups. */
static cei_pull fill(struct map_state *state)
{
    const ce_emit *emit = &state->emitted.emit;
    cei_emitted_reset(&state->emitted);
    cei_arena_reset(&state->strings);
    do {
        cei_pull pulled = cei_groups_next(&state->groups);
        if (pulled == CEI_ROWS) {
            pulled = call(state);
        }
        if (pulled != CEI_ROWS) {
            return pulled;
        }
    } while (emit->next == emit->rows || (cei_groups_stays(&state->groups) && emit->next < emit->full));
    return CEI_ROWS;
}

static cei_pull map_next(cei_cursor *cursor, cei_batch *batch)
{
    struct map_state *state = (struct map_state *)cursor;
    *batch = cei_emitted_give(&state->emitted, cursor->run->batch_rows);
    if (batch->count == 0) {
        cei_pull pulled = fill(state);
        if (pulled != CEI_ROWS) {
            return pulled;
        }
        *batch = cei_emitted_give(&state->emitted, cursor->run->batch_rows);
    }
    return CEI_ROWS;
}

static void map_close(cei_cursor *cursor)
{
    struct map_state *state = (struct map_state *)cursor;
    cei_groups_close(&state->groups);
    cei_emitted_close(cursor->run, &state->emitted);
    cei_arena_close(&state->strings);
}

static ce_status map_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct map_state *state = cei_cursor_new(run, node, sizeof *state, map_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = map_close;
    *cursor = &state->cursor;
    cei_arena_open(&state->strings, run->pool, 0);
    CE_TRY(cei_emitted_open(run, &state->emitted, node->type));
    return cei_groups_open(&state->groups, run, node, partition);
}

const cei_op cei_op_map_groups = {.name = "map_groups", .open = map_open, .prepare = cei_wide_prepare};
const cei_op cei_op_map_cogroup = {.name = "map_cogroup", .open = map_open};

/* ---- building ---- */

static bool takes_key(ce_rdd *node, const ce_function *f, const ce_type *key)
{
    char takes[256], has[256];
    if (cei_node_is_sound(node) && !ce_type_equal(f->key, key)) {
        cei_node_poison(node, CE_TYPE, "%s takes keys of %s, has %s", f->name,
                        ce_type_text(f->key, takes, sizeof takes), ce_type_text(key, has, sizeof has));
    }
    return cei_node_is_sound(node);
}

ce_rdd *ce_map_groups_at(ce_rdd *rdd, const ce_function *f, const void *env, uint32_t partitions, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_map_groups, NULL, site, &rdd, 1);
    const ce_type *key, *value;
    if (!cei_node_pair(node, rdd ? rdd->type : NULL, &key, &value) ||
        !cei_node_takes(node, f, CE_FUNCTION_GROUPS, value, env) || !takes_key(node, f, key)) {
        return node;
    }
    node->type = f->out;
    cei_partitioner partitioner = cei_default_partitioner(rdd, partitions);
    if (!cei_partitioner_equal(rdd->partitioner, partitioner)) {
        cei_node_set_shuffle(node, cei_shuffle_of(rdd->type, true), partitioner);
        node->partitioner = (cei_partitioner){0}; /* rows are not pairs of the key any more */
    }
    return node;
}

ce_rdd *ce_map_cogroup_at(ce_rdd *a, ce_rdd *b, const ce_function *f, const void *env, uint32_t partitions,
                          ce_site site)
{
    ce_rdd *rdds[] = {a, b};
    ce_rdd *node = cei_cogroup_node(&cei_op_map_cogroup, rdds, 2, partitions, site);
    if (!cei_node_is_sound(node) || !cei_node_takes(node, f, CE_FUNCTION_COGROUPS, a->type->fields[1].type, env) ||
        !takes_key(node, f, a->type->fields[0].type)) {
        return node;
    }
    if (!ce_type_equal(f->second, b->type->fields[1].type)) {
        char takes[256], has[256];
        return cei_node_poison(node, CE_TYPE, "%s takes %s of the second, has %s", f->name,
                               ce_type_text(f->second, takes, sizeof takes),
                               ce_type_text(b->type->fields[1].type, has, sizeof has));
    }
    node->type = f->out;
    node->partitioner = (cei_partitioner){0};
    return node;
}
