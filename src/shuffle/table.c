/*
 * table.c: the combine table. See table.h for the pictures.
 *
 * Values that hold strings are made the table's own right after each call of the user's function, because what it
 * returns may point into the batch. Superseded parts stay in the arena until they are more than half of it; then the
 * arena is rebuilt.
 */
#include "shuffle/table.h"
#include "base/error.h"
#include "data/value.h"

enum { CAPACITY_FIRST = 1024, CAPACITY_GROWS = 1 << 14, ARRAY_MAX = 1 << 16 };
static const uint64_t rebuild_bytes_min = 1 << 20;
static const uint64_t array_bytes_max = 1 << 20; /* about a second-level cache */
/* A quarter full up to here: fewer collisions, where memory is cheap. */
static const uint64_t sparse_bytes_max = 1 << 20;

/* Up to here slots are not prefetched: they are near. */
static const uint64_t near_bytes_max = 256 << 10;

/* ---- opening and closing ---- */

static bool is_integer(const ce_type *key)
{
    return key->kind <= CE_KIND_UINT64;
}

void cei_table_open_for(cei_table *table, const ce_type *key, uint32_t row_bytes, uint32_t value_bytes, cei_pool *pool)
{
    *table = (cei_table){.key = key, .pool = pool, .row_bytes = row_bytes, .value_bytes = value_bytes};
    table->form = cei_key_form_of(key);
    table->layout = table->form == CEI_KEY_WORDS ? CEI_TABLE_WORDS : CEI_TABLE_CELLS;
    table->value_at = table->form == CEI_KEY_WORDS ? cei_key_word_count(key) * (uint32_t)sizeof(uint64_t)
                                                   : (uint32_t)sizeof(cei_cell);
    table->slot_bytes = table->value_at + ((value_bytes + 7) & ~7u);
    table->flat_values = true;
    cei_arena_open(&table->keep, pool, 0);
}

void cei_table_open(cei_table *table, const cei_combiner *combiner, cei_pool *pool)
{
    const ce_type *accumulator = combiner->accumulator;
    cei_table_open_for(table, combiner->key, combiner->row->bytes, accumulator ? accumulator->bytes : 0, pool);
    table->combiner = combiner;
    table->flat_values = !accumulator || cei_type_is_flat(accumulator);
    if (table->flat_values && is_integer(combiner->key)) {
        table->layout = CEI_TABLE_ARRAY; /* until a key says otherwise */
    }
}

static void give_slots(cei_table *table)
{
    cei_pool_give(table->pool, table->slots, table->capacity * table->slot_bytes);
    cei_pool_give(table->pool, table->present, table->capacity);
    table->slots = NULL;
    table->present = NULL;
    table->capacity = table->used = table->room = 0;
}

void cei_table_close(cei_table *table)
{
    give_slots(table);
    cei_pool_give(table->pool, table->longs, table->long_room * sizeof *table->longs);
    cei_arena_close(&table->keep);
    cei_buffer_close(&table->scratch);
    table->longs = NULL;
    table->zero = NULL;
    table->long_count = table->long_room = 0;
}

void cei_table_reset(cei_table *table)
{
    if (table->present) {
        memset(table->present, 0, table->capacity);
    } else if (table->slots) {
        memset(table->slots, 0, table->capacity * table->slot_bytes);
    }
    table->used = table->kept_value_bytes = 0;
    table->long_count = 0;
    table->zero = NULL;
    cei_arena_reset(&table->keep);
    table->broken = false;
}

uint64_t cei_table_bytes(const cei_table *table)
{
    return table->capacity * table->slot_bytes + table->keep.used_bytes + table->long_room * sizeof *table->longs;
}

/* ---- growing ---- */

/* How many keys a table of that capacity takes before it grows. */
static uint64_t room_of(const cei_table *table, uint64_t capacity)
{
    return capacity * table->slot_bytes <= sparse_bytes_max ? capacity / 4 : capacity / 2;
}

/* Twice as large, four times while it is small, or, for a table that has shown that it grows, at once as large as it is
 * expected to become: growing on the way costs as much as filling. */
