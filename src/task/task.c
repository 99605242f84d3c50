/*
 * task.c: one attempt of one task: a chain of cursors that is pulled, and a writer that packs what comes out into
 * blocks.
 *
 *     fed blocks -> run->inputs -> cursors (rdd/op) -> writer (shuffle/writer.c) -> blocks
 *
 * The task and everything in it live in the run's arena. Whoever calls ce_task_step lends the thread: user code finds
 * its run through cei_current_run, which is set for the time of the call.
 */
#include "base/error.h"
#include "base/memory.h"
#include "data/block.h"
#include "shuffle/writer.h"
#include "task/node_task.h"

struct ce_task {
    cei_run run;
    cei_stage_work work;
    cei_cursor *root;
    cei_writer writer;
    cei_batch batch;         /* of the root: rows that the writer has not taken yet */
    bool ended;              /* the root has given all */
    _Atomic(uint64_t) *keys; /* that tables of the stage's tasks have held, or NULL */
    ce_host host;            /* of a task that was opened from a plan: its budget */
    cei_pool *own_pool;      /* of such a task; NULL otherwise */
    uint64_t reserved_bytes;
    _Atomic(bool) cancelled;
};

/* Work of one step: enough to make its cost invisible, little enough to answer a host within milliseconds. */
enum { STEP_BATCHES = 64 };

/* A host that is short does not lower a task's share below this: rows that go to disk one by one help nobody. */
enum { SHARE_BYTES_MIN = 256 << 10 };

static void close_cursors(cei_run *run)
{
    for (cei_cursor *cursor = run->opened; cursor; cursor = cursor->opened_before) {
        if (cursor->close) {
            cursor->close(cursor);
        }
    }
    run->opened = NULL;
    cei_free(run->scratch);
    run->scratch = NULL;
    for (uint32_t i = 0; i < run->input_count; i++) {
        cei_input *input = &run->inputs[i];
        for (; input->count; input->count--) {
            cei_block_release(&input->blocks[input->first]);
            input->first = (input->first + 1) % input->room;
        }
        cei_free(input->blocks);
        input->blocks = NULL;
    }
}

void ce_task_close(ce_task *task)
{
    if (!task) {
        return;
    }
    close_cursors(&task->run);
    cei_writer_close(&task->writer);
    cei_arena arena = task->run.arena; /* the task itself lives in it */
    cei_pool *own_pool = task->own_pool;
    if (task->host.release && task->reserved_bytes) {
        task->host.release(task->host.context, task->reserved_bytes);
    }
    cei_arena_close(&arena);
    cei_pool_close(own_pool);
}

ce_status cei_task_open_node(const cei_stage_work *work, const cei_task_options *options, ce_task **task)
{
    cei_arena arena;
    *task = NULL;
    cei_arena_open(&arena, options->pool, 0);
    ce_task *made = cei_arena_alloc_zeroed(&arena, sizeof *made);
    if (!made) {
        cei_arena_close(&arena);
        return CE_MEMORY;
    }
    cei_run *run = &made->run;
    run->arena = arena;
    run->pool = options->pool;
    run->share = (cei_share){.pool = run->pool,
                             .bytes_max = options->share_bytes,
                             .spill_directory = options->spill_directory,
                             .metrics = &run->metrics};
    run->batch_rows = options->batch_rows;
    run->partition = options->partition;
    run->attempt = options->attempt;
    run->job = options->job;
    run->stage = options->stage;
    run->task = options->task;
    run->cancelled = options->cancelled ? options->cancelled : &made->cancelled;
    made->work = *work;
    if (options->host) {
        made->host = *options->host;
    }
    cei_run *outer = cei_current_run;
    cei_current_run = run;
    ce_status status = work->root->op->open(run, work->root, options->partition, &made->root);
    if (status == CE_OK) {
        const cei_shuffle *shuffle = work->output ? work->output->shuffle : NULL;
        status = cei_writer_open(&made->writer, shuffle, work->root->type, options->partition, &run->arena, run->pool,
                                 &run->share);
        made->keys = options->keys;
        made->writer.table.expected = options->keys ? atomic_load_explicit(options->keys, memory_order_relaxed) : 0;
    }
    cei_current_run = outer;
    if (status != CE_OK) {
        ce_task_close(made);
        return status;
    }
    *task = made;
    return CE_OK;
}

/* ---- inputs ---- */

