/*
 * job.c: from an action's node to stages, and from stages to task sets.
 *
 * The lineage is walked from the node down to its sources. Each shuffle on the way ends a stage: the map stage that
 * writes it. A shuffle whose outputs are all in the store already is not computed again, nor is anything below it that
 * only it needs. Stages run when the stages below them have ended; independent ones at the same time.
 *
 * A shuffle that another job computes at this moment is waited for.
 */
#include "sched/job.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/block.h"
#include "sched/task_set.h"

struct stage {
    const ce_rdd *output; /* the node behind the shuffle; NULL: the result stage */
    const ce_rdd *root;   /* what is computed */
    uint32_t *missing;    /* map partitions to compute; NULL: all */
    uint32_t *below;      /* indices of stages that must end first; on the heap */
    uint32_t below_count, below_room;
    enum { WAITING, RUNNING, ENDED } state;
    cei_task_set set;
    int32_t id;
};

struct job {
    ce_context *context;
    int32_t id;
    const char *name;
    ce_rdd *node;
    cei_job_slot *slot;
    struct stage *stages; /* below before above; the result stage last; complete before the first one runs */
    uint32_t stage_count, stage_room;
    ce_status status;
    char error[CEI_ERROR_BYTES_MAX];
};

static _Thread_local char job_group[CEI_GROUP_BYTES];

ce_status ce_set_job_group(ce_context *sc, const char *group)
{
    (void)sc;
    if (group && strlen(group) >= sizeof job_group) {
        return cei_fail(CE_INVALID, "a job group's name has at most %zu bytes", sizeof job_group - 1);
    }
    memset(job_group, 0, sizeof job_group);
    if (group) {
        memcpy(job_group, group, strlen(group));
    }
    return CE_OK;
}

/* ---- stages ---- */

static ce_status add_stage(struct job *job, const ce_rdd *output, const ce_rdd *root, uint32_t *index);

/* Adds the stages that node needs to those below stage. */
static ce_status add_below(struct job *job, struct stage *stage, const ce_rdd *node)
{
    if (!node->shuffle) {
        for (uint32_t i = 0; i < node->parent_count; i++) {
            CE_TRY(add_below(job, stage, node->parents[i]));
        }
        return CE_OK;
    }
    uint32_t index;
    CE_TRY(add_stage(job, node, node->parents[0], &index));
    for (uint32_t i = 0; i < stage->below_count; i++) {
        if (stage->below[i] == index) {
            return CE_OK;
        }
    }
    if (stage->below_count == stage->below_room) {
        uint32_t room = stage->below_room ? 2 * stage->below_room : 2;
        uint32_t *below = cei_realloc(stage->below, room * sizeof *below);
        if (!below) {
            return CE_MEMORY;
        }
        stage->below = below;
        stage->below_room = room;
    }
    stage->below[stage->below_count++] = index;
    return CE_OK;
}

static ce_status add_stage(struct job *job, const ce_rdd *output, const ce_rdd *root, uint32_t *index)
{
    for (uint32_t i = 0; output && i < job->stage_count; i++) {
        if (job->stages[i].output && job->stages[i].output->shuffle == output->shuffle) {
            *index = i;
            return CE_OK;
        }
    }
    struct stage stage = {.output = output, .root = root};
    bool exists = false;
    if (output) {
        CE_TRY(cei_store_register(job->context->store, output->shuffle->id, root->partition_count,
                                  output->shuffle->partitioner.count));
        exists = cei_store_missing(job->context->store, output->shuffle->id) == 0;
    }
    if (!exists) {
        ce_status status = add_below(job, &stage, root);
        if (status != CE_OK) {
            cei_free(stage.below);
            return status;
        }
    }
    if (job->stage_count == job->stage_room) {
        uint32_t room = job->stage_room ? 2 * job->stage_room : 2;
        struct stage *stages = cei_realloc(job->stages, room * sizeof *stages);
        if (!stages) {
            cei_free(stage.below);
            return CE_MEMORY;
        }
        job->stages = stages;
        job->stage_room = room;
    }
    stage.state = exists ? ENDED : WAITING;
    stage.id = atomic_fetch_add(&job->context->next_stage, 1);
    *index = job->stage_count++;
    job->stages[*index] = stage;
    return CE_OK;
}

