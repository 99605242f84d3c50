/*
 * rdd.h: resilient distributed datasets: how one is made, and the transformations that make one from another.
 *
 * Nothing here computes. A transformation returns a new node of the lineage, never NULL and never an error: a wrong
 * use (element type, argument, NULL) poisons the node with the place of the call, everything built on it stays
 * poisoned, and the action at the end reports the first wrong use as "file.c:14: reduce_by_key: needs pair(K, V), has
 * str".
 *
 * Nodes belong to their context and live until it closes; nobody frees one. A node does not change after it is built
 * (but for its name), so any thread may use it. Functions are given by the name of a function stamped with a macro of
 * kernel.h.
 *
 * A lineage is at most 5000 operators deep (CE_UNSUPPORTED): a loop that makes a longer one collects or saves now and
 * then, and goes on from the result.
 *
 * env of the forms with _with is a pointer to a value of the function's environment type; &(limits){1, 2} may be
 * written in place.
 *
 * Each transformation is a macro over a function with _at at the end of its name, which takes the place of the call:
 * bindings call those. `partitions` arguments: 0 means the default, which is the parent's number.
 */
#ifndef CERIUM_RDD_H
#define CERIUM_RDD_H

#include <cerium/context.h>
#include <cerium/kernel.h>
#include <cerium/type.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ce_rdd ce_rdd;

/* ---- sources ---- */

/* count values of the type at values, cut into partitions (0: default parallelism) so that partition i holds
 * [i * count / n, (i + 1) * count / n). The values are copied, strings and lists included. */
#define ce_parallelize(sc, T, values, count, partitions)                                                               \
    ce_parallelize_at((sc), CE_TYPE(T), (1 ? (values) : (const T *)0), (count), (partitions), CE_SITE)
CE_API ce_rdd *ce_parallelize_at(ce_context *sc, const ce_type *type, const void *values, uint64_t count,
                                 uint32_t partitions, ce_site site);

/* rdd(int64): first, first + step, ... up to but without end. step may be negative, not 0. */
#define ce_range(sc, first, end, step, partitions) ce_range_at((sc), (first), (end), (step), (partitions), CE_SITE)
CE_API ce_rdd *ce_range_at(ce_context *sc, int64_t first, int64_t end, int64_t step, uint32_t partitions, ce_site site);

/* No partitions. */
#define ce_empty(sc, T) ce_empty_at((sc), CE_TYPE(T), CE_SITE)
CE_API ce_rdd *ce_empty_at(ce_context *sc, const ce_type *type, ce_site site);

/*
 * rdd(str): the lines of text files, without their ends (LF, CRLF or CR). path: a file, a directory (its files, not
 * those of its subdirectories; names that begin with . or _ are left out), a glob, or several of these with commas
 * between. Files are cut into partitions by byte ranges of at most files_partition_bytes_max and at least
 * min_partitions (0: the smaller of 2 and the default parallelism) in all; a line belongs to the range that holds the
 * byte before it. Files that end in .gz or .zst are decompressed, one partition each; empty files give none. Paths are
 * looked at when a job needs them: a missing one is CE_NOT_FOUND then.
 */
#define ce_text_file(sc, path) ce_text_file_at((sc), (path), 0, CE_SITE)
#define ce_text_file_n(sc, path, min_partitions) ce_text_file_at((sc), (path), (min_partitions), CE_SITE)
CE_API ce_rdd *ce_text_file_at(ce_context *sc, const char *path, uint32_t min_partitions, ce_site site);

/* rdd(pair(str, str)): (path, content) of each file; path as for ce_text_file. */
#define ce_whole_text_files(sc, path) ce_whole_text_files_at((sc), (path), 0, CE_SITE)
#define ce_whole_text_files_n(sc, path, min_partitions) ce_whole_text_files_at((sc), (path), (min_partitions), CE_SITE)
CE_API ce_rdd *ce_whole_text_files_at(ce_context *sc, const char *path, uint32_t min_partitions, ce_site site);

/* rdd(str): the consecutive records of record_bytes bytes each; a file whose size is not a multiple of it is
 * CE_CORRUPT. */
#define ce_binary_records(sc, path, record_bytes) ce_binary_records_at((sc), (path), (record_bytes), CE_SITE)
CE_API ce_rdd *ce_binary_records_at(ce_context *sc, const char *path, uint32_t record_bytes, ce_site site);

/* rdd(T): the consecutive values of T, as memory holds them, in files of nothing else, such as ce_save_as_binary_file
 * writes; T has no strings and no lists. A file whose size is not a multiple of sizeof(T), or a bool in it that is
 * neither 0 nor 1, is CE_CORRUPT. path as for ce_text_file; a file is cut when it is larger than
 * files_partition_bytes_max. */