static uint64_t next_capacity(const cei_table *table)
{
    const uint64_t times = 4 * table->capacity * table->slot_bytes <= sparse_bytes_max ? 4 : 2;
    uint64_t capacity = table->capacity ? times * table->capacity : CAPACITY_FIRST;
    while (table->capacity >= CAPACITY_GROWS && room_of(table, capacity) < table->expected) {
        capacity *= 2;
    }
    return capacity;
}

static inline uint64_t word_of(const char *slot)
{
    uint64_t word;
    memcpy(&word, slot, sizeof word);
    return word;
}

/* Whether a slot of words, two or one, has a key. */
static inline bool has_words(const char *slot, bool two)
{
    return (word_of(slot) | (two ? word_of(slot + 8) : 0)) != 0;
}

static inline bool has_two_words(const cei_table *table)
{
    return table->value_at == 16;
}

/* First which slots have keys, without a branch on it, then where these go. */
static void move_words(const cei_table *old, cei_table *table)
{
    enum { SLOTS = 256 };
    const uint64_t mask = table->capacity - 1;
    const bool two = has_two_words(table);
    const char *taken[SLOTS];
    for (uint64_t i = 0; i < old->capacity; i += SLOTS) {
        uint32_t count = 0;
        for (uint32_t j = 0; j < SLOTS; j++) {
            taken[count] = old->slots + (i + j) * table->slot_bytes;
            count += has_words(taken[count], two);
        }
        for (uint32_t j = 0; j < count; j++) {
            const uint64_t words[2] = {word_of(taken[j]), two ? word_of(taken[j] + 8) : 0};
            uint64_t to = cei_words_hash(table->key, words) & mask;
            while (has_words(table->slots + to * table->slot_bytes, two)) {
                to = (to + 1) & mask;
            }
            memcpy(table->slots + to * table->slot_bytes, taken[j], table->slot_bytes);
        }
    }
}

static cei_cell *cell_at(const cei_table *table, uint64_t index)
{
    return (cei_cell *)(void *)(table->slots + index * table->slot_bytes);
}

static void move_cells(const cei_table *old, cei_table *table)
{
    const uint64_t mask = table->capacity - 1;
    for (uint64_t i = 0; i < old->capacity; i++) {
        const cei_cell *cell = cell_at(old, i);
        if (cell->b) {
            uint64_t to = cell->hash & mask;
            while (cell_at(table, to)->b) {
                to = (to + 1) & mask;
            }
            memcpy(cell_at(table, to), cell, table->slot_bytes);
        }
    }
}

static ce_status table_grow(cei_table *table, uint64_t capacity)
{
    char *slots = cei_pool_take(table->pool, capacity * table->slot_bytes);
    if (!slots) {
        return CE_MEMORY;
    }
    memset(slots, 0, capacity * table->slot_bytes);
    const cei_table old = *table;
    table->slots = slots;
    table->capacity = capacity;
    table->room = room_of(table, capacity);
    if (table->layout == CEI_TABLE_WORDS) {
        move_words(&old, table);
    } else {
        move_cells(&old, table);
    }
    cei_pool_give(table->pool, old.slots, old.capacity * table->slot_bytes);
    return CE_OK;
}

bool cei_table_may_grow(const cei_table *table, uint32_t count, uint64_t *bytes)
{
    *bytes = cei_table_bytes(table);
    if (table->layout == CEI_TABLE_ARRAY || table->used + count <= table->room) {
        return false;
    }
    *bytes += next_capacity(table) * table->slot_bytes;
    return true;
}

static ce_status make_room(cei_table *table, uint32_t count)
{
    while (table->used + count > table->room) {
        CE_TRY(table_grow(table, next_capacity(table)));
    }
    return CE_OK;
}

ce_status cei_table_reserve(cei_table *table, uint64_t keys)
{
    uint64_t capacity = CAPACITY_FIRST;
    if (table->layout == CEI_TABLE_ARRAY || keys <= table->room) {
        return CE_OK;
    }
    while (room_of(table, capacity) < keys) {
        capacity *= 2;
    }
    return table_grow(table, capacity);
}

