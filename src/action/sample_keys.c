/* sample_keys : rdd(T), (T -> K) -> rdd(pair(uint64, list(K)))
 *
 * The bounds of a range partitioner, chosen as Spark chooses them: a job samples about 60 keys per partition to come,
 * evenly from all input partitions; one that turns out to hold much more than its share is sampled again, by a second
 * job, for as many keys as its share asks for.
 *
 * In tasks: one row per partition, how many rows it has and some of their keys. A reservoir holds the sample: after it
 * is full the number of rows up to the next one that enters is drawn, so rows that do not are not looked at. Only keys
 * leave. */
#include "action/action.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "rdd/narrow.h"
#include "shuffle/range.h"
#include <math.h>

CE_LIST(sample_sizes, uint64_t); /* of each partition's reservoir; 0: the partition is left out */

static const double keys_per_partition = 20, keys_max = 1e6; /* as in Spark */
static const double oversampling = 3;                        /* of each input partition, should it be a large one */

/* The only row. */
struct sample {
    uint64_t rows;
    ce_list keys;
};

struct sample_state {
    cei_cursor cursor;
    cei_intake in;
    const ce_type *key;
    size_t row_bytes;
    cei_random random;
    uint64_t size, room; /* keys to hold, and that there is memory for */
    uint64_t next;       /* number of the next row that enters a full reservoir */
    double log_threshold;
    char *keys; /* from the pool */
    struct sample sample;
    bool flat, given;
    cei_arena keep, strings; /* parts of keys, and those of keys that have left; strings of user code */
};

/* Writes the keys of rows to the reservoir, at slot and behind it. */
static ce_status sample_put(struct sample_state *state, const char *rows, uint64_t slot, uint32_t count)
{
    const ce_rdd *node = state->cursor.node;
    const uint32_t key_bytes = state->key->bytes;
    char *to = state->keys + slot * key_bytes;
    if (node->function) {
        node->function->map(rows, (uint32_t)state->row_bytes, to, key_bytes, count, node->env);
    } else {
        cei_copy_fields(to, key_bytes, rows, state->row_bytes, key_bytes, count);
    }
    for (uint32_t i = 0; i < count && !state->flat; i++) {
        CE_TRY(cei_value_own(state->key, to + (size_t)i * key_bytes, &state->keep));
    }
    return CE_OK;
}

static ce_status sample_grow(struct sample_state *state, uint64_t count)
{
    cei_pool *pool = state->cursor.run->pool;
    const size_t key_bytes = state->key->bytes;
    if (count <= state->room) {
        return CE_OK;
    }
    size_t bytes = cei_pool_piece_bytes((size_t)count * key_bytes);
    char *keys = cei_pool_grow(pool, state->keys, state->room * key_bytes,
                               state->keys ? state->sample.keys.count * key_bytes : 0, bytes);
    if (!keys) {
        return CE_MEMORY;
    }
    state->keys = keys;
    state->room = bytes / key_bytes;
    return CE_OK;
}

/* Draws which row enters next (Li's algorithm L): the rows in between fall below the reservoir's threshold. */
static void sample_skip(struct sample_state *state, uint64_t from)
{
    state->log_threshold += log(1.0 - cei_random_double(&state->random)) / (double)state->size;
    double gap = log(1.0 - cei_random_double(&state->random)) / log1p(-exp(state->log_threshold));
    state->next = gap < 0x1p62 ? from + (uint64_t)gap : UINT64_MAX;
}

static ce_status sample_rows(struct sample_state *state, const char *rows, uint32_t count)
{
    struct sample *sample = &state->sample;
    const uint64_t first = sample->rows;
    uint32_t taken = 0;
    sample->rows += count;
    if (first < state->size) {
        taken = state->size - first < count ? (uint32_t)(state->size - first) : count;
        CE_TRY(sample_grow(state, first + taken));
        CE_TRY(sample_put(state, rows, first, taken));
        sample->keys.count = (uint32_t)(first + taken);
        if (sample->keys.count == state->size) {
            sample_skip(state, state->size);
        }
    }
    while (sample->keys.count == state->size && state->next < sample->rows) {
        const char *row = rows + (state->next - first) * state->row_bytes;
        CE_TRY(sample_put(state, row, cei_random_below(&state->random, state->size), 1));
        sample_skip(state, state->next + 1);
    }
    return CE_OK;
}

