/* count_approx_distinct_by_key : rdd(pair(K, V)), relative_sd -> rdd(pair(K, int64))
 *
 * Each value becomes a sketch of one entry, 8 bytes; reduce_by_key merges the sketches of a key on both sides of the
 * shuffle, and what is left of them is counted. A key with few values stays a short list of entries all the way.
 *
 * In tasks: count_approx_distinct_by_key : rdd(pair(K, V)) -> rdd(pair(K, str)), reduce_by_key and map_values. */
#include "base/error.h"
#include "rdd/narrow.h"
#include "rdd/sketches.h"

CE_RECORD(sketch_args, (uint32_t, precision));

enum { ONE_BYTES = CEI_HLL_HEADER_BYTES + CEI_HLL_ENTRY_BYTES };

struct sketch_state {
    cei_batcher base;
    cei_hasher hasher;
    char *sketches; /* batch_rows of ONE_BYTES each */
    uint64_t hashes[CEI_KEYS_MAX];
};

static cei_pull sketch_next(cei_cursor *cursor, cei_batch *batch)
{
    struct sketch_state *state = (struct sketch_state *)cursor;
    const ce_type *out = cursor->node->type, *in = cursor->node->parents[0]->type;
    uint32_t precision = ((const sketch_args *)cursor->node->args)->precision;
    uint32_t most = cursor->run->batch_rows < CEI_KEYS_MAX ? cursor->run->batch_rows : CEI_KEYS_MAX;
    cei_batch part;
    cei_pull pulled = cei_intake_next(&state->base.in, in->bytes, most, &part);
    if (pulled != CEI_ROWS) {
        return pulled;
    }
    ce_status status =
        cei_hasher_hash(&state->hasher, part.rows + in->fields[1].offset, in->bytes, part.count, state->hashes);
    if (status != CE_OK) {
        return cei_run_fail(cursor->run, status);
    }
    char *rows = state->base.rows;
    cei_copy_fields(rows, out->bytes, part.rows, in->bytes, out->fields[0].type->bytes, part.count);
    char *to = rows + out->fields[1].offset, *room = state->sketches;
    for (uint32_t i = 0; i < part.count; i++, to += out->bytes, room += ONE_BYTES) {
        ce_str sketch = cei_hll_of(&state->hashes[i], 1, precision, room);
        memcpy(to, &sketch, sizeof sketch);
    }
    *batch = (cei_batch){rows, part.count};
    return CEI_ROWS;
}

static void sketch_close(cei_cursor *cursor)
{
    cei_buffer_close(&((struct sketch_state *)cursor)->hasher.scratch);
    cei_batcher_close(cursor);
}

static ce_status sketch_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    CE_TRY(cei_batcher_open(run, node, partition, sizeof(struct sketch_state), sketch_next, cursor));
    struct sketch_state *state = (struct sketch_state *)*cursor;
    cei_hasher_open(&state->hasher, node->parents[0]->type->fields[1].type);
    (*cursor)->close = sketch_close;
    state->sketches = cei_arena_alloc(&run->arena, (size_t)run->batch_rows * ONE_BYTES);
    return state->sketches ? CE_OK : CE_MEMORY;
}

const cei_op cei_op_count_approx_distinct_by_key = {.name = "count_approx_distinct_by_key", .open = sketch_open};

ce_rdd *ce_count_approx_distinct_by_key_at(ce_rdd *rdd, double relative_sd, uint32_t partitions, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_count_approx_distinct_by_key, NULL, site, &rdd, 1);
    const ce_type *key, *value;
    uint32_t precision;
    if (!cei_node_pair(node, rdd ? rdd->type : NULL, &key, &value)) {
        return node;
    }
    ce_status status = cei_hll_precision(relative_sd, &precision);
    if (status != CE_OK) {
        return cei_node_poison(node, status, "%s", ce_last_error());
    }
    sketch_args *args = cei_node_args(node, CE_TYPE(sketch_args));
    if (!args || !cei_node_gives_pair(node, key, CE_TYPE(ce_str))) {
        return node;
    }
    args->precision = precision;
    node->partitioner = rdd->partitioner;
    return ce_map_values_at(ce_reduce_by_key_at(node, cei_merge_counts, partitions, site), cei_count_of, NULL, site);
}
