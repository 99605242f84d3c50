/* sample_by_key_exact : rdd(pair(K, V)), rates(pair(K, double)) -> rdd(pair(K, V))
 *
 * Of the n rows of a key exactly ceil(n * rate). A job counts the rows of each key in each partition, once, when the
 * node is first needed. How many of a key's rows come from which partition is then drawn as it would fall out, from the
 * hypergeometric law (with replacement from the binomial one), and so is, row by row, whether a row is among those that
 * its partition still has to give. Where Spark needs a row's random number to fall near a threshold and is exact in
 * 99.99 % of all cases, this is always exact.
 *
 * In tasks: count_strata : rdd(pair(K, V)) -> rdd(uint64), the rows of each key in the order of the rates. */
#include "base/error.h"
#include "rdd/strata.h"
#include <cerium/action.h>
#include <math.h>

/* Of a stratum in a partition: in turn in the list of quotas, by partition and then by stratum. */
struct quota {
    uint64_t rows, draws;
};

/* ---- counting ---- */

struct count_state {
    cei_cursor cursor;
    cei_intake in;
    cei_strata strata;
    uint64_t *counts;
    uint32_t position; /* counts handed out */
    bool full;
};

static cei_pull count_next(cei_cursor *cursor, cei_batch *batch)
{
    struct count_state *state = (struct count_state *)cursor;
    size_t row_bytes = cursor->node->parents[0]->type->bytes;
    cei_pull pulled = CEI_END;
    while (!state->full && (pulled = cei_intake_pull(&state->in)) == CEI_ROWS) {
        for (; state->in.left > 0; cei_intake_skip(&state->in, row_bytes, 1)) {
            uint32_t stratum;
            ce_status status = cei_strata_find(&state->strata, cursor->node, state->in.rows, &stratum);
            if (status != CE_OK) {
                return cei_run_fail(cursor->run, status);
            }
            state->counts[stratum]++;
        }
    }
    if (pulled != CEI_END) {
        return pulled;
    }
    state->full = true;
    uint32_t left = state->strata.count - state->position;
    uint32_t count = left < cursor->run->batch_rows ? left : cursor->run->batch_rows;
    *batch = (cei_batch){(const char *)(state->counts + state->position), count};
    state->position += count;
    return count ? CEI_ROWS : CEI_END;
}

static ce_status count_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct count_state *state = cei_cursor_new(run, node, sizeof *state, count_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->strata = cei_strata_of(node);
    state->counts = cei_arena_alloc_zeroed(&run->arena, state->strata.count * sizeof *state->counts);
    *cursor = &state->cursor;
    return state->counts ? cei_open_parent(run, node, 0, partition, &state->in.from) : CE_MEMORY;
}

const cei_op cei_op_count_strata = {.name = "count_strata", .open = count_open};

/* ---- preparing ---- */

/* Draws how many of a stratum's rows come from which partition. */
static void share_out(cei_random *random, const cei_strata *strata, uint32_t stratum, struct quota *quotas,
                      uint32_t partitions)
{
    uint64_t rows = 0;
    for (uint32_t i = 0; i < partitions; i++) {
        rows += quotas[(size_t)i * strata->count + stratum].rows;
    }
    double wanted = ceil((double)rows * cei_strata_rate(strata, stratum));
    bool again = strata->sampling->with_replacement;
    uint64_t draws = again ? (uint64_t)fmin(wanted, 0x1p62) : wanted < (double)rows ? (uint64_t)wanted : rows;
    for (uint32_t i = 0; i < partitions && rows > 0; i++) {
        struct quota *quota = &quotas[(size_t)i * strata->count + stratum];
        quota->draws = again ? cei_random_binomial(random, draws, (double)quota->rows / (double)rows)
                             : cei_random_hypergeometric(random, rows, quota->rows, draws);
        draws -= quota->draws;
        rows -= quota->rows;
    }
}

