/*
 * kernel.h: from a user's function to a batch kernel.
 *
 * A user function is an ordinary `static inline` function over typed values. One macro line behind it stamps the kernel that
 * Cerium calls once per batch, with the function inlined into the loop, and a constant ce_fn_NAME that describes it:
 *
 *     static inline int64_t twice(int64_t x) { return 2 * x; }
 *     CE_MAP(twice, int64_t, int64_t)
 *     ...
 *     ce_rdd *doubled = ce_map(numbers, twice);
 *
 * The macros with _WITH are for functions that take a pointer to an environment value as their last argument: the value is
 * copied into the lineage node when the node is built, strings and lists included.
 *
 * Functions are known to other processes by their name and the content of the file that they were compiled into, so a name may
 * be stamped once per module. They run on any thread, several at a time: they must not write to what other calls read.
 *
 * The layout of ce_function and the kernels' arguments belong to this version of the header; recompile with the library.
 */
#ifndef CERIUM_KERNEL_H
#define CERIUM_KERNEL_H

#include <cerium/type.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what user functions hold ---- */

/* Where a flat_map or map_partitions function puts its rows. Emitting never fails in the function: see ce_batch_alloc. */
typedef struct ce_emit {
    char *next, *full, *end; /* next row; where a kernel stops taking input; end of the room */
    char *rows;
    uint32_t row_bytes;
    bool failed;
} ce_emit;

/* Makes room for one more row at out->next. */
CE_API void ce_emit_grow(ce_emit *out);

/* Emits one row of type T: ce_emit_value(out, int64_t, 7), ce_emit_value(out, word_count, { word, 1 }). */
#define ce_emit_value(out, T, ...)                                                                                     \
    do {                                                                                                               \
        if (__builtin_expect((out)->next == (out)->end, 0)) {                                                          \
            ce_emit_grow(out);                                                                                         \
        }                                                                                                              \
        T ce_emit_row_ = __VA_ARGS__;                                                                                  \
        *(T *)(void *)(out)->next = ce_emit_row_;                                                                      \
        (out)->next += sizeof(T);                                                                                      \
    } while (0)

/* The rows of one partition, in order, for a map_partitions or foreach_partition function. */
typedef struct ce_rows {
    const char *next, *end;
    uint32_t row_bytes;
} ce_rows;

CE_API bool ce_rows_refill(ce_rows *rows);

/* Copies the next row to *row (a pointer to the element's C type); false at the end. Strings in it are valid until the next
 * call: keep one longer with ce_str_keep. */
#define ce_rows_next(rows, row) ce_rows_next_bytes((rows), (row), sizeof *(row))

static inline bool ce_rows_next_bytes(ce_rows *rows, void *row, size_t bytes)
{
    if (__builtin_expect(rows->next == rows->end, 0) && !ce_rows_refill(rows)) {
        return false;
    }
    memcpy(row, rows->next, bytes);
    rows->next += bytes;
    return true;
}

/* ---- kernels ---- */

/* stride: bytes from one row to the next, so that a kernel can run over the values of pairs. */
typedef void ce_map_kernel(const char *in, uint32_t in_stride, char *out, uint32_t out_stride, uint32_t count,
                           const void *env);
/* keep[i] = 1 where row i stays, else 0. */
typedef void ce_filter_kernel(const char *in, uint32_t count, uint8_t *keep, const void *env);
/* Takes rows until out is full; returns how many it took. */
typedef uint32_t ce_flat_map_kernel(const char *in, uint32_t stride, uint32_t count, ce_emit *out, const void *env);
/* *accumulator = f(*accumulator, row) for each row in order. */
typedef void ce_fold_kernel(void *accumulator, const char *in, uint32_t stride, uint32_t count);
/* As fold, each row into its own accumulator slots[i]; slots may repeat. */
typedef void ce_combine_kernel(void **slots, const char *values, uint32_t stride, uint32_t count);
typedef void ce_partitions_kernel(uint32_t index, ce_rows *first, ce_rows *second, ce_emit *out, const void *env);
typedef void ce_foreach_kernel(const char *in, uint32_t count, const void *env);
typedef int ce_compare_kernel(const void *a, const void *b);
typedef uint32_t ce_partition_kernel(const void *key, uint32_t partition_count);

