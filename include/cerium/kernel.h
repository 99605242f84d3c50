/*
 * kernel.h: from a user's function to a batch kernel.
 *
 * A user function is an ordinary `static inline` function over typed values. One macro line behind it stamps the
 * kernel that Cerium calls once per batch, with the function inlined into the loop, and a constant ce_fn_NAME that
 * describes it:
 *
 *     static inline int64_t twice(int64_t x) { return 2 * x; }
 *     CE_MAP(twice, int64_t, int64_t)
 *     ...
 *     ce_rdd *doubled = ce_map(numbers, twice);
 *
 * The macros with _WITH are for functions that take a pointer to an environment value as their last argument: the
 * value is copied into the lineage node when the node is built, strings and lists included.
 *
 * Functions are known to other processes by their name and the content of the file that they were compiled into, so a
 * name may be stamped once per module. They run on any thread, several at a time: they must not write to what other
 * calls read.
 *
 * The layout of ce_function and the kernels' arguments belong to this version of the header; recompile with the
 * library.
 */
#ifndef CERIUM_KERNEL_H
#define CERIUM_KERNEL_H

#include <cerium/type.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what user functions hold ---- */

/* Where a flat_map or map_partitions function puts its rows. Emitting never fails in the function: see
 * ce_batch_alloc. */
typedef struct ce_emit {
    char *next, *full, *end; /* next row; where a kernel stops taking input; end of the room */
    char *rows;
    uint32_t row_bytes;
    bool failed;
} ce_emit;

/* The same emit with room for one more row. By value, so that a loop around it can keep its emit in registers. */
CE_API ce_emit ce_emit_grow(ce_emit out);

