/*
 * table.c: the combine table. See table.h for the picture.
 *
 * Values that hold strings are made the table's own right after each call of the user's function, because what it
 * returns may point into the batch. Superseded parts stay in the arena until they are more than half of it; then the
 * arena is rebuilt.
 */
#include "shuffle/table.h"
#include "base/error.h"
#include "data/value.h"

enum { CAPACITY_FIRST = 1024, CAPACITY_GROWS = 1 << 14 };
static const uint64_t rebuild_bytes_min = 1 << 20;
static const uint64_t sparse_bytes_max = 32
                                         << 20; /* a quarter full up to here: fewer collisions, where memory is cheap */

void cei_table_open(cei_table *table, const cei_shuffle *shuffle, uint32_t value_bytes, cei_pool *pool)
{
    *table = (cei_table){.shuffle = shuffle, .pool = pool, .value_bytes = value_bytes};
    table->form = cei_key_form_of(shuffle->key);
    table->slot_bytes = (uint32_t)sizeof(cei_cell) + ((value_bytes + 7) & ~7u);
    table->flat_values = !shuffle->value || cei_type_is_flat(shuffle->value);
    cei_arena_open(&table->keep, pool, 0);
}

void cei_table_close(cei_table *table)
{
    cei_pool_give(table->pool, table->slots, table->capacity * table->slot_bytes);
    cei_pool_give(table->pool, table->longs, table->long_room * sizeof *table->longs);
    cei_arena_close(&table->keep);
    cei_buffer_close(&table->scratch);
    table->slots = NULL;
    table->longs = NULL;
    table->capacity = table->used = table->room = 0;
    table->long_count = table->long_room = 0;
}

/* How many keys a table of that capacity takes before it grows. */
static uint64_t room_of(const cei_table *table, uint64_t capacity)
{
    return capacity * table->slot_bytes <= sparse_bytes_max ? capacity / 4 : capacity / 2;
}

/* Twice as large, or, for a table that has shown that it grows, at once as large as it is expected to become: growing
 * on the way costs as much as filling. */
static uint64_t next_capacity(const cei_table *table)
{
    uint64_t capacity = table->capacity ? 2 * table->capacity : CAPACITY_FIRST;
    while (table->capacity >= CAPACITY_GROWS && room_of(table, capacity) < table->expected) {
        capacity *= 2;
    }
    return capacity;
}

static ce_status table_grow(cei_table *table)
{
    uint64_t capacity = next_capacity(table);
    char *slots = cei_pool_take(table->pool, capacity * table->slot_bytes);
    if (!slots) {
        return CE_MEMORY;
    }
    memset(slots, 0, capacity * table->slot_bytes);
    cei_table old = *table;
    table->slots = slots;
    table->capacity = capacity;
    table->room = room_of(table, capacity);
    for (uint64_t i = 0; i < old.capacity; i++) {
        const cei_cell *cell = cei_table_cell(&old, i);
        if (cell) {
            uint64_t to = cell->hash & (capacity - 1);
            while (cei_table_cell(table, to)) {
                to = (to + 1) & (capacity - 1);
            }
            memcpy(slots + to * table->slot_bytes, cell, table->slot_bytes);
        }
    }
    cei_pool_give(table->pool, old.slots, old.capacity * table->slot_bytes);
    return CE_OK;
}

/* Room in the list of long texts for a block's worth more. */
static ce_status longs_grow(cei_table *table, uint32_t more)
{
    if (table->long_room - table->long_count >= more) {
        return CE_OK;
    }
    uint32_t room = table->long_room ? 2 * table->long_room : CAPACITY_FIRST;
    ce_str *longs = cei_pool_take(table->pool, room * sizeof *longs);
    if (!longs) {
        return CE_MEMORY;
    }
    if (table->long_count) {
        memcpy(longs, table->longs, table->long_count * sizeof *longs);
    }
    cei_pool_give(table->pool, table->longs, table->long_room * sizeof *table->longs);
    table->longs = longs;
    table->long_room = room;
    return CE_OK;
}

static ce_status keep_long_key(cei_table *table, cei_cell *cell, ce_str text)
{
    char *copy = cei_arena_copy(&table->keep, text.at, text.bytes);
    if (!copy) {
        return CE_MEMORY;
    }
    cell->number = table->long_count;
    table->longs[table->long_count++] = (ce_str){copy, text.bytes};
    return CE_OK;
}

/* Finds or makes the slot of each key, by the words of the cells alone. slot_bytes is table->slot_bytes, as a constant
 * where the compiler can know it; what the loop reads is in locals, because its stores may alias anything. */