static ce_status exact_prepare(ce_rdd *node)
{
    ce_rdd *rdd = node->parents[0];
    cei_strata strata = cei_strata_of(node);
    cei_random random;
    ce_result counts;
    ce_rdd counter = {.scope = node->scope,
                      .id = -1,
                      .op = &cei_op_count_strata,
                      .type = &ce_type_uint64_t,
                      .site = node->site,
                      .parents = node->parents,
                      .parent_count = 1,
                      .args = node->args,
                      .args_type = node->args_type,
                      .partition_count = rdd->partition_count};
    atomic_store(&counter.prepared, true);
    CE_TRY(node->scope->collect(&counter, "sample_by_key_exact", &counts));
    uint64_t quota_count = counts.count;
    bool too_many = quota_count > UINT32_MAX / 2;
    struct quota *quotas = too_many ? NULL : cei_scope_alloc(node->scope, (quota_count + 1) * sizeof *quotas);
    for (uint64_t i = 0; quotas && i < quota_count; i++) {
        quotas[i].rows = ce_result_rows(&counts, uint64_t)[i];
    }
    ce_result_free(&counts);
    if (!quotas) {
        return too_many ? cei_fail(CE_UNSUPPORTED, "%u keys in %u partitions are too many", strata.count,
                                   rdd->partition_count)
                        : CE_MEMORY;
    }
    cei_random_seed(&random, cei_random_stream_seed(strata.sampling->seed, UINT64_MAX - 1));
    for (uint32_t i = 0; i < strata.count; i++) {
        share_out(&random, &strata, i, quotas, rdd->partition_count);
    }
    cei_sampling *sampling = (cei_sampling *)strata.sampling; /* completed here, once */
    sampling->quotas = (cei_quotas){(const uint64_t *)quotas, 2 * (uint32_t)quota_count};
    node->partition_count = rdd->partition_count;
    return CE_OK;
}

/* ---- sampling ---- */

struct exact_state {
    cei_strata_state base;
    struct quota *left; /* of each stratum */
};

/* Of so many rows that are still to come so many are to be taken: this one with their ratio as its probability. */
static uint64_t draw_exactly(cei_strata_state *base, uint32_t stratum)
{
    struct quota *left = &((struct exact_state *)base)->left[stratum];
    if (left->rows == 0) {
        return 0; /* the input has more rows than were counted */
    }
    uint64_t taken = base->strata.sampling->with_replacement
                         ? cei_random_binomial(&base->random, left->draws, 1 / (double)left->rows)
                         : cei_random_below(&base->random, left->rows) < left->draws;
    left->rows--;
    left->draws -= taken;
    return taken;
}

static ce_status exact_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    CE_TRY(cei_strata_open(run, node, partition, sizeof(struct exact_state), draw_exactly, cursor));
    struct exact_state *state = (struct exact_state *)*cursor;
    const cei_strata *strata = &state->base.strata;
    const cei_quotas *quotas = &strata->sampling->quotas;
    size_t bytes = strata->count * sizeof *state->left, first = (size_t)partition * bytes;
    if (first + bytes > quotas->count * sizeof *quotas->at) {
        return cei_fail(CE_CORRUPT, "sample_by_key_exact has no counts of partition %u", partition);
    }
    state->left = cei_arena_copy(&run->arena, (const char *)quotas->at + first, bytes);
    return state->left ? CE_OK : CE_MEMORY;
}

const cei_op cei_op_sample_by_key_exact = {.name = "sample_by_key_exact",
                                           .open = exact_open,
                                           .prepare = exact_prepare,
                                           .prepares_late = true,
                                           .determinism = cei_determinism_by_position};

ce_rdd *ce_sample_by_key_exact_at(ce_rdd *rdd, bool with_replacement, const ce_type *rate_type, const void *rates,
                                  uint32_t count, uint64_t seed, ce_site site)
{
    return cei_strata_new(&cei_op_sample_by_key_exact, rdd,
                          &(cei_strata_wish){with_replacement, rate_type, rates, count, seed}, site);
}
