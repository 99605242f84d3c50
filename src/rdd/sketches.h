/* sketches.h: what the approximate operators and actions share: sketches of rows, and their merging as a fold. */
#ifndef CERIUM_RDD_SKETCHES_H
#define CERIUM_RDD_SKETCHES_H

#include "rdd/cursor.h"
#include "shuffle/key.h"
#include "sketch/hll.h"
#include "sketch/kll.h"

/* str, str -> str: merges sketches of sketch/hll.h of one precision. It writes to the registers of the first: the
 * accumulator of a fold or a table, which is always that fold's own memory. */
extern const ce_function *const cei_merge_counts;

/* str -> int64: the count that a sketch of sketch/hll.h stands for. */
extern const ce_function *const cei_count_of;

/* str, str -> str: merges sketches of sketch/kll.h of one k. It writes to the bytes of the first too. */
extern const ce_function *const cei_merge_quantiles;

/* Whether count shares are in [0, 1], and there are some. CE_INVALID with its sentence. */
ce_status cei_check_probabilities(const double *probabilities, uint32_t count);

/* Hashes values of a type for sketch/hll.h. */
typedef struct cei_hasher {
    const ce_type *type;
    cei_key_form form;
    cei_buffer scratch; /* closed by the owner */
    cei_keys keys;
} cei_hasher;

void cei_hasher_open(cei_hasher *hasher, const ce_type *type);

/* The hashes of count <= CEI_KEYS_MAX values, stride bytes from one to the next. CE_MEMORY. */
ce_status cei_hasher_hash(cei_hasher *hasher, const char *from, size_t stride, uint32_t count, uint64_t *hashes);

#endif
