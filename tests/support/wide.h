/*
 * wide.h: what the tests of wide operators share: random pairs of several types, and a count of what a job runs.
 */
#ifndef CERIUM_TESTS_WIDE_H
#define CERIUM_TESTS_WIDE_H

#include "base/random.h"
#include "support/grid.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

CE_PAIR(int_pair, int64_t, int64_t);
CE_PAIR(text_pair, ce_str, int64_t);
CE_PAIR(text_text, ce_str, ce_str);
CE_PAIR(place, ce_str, int64_t);
CE_PAIR(place_pair, place, double);
CE_LIST(longs, int64_t);
CE_PAIR(int_group, int64_t, longs);
CE_LIST(text_list, ce_str);
CE_PAIR(text_group, ce_str, text_list);

enum { TEST_KEYS = 40, TEST_ROWS = 700 };

/* Keys as texts of 0 to 39 bytes, so that some fit in a cell and some do not; static. */
static inline ce_str test_text(uint64_t key)
{
    static const char all[] = "the quick brown fox jumps over the lazy dog, twice";
    return (ce_str){key ? all : NULL, (uint32_t)(key % TEST_KEYS)};
}

/* count random pairs. The caller frees them. */
static inline int_pair *test_int_pairs(uint32_t count, uint64_t seed)
{
    cei_random random;
    int_pair *pairs = calloc(count + 1, sizeof *pairs);
    cei_random_seed(&random, seed);
    for (uint32_t i = 0; i < count; i++) {
        pairs[i] = (int_pair){(int64_t)cei_random_below(&random, TEST_KEYS) - TEST_KEYS / 2,
                              (int64_t)cei_random_below(&random, 1000)};
    }
    return pairs;
}

static inline text_pair *test_text_pairs(uint32_t count, uint64_t seed)
{
    int_pair *numbers = test_int_pairs(count, seed);
    text_pair *pairs = calloc(count + 1, sizeof *pairs);
    for (uint32_t i = 0; i < count; i++) {
        pairs[i] = (text_pair){test_text((uint64_t)(numbers[i].key + TEST_KEYS / 2)), numbers[i].value};
    }
    free(numbers);
    return pairs;
}

/* Runs call, which counts something, and says how many stages and tasks ran and how many stages were skipped. */
typedef struct test_work {
    int jobs, stages, skipped, tasks;
} test_work;

static inline void test_see(const ce_event *event, void *arg)
{
    test_work *work = arg;
    work->jobs += event->kind == CE_EVENT_JOB_START;
    work->stages += event->kind == CE_EVENT_STAGE_START;
    work->skipped += event->kind == CE_EVENT_STAGE_SKIPPED;
    work->tasks += event->kind == CE_EVENT_TASK_START;
}

static inline test_work test_work_of_count(ce_context *sc, ce_rdd *rdd, uint64_t *count)
{
    test_work work = {0};
    assert_int_equal(ce_add_listener(sc, test_see, &work), CE_OK);
    if (ce_count(rdd, count) != CE_OK) {
        fail_msg("%s", ce_last_error());
    }
    ce_remove_listener(sc, test_see, &work);
    return work;
}

static inline void test_golden(const char *name, const char *got)
{
    grid_golden golden = grid_golden_of(name);
    if (!got || strcmp(golden.value, got) != 0) {
        fail_msg("%s: got %s, Spark gives %s", name, got, golden.value);
    }
}

/* The partitions' rows as one set, in the goldens' form: where a row goes depends on the hash. Freed with free(). */
static inline char *test_set(ce_rdd *rdd)
{
    ce_result rows;
    if (ce_collect(rdd, &rows) != CE_OK) {
        fail_msg("%s", ce_last_error());
    }
    char *text = grid_text(&rows, 1);
    ce_result_free(&rows);
    return text;
}

/* A poisoned node says this. */
static inline void test_poisoned(ce_rdd *rdd, ce_status status, const char *sentence)
{
    assert_int_equal(ce_rdd_status(rdd), status);
    if (!strstr(ce_last_error(), sentence)) {
        fail_msg("\"%s\" does not say \"%s\"", ce_last_error(), sentence);
    }
}

#endif