/* Room in the list of long texts for a block's worth more. */
static ce_status longs_grow(cei_table *table, uint32_t more)
{
    if (table->long_room - table->long_count >= more) {
        return CE_OK;
    }
    uint32_t room = table->long_room ? 2 * table->long_room : CAPACITY_FIRST;
    ce_str *longs = cei_pool_grow(table->pool, table->longs, table->long_room * sizeof *longs,
                                  table->long_count * sizeof *longs, room * sizeof *longs);
    if (!longs) {
        return CE_MEMORY;
    }
    table->longs = longs;
    table->long_room = room;
    return CE_OK;
}

/* ---- words ---- */

static ce_status find_zero(cei_table *table, void **value, uint8_t *is_new)
{
    if (!table->zero) {
        table->zero = cei_arena_alloc_zeroed(&table->keep, table->slot_bytes);
        if (!table->zero) {
            return CE_MEMORY;
        }
        table->used++;
        *is_new = 1;
    }
    *value = table->zero + table->value_at;
    return CE_OK;
}

/* two and slot_bytes as constants where the compiler can know them; what the loop reads is in locals, because its
 * stores may alias anything. false: there are keys 0, whose values are not set. */
static inline __attribute__((always_inline)) bool find_words(cei_table *table, const uint64_t *words,
                                                             const uint32_t *hashes, uint32_t count, bool two,
                                                             uint32_t slot_bytes, void **values, uint8_t *is_new)
{
    char *const slots = table->slots;
    const uint64_t mask = table->capacity - 1;
    uint64_t added = 0;
    uint32_t zeros = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t first = *words++, second = two ? *words++ : 0;
        uint64_t at = hashes[i] & mask;
        char *slot = slots + at * slot_bytes;
        while (__builtin_expect(((word_of(slot) ^ first) | (two ? word_of(slot + 8) ^ second : 0)) != 0, 0)) {
            if (!has_words(slot, two)) {
                memcpy(slot, &first, sizeof first);
                if (two) {
                    memcpy(slot + 8, &second, sizeof second);
                }
                is_new[i] = 1;
                added++;
                break;
            }
            at = (at + 1) & mask;
            slot = slots + at * slot_bytes;
        }
        zeros += (first | second) == 0;
        values[i] = slot + (two ? 16 : 8);
    }
    table->used += added;
    return zeros == 0;
}

/* As find_words; also the usual pairs of a key and eight bytes, with their sizes known. */
static bool find_sized(cei_table *table, const uint64_t *words, const uint32_t *hashes, uint32_t count, void **values,
                       uint8_t *is_new)
{
    const uint32_t slot_bytes = table->slot_bytes;
    if (has_two_words(table)) {
        return slot_bytes == 24 ? find_words(table, words, hashes, count, true, 24, values, is_new)
                                : find_words(table, words, hashes, count, true, slot_bytes, values, is_new);
    }
    return slot_bytes == 16 ? find_words(table, words, hashes, count, false, 16, values, is_new)
                            : find_words(table, words, hashes, count, false, slot_bytes, values, is_new);
}

static void prefetch_slots(const cei_table *table, const uint32_t *hashes, uint32_t count)
{
    const uint64_t mask = table->capacity - 1;
    for (uint32_t i = 0; i < count; i++) {
        __builtin_prefetch(table->slots + (hashes[i] & mask) * table->slot_bytes, 1);
    }
}

static ce_status find_by_words(cei_table *table, const char *rows, uint32_t count, void **values, uint8_t *is_new)
{
    uint64_t words[2 * CEI_TABLE_BLOCK_ROWS];
    uint32_t hashes[CEI_TABLE_BLOCK_ROWS];
    CE_TRY(make_room(table, count));
    cei_key_words(table->key, rows, table->row_bytes, count, words, hashes);
    prefetch_slots(table, hashes, count);
    if (find_sized(table, words, hashes, count, values, is_new)) {
        return CE_OK;
    }
    table->broken = true; /* until all is found */
    const uint32_t word_count = cei_key_word_count(table->key);
    for (uint32_t i = 0; i < count; i++) {
        if (!has_words((const char *)&words[i * word_count], word_count == 2)) {
            CE_TRY(find_zero(table, &values[i], &is_new[i]));
        }
    }
    table->broken = false;
    return CE_OK;
}

/* ---- an array ---- */

/* The word of a key: see load_integers. */
static uint64_t narrow(const ce_type *key, uint64_t wide)
{
    uint64_t word = 0;
    memcpy(&word, &wide, key->bytes);
    return word;
}

