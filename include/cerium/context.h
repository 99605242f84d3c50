/*
 * context.h: ce_context, the engine that a program opens, and its settings.
 *
 *     ce_context *sc = ce_context_open("local[*]", NULL, NULL);
 *     ...
 *     ce_context_close(sc);
 *
 * A context owns the lineage built in it (ce_rdd nodes live until it closes), its threads, its memory and its shuffle
 * outputs. Several contexts may be open in one process. All calls may be made from any thread; several threads may
 * run jobs at once.
 */
#ifndef CERIUM_CONTEXT_H
#define CERIUM_CONTEXT_H

#include <cerium/event.h>
#include <cerium/status.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ce_context ce_context;
typedef struct ce_conf ce_conf;

/*
 * Settings: names, bounds, units and defaults are in one table (ce_conf_describe, docs/reference/configuration.md). A
 * value is looked for in the ce_conf first, then in the environment variable CERIUM_<NAME IN CAPITALS>, then in the
 * table.
 */
CE_API ce_conf *ce_conf_new(void); /* NULL when memory is short; the caller frees it */
CE_API void ce_conf_free(ce_conf *conf);

/* value as text: an integer with an optional k, m, g suffix (1024s), true or false, or text. CE_NOT_FOUND for an
 * unknown name (the sentence gives the nearest known one), CE_INVALID for a value out of its bounds. */
CE_API CE_NODISCARD ce_status ce_conf_set(ce_conf *conf, const char *name, const char *value);

/* Writes the table as text for a person to a malloc'd string that the caller frees with ce_free; NULL when memory is
 * short. */
CE_API char *ce_conf_describe(void);

/* Frees memory that a call gave to the caller. NULL is allowed. */
CE_API void ce_free(void *memory);

/*
 * Opens a context. master: "inline" (one thread, the caller's, deterministic), "local" (one thread), "local[N]",
 * "local[*]" (as many threads as the process may use CPUs), "local[N,F]" (each task may fail F times; without it
 * once, as in Spark). NULL: the setting `master`. name is shown to people (NULL: "cerium"). conf may be NULL; it is
 * copied.
 *
 * NULL on failure: see ce_last_error(). The caller closes it.
 */
CE_API ce_context *ce_context_open(const char *master, const char *name, const ce_conf *conf);

/* Waits for actions that other threads are inside of, then frees everything that belongs to the context. sc may be
 * NULL. Not while another thread is inside a call on it other than an action. */
CE_API void ce_context_close(ce_context *sc);

/* Tasks that run at the same time, the default number of partitions. */
CE_API uint32_t ce_default_parallelism(const ce_context *sc);

/* Cancels all running jobs: their actions return CE_CANCELLED. Also from a signal handler. */
CE_API void ce_cancel_all_jobs(ce_context *sc);

/* Names the jobs that the calling thread starts, until changed; NULL for none. The text is copied. */
CE_API CE_NODISCARD ce_status ce_set_job_group(ce_context *sc, const char *group);

/* Cancels running jobs of that group. */
CE_API void ce_cancel_job_group(ce_context *sc, const char *group);

/* Memory of the context in use now, and the most that was. */
CE_API void ce_memory_used(ce_context *sc, uint64_t *bytes, uint64_t *bytes_max);

/*
 * From now on a crash of the process (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT) says on standard error where it
 * happened, before the signal ends the process as it always does: "cerium: SIGSEGV in a user function:
 * word_count.c:14: flat_map(split_words), stage 1, partition 3, attempt 0". `cerium run` calls it. A program that
 * embeds Cerium may, on its main thread, unless it has handlers of its own for these signals: they are replaced. A
 * stack overflow is reported on the calling thread and on those of a context. Calling it again changes nothing.
 */
CE_API void ce_report_crashes(void);

#ifdef __cplusplus
}
#endif
#endif