static inline __attribute__((always_inline)) void find_by_words(cei_table *table, const cei_keys *keys, uint32_t count,
                                                                uint32_t slot_bytes, void **values, uint8_t *is_new)
{
    char *const slots = table->slots;
    const uint64_t mask = table->capacity - 1;
    const cei_cell *key = keys->cells;
    uint64_t added = 0;
    for (uint32_t i = 0; i < count; i++, key++) {
        const uint64_t a = key->a, b = key->b;
        uint64_t at = key->hash & mask;
        cei_cell *cell = (cei_cell *)(void *)(slots + at * slot_bytes);
        while (__builtin_expect(((cell->a ^ a) | (cell->b ^ b)) != 0, 0)) {
            if (cell->b == 0) {
                *cell = *key;
                is_new[i] = 1;
                added++;
                break;
            }
            at = (at + 1) & mask;
            cell = (cei_cell *)(void *)(slots + at * slot_bytes);
        }
        values[i] = cell + 1;
    }
    table->used += added;
}

/* The slot of a long key whose words are those of another: by bytes, further on. */
static ce_status find_by_bytes(cei_table *table, const cei_cell *key, ce_str text, void **value, uint8_t *is_new)
{
    uint64_t mask = table->capacity - 1;
    for (uint64_t at = key->hash & mask;; at = (at + 1) & mask) {
        cei_cell *cell = cei_table_cell(table, at);
        if (!cell) {
            cell = (cei_cell *)(void *)(table->slots + at * table->slot_bytes);
            *cell = *key;
            table->used++;
            *is_new = 1;
            *value = cell + 1;
            return keep_long_key(table, cell, text);
        }
        if (cell->a == key->a && cell->b == key->b && ce_str_equal(table->longs[cell->number], text)) {
            *value = cell + 1;
            return CE_OK;
        }
    }
}

/* Texts of more than 15 bytes. Most are shorter than two registers, which overlap then. */
static inline bool long_equal(ce_str a, ce_str b)
{
#if defined(__SSE2__)
    if (__builtin_expect(a.bytes == b.bytes && a.bytes <= 32, 1)) {
        const char *a_last = a.at + a.bytes - 16, *b_last = b.at + b.bytes - 16;
        __m128i first = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)a.at),
                                      _mm_loadu_si128((const __m128i *)(const void *)b.at));
        __m128i last = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)a_last),
                                     _mm_loadu_si128((const __m128i *)(const void *)b_last));
        __m128i same = _mm_cmpeq_epi8(_mm_or_si128(first, last), _mm_setzero_si128());
        return _mm_movemask_epi8(same) == 0xFFFF;
    }
#endif
    return ce_str_equal(a, b);
}

/* New long keys are kept; those that were found are looked at byte by byte. */
static ce_status settle_longs(cei_table *table, const cei_keys *keys, void **values, uint8_t *is_new)
{
    for (uint32_t i = 0; i < keys->long_count; i++) {
        uint32_t row = keys->longs[i];
        cei_cell *cell = (cei_cell *)values[row] - 1;
        if (is_new[row]) {
            CE_TRY(keep_long_key(table, cell, keys->texts[i]));
        } else if (__builtin_expect(!long_equal(table->longs[cell->number], keys->texts[i]), 0)) {
            CE_TRY(find_by_bytes(table, &keys->cells[row], keys->texts[i], &values[row], &is_new[row]));
        }
    }
    return CE_OK;
}

ce_status cei_table_find(cei_table *table, const char *rows, uint32_t count, void **values, uint8_t *is_new)
{
    cei_keys keys;
    const cei_shuffle *shuffle = table->shuffle;
    while (table->used + count > table->room) {
        CE_TRY(table_grow(table));
    }
    keys.slots = table->slots;
    keys.mask = table->capacity - 1;
    keys.slot_bytes = table->slot_bytes;
    CE_TRY(cei_keys_make(&keys, shuffle->key, table->form, rows, shuffle->type->bytes, count, &table->scratch));
    CE_TRY(longs_grow(table, keys.long_count));
    memset(is_new, 0, count);
    /* 32 bytes: any key with a value of up to 8. */
    if (table->slot_bytes == 32) {
        find_by_words(table, &keys, count, 32, values, is_new);
    } else {
        find_by_words(table, &keys, count, table->slot_bytes, values, is_new);
    }
    return settle_longs(table, &keys, values, is_new);
}

ce_status cei_table_key(const cei_table *table, const cei_cell *cell, void *key, cei_arena *arena)
{
    ce_str text = cei_cell_is_long(cell) ? table->longs[cell->number] : (ce_str){NULL, 0};
    return cei_key_value(table->shuffle->key, table->form, cell, text, key, arena);
}