/* The table becomes one of words, with the keys that it has. */
static ce_status leave_array(cei_table *table)
{
    const cei_table old = *table;
    table->layout = CEI_TABLE_WORDS;
    table->slots = NULL;
    table->present = NULL;
    table->capacity = table->used = table->room = 0;
    ce_status status = make_room(table, (uint32_t)old.used);
    for (uint64_t i = 0; status == CE_OK && i < old.capacity; i++) {
        if (!old.present[i]) {
            continue;
        }
        const uint64_t word[2] = {narrow(table->key, old.base + i), 0};
        void *value = NULL;
        uint8_t is_new = 0;
        if (word[0] == 0) {
            status = find_zero(table, &value, &is_new);
        } else {
            const uint32_t hash = cei_words_hash(table->key, word);
            (void)find_sized(table, word, &hash, 1, &value, &is_new);
        }
        if (status == CE_OK) {
            memcpy(value, old.slots + i * old.slot_bytes + old.value_at, table->value_bytes);
        }
    }
    if (status != CE_OK) { /* as it was */
        give_slots(table);
        table->layout = old.layout;
        table->zero = NULL;
        table->slots = old.slots;
        table->present = old.present;
        table->capacity = old.capacity;
        table->used = old.used;
        return status;
    }
    cei_pool_give(table->pool, old.slots, old.capacity * old.slot_bytes);
    cei_pool_give(table->pool, old.present, old.capacity);
    return CE_OK;
}

/* Makes the array reach all of these keys too, twice as large as it was at least, with the room beyond them on the side
 * where they go. *fits false: they are too far apart. Keys are counted from one of them, around the end of their range
 * if need be. */
static ce_status stretch_array(cei_table *table, const char *keys, size_t stride, uint32_t count, bool *fits)
{
    const uint64_t from = table->capacity ? table->base : word_of(keys);
    int64_t first = 0, last = table->capacity ? (int64_t)table->capacity - 1 : 0;
    for (uint32_t i = 0; i < count; i++) {
        const int64_t key = (int64_t)(word_of(keys + i * stride) - from);
        first = key < first ? key : first;
        last = key > last ? key : last;
    }
    const uint64_t reach = (uint64_t)last - (uint64_t)first;
    uint64_t capacity = CAPACITY_FIRST;
    while (reach < ARRAY_MAX && capacity <= reach) {
        capacity *= 2;
    }
    *fits = reach < ARRAY_MAX && capacity * table->slot_bytes <= array_bytes_max;
    if (!*fits) {
        return CE_OK;
    }
    const uint64_t base = from + (uint64_t)(first < 0 ? last - (int64_t)capacity + 1 : first);
    char *slots = cei_pool_take(table->pool, capacity * table->slot_bytes);
    uint8_t *present = slots ? cei_pool_take(table->pool, capacity) : NULL;
    if (!present) {
        cei_pool_give(table->pool, slots, capacity * table->slot_bytes);
        return CE_MEMORY;
    }
    memset(present, 0, capacity);
    if (table->capacity) {
        memcpy(slots + (table->base - base) * table->slot_bytes, table->slots, table->capacity * table->slot_bytes);
        memcpy(present + (table->base - base), table->present, table->capacity);
    }
    cei_pool_give(table->pool, table->slots, table->capacity * table->slot_bytes);
    cei_pool_give(table->pool, table->present, table->capacity);
    table->slots = slots;
    table->present = present;
    table->base = base;
    table->capacity = capacity;
    table->room = UINT64_MAX;
    return CE_OK;
}

/* Integers as words of 8 bytes, signed ones with their sign. */
static void load_integers(const ce_type *key, const char *from, size_t stride, uint32_t count, uint64_t *integers)
{
    switch (key->kind) {
#define CASE(KIND, T)                                                                                                  \
    case KIND:                                                                                                         \
        for (uint32_t i = 0; i < count; i++) {                                                                         \
            T integer;                                                                                                 \
            memcpy(&integer, from + i * stride, sizeof integer);                                                       \
            integers[i] = (uint64_t)integer;                                                                           \
        }                                                                                                              \
        break;
        CASE(CE_KIND_INT8, int8_t)
        CASE(CE_KIND_INT16, int16_t)
        CASE(CE_KIND_INT32, int32_t)
        CASE(CE_KIND_UINT16, uint16_t)
        CASE(CE_KIND_UINT32, uint32_t)
        CASE(CE_KIND_UINT64, uint64_t)
        CASE(CE_KIND_INT64, int64_t)
#undef CASE
    default:
        for (uint32_t i = 0; i < count; i++) {
            integers[i] = (uint8_t)from[i * stride];
        }
    }
}

