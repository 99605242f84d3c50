/*
 * cerium.h: everything a program needs: include this.
 *
 *     context.h  opening the engine, settings, cancelling      rdd.h     sources and transformations
 *     type.h     describing elements                           action.h  the calls that compute
 *     str.h      strings                                       event.h   listening to jobs, stages and tasks
 *     kernel.h   stamping user functions                       status.h  errors
 *
 * A program for `cerium run` defines ce_main; a program that embeds Cerium has its own main and calls ce_context_open.
 */
#ifndef CERIUM_H
#define CERIUM_H

#include <cerium/action.h>
#include <cerium/context.h>
#include <cerium/event.h>
#include <cerium/kernel.h>
#include <cerium/rdd.h>
#include <cerium/status.h>
#include <cerium/str.h>
#include <cerium/type.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CE_VERSION "0.1.0"

/* The library's version, to compare with CE_VERSION. Static. */
CE_API const char *ce_version(void);

/* The entry of a program that `cerium run` runs: argv[0] is the program, the rest its arguments. 0, a ce_status, or
 * any exit code is what the command returns. */
CE_API int ce_main(ce_context *sc, int argc, char **argv);

#ifdef __cplusplus
}
#endif
#endif
