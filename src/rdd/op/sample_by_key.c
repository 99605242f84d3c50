/* sample_by_key : rdd(pair(K, V)), rates(pair(K, double)) -> rdd(pair(K, V))
 *
 * Each row with the probability of its key, or with replacement as many times as a Poisson draw says. */
#include "rdd/strata.h"

static uint64_t draw_once(cei_strata_state *state, uint32_t stratum)
{
    return cei_random_double(&state->random) < cei_strata_rate(&state->strata, stratum);
}

static uint64_t draw_poisson(cei_strata_state *state, uint32_t stratum)
{
    return cei_random_poisson(&state->random, cei_strata_rate(&state->strata, stratum));
}

static ce_status sample_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    bool with_replacement = cei_strata_of(node).sampling->with_replacement;
    return cei_strata_open(run, node, partition, sizeof(cei_strata_state), with_replacement ? draw_poisson : draw_once,
                           cursor);
}

const cei_op cei_op_sample_by_key = {
    .name = "sample_by_key", .open = sample_open, .determinism = cei_determinism_by_position};

ce_rdd *ce_sample_by_key_at(ce_rdd *rdd, bool with_replacement, const ce_type *rate_type, const void *rates,
                            uint32_t count, uint64_t seed, ce_site site)
{
    return cei_strata_new(&cei_op_sample_by_key, rdd,
                          &(cei_strata_wish){with_replacement, rate_type, rates, count, seed}, site);
}
