/*
 * fold_rows.h: folding rows into one value, in tasks and on the calling thread: what reduce, fold, aggregate and their
 * tree forms share.
 *
 *     partition 0: zero + row + row ... -> U  \
 *     partition 1: zero + row ...       -> U   >  zero + U + U  on the calling thread, in the order of the partitions
 *     partition 2: zero                 -> U  /
 *
 * Without a zero the first row is where the fold starts, and a partition without rows gives nothing.
 */
#ifndef CERIUM_ACTION_FOLD_ROWS_H
#define CERIUM_ACTION_FOLD_ROWS_H

#include "action/action.h"

/* A fold under way. The value owns its parts: it outlives the rows. */
typedef struct cei_fold {
    cei_run *run;
    const ce_rdd *node; /* whom a failure of f names */
    const ce_function *f;
    char *value, *before; /* of f->out; before: what it was */
    bool has_value, flat;
    uint32_t rows_at_once; /* unless flat: bounds the strings that f makes until they are cleared away */
    cei_arena keep;        /* parts of value */
    cei_arena other;       /* where they move to: what f has left behind goes with the arena that they leave */
    cei_arena strings;
} cei_fold;

/* zero: of f->out, or NULL. close it in any case. */
ce_status cei_fold_open(cei_fold *fold, cei_run *run, const ce_rdd *node, const ce_function *f, const void *zero);
void cei_fold_close(cei_fold *fold);

/* Folds count rows of f->in. CEI_ROWS, or CEI_FAILED when the run has failed. */
cei_pull cei_fold_push(cei_fold *fold, const char *rows, uint64_t count);

/* Checks seq : (U, T) -> U and comb : (U, U) -> U for an action over rdd. */
ce_status cei_fold_check(const ce_rdd *rdd, const char *action, const ce_function *seq, const ce_function *comb);

/* Fills node as fold_rows : rdd(T) -> rdd(U) over *parent_slot, as cei_action_node does. zero stays the caller's. */
ce_status cei_fold_node(ce_rdd *node, const ce_function *f, const void *zero, ce_rdd **parent_slot);

/* Runs a job over a node whose rows are U and folds them with comb. One row; CE_EMPTY without rows and zero. */
ce_status cei_fold_job(ce_rdd *node, const char *action, const ce_function *comb, const void *zero, ce_result *value);

/* As cei_fold_node and cei_fold_job with levels of shuffles between: tree_reduce (zero NULL) and tree_aggregate. */
ce_status cei_fold_tree(ce_rdd *node, const char *action, const ce_function *comb, const void *zero, uint32_t depth,
                        ce_result *value);

#endif
