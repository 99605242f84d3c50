/*
 * local.h: the executors of one machine: `inline` (the calling thread alone, deterministic) and `threads` (the calling
 * thread and helpers). They are one piece of code: inline is threads without helpers.
 */
#ifndef CERIUM_EXEC_LOCAL_H
#define CERIUM_EXEC_LOCAL_H

#include "sched/executor.h"

/* slots >= 1: tasks at the same time; slots - 1 threads are started, since the thread that runs a job works too. */
ce_status cei_executor_open_local(cei_executor **executor, const char *name, uint32_t slots);

#endif
