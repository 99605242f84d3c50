/*
 * strata.h: rows sampled by key, each key (a stratum) at a rate of its own: what sample_by_key and sample_by_key_exact
 * share. They differ in how it is drawn how often a row is taken.
 */
#ifndef CERIUM_RDD_STRATA_H
#define CERIUM_RDD_STRATA_H

#include "base/random.h"
#include "rdd/narrow.h"

CE_LIST(cei_quotas, uint64_t);

/* With the list of rates in front of it the arguments of both operators. */
CE_RECORD(cei_sampling, (uint64_t, seed), (bool, with_replacement),
          (cei_quotas, quotas)); /* of the exact one, once prepared */

typedef struct cei_strata {
    const ce_type *type; /* of a rate: pair(K, double) */
    const char *rates;   /* sorted by key */
    uint32_t count;
    uint32_t last; /* where the last key was found: keys often come in runs */
    const cei_sampling *sampling;
} cei_strata;

/* The strata of a node that cei_strata_new made. */
cei_strata cei_strata_of(const ce_rdd *node);

double cei_strata_rate(const cei_strata *strata, uint32_t stratum);

/* The stratum of a key. CE_NOT_FOUND with the place of the node and the key when no rate was given for it. */
ce_status cei_strata_find(cei_strata *strata, const ce_rdd *node, const void *key, uint32_t *stratum);

typedef struct cei_strata_state cei_strata_state;
struct cei_strata_state {
    cei_batcher base;
    cei_strata strata;
    cei_random random;                                           /* of the partition's stream of the seed */
    uint64_t (*draw)(cei_strata_state *state, uint32_t stratum); /* how many times the next row of it is taken */
    const char *row; /* taken, and how many copies are still to be handed out */
    uint64_t copies;
};

/* Makes a zeroed state of bytes that begins with a cei_strata_state. */
ce_status cei_strata_open(cei_run *run, const ce_rdd *node, uint32_t partition, size_t bytes,
                          uint64_t (*draw)(cei_strata_state *state, uint32_t stratum), cei_cursor **cursor);

/* What a caller samples by: rates are count values of rate_type. */
typedef struct cei_strata_wish {
    bool with_replacement;
    const ce_type *rate_type;
    const void *rates;
    uint32_t count;
    uint64_t seed;
} cei_strata_wish;

/* A node over rdd with its arguments checked and set; poisoned otherwise. Keeps the partitioner. */
ce_rdd *cei_strata_new(const cei_op *op, ce_rdd *rdd, const cei_strata_wish *wish, ce_site site);

#endif