/* Two loops without a branch for what is usual: all keys in the array's range, and there already. *fresh: not all are
 * there. false: a key is outside of the range. */
static inline __attribute__((always_inline)) bool index_keys(const cei_table *table, const char *keys, size_t stride,
                                                             uint32_t count, uint32_t slot_bytes, void **values,
                                                             bool *fresh)
{
    const uint64_t base = table->base;
    const uint8_t *const present = table->present;
    char *const slots = table->slots + table->value_at;
    uint64_t bits = 0;
    for (uint32_t i = 0; i < count; i++) {
        bits |= word_of(keys + i * stride) - base;
    }
    if (bits >= table->capacity) { /* which is a power of two */
        return false;
    }
    uint8_t all = 1;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t index = word_of(keys + i * stride) - base;
        values[i] = slots + index * slot_bytes;
        all &= present[index];
    }
    *fresh = !all;
    return true;
}

/* false: a key is outside of the range, nothing was found. */
static bool find_in_array(cei_table *table, const char *keys, size_t stride, uint32_t count, void **values,
                          uint8_t *is_new)
{
    bool fresh = false;
    const bool inside = stride == 16 && table->slot_bytes == 16
                            ? index_keys(table, keys, 16, count, 16, values, &fresh)
                            : index_keys(table, keys, stride, count, table->slot_bytes, values, &fresh);
    for (uint32_t i = 0; inside && fresh && i < count; i++) {
        uint8_t *present = &table->present[word_of(keys + i * stride) - table->base];
        is_new[i] = *present ^ 1;
        table->used += is_new[i];
        *present = 1;
    }
    return inside;
}

static ce_status find_by_index(cei_table *table, const char *rows, uint32_t count, void **values, uint8_t *is_new)
{
    uint64_t wide[CEI_TABLE_BLOCK_ROWS];
    const char *keys = rows;
    size_t stride = table->row_bytes;
    wide[0] = 0;
    if (table->key->bytes < 8) {
        load_integers(table->key, rows, table->row_bytes, count, wide);
        keys = (const char *)wide;
        stride = sizeof *wide;
    }
    if (table->capacity && find_in_array(table, keys, stride, count, values, is_new)) {
        return CE_OK;
    }
    bool fits;
    if (stretch_array(table, keys, stride, count, &fits) != CE_OK) {
        fits = false; /* words take less where memory is short */
    }
    if (fits && find_in_array(table, keys, stride, count, values, is_new)) {
        return CE_OK;
    }
    CE_TRY(leave_array(table));
    return find_by_words(table, rows, count, values, is_new);
}

