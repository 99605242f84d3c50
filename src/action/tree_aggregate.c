/* tree_aggregate : rdd(T), U, (U, T -> U), (U, U -> U), depth -> U
 *
 * As aggregate, but the values of many partitions meet in tasks first, in levels as Spark's: while it helps, the
 * values of one level go to a depth-th root fewer partitions, value i to i modulo their number, and are folded there.
 * The zero enters again for each value of a level and for each partition of the last one. */
#include "action/fold_rows.h"
#include "base/error.h"
#include "base/memory.h"
#include "sched/engine.h"
#include <math.h>

/* One level: each value gets the zero, crosses the shuffle, and meets others. */
struct level {
    ce_rdd *below;
    ce_rdd zeroed, *zeroed_at; /* left out without a zero */
    ce_rdd met;
    cei_shuffle shuffle;
};

/* The partitions of the next level above this many; 0: none, it would not help. */
static uint32_t next_width(uint32_t width, uint32_t scale)
{
    uint64_t needs = scale + ((uint64_t)width + scale - 1) / scale;
    return width > needs ? width / scale : 0;
}

static ce_status open_level(struct level *level, ce_rdd *below, const ce_function *comb, const void *zero,
                            uint32_t width)
{
    level->below = below;
    level->zeroed_at = below;
    if (zero) {
        CE_TRY(cei_fold_node(&level->zeroed, comb, zero, &level->below));
        level->zeroed_at = &level->zeroed;
    }
    CE_TRY(cei_fold_node(&level->met, comb, NULL, &level->zeroed_at));
    level->shuffle = (cei_shuffle){.type = below->type,
                                   .partitioner = {.kind = CEI_PARTITIONER_INDEX, .count = width},
                                   .id = atomic_fetch_add(&below->scope->next_shuffle, 1)};
    level->met.shuffle = &level->shuffle;
    level->met.partition_count = width;
    return CE_OK;
}

static ce_status fold_over_levels(ce_rdd *below, const char *action, const ce_function *comb, const void *zero,
                                  ce_result *value)
{
    ce_rdd last;
    if (!zero) {
        return cei_fold_job(below, action, comb, NULL, value);
    }
    CE_TRY(cei_fold_node(&last, comb, zero, &below));
    return cei_fold_job(&last, action, comb, zero, value);
}

ce_status cei_fold_tree(ce_rdd *node, const char *action, const ce_function *comb, const void *zero, uint32_t depth,
                        ce_result *value)
{
    if (depth == 0) {
        return cei_action_invalid(node, action, "the depth must be at least 1, is 0");
    }
    uint32_t width = node->partition_count, count = 0;
    if (width == 0) {
        return cei_fold_job(node, action, comb, zero, value);
    }
    double root = ceil(pow((double)width, 1.0 / (double)depth));
    uint32_t scale = root > 2.0 ? (uint32_t)root : 2;
    for (uint32_t next = width; (next = next_width(next, scale)) > 0;) {
        count++;
    }
    struct level *levels = cei_alloc_zeroed(count + 1, sizeof *levels);
    if (!levels) {
        return CE_MEMORY;
    }
    ce_status status = CE_OK;
    ce_rdd *below = node;
    uint32_t opened = 0;
    for (; opened < count && status == CE_OK; opened++) {
        width = next_width(width, scale);
        status = open_level(&levels[opened], below, comb, zero, width);
        below = &levels[opened].met;
    }
    if (status == CE_OK) {
        status = fold_over_levels(below, action, comb, zero, value);
    }
    for (uint32_t i = 0; i < opened; i++) {
        if (levels[i].met.shuffle) {
            cei_store_remove(cei_context_of(node)->store, levels[i].shuffle.id);
        }
    }
    cei_free(levels);
    return status;
}

ce_status ce_tree_aggregate_with(ce_rdd *rdd, const void *zero, const ce_function *seq, const ce_function *comb,
                                 uint32_t depth, ce_result *value)
{
    CEI_HOLD(rdd);
    ce_rdd node;
    *value = (ce_result){0};
    CE_TRY(cei_node_prepare(rdd));
    CE_TRY(cei_fold_check(rdd, "tree_aggregate", seq, comb));
    if (!zero) {
        return cei_action_invalid(rdd, "tree_aggregate", "the zero is NULL");
    }
    CE_TRY(cei_fold_node(&node, seq, zero, &rdd));
    return cei_fold_tree(&node, "tree_aggregate", comb, zero, depth, value);
}
