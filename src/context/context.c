/*
 * context.c: opening a context: where settings, memory, shuffle store, threads, events and progress are made and
 * introduced to each other. The only file that knows them all.
 */
#include "action/action.h"
#include "base/error.h"
#include "base/memory.h"
#include "exec/local.h"
#include "report/progress.h"
#include "sched/engine.h"
#include <cerium/cerium.h>
#include <stdio.h>

const char *ce_version(void)
{
    return CE_VERSION;
}

void ce_free(void *memory)
{
    cei_free(memory);
}

/* ---- master ---- */

struct master {
    const char *executor;
    uint32_t slots;
    uint32_t failures_max; /* 0: the setting's */
};

enum { SLOTS_MAX = 4096, FAILURES_MAX = 1000 };

/* Takes decimal digits, up to most, from *at; 0 where there are none, or too many. */
static uint32_t take_number(const char **at, uint32_t most)
{
    uint64_t number = 0;
    for (; **at >= '0' && **at <= '9' && number <= most; (*at)++) {
        number = 10 * number + (uint64_t)(**at - '0');
    }
    return number <= most ? (uint32_t)number : 0;
}

/* local[N], local[*], local[N,F] or local[*,F], from behind the bracket. */
static bool parse_threads(const char *at, struct master *master)
{
    if (*at == '*') {
        at++;
        master->slots = cei_cpu_count();
    } else {
        master->slots = take_number(&at, SLOTS_MAX);
    }
    bool sound = master->slots > 0;
    if (*at == ',') {
        at++;
        master->failures_max = take_number(&at, FAILURES_MAX);
        sound = sound && master->failures_max > 0;
    }
    return sound && strcmp(at, "]") == 0;
}

static ce_status parse_master(const char *text, struct master *master)
{
    static const char threads[] = "local[";
    *master = (struct master){"threads", 1, 0};
    if (strcmp(text, "inline") == 0) {
        master->executor = "inline";
        return CE_OK;
    }
    if (strcmp(text, "local") == 0) {
        return CE_OK;
    }
    if (strncmp(text, threads, sizeof threads - 1) == 0 && parse_threads(text + sizeof threads - 1, master)) {
        return CE_OK;
    }
    return cei_fail(CE_INVALID, "master \"%s\" is none of inline, local, local[N], local[*], local[N,F] (N is 1 to %d)",
                    text, SLOTS_MAX);
}

/* What the operators of one task may keep. The rest, a quarter of the budget and a mebibyte a task where there is that
 * much, is for batches and what cannot be spilled. */
static uint64_t share_of(uint64_t limit, uint32_t slots)
{
    const uint64_t quarter = limit / 4, fixed = (uint64_t)slots << 20;
    uint64_t rest = quarter > fixed ? quarter : fixed;
    rest = rest < limit / 2 ? rest : limit / 2;
    return (limit - rest) / slots;
}

/* ---- opening ---- */

static ce_status open_parts(ce_context *sc, const char *master_text, const ce_conf *conf)
{
    CE_TRY(cei_settings_open(&sc->settings, conf));
    struct master master;
    CE_TRY(parse_master(master_text ? master_text : sc->settings.texts[CEI_CONF_master], &master));
    const cei_settings *settings = &sc->settings;
    uint64_t limit = (uint64_t)cei_setting(settings, CEI_CONF_memory_bytes_max);
    if (limit == 0) {
        limit = cei_memory_limit_bytes() / 10 * 6;
    }
    sc->pool = cei_pool_open(limit);
    if (!sc->pool) {
        return CE_MEMORY;
    }
    CE_TRY(cei_scope_open(&sc->scope, sc->pool));
    uint32_t parallelism = (uint32_t)cei_setting(settings, CEI_CONF_default_parallelism);
    sc->scope.default_parallelism = parallelism ? parallelism : master.slots;
    sc->scope.default_partitions = parallelism;
    sc->scope.files_partition_bytes_max = (uint64_t)cei_setting(settings, CEI_CONF_files_partition_bytes_max);
    sc->scope.count_rows = cei_count_partitions;
    sc->scope.sample_bounds = cei_sample_bounds;
    sc->scope.collect = cei_action_rows;
    sc->batch_rows = (uint32_t)cei_setting(settings, CEI_CONF_batch_rows);
    sc->task_failures_max =
        master.failures_max ? master.failures_max : (uint32_t)cei_setting(settings, CEI_CONF_task_failures_max);
    const char *directory = settings->texts[CEI_CONF_spill_directory];
    sc->spill_directory = *directory ? directory : NULL;
    sc->task_share_bytes = share_of(limit, master.slots);
    CE_TRY(cei_store_open(&sc->store, sc->spill_directory));
    cei_pool_on_short(sc->pool, cei_store_give_back, sc->store);
    CE_TRY(cei_executor_open_local(&sc->executor, master.executor, master.slots));
    return cei_progress_open(&sc->progress, &sc->bus, settings);
}

static void close_parts(ce_context *sc)
{
    cei_progress_close(sc->progress);
    if (sc->executor) {
        sc->executor->close(sc->executor);
    }
    cei_store_close(sc->store);
    if (sc->scope.count_rows) {
        cei_scope_close(&sc->scope);
    }
    cei_pool_close(sc->pool);
    cei_bus_close(&sc->bus);
    cei_condition_close(&sc->changed);
    cei_lock_close(&sc->lock);
    cei_free(sc->computing);
    cei_settings_close(&sc->settings);
    cei_free(sc);
}

ce_context *ce_context_open(const char *master, const char *name, const ce_conf *conf)
{
    ce_context *sc = cei_alloc_zeroed(1, sizeof *sc);
    if (!sc) {
        return NULL;
    }
    cei_lock_open(&sc->lock);
    cei_condition_open(&sc->changed);
    cei_bus_open(&sc->bus);
    ce_status status = open_parts(sc, master, conf);
    if (status == CE_OK && name) {
        char *copy = cei_strdup(name);
        if (copy) {
            cei_free(sc->settings.texts[CEI_CONF_app_name]);
            sc->settings.texts[CEI_CONF_app_name] = copy;
        } else {
            status = CE_MEMORY;
        }
    }
    if (status != CE_OK) {
        close_parts(sc);
        return NULL;
    }
    return sc;
}

void ce_context_close(ce_context *sc)
{
    if (!sc) {
        return;
    }
    cei_lock_take(&sc->lock);
    sc->closed = true;
    while (sc->holders) {
        cei_condition_wait(&sc->changed, &sc->lock);
    }
    cei_lock_give(&sc->lock);
    close_parts(sc);
}

uint32_t ce_default_parallelism(const ce_context *sc)
{
    return sc ? sc->scope.default_parallelism : 0;
}

void ce_memory_used(ce_context *sc, uint64_t *bytes, uint64_t *bytes_max)
{
    cei_pool_usage usage = cei_pool_used(sc->pool);
    *bytes = usage.used_bytes;
    *bytes_max = usage.used_bytes_max;
}

ce_status ce_add_listener(ce_context *sc, ce_listener *listener, void *arg)
{
    if (!sc || !listener) {
        return cei_fail(CE_INVALID, "ce_add_listener: the context or the listener is NULL");
    }
    return cei_bus_add(&sc->bus, listener, arg);
}

void ce_remove_listener(ce_context *sc, ce_listener *listener, void *arg)
{
    if (sc) {
        cei_bus_remove(&sc->bus, listener, arg);
    }
}
