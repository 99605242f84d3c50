/*
 * local.c: threads that run task sets, first submitted first.
 *
 * The thread that waits for a job's stage runs tasks itself, so a small job never waits for another thread to wake up.
 * Helpers sleep while no set has anything to claim. At most `slots` threads are inside tasks at a time, whoever they
 * are.
 */
#include "exec/local.h"
#include "base/memory.h"
#include "base/thread.h"
#include "report/crash.h"
#include "sched/task_set.h"
#include <stdio.h>

struct local {
    cei_executor executor;
    cei_lock lock;
    cei_condition work;         /* for helpers: something to claim, or closing */
    cei_condition done;         /* for waiters: a set is done, or a slot is free */
    cei_task_set *first, **end; /* submitted and not done */
    uint32_t busy;              /* threads inside tasks */
    uint32_t sleeping;          /* helpers */
    uint32_t waiting;           /* in local_wait */
    bool closing;
    cei_thread *threads;
    uint32_t thread_count;
};

static void remove_locked(struct local *local, cei_task_set *set)
{
    cei_task_set **at = &local->first;
    while (*at && *at != set) {
        at = &(*at)->next_submitted;
    }
    if (*at) {
        *at = set->next_submitted;
        if (local->end == &set->next_submitted) {
            local->end = at;
        }
    }
}

static void end_if_done_locked(struct local *local, cei_task_set *set)
{
    if (!set->done && set->users == 0 && cei_task_set_is_exhausted(set)) {
        remove_locked(local, set);
        set->done = true;
    }
}

static cei_task_set *find_work_locked(struct local *local)
{
    if (local->busy >= local->executor.slots) {
        return NULL;
    }
    cei_task_set *set = local->first;
    while (set && cei_task_set_is_exhausted(set)) {
        set = set->next_submitted;
    }
    return set;
}

/* Runs a set's tasks until there are none to claim. The lock is given up meanwhile. */
static void work_on(struct local *local, cei_task_set *set)
{
    set->users++;
    local->busy++;
    cei_lock_give(&local->lock);
    while (cei_task_set_run_next(set)) {
    }
    cei_lock_take(&local->lock);
    set->users--;
    local->busy--;
    end_if_done_locked(local, set);
    if (local->sleeping && find_work_locked(local)) {
        /* A helper that found all slots taken sleeps on: the slot that is free now may be given to it. */
        cei_condition_signal(&local->work);
    }
    if (local->waiting) {
        cei_condition_broadcast(&local->done);
    }
}

static void *help(void *arg)
{
    struct local *local = arg;
    cei_crash_use_stack();
    cei_lock_take(&local->lock);
    for (;;) {
        cei_task_set *set = find_work_locked(local);
        if (set) {
            work_on(local, set);
        } else if (local->closing) {
            break;
        } else {
            local->sleeping++;
            cei_condition_wait(&local->work, &local->lock);
            local->sleeping--;
        }
    }
    cei_lock_give(&local->lock);
    cei_crash_drop_stack();
    return NULL;
}

static void local_submit(cei_executor *executor, cei_task_set *set)
{
    struct local *local = (struct local *)executor;
    cei_lock_take(&local->lock);
    set->next_submitted = NULL;
    *local->end = set;
    local->end = &set->next_submitted;
    /* The submitter runs the first task itself. */
    uint32_t wanted = set->count - 1 < local->sleeping ? set->count - 1 : local->sleeping;
    for (uint32_t i = 0; i < wanted; i++) {
        cei_condition_signal(&local->work);
    }
    cei_lock_give(&local->lock);
}

static void local_wait(cei_executor *executor, cei_task_set *const *sets, uint32_t count)
{
    struct local *local = (struct local *)executor;
    cei_lock_take(&local->lock);
    for (;;) {
        cei_task_set *to_run = NULL;
        bool done = false;
        for (uint32_t i = 0; i < count; i++) {
            end_if_done_locked(local, sets[i]);
            done |= sets[i]->done;
            if (!to_run && !sets[i]->done && !cei_task_set_is_exhausted(sets[i])) {
                to_run = sets[i];
            }
        }
        if (done) {
            break;
        }
        if (to_run && local->busy < executor->slots) {
            work_on(local, to_run);
            continue;
        }
        local->waiting++;
        cei_condition_wait(&local->done, &local->lock);
        local->waiting--;
    }
    cei_lock_give(&local->lock);
}

static void local_close(cei_executor *executor)
{
    struct local *local = (struct local *)executor;
    cei_lock_take(&local->lock);
    local->closing = true;
    cei_condition_broadcast(&local->work);
    cei_lock_give(&local->lock);
    for (uint32_t i = 0; i < local->thread_count; i++) {
        cei_thread_join(&local->threads[i]);
    }
    cei_free(local->threads);
    cei_condition_close(&local->work);
    cei_condition_close(&local->done);
    cei_lock_close(&local->lock);
    cei_free(local);
}

ce_status cei_executor_open_local(cei_executor **executor, const char *name, uint32_t slots)
{
    *executor = NULL;
    struct local *local = cei_alloc_zeroed(1, sizeof *local);
    if (!local) {
        return CE_MEMORY;
    }
    local->executor = (cei_executor){name, slots, local_submit, local_wait, local_close};
    local->end = &local->first;
    cei_lock_open(&local->lock);
    cei_condition_open(&local->work);
    cei_condition_open(&local->done);
    local->threads = cei_alloc_zeroed(slots, sizeof *local->threads);
    ce_status status = local->threads ? CE_OK : CE_MEMORY;
    for (uint32_t i = 0; i + 1 < slots && status == CE_OK; i++) {
        char label[24];
        snprintf(label, sizeof label, "cerium-%u", i + 1);
        status = cei_thread_start(&local->threads[i], label, help, local);
        local->thread_count += status == CE_OK;
    }
    if (status != CE_OK) {
        local_close(&local->executor);
        return status;
    }
    *executor = &local->executor;
    return CE_OK;
}
