/*
 * action.h: the calls that compute.
 *
 * An action runs a job on the calling thread and the context's workers and returns when it has ended. It returns a
 * status that must be looked at; ce_last_error() has the sentence. Several threads may run actions at the same time.
 *
 * Rows leave an action in a ce_result: one owner (the caller), one call that frees it (ce_result_free), whatever
 * strings and lists are in the rows. On failure the result is empty and need not be freed, though it may be.
 *
 *     ce_result words;
 *     if (ce_collect(counts, &words) == CE_OK) {
 *         const word_count *row = ce_result_rows(&words, word_count);
 *         for (uint64_t i = 0; i < words.count; i++) ...
 *         ce_result_free(&words);
 *     }
 */
#ifndef CERIUM_ACTION_H
#define CERIUM_ACTION_H

#include <cerium/rdd.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ce_result {
    const void *rows; /* count values of the type, one behind the other */
    uint64_t count;
    const ce_type *type; /* belongs to the context of the RDD, or is static */
    void *owner;         /* private */
} ce_result;

/* The rows as a pointer to their C type. */
#define ce_result_rows(result, T) ((const T *)(result)->rows)
/* The first row, for actions that give one value. The result must have one. */
#define ce_result_value(result, T) (((const T *)(result)->rows)[0])

CE_API void ce_result_free(ce_result *result);

/* ---- rows ---- */

/* All rows, by partition and then by position. */
CE_API CE_NODISCARD ce_status ce_collect(ce_rdd *rdd, ce_result *rows);

/* The rows of the partitions with these indices: one result each, results[count]. */
CE_API CE_NODISCARD ce_status ce_collect_partitions(ce_rdd *rdd, const uint32_t *partitions, uint32_t count,
                                                    ce_result *results);

/* One job per partition, in order, when the rows are asked for: one partition is in memory at a time. */
typedef struct ce_local_iterator ce_local_iterator;
CE_API CE_NODISCARD ce_status ce_to_local_iterator(ce_rdd *rdd, ce_local_iterator **iterator);
/* *row points to the next row, valid until the next call; NULL at the end. */
CE_API CE_NODISCARD ce_status ce_local_iterator_next(ce_local_iterator *iterator, const void **row);
CE_API void ce_local_iterator_free(ce_local_iterator *iterator);

/* The first row; CE_EMPTY when there is none. */
CE_API CE_NODISCARD ce_status ce_first(ce_rdd *rdd, ce_result *row);

/* The first count rows: scans one partition, then more in growing rounds, one job each, until it has enough. */
CE_API CE_NODISCARD ce_status ce_take(ce_rdd *rdd, uint64_t count, ce_result *rows);

/* count rows at random; fewer than count without replacement when there are fewer. */
CE_API CE_NODISCARD ce_status ce_take_sample(ce_rdd *rdd, bool with_replacement, int64_t count, uint64_t seed,
                                             ce_result *rows);

/* The count smallest (take_ordered) or largest (top) rows, in order. By the type's natural order (ce_type_compare),
 * or by a function of CE_COMPARE with _by. */
#define ce_take_ordered_by(rdd, count, f, rows) ce_take_ordered_with((rdd), (count), &ce_fn_##f, (rows))
#define ce_top_by(rdd, count, f, rows) ce_top_with((rdd), (count), &ce_fn_##f, (rows))
CE_API CE_NODISCARD ce_status ce_take_ordered(ce_rdd *rdd, uint64_t count, ce_result *rows);
CE_API CE_NODISCARD ce_status ce_top(ce_rdd *rdd, uint64_t count, ce_result *rows);
CE_API CE_NODISCARD ce_status ce_take_ordered_with(ce_rdd *rdd, uint64_t count, const ce_function *compare,
                                                   ce_result *rows);
CE_API CE_NODISCARD ce_status ce_top_with(ce_rdd *rdd, uint64_t count, const ce_function *compare, ce_result *rows);

/* ---- one value ---- */

CE_API CE_NODISCARD ce_status ce_count(ce_rdd *rdd, uint64_t *count);
CE_API CE_NODISCARD ce_status ce_is_empty(ce_rdd *rdd, bool *empty);

/* About how many different rows there are, of any type: HyperLogLog++ with a standard error of relative_sd (0.05 is
 * Spark's default: 512 bytes a partition), small counts exactly. CE_INVALID unless relative_sd > 0.000017,
 * CE_UNSUPPORTED below 0.00013, whose sketch would be larger than 64 MiB. */
CE_API CE_NODISCARD ce_status ce_count_approx_distinct(ce_rdd *rdd, double relative_sd, uint64_t *count);