typedef enum ce_function_kind {
    CE_FUNCTION_MAP = 1,
    CE_FUNCTION_FILTER,
    CE_FUNCTION_FLAT_MAP,
    CE_FUNCTION_FOLD, /* of CE_REDUCE and CE_AGGREGATE */
    CE_FUNCTION_PARTITIONS,
    CE_FUNCTION_PARTITIONS_WITH_INDEX,
    CE_FUNCTION_ZIP_PARTITIONS,
    CE_FUNCTION_FOREACH,
    CE_FUNCTION_FOREACH_PARTITION,
    CE_FUNCTION_COMPARE,
    CE_FUNCTION_PARTITION,
} ce_function_kind;

/* A stamped function. Constant, static in the module that stamped it. */
typedef struct ce_function {
    const char *name;
    ce_function_kind kind;
    const ce_type *in, *second, *out; /* row types; second: of zip_partitions; out of a fold: the accumulator */
    const ce_type *env;               /* NULL when the function takes none */
    union {
        ce_map_kernel *map;
        ce_filter_kernel *filter;
        ce_flat_map_kernel *flat_map;
        ce_fold_kernel *fold;
        ce_partitions_kernel *partitions;
        ce_foreach_kernel *foreach;
        ce_compare_kernel *compare;
        ce_partition_kernel *partition;
    };
    ce_combine_kernel *combine; /* of a fold */
} ce_function;

/* Every stamped function's address stands in one section of its module, which a constructor below makes known. */
CE_API void ce_register_functions(const ce_function *const *first, const ce_function *const *end);

extern const ce_function *const __start_ce_functions[] __attribute__((weak, visibility("hidden")));
extern const ce_function *const __stop_ce_functions[] __attribute__((weak, visibility("hidden")));

__attribute__((constructor, unused)) static void ce_register_this_module(void)
{
    ce_register_functions(__start_ce_functions, __stop_ce_functions);
}

#define CE_FUNCTION_(f, ...)                                                                                           \
    static const ce_function ce_fn_##f = {.name = #f, __VA_ARGS__};                                                    \
    static const ce_function *const ce_fn_at_##f __attribute__((section("ce_functions"), used)) = &ce_fn_##f;

/* ---- stamps ---- */

/* OUT f(IN row) */
#define CE_MAP(f, IN, OUT) CE_MAP_(f, IN, OUT, f(*row), NULL)
/* OUT f(IN row, const ENV *env) */
#define CE_MAP_WITH(f, IN, OUT, ENV) CE_MAP_(f, IN, OUT, f(*row, (const ENV *)env), &ce_type_##ENV)