static void post_stage(const struct job *job, const struct stage *stage, ce_event_kind kind)
{
    if (!cei_bus_has_listeners(&job->context->bus)) {
        return;
    }
    ce_event event = {.kind = kind,
                      .job = job->id,
                      .stage = stage->id,
                      .name = cei_node_name(stage->root),
                      .site = stage->root->site,
                      .task_count = stage->set.count};
    if (kind == CE_EVENT_STAGE_END) {
        event.status = stage->set.status;
        event.error = stage->set.error;
        event.metrics = &stage->set.metrics;
    } else if (kind == CE_EVENT_STAGE_SKIPPED) {
        event.task_count = stage->root->partition_count;
    }
    cei_bus_post(&job->context->bus, &event);
}

/* ---- shuffles that are computed now, by any job ---- */

static bool is_computing_locked(const ce_context *context, int32_t shuffle)
{
    for (uint32_t i = 0; i < context->computing_count; i++) {
        if (context->computing[i] == shuffle) {
            return true;
        }
    }
    return false;
}

/* false: another job computes it. */
static ce_status claim_shuffle(ce_context *context, int32_t shuffle, bool *claimed)
{
    ce_status status = CE_OK;
    cei_lock_take(&context->lock);
    *claimed = !is_computing_locked(context, shuffle);
    if (*claimed && context->computing_count == context->computing_room) {
        uint32_t room = context->computing_room ? 2 * context->computing_room : 16;
        int32_t *computing = cei_realloc(context->computing, room * sizeof *computing);
        if (computing) {
            context->computing = computing;
            context->computing_room = room;
        } else {
            *claimed = false;
            status = CE_MEMORY;
        }
    }
    if (*claimed) {
        context->computing[context->computing_count++] = shuffle;
    }
    cei_lock_give(&context->lock);
    return status;
}

static void give_shuffle(ce_context *context, int32_t shuffle)
{
    cei_lock_take(&context->lock);
    for (uint32_t i = 0; i < context->computing_count; i++) {
        if (context->computing[i] == shuffle) {
            context->computing[i] = context->computing[--context->computing_count];
            break;
        }
    }
    cei_condition_broadcast(&context->changed);
    cei_lock_give(&context->lock);
}

/* ---- running ---- */

static void fail_job(struct job *job, ce_status status)
{
    if (job->status == CE_OK) {
        job->status = status;
        strncpy(job->error, ce_last_error(), sizeof job->error - 1);
    }
    atomic_store(&job->slot->cancelled, true);
}

/* The map partitions whose output is not there. */
static ce_status list_missing(struct job *job, struct stage *stage, uint32_t *count)
{
    uint32_t maps = stage->root->partition_count;
    int32_t shuffle = stage->output->shuffle->id;
    *count = cei_store_missing(job->context->store, shuffle);
    if (*count == maps || *count == 0) {
        return CE_OK;
    }
    stage->missing = cei_alloc(*count * sizeof *stage->missing);
    if (!stage->missing) {
        return CE_MEMORY;
    }
    for (uint32_t map = 0, i = 0; map < maps && i < *count; map++) {
        if (!cei_store_has(job->context->store, shuffle, map)) {
            stage->missing[i++] = map;
        }
    }
    return CE_OK;
}

/* Starts a stage whose stages below have ended; it stays WAITING when another job computes its shuffle. */
static ce_status start_stage(struct job *job, struct stage *stage)
{
    ce_context *context = job->context;
    uint32_t count = stage->set.count; /* the result stage's is set already */
    if (stage->output) {
        bool claimed;
        CE_TRY(claim_shuffle(context, stage->output->shuffle->id, &claimed));
        if (!claimed) {
            return CE_OK;
        }
        ce_status status = list_missing(job, stage, &count);
        if (status != CE_OK || count == 0) {
            give_shuffle(context, stage->output->shuffle->id);
            stage->state = ENDED;
            return status;
        }
        stage->set.partitions = stage->missing;
    }
    cei_task_set *set = &stage->set;
    set->context = context;
    set->job = job->id;
    set->stage = stage->id;
    set->work = (cei_stage_work){stage->root, stage->output};
    set->cancelled = &job->slot->cancelled;
    set->count = count;
    cei_task_set_open(set);
    stage->state = RUNNING;
    post_stage(job, stage, CE_EVENT_STAGE_START);
    context->executor->submit(context->executor, set);
    return CE_OK;
}

