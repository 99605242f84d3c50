/*
 * range.h: a range partitioner: sorted bounds that cut the keys into partitions, so that the partitions in their order
 * hold the keys in order.
 *
 *     bounds:            b0        b1        b2           partition of a key = number of bounds below it,
 *     partition:  ... 0 ]  ... 1 ]   ... 2 ]   ... 3      counted from the other end when descending
 *
 * Its bounds come from a sample of the data, which a job takes when the first action needs them; until then the range
 * is not determined. Every node that is partitioned by it points to the same range.
 */
#ifndef CERIUM_SHUFFLE_RANGE_H
#define CERIUM_SHUFFLE_RANGE_H

#include "base/buffer.h"
#include "shuffle/shuffle.h"
#include <stdatomic.h>

enum { CEI_RANGE_KEYS_MAX = 512 }; /* of one call of cei_range_partition */

struct cei_range {
    const ce_type *key;
    const ce_function *compare; /* of CE_COMPARE over keys; NULL: ce_type_compare */
    const ce_function *derive;  /* CE_FUNCTION_MAP row -> key; NULL: the key is at the start of a row */
    const void *derive_env;
    bool descending;
    struct ce_rdd *determiner; /* whose prepare determines it; NULL: it came from a plan */

    _Atomic(bool) determined; /* what follows does not change then */
    uint32_t bound_count;
    const char *bounds;       /* keys, each above the one before */
    const uint64_t *prefixes; /* of the bounds; NULL where the user's function compares */
    ce_str common;            /* what the strings that prefixes are made of all begin with: it is left out of them */
};

/* Sets the bounds. bounds and prefixes (room for count) live as long as the range. */
void cei_range_determine(cei_range *range, const void *bounds, uint32_t count, uint64_t *prefixes);

static inline bool cei_range_is_determined(const cei_range *range)
{
    return atomic_load_explicit(&range->determined, memory_order_acquire);
}

/* The partitions of count (up to CEI_RANGE_KEYS_MAX) rows, stride bytes from one to the next, of a determined range.
 * Calls the user's derive and compare. scratch holds derived keys. CE_MEMORY. */
ce_status cei_range_partition(const cei_range *range, const char *rows, size_t stride, uint32_t count,
                              cei_buffer *scratch, uint32_t *partitions);

/* The order of two keys, ascending: < 0, 0, > 0. */
int cei_range_compare(const cei_range *range, const void *a, const void *b);

/* A key of the sample, which stands for weight rows. */
typedef struct cei_range_candidate {
    const void *key;
    float weight;
} cei_range_candidate;

/* Chooses bounds for at most so many partitions (> 0), each about as heavy as the others: sorts the candidates, moves
 * the chosen ones to the front and returns how many they are. As Spark's RangePartitioner.determineBounds. */
uint32_t cei_range_choose(const cei_range *range, cei_range_candidate *candidates, uint32_t count, uint32_t partitions);

#endif