#define ce_binary_file(sc, path, T) ce_binary_file_at((sc), (path), CE_TYPE(T), CE_SITE)
CE_API ce_rdd *ce_binary_file_at(ce_context *sc, const char *path, const ce_type *type, ce_site site);

/* ---- narrow transformations ---- */

/* map : rdd(T), (T -> U) -> rdd(U).  CE_MAP */
#define ce_map(rdd, f) ce_map_at((rdd), &ce_fn_##f, NULL, CE_SITE)
#define ce_map_with(rdd, f, ...) ce_map_at((rdd), &ce_fn_##f, (__VA_ARGS__), CE_SITE)
CE_API ce_rdd *ce_map_at(ce_rdd *rdd, const ce_function *f, const void *env, ce_site site);

/* flat_map : rdd(T), (T -> 0..n U) -> rdd(U).  CE_FLAT_MAP */
#define ce_flat_map(rdd, f) ce_flat_map_at((rdd), &ce_fn_##f, NULL, CE_SITE)
#define ce_flat_map_with(rdd, f, ...) ce_flat_map_at((rdd), &ce_fn_##f, (__VA_ARGS__), CE_SITE)
CE_API ce_rdd *ce_flat_map_at(ce_rdd *rdd, const ce_function *f, const void *env, ce_site site);

/* filter : rdd(T), (T -> bool) -> rdd(T). Keeps the partitioner.  CE_FILTER */
#define ce_filter(rdd, f) ce_filter_at((rdd), &ce_fn_##f, NULL, CE_SITE)
#define ce_filter_with(rdd, f, ...) ce_filter_at((rdd), &ce_fn_##f, (__VA_ARGS__), CE_SITE)
CE_API ce_rdd *ce_filter_at(ce_rdd *rdd, const ce_function *f, const void *env, ce_site site);

/* filter_by_range : rdd(pair(K, V)), K, K -> rdd(pair(K, V)): the rows whose keys lie between *low and *high, both
 * included, in the order that sort_by_key put them in, else that of ce_type_compare. Of an RDD that is partitioned by
 * range only the partitions that can hold such keys are computed. Keeps the partitioner. */
#define ce_filter_by_range(rdd, low, high) ce_filter_by_range_at((rdd), (low), (high), CE_SITE)
CE_API ce_rdd *ce_filter_by_range_at(ce_rdd *rdd, const void *low, const void *high, ce_site site);

/* map_partitions : rdd(T), (rows(T) -> 0..n U) -> rdd(U). f runs once per partition, empty ones too. The form with
 * _keeping promises that keys stay in their partition, so the partitioner is kept.  CE_MAP_PARTITIONS,
 * CE_MAP_PARTITIONS_WITH_INDEX */
