/*
 * key.h: a key of any type as a run of bytes in a 24-byte cell.
 *
 * Keys of up to 16 bytes live in the cell itself, zero-padded, so that most comparisons are two words; longer ones are
 * a pointer with their first 8 bytes beside it. A number is its bytes, a string its bytes, any other key its wire form
 * (data/wire.h).
 *
 *     bytes <= 16: | a: bytes 0-7          | b: bytes 8-15 | bytes + 1 | hash |
 *     longer:      | a: its first 8 bytes  | b: pointer    | bytes + 1 | hash |
 */
#ifndef CERIUM_SHUFFLE_KEY_H
#define CERIUM_SHUFFLE_KEY_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/hash.h"
#include "shuffle/shuffle.h"

typedef struct cei_cell {
    uint64_t a, b;
    uint32_t size; /* bytes + 1; 0: no key */
    uint32_t hash;
} cei_cell;

enum { CEI_CELL_INLINE_BYTES = 16 };

typedef enum cei_key_form { CEI_KEY_STR, CEI_KEY_NUMBER, CEI_KEY_WIRE } cei_key_form;

cei_key_form cei_key_form_of(const ce_type *key);

/* The cells of count keys, stride bytes from one to the next. Cells of long keys point into the keys' own bytes, or
 * into scratch, which is cleared first. CE_MEMORY. */
ce_status cei_key_cells(const ce_type *key, cei_key_form form, const char *keys, size_t stride, uint32_t count,
                        cei_cell *cells, cei_buffer *scratch);

/* The key that a cell stands for, written as a C value; strings point into the cell or where it points. lists and
 * strings of keys in wire form are made in the arena. */
ce_status cei_key_value(const ce_type *key, cei_key_form form, const cei_cell *cell, void *value, cei_arena *arena);

static inline bool cei_cell_equal(const cei_cell *x, const cei_cell *y)
{
    if (x->a != y->a || x->size != y->size) {
        return false;
    }
    if (x->b == y->b) {
        return true;
    }
    return x->size > CEI_CELL_INLINE_BYTES + 1 && x->hash == y->hash &&
           memcmp((const void *)(uintptr_t)x->b, (const void *)(uintptr_t)y->b, x->size - 1) == 0;
}

/* 0 .. count - 1, by the high bits: the low ones choose the slot in a table. */
static inline uint32_t cei_hash_partition(uint32_t hash, uint32_t count)
{
    return (uint32_t)(((uint64_t)hash * count) >> 32);
}

/* The partition of one key. CE_USER when the user's function answers out of range. Not for partitioners that do not go
 * by key. */
ce_status cei_partition_of(const cei_partitioner *partitioner, const ce_type *key, const void *value,
                           uint32_t *partition);

#endif
