/*
 * clean_shuffle_dependencies.c: map outputs of a lineage go, their memory and disk are free again.
 *
 * Jobs read map outputs without a lock, so this waits for the moment in which none runs.
 */
#include "base/error.h"
#include "base/memory.h"
#include "sched/engine.h"
#include "sched/job.h"
#include <cerium/action.h>

/* The nodes of the lineage that are still to be looked at, and which have been seen, by id. */
struct walk {
    const ce_rdd **stack;
    uint8_t *seen;
    uint32_t count;
};

static void look_at(struct walk *walk, const ce_rdd *node)
{
    uint32_t id = (uint32_t)node->id;
    if (!(walk->seen[id / 8] & 1u << id % 8)) {
        walk->seen[id / 8] |= (uint8_t)(1u << id % 8);
        walk->stack[walk->count++] = node;
    }
}

static void clean_locked(ce_context *context, struct walk *walk, const ce_rdd *rdd)
{
    look_at(walk, rdd);
    while (walk->count) {
        const ce_rdd *node = walk->stack[--walk->count];
        if (node->shuffle) {
            cei_store_remove(context->store, node->shuffle->id);
        }
        for (uint32_t i = 0; i < node->parent_count; i++) {
            look_at(walk, node->parents[i]);
        }
    }
}

static bool job_runs_locked(const ce_context *context)
{
    for (uint32_t i = 0; i < CEI_JOBS_MAX; i++) {
        if (context->jobs[i].used) {
            return true;
        }
    }
    return false;
}

ce_status ce_clean_shuffle_dependencies(ce_rdd *rdd)
{
    CEI_HOLD(rdd);
    CE_TRY(ce_rdd_status(rdd));
    ce_context *context = cei_context_of(rdd);
    uint32_t nodes = (uint32_t)atomic_load(&context->scope.next_rdd);
    struct walk walk = {.stack = cei_alloc(nodes * sizeof *walk.stack), .seen = cei_alloc_zeroed(nodes / 8 + 1, 1)};
    ce_status status = walk.stack && walk.seen ? CE_OK : CE_MEMORY;
    if (status == CE_OK) {
        cei_lock_take(&context->lock);
        while (job_runs_locked(context)) {
            cei_condition_wait(&context->changed, &context->lock);
        }
        clean_locked(context, &walk, rdd);
        cei_lock_give(&context->lock);
    }
    cei_free(walk.stack);
    cei_free(walk.seen);
    return status;
}
