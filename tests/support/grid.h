/*
 * grid.h: running one behaviour on every topology: executors, workers, batch sizes, and with each allocation failing
 * in turn.
 *
 *     static ce_status sum_is_right(ce_context *sc, void *arg)
 *     {
 *         ...build, then: ce_status status = ce_reduce(numbers, add, &sum); if (status != CE_OK) return status;
 *         assert_int_equal(...); ce_result_free(&sum);
 *         return CE_OK;
 *     }
 *     static void sum_adds_all_rows(void **state) { grid_run(sum_is_right, NULL); }
 *
 * A body returns the status of the first action that failed and asserts on the results of those that did not. It must
 * free what it holds on both ways: sanitizers look.
 */
#ifndef CERIUM_TESTS_GRID_H
#define CERIUM_TESTS_GRID_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cerium/cerium.h>

typedef ce_status grid_body(ce_context *sc, void *arg);

/* Every topology must give CE_OK; then each allocation, and each system call, fails in turn on a small topology: the
 * body must give CE_OK, CE_MEMORY, or for system calls CE_IO, and a sentence. */
void grid_run(grid_body *body, void *arg);

/* Topologies only: for bodies that are too long for the failing ones. */
void grid_run_topologies(grid_body *body, void *arg);

/* Failing allocations (and system calls) only. */
void grid_run_failing(grid_body *body, void *arg);

/* A context as the tests want it; conf pairs end with NULL: grid_open("local[2]", "batch_rows", "7", NULL). */
ce_context *grid_open(const char *master, ...) __attribute__((sentinel));

/* Returns from the calling body when call fails. */
#define GRID_TRY(call)                                                                                                 \
    do {                                                                                                               \
        ce_status grid_status_ = (call);                                                                               \
        if (grid_status_ != CE_OK) {                                                                                   \
            return grid_status_;                                                                                       \
        }                                                                                                              \
    } while (0)

/* The seed of this run's random inputs: CERIUM_TEST_SEED, or a fixed one; printed when a test fails. */
uint64_t grid_seed(void);

/* The golden of a case in tests/oracle/goldens.txt: its form and value texts, or a failed test when there is none. The
 * texts belong to the support library. */
typedef struct grid_golden {
    const char *form, *value;
} grid_golden;
grid_golden grid_golden_of(const char *name);

/* The rows of a result in the goldens' text form, such as [1,2,3]; sorted by text when as_set. Freed by the caller
 * with free(). */
char *grid_text(const ce_result *result, int as_set);

/* All partitions of an RDD: [[1,2],[3]]; rows of a partition sorted by text when as_bags. NULL when the job failed. */
char *grid_parts_text(ce_rdd *rdd, int as_bags);

#endif