uint32_t ce_task_inputs(const ce_task *task)
{
    return task->run.input_count;
}

void ce_task_input(const ce_task *task, uint32_t input, int32_t *shuffle, uint32_t *partition)
{
    *shuffle = task->run.inputs[input].shuffle;
    *partition = task->run.inputs[input].partition;
}

ce_status cei_task_feed_trusted(ce_task *task, uint32_t input, const ce_block *block)
{
    cei_input *to = &task->run.inputs[input];
    if (to->count == to->room) {
        uint32_t room = to->room ? 2 * to->room : 8;
        ce_block *blocks = cei_alloc(room * sizeof *blocks);
        if (!blocks) {
            return CE_MEMORY;
        }
        for (uint32_t i = 0; i < to->count; i++) {
            blocks[i] = to->blocks[(to->first + i) % to->room];
        }
        cei_free(to->blocks);
        to->blocks = blocks;
        to->first = 0;
        to->room = room;
    }
    to->blocks[(to->first + to->count++) % to->room] = *block;
    return CE_OK;
}

static void release_copy(ce_block *block)
{
    cei_free(block->owner);
}

ce_status ce_task_feed(ce_task *task, uint32_t input, const ce_block *block)
{
    if (input >= task->run.input_count) {
        return cei_fail(CE_INVALID, "the task has no input %u: it has %u", input, task->run.input_count);
    }
    const cei_input *to = &task->run.inputs[input];
    if (to->ended) {
        return cei_fail(CE_INVALID, "input %u has ended", input);
    }
    CE_TRY(cei_block_check(to->type, block->bytes, block->byte_count));
    ce_block owned = *block;
    if (!block->release) {
        void *copy = cei_alloc(block->byte_count);
        if (!copy) {
            return CE_MEMORY;
        }
        memcpy(copy, block->bytes, block->byte_count);
        owned.bytes = owned.owner = copy;
        owned.release = release_copy;
    }
    cei_block_header header;
    memcpy(&header, owned.bytes, sizeof header);
    owned.rows = header.rows;
    ce_status status = cei_task_feed_trusted(task, input, &owned);
    if (status != CE_OK && !block->release) {
        cei_block_release(&owned);
    }
    return status;
}

ce_status ce_task_end_input(ce_task *task, uint32_t input)
{
    if (input >= task->run.input_count) {
        return cei_fail(CE_INVALID, "the task has no input %u: it has %u", input, task->run.input_count);
    }
    task->run.inputs[input].ended = true;
    return CE_OK;
}

/* ---- working ---- */

/* An operator whose user code reads rows in a loop cannot stop in the middle: it starts when everything is there. */
static bool wants_whole_input(cei_run *run)
{
    for (uint32_t i = 0; run->whole_inputs && i < run->input_count; i++) {
        if (!run->inputs[i].ended) {
            run->wanted = i;
            return true;
        }
    }
    return false;
}

/* Lets the writer take rows of the batch in hand, or work. */
static ce_status write_rows(ce_task *task)
{
    cei_run *run = &task->run;
    cei_batch *batch = &task->batch;
    uint32_t taken = 0;
    cei_arena strings; /* of the combine function: the table copies what it keeps before push returns */
    cei_arena_open(&strings, run->pool, 0);
    cei_user_begin(run, task->work.output, &strings);
    ce_status status = cei_writer_works(&task->writer)
                           ? cei_writer_work(&task->writer)
                           : cei_writer_push(&task->writer, batch->rows, batch->count, &taken);
    cei_pull pulled = cei_user_end(run);
    cei_arena_close(&strings);
    batch->rows += (size_t)taken * task->root->node->type->bytes;
    batch->count -= taken;
    if (status == CE_USER) { /* the partitioner's answer: nothing else in the writer is the user's */
        char place[256];
        cei_error_prefix(status, "%s: ", cei_node_place(task->work.output, place, sizeof place));
    }
    return status == CE_OK && pulled == CEI_FAILED ? run->status : status;
}

static ce_step take_block(ce_task *task, ce_block *block)
{
    if (!cei_writer_take(&task->writer, block)) {
        return CE_STEP_DONE;
    }
    ce_task_metrics *metrics = &task->run.metrics;
    if (task->work.output) {
        metrics->shuffle_rows_written += block->rows;
        metrics->shuffle_bytes_written += block->byte_count;
    } else {
        metrics->result_rows += block->rows;
        metrics->result_bytes += block->byte_count;
    }
    return CE_STEP_BLOCK;
}

