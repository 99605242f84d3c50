/*
 * action.h: what the actions share.
 *
 * The work of an action inside tasks is an operator like any other (count_rows : rdd(T) -> rdd(uint64), one row per
 * partition), put on top of the RDD by a node on the action's stack. The action runs a job over that node and merges
 * the few rows that come back in the order of the partitions, so results do not depend on which task ends first.
 *
 *     ce_rdd counter;
 *     CE_TRY(cei_action_node(&counter, &cei_op_count_rows, &rdd));
 *     counter.type = &ce_type_uint64_t;
 *     CE_TRY(cei_action_rows(&counter, "count", &rows));     rows: one per partition
 */
#ifndef CERIUM_ACTION_ACTION_H
#define CERIUM_ACTION_ACTION_H

#include "sched/job.h"
#include <cerium/action.h>

/* Fills node as a child of rdd (which is prepared by it) that lives as long as the action: its parent pointer is
 * *parent_slot. What poisoned rdd is the failure, with its sentence. function, env, args may be set afterwards and are
 * not copied. */
ce_status cei_action_node(ce_rdd *node, const cei_op *op, ce_rdd **parent_slot);

/* Checks a function as cei_node_takes does, for an action: the sentence begins with the RDD's place and the action's
 * name. */
ce_status cei_action_takes(const ce_rdd *rdd, const char *action, const ce_function *f, ce_function_kind kind,
                           const ce_type *in, const void *env);

/* Runs a job over all partitions of node and gives all rows. On failure *rows is empty. */
ce_status cei_action_rows(ce_rdd *node, const char *action, ce_result *rows);

/* As cei_action_rows for some partitions. */
ce_status cei_action_rows_of(ce_rdd *node, const char *action, const uint32_t *partitions, uint32_t count,
                             ce_result *rows);

/* A result that owns the rows of these block lists, in order. The lists stay the caller's. */
ce_status cei_result_from_blocks(ce_result *result, const ce_type *type, const cei_blocks *lists, uint32_t count);

/* A result that owns deep copies of count values. */
ce_status cei_result_from_values(ce_result *result, const ce_type *type, const void *values, uint64_t count);

/* Moves result's rows into the order of compare (stable), which gets two row pointers and arg. CE_MEMORY. */
ce_status cei_result_sort(ce_result *result, int (*compare)(const void *a, const void *b, void *arg), void *arg);

/* Keeps the first count rows of a result. On failure (CE_MEMORY) the result is empty. */
ce_status cei_result_cut(ce_result *result, uint64_t count);

/* CE_EMPTY: "file:line: reduce: empty collection". */
ce_status cei_action_empty(const ce_rdd *rdd, const char *action);

/* CE_INVALID with the RDD's place and the action in front of the sentence. */
ce_status cei_action_invalid(const ce_rdd *rdd, const char *action, const char *format, ...) CE_PRINTF(3, 4);

/* A run of the calling thread itself, for user functions that an action calls outside of tasks: it gives them memory
 * and takes what they fail with.
 *
 *     cei_driver_open(&driver, node);
 *     cei_user_begin(&driver.run, node, &driver.strings);  ... the call ...  cei_user_end(&driver.run);
 *     return cei_driver_close(&driver, CE_OK);
 */
typedef struct cei_driver {
    cei_run run;
    cei_arena strings;
    cei_run *outer;
} cei_driver;

void cei_driver_open(cei_driver *driver, const ce_rdd *node);

/* The first failure of the run, with its sentence, or else status. */
ce_status cei_driver_close(cei_driver *driver, ce_status status);

/* CE_TYPE "has str, needs a number" unless rdd holds numbers. */
ce_status cei_action_number(const ce_rdd *rdd, const char *action);

/* CE_TYPE unless rdd holds pairs. */
ce_status cei_action_pair(const ce_rdd *rdd, const char *action, const ce_type **key, const ce_type **value);

/* Counts the rows of partitions 0 .. count-1 of a prepared RDD in one job: cei_scope.count_rows. */
ce_status cei_count_partitions(ce_rdd *rdd, uint32_t count, uint64_t *rows);

/* Samples the keys of a prepared RDD and determines a range from them: cei_scope.sample_bounds. */
ce_status cei_sample_bounds(ce_rdd *rdd, cei_range *range, uint32_t partitions, const char *name);

#endif
