/* bench.h: what the benchmark programs share: a context with N threads, time, and their one line of output. */
#ifndef CERIUM_BENCH_H
#define CERIUM_BENCH_H

#include <cerium/cerium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double bench_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Ends the program with the newest failure's sentence. */
static inline void bench_check(ce_status status)
{
    if (status != CE_OK) {
        fprintf(stderr, "%s\n", ce_last_error());
        exit(1);
    }
}

/* memory: the setting memory_bytes_max; NULL for its default. */
static inline ce_context *bench_context_of(const char *threads, const char *memory)
{
    char master[32];
    snprintf(master, sizeof master, "local[%s]", threads);
    ce_conf *conf = ce_conf_new();
    bench_check(conf ? CE_OK : CE_MEMORY);
    if (memory) {
        bench_check(ce_conf_set(conf, "memory_bytes_max", memory));
    }
    ce_context *sc = ce_context_open(master, "bench", conf);
    bench_check(sc ? CE_OK : CE_INVALID);
    ce_conf_free(conf);
    return sc;
}

static inline ce_context *bench_context(const char *threads)
{
    return bench_context_of(threads, NULL);
}

#endif
