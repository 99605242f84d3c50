/*
 * node_task.h: opening a task over lineage nodes of this process: what the local executors do, and what ce_task_open
 * does after reading a plan. Everything else about a task is cerium/task.h.
 */
#ifndef CERIUM_TASK_NODE_TASK_H
#define CERIUM_TASK_NODE_TASK_H

#include "rdd/node.h"
#include <cerium/task.h>

/* What a stage computes: the partitions of root, as they are, or as the map side of the shuffle of output. */
typedef struct cei_stage_work {
    const ce_rdd *root;
    const ce_rdd *output; /* NULL: a result stage */
} cei_stage_work;

typedef struct cei_task_options {
    cei_pool *pool;
    uint64_t share_bytes;        /* of the pool, that its operators may keep before they write to disk */
    const char *spill_directory; /* NULL: where temporary files are; must outlive the task */
    uint32_t batch_rows;
    uint32_t partition, attempt;
    int32_t job, stage;
    int64_t task;
    const _Atomic(bool) *cancelled; /* NULL: only ce_task_cancel */
    /* Keys that a combining map task of the stage has held at its end: read at the start, written at the end. NULL:
     * nobody remembers. */
    _Atomic(uint64_t) *keys;
    const ce_host *host; /* NULL, or whose budget pool's use is told to; pool is the task's own then */
} cei_task_options;

/* Opens every cursor. On failure nothing is owned and the sentence is stored. */
ce_status cei_task_open_node(const cei_stage_work *work, const cei_task_options *options, ce_task **task);

/* Makes the task the owner of its pool, which it closes with itself, and tells the host's budget what is used. */
void cei_task_own_pool(ce_task *task);

/* Feeds a block that this process made: not checked again. */
ce_status cei_task_feed_trusted(ce_task *task, uint32_t input, const ce_block *block);

const ce_task_metrics *cei_task_metrics(const ce_task *task);

#endif
