/*
 * order.c: prefixes and comparisons of rows. See order.h.
 */
#include "shuffle/order.h"
#include "base/error.h"
#include "data/value.h"
#include <math.h>

enum { CHUNK_BYTES = 4096, CHUNK_ROWS = 256 };
static const uint64_t sign_bit = (uint64_t)1 << 63;

/* ---- one key ---- */

static uint64_t prefix_of_double(double number)
{
    uint64_t bits;
    if (isnan(number)) {
        return UINT64_MAX;
    }
    number += 0.0; /* -0.0 equals 0.0 */
    memcpy(&bits, &number, sizeof bits);
    return bits & sign_bit ? ~bits : bits | sign_bit;
}

static uint64_t prefix_of(const ce_type *type, const char *at)
{
    uint64_t bits = 0;
    double number;
    float small;
    ce_str str;
    switch (type->kind) {
    case CE_KIND_STR:
        memcpy(&str, at, sizeof str);
        return cei_str_prefix(str.at, str.bytes);
    case CE_KIND_FLOAT64:
        memcpy(&number, at, sizeof number);
        return prefix_of_double(number);
    case CE_KIND_FLOAT32:
        memcpy(&small, at, sizeof small);
        return prefix_of_double((double)small);
    case CE_KIND_RECORD:
    case CE_KIND_PAIR:
        return prefix_of(type->fields[0].type, at + type->fields[0].offset);
    case CE_KIND_OPTION:
        return *at ? sign_bit | prefix_of(type->fields[1].type, at + type->fields[1].offset) >> 1 : 0;
    case CE_KIND_LIST:
        return 0;
    case CE_KIND_INT8:
    case CE_KIND_INT16:
    case CE_KIND_INT32:
    case CE_KIND_INT64:
        memcpy(&bits, at, type->bytes);
        return (bits << (64 - 8 * type->bytes)) ^ sign_bit;
    default:
        memcpy(&bits, at, type->bytes);
        return bits << (64 - 8 * type->bytes);
    }
}

bool cei_order_is_decided(const cei_order *order)
{
    return order->by == CEI_ORDER_BY_VALUE && cei_prefix_is_key(order->key);
}

/* ---- rows ---- */

/* The common kinds have loops of their own. */
void cei_key_prefixes(const ce_type *key, const char *at, size_t stride, uint32_t count, uint64_t *prefixes)
{
    ce_str str;
    for (uint32_t i = 0; i < count && key->kind == CE_KIND_INT64; i++, at += stride) {
        memcpy(&prefixes[i], at, sizeof *prefixes);
        prefixes[i] ^= sign_bit;
    }
    for (uint32_t i = 0; i < count && key->kind == CE_KIND_STR; i++, at += stride) {
        memcpy(&str, at, sizeof str);
        prefixes[i] = cei_str_prefix(str.at, str.bytes);
    }
    for (uint32_t i = 0; i < count && key->kind != CE_KIND_INT64 && key->kind != CE_KIND_STR; i++, at += stride) {
        prefixes[i] = prefix_of(key, at);
    }
}

static ce_status prefixes_of_hashes(const cei_order *order, const char *at, size_t stride, uint32_t count,
                                    uint64_t *prefixes)
{
    uint32_t hashes[CHUNK_ROWS];
    cei_buffer scratch = {0};
    ce_status status = cei_key_hashes(order->key, cei_key_form_of(order->key), at, stride, count, hashes, &scratch);
    cei_buffer_close(&scratch);
    for (uint32_t i = 0; i < count && status == CE_OK; i++) {
        prefixes[i] = hashes[i];
    }
    return status;
}

ce_status cei_order_prefixes(const cei_order *order, const char *rows, uint32_t count, uint64_t *prefixes)
{
    _Alignas(16) char keys[CHUNK_BYTES];
    const size_t row_bytes = order->row->bytes;
    uint32_t chunk = CHUNK_ROWS;
    if (order->derive) {
        chunk = order->key->bytes < CHUNK_BYTES / CHUNK_ROWS ? CHUNK_ROWS : CHUNK_BYTES / order->key->bytes;
    }
    for (uint32_t done = 0; done < count; done += chunk) {
        const uint32_t n = count - done < chunk ? count - done : chunk;
        const char *at = rows + done * row_bytes + order->key_offset;
        size_t stride = row_bytes;
        if (order->by == CEI_ORDER_BY_FUNCTION) {
            memset(prefixes + done, 0, n * sizeof *prefixes);
            continue;
        }
        if (order->derive) {
            order->derive->map(rows + done * row_bytes, (uint32_t)row_bytes, keys, order->key->bytes, n,
                               order->derive_env);
            at = keys;
            stride = order->key->bytes;
        }
        if (order->by == CEI_ORDER_BY_HASH) {
            CE_TRY(prefixes_of_hashes(order, at, stride, n, prefixes + done));
        } else {
            cei_key_prefixes(order->key, at, stride, n, prefixes + done);
        }
        for (uint32_t i = 0; order->descending && i < n; i++) {
            prefixes[done + i] = ~prefixes[done + i];
        }
    }
    return CE_OK;
}

int cei_order_compare_rest(const cei_order *order, const char *a, const char *b)
{
    _Alignas(16) char key_a[CHUNK_BYTES], key_b[CHUNK_BYTES];
    if (order->derive) {
        const uint32_t row_bytes = order->row->bytes, key_bytes = order->key->bytes;
        order->derive->map(a, row_bytes, key_a, key_bytes, 1, order->derive_env);
        order->derive->map(b, row_bytes, key_b, key_bytes, 1, order->derive_env);
        a = key_a;
        b = key_b;
    } else {
        a += order->key_offset;
        b += order->key_offset;
    }
    int compared =
        order->by == CEI_ORDER_BY_FUNCTION ? order->compare->compare(a, b) : ce_type_compare(order->key, a, b);
    return order->descending ? (compared < 0) - (compared > 0) : compared;
}

ce_status cei_order_compare(const cei_order *order, const char *a, const char *b, int *result)
{
    uint64_t prefix_a, prefix_b;
    CE_TRY(cei_order_prefixes(order, a, 1, &prefix_a));
    CE_TRY(cei_order_prefixes(order, b, 1, &prefix_b));
    *result = prefix_a != prefix_b          ? (prefix_a > prefix_b) - (prefix_a < prefix_b)
              : cei_order_is_decided(order) ? 0
                                            : cei_order_compare_rest(order, a, b);
    return CE_OK;
}