static void end_stage(struct job *job, struct stage *stage)
{
    cei_task_set *set = &stage->set;
    stage->state = ENDED;
    if (set->status == CE_OK && job->status == CE_OK && atomic_load(set->cancelled)) {
        fail_job(job, cei_fail(CE_CANCELLED, "cancelled"));
    } else if (set->status != CE_OK && (job->status == CE_OK || job->status == CE_CANCELLED)) {
        job->status = CE_OK;
        cei_error_set(set->error ? set->error : ce_status_text(set->status));
        fail_job(job, set->status);
    }
    post_stage(job, stage, CE_EVENT_STAGE_END);
    if (stage->output) {
        give_shuffle(job->context, stage->output->shuffle->id);
    }
    cei_task_set_close(set);
}

static bool is_ready(const struct job *job, const struct stage *stage)
{
    if (stage->state != WAITING) {
        return false;
    }
    for (uint32_t i = 0; i < stage->below_count; i++) {
        if (job->stages[stage->below[i]].state != ENDED) {
            return false;
        }
    }
    return true;
}

/* Waits until another job's stage ends, when none of this job's runs. */
static void wait_for_others(struct job *job)
{
    ce_context *context = job->context;
    cei_lock_take(&context->lock);
    bool blocked = true;
    for (uint32_t i = 0; i < job->stage_count; i++) {
        const struct stage *stage = &job->stages[i];
        if (is_ready(job, stage) && (!stage->output || !is_computing_locked(context, stage->output->shuffle->id))) {
            blocked = false;
        }
    }
    if (blocked) {
        cei_condition_wait_for(&context->changed, &context->lock, 100000000);
    }
    cei_lock_give(&context->lock);
    if (atomic_load(&job->slot->cancelled)) {
        fail_job(job, cei_fail(CE_CANCELLED, "cancelled"));
    }
}

static void run_stages(struct job *job, cei_task_set **running)
{
    struct stage *result = &job->stages[job->stage_count - 1];
    for (;;) {
        uint32_t count = 0;
        for (uint32_t i = 0; i < job->stage_count; i++) {
            struct stage *stage = &job->stages[i];
            if (job->status == CE_OK && is_ready(job, stage)) {
                ce_status status = start_stage(job, stage);
                if (status != CE_OK) {
                    fail_job(job, status);
                }
            }
            if (stage->state == RUNNING) {
                running[count++] = &stage->set;
            }
        }
        if (count) {
            job->context->executor->wait(job->context->executor, running, count);
            for (uint32_t i = 0; i < job->stage_count; i++) {
                if (job->stages[i].state == RUNNING && job->stages[i].set.done) {
                    end_stage(job, &job->stages[i]);
                }
            }
        } else if (job->status != CE_OK || result->state == ENDED) {
            return;
        } else {
            wait_for_others(job);
        }
    }
}

/* ---- the job ---- */

static ce_status take_slot(ce_context *context, cei_job_slot **slot)
{
    *slot = NULL;
    cei_lock_take(&context->lock);
    while (!*slot && !context->closed) {
        for (uint32_t i = 0; i < CEI_JOBS_MAX && !*slot; i++) {
            if (!context->jobs[i].used) {
                *slot = &context->jobs[i];
            }
        }
        if (!*slot) {
            cei_condition_wait(&context->changed, &context->lock);
        }
    }
    if (*slot) {
        (*slot)->used = true;
        memcpy((*slot)->group, job_group, sizeof job_group);
        atomic_store(&(*slot)->cancelled, false);
    }
    cei_lock_give(&context->lock);
    return *slot ? CE_OK : cei_fail(CE_STOPPED, "the context is closed");
}

static void give_slot(ce_context *context, cei_job_slot *slot)
{
    cei_lock_take(&context->lock);
    slot->used = false;
    cei_condition_broadcast(&context->changed);
    cei_lock_give(&context->lock);
}

