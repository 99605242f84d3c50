/*
 * task.h: the contract between a host and a task: blocks of rows in, blocks of rows out.
 *
 * A task computes one partition of one stage. It is driven by whoever owns the thread: the local executors, a worker
 * process, a foreign cluster's executor. It never pulls from its host, keeps all state in memory that it takes from
 * the host's budget, and is a plain state machine:
 *
 *     open -> feed, feed, end_input -> step -> WANT  (give it a block of input `wanted`, or end that input)
 *                                           -> BLOCK (one block of output is ready: take it)
 *                                           -> AGAIN (worked for a while; call step again)
 *                                           -> DONE, FAILED
 *     cancel from any thread, close in any state.
 *
 * A stage is described by plan bytes (ce_plan): operators by name, functions by name and module, values in Cerium's
 * row format. Blocks are in the format of docs/reference/block-format.md, which both sides may store, checksum and
 * ship as they are.
 */
#ifndef CERIUM_TASK_H
#define CERIUM_TASK_H

#include <cerium/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Changes when a struct below or the meaning of a call does. */
#define CE_TASK_ABI 1u

typedef struct ce_plan ce_plan;
typedef struct ce_task ce_task;
struct ce_context;
struct ce_rdd;

/*
 * One block of rows. bytes is valid until release is called (when it is not NULL: ownership of one reference moves
 * with the struct) or, with release NULL, until the next call on the task.
 */
typedef struct ce_block {
    uint32_t partition; /* out: the reduce partition that it is for; 0 in a result stage */
    uint32_t section;   /* which range of hashes within it, as in the block's header; 0: any. A host may leave it 0. */
    uint64_t rows;
    const void *bytes;
    size_t byte_count;
    void (*release)(struct ce_block *block);
    void *owner;
} ce_block;

typedef enum ce_step { CE_STEP_DONE, CE_STEP_BLOCK, CE_STEP_WANT, CE_STEP_AGAIN, CE_STEP_FAILED } ce_step;

/* The host's budget: reserve answers whether bytes more may be taken. Both may be called from the task's thread only.
 */
typedef struct ce_host {
    void *context;
    bool (*reserve)(void *context, uint64_t bytes);
    void (*release)(void *context, uint64_t bytes);
} ce_host;

/*
 * The plan of a stage as bytes (*bytes is freed by the caller with ce_free). With map_side false it is the stage that
 * computes the rows of rdd, beginning at its sources or behind the shuffles below it. With map_side true rdd must be
 * the result of a wide transformation, and the plan is that of the stage before its shuffle: it computes the parent
 * and writes map outputs.
 */
CE_NODISCARD CE_API ce_status ce_plan_encode(struct ce_rdd *rdd, bool map_side, void **bytes, size_t *count);

/*
 * Reads a plan. The modules that it names must be loaded already, with the same content: CE_NOT_FOUND otherwise. The
 * bytes are checked (CE_CORRUPT) and copied. The caller frees the plan after its tasks. A plan may be used by several
 * threads.
 */
CE_NODISCARD CE_API ce_status ce_plan_decode(const void *bytes, size_t count, ce_plan **plan);
CE_API void ce_plan_free(ce_plan *plan);

/* Tasks of the stage; reduce partitions that a map stage writes for (1 in a result stage). */
CE_API uint32_t ce_plan_partitions(const ce_plan *plan);
CE_API uint32_t ce_plan_output_partitions(const ce_plan *plan);

/* host may be NULL: no limit then. The caller closes the task, before it frees the plan. */
CE_NODISCARD CE_API ce_status ce_task_open(const ce_plan *plan, uint32_t partition, uint32_t attempt,
                                           const ce_host *host, ce_task **task);

/* What the task reads: inputs 0 .. n-1, each a reduce partition of a shuffle (the number that the shuffle has in the
 * context that encoded the plan). The same partition may be wanted by two inputs. */
CE_API uint32_t ce_task_inputs(const ce_task *task);
CE_API void ce_task_input(const ce_task *task, uint32_t input, int32_t *shuffle, uint32_t *partition);

/* Hands over one block of an input; the struct is copied. CE_CORRUPT when the bytes are not a sound block of that
 * input's rows. */
CE_NODISCARD CE_API ce_status ce_task_feed(ce_task *task, uint32_t input, const ce_block *block);
/* No more blocks of this input. */
CE_NODISCARD CE_API ce_status ce_task_end_input(ce_task *task, uint32_t input);
/* Works a bounded while. *block is set with CE_STEP_BLOCK and must be released before its task is closed, *wanted with
 * CE_STEP_WANT. */
CE_API ce_step ce_task_step(ce_task *task, ce_block *block, uint32_t *wanted);
/* The status and sentence after CE_STEP_FAILED; the text belongs to the task. */
CE_API ce_status ce_task_error(const ce_task *task, const char **text);
/* Makes the task fail with CE_CANCELLED soon. Any thread. */
CE_API void ce_task_cancel(ce_task *task);
/* Asks it, between steps, to give memory back; returns the bytes that it gave at once. Operators that keep rows write
 * them to disk in the next steps, as soon as they hold more than half of what they were allowed, or of what the task
 * holds now; ask again while memory is short. */
CE_API uint64_t ce_task_spill(ce_task *task, uint64_t want_bytes);
/* task may be NULL. */
CE_API void ce_task_close(ce_task *task);

#ifdef __cplusplus
}
#endif
#endif
