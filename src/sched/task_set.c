/*
 * task_set.c: claiming, running and retrying the tasks of a stage.
 *
 * The path of one task: claim an index, open the task over the stage's nodes, feed it the blocks of its shuffles, step
 * it. A map task's blocks go to the shuffle store as they come, where they count when it is done; what a result task
 * gives becomes the job's when it is done. A task that fails leaves nothing behind.
 */
#include "sched/task_set.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/block.h"
#include <stdio.h>

void cei_task_set_open(cei_task_set *set)
{
    cei_lock_open(&set->lock);
}

void cei_task_set_close(cei_task_set *set)
{
    cei_free(set->retries);
    cei_free(set->failures);
    cei_free(set->error);
    cei_lock_close(&set->lock);
}

/* ---- one task ---- */

struct feeding {
    ce_task *task;
    uint32_t input;
};

static ce_status feed_block(const ce_block *block, void *arg)
{
    struct feeding *feeding = arg;
    return cei_task_feed_trusted(feeding->task, feeding->input, block);
}

static ce_status feed_inputs(cei_task_set *set, ce_task *task)
{
    for (uint32_t i = 0; i < ce_task_inputs(task); i++) {
        int32_t shuffle;
        uint32_t partition;
        struct feeding feeding = {task, i};
        ce_task_input(task, i, &shuffle, &partition);
        CE_TRY(cei_store_fetch(set->context->store, shuffle, partition, feed_block, &feeding));
        CE_TRY(ce_task_end_input(task, i));
    }
    return CE_OK;
}

/* One attempt's output. */
struct giving {
    cei_task_set *set;
    uint32_t index, attempt;
    cei_blocks results; /* of a result stage */
};

static ce_status give_block(struct giving *to, ce_block *block)
{
    const cei_task_set *set = to->set;
    return set->work.output ? cei_store_add(set->context->store, set->work.output->shuffle->id,
                                            cei_task_set_partition(set, to->index), to->attempt, block)
                            : cei_blocks_push(&to->results, block);
}

static ce_status step_to_end(ce_task *task, struct giving *to)
{
    ce_block block;
    uint32_t wanted;
    for (;;) {
        switch (ce_task_step(task, &block, &wanted)) {
        case CE_STEP_BLOCK:
            CE_TRY(give_block(to, &block));
            break;
        case CE_STEP_AGAIN:
            break;
        case CE_STEP_DONE:
            return CE_OK;
        case CE_STEP_WANT:
            return cei_fail(CE_INTERNAL, "the task wants input %u, which has ended", wanted);
        case CE_STEP_FAILED: {
            const char *text;
            ce_status status = ce_task_error(task, &text);
            return cei_fail(status, "%s", text);
        }
        }
    }
}

/* Makes the output count, or forgets it. Returns the attempt's status. */
static ce_status end_giving(struct giving *to, ce_status status)
{
    cei_task_set *set = to->set;
    if (set->work.output) {
        cei_store *store = set->context->store;
        const int32_t shuffle = set->work.output->shuffle->id;
        const uint32_t map = cei_task_set_partition(set, to->index);
        if (status == CE_OK) {
            return cei_store_commit(store, shuffle, map, to->attempt);
        }
        cei_store_abort(store, shuffle, map, to->attempt);
    } else if (status == CE_OK) {
        set->results[to->index] = to->results;
    } else {
        cei_blocks_close(&to->results);
    }
    return status;
}

static void add_metrics(ce_task_metrics *sum, const ce_task_metrics *more)
{
    sum->run_ns += more->run_ns;
    sum->cpu_ns += more->cpu_ns;
    sum->rows_read += more->rows_read;
    sum->bytes_read += more->bytes_read;
    sum->rows_written += more->rows_written;
    sum->bytes_written += more->bytes_written;
    sum->shuffle_rows_read += more->shuffle_rows_read;
    sum->shuffle_bytes_read += more->shuffle_bytes_read;
    sum->shuffle_rows_written += more->shuffle_rows_written;
    sum->shuffle_bytes_written += more->shuffle_bytes_written;
    sum->result_rows += more->result_rows;
    sum->result_bytes += more->result_bytes;
    sum->spilled_memory_bytes += more->spilled_memory_bytes;
    sum->spilled_disk_bytes += more->spilled_disk_bytes;
    sum->fetch_wait_ns += more->fetch_wait_ns;
    if (more->memory_bytes_max > sum->memory_bytes_max) {
        sum->memory_bytes_max = more->memory_bytes_max;
    }
}

static void post_end(cei_task_set *set, const cei_task_options *options, ce_status status, ce_task_metrics metrics)
{
    cei_lock_take(&set->lock);
    add_metrics(&set->metrics, &metrics);
    cei_lock_give(&set->lock);
    ce_event event = {.kind = CE_EVENT_TASK_END,
                      .job = set->job,
                      .stage = set->stage,
                      .task = options->task,
                      .partition = options->partition,
                      .attempt = options->attempt,
                      .status = status,
                      .error = status == CE_OK ? NULL : ce_last_error(),
                      .metrics = &metrics};
    cei_bus_post(&set->context->bus, &event);
}