static void post_job(const struct job *job, ce_event_kind kind)
{
    if (!cei_bus_has_listeners(&job->context->bus)) {
        return;
    }
    ce_event event = {.kind = kind,
                      .job = job->id,
                      .name = job->name,
                      .site = job->node->site,
                      .status = job->status,
                      .error = job->status == CE_OK ? NULL : job->error};
    for (uint32_t i = 0; i < job->stage_count; i++) {
        if (job->stages[i].state == WAITING) {
            event.stage_count++;
            event.task_count += job->stages[i].output ? job->stages[i].root->partition_count : job->stages[i].set.count;
        }
    }
    cei_bus_post(&job->context->bus, &event);
    for (uint32_t i = 0; kind == CE_EVENT_JOB_START && i < job->stage_count; i++) {
        if (job->stages[i].state == ENDED) {
            post_stage(job, &job->stages[i], CE_EVENT_STAGE_SKIPPED);
        }
    }
}

static ce_status plan_and_run(struct job *job, const uint32_t *partitions, uint32_t count, cei_blocks *results)
{
    uint32_t last;
    if (count > 0) {
        CE_TRY(add_stage(job, NULL, job->node, &last));
        job->stages[last].set.partitions = partitions;
        job->stages[last].set.count = count;
        job->stages[last].set.results = results;
    }
    post_job(job, CE_EVENT_JOB_START);
    if (count > 0) {
        cei_task_set **running = cei_alloc(job->stage_count * sizeof *running);
        if (running) {
            run_stages(job, running);
        } else {
            fail_job(job, CE_MEMORY);
        }
        cei_free(running);
    }
    post_job(job, CE_EVENT_JOB_END);
    return job->status == CE_OK ? CE_OK : cei_fail(job->status, "%s", job->error);
}

ce_status cei_run_job(ce_rdd *node, const char *name, const uint32_t *partitions, uint32_t count, cei_blocks *results)
{
    CEI_HOLD(node);
    CE_TRY(cei_node_prepare(node));
    ce_context *context = cei_context_of(node);
    memset(results, 0, count * sizeof *results);
    for (uint32_t i = 0; partitions && i < count; i++) {
        if (partitions[i] >= node->partition_count) {
            return cei_fail(CE_INVALID,
                            "%s:%d: %s: Attempting to access a non-existent partition: %u. Total number of partitions: "
                            "%u",
                            node->site.file, node->site.line, name, partitions[i], node->partition_count);
        }
    }
    struct job job = {.context = context, .name = name, .node = node};
    CE_TRY(take_slot(context, &job.slot));
    job.id = atomic_fetch_add(&context->next_job, 1);
    ce_status status = plan_and_run(&job, partitions, count, results);
    for (uint32_t i = 0; i < job.stage_count; i++) {
        cei_free(job.stages[i].below);
        cei_free(job.stages[i].missing);
    }
    cei_free(job.stages);
    for (uint32_t i = 0; status != CE_OK && i < count; i++) {
        cei_blocks_close(&results[i]);
    }
    give_slot(context, job.slot);
    return status;
}

ce_context *cei_hold(const ce_rdd *rdd)
{
    ce_context *context = rdd && rdd->scope ? cei_context_of(rdd) : NULL;
    if (context) {
        cei_lock_take(&context->lock);
        context->holders++;
        cei_lock_give(&context->lock);
    }
    return context;
}

void cei_let_go(ce_context **held)
{
    ce_context *context = *held;
    if (context) {
        cei_lock_take(&context->lock);
        context->holders--;
        cei_condition_broadcast(&context->changed);
        cei_lock_give(&context->lock);
    }
}

/* ---- cancelling ---- */

void ce_cancel_all_jobs(ce_context *sc)
{
    for (uint32_t i = 0; sc && i < CEI_JOBS_MAX; i++) {
        atomic_store(&sc->jobs[i].cancelled, true);
    }
}

void ce_cancel_job_group(ce_context *sc, const char *group)
{
    if (!sc || !group) {
        return;
    }
    cei_lock_take(&sc->lock);
    for (uint32_t i = 0; i < CEI_JOBS_MAX; i++) {
        if (sc->jobs[i].used && strcmp(sc->jobs[i].group, group) == 0) {
            atomic_store(&sc->jobs[i].cancelled, true);
        }
    }
    cei_lock_give(&sc->lock);
}
