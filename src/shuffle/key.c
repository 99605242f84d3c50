/*
 * key.c: keys as cells. The three forms differ only in where the bytes come from; hash and inline form are the same
 * for all, so that equal keys meet whatever way they came.
 */
#include "shuffle/key.h"
#include "base/error.h"
#include "data/wire.h"
#include <math.h>

cei_key_form cei_key_form_of(const ce_type *key)
{
    switch (key->kind) {
    case CE_KIND_STR:
        return CEI_KEY_STR;
    case CE_KIND_RECORD:
    case CE_KIND_PAIR:
    case CE_KIND_OPTION:
    case CE_KIND_LIST:
        return CEI_KEY_WIRE;
    default:
        return CEI_KEY_NUMBER;
    }
}

static void cell_of_long(cei_cell *cell, const char *at, uint32_t bytes)
{
    memcpy(&cell->a, at, 8);
    cell->b = (uint64_t)(uintptr_t)at;
    cell->hash = (uint32_t)(cei_hash_bytes(at, bytes, 0) >> 16);
}

/* The cell of at most CEI_CELL_INLINE_BYTES bytes; of a longer key only the size is right. */
static inline __attribute__((always_inline)) void cell_of_short(cei_cell *cell, const char *at, uint32_t bytes)
{
    cell->size = bytes + 1;
#if defined(__SSE2__)
    static const uint8_t keep[32] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    at = bytes ? at : (const char *)keep; /* an empty string may point nowhere, or behind the last page */
    if (__builtin_expect(ce_str_load_is_safe(at, CEI_CELL_INLINE_BYTES), 1)) {
        uint32_t kept = bytes < CEI_CELL_INLINE_BYTES ? bytes : CEI_CELL_INLINE_BYTES;
        __m128i raw = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i mask = _mm_loadu_si128((const __m128i *)(const void *)(keep + CEI_CELL_INLINE_BYTES - kept));
        _mm_storeu_si128((__m128i *)(void *)&cell->a, _mm_and_si128(raw, mask));
    } else
#endif
    {
        cell->a = cell->b = 0;
        if (bytes) {
            memcpy(&cell->a, at, bytes < CEI_CELL_INLINE_BYTES ? bytes : CEI_CELL_INLINE_BYTES);
        }
    }
    cell->hash = (uint32_t)cei_hash_mix(cell->a, cell->b);
}

static inline void cell_of_bytes(cei_cell *cell, const char *at, uint32_t bytes)
{
    cell_of_short(cell, at, bytes);
    if (bytes > CEI_CELL_INLINE_BYTES) {
        cell_of_long(cell, at, bytes);
    }
}

/* All as if short, then the long ones again: whether a key is long is as hard to predict as the data, so nothing
 * branches on it. */
static void str_cells(const char *keys, size_t stride, uint32_t count, cei_cell *cells)
{
    enum { AT_ONCE = 512 };
    uint16_t longs[AT_ONCE];
    while (count) {
        uint32_t n = count < AT_ONCE ? count : AT_ONCE, long_count = 0;
        for (uint32_t i = 0; i < n; i++) {
            ce_str str;
            memcpy(&str, keys + i * stride, sizeof str);
            cell_of_short(&cells[i], str.at, str.bytes);
            longs[long_count] = (uint16_t)i;
            long_count += str.bytes > CEI_CELL_INLINE_BYTES;
        }
        for (uint32_t i = 0; i < long_count; i++) {
            ce_str str;
            memcpy(&str, keys + longs[i] * stride, sizeof str);
            cell_of_long(&cells[longs[i]], str.at, str.bytes);
        }
        keys += n * stride;
        cells += n;
        count -= n;
    }
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

static void number_cells(const ce_type *key, const char *keys, size_t stride, uint32_t count, cei_cell *cells)
{
    for (uint32_t i = 0; i < count; i++, keys += stride) {
        uint64_t bits = number_bits(key, keys);
        cells[i] = (cei_cell){.a = bits, .size = key->bytes + 1, .hash = (uint32_t)cei_hash_mix(bits, 0)};
    }
}

static void int64_cells(const char *keys, size_t stride, uint32_t count, cei_cell *cells)
{
    for (uint32_t i = 0; i < count; i++, keys += stride) {
        uint64_t bits;
        memcpy(&bits, keys, 8);
        cells[i] = (cei_cell){.a = bits, .size = 9, .hash = (uint32_t)cei_hash_mix(bits, 0)};
    }
}

static ce_status wire_cells(const ce_type *key, const char *keys, size_t stride, uint32_t count, cei_cell *cells,
                            cei_buffer *scratch)
{
    scratch->count = 0;
    for (uint32_t i = 0; i < count; i++, keys += stride) {
        cells[i].a = scratch->count; /* an offset, until the buffer stands still */
        cei_wire_put_value(scratch, key, keys);
        cells[i].b = scratch->count - cells[i].a;
    }
    CE_TRY(cei_buffer_status(scratch));
    for (uint32_t i = 0; i < count; i++) {
        cell_of_bytes(&cells[i], scratch->bytes + cells[i].a, (uint32_t)cells[i].b);
    }
    return CE_OK;
}

ce_status cei_key_cells(const ce_type *key, cei_key_form form, const char *keys, size_t stride, uint32_t count,
                        cei_cell *cells, cei_buffer *scratch)
{
    if (form == CEI_KEY_STR) {
        str_cells(keys, stride, count, cells);
    } else if (form == CEI_KEY_WIRE) {
        return wire_cells(key, keys, stride, count, cells, scratch);
    } else if (key->kind == CE_KIND_INT64 || key->kind == CE_KIND_UINT64) {
        int64_cells(keys, stride, count, cells);
    } else {
        number_cells(key, keys, stride, count, cells);
    }
    return CE_OK;
}

ce_status cei_key_value(const ce_type *key, cei_key_form form, const cei_cell *cell, void *value, cei_arena *arena)
{
    uint32_t bytes = cell->size - 1;
    const char *at = bytes > CEI_CELL_INLINE_BYTES ? (const char *)(uintptr_t)cell->b : (const char *)&cell->a;
    if (form == CEI_KEY_STR) {
        ce_str str = {at, bytes};
        memcpy(value, &str, sizeof str);
    } else if (form == CEI_KEY_NUMBER) {
        memcpy(value, at, key->bytes);
    } else {
        cei_wire_reader reader;
        cei_wire_reader_open(&reader, at, bytes, arena);
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
    cei_cell cell = {0};
    cei_buffer scratch = {0};
    ce_status status = cei_key_cells(key, cei_key_form_of(key), value, 0, 1, &cell, &scratch);
    cei_buffer_close(&scratch);
    *partition = cei_hash_partition(cell.hash, partitioner->count);
    return status;
}
