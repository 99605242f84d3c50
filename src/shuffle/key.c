/*
 * key.c: keys as cells. The three forms differ only in where the bytes come from; hash and cell are made alike for
 * all, so that equal keys meet whatever way they came.
 */
#include "shuffle/key.h"
#include "base/error.h"
#include "data/wire.h"
#include "shuffle/range.h"
#include <math.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

uint32_t cei_key_hash_mask = UINT32_MAX;

/* Integers and nothing between them, so that equal values have equal bytes. */
static bool is_packed(const ce_type *type)
{
    uint32_t end = 0;
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (type->fields[i].offset != end || !is_packed(type->fields[i].type)) {
            return false;
        }
        end += type->fields[i].type->bytes;
    }
    return type->kind <= CE_KIND_UINT64 ||
           ((type->kind == CE_KIND_RECORD || type->kind == CE_KIND_PAIR) && end == type->bytes);
}

cei_key_form cei_key_form_of(const ce_type *key)
{
    switch (key->kind) {
    case CE_KIND_STR:
        return CEI_KEY_STR;
    case CE_KIND_RECORD:
    case CE_KIND_PAIR:
        return key->bytes > 0 && key->bytes <= 16 && is_packed(key) ? CEI_KEY_WORDS : CEI_KEY_WIRE;
    case CE_KIND_OPTION:
    case CE_KIND_LIST:
        return CEI_KEY_WIRE;
    default:
        return CEI_KEY_WORDS;
    }
}

static inline uint32_t hash_of(uint64_t a, uint64_t b)
{
    return (uint32_t)cei_hash_mix(a, b) & cei_key_hash_mask;
}

static void make_long(cei_cell *cell, ce_str text)
{
    cei_hash_bytes_wide(text.at, text.bytes, &cell->a, &cell->b);
    cell->b |= (uint64_t)CEI_CELL_LONG << 56;
    cell->hash = hash_of(cell->a, cell->b);
}

/* The cell of at most CEI_CELL_INLINE_BYTES bytes; of more it is garbage. */
static inline __attribute__((always_inline)) void make_short(cei_cell *cell, ce_str text)
{
    uint64_t a = 0, b = 0;
#if defined(__SSE2__)
    static const uint8_t keep[32] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    const char *at = text.bytes ? text.at : (const char *)keep; /* an empty string may point anywhere */
    if (__builtin_expect(ce_str_load_is_safe(at, 16), 1)) {
        uint32_t kept = text.bytes & 15;
        __m128i raw = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i mask = _mm_loadu_si128((const __m128i *)(const void *)(keep + 16 - kept));
        __m128i bytes = _mm_and_si128(raw, mask);
        a = (uint64_t)_mm_cvtsi128_si64(bytes);
        b = (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(bytes, bytes));
    } else
#endif
        if (text.bytes <= CEI_CELL_INLINE_BYTES) {
        char copy[16] = {0};
        if (text.bytes) {
            memcpy(copy, text.at, text.bytes);
        }
        memcpy(&a, copy, 8);
        memcpy(&b, copy + 8, 8);
    }
    b |= (uint64_t)(text.bytes + 1) << 56;
    cell->a = a;
    cell->b = b;
    cell->hash = hash_of(a, b);
}

static inline void prefetch(const char *slots, uint64_t mask, uint32_t slot_bytes, uint32_t hash)
{
    __builtin_prefetch(slots + (hash & mask) * slot_bytes, 1);
}

static void make_shorts(cei_keys *keys, const char *from, size_t stride, uint32_t count)
{
    const char *const slots = keys->slots;
    const uint64_t mask = keys->mask;
    const uint32_t slot_bytes = keys->slot_bytes;
    for (uint32_t i = 0; i < count; i++, from += stride) {
        ce_str text;
        memcpy(&text, from, sizeof text);
        make_short(&keys->cells[i], text);
        prefetch(slots, mask, slot_bytes, keys->cells[i].hash);
    }
}

#if defined(__x86_64__)
/* The same with loads that touch the string's own bytes only: nothing to check before, nothing to clear after. */
__attribute__((target("avx512f,avx512bw,avx512vl,bmi2"))) static void
make_shorts_avx512(cei_keys *keys, const char *from, size_t stride, uint32_t count)
{
    const char *const slots = keys->slots;
    const uint64_t mask = keys->mask;
    const uint32_t slot_bytes = keys->slot_bytes;
    for (uint32_t i = 0; i < count; i++, from += stride) {
        ce_str text;
        memcpy(&text, from, sizeof text);
        __m128i bytes = _mm_maskz_loadu_epi8((__mmask16)_bzhi_u32(0xFFFF, text.bytes & 15), text.at);
        cei_cell *cell = &keys->cells[i];
        cell->a = (uint64_t)_mm_cvtsi128_si64(bytes);
        cell->b = (uint64_t)_mm_extract_epi64(bytes, 1) | (uint64_t)(text.bytes + 1) << 56;
        cell->hash = hash_of(cell->a, cell->b);
        prefetch(slots, mask, slot_bytes, cell->hash);
    }
}
#endif

