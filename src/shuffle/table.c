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

enum { CAPACITY_FIRST = 1024 };
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
    cei_arena_close(&table->keep);
    cei_buffer_close(&table->scratch);
    table->slots = NULL;
    table->capacity = table->used = 0;
}

static inline cei_cell *slot_at(const cei_table *table, uint64_t index)
{
    return (cei_cell *)(void *)(table->slots + index * table->slot_bytes);
}

static ce_status table_grow(cei_table *table)
{
    uint64_t capacity = table->capacity ? 2 * table->capacity : CAPACITY_FIRST;
    char *slots = cei_pool_take(table->pool, capacity * table->slot_bytes);
    if (!slots) {
        return CE_MEMORY;
    }
    memset(slots, 0, capacity * table->slot_bytes);
    cei_table old = *table;
    table->slots = slots;
    table->capacity = capacity;
    table->room = capacity * table->slot_bytes <= sparse_bytes_max ? capacity / 4 : capacity / 2;
    for (uint64_t i = 0; i < old.capacity; i++) {
        const cei_cell *cell = slot_at(&old, i);
        if (cell->size) {
            uint64_t to = cell->hash & (capacity - 1);
            while (slot_at(table, to)->size) {
                to = (to + 1) & (capacity - 1);
            }
            memcpy(slot_at(table, to), cell, table->slot_bytes);
        }
    }
    cei_pool_give(table->pool, old.slots, old.capacity * table->slot_bytes);
    return CE_OK;
}

static ce_status keep_long_key(cei_table *table, cei_cell *cell)
{
    void *copy = cei_arena_copy(&table->keep, (const void *)(uintptr_t)cell->b, cell->size - 1);
    if (!copy) {
        return CE_MEMORY;
    }
    cell->b = (uint64_t)(uintptr_t)copy;
    return CE_OK;
}

/* slot_bytes is table->slot_bytes, as a constant where the compiler can know it. */
static inline __attribute__((always_inline)) void *find_or_add(cei_table *table, cei_cell *key, uint32_t slot_bytes,
                                                               bool is_long, uint8_t *is_new)
{
    uint64_t mask = table->capacity - 1;
    for (uint64_t i = key->hash & mask;; i = (i + 1) & mask) {
        cei_cell *cell = (cei_cell *)(void *)(table->slots + i * slot_bytes);
        bool same = is_long ? cei_cell_equal(cell, key)
                            : ((cell->a ^ key->a) | (cell->b ^ key->b) | (cell->size ^ key->size)) == 0;
        if (__builtin_expect(same, 1)) {
            *is_new = 0;
            return cell + 1;
        }
        if (cell->size) {
            continue;
        }
        if (is_long && keep_long_key(table, key) != CE_OK) {
            return NULL;
        }
        *cell = *key;
        table->used++;
        *is_new = 1;
        return cell + 1;
    }
}

/* Short keys first, then long ones, so that neither loop branches on the length. Rows of one key are all in one of
 * them. */
static inline __attribute__((always_inline)) ce_status find_block(cei_table *table, cei_cell *cells, uint32_t count,
                                                                  uint32_t slot_bytes, void **values, uint8_t *is_new)
{
    uint16_t order[CEI_TABLE_BLOCK_ROWS], longs[CEI_TABLE_BLOCK_ROWS];
    uint32_t short_count = 0, long_count = 0;
    uint64_t mask = table->capacity - 1;
    const char *slots = table->slots;
    for (uint32_t i = 0; i < count; i++) {
        __builtin_prefetch(slots + (cells[i].hash & mask) * slot_bytes, 1);
        bool is_long = cells[i].size > CEI_CELL_INLINE_BYTES + 1;
        order[short_count] = longs[long_count] = (uint16_t)i;
        short_count += !is_long;
        long_count += is_long;
    }
    for (uint32_t i = 0; i < short_count; i++) {
        uint32_t row = order[i];
        values[row] = find_or_add(table, &cells[row], slot_bytes, false, &is_new[row]);
    }
    for (uint32_t i = 0; i < long_count; i++) {
        uint32_t row = longs[i];
        values[row] = find_or_add(table, &cells[row], slot_bytes, true, &is_new[row]);
        if (__builtin_expect(!values[row], 0)) {
            return CE_MEMORY;
        }
    }
    return CE_OK;
}

ce_status cei_table_find(cei_table *table, const char *rows, uint32_t count, void **values, uint8_t *is_new)
{
    cei_cell cells[CEI_TABLE_BLOCK_ROWS];
    while (table->used + count > table->room) {
        CE_TRY(table_grow(table));
    }
    CE_TRY(cei_key_cells(table->shuffle->key, table->form, rows, table->shuffle->type->bytes, count, cells,
                         &table->scratch));
    /* 32 bytes: any key with a value of up to 8. */
    return table->slot_bytes == 32 ? find_block(table, cells, count, 32, values, is_new)
                                   : find_block(table, cells, count, table->slot_bytes, values, is_new);
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
    cei_arena old = table->keep;
    ce_status status = CE_OK;
    for (uint64_t i = 0; i < table->capacity && status == CE_OK; i++) {
        cei_cell *cell = slot_at(table, i);
        if (!cell->size) {
            continue;
        }
        if (cell->size > CEI_CELL_INLINE_BYTES + 1) {
            void *copy = cei_arena_copy(&fresh, (const void *)(uintptr_t)cell->b, cell->size - 1);
            status = copy ? CE_OK : CE_MEMORY;
            cell->b = copy ? (uint64_t)(uintptr_t)copy : cell->b;
        }
        if (status == CE_OK) {
            status = cei_value_own(table->shuffle->value, cell + 1, &fresh);
        }
    }
    if (status == CE_OK) {
        table->keep = fresh;
        table->kept_value_bytes = 0;
        cei_arena_close(&old);
    } else {
        cei_arena_close(&fresh); /* the task fails: nobody reads the half-moved slots */
    }
    return status;
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
        const cei_cell *cell = slot_at(table, i);
        if (!cell->size) {
            continue;
        }
        CE_TRY(cei_key_value(shuffle->key, table->form, cell, rows, arena));
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
