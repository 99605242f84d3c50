/* key_by : rdd(T), (T -> K) -> rdd(pair(K, T))
 *
 * The kernel writes its keys straight into the pairs, a stride apart; the rows are copied beside them. */
#include "base/error.h"
#include "rdd/narrow.h"

struct key_by_state {
    cei_batcher base;
    cei_arena strings;
};

static cei_pull key_by_next(cei_cursor *cursor, cei_batch *batch)
{
    struct key_by_state *state = (struct key_by_state *)cursor;
    const ce_rdd *node = cursor->node;
    const ce_function *f = node->function;
    cei_batch part;
    cei_pull pulled = cei_intake_next(&state->base.in, f->in->bytes, cursor->run->batch_rows, &part);
    if (pulled != CEI_ROWS) {
        return pulled;
    }
    cei_arena_reset(&state->strings);
    cei_user_begin(cursor->run, node, &state->strings);
    f->map(part.rows, f->in->bytes, state->base.rows, node->type->bytes, part.count, node->env);
    cei_copy_fields(state->base.rows + node->type->fields[1].offset, node->type->bytes, part.rows, f->in->bytes,
                    f->in->bytes, part.count);
    *batch = (cei_batch){state->base.rows, part.count};
    return cei_user_end(cursor->run);
}

static void key_by_close(cei_cursor *cursor)
{
    cei_arena_close(&((struct key_by_state *)cursor)->strings);
    cei_batcher_close(cursor);
}

static ce_status key_by_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    CE_TRY(cei_batcher_open(run, node, partition, sizeof(struct key_by_state), key_by_next, cursor));
    cei_arena_open(&((struct key_by_state *)*cursor)->strings, run->pool, 0);
    (*cursor)->close = key_by_close;
    return CE_OK;
}

const cei_op cei_op_key_by = {.name = "key_by", .open = key_by_open};

ce_rdd *ce_key_by_at(ce_rdd *rdd, const ce_function *f, const void *env, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_key_by, NULL, site, &rdd, 1);
    if (cei_node_takes(node, f, CE_FUNCTION_MAP, rdd ? rdd->type : NULL, env)) {
        cei_node_gives_pair(node, f->out, rdd->type);
    }
    return node;
}