static ce_status run_attempt(cei_task_set *set, uint32_t index, uint32_t attempt)
{
    ce_context *context = set->context;
    cei_task_options options = {.pool = context->pool,
                                .share_bytes = context->task_share_bytes,
                                .spill_directory = context->spill_directory,
                                .batch_rows = context->batch_rows,
                                .partition = cei_task_set_partition(set, index),
                                .attempt = attempt,
                                .job = set->job,
                                .stage = set->stage,
                                .cancelled = set->cancelled,
                                .keys = &set->keys,
                                .task = atomic_fetch_add_explicit(&context->next_task, 1, memory_order_relaxed)};
    bool listened = cei_bus_has_listeners(&context->bus);
    int64_t begin_ns = 0, begin_cpu_ns = 0;
    if (listened) {
        begin_ns = cei_clock_ns();
        begin_cpu_ns = cei_clock_cpu_ns();
        ce_event event = {.kind = CE_EVENT_TASK_START,
                          .job = set->job,
                          .stage = set->stage,
                          .task = options.task,
                          .partition = options.partition,
                          .attempt = attempt};
        cei_bus_post(&context->bus, &event);
    }
    struct giving to = {.set = set, .index = index, .attempt = attempt};
    ce_task *task = NULL;
    ce_task_metrics metrics = {0};
    ce_status status = cei_task_open_node(&set->work, &options, &task);
    if (status == CE_OK) {
        status = feed_inputs(set, task);
    }
    if (status == CE_OK) {
        status = step_to_end(task, &to);
    }
    if (task) {
        metrics = *cei_task_metrics(task);
        ce_task_close(task);
    }
    status = end_giving(&to, status);
    if (listened) {
        metrics.run_ns = cei_clock_ns() - begin_ns;
        metrics.cpu_ns = cei_clock_cpu_ns() - begin_cpu_ns;
        post_end(set, &options, status, metrics);
    }
    return status;
}

/* ---- claiming ---- */

bool cei_task_set_is_exhausted(cei_task_set *set)
{
    return atomic_load(set->cancelled) ||
           (atomic_load(&set->next) >= set->count && atomic_load(&set->retry_count) == 0);
}

static bool claim(cei_task_set *set, uint32_t *index, uint32_t *attempt)
{
    *attempt = 0;
    if (__builtin_expect(atomic_load_explicit(&set->retry_count, memory_order_relaxed) > 0, 0)) {
        cei_lock_take(&set->lock);
        uint32_t retries = atomic_load(&set->retry_count);
        bool found = retries > 0;
        if (found) {
            *index = set->retries[retries - 1];
            *attempt = set->failures[*index];
            atomic_store(&set->retry_count, retries - 1);
        }
        cei_lock_give(&set->lock);
        if (found) {
            return true;
        }
    }
    if (atomic_load_explicit(&set->next, memory_order_relaxed) >= set->count) {
        return false;
    }
    *index = atomic_fetch_add(&set->next, 1);
    return *index < set->count;
}

/* Failures that another attempt cannot mend. */
static bool is_final(ce_status status)
{
    return status == CE_CANCELLED || status == CE_INVALID || status == CE_TYPE || status == CE_EXISTS ||
           status == CE_UNSUPPORTED || status == CE_INTERNAL;
}

static void fail_locked(cei_task_set *set, uint32_t index, ce_status status)
{
    if (!set->failures) {
        set->failures = cei_alloc_zeroed(set->count, sizeof *set->failures);
        set->retries = cei_alloc_zeroed(set->count, sizeof *set->retries);
    }
    bool has_lists = set->failures && set->retries;
    uint32_t failures = has_lists ? ++set->failures[index] : 1;
    if (has_lists && !is_final(status) && failures < set->context->task_failures_max && !atomic_load(set->cancelled)) {
        uint32_t retries = atomic_load(&set->retry_count);
        set->retries[retries] = index;
        atomic_store(&set->retry_count, retries + 1);
        return;
    }
    if (set->status == CE_OK || (set->status == CE_CANCELLED && status != CE_CANCELLED)) {
        char place[256], sentence[CEI_ERROR_BYTES_MAX];
        const ce_rdd *root = set->work.root;
        snprintf(place, sizeof place, "%s at %s:%d", cei_node_name(root), root->site.file, root->site.line);
        snprintf(sentence, sizeof sentence, "task %u of stage %d (%s) failed %u time%s: %s",
                 cei_task_set_partition(set, index), set->stage, place, failures, failures == 1 ? "" : "s",
                 ce_last_error());
        set->status = status;
        cei_free(set->error);
        set->error = cei_strdup(status == CE_CANCELLED ? "cancelled" : sentence);
    }
    atomic_store(set->cancelled, true);
}

bool cei_task_set_run_next(cei_task_set *set)
{
    uint32_t index, attempt;
    if (atomic_load_explicit(set->cancelled, memory_order_relaxed) || !claim(set, &index, &attempt)) {
        return false;
    }
    ce_status status = run_attempt(set, index, attempt);
    if (status != CE_OK) {
        cei_lock_take(&set->lock);
        fail_locked(set, index, status);
        cei_lock_give(&set->lock);
    }
    return true;
}