#define ce_map_partitions(rdd, f) ce_map_partitions_at((rdd), &ce_fn_##f, NULL, false, CE_SITE)
#define ce_map_partitions_with(rdd, f, ...) ce_map_partitions_at((rdd), &ce_fn_##f, (__VA_ARGS__), false, CE_SITE)
#define ce_map_partitions_keeping(rdd, f) ce_map_partitions_at((rdd), &ce_fn_##f, NULL, true, CE_SITE)
#define ce_map_partitions_with_index(rdd, f) ce_map_partitions_with_index_at((rdd), &ce_fn_##f, NULL, false, CE_SITE)
#define ce_map_partitions_with_index_with(rdd, f, ...)                                                                 \
    ce_map_partitions_with_index_at((rdd), &ce_fn_##f, (__VA_ARGS__), false, CE_SITE)
CE_API ce_rdd *ce_map_partitions_at(ce_rdd *rdd, const ce_function *f, const void *env, bool keep_partitioner,
                                    ce_site site);
CE_API ce_rdd *ce_map_partitions_with_index_at(ce_rdd *rdd, const ce_function *f, const void *env,
                                               bool keep_partitioner, ce_site site);

/* key_by : rdd(T), (T -> K) -> rdd(pair(K, T)).  CE_MAP */
#define ce_key_by(rdd, f) ce_key_by_at((rdd), &ce_fn_##f, NULL, CE_SITE)
#define ce_key_by_with(rdd, f, ...) ce_key_by_at((rdd), &ce_fn_##f, (__VA_ARGS__), CE_SITE)
CE_API ce_rdd *ce_key_by_at(ce_rdd *rdd, const ce_function *f, const void *env, ce_site site);

/* keys : rdd(pair(K, V)) -> rdd(K);  values : rdd(pair(K, V)) -> rdd(V) */
#define ce_keys(rdd) ce_keys_at((rdd), CE_SITE)
#define ce_values(rdd) ce_values_at((rdd), CE_SITE)
CE_API ce_rdd *ce_keys_at(ce_rdd *rdd, ce_site site);
CE_API ce_rdd *ce_values_at(ce_rdd *rdd, ce_site site);

/* map_values : rdd(pair(K, V)), (V -> U) -> rdd(pair(K, U)). Keeps the partitioner.  CE_MAP over V */
#define ce_map_values(rdd, f) ce_map_values_at((rdd), &ce_fn_##f, NULL, CE_SITE)
#define ce_map_values_with(rdd, f, ...) ce_map_values_at((rdd), &ce_fn_##f, (__VA_ARGS__), CE_SITE)
CE_API ce_rdd *ce_map_values_at(ce_rdd *rdd, const ce_function *f, const void *env, ce_site site);

/* flat_map_values : rdd(pair(K, V)), (V -> 0..n U) -> rdd(pair(K, U)). Keeps the partitioner.  CE_FLAT_MAP over V */
#define ce_flat_map_values(rdd, f) ce_flat_map_values_at((rdd), &ce_fn_##f, NULL, CE_SITE)
#define ce_flat_map_values_with(rdd, f, ...) ce_flat_map_values_at((rdd), &ce_fn_##f, (__VA_ARGS__), CE_SITE)
CE_API ce_rdd *ce_flat_map_values_at(ce_rdd *rdd, const ce_function *f, const void *env, ce_site site);

/* glom : rdd(T) -> rdd(list(T)): one list per partition, empty ones too. */
#define ce_glom(rdd) ce_glom_at((rdd), CE_SITE)
CE_API ce_rdd *ce_glom_at(ce_rdd *rdd, ce_site site);

/* union : rdd(T), rdd(T) -> rdd(T): the partitions of both, in order; those of RDDs without partitions are none. When
 * all have the same partitioner it is kept, and partition i holds the rows of each partition i. */
#define ce_union(a, b) ce_union_all_at((ce_rdd *[]){(a), (b)}, 2, CE_SITE)
#define ce_union_all(rdds, count) ce_union_all_at((rdds), (count), CE_SITE)
CE_API ce_rdd *ce_union_all_at(ce_rdd *const *rdds, uint32_t count, ce_site site);

/* zip : rdd(A), rdd(B) -> rdd(pair(A, B)): row by row. The partition counts and the rows in each partition must be
 * the same. */
#define ce_zip(a, b) ce_zip_at((a), (b), CE_SITE)
CE_API ce_rdd *ce_zip_at(ce_rdd *a, ce_rdd *b, ce_site site);

/* zip_partitions : rdd(A), rdd(B), (rows(A), rows(B) -> 0..n U) -> rdd(U): only the partition counts must be the same.
 * CE_ZIP_PARTITIONS */
#define ce_zip_partitions(a, b, f) ce_zip_partitions_at((a), (b), &ce_fn_##f, NULL, CE_SITE)
#define ce_zip_partitions_with(a, b, f, ...) ce_zip_partitions_at((a), (b), &ce_fn_##f, (__VA_ARGS__), CE_SITE)
CE_API ce_rdd *ce_zip_partitions_at(ce_rdd *a, ce_rdd *b, const ce_function *f, const void *env, ce_site site);

/* zip_with_index : rdd(T) -> rdd(pair(T, int64)): the row's number over all partitions in order. With more than one
 * partition the first job that needs it counts the rows of all partitions but the last. */
#define ce_zip_with_index(rdd) ce_zip_with_index_at((rdd), CE_SITE)
CE_API ce_rdd *ce_zip_with_index_at(ce_rdd *rdd, ce_site site);

/* zip_with_unique_id : rdd(T) -> rdd(pair(T, int64)): row j of partition k of n gets j * n + k. */
#define ce_zip_with_unique_id(rdd) ce_zip_with_unique_id_at((rdd), CE_SITE)
CE_API ce_rdd *ce_zip_with_unique_id_at(ce_rdd *rdd, ce_site site);

/* cartesian : rdd(A), rdd(B) -> rdd(pair(A, B)): all pairs; partition i * nb + j holds a_i x b_j in the order of a_i,
 * then b_j. A task computes b_j once and keeps its rows packed in memory. */
#define ce_cartesian(a, b) ce_cartesian_at((a), (b), CE_SITE)
CE_API ce_rdd *ce_cartesian_at(ce_rdd *a, ce_rdd *b, ce_site site);

/* sample : rdd(T) -> rdd(T): each row with probability fraction (0..1), or, with replacement, Poisson(fraction) times
 * (>= 0). Same seed and same input, same rows. Keeps the partitioner. */
#define ce_sample(rdd, with_replacement, fraction, seed)                                                               \
    ce_sample_at((rdd), (with_replacement), (fraction), (seed), CE_SITE)
CE_API ce_rdd *ce_sample_at(ce_rdd *rdd, bool with_replacement, double fraction, uint64_t seed, ce_site site);

/*
 * sample_by_key : rdd(pair(K, V)), rates -> rdd(pair(K, V)): as sample, with a rate of its own for each key. rates:
 * count values of the pair type T = pair(K, double), at most one for a key, all >= 0. A key without a rate fails the
 * job (CE_NOT_FOUND). Keeps the partitioner.
 *
 * sample_by_key_exact takes exactly ceil(n * rate) of the n rows of a key (without replacement at most n), provided
 * that rdd computes the same rows in the same order each time; the first job that needs it counts the rows of all keys.
 */
#define ce_sample_by_key(rdd, with_replacement, T, rates, count, seed)                                                 \
    ce_sample_by_key_at((rdd), (with_replacement), CE_TYPE(T), (1 ? (rates) : (const T *)0), (count), (seed), CE_SITE)
#define ce_sample_by_key_exact(rdd, with_replacement, T, rates, count, seed)                                           \
    ce_sample_by_key_exact_at((rdd), (with_replacement), CE_TYPE(T), (1 ? (rates) : (const T *)0), (count), (seed),    \
                              CE_SITE)
CE_API ce_rdd *ce_sample_by_key_at(ce_rdd *rdd, bool with_replacement, const ce_type *rate_type, const void *rates,
                                   uint32_t count, uint64_t seed, ce_site site);
CE_API ce_rdd *ce_sample_by_key_exact_at(ce_rdd *rdd, bool with_replacement, const ce_type *rate_type,
                                         const void *rates, uint32_t count, uint64_t seed, ce_site site);

/* random_split: writes count RDDs to splits: disjoint, together all rows, sized by weights (>= 0, sum > 0), provided
 * that rdd computes the same rows in the same order each time. */
#define ce_random_split(rdd, weights, count, seed, splits)                                                             \
    ce_random_split_at((rdd), (weights), (count), (seed), (splits), CE_SITE)
CE_API void ce_random_split_at(ce_rdd *rdd, const double *weights, uint32_t count, uint64_t seed, ce_rdd **splits,
                               ce_site site);

/* coalesce : rdd(T) -> rdd(T): partitions joined, neighbours together, without a shuffle; never more than before. */
#define ce_coalesce(rdd, partitions) ce_coalesce_at((rdd), (partitions), CE_SITE)
CE_API ce_rdd *ce_coalesce_at(ce_rdd *rdd, uint32_t partitions, ce_site site);

/*
 * pipe : rdd(T) -> rdd(str): one process per partition (empty ones too) gets the rows as lines in their text form and
 * gives lines back. command is cut at blanks; there is no shell. environment: NULL or a NULL-ended list of
 * NAME=VALUE, put over the program's own. A status other than 0 fails the task.
 */
#define ce_pipe(rdd, command) ce_pipe_at((rdd), (command), NULL, CE_SITE)
#define ce_pipe_with(rdd, command, ...) ce_pipe_at((rdd), (command), (__VA_ARGS__), CE_SITE)
CE_API ce_rdd *ce_pipe_at(ce_rdd *rdd, const char *command, const char *const *environment, ce_site site);

/* ---- wide transformations: over a shuffle ---- */

/*
 * combine_by_key : rdd(pair(K, V)), (V -> C), (C, V -> C), (C, C -> C) -> rdd(pair(K, C)): create makes an accumulator
 * of a key's first value, merge_value adds one of its values, merge_combiners makes one of two. What combines by key:
 * aggregate_by_key, fold_by_key and reduce_by_key are this with other beginnings. Equal keys are combined before the
 * shuffle too, unless map_side_combine is false (where that makes nothing smaller).  CE_MAP, CE_AGGREGATE, CE_REDUCE
 */
#define ce_combine_by_key(rdd, create, merge_value, merge_combiners)                                                   \
    ce_combine_by_key_with(rdd, create, merge_value, merge_combiners, 0, true)
#define ce_combine_by_key_n(rdd, create, merge_value, merge_combiners, partitions)                                     \
    ce_combine_by_key_with(rdd, create, merge_value, merge_combiners, partitions, true)
#define ce_combine_by_key_with(rdd, create, merge_value, merge_combiners, partitions, map_side_combine)                \
    ce_combine_by_key_at((rdd), &ce_fn_##create, &ce_fn_##merge_value, &ce_fn_##merge_combiners, (partitions),         \
                         (map_side_combine), CE_SITE)
CE_API ce_rdd *ce_combine_by_key_at(ce_rdd *rdd, const ce_function *create, const ce_function *merge_value,
                                    const ce_function *merge_combiners, uint32_t partitions, bool map_side_combine,
                                    ce_site site);

/* aggregate_by_key : rdd(pair(K, V)), zero C, (C, V -> C), (C, C -> C) -> rdd(pair(K, C)). zero points to a C, which is
 * copied; it counts once for each key in each partition of rdd.  CE_AGGREGATE, CE_REDUCE */
#define ce_aggregate_by_key(rdd, zero, seq, comb) ce_aggregate_by_key_n(rdd, zero, seq, comb, 0)
#define ce_aggregate_by_key_n(rdd, zero, seq, comb, partitions)                                                        \
    ce_aggregate_by_key_at((rdd), (zero), &ce_fn_##seq, &ce_fn_##comb, (partitions), CE_SITE)
CE_API ce_rdd *ce_aggregate_by_key_at(ce_rdd *rdd, const void *zero, const ce_function *seq, const ce_function *comb,
                                      uint32_t partitions, ce_site site);

/* fold_by_key : rdd(pair(K, V)), zero V, (V, V -> V) -> rdd(pair(K, V)). zero as of aggregate_by_key.  CE_REDUCE */
#define ce_fold_by_key(rdd, zero, f) ce_fold_by_key_n(rdd, zero, f, 0)
#define ce_fold_by_key_n(rdd, zero, f, partitions) ce_fold_by_key_at((rdd), (zero), &ce_fn_##f, (partitions), CE_SITE)
CE_API ce_rdd *ce_fold_by_key_at(ce_rdd *rdd, const void *zero, const ce_function *f, uint32_t partitions,
                                 ce_site site);

/* reduce_by_key : rdd(pair(K, V)), (V, V -> V) -> rdd(pair(K, V)): combined before and after the shuffle.  CE_REDUCE */
#define ce_reduce_by_key(rdd, f) ce_reduce_by_key_at((rdd), &ce_fn_##f, 0, CE_SITE)
#define ce_reduce_by_key_n(rdd, f, partitions) ce_reduce_by_key_at((rdd), &ce_fn_##f, (partitions), CE_SITE)
CE_API ce_rdd *ce_reduce_by_key_at(ce_rdd *rdd, const ce_function *f, uint32_t partitions, ce_site site);

/* group_by_key : rdd(pair(K, V)) -> rdd(pair(K, list(V))). The order in a group is not defined. A group must fit in
 * memory (CE_MEMORY): map_groups takes groups of any size. */
#define ce_group_by_key(rdd) ce_group_by_key_at((rdd), 0, CE_SITE)
#define ce_group_by_key_n(rdd, partitions) ce_group_by_key_at((rdd), (partitions), CE_SITE)
CE_API ce_rdd *ce_group_by_key_at(ce_rdd *rdd, uint32_t partitions, ce_site site);

/* group_by : rdd(T), (T -> K) -> rdd(pair(K, list(T))): key_by and group_by_key in one.  CE_MAP */
#define ce_group_by(rdd, f) ce_group_by_at((rdd), &ce_fn_##f, NULL, 0, CE_SITE)
#define ce_group_by_n(rdd, f, partitions) ce_group_by_at((rdd), &ce_fn_##f, NULL, (partitions), CE_SITE)
#define ce_group_by_with(rdd, f, ...) ce_group_by_at((rdd), &ce_fn_##f, (__VA_ARGS__), 0, CE_SITE)
CE_API ce_rdd *ce_group_by_at(ce_rdd *rdd, const ce_function *f, const void *env, uint32_t partitions, ce_site site);

/* map_groups : rdd(pair(K, V)), (K, rows(V) -> 0..n U) -> rdd(U): f runs once for each key, and reads the key's values
 * one after the other: a group may be larger than memory. Values that it does not read are left out.  CE_MAP_GROUPS */
#define ce_map_groups(rdd, f) ce_map_groups_at((rdd), &ce_fn_##f, NULL, 0, CE_SITE)
#define ce_map_groups_n(rdd, f, partitions) ce_map_groups_at((rdd), &ce_fn_##f, NULL, (partitions), CE_SITE)
#define ce_map_groups_with(rdd, f, ...) ce_map_groups_at((rdd), &ce_fn_##f, (__VA_ARGS__), 0, CE_SITE)
CE_API ce_rdd *ce_map_groups_at(ce_rdd *rdd, const ce_function *f, const void *env, uint32_t partitions, ce_site site);

/*
 * Operators over several RDDs of pairs with one type of key. They need no shuffle of an input that is partitioned as
 * the result is; the default partitioner is Spark's: that of the input with one of the most partitions, when it has
 * enough, else by hash into as many as the largest input has. The result keeps the partitioner.
 */

/* cogroup : rdd(pair(K, V)), rdd(pair(K, W)) -> rdd(pair(K, record(list(V), list(W)))), of 1 to 4 RDDs: all values of
 * each key of any of them; lists are empty where a key has none. A group must fit in memory, as of group_by_key. */
#define ce_cogroup(a, b) ce_cogroup_at((ce_rdd *[]){(a), (b)}, 2, 0, CE_SITE)
#define ce_cogroup3(a, b, c) ce_cogroup_at((ce_rdd *[]){(a), (b), (c)}, 3, 0, CE_SITE)
#define ce_cogroup4(a, b, c, d) ce_cogroup_at((ce_rdd *[]){(a), (b), (c), (d)}, 4, 0, CE_SITE)
#define ce_cogroup_all(rdds, count, partitions) ce_cogroup_at((rdds), (count), (partitions), CE_SITE)
CE_API ce_rdd *ce_cogroup_at(ce_rdd *const *rdds, uint32_t count, uint32_t partitions, ce_site site);

/* map_cogroup : rdd(pair(K, V)), rdd(pair(K, W)), (K, rows(V), rows(W) -> 0..n U) -> rdd(U): as map_groups, over both.
 * CE_MAP_COGROUP */
#define ce_map_cogroup(a, b, f) ce_map_cogroup_at((a), (b), &ce_fn_##f, NULL, 0, CE_SITE)
#define ce_map_cogroup_n(a, b, f, partitions) ce_map_cogroup_at((a), (b), &ce_fn_##f, NULL, (partitions), CE_SITE)
#define ce_map_cogroup_with(a, b, f, ...) ce_map_cogroup_at((a), (b), &ce_fn_##f, (__VA_ARGS__), 0, CE_SITE)
CE_API ce_rdd *ce_map_cogroup_at(ce_rdd *a, ce_rdd *b, const ce_function *f, const void *env, uint32_t partitions,
                                 ce_site site);

/* join : rdd(pair(K, V)), rdd(pair(K, W)) -> rdd(pair(K, pair(V, W))): every V with every W of the same key. The outer
 * ones give rows without a partner too: left_outer_join has option(W), right_outer_join option(V), full_outer_join
 * both. */
#define ce_join(a, b) ce_join_at((a), (b), false, false, 0, CE_SITE)
#define ce_join_n(a, b, partitions) ce_join_at((a), (b), false, false, (partitions), CE_SITE)
#define ce_left_outer_join(a, b) ce_join_at((a), (b), true, false, 0, CE_SITE)
#define ce_left_outer_join_n(a, b, partitions) ce_join_at((a), (b), true, false, (partitions), CE_SITE)
#define ce_right_outer_join(a, b) ce_join_at((a), (b), false, true, 0, CE_SITE)
#define ce_right_outer_join_n(a, b, partitions) ce_join_at((a), (b), false, true, (partitions), CE_SITE)
#define ce_full_outer_join(a, b) ce_join_at((a), (b), true, true, 0, CE_SITE)
#define ce_full_outer_join_n(a, b, partitions) ce_join_at((a), (b), true, true, (partitions), CE_SITE)
CE_API ce_rdd *ce_join_at(ce_rdd *a, ce_rdd *b, bool left_outer, bool right_outer, uint32_t partitions, ce_site site);

/* As join and left_outer_join, with the hint that b is small: a is not shuffled and keeps its partitioner; each task
 * reads all of b into a table, which must fit in memory. */
#define ce_join_broadcast(a, b) ce_join_broadcast_at((a), (b), false, CE_SITE)
#define ce_left_outer_join_broadcast(a, b) ce_join_broadcast_at((a), (b), true, CE_SITE)
CE_API ce_rdd *ce_join_broadcast_at(ce_rdd *a, ce_rdd *b, bool left_outer, ce_site site);

/* subtract_by_key : rdd(pair(K, V)), rdd(pair(K, W)) -> rdd(pair(K, V)): the rows of a whose key b has not.
 * Partitioned as a is, or into as many. */
#define ce_subtract_by_key(a, b) ce_subtract_by_key_at((a), (b), 0, CE_SITE)
#define ce_subtract_by_key_n(a, b, partitions) ce_subtract_by_key_at((a), (b), (partitions), CE_SITE)
CE_API ce_rdd *ce_subtract_by_key_at(ce_rdd *a, ce_rdd *b, uint32_t partitions, ce_site site);

/* subtract : rdd(T), rdd(T) -> rdd(T): the rows of a that b has not, as often as a has them. */
#define ce_subtract(a, b) ce_subtract_at((a), (b), 0, CE_SITE)
#define ce_subtract_n(a, b, partitions) ce_subtract_at((a), (b), (partitions), CE_SITE)
CE_API ce_rdd *ce_subtract_at(ce_rdd *a, ce_rdd *b, uint32_t partitions, ce_site site);

/* intersection : rdd(T), rdd(T) -> rdd(T): the rows that both have, each once. */
#define ce_intersection(a, b) ce_intersection_at((a), (b), 0, CE_SITE)
#define ce_intersection_n(a, b, partitions) ce_intersection_at((a), (b), (partitions), CE_SITE)
CE_API ce_rdd *ce_intersection_at(ce_rdd *a, ce_rdd *b, uint32_t partitions, ce_site site);

/* partition_by : rdd(pair(K, V)) -> rdd(pair(K, V)): equal keys to the same partition, by hash, or by a function of
 * CE_PARTITIONER. An RDD that is partitioned so already is returned as it is. */
#define ce_partition_by(rdd, partitions) ce_partition_by_at((rdd), NULL, (partitions), CE_SITE)
#define ce_partition_by_with(rdd, f, partitions) ce_partition_by_at((rdd), &ce_fn_##f, (partitions), CE_SITE)
CE_API ce_rdd *ce_partition_by_at(ce_rdd *rdd, const ce_function *f, uint32_t partitions, ce_site site);

/* distinct : rdd(T) -> rdd(T): each value once, in no defined order. */
#define ce_distinct(rdd) ce_distinct_at((rdd), 0, CE_SITE)
#define ce_distinct_n(rdd, partitions) ce_distinct_at((rdd), (partitions), CE_SITE)
CE_API ce_rdd *ce_distinct_at(ce_rdd *rdd, uint32_t partitions, ce_site site);

/* top_by_key : rdd(pair(K, V)), count -> rdd(pair(K, list(V))): the count (>= 1) largest values of each key, the
 * largest first, by the type's natural order (ce_type_compare), or by a function of CE_COMPARE over V with _with. Of
 * equal values any. */
#define ce_top_by_key(rdd, count) ce_top_by_key_at((rdd), (count), NULL, 0, CE_SITE)
#define ce_top_by_key_n(rdd, count, partitions) ce_top_by_key_at((rdd), (count), NULL, (partitions), CE_SITE)
#define ce_top_by_key_with(rdd, count, f) ce_top_by_key_at((rdd), (count), &ce_fn_##f, 0, CE_SITE)
CE_API ce_rdd *ce_top_by_key_at(ce_rdd *rdd, uint32_t count, const ce_function *compare, uint32_t partitions,
                                ce_site site);

/* count_approx_distinct_by_key : rdd(pair(K, V)), relative_sd -> rdd(pair(K, int64)): about how many different values
 * each key has, as ce_count_approx_distinct counts; up to a few dozen exactly. */
#define ce_count_approx_distinct_by_key(rdd, relative_sd)                                                              \
    ce_count_approx_distinct_by_key_at((rdd), (relative_sd), 0, CE_SITE)
#define ce_count_approx_distinct_by_key_n(rdd, relative_sd, partitions)                                                \
    ce_count_approx_distinct_by_key_at((rdd), (relative_sd), (partitions), CE_SITE)
CE_API ce_rdd *ce_count_approx_distinct_by_key_at(ce_rdd *rdd, double relative_sd, uint32_t partitions, ce_site site);

/* quantiles_by_key : rdd(pair(K, number)), probabilities -> rdd(pair(K, list(double))): the quantiles of each key's
 * values, as ce_quantiles finds them, one for each of count probabilities. Those of a key that has NaN only are NaN. */
#define ce_quantiles_by_key(rdd, probabilities, count)                                                                 \
    ce_quantiles_by_key_at((rdd), (probabilities), (count), 0, CE_SITE)
#define ce_quantiles_by_key_n(rdd, probabilities, count, partitions)                                                   \
    ce_quantiles_by_key_at((rdd), (probabilities), (count), (partitions), CE_SITE)
CE_API ce_rdd *ce_quantiles_by_key_at(ce_rdd *rdd, const double *probabilities, uint32_t count, uint32_t partitions,
                                      ce_site site);

/* repartition : rdd(T) -> rdd(T): the rows spread evenly over any number of partitions. Spark's coalesce with a shuffle
 * is the same. */
#define ce_repartition(rdd, partitions) ce_repartition_at((rdd), (partitions), CE_SITE)
#define ce_coalesce_shuffle(rdd, partitions) ce_repartition_at((rdd), (partitions), CE_SITE)
CE_API ce_rdd *ce_repartition_at(ce_rdd *rdd, uint32_t partitions, ce_site site);

/*
 * sort_by_key : rdd(pair(K, V)), [(K, K -> int)] -> rdd(pair(K, V)): partition after partition in the order of the
 * keys, as ce_type_compare has it or a function of CE_COMPARE. Rows with equal keys come in any order. At most
 * `partitions` partitions (0: the parent's number): with more than one, the first job that needs the result samples the
 * keys, and where few keys differ there are fewer. The result is partitioned by range.
 */
#define ce_sort_by_key(rdd) ce_sort_by_key_at((rdd), NULL, true, 0, CE_SITE)
#define ce_sort_by_key_n(rdd, ascending, partitions) ce_sort_by_key_at((rdd), NULL, (ascending), (partitions), CE_SITE)
#define ce_sort_by_key_with(rdd, compare, ascending, partitions)                                                       \
    ce_sort_by_key_at((rdd), &ce_fn_##compare, (ascending), (partitions), CE_SITE)
CE_API ce_rdd *ce_sort_by_key_at(ce_rdd *rdd, const ce_function *compare, bool ascending, uint32_t partitions,
                                 ce_site site);

/* sort_by : rdd(T), (T -> K) -> rdd(T): as sort_by_key, by the key that f gives, which is called for a row several
 * times and must answer the same. Not partitioned by key.  CE_MAP */
#define ce_sort_by(rdd, f) ce_sort_by_at((rdd), &ce_fn_##f, NULL, true, 0, CE_SITE)
#define ce_sort_by_n(rdd, f, ascending, partitions)                                                                    \
    ce_sort_by_at((rdd), &ce_fn_##f, NULL, (ascending), (partitions), CE_SITE)
#define ce_sort_by_with(rdd, f, ascending, partitions, ...)                                                            \
    ce_sort_by_at((rdd), &ce_fn_##f, (__VA_ARGS__), (ascending), (partitions), CE_SITE)
CE_API ce_rdd *ce_sort_by_at(ce_rdd *rdd, const ce_function *f, const void *env, bool ascending, uint32_t partitions,
                             ce_site site);

/* repartition_and_sort_within_partitions : rdd(pair(K, V)) -> rdd(pair(K, V)): as partition_by, and each partition in
 * the order of its keys. An RDD that is partitioned so already is sorted without a shuffle. */
#define ce_repartition_and_sort_within_partitions(rdd, partitions)                                                     \
    ce_repartition_and_sort_within_partitions_at((rdd), NULL, (partitions), CE_SITE)
#define ce_repartition_and_sort_within_partitions_with(rdd, f, partitions)                                             \
    ce_repartition_and_sort_within_partitions_at((rdd), &ce_fn_##f, (partitions), CE_SITE)
CE_API ce_rdd *ce_repartition_and_sort_within_partitions_at(ce_rdd *rdd, const ce_function *f, uint32_t partitions,
                                                            ce_site site);

/* ---- asking a node ---- */

typedef enum ce_determinism {
    CE_DETERMINATE,   /* same rows in the same order each time it is computed */
    CE_UNORDERED,     /* same rows in any order */
    CE_INDETERMINATE, /* the rows may differ */
} ce_determinism;

/* CE_OK, or what poisoned the node (then ce_last_error says it). */
CE_API ce_status ce_rdd_status(const ce_rdd *rdd);

/* The node's number in its context, from 0. */
CE_API int32_t ce_rdd_id(const ce_rdd *rdd);

/* The name set by the user, or the operator's. Valid until the context closes. ce_set_name copies and returns rdd. */
CE_API const char *ce_rdd_name(const ce_rdd *rdd);
CE_API ce_rdd *ce_set_name(ce_rdd *rdd, const char *name);

CE_API const ce_type *ce_rdd_type(const ce_rdd *rdd);

/* May look at files, or run the counting jobs of zip_with_index and sample_by_key_exact. */
/* May look at files, or run the counting job of zip_with_index and the sampling one of a sort. */
CE_API CE_NODISCARD ce_status ce_partition_count(ce_rdd *rdd, uint32_t *count);

/* Hosts where partition would best run; count 0 is anywhere. The texts belong to the context. */
CE_API CE_NODISCARD ce_status ce_preferred_locations(ce_rdd *rdd, uint32_t partition, const char *const **hosts,
                                                     uint32_t *count);

CE_API ce_determinism ce_rdd_determinism(const ce_rdd *rdd);

/* Partitioned by key: by a hash, a user's function or a range, into how many. */
CE_API bool ce_rdd_has_partitioner(const ce_rdd *rdd);
CE_API bool ce_rdd_same_partitioner(const ce_rdd *a, const ce_rdd *b);

/* The lineage as Spark prints it: one line a node with its partitions, +- at each shuffle. *text is freed by the
 * caller with ce_free. */
CE_API CE_NODISCARD ce_status ce_to_debug_string(ce_rdd *rdd, char **text);

#ifdef __cplusplus
}
#endif
#endif
