/*
 * progress.h: the line on standard error that shows how far the running jobs are.
 *
 *     [stage 1: flat_map at word_count.c:14] ====>     12/32 tasks, 2 running, 3.4 s
 *
 * It is a listener of the context's bus like any other, and a thread that draws.
 */
#ifndef CERIUM_REPORT_PROGRESS_H
#define CERIUM_REPORT_PROGRESS_H

#include "base/buffer.h"
#include "conf/conf.h"
#include "event/bus.h"

typedef struct cei_progress cei_progress;

/* *progress is NULL when the settings, or a standard error that is no terminal, say that nothing is drawn. The thread
 * starts with the first job. bus must outlive it. */
ce_status cei_progress_open(cei_progress **progress, cei_bus *bus, const cei_settings *settings);
/* Erases what is drawn. progress may be NULL. No job may be running. */
void cei_progress_close(cei_progress *progress);

/* Whether a line is on the terminal now: whoever prints there puts "\r\033[K" in front. Also from a signal handler. */
bool cei_progress_is_drawn(void);

/* ---- drawing, for the tests ---- */

/* A stage that runs. */
typedef struct cei_progress_stage {
    int32_t job, stage;
    char name[64]; /* "flat_map at word_count.c:14" */
    uint32_t total, ended, running;
    int64_t started_ns; /* monotonic clock */
} cei_progress_stage;

/* Writes one line without its end, at most columns wide, to text: the stages share the width. A line too narrow for the
 * bar, then for the details, has less of them. */
void cei_progress_draw(cei_buffer *text, const cei_progress_stage *stages, size_t count, int64_t now_ns,
                       uint32_t columns, bool coloured);

#endif