/* ---- cells ---- */

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
static inline __attribute__((always_inline)) void find_cells(cei_table *table, const cei_keys *keys, uint32_t count,
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
        cei_cell *cell = cell_at(table, at);
        if (!cell->b) {
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

static ce_status find_by_cell(cei_table *table, const char *rows, uint32_t count, void **values, uint8_t *is_new)
{
    cei_keys keys;
    CE_TRY(make_room(table, count));
    keys.slots = table->slots;
    keys.mask = table->capacity - 1;
    keys.slot_bytes = table->slot_bytes;
    CE_TRY(cei_keys_make(&keys, table->key, table->form, rows, table->row_bytes, count, &table->scratch));
    CE_TRY(longs_grow(table, keys.long_count));
    /* 32 bytes: any key with a value of up to 8. */
    if (table->slot_bytes == 32) {
        find_cells(table, &keys, count, 32, values, is_new);
    } else {
        find_cells(table, &keys, count, table->slot_bytes, values, is_new);
    }
    table->broken = true; /* until all is found */
    CE_TRY(settle_longs(table, &keys, values, is_new));
    table->broken = false;
    return CE_OK;
}

/* ---- finding ---- */

ce_status cei_table_find(cei_table *table, const char *rows, uint32_t count, void **values, uint8_t *is_new)
{
    memset(is_new, 0, count);
    switch (table->layout) {
    case CEI_TABLE_ARRAY:
        return find_by_index(table, rows, count, values, is_new);
    case CEI_TABLE_WORDS:
        return find_by_words(table, rows, count, values, is_new);
    default:
        return find_by_cell(table, rows, count, values, is_new);
    }
}

/* The value behind each word, or NULL; what the loop reads is in locals. */
static inline __attribute__((always_inline)) void look_up_one(const cei_table *table, const uint64_t *words,
                                                              const uint32_t *hashes, uint32_t count,
                                                              uint32_t slot_bytes, void **values)
{
    char *const slots = table->slots;
    const uint64_t mask = table->capacity - 1;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t word = words[i];
        uint64_t at = hashes[i] & mask, there;
        while ((there = word_of(slots + at * slot_bytes)) != word && there) {
            at = (at + 1) & mask;
        }
        values[i] = there ? slots + at * slot_bytes + sizeof word : NULL;
        if (__builtin_expect(word == 0, 0)) {
            values[i] = table->zero ? table->zero + table->value_at : NULL;
        }
    }
}

static void look_up_words(const cei_table *table, const char *rows, uint32_t row_bytes, uint32_t count, void **values)
{
    uint64_t words[2 * CEI_TABLE_BLOCK_ROWS];
    uint32_t hashes[CEI_TABLE_BLOCK_ROWS];
    const uint64_t mask = table->capacity - 1, *word = words;
    const bool two = has_two_words(table);
    cei_key_words(table->key, rows, row_bytes, count, words, hashes);
    if (table->capacity * table->slot_bytes > near_bytes_max) {
        prefetch_slots(table, hashes, count);
    }
    if (!two && table->slot_bytes == 16) {
        look_up_one(table, words, hashes, count, 16, values);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t first = *word++, second = two ? *word++ : 0;
        uint64_t at = hashes[i] & mask;
        char *slot = table->slots + at * table->slot_bytes;
        while (((word_of(slot) ^ first) | (two ? word_of(slot + 8) ^ second : 0)) != 0 && has_words(slot, two)) {
            at = (at + 1) & mask;
            slot = table->slots + at * table->slot_bytes;
        }
        slot = (first | second) == 0 ? table->zero : has_words(slot, two) ? slot : NULL;
        values[i] = slot ? slot + table->value_at : NULL;
    }
}

static ce_status look_up_cells(cei_table *table, const char *rows, uint32_t row_bytes, uint32_t count, void **values)
{
    cei_keys keys;
    const uint64_t mask = table->capacity - 1;
    keys.slots = table->slots;
    keys.mask = mask;
    keys.slot_bytes = table->slot_bytes;
    CE_TRY(cei_keys_make(&keys, table->key, table->form, rows, row_bytes, count, &table->scratch));
    for (uint32_t i = 0, l = 0; i < count; i++) {
        const cei_cell *key = &keys.cells[i];
        ce_str text = {NULL, 0};
        if (l < keys.long_count && keys.longs[l] == i) {
            text = keys.texts[l++];
        }
        values[i] = NULL;
        for (uint64_t at = key->hash & mask; cell_at(table, at)->b; at = (at + 1) & mask) {
            cei_cell *cell = cell_at(table, at);
            if (cell->a == key->a && cell->b == key->b &&
                (!cei_cell_is_long(cell) || long_equal(table->longs[cell->number], text))) {
                values[i] = cell + 1;
                break;
            }
        }
    }
    return CE_OK;
}

ce_status cei_table_look_up(cei_table *table, const char *rows, uint32_t row_bytes, uint32_t count, void **values)
{
    if (table->used == 0) {
        memset(values, 0, count * sizeof *values);
        return CE_OK;
    }
    CE_TRY(table->capacity ? CE_OK : make_room(table, 1)); /* the key 0 alone */
    if (table->layout == CEI_TABLE_CELLS) {
        return look_up_cells(table, rows, row_bytes, count, values);
    }
    look_up_words(table, rows, row_bytes, count, values);
    return CE_OK;
}

/* ---- combining ---- */

/* Fills the value of a key's first row; false: the row is still to be merged into it. */
static bool begin_value(const cei_table *table, void *value, const char *from)
{
    const cei_combiner *combiner = table->combiner;
    if (combiner->create) {
        combiner->create->map(from, combiner->row->bytes, value, table->value_bytes, 1, NULL);
        return true;
    }
    memcpy(value, combiner->zero ? combiner->zero : from, table->value_bytes);
    return combiner->zero == NULL;
}

/* Values with parts: each is the table's own before the next row may see it. */
static ce_status push_owned(cei_table *table, void **values, const uint8_t *is_new, const char *from, uint32_t count)
{
    const cei_combiner *combiner = table->combiner;
    char before[256];
    for (uint32_t i = 0; i < count; i++, from += combiner->row->bytes) {
        const bool small = table->value_bytes <= sizeof before;
        const bool whole = is_new[i] && begin_value(table, values[i], from);
        if (!whole && !combiner->merge) {
            continue;
        }
        if (!whole) {
            if (small) {
                memcpy(before, values[i], table->value_bytes);
            }
            combiner->merge->combine(&values[i], from, 0, 1);
            if (small && !is_new[i] && memcmp(before, values[i], table->value_bytes) == 0) {
                continue;
            }
        }
        uint64_t used = table->keep.used_bytes;
        CE_TRY(cei_value_own(combiner->accumulator, values[i], &table->keep));
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
    char *zero = table->zero ? cei_arena_copy(&fresh, table->zero, table->slot_bytes) : NULL;
    if (table->zero && !zero) {
        status = CE_MEMORY;
    }
    for (uint32_t i = 0; i < table->long_count && status == CE_OK; i++) {
        char *copy = cei_arena_copy(&fresh, table->longs[i].at, table->longs[i].bytes);
        status = copy ? CE_OK : CE_MEMORY;
        table->longs[i].at = copy ? copy : table->longs[i].at;
    }
    char *old_zero = table->zero;
    table->zero = status == CE_OK ? zero : old_zero;
    for (uint64_t i = 0; i < cei_table_end(table) && status == CE_OK; i++) {
        void *value = cei_table_value(table, i);
        if (value) {
            status = cei_value_own(table->combiner->accumulator, value, &fresh);
        }
    }
    if (status != CE_OK) {
        table->zero = old_zero;
        cei_arena_close(&fresh); /* the task fails: nobody reads the half-moved slots */
        return status;
    }
    cei_arena_close(&table->keep);
    table->keep = fresh;
    table->kept_value_bytes = 0;
    return CE_OK;
}

/* Runs of rows whose keys were there already go to the kernel in one call. */
static void merge_flat(const cei_table *table, void **values, const uint8_t *is_new, const char *from, uint32_t count)
{
    const cei_combiner *combiner = table->combiner;
    const uint32_t stride = combiner->row->bytes;
    uint32_t first = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!is_new[i]) {
            continue;
        }
        if (i > first && combiner->merge) {
            combiner->merge->combine(values + first, from + (size_t)first * stride, stride, i - first);
        }
        first = begin_value(table, values[i], from + (size_t)i * stride) ? i + 1 : i;
    }
    if (count > first && combiner->merge) {
        combiner->merge->combine(values + first, from + (size_t)first * stride, stride, count - first);
    }
}

