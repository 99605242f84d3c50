/* count_by_key : rdd(pair(K, V)) -> rows(pair(K, int64))
 *
 * As Spark: each key with a 1, then reduce_by_key, so that a key comes to the calling thread once. Input that is
 * partitioned by key needs no shuffle.
 *
 * In tasks: key_with_one and reduce_by_key. */
#include "action/count_by_key.h"
#include "base/error.h"
#include "rdd/combined.h"
#include "rdd/shuffle_read.h"
#include "sched/engine.h"

static inline int64_t cei_add_counts(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(cei_add_counts, int64_t)

static int compare_keys(const void *a, const void *b, void *arg)
{
    return ce_type_compare(arg, a, b);
}

ce_status cei_count_by_key(ce_rdd *rdd, const char *action, const ce_type *key, cei_partitioner partitioner,
                           ce_result *counts)
{
    ce_rdd ones, sums, *ones_at = &ones;
    *counts = (ce_result){0};
    CE_TRY(cei_action_node(&ones, &cei_op_key_with_one, &rdd));
    ones.type = cei_scope_pair(rdd->scope, key, &ce_type_int64_t);
    if (!ones.type) {
        return CE_MEMORY;
    }
    CE_TRY(cei_action_node(&sums, &cei_op_reduce_by_key, &ones_at));
    cei_shuffle shuffle = cei_shuffle_of(ones.type, true);
    sums.function = &ce_fn_cei_add_counts;
    shuffle.combines = true;
    shuffle.combiner = cei_combiner_of(&sums, ones.type);
    if (partitioner.kind == CEI_PARTITIONER_NONE) {
        shuffle.id = atomic_fetch_add(&rdd->scope->next_shuffle, 1);
        shuffle.partitioner = (cei_partitioner){.kind = CEI_PARTITIONER_HASH, .count = rdd->partition_count};
        sums.shuffle = &shuffle;
    }
    ce_status status = cei_action_rows(&sums, action, counts);
    if (sums.shuffle) {
        cei_store_remove(cei_context_of(rdd)->store, shuffle.id);
    }
    if (status == CE_OK) {
        status = cei_result_sort(counts, compare_keys, (void *)key);
    }
    if (status != CE_OK) {
        ce_result_free(counts);
    }
    return status;
}

ce_status ce_count_by_key(ce_rdd *rdd, ce_result *counts)
{
    CEI_HOLD(rdd);
    const ce_type *key, *value;
    *counts = (ce_result){0};
    CE_TRY(cei_node_prepare(rdd));
    CE_TRY(cei_action_pair(rdd, "count_by_key", &key, &value));
    return cei_count_by_key(rdd, "count_by_key", key, rdd->partitioner, counts);
}