static cei_pull sample_next(cei_cursor *cursor, cei_batch *batch)
{
    struct sample_state *state = (struct sample_state *)cursor;
    cei_run *run = cursor->run;
    cei_pull pulled = CEI_END;
    while (!state->given && (pulled = cei_intake_pull(&state->in)) == CEI_ROWS) {
        cei_arena_reset(&state->strings);
        cei_user_begin(run, cursor->node, &state->strings);
        ce_status status = sample_rows(state, state->in.rows, state->in.left);
        if (cei_user_end(run) == CEI_FAILED) {
            return CEI_FAILED;
        }
        if (status != CE_OK) {
            return cei_run_fail(run, status);
        }
        state->in.left = 0;
    }
    if (pulled != CEI_END || state->given) {
        return pulled;
    }
    state->given = true;
    state->sample.keys.at = state->keys;
    *batch = (cei_batch){(const char *)&state->sample, 1};
    return CEI_ROWS;
}

static void sample_close(cei_cursor *cursor)
{
    struct sample_state *state = (struct sample_state *)cursor;
    cei_pool_give(cursor->run->pool, state->keys, state->room * state->key->bytes);
    cei_arena_close(&state->keep);
    cei_arena_close(&state->strings);
}

static ce_status sample_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct sample_state *state = cei_cursor_new(run, node, sizeof *state, sample_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = sample_close;
    state->key = node->type->fields[1].type->element;
    state->row_bytes = node->parents[0]->type->bytes;
    state->flat = cei_type_is_flat(state->key);
    state->size = ((const sample_sizes *)node->args)->at[partition];
    cei_random_seed(&state->random, cei_random_stream_seed(0, partition));
    cei_arena_open(&state->keep, run->pool, 0);
    cei_arena_open(&state->strings, run->pool, 0);
    *cursor = &state->cursor;
    return cei_open_parent(run, node, 0, partition, &state->in.from);
}

const cei_op cei_op_sample_keys = {.name = "sample_keys", .open = sample_open};

/* ---- choosing bounds: on the calling thread ---- */

struct sampling {
    ce_rdd node;
    const char *name;
    double keys;     /* that the sample should have */
    uint64_t *sizes; /* per input partition */
    uint32_t *again; /* the partitions that hold much more than others */
    uint32_t again_count;
    ce_result first, second; /* of the two jobs */
    cei_range_candidate *candidates;
    uint32_t count;
};

static const struct sample *samples_of(const ce_result *result)
{
    return result->rows;
}

/* Samples all partitions evenly; which of them are to be sampled again, and with how many keys. */
static ce_status sample_evenly(struct sampling *sampling)
{
    const uint32_t partitions = sampling->node.partition_count;
    const double size = ceil(oversampling * sampling->keys / partitions);
    for (uint32_t i = 0; i < partitions; i++) {
        sampling->sizes[i] = (uint64_t)size;
    }
    CE_TRY(cei_action_rows(&sampling->node, sampling->name, &sampling->first));
    double rows = 0;
    for (uint32_t i = 0; i < partitions; i++) {
        rows += (double)samples_of(&sampling->first)[i].rows;
    }
    const double fraction = rows > sampling->keys ? sampling->keys / rows : 1;
    for (uint32_t i = 0; i < partitions; i++) {
        double share = fraction * (double)samples_of(&sampling->first)[i].rows;
        sampling->sizes[i] = share > size ? (uint64_t)ceil(share) : 0;
        if (sampling->sizes[i]) {
            sampling->again[sampling->again_count++] = i;
        }
    }
    return CE_OK;
}

/* Each key stands for as many rows as the sample of its partition left out for it. */
static void add_candidates(struct sampling *sampling, const struct sample *sample)
{
    const size_t key_bytes = sampling->node.type->fields[1].type->element->bytes;
    const float weight = (float)((double)sample->rows / sample->keys.count);
    for (uint32_t i = 0; i < sample->keys.count; i++) {
        sampling->candidates[sampling->count++] =
            (cei_range_candidate){(const char *)sample->keys.at + i * key_bytes, weight};
    }
}

