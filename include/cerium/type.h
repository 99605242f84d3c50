/*
 * type.h: ce_type, the description of an element, and the macros that make one together with the C struct.
 *
 * An element is a fixed-size C value. Its type says how it is laid out, which is all that Cerium needs to hash,
 * compare, copy, serialise, print and parse it. Types are equal when their structure is equal: the names of structs
 * and fields do not count, so a function over your own `struct { ce_str key; int64_t value; }` accepts any pair(str,
 * int64).
 *
 *     CE_RECORD(visit, (ce_str, url), (int64_t, at_ms), (double, seconds));
 *     CE_PAIR(word_count, ce_str, int64_t);      struct { ce_str key; int64_t value; }
 *     CE_LIST(longs, int64_t);                   struct { const int64_t *at; uint32_t count; }
 *     CE_OPTION(maybe_double, double);           struct { bool present; double value; }
 *
 * Each also defines ce_type_NAME, which CE_TYPE(NAME) points to. Types are constant: any thread, any time.
 */
#ifndef CERIUM_TYPE_H
#define CERIUM_TYPE_H

#include <cerium/str.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ce_kind {
    CE_KIND_BOOL = 1,
    CE_KIND_INT8,
    CE_KIND_INT16,
    CE_KIND_INT32,
    CE_KIND_INT64,
    CE_KIND_UINT8,
    CE_KIND_UINT16,
    CE_KIND_UINT32,
    CE_KIND_UINT64,
    CE_KIND_FLOAT32,
    CE_KIND_FLOAT64,
    CE_KIND_STR,
    CE_KIND_RECORD, /* named fields */
    CE_KIND_PAIR,   /* two fields, key and value */
    CE_KIND_OPTION, /* two fields, present and value */
    CE_KIND_LIST,   /* pointer and count; element says of what */
} ce_kind;

typedef struct ce_type ce_type;

typedef struct ce_field {
    const char *name;
    const ce_type *type;
    uint32_t offset; /* bytes from the start of the value */
} ce_field;

struct ce_type {
    const char *name; /* for messages; NULL for a derived type: ce_type_text spells it out */
    ce_kind kind;
    uint32_t bytes, align;
    uint32_t field_count;   /* of a record, pair or option */
    const ce_field *fields; /* in order of offset */
    const ce_type *element; /* of a list */
};

/* A list of fixed-size elements; what a CE_LIST struct is laid out as. */
typedef struct ce_list {
    const void *at;
    uint32_t count;
} ce_list;

CE_API extern const ce_type ce_type_bool, ce_type__Bool, ce_type_int8_t, ce_type_int16_t, ce_type_int32_t,
    ce_type_int64_t, ce_type_uint8_t, ce_type_uint16_t, ce_type_uint32_t, ce_type_uint64_t, ce_type_float,
    ce_type_double, ce_type_ce_str;

/* The type of a C type that has one: a scalar above, ce_str, or a name made by a macro below. */
#define CE_TYPE(T) (&ce_type_##T)

/* Equal in structure. NULL equals NULL only. */
CE_API bool ce_type_equal(const ce_type *a, const ce_type *b);

/* Writes the type as a person reads it, such as "pair(str, int64)", cut at bytes with a NUL; returns text. */
CE_API const char *ce_type_text(const ce_type *type, char *text, size_t bytes);

/* Three-way order of two values: numbers by value (NaN last and equal to itself), strings by byte, false before true,
 * an absent option first, records, pairs and lists field by field. */
CE_API int ce_type_compare(const ce_type *type, const void *a, const void *b);

/* Writes a value to text as Spark's shell prints it: (a,1) for pairs, [1, 2] for lists; cut at bytes with a NUL;
 * returns text. */
CE_API const char *ce_type_print(const ce_type *type, const void *value, char *text, size_t bytes);

#define CE_TYPE_UNUSED __attribute__((unused))

