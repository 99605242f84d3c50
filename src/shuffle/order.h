/*
 * order.h: in which order rows are sorted, and eight bytes per row that mostly tell.
 *
 * A prefix is a number that orders like the key as far as it goes: all of it for a number, the first eight bytes of a
 * string, the hash for an order by hash. Rows with different prefixes are never looked at again.
 */
#ifndef CERIUM_SHUFFLE_ORDER_H
#define CERIUM_SHUFFLE_ORDER_H

#include "shuffle/key.h"

typedef enum cei_order_by {
    CEI_ORDER_BY_VALUE,    /* of the key, as ce_type_compare has it */
    CEI_ORDER_BY_FUNCTION, /* the user's, of CE_COMPARE, over the key */
    CEI_ORDER_BY_HASH,     /* of the key's hash, then of its value: equal keys stand together */
} cei_order_by;

typedef struct cei_order {
    cei_order_by by;
    const ce_type *row;
    const ce_type *key; /* at key_offset of a row; with derive: what it gives */
    uint32_t key_offset;
    const ce_function *derive; /* CE_FUNCTION_MAP row -> key, or NULL; env as of its node */
    const void *derive_env;
    const ce_function *compare; /* of CEI_ORDER_BY_FUNCTION */
    bool descending;
} cei_order;

/* The first eight bytes of a string, zeros behind a shorter one. Whether it is shorter is as hard to predict as the
 * data, so nothing branches on it. */
static inline uint64_t cei_str_prefix(const char *at, uint32_t bytes)
{
    static const uint64_t kept[9] = {
        0, 0xFF, 0xFFFF, 0xFFFFFF, 0xFFFFFFFF, 0xFFFFFFFFFF, 0xFFFFFFFFFFFF, 0xFFFFFFFFFFFFFF, UINT64_MAX};
    uint64_t word = 0;
    bytes = bytes < sizeof word ? bytes : sizeof word;
    at = bytes ? at : (const char *)kept; /* an empty string may point anywhere */
    if (__builtin_expect(ce_str_load_is_safe(at, sizeof word), 1)) {
        memcpy(&word, at, sizeof word);
        word &= kept[bytes];
    } else {
        memcpy(&word, at, bytes);
    }
    return __builtin_bswap64(word);
}

/* The prefixes, ascending, of count keys, stride bytes from one to the next. */
void cei_key_prefixes(const ce_type *key, const char *at, size_t stride, uint32_t count, uint64_t *prefixes);

/* Whether keys with equal prefixes are equal. */
static inline bool cei_prefix_is_key(const ce_type *key)
{
    return key->kind <= CE_KIND_FLOAT64;
}

/* Whether rows with equal prefixes are equal. */
bool cei_order_is_decided(const cei_order *order);

/* The prefixes of count rows that stand one behind the other. Calls derive. CE_MEMORY. */
ce_status cei_order_prefixes(const cei_order *order, const char *rows, uint32_t count, uint64_t *prefixes);

/* How two rows compare whose prefixes are equal: < 0, 0, > 0. Calls derive and compare. */
int cei_order_compare_rest(const cei_order *order, const char *a, const char *b);

/* How two rows compare. CE_MEMORY. */
ce_status cei_order_compare(const cei_order *order, const char *a, const char *b, int *result);

#endif