ce_status cei_table_push(cei_table *table, const char *rows, uint32_t count)
{
    void *values[CEI_TABLE_BLOCK_ROWS];
    uint8_t is_new[CEI_TABLE_BLOCK_ROWS];
    const cei_combiner *combiner = table->combiner;
    const uint32_t stride = combiner->row->bytes;
    table->pushed = 0;
    while (count) {
        uint32_t n = count < CEI_TABLE_BLOCK_ROWS ? count : CEI_TABLE_BLOCK_ROWS;
        const char *from = rows + combiner->value_offset;
        CE_TRY(cei_table_find(table, rows, n, values, is_new));
        rows += (size_t)n * stride;
        count -= n;
        table->pushed += n;
        if (!table->flat_values) {
            table->broken = true; /* until all values are its own */
            CE_TRY(push_owned(table, values, is_new, from, n));
            if (table->kept_value_bytes > rebuild_bytes_min && table->kept_value_bytes > table->keep.used_bytes / 2 &&
                table->used * 64 < table->kept_value_bytes) {
                CE_TRY(rebuild_keep(table));
            }
            table->broken = false;
        } else if (!combiner->value) {
            continue;
        } else if (combiner->merge && !memchr(is_new, 1, n)) {
            combiner->merge->combine(values, from, stride, n);
        } else {
            merge_flat(table, values, is_new, from, n);
        }
    }
    return CE_OK;
}

