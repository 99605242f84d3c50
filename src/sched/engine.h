/*
 * engine.h: struct ce_context: what a context is made of. context/context.c opens and wires it; everything in sched/,
 * exec/ and action/ reaches it from a node through cei_context_of.
 *
 * Locks, in the order in which they may be taken: scope.prepare_lock, lock, the executor's, scope.lock, bus.lock.
 */
#ifndef CERIUM_SCHED_ENGINE_H
#define CERIUM_SCHED_ENGINE_H

#include "conf/conf.h"
#include "event/bus.h"
#include "rdd/node.h"
#include "sched/executor.h"
#include "shuffle/store.h"

enum {
    CEI_JOBS_MAX = 256,    /* at the same time; more wait */
    CEI_GROUP_BYTES = 128, /* of a job group's name */
};

/* One of the jobs that may run at the same time. The flags are what a signal handler may touch. */
typedef struct cei_job_slot {
    _Atomic(bool) cancelled;
    bool used;                   /* under lock */
    char group[CEI_GROUP_BYTES]; /* under lock */
} cei_job_slot;

struct ce_context {
    cei_scope scope; /* first: a node's scope is its context */
    cei_settings settings;
    cei_bus bus;
    cei_pool *pool;
    cei_store *store;
    cei_executor *executor;
    uint32_t task_failures_max;
    uint32_t batch_rows;
    uint64_t task_share_bytes;   /* of the pool's limit: what the operators of one task may keep */
    const char *spill_directory; /* the setting's; NULL: where temporary files are */
    struct cei_progress *progress;

    cei_lock lock;
    cei_condition changed; /* a stage or a job has ended */
    cei_job_slot jobs[CEI_JOBS_MAX];
    uint32_t holders;   /* actions and jobs under way; under lock */
    int32_t *computing; /* shuffles whose map stage runs now; on the heap; under lock */
    uint32_t computing_count, computing_room;
    bool closed; /* under lock */

    _Atomic(int32_t) next_job, next_stage;
    _Atomic(int64_t) next_task;
};

static inline ce_context *cei_context_of(const ce_rdd *node)
{
    return (ce_context *)(void *)node->scope;
}

#endif