/* All as if short, then the long ones again: whether a key is long is as hard to predict as the data, so nothing
 * branches on it. */
static void str_keys(cei_keys *keys, const char *from, size_t stride, uint32_t count)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2")) {
        make_shorts_avx512(keys, from, stride, count);
    } else
#endif
    {
        make_shorts(keys, from, stride, count);
    }
    uint32_t long_count = 0;
    const char *at = from;
    for (uint32_t i = 0; i < count; i++, at += stride) {
        uint32_t bytes;
        memcpy(&bytes, at + offsetof(ce_str, bytes), sizeof bytes);
        keys->longs[long_count] = (uint16_t)i;
        long_count += bytes > CEI_CELL_INLINE_BYTES;
    }
    for (uint32_t i = 0; i < long_count; i++) {
        cei_cell *cell = &keys->cells[keys->longs[i]];
        memcpy(&keys->texts[i], from + keys->longs[i] * stride, sizeof(ce_str));
        make_long(cell, keys->texts[i]);
        prefetch(keys->slots, keys->mask, keys->slot_bytes, cell->hash);
    }
    keys->long_count = long_count;
}

/* Equal numbers have equal bytes: one NaN, no -0.0. */
static uint64_t number_bits(const ce_type *type, const char *at)
{
    uint64_t bits = 0;
    if (type->kind == CE_KIND_FLOAT64) {
        double number;
        memcpy(&number, at, 8);
        number = isnan(number) ? (double)NAN : number + 0.0;
        memcpy(&bits, &number, 8);
    } else if (type->kind == CE_KIND_FLOAT32) {
        float number;
        memcpy(&number, at, 4);
        number = isnan(number) ? NAN : number + 0.0F;
        memcpy(&bits, &number, 4);
    } else {
        memcpy(&bits, at, type->bytes);
    }
    return bits;
}

/* The words of key_bytes bytes each, which the compiler knows: nothing branches. */
static inline __attribute__((always_inline)) void load_words(const char *from, size_t stride, uint32_t count,
                                                             uint32_t key_bytes, uint64_t *words, uint32_t *hashes)
{
    const uint64_t end = key_bytes > CEI_CELL_INLINE_BYTES ? 0 : (uint64_t)(key_bytes + 1) << 56;
    const uint32_t mask = cei_key_hash_mask;
    for (uint32_t i = 0; i < count; i++, from += stride) {
        uint64_t word[2] = {0, 0};
        memcpy(word, from, key_bytes);
        *words++ = word[0];
        if (key_bytes > 8) {
            *words++ = word[1];
        }
        hashes[i] = (uint32_t)cei_hash_mix(word[0], word[1] | end) & mask;
    }
}

void cei_key_words(const ce_type *key, const char *from, size_t stride, uint32_t count, uint64_t *words,
                   uint32_t *hashes)
{
    if (key->kind == CE_KIND_FLOAT64 || key->kind == CE_KIND_FLOAT32) {
        for (uint32_t i = 0; i < count; i++, from += stride) {
            words[i] = number_bits(key, from);
            hashes[i] = cei_words_hash(key, &words[i]);
        }
        return;
    }
    switch (key->bytes) {
#define CASE(n)                                                                                                        \
    case n:                                                                                                            \
        load_words(from, stride, count, n, words, hashes);                                                             \
        break;
        CASE(1)
        CASE(2)
        CASE(4)
        CASE(8)
        CASE(16)
#undef CASE
    default:
        load_words(from, stride, count, key->bytes, words, hashes);
    }
}

/* A key of 16 bytes does not fit into a cell: what of it is in the length's place goes into the other word, and the
 * bytes decide. */
static inline void make_whole(cei_cell *cell, const uint64_t *words)
{
    cell->a = words[0] ^ (words[1] >> 56) * 0x9E3779B97F4A7C15ull;
    cell->b = words[1] | (uint64_t)CEI_CELL_LONG << 56;
}

static void word_keys(cei_keys *keys, const ce_type *key, const char *from, size_t stride, uint32_t count)
{
    uint64_t words[2 * CEI_KEYS_MAX];
    uint32_t hashes[CEI_KEYS_MAX];
    const uint64_t end = (uint64_t)(key->bytes + 1) << 56;
    const uint32_t word_count = cei_key_word_count(key);
    const bool is_whole = key->bytes > CEI_CELL_INLINE_BYTES;
    cei_key_words(key, from, stride, count, words, hashes);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t *word = &words[(size_t)i * word_count];
        keys->cells[i] = (cei_cell){.a = word[0], .b = (word_count == 2 ? word[1] : 0) | end, .hash = hashes[i]};
        if (is_whole) {
            make_whole(&keys->cells[i], word);
            keys->longs[i] = (uint16_t)i;
            keys->texts[i] = (ce_str){from + i * stride, key->bytes};
        }
        prefetch(keys->slots, keys->mask, keys->slot_bytes, hashes[i]);
    }
    keys->long_count = is_whole ? count : 0;
}