/* Values with parts: each is the table's own before the next row may see it. */
static ce_status push_owned(cei_table *table, void **values, const uint8_t *is_new, const char *from, uint32_t count)
{
    const cei_shuffle *shuffle = table->shuffle;
    char before[256];
    for (uint32_t i = 0; i < count; i++, from += shuffle->type->bytes) {
        bool small = table->value_bytes <= sizeof before;
        if (is_new[i]) {
            memcpy(values[i], from, table->value_bytes);
        } else if (shuffle->combine) {
            if (small) {
                memcpy(before, values[i], table->value_bytes);
            }
            shuffle->combine->combine(&values[i], from, 0, 1);
            if (small && memcmp(before, values[i], table->value_bytes) == 0) {
                continue;
            }
        } else {
            continue;
        }
        uint64_t used = table->keep.used_bytes;
        CE_TRY(cei_value_own(shuffle->value, values[i], &table->keep));
        table->kept_value_bytes += table->keep.used_bytes - used;
    }
    return CE_OK;
}

/* Moves what is alive to a fresh arena. */
static ce_status rebuild_keep(cei_table *table)
{
    cei_arena fresh;
    cei_arena_open(&fresh, table->pool, 0);
    ce_status status = CE_OK;
    for (uint32_t i = 0; i < table->long_count && status == CE_OK; i++) {
        char *copy = cei_arena_copy(&fresh, table->longs[i].at, table->longs[i].bytes);
        status = copy ? CE_OK : CE_MEMORY;
        table->longs[i].at = copy ? copy : table->longs[i].at;
    }
    for (uint64_t i = 0; i < table->capacity && status == CE_OK; i++) {
        cei_cell *cell = cei_table_cell(table, i);
        if (cell) {
            status = cei_value_own(table->shuffle->value, cell + 1, &fresh);
        }
    }
    if (status != CE_OK) {
        cei_arena_close(&fresh); /* the task fails: nobody reads the half-moved slots */
        return status;
    }
    cei_arena_close(&table->keep);
    table->keep = fresh;
    table->kept_value_bytes = 0;
    return CE_OK;
}

ce_status cei_table_push(cei_table *table, const char *rows, uint32_t count)
{
    void *values[CEI_TABLE_BLOCK_ROWS];
    uint8_t is_new[CEI_TABLE_BLOCK_ROWS];
    const cei_shuffle *shuffle = table->shuffle;
    uint32_t stride = shuffle->type->bytes;
    while (count) {
        uint32_t n = count < CEI_TABLE_BLOCK_ROWS ? count : CEI_TABLE_BLOCK_ROWS;
        const char *from = rows + shuffle->value_offset;
        CE_TRY(cei_table_find(table, rows, n, values, is_new));
        rows += (size_t)n * stride;
        count -= n;
        if (!table->flat_values) {
            CE_TRY(push_owned(table, values, is_new, from, n));
            if (table->kept_value_bytes > rebuild_bytes_min && table->kept_value_bytes > table->keep.used_bytes / 2 &&
                table->used * 64 < table->kept_value_bytes) {
                CE_TRY(rebuild_keep(table));
            }
            continue;
        }
        if (!shuffle->value) {
            continue;
        }
        if (!memchr(is_new, 1, n)) {
            if (shuffle->combine) {
                shuffle->combine->combine(values, from, stride, n);
            }
            continue;
        }
        uint32_t first = 0; /* of the run of rows whose keys were there already */
        for (uint32_t i = 0; i < n; i++) {
            if (!is_new[i]) {
                continue;
            }
            if (i > first && shuffle->combine) {
                shuffle->combine->combine(values + first, from + (size_t)first * stride, stride, i - first);
            }
            memcpy(values[i], from + (size_t)i * stride, table->value_bytes);
            first = i + 1;
        }
        if (n > first && shuffle->combine) {
            shuffle->combine->combine(values + first, from + (size_t)first * stride, stride, n - first);
        }
    }
    return CE_OK;
}

ce_status cei_table_scan(const cei_table *table, uint64_t *position, uint32_t count_max, char *rows, uint32_t *hashes,
                         cei_arena *arena, uint32_t *count)
{
    const cei_shuffle *shuffle = table->shuffle;
    uint32_t n = 0;
    uint64_t i = *position;
    for (; i < table->capacity && n < count_max; i++) {
        const cei_cell *cell = cei_table_cell(table, i);
        if (!cell) {
            continue;
        }
        CE_TRY(cei_table_key(table, cell, rows, arena));
        if (shuffle->value) {
            memcpy(rows + shuffle->value_offset, cell + 1, table->value_bytes);
        }
        if (hashes) {
            hashes[n] = cell->hash;
        }
        rows += shuffle->type->bytes;
        n++;
    }
    *position = i;
    *count = n;
    return CE_OK;
}