/* ---- reading ---- */

uint64_t cei_table_end(const cei_table *table)
{
    return table->capacity + (table->zero != NULL);
}

/* The slot at a place, or NULL. */
static inline char *slot_at(const cei_table *table, uint64_t place)
{
    char *slot = place < table->capacity ? table->slots + place * table->slot_bytes : table->zero;
    switch (table->layout) {
    case CEI_TABLE_ARRAY:
        return table->present[place] ? slot : NULL;
    case CEI_TABLE_WORDS:
        return place == table->capacity || has_words(slot, has_two_words(table)) ? slot : NULL;
    default:
        return ((const cei_cell *)(const void *)slot)->b ? slot : NULL;
    }
}

void *cei_table_value(const cei_table *table, uint64_t place)
{
    char *slot = slot_at(table, place);
    return slot ? slot + table->value_at : NULL;
}

/* memcpy without a call for what is usual. */
static inline void copy(char *to, const char *from, uint32_t bytes)
{
    switch (bytes) {
    case 4:
        memcpy(to, from, 4);
        break;
    case 8:
        memcpy(to, from, 8);
        break;
    case 16:
        memcpy(to, from, 16);
        break;
    default:
        memcpy(to, from, bytes);
    }
}

static inline ce_status key_of(const cei_table *table, uint64_t place, const char *slot, void *key, cei_arena *arena)
{
    if (table->layout == CEI_TABLE_CELLS) {
        const cei_cell *cell = (const cei_cell *)(const void *)slot;
        ce_str text = cei_cell_is_long(cell) ? table->longs[cell->number] : (ce_str){NULL, 0};
        if (table->form == CEI_KEY_STR) {
            text = text.bytes ? text : (ce_str){(const char *)&cell->a, (uint32_t)(cell->b >> 56) - 1};
            memcpy(key, &text, sizeof text);
            return CE_OK;
        }
        return cei_key_value(table->key, table->form, cell, text, key, arena);
    }
    const uint64_t index = table->base + place;
    copy(key, table->layout == CEI_TABLE_ARRAY ? (const char *)&index : slot, table->key->bytes);
    return CE_OK;
}

ce_status cei_table_key(const cei_table *table, uint64_t place, void *key, cei_arena *arena)
{
    return key_of(table, place, slot_at(table, place), key, arena);
}

ce_status cei_table_scan(const cei_table *table, uint64_t *position, uint32_t count_max, char *rows, cei_arena *arena,
                         uint32_t *count)
{
    const cei_combiner *combiner = table->combiner;
    const uint32_t row_bytes = combiner->out->bytes;
    const uint64_t end = cei_table_end(table);
    uint32_t n = 0;
    uint64_t i = *position;
    const bool two_words = table->layout == CEI_TABLE_WORDS && table->key->bytes == 8 && row_bytes == 16 &&
                           table->slot_bytes == 16 && table->value_bytes == 8;
    for (; two_words && i < table->capacity && n < count_max; i++) {
        /* The usual pair: written whether it is one or not, so that nothing branches on it. */
        const char *slot = table->slots + i * 16;
        memcpy(rows, slot, 16);
        const uint32_t is = word_of(slot) != 0;
        rows += is * 16;
        n += is;
    }
    for (; i < end && n < count_max; i++) {
        const char *slot = slot_at(table, i);
        if (!slot) {
            continue;
        }
        CE_TRY(key_of(table, i, slot, rows, arena));
        copy(rows + combiner->accumulator_offset, slot + table->value_at, table->value_bytes);
        rows += row_bytes;
        n++;
    }
    *position = i;
    *count = n;
    return CE_OK;
}
