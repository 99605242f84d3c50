/*
 * executor.h: the interface between the scheduler and whoever has threads.
 *
 * The scheduler submits task sets; an executor calls cei_task_set_run_next (task_set.h) on its threads until nothing
 * is left to claim, and marks a set done when no thread is inside it any more.
 */
#ifndef CERIUM_SCHED_EXECUTOR_H
#define CERIUM_SCHED_EXECUTOR_H

#include <cerium/status.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct cei_task_set cei_task_set;
typedef struct cei_executor cei_executor;

struct cei_executor {
    const char *name;
    uint32_t slots; /* tasks that run at the same time */

    /* Makes a set runnable. It stays the caller's and must not be freed before it is done. Cannot fail. */
    void (*submit)(cei_executor *executor, cei_task_set *set);

    /* Runs tasks on the calling thread or waits, until one of the sets is done. At least one set. */
    void (*wait)(cei_executor *executor, cei_task_set *const *sets, uint32_t count);

    /* No sets are submitted any more and all are done. */
    void (*close)(cei_executor *executor);
};

#endif