/* struct NAME { K key; V value; } */
#define CE_PAIR(NAME, K, V)                                                                                            \
    typedef struct NAME {                                                                                              \
        K key;                                                                                                         \
        V value;                                                                                                       \
    } NAME;                                                                                                            \
    static const ce_field ce_fields_##NAME[2] CE_TYPE_UNUSED = {{"key", &ce_type_##K, offsetof(NAME, key)},            \
                                                                {"value", &ce_type_##V, offsetof(NAME, value)}};       \
    static const ce_type ce_type_##NAME CE_TYPE_UNUSED = {#NAME, CE_KIND_PAIR,     sizeof(NAME), _Alignof(NAME),       \
                                                          2,     ce_fields_##NAME, NULL}

/* struct NAME { bool present; T value; } */
#define CE_OPTION(NAME, T)                                                                                             \
    typedef struct NAME {                                                                                              \
        bool present;                                                                                                  \
        T value;                                                                                                       \
    } NAME;                                                                                                            \
    static const ce_field ce_fields_##NAME[2] CE_TYPE_UNUSED = {{"present", &ce_type_bool, offsetof(NAME, present)},   \
                                                                {"value", &ce_type_##T, offsetof(NAME, value)}};       \
    static const ce_type ce_type_##NAME CE_TYPE_UNUSED = {#NAME, CE_KIND_OPTION,   sizeof(NAME), _Alignof(NAME),       \
                                                          2,     ce_fields_##NAME, NULL}

/* struct NAME { const T *at; uint32_t count; } */
#define CE_LIST(NAME, T)                                                                                               \
    typedef struct NAME {                                                                                              \
        const T *at;                                                                                                   \
        uint32_t count;                                                                                                \
    } NAME;                                                                                                            \
    static const ce_type ce_type_##NAME CE_TYPE_UNUSED = {#NAME, CE_KIND_LIST, sizeof(NAME), _Alignof(NAME),           \
                                                          0,     NULL,         &ce_type_##T}

/* struct NAME with the fields given as (type, name), 1 to 24 of them. */
#define CE_RECORD(NAME, ...)                                                                                           \
    typedef struct NAME {                                                                                              \
        CE_EACH_FIELD(CE_FIELD_MEMBER, NAME, __VA_ARGS__)                                                              \
    } NAME;                                                                                                            \
    static const ce_field ce_fields_##NAME[] CE_TYPE_UNUSED = {CE_EACH_FIELD(CE_FIELD_ENTRY, NAME, __VA_ARGS__)};      \
    static const ce_type ce_type_##NAME CE_TYPE_UNUSED = {                                                             \
        #NAME, CE_KIND_RECORD, sizeof(NAME), _Alignof(NAME), CE_FIELD_COUNT(__VA_ARGS__), ce_fields_##NAME, NULL}

#define CE_FIELD_MEMBER_(T, FIELD) T FIELD;
#define CE_FIELD_MEMBER(NAME, PAIR) CE_FIELD_MEMBER_ PAIR
#define CE_FIELD_ENTRY(NAME, PAIR) {CE_FIELD_NAME PAIR, CE_FIELD_TYPE PAIR, offsetof(NAME, CE_FIELD_ID PAIR)},
#define CE_FIELD_NAME(T, FIELD) #FIELD
#define CE_FIELD_TYPE(T, FIELD) &ce_type_##T
#define CE_FIELD_ID(T, FIELD) FIELD
#define CE_FIELD_COUNT(...)                                                                                            \
    CE_FIELD_COUNT_(__VA_ARGS__, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2,   \
                    1, )
#define CE_FIELD_COUNT_(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, N, ...) N
#define CE_PASTE_(a, b) a##b
#define CE_PASTE(a, b) CE_PASTE_(a, b)
#define CE_EACH_FIELD(M, N, ...) CE_PASTE(CE_EACH_, CE_FIELD_COUNT(__VA_ARGS__))(M, N, __VA_ARGS__)
#define CE_EACH_1(M, N, f) M(N, f)
#define CE_EACH_2(M, N, f, ...) M(N, f) CE_EACH_1(M, N, __VA_ARGS__)
#define CE_EACH_3(M, N, f, ...) M(N, f) CE_EACH_2(M, N, __VA_ARGS__)
#define CE_EACH_4(M, N, f, ...) M(N, f) CE_EACH_3(M, N, __VA_ARGS__)
#define CE_EACH_5(M, N, f, ...) M(N, f) CE_EACH_4(M, N, __VA_ARGS__)
#define CE_EACH_6(M, N, f, ...) M(N, f) CE_EACH_5(M, N, __VA_ARGS__)
#define CE_EACH_7(M, N, f, ...) M(N, f) CE_EACH_6(M, N, __VA_ARGS__)
#define CE_EACH_8(M, N, f, ...) M(N, f) CE_EACH_7(M, N, __VA_ARGS__)
#define CE_EACH_9(M, N, f, ...) M(N, f) CE_EACH_8(M, N, __VA_ARGS__)
#define CE_EACH_10(M, N, f, ...) M(N, f) CE_EACH_9(M, N, __VA_ARGS__)
#define CE_EACH_11(M, N, f, ...) M(N, f) CE_EACH_10(M, N, __VA_ARGS__)
#define CE_EACH_12(M, N, f, ...) M(N, f) CE_EACH_11(M, N, __VA_ARGS__)
#define CE_EACH_13(M, N, f, ...) M(N, f) CE_EACH_12(M, N, __VA_ARGS__)
#define CE_EACH_14(M, N, f, ...) M(N, f) CE_EACH_13(M, N, __VA_ARGS__)
#define CE_EACH_15(M, N, f, ...) M(N, f) CE_EACH_14(M, N, __VA_ARGS__)
#define CE_EACH_16(M, N, f, ...) M(N, f) CE_EACH_15(M, N, __VA_ARGS__)
#define CE_EACH_17(M, N, f, ...) M(N, f) CE_EACH_16(M, N, __VA_ARGS__)
#define CE_EACH_18(M, N, f, ...) M(N, f) CE_EACH_17(M, N, __VA_ARGS__)
#define CE_EACH_19(M, N, f, ...) M(N, f) CE_EACH_18(M, N, __VA_ARGS__)
#define CE_EACH_20(M, N, f, ...) M(N, f) CE_EACH_19(M, N, __VA_ARGS__)
#define CE_EACH_21(M, N, f, ...) M(N, f) CE_EACH_20(M, N, __VA_ARGS__)
#define CE_EACH_22(M, N, f, ...) M(N, f) CE_EACH_21(M, N, __VA_ARGS__)
#define CE_EACH_23(M, N, f, ...) M(N, f) CE_EACH_22(M, N, __VA_ARGS__)
#define CE_EACH_24(M, N, f, ...) M(N, f) CE_EACH_23(M, N, __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
