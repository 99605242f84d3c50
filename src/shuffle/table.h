/*
 * table.h: the combine table: rows in, one row per key out.
 *
 * Open addressing, linear probing, at most half full (a quarter while it is small). A slot is the key's cell and the
 * value behind it, so that a probe of a short key touches one cache line. Rows are taken in blocks: make all cells,
 * prefetch all slots, find or make each slot, then one call of the user's stamped combine kernel over slots and
 * values.
 *
 *     slot: | cell (24 bytes) | value, rounded up to 8 bytes |
 *
 * Long keys and the parts of values are copied to the table's arena. The two words of a cell tell keys apart; that two
 * long keys with the same words have the same bytes as well is looked at afterwards, out of the loop.
 */
#ifndef CERIUM_SHUFFLE_TABLE_H
#define CERIUM_SHUFFLE_TABLE_H

#include "base/pool.h"
#include "shuffle/key.h"

typedef struct cei_table {
    const cei_shuffle *shuffle;
    cei_pool *pool;
    cei_key_form form;
    char *slots;         /* from the pool */
    uint64_t capacity;   /* a power of two; 0: nothing yet */
    uint64_t used, room; /* slots with a key, and how many may have one before the table grows */
    uint64_t expected;   /* keys that it may come to hold: a guess, which a growing table jumps to; 0: none */
    uint32_t value_bytes, slot_bytes;
    bool flat_values;
    ce_str *longs; /* texts of long keys, by cell.number; from the pool */
    uint32_t long_count, long_room;
    cei_arena keep;            /* bytes of long keys, parts of values */
    uint64_t kept_value_bytes; /* in keep, for values, since it was last rebuilt */
    cei_buffer scratch;
} cei_table;

enum { CEI_TABLE_BLOCK_ROWS = 256 };

/* value_bytes: what a slot holds behind its key: shuffle->value's bytes, or the caller's own for cei_table_find. */
void cei_table_open(cei_table *table, const cei_shuffle *shuffle, uint32_t value_bytes, cei_pool *pool);
void cei_table_close(cei_table *table);

/* Finds the values of the keys of count <= CEI_TABLE_BLOCK_ROWS rows, making slots for new ones: values[i] points
 * behind the key of row i and is_new[i] says that its bytes are the caller's to fill. Valid until the next call. */
ce_status cei_table_find(cei_table *table, const char *rows, uint32_t count, void **values, uint8_t *is_new);

/* Combines rows of shuffle->type into the table. Calls the user's function. */
ce_status cei_table_push(cei_table *table, const char *rows, uint32_t count);

/* The cell at a slot, or NULL when there is none; its value is behind it. index < table->capacity. */
static inline cei_cell *cei_table_cell(const cei_table *table, uint64_t index)
{
    cei_cell *cell = (cei_cell *)(void *)(table->slots + index * table->slot_bytes);
    return cell->b ? cell : NULL;
}

/* Writes the key of a cell of this table, as cei_key_value does. */
ce_status cei_table_key(const cei_table *table, const cei_cell *cell, void *key, cei_arena *arena);

/* Goes through the slots: starts with *position 0; writes up to count_max rows of shuffle->type; *count is 0 at the
 * end. Strings point into the table; keys in wire form need the arena. hashes: NULL or room for the keys' hashes. */
ce_status cei_table_scan(const cei_table *table, uint64_t *position, uint32_t count_max, char *rows, uint32_t *hashes,
                         cei_arena *arena, uint32_t *count);

#endif
