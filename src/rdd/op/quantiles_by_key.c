/* quantiles_by_key : rdd(pair(K, number)), probabilities -> rdd(pair(K, list(double)))
 *
 * Each value becomes a KLL sketch of one; reduce_by_key merges the sketches of a key on both sides of the shuffle, and
 * what is left of them is asked.
 *
 * In tasks: quantiles_by_key : rdd(pair(K, number)) -> rdd(pair(K, str)), reduce_by_key and map_values. */
#include "base/error.h"
#include "rdd/narrow.h"
#include "rdd/sketches.h"
#include <math.h>

CE_LIST(cei_doubles, double);

static inline cei_doubles cei_ask_kll(ce_str bytes, const cei_doubles *probabilities)
{
    cei_kll sketch;
    double *answers = ce_batch_alloc(probabilities->count * sizeof *answers);
    if (!cei_kll_is_sound(bytes)) {
        ce_fail("a sketch of quantiles is damaged");
        return (cei_doubles){NULL, 0};
    }
    if (!answers) {
        return (cei_doubles){NULL, 0};
    }
    cei_kll_read(&sketch, bytes);
    cei_kll_quantiles(&sketch, probabilities->at, probabilities->count, answers);
    return (cei_doubles){answers, probabilities->count};
}
CE_MAP_WITH(cei_ask_kll, ce_str, cei_doubles, cei_doubles)

struct sketch_state {
    cei_batcher base;
    cei_kll one;
    uint32_t one_bytes; /* room for a sketch of one value, or of none when it is NaN */
    char *sketches;     /* batch_rows of them */
};

static cei_pull sketch_next(cei_cursor *cursor, cei_batch *batch)
{
    struct sketch_state *state = (struct sketch_state *)cursor;
    const ce_type *out = cursor->node->type, *in = cursor->node->parents[0]->type;
    cei_batch part;
    cei_pull pulled = cei_intake_next(&state->base.in, in->bytes, cursor->run->batch_rows, &part);
    if (pulled != CEI_ROWS) {
        return pulled;
    }
    char *rows = state->base.rows;
    cei_copy_fields(rows, out->bytes, part.rows, in->bytes, out->fields[0].type->bytes, part.count);
    char *to = rows + out->fields[1].offset, *room = state->sketches;
    const char *from = part.rows + in->fields[1].offset;
    for (uint32_t i = 0; i < part.count; i++, to += out->bytes, from += in->bytes, room += state->one_bytes) {
        cei_kll_open(&state->one, CEI_KLL_K, 0);
        cei_kll_add(&state->one, cei_number_double(in->fields[1].type, from));
        ce_str sketch = cei_kll_write(&state->one, room);
        memcpy(to, &sketch, sizeof sketch);
    }
    *batch = (cei_batch){rows, part.count};
    return CEI_ROWS;
}

static ce_status sketch_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    CE_TRY(cei_batcher_open(run, node, partition, sizeof(struct sketch_state), sketch_next, cursor));
    struct sketch_state *state = (struct sketch_state *)*cursor;
    cei_kll_open(&state->one, CEI_KLL_K, 0);
    cei_kll_add(&state->one, 0);
    state->one_bytes = cei_kll_bytes(&state->one);
    state->sketches = cei_arena_alloc(&run->arena, (size_t)run->batch_rows * state->one_bytes);
    return state->sketches ? CE_OK : CE_MEMORY;
}

const cei_op cei_op_quantiles_by_key = {.name = "quantiles_by_key", .open = sketch_open};

ce_rdd *ce_quantiles_by_key_at(ce_rdd *rdd, const double *probabilities, uint32_t count, uint32_t partitions,
                               ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_quantiles_by_key, NULL, site, &rdd, 1);
    const ce_type *key, *value;
    char text[256];
    if (!cei_node_pair(node, rdd ? rdd->type : NULL, &key, &value)) {
        return node;
    }
    if (!cei_type_is_number(value)) {
        return cei_node_poison(node, CE_TYPE, "needs pair(K, number), has %s",
                               ce_type_text(rdd->type, text, sizeof text));
    }
    ce_status status = cei_check_probabilities(probabilities, count);
    if (status != CE_OK) {
        return cei_node_poison(node, status, "%s", ce_last_error());
    }
    if (!cei_node_gives_pair(node, key, CE_TYPE(ce_str))) {
        return node;
    }
    node->partitioner = rdd->partitioner;
    ce_rdd *merged = ce_reduce_by_key_at(node, cei_merge_quantiles, partitions, site);
    return ce_map_values_at(merged, &ce_fn_cei_ask_kll, &(cei_doubles){probabilities, count}, site);
}
