/*
 * table.h: the combine table: rows in, one row per key out.
 *
 * Rows are taken in blocks: find or make the slot of each, then one call of the user's stamped merge kernel over slots
 * and values. Slots are found in one of three ways, by the type of the key and what keys there are:
 *
 *     array: | value |                                          integers of a small range: the key is the index
 *     words: | key, 8 or 16 bytes | value, rounded up to 8 |    keys in words (key.h); the key 0 has a slot aside
 *     cells: | cell (key.h, 24 bytes) | value, rounded up |     any other key
 *
 * Words and cells are hash tables: open addressing, linear probing, at most half full (a quarter while small), all
 * slots of a block prefetched before the first is looked at. A probe of a short key touches one cache line. Long keys
 * and the parts of values are copied to the table's arena. The two words of a cell tell keys apart; that two long keys
 * with the same words have the same bytes as well is looked at afterwards, out of the loop.
 */
#ifndef CERIUM_SHUFFLE_TABLE_H
#define CERIUM_SHUFFLE_TABLE_H

#include "base/pool.h"
#include "shuffle/key.h"

typedef enum cei_table_layout { CEI_TABLE_CELLS, CEI_TABLE_WORDS, CEI_TABLE_ARRAY } cei_table_layout;

typedef struct cei_table {
    const ce_type *key;
    const cei_combiner *combiner; /* NULL: the caller fills slots */
    cei_pool *pool;
    cei_key_form form;
    cei_table_layout layout;
    uint32_t row_bytes, value_bytes, slot_bytes;
    uint32_t value_at;   /* of the value in a slot */
    char *slots;         /* from the pool */
    uint64_t capacity;   /* a power of two; 0: nothing yet */
    uint64_t used, room; /* slots with a key, and how many may have one before the table grows */
    uint64_t expected;   /* keys that it may come to hold: a guess, which a growing table jumps to; 0: none */
    bool flat_values;
    bool broken;      /* memory was short in the middle of a block: only closing and resetting are left */
    uint32_t pushed;  /* rows of the last push that were combined: all, or those before memory was short */
    uint64_t base;    /* of an array: the key of slot 0 */
    uint8_t *present; /* of an array: 1 where there is one; from the pool */
    char *zero;       /* of words: the slot of key 0, in keep; NULL: none */
    ce_str *longs;    /* texts of long keys, by cell.number; from the pool */
    uint32_t long_count, long_room;
    cei_arena keep;            /* bytes of long keys, parts of values */
    uint64_t kept_value_bytes; /* in keep, for values, since it was last rebuilt */
    cei_buffer scratch;
} cei_table;

enum { CEI_TABLE_BLOCK_ROWS = 256 };

/* combiner must outlive the table. */
void cei_table_open(cei_table *table, const cei_combiner *combiner, cei_pool *pool);
/* For callers that keep value_bytes of their own behind each key: rows of row_bytes with the key at their start, and
 * cei_table_find instead of cei_table_push. */
void cei_table_open_for(cei_table *table, const ce_type *key, uint32_t row_bytes, uint32_t value_bytes, cei_pool *pool);
void cei_table_close(cei_table *table);

/* Empty again, with its memory. */
void cei_table_reset(cei_table *table);

/* Room for that many keys in all, so that the table does not grow on the way; an array takes its own. CE_MEMORY leaves
 * it as it was. */
ce_status cei_table_reserve(cei_table *table, uint64_t keys);

/* What the table holds: slots, long keys, parts of values. */
uint64_t cei_table_bytes(const cei_table *table);

/* Finds the values of the keys of count <= CEI_TABLE_BLOCK_ROWS rows, making slots for new ones: values[i] points
 * behind the key of row i and is_new[i] says that its bytes are the caller's to fill. Valid until the next call. */
ce_status cei_table_find(cei_table *table, const char *rows, uint32_t count, void **values, uint8_t *is_new);

/* As cei_table_find, but makes nothing: values[i] is NULL where there is no such key. */
ce_status cei_table_look_up(cei_table *table, const char *rows, uint32_t row_bytes, uint32_t count, void **values);

/* Whether count more rows may make the table grow, and what it then holds at most, while it grows. */
bool cei_table_may_grow(const cei_table *table, uint32_t count, uint64_t *bytes);

/* Combines rows of combiner->row into the table. Calls the user's functions. CE_MEMORY: unless the table is broken it
 * is whole, and the rows behind the first `pushed` can be pushed again when there is room. */
ce_status cei_table_push(cei_table *table, const char *rows, uint32_t count);

/* The value at a place 0 .. cei_table_end - 1, or NULL when there is none. */
uint64_t cei_table_end(const cei_table *table);
void *cei_table_value(const cei_table *table, uint64_t place);

/* Writes the key at a place, as cei_key_value does. */
ce_status cei_table_key(const cei_table *table, uint64_t place, void *key, cei_arena *arena);

/* Goes through the places: starts with *position 0; writes up to count_max rows of combiner->out; *count is 0 at the
 * end. Strings point into the table; keys in wire form need the arena. */
ce_status cei_table_scan(const cei_table *table, uint64_t *position, uint32_t count_max, char *rows, cei_arena *arena,
                         uint32_t *count);

#endif