static ce_status gather_candidates(struct sampling *sampling)
{
    const struct sample *first = samples_of(&sampling->first), *second = samples_of(&sampling->second);
    uint64_t count = 0;
    for (uint64_t i = 0; i < sampling->first.count; i++) {
        count += sampling->sizes[i] ? 0 : first[i].keys.count;
    }
    for (uint64_t i = 0; i < sampling->second.count; i++) {
        count += second[i].keys.count;
    }
    sampling->candidates = cei_alloc((count + 1) * sizeof *sampling->candidates);
    if (!sampling->candidates) {
        return CE_MEMORY;
    }
    for (uint64_t i = 0; i < sampling->first.count; i++) {
        if (!sampling->sizes[i]) {
            add_candidates(sampling, &first[i]);
        }
    }
    for (uint64_t i = 0; i < sampling->second.count; i++) {
        add_candidates(sampling, &second[i]);
    }
    return CE_OK;
}

/* Chooses among the candidates (a user's function compares them) and copies the bounds to the scope. */
static ce_status determine(struct sampling *sampling, cei_range *range, uint32_t partitions)
{
    cei_scope *scope = sampling->node.scope;
    const size_t key_bytes = range->key->bytes;
    cei_driver driver;
    cei_driver_open(&driver, &sampling->node);
    cei_user_begin(&driver.run, &sampling->node, &driver.strings);
    partitions = sampling->count < partitions ? sampling->count : partitions;
    uint32_t count = partitions ? cei_range_choose(range, sampling->candidates, sampling->count, partitions) : 0;
    (void)cei_user_end(&driver.run);
    CE_TRY(cei_driver_close(&driver, CE_OK));
    char *bounds = cei_alloc(count * key_bytes + 1);
    for (uint32_t i = 0; bounds && i < count; i++) {
        memcpy(bounds + i * key_bytes, sampling->candidates[i].key, key_bytes);
    }
    uint64_t *prefixes = bounds ? cei_scope_alloc(scope, count * sizeof *prefixes) : NULL;
    const void *own = prefixes ? cei_scope_copy_values(scope, range->key, bounds, count) : NULL;
    cei_free(bounds);
    if (!own) {
        return CE_MEMORY;
    }
    cei_range_determine(range, own, count, prefixes);
    return CE_OK;
}

static ce_status sample_and_determine(struct sampling *sampling, cei_range *range, uint32_t partitions)
{
    ce_rdd *node = &sampling->node;
    sample_sizes sizes = {sampling->sizes, node->partition_count};
    const ce_type *keys = cei_scope_list(node->scope, range->key);
    node->type = keys ? cei_scope_pair(node->scope, CE_TYPE(uint64_t), keys) : NULL;
    if (!node->type || !sampling->sizes || !sampling->again) {
        return CE_MEMORY;
    }
    node->function = range->derive;
    node->env = range->derive_env;
    node->args = &sizes;
    node->args_type = CE_TYPE(sample_sizes);
    CE_TRY(sample_evenly(sampling));
    if (sampling->again_count) {
        CE_TRY(cei_action_rows_of(node, sampling->name, sampling->again, sampling->again_count, &sampling->second));
    }
    CE_TRY(gather_candidates(sampling));
    return determine(sampling, range, partitions);
}

ce_status cei_sample_bounds(ce_rdd *rdd, cei_range *range, uint32_t partitions, const char *name)
{
    CEI_HOLD(rdd);
    if (partitions <= 1 || rdd->partition_count == 0) {
        cei_range_determine(range, NULL, 0, NULL);
        return CE_OK;
    }
    struct sampling sampling = {.name = name};
    CE_TRY(cei_action_node(&sampling.node, &cei_op_sample_keys, &rdd));
    sampling.keys = keys_per_partition * partitions < keys_max ? keys_per_partition * partitions : keys_max;
    sampling.sizes = cei_alloc(rdd->partition_count * sizeof *sampling.sizes);
    sampling.again = cei_alloc(rdd->partition_count * sizeof *sampling.again);
    ce_status status = sample_and_determine(&sampling, range, partitions);
    ce_result_free(&sampling.first);
    ce_result_free(&sampling.second);
    cei_free(sampling.sizes);
    cei_free(sampling.again);
    cei_free(sampling.candidates);
    return status;
}
