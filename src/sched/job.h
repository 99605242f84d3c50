/*
 * job.h: running a job: the one call by which an action computes partitions of a node.
 *
 *     action -> cei_run_job -> stages cut at shuffles (stage.c) -> task sets (task_set.c) -> executor.h -> blocks
 *
 * Like struct cei_scope, struct cei_engine is a part of the context; both are reached from a node through node->scope.
 */
#ifndef CERIUM_SCHED_JOB_H
#define CERIUM_SCHED_JOB_H

#include "data/blocks.h"
#include "rdd/node.h"
#include <cerium/task.h>

/*
 * Computes the partitions of node with these indices (NULL: all; count is then node's partition count, and results has
 * room for it: cei_node_prepare first) and sets results[i] to the blocks of partitions[i], in the row format of
 * node->type. name is the action's, for people. On failure all results are empty.
 *
 * Runs tasks on the calling thread too; several threads may call it at once. An index out of range is CE_INVALID.
 * CE_CANCELLED, CE_STOPPED, or the status of the task that failed too often: "job 3 (count): stage 4 (flat_map at
 * word_count.c:14): task 7 failed 1 time: <its sentence>".
 */
ce_status cei_run_job(ce_rdd *node, const char *name, const uint32_t *partitions, uint32_t count, cei_blocks *results);

/*
 * Keeps the context of rdd open until the end of the enclosing block: ce_context_close on another thread waits. The
 * first statement of every action and of every job, because a job's blocks, and the lineage between two jobs of an
 * action, are the context's memory. rdd may be NULL or poisoned.
 */
#define CEI_HOLD(rdd) ce_context *held_ __attribute__((cleanup(cei_let_go), unused)) = cei_hold(rdd)

ce_context *cei_hold(const ce_rdd *rdd);
void cei_let_go(ce_context **held);

#endif