static ce_status wire_keys(cei_keys *keys, const ce_type *key, const char *from, size_t stride, uint32_t count,
                           cei_buffer *scratch)
{
    size_t ends[CEI_KEYS_MAX];
    scratch->count = 0;
    for (uint32_t i = 0; i < count; i++, from += stride) {
        cei_wire_put_value(scratch, key, from);
        ends[i] = scratch->count;
    }
    CE_TRY(cei_buffer_status(scratch));
    size_t begin = 0;
    for (uint32_t i = 0; i < count; begin = ends[i++]) {
        ce_str text = {scratch->bytes + begin, (uint32_t)(ends[i] - begin)};
        if (text.bytes <= CEI_CELL_INLINE_BYTES) {
            make_short(&keys->cells[i], text);
        } else {
            make_long(&keys->cells[i], text);
            keys->texts[keys->long_count] = text;
            keys->longs[keys->long_count++] = (uint16_t)i;
        }
        prefetch(keys->slots, keys->mask, keys->slot_bytes, keys->cells[i].hash);
    }
    return CE_OK;
}

ce_status cei_keys_make(cei_keys *keys, const ce_type *key, cei_key_form form, const char *from, size_t stride,
                        uint32_t count, cei_buffer *scratch)
{
    keys->long_count = 0;
    if (form == CEI_KEY_STR) {
        str_keys(keys, from, stride, count);
    } else if (form == CEI_KEY_WIRE) {
        return wire_keys(keys, key, from, stride, count, scratch);
    } else {
        word_keys(keys, key, from, stride, count);
    }
    return CE_OK;
}

ce_status cei_key_hashes(const ce_type *key, cei_key_form form, const char *from, size_t stride, uint32_t count,
                         uint32_t *hashes, cei_buffer *scratch)
{
    cei_keys keys;
    uint64_t words[2 * CEI_KEYS_MAX];
    if (form == CEI_KEY_WORDS) {
        cei_key_words(key, from, stride, count, words, hashes);
        return CE_OK;
    }
    keys.slots = NULL;
    keys.mask = keys.slot_bytes = 0;
    CE_TRY(cei_keys_make(&keys, key, form, from, stride, count, scratch));
    for (uint32_t i = 0; i < count; i++) {
        hashes[i] = keys.cells[i].hash;
    }
    return CE_OK;
}

ce_status cei_key_value(const ce_type *key, cei_key_form form, const cei_cell *cell, ce_str text, void *value,
                        cei_arena *arena)
{
    if (!cei_cell_is_long(cell)) {
        text = (ce_str){(const char *)&cell->a, (uint32_t)(cell->b >> 56) - 1};
    }
    if (form == CEI_KEY_STR) {
        memcpy(value, &text, sizeof text);
    } else if (form == CEI_KEY_WORDS) {
        memcpy(value, text.at, key->bytes);
    } else {
        cei_wire_reader reader;
        cei_wire_reader_open(&reader, text.at, text.bytes, arena);
        memset(value, 0, key->bytes);
        cei_wire_view_value(&reader, key, value);
        return reader.failed ? reader.status : CE_OK;
    }
    return CE_OK;
}

ce_status cei_partition_of(const cei_partitioner *partitioner, const ce_type *key, const void *value,
                           uint32_t *partition)
{
    if (partitioner->kind == CEI_PARTITIONER_FUNCTION) {
        *partition = partitioner->function->partition(value, partitioner->count);
        if (*partition >= partitioner->count) {
            return cei_fail(CE_USER, "partitioner %s answered partition %u of %u", partitioner->function->name,
                            *partition, partitioner->count);
        }
        return CE_OK;
    }
    cei_buffer scratch = {0};
    if (partitioner->kind == CEI_PARTITIONER_RANGE) {
        return cei_range_partition(partitioner->range, value, 0, 1, &scratch, partition);
    }
    cei_keys keys;
    keys.slots = NULL;
    keys.mask = keys.slot_bytes = keys.cells[0].hash = 0;
    ce_status status = cei_keys_make(&keys, key, cei_key_form_of(key), value, 0, 1, &scratch);
    cei_buffer_close(&scratch);
    *partition = cei_hash_partition(keys.cells[0].hash, partitioner->count);
    return status;
}