/* Pulls the root, or ends the writer. */
static cei_pull pull(ce_task *task)
{
    cei_pull pulled = task->root->next(task->root, &task->batch);
    if (pulled == CEI_END) {
        task->batch.count = 0;
        task->ended = true;
        cei_writer_end(&task->writer);
        if (task->keys && task->writer.keys) {
            atomic_store_explicit(task->keys, task->writer.keys, memory_order_relaxed);
        }
    } else if (pulled != CEI_ROWS) {
        task->batch.count = 0;
    }
    return pulled;
}

static ce_step step(ce_task *task, ce_block *block)
{
    cei_run *run = &task->run;
    for (uint32_t i = 0; i < STEP_BATCHES; i++) {
        if (take_block(task, block) == CE_STEP_BLOCK) {
            return CE_STEP_BLOCK;
        }
        if (cei_run_is_cancelled(run)) {
            return CE_STEP_FAILED;
        }
        if (task->batch.count || cei_writer_works(&task->writer)) {
            ce_status status = write_rows(task);
            if (status != CE_OK) {
                cei_run_fail(run, status);
                return CE_STEP_FAILED;
            }
            continue;
        }
        if (task->ended) {
            return CE_STEP_DONE;
        }
        if (wants_whole_input(run)) {
            return CE_STEP_WANT;
        }
        cei_pull pulled = pull(task);
        if (pulled == CEI_WANT) {
            return CE_STEP_WANT;
        }
        if (pulled == CEI_FAILED) {
            cei_run_fail(run, CE_OK);
            return CE_STEP_FAILED;
        }
    }
    return CE_STEP_AGAIN;
}

/* Tells the host's budget what the task's pool holds now. */
static bool account(ce_task *task)
{
    uint64_t used = task->own_pool ? cei_pool_used(task->own_pool).used_bytes : 0;
    if (used > task->reserved_bytes && task->host.reserve) {
        if (!task->host.reserve(task->host.context, used - task->reserved_bytes)) {
            cei_run_fail(&task->run,
                         cei_fail(CE_MEMORY, "the host's budget does not allow %llu bytes", (unsigned long long)used));
            return false;
        }
    } else if (used < task->reserved_bytes && task->host.release) {
        task->host.release(task->host.context, task->reserved_bytes - used);
    }
    task->reserved_bytes = used;
    return true;
}

void cei_task_own_pool(ce_task *task)
{
    task->own_pool = task->run.pool;
}

ce_step ce_task_step(ce_task *task, ce_block *block, uint32_t *wanted)
{
    cei_run *run = &task->run, *outer = cei_current_run;
    if (run->status != CE_OK) {
        return CE_STEP_FAILED;
    }
    cei_current_run = run;
    ce_step answer = step(task, block);
    cei_current_run = outer;
    *wanted = run->wanted;
    if (task->own_pool && answer != CE_STEP_FAILED && !account(task)) {
        if (answer == CE_STEP_BLOCK) {
            cei_block_release(block);
        }
        answer = CE_STEP_FAILED;
    }
    if (answer == CE_STEP_FAILED && run->status == CE_OK) {
        cei_run_fail(run, cei_fail(CE_INTERNAL, "an operator failed without a reason"));
    }
    return answer;
}

ce_status ce_task_error(const ce_task *task, const char **text)
{
    if (text) {
        *text = task->run.error ? task->run.error : "";
    }
    return task->run.status;
}

void ce_task_cancel(ce_task *task)
{
    atomic_store(&task->cancelled, true);
}

uint64_t ce_task_spill(ce_task *task, uint64_t want_bytes)
{
    /* Operators look at their share when they grow, and write out what is beyond it then. Half of it each time: how
     * much of what is held belongs to them is theirs to know, and a host asks again while it is short. */
    cei_share *share = &task->run.share;
    const uint64_t half = share->bytes_max / 2, used = cei_pool_used(task->run.pool).used_bytes / 2;
    const uint64_t lower = half < used ? half : used;
    if (want_bytes && share->bytes_max > SHARE_BYTES_MIN) {
        share->bytes_max = lower < SHARE_BYTES_MIN ? SHARE_BYTES_MIN : lower;
    }
    return 0;
}

const ce_task_metrics *cei_task_metrics(const ce_task *task)
{
    return &task->run.metrics;
}
