/* map_values : rdd(pair(K, V)), (V -> U) -> rdd(pair(K, U))
 *
 * The kernel reads the values and writes the results where they stand in the pairs, a stride apart. Keys stay as they
 * are, so the partitioner is kept. */
#include "base/error.h"
#include "rdd/narrow.h"

struct map_values_state {
    cei_batcher base;
    cei_arena strings;
};

static cei_pull map_values_next(cei_cursor *cursor, cei_batch *batch)
{
    struct map_values_state *state = (struct map_values_state *)cursor;
    const ce_rdd *node = cursor->node;
    const ce_type *in = node->parents[0]->type, *out = node->type;
    cei_batch part;
    cei_pull pulled = cei_intake_next(&state->base.in, in->bytes, cursor->run->batch_rows, &part);
    if (pulled != CEI_ROWS) {
        return pulled;
    }
    char *rows = state->base.rows;
    cei_copy_fields(rows, out->bytes, part.rows, in->bytes, out->fields[0].type->bytes, part.count);
    cei_arena_reset(&state->strings);
    cei_user_begin(cursor->run, node, &state->strings);
    node->function->map(part.rows + in->fields[1].offset, in->bytes, rows + out->fields[1].offset, out->bytes,
                        part.count, node->env);
    *batch = (cei_batch){rows, part.count};
    return cei_user_end(cursor->run);
}

static void map_values_close(cei_cursor *cursor)
{
    cei_arena_close(&((struct map_values_state *)cursor)->strings);
    cei_batcher_close(cursor);
}

static ce_status map_values_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    CE_TRY(cei_batcher_open(run, node, partition, sizeof(struct map_values_state), map_values_next, cursor));
    cei_arena_open(&((struct map_values_state *)*cursor)->strings, run->pool, 0);
    (*cursor)->close = map_values_close;
    return CE_OK;
}

const cei_op cei_op_map_values = {.name = "map_values", .open = map_values_open};

ce_rdd *ce_map_values_at(ce_rdd *rdd, const ce_function *f, const void *env, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_map_values, NULL, site, &rdd, 1);
    const ce_type *key, *value;
    if (cei_node_pair(node, rdd ? rdd->type : NULL, &key, &value) &&
        cei_node_takes(node, f, CE_FUNCTION_MAP, value, env) && cei_node_gives_pair(node, key, f->out)) {
        node->partitioner = rdd->partitioner;
    }
    return node;
}
