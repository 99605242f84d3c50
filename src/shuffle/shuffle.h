/*
 * shuffle.h: what a shuffle is: partitioner, key, and how equal keys are combined. Constant once built.
 *
 *     map task:     rows -> writer (writer.h): [combine table] -> one block list per reduce partition
 *     reduce task:  blocks -> rows -> [combine table | groups] -> rows
 */
#ifndef CERIUM_SHUFFLE_SHUFFLE_H
#define CERIUM_SHUFFLE_SHUFFLE_H

#include "shuffle/combiner.h"
#include <stdbool.h>
#include <stdint.h>

typedef enum cei_partitioner_kind {
    CEI_PARTITIONER_NONE,
    CEI_PARTITIONER_HASH,     /* of the key's bytes */
    CEI_PARTITIONER_FUNCTION, /* the user's, of CE_PARTITIONER */
    CEI_PARTITIONER_ROUND,    /* round robin from a start drawn per map partition: not by key */
    CEI_PARTITIONER_INDEX,    /* map partition modulo count: not by key */
    CEI_PARTITIONER_RANGE,    /* sorted bounds, see range.h */
} cei_partitioner_kind;

typedef struct cei_range cei_range; /* range.h */

typedef struct cei_partitioner {
    cei_partitioner_kind kind;
    uint32_t count; /* 0: not known yet: the parent's, or what the range's bounds will say */
    const ce_function *function;
    cei_range *range; /* constant but for its determination */
} cei_partitioner;

/* The same range, or two that are determined, are of keys at the start of rows, and have equal bounds. */
bool cei_range_equal(const cei_range *a, const cei_range *b);

/* How many ranges of hashes the partitions are: 1 where they do not go by hash. */
static inline uint32_t cei_partitioner_hash_ranges(const cei_partitioner *partitioner)
{
    return partitioner->kind == CEI_PARTITIONER_HASH ? partitioner->count : 1;
}

static inline bool cei_partitioner_equal(cei_partitioner a, cei_partitioner b)
{
    if (a.kind == CEI_PARTITIONER_RANGE) {
        return b.kind == a.kind && cei_range_equal(a.range, b.range);
    }
    return a.kind == b.kind && a.count == b.count && a.count > 0 && a.function == b.function &&
           (a.kind == CEI_PARTITIONER_HASH || a.kind == CEI_PARTITIONER_FUNCTION);
}

typedef struct cei_shuffle {
    int32_t id;
    cei_partitioner partitioner;
    const ce_type *type;  /* of the rows that cross */
    const ce_type *key;   /* at offset 0 of a row: the pair's key, or the whole row; NULL: rows have no key */
    const ce_type *value; /* of the pair; NULL: rows have no value */
    uint32_t value_offset;
    bool combines;         /* map tasks combine equal keys before they write */
    cei_combiner combiner; /* with combines: from the map stage's rows to those that cross */
} cei_shuffle;

#endif
