/*
 * key.h: a key of any type as a run of bytes, and that run as two words that compare like it.
 *
 * A number, or a record of integers without gaps, is its bytes, a string its bytes, any other key its wire form
 * (data/wire.h). Keys of up to 15 bytes are the two words themselves, with their length in the highest byte; longer
 * ones are a 120-bit fingerprint, so that a table compares two words whatever the key, and looks at a long key's bytes
 * once, to be certain.
 *
 *     bytes <= 15: | a: bytes 0-7     | b: bytes 8-14, bytes + 1 |
 *     longer:      | a: fingerprint   | b: fingerprint,     0xFF |        b = 0: no key
 */
#ifndef CERIUM_SHUFFLE_KEY_H
#define CERIUM_SHUFFLE_KEY_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/hash.h"
#include "shuffle/shuffle.h"

typedef struct cei_cell {
    uint64_t a, b;
    uint32_t hash;
    uint32_t number; /* of a long key in a table: its place in the table's list of texts */
} cei_cell;

enum { CEI_CELL_INLINE_BYTES = 15, CEI_CELL_LONG = 0xFF, CEI_KEYS_MAX = 512 };

static inline bool cei_cell_is_long(const cei_cell *cell)
{
    return cell->b >> 56 == CEI_CELL_LONG;
}

/* 64 bits of a cell, as good as random in all of them: what sketches count by. */
static inline uint64_t cei_cell_random(const cei_cell *cell)
{
    return cei_hash_mix(cei_hash_mix(cell->a, cell->b), cell->b);
}

/* All ones but in tests, which let hashes collide. */
extern uint32_t cei_key_hash_mask;

/* A key in words is up to 16 bytes that are equal when the key is: a number (floats with one NaN and no -0.0), or a
 * record or pair of integers without gaps. */
typedef enum cei_key_form { CEI_KEY_STR, CEI_KEY_WORDS, CEI_KEY_WIRE } cei_key_form;

cei_key_form cei_key_form_of(const ce_type *key);

/* Up to CEI_KEYS_MAX keys in their forms. Making them prefetches the slot of each in the table that slots, mask and
 * slot_bytes tell of (all zero: none): the memory is then on its way while the other keys are made. */
typedef struct cei_keys {
    const char *slots;
    uint64_t mask;
    uint32_t slot_bytes;
    cei_cell cells[CEI_KEYS_MAX];
    uint16_t longs[CEI_KEYS_MAX]; /* which keys are long */
    uint32_t long_count;
    ce_str texts[CEI_KEYS_MAX]; /* of the long ones: texts[i] is the bytes of key longs[i] */
} cei_keys;

/* Makes the cells of count keys into keys, whose slots, mask and slot_bytes are set, stride bytes from one to the
 * next. Texts of long keys point to the keys' own bytes, or into scratch, which is cleared first. CE_MEMORY. */
ce_status cei_keys_make(cei_keys *keys, const ce_type *key, cei_key_form form, const char *from, size_t stride,
                        uint32_t count, cei_buffer *scratch);

/* The key that a cell stands for, written as a C value; text: the bytes of a long one. Strings point into the cell or
 * the text; lists of keys in wire form are made in the arena. */
ce_status cei_key_value(const ce_type *key, cei_key_form form, const cei_cell *cell, ce_str text, void *value,
                        cei_arena *arena);

/* How many words a key in words has: 1 or 2. */
static inline uint32_t cei_key_word_count(const ce_type *key)
{
    return key->bytes > 8 ? 2 : 1;
}

/* The words of keys in words, and their hashes. */
void cei_key_words(const ce_type *key, const char *from, size_t stride, uint32_t count, uint64_t *words,
                   uint32_t *hashes);

/* The hash of one such key: that of its cell. */
static inline uint32_t cei_words_hash(const ce_type *key, const uint64_t *words)
{
    const uint64_t end = key->bytes > CEI_CELL_INLINE_BYTES ? 0 : (uint64_t)(key->bytes + 1) << 56;
    return (uint32_t)cei_hash_mix(words[0], (key->bytes > 8 ? words[1] : 0) | end) & cei_key_hash_mask;
}

/* The hashes alone, as their cells have them. CE_MEMORY. */
ce_status cei_key_hashes(const ce_type *key, cei_key_form form, const char *from, size_t stride, uint32_t count,
                         uint32_t *hashes, cei_buffer *scratch);

/* 0 .. count - 1, by the high bits: the low ones choose the slot in a table. */
static inline uint32_t cei_hash_partition(uint32_t hash, uint32_t count)
{
    return (uint32_t)(((uint64_t)hash * count) >> 32);
}

/* The partition of one key. CE_USER when the user's function answers out of range. Not for partitioners that do not go
 * by key, nor for a range whose keys are derived. */
ce_status cei_partition_of(const cei_partitioner *partitioner, const ce_type *key, const void *value,
                           uint32_t *partition);

#endif
