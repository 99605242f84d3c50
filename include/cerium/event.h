/*
 * event.h: what the scheduler reports: jobs, stages and tasks, as they start and end.
 *
 * A listener is a function that gets every event of a context, one at a time, on the thread that made it. It must be
 * quick and must not call actions. The progress bar, and every page and metric, is a listener.
 */
#ifndef CERIUM_EVENT_H
#define CERIUM_EVENT_H

#include <cerium/status.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ce_event_kind {
    CE_EVENT_JOB_START = 1,
    CE_EVENT_JOB_END,
    CE_EVENT_STAGE_START,
    CE_EVENT_STAGE_END,
    CE_EVENT_STAGE_SKIPPED, /* its output exists already */
    CE_EVENT_TASK_START,
    CE_EVENT_TASK_END,
} ce_event_kind;

typedef struct ce_task_metrics {
    int64_t run_ns, cpu_ns;
    uint64_t rows_read, bytes_read;       /* from sources */
    uint64_t rows_written, bytes_written; /* to sinks */
    uint64_t shuffle_rows_read, shuffle_bytes_read;
    uint64_t shuffle_rows_written, shuffle_bytes_written;
    uint64_t result_rows, result_bytes;
    uint64_t spilled_memory_bytes, spilled_disk_bytes; /* rows that went to disk for want of memory: there, and here */
    int64_t fetch_wait_ns;                             /* waiting for blocks of map outputs to be read */
    uint64_t memory_bytes_max; /* the most that was held in operators that keep rows */
} ce_task_metrics;

/* Fields that do not apply to the kind are 0 or NULL. Texts are valid during the call. */
typedef struct ce_event {
    ce_event_kind kind;
    int64_t time_ms;    /* wall clock */
    int32_t job, stage; /* ids, from 0, per context */
    const char *name;   /* of a job or stage: the action or operator */
    ce_site site;
    uint32_t task_count;  /* of a stage; of a job: of all stages that will run */
    uint32_t stage_count; /* of a job */
    int64_t task;         /* id, from 0, per context */
    uint32_t partition, attempt;
    ce_status status;               /* of an end */
    const char *error;              /* of an end that failed */
    const ce_task_metrics *metrics; /* of a task or stage end */
} ce_event;

typedef void ce_listener(const ce_event *event, void *arg);

struct ce_context;

/* From now on listener gets the events of sc. arg is passed on and must outlive the context or the removal. */
CE_API CE_NODISCARD ce_status ce_add_listener(struct ce_context *sc, ce_listener *listener, void *arg);
CE_API void ce_remove_listener(struct ce_context *sc, ce_listener *listener, void *arg);

#ifdef __cplusplus
}
#endif
#endif