/* f(f(a, b), c)...: CE_EMPTY without rows. f must be associative and commutative. The result has one row.  CE_REDUCE */
#define ce_reduce(rdd, f, value) ce_reduce_with((rdd), &ce_fn_##f, (value))
CE_API CE_NODISCARD ce_status ce_reduce_with(ce_rdd *rdd, const ce_function *f, ce_result *value);

/* As reduce, from zero (a pointer to a T), which enters once per partition and once more at the end. */
#define ce_fold(rdd, zero, f, value) ce_fold_with((rdd), (zero), &ce_fn_##f, (value))
CE_API CE_NODISCARD ce_status ce_fold_with(ce_rdd *rdd, const void *zero, const ce_function *f, ce_result *value);

/* Folds rows into a U with seq (CE_AGGREGATE) within partitions and U with U with comb (CE_REDUCE) across them; zero
 * (a pointer to a U) enters as in fold. */
#define ce_aggregate(rdd, zero, seq, comb, value) ce_aggregate_with((rdd), (zero), &ce_fn_##seq, &ce_fn_##comb, (value))
CE_API CE_NODISCARD ce_status ce_aggregate_with(ce_rdd *rdd, const void *zero, const ce_function *seq,
                                                const ce_function *comb, ce_result *value);

/* As reduce and aggregate, merged in levels by tasks; depth >= 1 levels. */
#define ce_tree_reduce(rdd, f, depth, value) ce_tree_reduce_with((rdd), &ce_fn_##f, (depth), (value))
CE_API CE_NODISCARD ce_status ce_tree_reduce_with(ce_rdd *rdd, const ce_function *f, uint32_t depth, ce_result *value);
#define ce_tree_aggregate(rdd, zero, seq, comb, depth, value)                                                          \
    ce_tree_aggregate_with((rdd), (zero), &ce_fn_##seq, &ce_fn_##comb, (depth), (value))
CE_API CE_NODISCARD ce_status ce_tree_aggregate_with(ce_rdd *rdd, const void *zero, const ce_function *seq,
                                                     const ce_function *comb, uint32_t depth, ce_result *value);

/* By the type's natural order; CE_EMPTY without rows. */
CE_API CE_NODISCARD ce_status ce_min(ce_rdd *rdd, ce_result *value);
CE_API CE_NODISCARD ce_status ce_max(ce_rdd *rdd, ce_result *value);

/* ---- statistics of numbers (any scalar type but bool) ---- */

/* 0 without rows. The sum of partitions is added in the order of the partitions. */
CE_API CE_NODISCARD ce_status ce_sum(ce_rdd *rdd, double *sum);
/* Exact, for integer types; CE_INVALID when it does not fit. */
CE_API CE_NODISCARD ce_status ce_sum_int64(ce_rdd *rdd, int64_t *sum);

typedef struct ce_stats_result {
    uint64_t count;
    double mean, sum, min, max;           /* without rows 0, 0, +inf and -inf */
    double variance, stdev;               /* of the population; NaN without rows */
    double sample_variance, sample_stdev; /* NaN with fewer than two rows */
} ce_stats_result;

/* One pass: Welford within partitions, Chan's merge across them. As in Spark an RDD without rows has statistics, one
 * without partitions has none: CE_EMPTY. */
CE_API CE_NODISCARD ce_status ce_stats(ce_rdd *rdd, ce_stats_result *stats);
CE_API CE_NODISCARD ce_status ce_mean(ce_rdd *rdd, double *mean);         /* 0 without rows */
CE_API CE_NODISCARD ce_status ce_variance(ce_rdd *rdd, double *variance); /* of the population */

/*
 * Counts per bucket [edges[i], edges[i+1]), the last one closed. Values outside and NaN are left out, unless the last
 * edge is NaN: then all values from the edge before it on count in the last bucket, NaN too. edges: bucket_count + 1
 * values in ascending order, bucket_count >= 1; counts: bucket_count values that the caller provides.
 */
CE_API CE_NODISCARD ce_status ce_histogram(ce_rdd *rdd, const double *edges, uint32_t bucket_count, uint64_t *counts);

/* As ce_histogram over bucket_count equal buckets from the smallest to the largest value, which it finds first and
 * writes to edges[bucket_count + 1]. *used: the buckets there are: 1 when all values are the same. CE_EMPTY without
 * rows, CE_INVALID with NaN or infinite values. */
CE_API CE_NODISCARD ce_status ce_histogram_even(ce_rdd *rdd, uint32_t bucket_count, double *edges, uint64_t *counts,
                                                uint32_t *used);

/*
 * About the quantiles of the numbers: quantiles[i] is a row at or below which lie a share of probabilities[i] (0 to 1)
 * of all rows: 0 gives the smallest and 1 the largest row, exactly. Any other's rank is off by at most about 1.3 % of
 * the number of rows in 99 of 100 cases (a KLL sketch, k = 200); below 200 rows it is exact. The same rows in the same
 * partitions give the same answer. NaNs are left out. CE_EMPTY without rows, CE_INVALID for other probabilities.
 */
CE_API CE_NODISCARD ce_status ce_quantiles(ce_rdd *rdd, const double *probabilities, uint32_t count, double *quantiles);

/* ---- by key ---- */

/* Rows pair(T, int64), one per distinct value, sorted by value. */
CE_API CE_NODISCARD ce_status ce_count_by_value(ce_rdd *rdd, ce_result *counts);
/* Of an rdd(pair(K, V)): rows pair(K, int64), sorted by key. */
CE_API CE_NODISCARD ce_status ce_count_by_key(ce_rdd *rdd, ce_result *counts);
/* Of an rdd(pair(K, V)): rows pair(K, V), sorted by key, the values of a key reduced by f: within partitions by tasks,
 * then on the calling thread in the order of the partitions, without a shuffle: for few keys. CE_EMPTY without
 * partitions.  CE_REDUCE */
#define ce_reduce_by_key_locally(rdd, f, rows) ce_reduce_by_key_locally_with((rdd), &ce_fn_##f, (rows))
CE_API CE_NODISCARD ce_status ce_reduce_by_key_locally_with(ce_rdd *rdd, const ce_function *f, ce_result *rows);
/* Of an rdd(pair(K, V)): its rows, sorted by key; of equal keys the last one in the order of collect. */
CE_API CE_NODISCARD ce_status ce_collect_as_map(ce_rdd *rdd, ce_result *rows);
/* The row of a result sorted by key (as the four calls above give) whose key equals *key; NULL when there is none. */
CE_API const void *ce_result_find(const ce_result *result, const void *key);

/* Of an rdd(pair(K, V)): the values (rows V) of the key that key points to. Looks at one partition when the
 * partitioner is known. */
CE_API CE_NODISCARD ce_status ce_lookup(ce_rdd *rdd, const void *key, ce_result *values);

/* ---- effects ---- */

/* Calls f on each row or partition, at least once (again when a task is retried).  CE_FOREACH, CE_FOREACH_PARTITION */
#define ce_foreach(rdd, f) ce_foreach_with_function((rdd), &ce_fn_##f, NULL)
#define ce_foreach_with(rdd, f, ...) ce_foreach_with_function((rdd), &ce_fn_##f, (__VA_ARGS__))
CE_API CE_NODISCARD ce_status ce_foreach_with_function(ce_rdd *rdd, const ce_function *f, const void *env);
#define ce_foreach_partition(rdd, f) ce_foreach_partition_with_function((rdd), &ce_fn_##f, NULL)
#define ce_foreach_partition_with(rdd, f, ...) ce_foreach_partition_with_function((rdd), &ce_fn_##f, (__VA_ARGS__))
CE_API CE_NODISCARD ce_status ce_foreach_partition_with_function(ce_rdd *rdd, const ce_function *f, const void *env);

/*
 * Writes one file part-00000, part-00001, ... per partition into the new directory path, a line a row in the row's
 * text form (the fields of a record or pair with a TAB between; see docs/guide/types.md), and an empty _SUCCESS when
 * all are there. An existing path is refused (CE_EXISTS). Each task writes under path/_temporary and is committed by
 * a rename; a failed job removes what it made.
 */
CE_API CE_NODISCARD ce_status ce_save_as_text_file(ce_rdd *rdd, const char *path);

/* As ce_save_as_text_file, but the parts hold the rows as memory holds them, which ce_binary_file reads, or, of an
 * rdd(str), the bytes of the strings and nothing between: ce_binary_records reads them when all have one length. Other
 * rows with strings or lists are CE_TYPE. What no field of a row covers is written as zero. */
CE_API CE_NODISCARD ce_status ce_save_as_binary_file(ce_rdd *rdd, const char *path);

/* ---- memory ---- */

/*
 * Forgets the map outputs of every shuffle in the lineage of rdd, whose memory and disk space are free then; a later
 * job that needs them computes them again. Without it they stay until the context closes, so that further jobs over
 * the same RDDs skip the stages that made them. Waits until no job runs.
 */
CE_API CE_NODISCARD ce_status ce_clean_shuffle_dependencies(ce_rdd *rdd);

#ifdef __cplusplus
}
#endif
#endif