#define CE_MAP_(f, IN, OUT, CALL, ENV_TYPE)                                                                            \
    static void f##_kernel(const char *in, uint32_t in_stride, char *restrict out, uint32_t out_stride,                \
                           uint32_t count, const void *env)                                                            \
    {                                                                                                                  \
        (void)env;                                                                                                     \
        if (in_stride == sizeof(IN) && out_stride == sizeof(OUT)) {                                                    \
            const IN *row = (const IN *)(const void *)in;                                                              \
            for (OUT *restrict to = (OUT *)(void *)out, *end = to + count; to < end; to++, row++) {                    \
                *to = CALL;                                                                                            \
            }                                                                                                          \
            return;                                                                                                    \
        }                                                                                                              \
        for (; count > 0; count--, in += in_stride, out += out_stride) {                                               \
            const IN *row = (const IN *)(const void *)in;                                                              \
            *(OUT *)(void *)out = CALL;                                                                                \
        }                                                                                                              \
    }                                                                                                                  \
    CE_FUNCTION_(f, .kind = CE_FUNCTION_MAP, .in = &ce_type_##IN, .out = &ce_type_##OUT, .env = ENV_TYPE,              \
                 .map = f##_kernel)

/* bool f(T row) */
#define CE_FILTER(f, T) CE_FILTER_(f, T, f(row[i]), NULL)
/* bool f(T row, const ENV *env) */
#define CE_FILTER_WITH(f, T, ENV) CE_FILTER_(f, T, f(row[i], (const ENV *)env), &ce_type_##ENV)

#define CE_FILTER_(f, T, CALL, ENV_TYPE)                                                                               \
    static void f##_kernel(const char *in, uint32_t count, uint8_t *restrict keep, const void *env)                    \
    {                                                                                                                  \
        (void)env;                                                                                                     \
        const T *row = (const T *)(const void *)in;                                                                    \
        for (uint32_t i = 0; i < count; i++) {                                                                         \
            keep[i] = (CALL) ? 1 : 0;                                                                                  \
        }                                                                                                              \
    }                                                                                                                  \
    CE_FUNCTION_(f, .kind = CE_FUNCTION_FILTER, .in = &ce_type_##T, .out = &ce_type_##T, .env = ENV_TYPE,              \
                 .filter = f##_kernel)

/* void f(IN row, ce_emit *out) */
#define CE_FLAT_MAP(f, IN, OUT) CE_FLAT_MAP_(f, IN, OUT, f(*row, out), NULL)
/* void f(IN row, ce_emit *out, const ENV *env) */
#define CE_FLAT_MAP_WITH(f, IN, OUT, ENV) CE_FLAT_MAP_(f, IN, OUT, f(*row, out, (const ENV *)env), &ce_type_##ENV)

#define CE_FLAT_MAP_(f, IN, OUT, CALL, ENV_TYPE)                                                                       \
    static uint32_t f##_kernel(const char *in, uint32_t stride, uint32_t count, ce_emit *out, const void *env)         \
    {                                                                                                                  \
        (void)env;                                                                                                     \
        uint32_t taken = 0;                                                                                            \
        for (; taken < count && out->next < out->full; taken++, in += stride) {                                        \
            const IN *row = (const IN *)(const void *)in;                                                              \
            CALL;                                                                                                      \
        }                                                                                                              \
        return taken;                                                                                                  \
    }                                                                                                                  \
    CE_FUNCTION_(f, .kind = CE_FUNCTION_FLAT_MAP, .in = &ce_type_##IN, .out = &ce_type_##OUT, .env = ENV_TYPE,         \
                 .flat_map = f##_kernel)

/* T f(T a, T b), associative and commutative: for reduce, fold, reduce_by_key, tree_reduce and as the second function of
 * aggregate. */
#define CE_REDUCE(f, T) CE_AGGREGATE(f, T, T)

/* U f(U accumulator, T row): for the first function of aggregate. */
#define CE_AGGREGATE(f, U, T)                                                                                          \
    static void f##_fold_kernel(void *accumulator, const char *in, uint32_t stride, uint32_t count)                    \
    {                                                                                                                  \
        U sum = *(U *)accumulator;                                                                                     \
        if (stride == sizeof(T)) {                                                                                     \
            for (const T *row = (const T *)(const void *)in, *end = row + count; row < end; row++) {                   \
                sum = f(sum, *row);                                                                                    \
            }                                                                                                          \
        } else {                                                                                                       \
            for (; count > 0; count--, in += stride) {                                                                 \
                sum = f(sum, *(const T *)(const void *)in);                                                            \
            }                                                                                                          \
        }                                                                                                              \
        *(U *)accumulator = sum;                                                                                       \
    }                                                                                                                  \
    static void f##_combine_kernel(void **slots, const char *values, uint32_t stride, uint32_t count)                  \
    {                                                                                                                  \
        for (uint32_t i = 0; i < count; i++, values += stride) {                                                       \
            U *slot = (U *)slots[i];                                                                                   \
            *slot = f(*slot, *(const T *)(const void *)values);                                                        \
        }                                                                                                              \
    }                                                                                                                  \
    CE_FUNCTION_(f, .kind = CE_FUNCTION_FOLD, .in = &ce_type_##T, .out = &ce_type_##U, .fold = f##_fold_kernel,        \
                 .combine = f##_combine_kernel)

/* void f(ce_rows *rows, ce_emit *out) */
#define CE_MAP_PARTITIONS(f, IN, OUT) CE_PARTITIONS_(f, PARTITIONS, IN, IN, OUT, f(first, out), NULL)
/* void f(ce_rows *rows, ce_emit *out, const ENV *env) */
#define CE_MAP_PARTITIONS_WITH(f, IN, OUT, ENV)                                                                        \
    CE_PARTITIONS_(f, PARTITIONS, IN, IN, OUT, f(first, out, (const ENV *)env), &ce_type_##ENV)
/* void f(uint32_t partition, ce_rows *rows, ce_emit *out) */
#define CE_MAP_PARTITIONS_WITH_INDEX(f, IN, OUT)                                                                       \
    CE_PARTITIONS_(f, PARTITIONS_WITH_INDEX, IN, IN, OUT, f(index, first, out), NULL)
/* void f(uint32_t partition, ce_rows *rows, ce_emit *out, const ENV *env) */
#define CE_MAP_PARTITIONS_WITH_INDEX_WITH(f, IN, OUT, ENV)                                                             \
    CE_PARTITIONS_(f, PARTITIONS_WITH_INDEX, IN, IN, OUT, f(index, first, out, (const ENV *)env), &ce_type_##ENV)
/* void f(ce_rows *a, ce_rows *b, ce_emit *out) */
#define CE_ZIP_PARTITIONS(f, A, B, OUT) CE_PARTITIONS_(f, ZIP_PARTITIONS, A, B, OUT, f(first, second, out), NULL)
/* void f(ce_rows *a, ce_rows *b, ce_emit *out, const ENV *env) */
#define CE_ZIP_PARTITIONS_WITH(f, A, B, OUT, ENV)                                                                      \
    CE_PARTITIONS_(f, ZIP_PARTITIONS, A, B, OUT, f(first, second, out, (const ENV *)env), &ce_type_##ENV)

#define CE_PARTITIONS_(f, KIND, A, B, OUT, CALL, ENV_TYPE)                                                             \
    static void f##_kernel(uint32_t index, ce_rows *first, ce_rows *second, ce_emit *out, const void *env)             \
    {                                                                                                                  \
        (void)index;                                                                                                   \
        (void)second;                                                                                                  \
        (void)env;                                                                                                     \
        CALL;                                                                                                          \
    }                                                                                                                  \
    CE_FUNCTION_(f, .kind = CE_FUNCTION_##KIND, .in = &ce_type_##A, .second = &ce_type_##B, .out = &ce_type_##OUT,     \
                 .env = ENV_TYPE, .partitions = f##_kernel)

/* void f(T row) */
#define CE_FOREACH(f, T) CE_FOREACH_(f, T, f(row[i]), NULL)
/* void f(T row, const ENV *env) */
#define CE_FOREACH_WITH(f, T, ENV) CE_FOREACH_(f, T, f(row[i], (const ENV *)env), &ce_type_##ENV)

#define CE_FOREACH_(f, T, CALL, ENV_TYPE)                                                                              \
    static void f##_kernel(const char *in, uint32_t count, const void *env)                                            \
    {                                                                                                                  \
        (void)env;                                                                                                     \
        const T *row = (const T *)(const void *)in;                                                                    \
        for (uint32_t i = 0; i < count; i++) {                                                                         \
            CALL;                                                                                                      \
        }                                                                                                              \
    }                                                                                                                  \
    CE_FUNCTION_(f, .kind = CE_FUNCTION_FOREACH, .in = &ce_type_##T, .env = ENV_TYPE, .foreach = f##_kernel)

/* void f(ce_rows *rows) */
#define CE_FOREACH_PARTITION(f, T) CE_FOREACH_PARTITION_(f, T, f(first), NULL)
/* void f(ce_rows *rows, const ENV *env) */
#define CE_FOREACH_PARTITION_WITH(f, T, ENV) CE_FOREACH_PARTITION_(f, T, f(first, (const ENV *)env), &ce_type_##ENV)

#define CE_FOREACH_PARTITION_(f, T, CALL, ENV_TYPE)                                                                    \
    static void f##_kernel(uint32_t index, ce_rows *first, ce_rows *second, ce_emit *out, const void *env)             \
    {                                                                                                                  \
        (void)index;                                                                                                   \
        (void)second;                                                                                                  \
        (void)out;                                                                                                     \
        (void)env;                                                                                                     \
        CALL;                                                                                                          \
    }                                                                                                                  \
    CE_FUNCTION_(f, .kind = CE_FUNCTION_FOREACH_PARTITION, .in = &ce_type_##T, .env = ENV_TYPE, .partitions = f##_kernel)

/* int f(T a, T b): < 0, 0, > 0; a total order. */
#define CE_COMPARE(f, T)                                                                                               \
    static int f##_kernel(const void *a, const void *b)                                                                \
    {                                                                                                                  \
        return f(*(const T *)a, *(const T *)b);                                                                        \
    }                                                                                                                  \
    CE_FUNCTION_(f, .kind = CE_FUNCTION_COMPARE, .in = &ce_type_##T, .compare = f##_kernel)

/* uint32_t f(K key, uint32_t partition_count): 0 .. partition_count - 1, the same for equal keys. */
#define CE_PARTITIONER(f, K)                                                                                           \
    static uint32_t f##_kernel(const void *key, uint32_t partition_count)                                              \
    {                                                                                                                  \
        return f(*(const K *)key, partition_count);                                                                    \
    }                                                                                                                  \
    CE_FUNCTION_(f, .kind = CE_FUNCTION_PARTITION, .in = &ce_type_##K, .partition = f##_kernel)

#ifdef __cplusplus
}
#endif
#endif