/* Emits one row of type T: ce_emit_value(out, int64_t, 7), ce_emit_value(out, word_count, { word, 1 }). */
#define ce_emit_value(out, T, ...)                                                                                     \
    do {                                                                                                               \
        if (__builtin_expect((out)->next == (out)->end, 0)) {                                                          \
            *(out) = ce_emit_grow(*(out));                                                                             \
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

/* Copies the next row to *row (a pointer to the element's C type); false at the end. Strings in it are valid until
 * the next call: a function that holds one longer keeps it with ce_str_keep. Rows that it has emitted by then are
 * safe. */
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
/* second: NULL for groups of one input. */
typedef void ce_groups_kernel(const void *key, ce_rows *first, ce_rows *second, ce_emit *out, const void *env);
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
    CE_FUNCTION_GROUPS,
    CE_FUNCTION_COGROUPS,
} ce_function_kind;

/* A stamped function. Constant, static in the module that stamped it. */
typedef struct ce_function {
    const char *name;
    ce_function_kind kind;
    const ce_type *in, *second, *out; /* row types; second: of zip_partitions; out of a fold: the accumulator */
    const ce_type *key;               /* of groups; in and second are the values' types then */
    const ce_type *env;               /* NULL when the function takes none */
    union {
        ce_map_kernel *map;
        ce_filter_kernel *filter;
        ce_flat_map_kernel *flat_map;
        ce_fold_kernel *fold;
        ce_partitions_kernel *partitions;
        ce_groups_kernel *groups;
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

/* ---- stamps ----
 *
 * Names inside kernels end in _ so that no user function can have the name of one: f may be called count, row or
 * keep. */

/* OUT f(IN row) */
#define CE_MAP(f, IN, OUT) CE_MAP_(f, IN, OUT, f(*row_), NULL)
/* OUT f(IN row, const ENV *env) */
#define CE_MAP_WITH(f, IN, OUT, ENV) CE_MAP_(f, IN, OUT, f(*row_, (const ENV *)env_), &ce_type_##ENV)

#define CE_MAP_(f, IN, OUT, CALL, ENV_TYPE)                                                                            \
    static void f##_kernel(const char *in_, uint32_t in_stride_, char *restrict out_, uint32_t out_stride_,            \
                           uint32_t count_, const void *env_)                                                          \
    {                                                                                                                  \
        (void)env_;                                                                                                    \
        if (in_stride_ == sizeof(IN) && out_stride_ == sizeof(OUT)) {                                                  \
            const IN *row_ = (const IN *)(const void *)in_;                                                            \
            for (OUT *restrict to_ = (OUT *)(void *)out_, *end_ = to_ + count_; to_ < end_; to_++, row_++) {           \
                *to_ = CALL;                                                                                           \
            }                                                                                                          \
            return;                                                                                                    \
        }                                                                                                              \
        for (; count_ > 0; count_--, in_ += in_stride_, out_ += out_stride_) {                                         \
            const IN *row_ = (const IN *)(const void *)in_;                                                            \
            *(OUT *)(void *)out_ = CALL;                                                                               \
        }                                                                                                              \
    }                                                                                                                  \
    CE_FUNCTION_(f, .kind = CE_FUNCTION_MAP, .in = &ce_type_##IN, .out = &ce_type_##OUT, .env = ENV_TYPE,              \
                 .map = f##_kernel)

/* bool f(T row) */
#define CE_FILTER(f, T) CE_FILTER_(f, T, f(row_[i_]), NULL)
/* bool f(T row, const ENV *env) */
#define CE_FILTER_WITH(f, T, ENV) CE_FILTER_(f, T, f(row_[i_], (const ENV *)env_), &ce_type_##ENV)

#define CE_FILTER_(f, T, CALL, ENV_TYPE)                                                                               \
    static void f##_kernel(const char *in_, uint32_t count_, uint8_t *restrict keep_, const void *env_)                \
    {                                                                                                                  \
        (void)env_;                                                                                                    \
        const T *row_ = (const T *)(const void *)in_;                                                                  \
        for (uint32_t i_ = 0; i_ < count_; i_++) {                                                                     \
            keep_[i_] = (CALL) ? 1 : 0;                                                                                \
        }                                                                                                              \
    }                                                                                                                  \
    CE_FUNCTION_(f, .kind = CE_FUNCTION_FILTER, .in = &ce_type_##T, .out = &ce_type_##T, .env = ENV_TYPE,              \
                 .filter = f##_kernel)

/* void f(IN row, ce_emit *out) */
#define CE_FLAT_MAP(f, IN, OUT) CE_FLAT_MAP_(f, IN, OUT, f(*row_, &emit_), NULL)
/* void f(IN row, ce_emit *out, const ENV *env) */
#define CE_FLAT_MAP_WITH(f, IN, OUT, ENV) CE_FLAT_MAP_(f, IN, OUT, f(*row_, &emit_, (const ENV *)env_), &ce_type_##ENV)

#define CE_FLAT_MAP_(f, IN, OUT, CALL, ENV_TYPE)                                                                       \
    static uint32_t f##_kernel(const char *in_, uint32_t stride_, uint32_t count_, ce_emit *out_, const void *env_)    \
    {                                                                                                                  \
        (void)env_;                                                                                                    \
        uint32_t taken_ = 0;                                                                                           \
        ce_emit emit_ = *out_;                                                                                         \
        for (; taken_ < count_ && emit_.next < emit_.full; taken_++, in_ += stride_) {                                 \
            const IN *row_ = (const IN *)(const void *)in_;                                                            \
            CALL;                                                                                                      \
        }                                                                                                              \
        *out_ = emit_;                                                                                                 \
        return taken_;                                                                                                 \
    }                                                                                                                  \
    CE_FUNCTION_(f, .kind = CE_FUNCTION_FLAT_MAP, .in = &ce_type_##IN, .out = &ce_type_##OUT, .env = ENV_TYPE,         \
                 .flat_map = f##_kernel)

/* T f(T a, T b), associative and commutative: for reduce, fold, reduce_by_key, tree_reduce and as the second function
 * of aggregate. */
#define CE_REDUCE(f, T) CE_AGGREGATE(f, T, T)

/* U f(U accumulator, T row): for the first function of aggregate. */
#define CE_AGGREGATE(f, U, T)                                                                                          \
    static void f##_fold_kernel(void *accumulator_, const char *in_, uint32_t stride_, uint32_t count_)                \
    {                                                                                                                  \
        U sum_ = *(U *)accumulator_;                                                                                   \
        if (stride_ == sizeof(T)) {                                                                                    \
            for (const T *row_ = (const T *)(const void *)in_, *end_ = row_ + count_; row_ < end_; row_++) {           \
                sum_ = f(sum_, *row_);                                                                                 \
            }                                                                                                          \
        } else {                                                                                                       \
            for (; count_ > 0; count_--, in_ += stride_) {                                                             \
                sum_ = f(sum_, *(const T *)(const void *)in_);                                                         \
            }                                                                                                          \
        }                                                                                                              \
        *(U *)accumulator_ = sum_;                                                                                     \
    }                                                                                                                  \
    static void f##_combine_kernel(void **slots_, const char *values_, uint32_t stride_, uint32_t count_)              \
    {                                                                                                                  \
        for (uint32_t i_ = 0; i_ < count_; i_++, values_ += stride_) {                                                 \
            U *slot_ = (U *)slots_[i_];                                                                                \
            *slot_ = f(*slot_, *(const T *)(const void *)values_);                                                     \
        }                                                                                                              \
    }                                                                                                                  \
    CE_FUNCTION_(f, .kind = CE_FUNCTION_FOLD, .in = &ce_type_##T, .out = &ce_type_##U, .fold = f##_fold_kernel,        \
                 .combine = f##_combine_kernel)

/* void f(ce_rows *rows, ce_emit *out): strings of the row read last, of ce_batch_alloc and of ce_str_keep may be
 * emitted. */
#define CE_MAP_PARTITIONS(f, IN, OUT) CE_PARTITIONS_(f, PARTITIONS, IN, IN, OUT, f(first_, out_), NULL)
/* void f(ce_rows *rows, ce_emit *out, const ENV *env) */
#define CE_MAP_PARTITIONS_WITH(f, IN, OUT, ENV)                                                                        \
    CE_PARTITIONS_(f, PARTITIONS, IN, IN, OUT, f(first_, out_, (const ENV *)env_), &ce_type_##ENV)
/* void f(uint32_t partition, ce_rows *rows, ce_emit *out) */
#define CE_MAP_PARTITIONS_WITH_INDEX(f, IN, OUT)                                                                       \
    CE_PARTITIONS_(f, PARTITIONS_WITH_INDEX, IN, IN, OUT, f(index_, first_, out_), NULL)
/* void f(uint32_t partition, ce_rows *rows, ce_emit *out, const ENV *env) */
#define CE_MAP_PARTITIONS_WITH_INDEX_WITH(f, IN, OUT, ENV)                                                             \
    CE_PARTITIONS_(f, PARTITIONS_WITH_INDEX, IN, IN, OUT, f(index_, first_, out_, (const ENV *)env_), &ce_type_##ENV)
/* void f(ce_rows *a, ce_rows *b, ce_emit *out) */
#define CE_ZIP_PARTITIONS(f, A, B, OUT) CE_PARTITIONS_(f, ZIP_PARTITIONS, A, B, OUT, f(first_, second_, out_), NULL)
/* void f(ce_rows *a, ce_rows *b, ce_emit *out, const ENV *env) */
#define CE_ZIP_PARTITIONS_WITH(f, A, B, OUT, ENV)                                                                      \
    CE_PARTITIONS_(f, ZIP_PARTITIONS, A, B, OUT, f(first_, second_, out_, (const ENV *)env_), &ce_type_##ENV)

#define CE_PARTITIONS_(f, KIND, A, B, OUT, CALL, ENV_TYPE)                                                             \
    static void f##_kernel(uint32_t index_, ce_rows *first_, ce_rows *second_, ce_emit *out_, const void *env_)        \
    {                                                                                                                  \
        (void)index_;                                                                                                  \
        (void)second_;                                                                                                 \
        (void)env_;                                                                                                    \
        CALL;                                                                                                          \
    }                                                                                                                  \
    CE_FUNCTION_(f, .kind = CE_FUNCTION_##KIND, .in = &ce_type_##A, .second = &ce_type_##B, .out = &ce_type_##OUT,     \
                 .env = ENV_TYPE, .partitions = f##_kernel)

/* void f(K key, ce_rows *values, ce_emit *out): strings as for CE_MAP_PARTITIONS. */
#define CE_MAP_GROUPS(f, K, V, OUT) CE_GROUPS_(f, GROUPS, K, V, V, OUT, f(*(const K *)key_, first_, out_), NULL)
/* void f(K key, ce_rows *values, ce_emit *out, const ENV *env) */
#define CE_MAP_GROUPS_WITH(f, K, V, OUT, ENV)                                                                          \
    CE_GROUPS_(f, GROUPS, K, V, V, OUT, f(*(const K *)key_, first_, out_, (const ENV *)env_), &ce_type_##ENV)
/* void f(K key, ce_rows *a, ce_rows *b, ce_emit *out) */
#define CE_MAP_COGROUP(f, K, V, W, OUT)                                                                                \
    CE_GROUPS_(f, COGROUPS, K, V, W, OUT, f(*(const K *)key_, first_, second_, out_), NULL)
/* void f(K key, ce_rows *a, ce_rows *b, ce_emit *out, const ENV *env) */
#define CE_MAP_COGROUP_WITH(f, K, V, W, OUT, ENV)                                                                      \
    CE_GROUPS_(f, COGROUPS, K, V, W, OUT, f(*(const K *)key_, first_, second_, out_, (const ENV *)env_), &ce_type_##ENV)

#define CE_GROUPS_(f, KIND, K, V, W, OUT, CALL, ENV_TYPE)                                                              \
    static void f##_kernel(const void *key_, ce_rows *first_, ce_rows *second_, ce_emit *out_, const void *env_)       \
    {                                                                                                                  \
        (void)second_;                                                                                                 \
        (void)env_;                                                                                                    \
        CALL;                                                                                                          \
    }                                                                                                                  \
    CE_FUNCTION_(f, .kind = CE_FUNCTION_##KIND, .in = &ce_type_##V, .second = &ce_type_##W, .out = &ce_type_##OUT,     \
                 .key = &ce_type_##K, .env = ENV_TYPE, .groups = f##_kernel)

/* void f(T row) */
#define CE_FOREACH(f, T) CE_FOREACH_(f, T, f(row_[i_]), NULL)
/* void f(T row, const ENV *env) */
#define CE_FOREACH_WITH(f, T, ENV) CE_FOREACH_(f, T, f(row_[i_], (const ENV *)env_), &ce_type_##ENV)

#define CE_FOREACH_(f, T, CALL, ENV_TYPE)                                                                              \
    static void f##_kernel(const char *in_, uint32_t count_, const void *env_)                                         \
    {                                                                                                                  \
        (void)env_;                                                                                                    \
        const T *row_ = (const T *)(const void *)in_;                                                                  \
        for (uint32_t i_ = 0; i_ < count_; i_++) {                                                                     \
            CALL;                                                                                                      \
        }                                                                                                              \
    }                                                                                                                  \
    CE_FUNCTION_(f, .kind = CE_FUNCTION_FOREACH, .in = &ce_type_##T, .env = ENV_TYPE, .foreach = f##_kernel)

/* void f(ce_rows *rows) */
#define CE_FOREACH_PARTITION(f, T) CE_FOREACH_PARTITION_(f, T, f(first_), NULL)
/* void f(ce_rows *rows, const ENV *env) */
#define CE_FOREACH_PARTITION_WITH(f, T, ENV) CE_FOREACH_PARTITION_(f, T, f(first_, (const ENV *)env_), &ce_type_##ENV)

#define CE_FOREACH_PARTITION_(f, T, CALL, ENV_TYPE)                                                                    \
    static void f##_kernel(uint32_t index_, ce_rows *first_, ce_rows *second_, ce_emit *out_, const void *env_)        \
    {                                                                                                                  \
        (void)index_;                                                                                                  \
        (void)second_;                                                                                                 \
        (void)out_;                                                                                                    \
        (void)env_;                                                                                                    \
        CALL;                                                                                                          \
    }                                                                                                                  \
    CE_FUNCTION_(f, .kind = CE_FUNCTION_FOREACH_PARTITION, .in = &ce_type_##T, .env = ENV_TYPE,                        \
                 .partitions = f##_kernel)

/* int f(T a, T b): < 0, 0, > 0; a total order. */
#define CE_COMPARE(f, T)                                                                                               \
    static int f##_kernel(const void *a_, const void *b_)                                                              \
    {                                                                                                                  \
        return f(*(const T *)a_, *(const T *)b_);                                                                      \
    }                                                                                                                  \
    CE_FUNCTION_(f, .kind = CE_FUNCTION_COMPARE, .in = &ce_type_##T, .compare = f##_kernel)

/* uint32_t f(K key, uint32_t partition_count): 0 .. partition_count - 1, the same for equal keys. */
#define CE_PARTITIONER(f, K)                                                                                           \
    static uint32_t f##_kernel(const void *key_, uint32_t partition_count_)                                            \
    {                                                                                                                  \
        return f(*(const K *)key_, partition_count_);                                                                  \
    }                                                                                                                  \
    CE_FUNCTION_(f, .kind = CE_FUNCTION_PARTITION, .in = &ce_type_##K, .partition = f##_kernel)

#ifdef __cplusplus
}
#endif
#endif
