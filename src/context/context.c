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

enum { SLOTS_MAX = 4096 };

static ce_status parse_master(const char *text, struct master *master)
{
    unsigned slots = 0, failures = 0;
    int used = 0;
    size_t bytes = strlen(text);
    *master = (struct master){"threads", 1, 0};
    if (strcmp(text, "inline") == 0) {
        master->executor = "inline";
        return CE_OK;
    }
    if (strcmp(text, "local") == 0) {
        return CE_OK;
    }
    if (strcmp(text, "local[*]") == 0) {
        master->slots = cei_cpu_count();
        return CE_OK;
    }
    if (sscanf(text, "local[*,%u]%n", &failures, &used) == 1 && (size_t)used == bytes && failures > 0) {
        *master = (struct master){"threads", cei_cpu_count(), failures};
        return CE_OK;
    }
    used = 0;
    bool plain = sscanf(text, "local[%u]%n", &slots, &used) == 1 && (size_t)used == bytes;
    used = plain ? used : 0;
    bool with_failures = !plain && sscanf(text, "local[%u,%u]%n", &slots, &failures, &used) == 2 &&
                         (size_t)used == bytes && failures > 0;
    if ((plain || with_failures) && slots > 0 && slots <= SLOTS_MAX) {
        *master = (struct master){"threads", slots, failures};
        return CE_OK;
    }
    return cei_fail(CE_INVALID, "master \"%s\" is none of inline, local, local[N], local[*], local[N,F] (N is 1 to %d)",
                    text, SLOTS_MAX);
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
    sc->batch_rows = (uint32_t)cei_setting(settings, CEI_CONF_batch_rows);
    sc->task_failures_max =
        master.failures_max ? master.failures_max : (uint32_t)cei_setting(settings, CEI_CONF_task_failures_max);
    CE_TRY(cei_store_open(&sc->store));
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
    while (sc->jobs_running) {
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
