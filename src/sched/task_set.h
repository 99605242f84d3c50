/*
 * task_set.h: the tasks of one stage of one job, claimed one by one by the threads of an executor.
 *
 * Tasks are claimed by partition index through an atomic counter; a failed task goes to a short list of retries, which
 * is claimed first. A set is exhausted when nothing can be claimed; it is done when it is exhausted and no thread is
 * in it.
 */
#ifndef CERIUM_SCHED_TASK_SET_H
#define CERIUM_SCHED_TASK_SET_H

#include "sched/engine.h"
#include "sched/job.h"
#include "task/node_task.h"

struct cei_task_set {
    ce_context *context;
    int32_t job, stage;
    cei_stage_work work;
    _Atomic(bool) *cancelled;   /* the job's: set by the first task that fails for good */
    const uint32_t *partitions; /* NULL: 0 .. count-1 */
    uint32_t count;
    cei_blocks *results; /* of a result stage: one list per task */

    _Atomic(uint32_t) next; /* first task never claimed */
    _Atomic(uint32_t) retry_count;
    _Atomic(uint64_t) keys;  /* that the newest finished task's combine table held: the next ones grow to it at once */
    cei_lock lock;           /* of what follows */
    uint32_t *retries;       /* tasks to run again; room for count; NULL until one fails */
    uint32_t *failures;      /* per task; NULL until one fails */
    ce_status status;        /* of the first task that failed for good */
    char *error;             /* on the heap; NULL: the status's text */
    ce_task_metrics metrics; /* sum of the tasks', when there are listeners */

    /* The executor's. */
    cei_task_set *next_submitted;
    uint32_t users;
    _Atomic(bool) done; /* the job asks without the executor's lock */
};

void cei_task_set_open(cei_task_set *set);
void cei_task_set_close(cei_task_set *set);

/* Claims and runs one task; false when there is none to claim. */
bool cei_task_set_run_next(cei_task_set *set);

/* Nothing is left to claim. A task that runs may still fail and be retried: by the thread that ran it. */
bool cei_task_set_is_exhausted(cei_task_set *set);

/* The partition that task index computes. */
static inline uint32_t cei_task_set_partition(const cei_task_set *set, uint32_t index)
{
    return set->partitions ? set->partitions[index] : index;
}

#endif
