/*
 * rows.h: inputs and comparisons that the tests of the actions share: the shapes of the goldens, random numbers and
 * words, and what a listener sees of jobs.
 */
#ifndef CERIUM_TESTS_ROWS_H
#define CERIUM_TESTS_ROWS_H

#include "base/fault.h"
#include "base/random.h"
#include "support/grid.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEST_ROWS_MAX = 200, TEST_ROUNDS = 12 };

CE_PAIR(test_pair, int64_t, int64_t);
CE_PAIR(test_word, ce_str, int64_t);

/* ---- functions ---- */

static inline int64_t test_add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(test_add, int64_t)

static inline int64_t test_count_row(int64_t count, int64_t row)
{
    (void)row;
    return count + 1;
}
CE_AGGREGATE(test_count_row, int64_t, int64_t)

/* Associative, not commutative: its result shows the order of the rows. */
static inline ce_str test_concat(ce_str a, ce_str b)
{
    char *both = ce_batch_alloc((size_t)a.bytes + b.bytes);
    if (a.bytes) {
        memcpy(both, a.at, a.bytes);
    }
    if (b.bytes) {
        memcpy(both + a.bytes, b.at, b.bytes);
    }
    return (ce_str){both, a.bytes + b.bytes};
}
CE_REDUCE(test_concat, ce_str)

static inline int64_t test_fail_at_7(int64_t a, int64_t b)
{
    if (a == 7 || b == 7) {
        ce_fail("seven");
    }
    return a + b;
}
CE_REDUCE(test_fail_at_7, int64_t)

static inline bool test_above_2(int64_t row)
{
    return row > 2;
}
CE_FILTER(test_above_2, int64_t)

static inline int64_t test_mod_5(int64_t row)
{
    return row % 5;
}
CE_MAP(test_mod_5, int64_t, int64_t)

static inline bool test_none(int64_t row)
{
    (void)row;
    return false;
}
CE_FILTER(test_none, int64_t)

/* ---- the shapes that the goldens run edge cases over ---- */

static const char *const test_shapes[] = {"norows0", "norows3", "one1", "one3", "few", "many", "hollow"};
enum { TEST_SHAPES = sizeof test_shapes / sizeof *test_shapes };

static inline ce_rdd *test_shape(ce_context *sc, int shape)
{
    static const int64_t seven = 7;
    switch (shape) {
    case 0:
        return ce_empty(sc, int64_t);
    case 1:
        return ce_range(sc, 0, 0, 1, 3);
    case 2:
        return ce_parallelize(sc, int64_t, &seven, 1, 1);
    case 3:
        return ce_parallelize(sc, int64_t, &seven, 1, 3);
    case 4:
        return ce_range(sc, 1, 3, 1, 5);
    case 5:
        return ce_range(sc, 1, 11, 1, 3);
    default:
        return ce_map(ce_filter(ce_range(sc, 1, 7, 1, 6), test_above_2), test_mod_5);
    }
}

/* ---- comparing ---- */

/* The golden PREFIX-SUFFIX holds this text. */
static inline void test_golden(const char *prefix, const char *suffix, const char *text)
{
    char name[128];
    snprintf(name, sizeof name, "%s%s%s", prefix, suffix[0] ? "-" : "", suffix);
    grid_golden golden = grid_golden_of(name);
    if (strcmp(golden.value, text) != 0) {
        print_error("%s: got %s, wanted %s\n", name, text, golden.value);
    }
    assert_string_equal(text, golden.value);
}

static inline void test_golden_number(const char *prefix, const char *suffix, int64_t number)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)number);
    test_golden(prefix, suffix, text);
}

/* A double as the goldens write it. */
static inline const char *test_double(double number, char *text, size_t bytes)
{
    int64_t armed = atomic_exchange(&cei_fault_countdown, 0); /* the test's own memory does not fail */
    ce_type_print(CE_TYPE(double), &number, text, bytes);
    atomic_store(&cei_fault_countdown, armed);
    return text;
}

