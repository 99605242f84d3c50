/*
 * cursor.h: how an operator runs: pulled batch by batch, inside a run (one attempt of one task).
 *
 * next() answers CEI_ROWS with a batch of at least one row, CEI_END, CEI_WANT (an input of the task has nothing now;
 * call again later) or CEI_FAILED (cei_run_fail has been called). It can be called again after each but CEI_FAILED. A
 * batch is valid until the cursor that gave it is pulled again; its strings may point into memory of any cursor below.
 * So an operator whose rows may point into its input's batch hands over what it has before it pulls its input again.
 *
 *     cursor A (map) --pull--> cursor B (filter) --pull--> cursor C (lines of a file)
 */
#ifndef CERIUM_RDD_CURSOR_H
#define CERIUM_RDD_CURSOR_H

#include "base/arena.h"
#include "shuffle/share.h"
#include <cerium/event.h>
#include <cerium/rdd.h>
#include <cerium/task.h>
#include <stdatomic.h>

typedef enum cei_pull { CEI_ROWS, CEI_END, CEI_WANT, CEI_FAILED } cei_pull;

typedef struct cei_batch {
    const char *rows; /* count rows of the node's type, one behind the other, aligned as the type */
    uint32_t count;
} cei_batch;

typedef struct cei_cursor cei_cursor;
typedef struct cei_run cei_run;

/* First member of each operator's state, which lives in run->arena. */
struct cei_cursor {
    cei_pull (*next)(cei_cursor *cursor, cei_batch *batch);
    /* NULL, or gives back what is not memory of the arena: files, pool pieces, processes. */
    void (*close)(cei_cursor *cursor);
    /* NULL, or uses up all rows that are left without making them and adds their number to *rows: CEI_END when done,
     * else as next (after CEI_WANT call again with the same rows). */
    cei_pull (*count)(cei_cursor *cursor, uint64_t *rows);
    cei_run *run;
    const ce_rdd *node;
    cei_cursor *opened_before; /* list of the run, for closing */
};

/* One wide dependency's reduce partition that this task reads. Blocks wait in a queue; see task.h. */
typedef struct cei_input {
    int32_t shuffle; /* id */
    uint32_t partition;
    const ce_type *type;
    ce_block *blocks; /* ring of the queue, on the heap */
    uint32_t first, count, room;
    bool ended;
} cei_input;

/* One attempt of one task. */
struct cei_run {
    cei_arena arena; /* task memory: cursor states; ce_task_alloc */
    cei_pool *pool;
    cei_share share;     /* of the budget, for operators that keep rows */
    uint32_t batch_rows; /* rows that an operator aims to give at once */
    uint32_t partition, attempt;
    int32_t job, stage;
    int64_t task;
    const _Atomic(bool) *cancelled; /* set by the job or the host; NULL: never */

    cei_cursor *opened; /* newest first */
    cei_input *inputs;
    uint32_t input_count, input_room;
    uint32_t wanted;   /* the input that made a cursor answer CEI_WANT */
    bool whole_inputs; /* user code reads rows in a loop: all inputs must have ended before the first pull */

    ce_status status;  /* of the first failure; its sentence: error */
    const char *error; /* in the arena, or static */

    const ce_rdd *running; /* whose user code runs now, for crash reports; NULL: none */
    cei_arena *strings;    /* where ce_batch_alloc takes from now */
    bool user_failed;      /* ce_fail was called or user memory ran out: noticed by cei_user_end */
    char *scratch; /* where user code writes when memory is short, so that it sees no NULL; nothing reads it; heap */

    ce_task_metrics metrics;
};

/* The run that the calling thread is in; NULL outside of tasks. */
extern _Thread_local cei_run *cei_current_run;

/* A zeroed operator state of bytes with its cursor linked into the run; NULL when memory is short. */
void *cei_cursor_new(cei_run *run, const ce_rdd *node, size_t bytes,
                     cei_pull (*next)(cei_cursor *cursor, cei_batch *batch));

/* Records the first failure with its sentence (ce_last_error's) and gives CEI_FAILED. status CE_OK is not a failure to
 * record. */
cei_pull cei_run_fail(cei_run *run, ce_status status);

/* Asked by loops that run long without returning: true when the task is cancelled (the failure is recorded then). */
bool cei_run_is_cancelled(cei_run *run);

/* Registers an input; the returned index stays valid (the pointer may move). Negative when memory is short. */
int64_t cei_run_add_input(cei_run *run, int32_t shuffle, uint32_t partition, const ce_type *type);

/* Around each call of a stamped kernel: where user strings go and whom a crash names. */
static inline void cei_user_begin(cei_run *run, const ce_rdd *node, cei_arena *strings)
{
    run->running = node;
    run->strings = strings;
}

cei_pull cei_user_failed(cei_run *run);

/* CEI_ROWS, or CEI_FAILED when the user function has failed. */
static inline cei_pull cei_user_end(cei_run *run)
{
    run->running = NULL;
    run->strings = NULL;
    return __builtin_expect(run->user_failed, 0) ? cei_user_failed(run) : CEI_ROWS;
}

/* Room for emitted rows: from the pool, grows, given back by cei_emit_close. The batch it aims at is batch_rows. */
ce_status cei_emit_open(cei_run *run, ce_emit *emit, const ce_type *type);
void cei_emit_close(cei_run *run, ce_emit *emit);

/* Emitted rows of a user function that reads an iterator, handed out in batches. They may point into what the iterator
 * gives until it is refilled: right before, they are made to own their parts. */
typedef struct cei_emitted {
    ce_emit emit;
    const ce_type *type;
    size_t owned_bytes; /* of rows whose parts are in keep */
    size_t given_bytes; /* of rows handed out */
    cei_arena keep;
} cei_emitted;

ce_status cei_emitted_open(cei_run *run, cei_emitted *emitted, const ce_type *type);
void cei_emitted_close(cei_run *run, cei_emitted *emitted);
/* No rows any more; the memory stays. */
void cei_emitted_reset(cei_emitted *emitted);
/* before_refill of an iterator; owner: the cei_emitted. */
ce_status cei_emitted_own(void *owner);
/* The next 1 to count_max rows, or none: count 0. */
cei_batch cei_emitted_give(cei_emitted *emitted, uint32_t count_max);

/* ---- a whole partition as an iterator for user code ---- */

/* ce_rows over a cursor: the public part first. Strings of a row live until the next refill. */
typedef struct cei_rows {
    ce_rows rows;
    cei_cursor *from;
    /* NULL, or called before `from` is pulled again, which ends the batch that emitted rows may point into. */
    ce_status (*before_refill)(void *owner);
    void *owner;
    bool ended, failed;
} cei_rows;

void cei_rows_open(cei_rows *rows, cei_cursor *from, const ce_type *type);

#endif
