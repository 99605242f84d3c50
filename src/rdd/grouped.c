/*
 * grouped.c: the user's function sees the values of a key as iterators, so a group may be larger than memory. What it
 * has emitted may point into the values in hand: right before these go, the rows are made to own their parts.
 */
#include "rdd/grouped.h"
#include "base/error.h"
#include "rdd/groups.h"

struct grouped_state {
    cei_cursor cursor;
    cei_groups groups;
    cei_emitted emitted;
    cei_arena strings;
};

static cei_pull call(struct grouped_state *state)
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
static cei_pull fill(struct grouped_state *state)
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

static cei_pull grouped_next(cei_cursor *cursor, cei_batch *batch)
{
    struct grouped_state *state = (struct grouped_state *)cursor;
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

static void grouped_close(cei_cursor *cursor)
{
    struct grouped_state *state = (struct grouped_state *)cursor;
    cei_groups_close(&state->groups);
    cei_emitted_close(cursor->run, &state->emitted);
    cei_arena_close(&state->strings);
}

ce_status cei_grouped_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct grouped_state *state = cei_cursor_new(run, node, sizeof *state, grouped_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = grouped_close;
    *cursor = &state->cursor;
    cei_arena_open(&state->strings, run->pool, 0);
    CE_TRY(cei_emitted_open(run, &state->emitted, node->type));
    return cei_groups_open(&state->groups, run, node, partition);
}

bool cei_node_takes_key(ce_rdd *node, const ce_function *f, const ce_type *key)
{
    char takes[256], has[256];
    if (cei_node_is_sound(node) && !ce_type_equal(f->key, key)) {
        cei_node_poison(node, CE_TYPE, "%s takes keys of %s, has %s", f->name,
                        ce_type_text(f->key, takes, sizeof takes), ce_type_text(key, has, sizeof has));
    }
    return cei_node_is_sound(node);
}