/* Compares the rows with the golden (as_set: in any order) and frees them. */
static inline void test_golden_rows(const char *prefix, const char *suffix, ce_result *rows, int as_set)
{
    char *text = grid_text(rows, as_set);
    test_golden(prefix, suffix, text);
    free(text);
    ce_result_free(rows);
}

/* The golden is an error. */
static inline void test_golden_error(const char *prefix, const char *suffix)
{
    char name[128];
    snprintf(name, sizeof name, "%s%s%s", prefix, suffix[0] ? "-" : "", suffix);
    assert_string_equal(grid_golden_of(name).form, "error");
}

/* A failure with this status whose sentence holds text. */
static inline void test_failed(ce_status status, ce_status want, const char *text)
{
    if (status != want || !strstr(ce_last_error(), text)) {
        print_error("got %s: %s; wanted %s: ...%s\n", ce_status_text(status), ce_last_error(), ce_status_text(want),
                    text);
    }
    assert_int_equal(status, want);
    assert_non_null(strstr(ce_last_error(), text));
}

/* ---- random rows ---- */

typedef struct test_numbers {
    int64_t values[TEST_ROWS_MAX];
    uint64_t count;
    uint32_t partitions;
} test_numbers;

/* Values 0 .. below-1; mostly few rows, so that there are partitions without any. */
static inline test_numbers test_numbers_of(cei_random *random, uint64_t below)
{
    test_numbers numbers = {.partitions = 1 + (uint32_t)cei_random_below(random, 9)};
    numbers.count = cei_random_below(random, cei_random_below(random, 2) ? TEST_ROWS_MAX : 6);
    for (uint64_t i = 0; i < numbers.count; i++) {
        numbers.values[i] = (int64_t)cei_random_below(random, below);
    }
    return numbers;
}

static inline ce_rdd *test_rdd(ce_context *sc, const test_numbers *numbers)
{
    return ce_parallelize(sc, int64_t, numbers->values, numbers->count, numbers->partitions);
}

/* The numbers as words, some longer than what a cell holds, in texts[TEST_ROWS_MAX][48]. */
static inline void test_words_of(const test_numbers *numbers, char (*texts)[48], ce_str *words)
{
    for (uint64_t i = 0; i < numbers->count; i++) {
        const char *tail = numbers->values[i] % 3 ? "" : " and then a good deal more";
        snprintf(texts[i], sizeof texts[i], "%03lld%s", (long long)numbers->values[i], tail);
        words[i] = ce_str_of(texts[i]);
    }
}

static inline int test_by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* ---- jobs ---- */

/* What jobs ran: their tasks as a golden writes them, such as [1,4,20]. */
typedef struct test_jobs {
    ce_context *sc;
    uint32_t count;
    uint32_t stages, skipped, tasks; /* of the last one */
    char task_list[128];
} test_jobs;

static inline void test_on_event(const ce_event *event, void *arg)
{
    test_jobs *jobs = arg;
    if (event->kind == CE_EVENT_JOB_START) {
        size_t used = strlen(jobs->task_list);
        snprintf(jobs->task_list + used, sizeof jobs->task_list - used, "%s%u", jobs->count++ ? "," : "[",
                 event->task_count);
        jobs->stages = event->stage_count;
        jobs->tasks = event->task_count;
        jobs->skipped = 0;
    } else if (event->kind == CE_EVENT_STAGE_SKIPPED) {
        jobs->skipped++;
    }
}

static inline ce_status test_jobs_watch(test_jobs *jobs, ce_context *sc)
{
    *jobs = (test_jobs){.sc = sc};
    return ce_add_listener(sc, test_on_event, jobs);
}

static inline void test_jobs_end(test_jobs *jobs)
{
    ce_remove_listener(jobs->sc, test_on_event, jobs);
    size_t used = strlen(jobs->task_list);
    snprintf(jobs->task_list + used, sizeof jobs->task_list - used, "%s", jobs->count ? "]" : "[]");
}

#endif
