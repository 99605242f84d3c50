/*
 * context_test.c: which masters and settings are taken, the memory limit, and closing while jobs run.
 */
#include "base/clock.h"
#include "base/fault.h"
#include "base/thread.h"
#include "support/grid.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

CE_PAIR(int_pair, int64_t, int64_t);

static inline int64_t slowly(int64_t x)
{
    cei_sleep_ms(1);
    return x;
}
CE_MAP(slowly, int64_t, int64_t)

static inline int_pair itself(int64_t x)
{
    return (int_pair){x, x};
}
CE_MAP(itself, int64_t, int_pair)

static inline int64_t fails(int64_t x)
{
    ce_fail("no %d", (int)x);
    return x;
}
CE_MAP(fails, int64_t, int64_t)

static void masters_say_how_many_threads_and_failures(void **state)
{
    (void)state;
    static const struct {
        const char *master;
        uint32_t parallelism; /* 0: the machine's */
        int failures;
    } cases[] = {{"inline", 1, 1},   {"local", 1, 1},      {"local[1]", 1, 1},
                 {"local[3]", 3, 1}, {"local[2,4]", 2, 4}, {"local[1,1]", 1, 1},
                 {"local[*]", 0, 1}, {"local[*,3]", 0, 3}, {"local[17]", 17, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ce_context *sc = grid_open(cases[i].master, NULL);
        uint32_t expected = cases[i].parallelism ? cases[i].parallelism : cei_cpu_count();
        assert_int_equal(ce_default_parallelism(sc), expected);
        ce_rdd *rdd = ce_range(sc, 0, 100, 1, 0);
        uint32_t partitions;
        uint64_t count;
        char sentence[64];
        assert_int_equal(ce_partition_count(rdd, &partitions), CE_OK);
        assert_int_equal(partitions, expected);
        assert_int_equal(ce_count(ce_map(ce_range(sc, 0, 1, 1, 1), fails), &count), CE_USER);
        snprintf(sentence, sizeof sentence, "failed %d time%s: ", cases[i].failures, cases[i].failures == 1 ? "" : "s");
        assert_non_null(strstr(ce_last_error(), sentence));
        ce_context_close(sc);
    }
}

static void other_masters_are_refused_with_the_list_of_good_ones(void **state)
{
    (void)state;
    static const char *const masters[] = {
        "",          "lokal",        "LOCAL",       "local[",     "local[]",   "local[0]",   "local[2",
        "local[x]",  "local[2]x",    "local[2,]",   "local[2,0]", "local[-1]", "local[*,0]", "local[*",
        "local[*]]", "local[2,3,4]", "local[9999]", "inline[2]",  "yarn",      "local[2.5]", "spark://h:7077"};
    for (size_t i = 0; i < sizeof masters / sizeof *masters; i++) {
        ce_context *sc = ce_context_open(masters[i], NULL, NULL);
        if (sc) {
            fail_msg("\"%s\" was taken", masters[i]);
        }
        assert_non_null(strstr(ce_last_error(), masters[i]));
        assert_non_null(strstr(ce_last_error(), "local[N,F]"));
    }
}

static void settings_come_from_the_conf_then_from_the_environment(void **state)
{
    (void)state;
    ce_conf *conf = ce_conf_new();
    assert_int_equal(ce_conf_set(conf, "progress", "never"), CE_OK);
    assert_int_equal(ce_conf_set(conf, "master", "local[2]"), CE_OK);
    assert_int_equal(ce_conf_set(conf, "default_parallelism", "9"), CE_OK);
    setenv("CERIUM_DEFAULT_PARALLELISM", "5", 1);
    ce_context *sc = ce_context_open(NULL, NULL, conf);
    assert_non_null(sc);
    assert_int_equal(ce_default_parallelism(sc), 9);
    ce_conf_free(conf); /* it was copied */
    ce_context_close(sc);
    sc = ce_context_open("local[2]", "a name", NULL);
    assert_non_null(sc);
    assert_int_equal(ce_default_parallelism(sc), 5);
    ce_context_close(sc);
    setenv("CERIUM_DEFAULT_PARALLELISM", "many", 1);
    assert_null(ce_context_open("local[2]", NULL, NULL));
    assert_non_null(strstr(ce_last_error(), "default_parallelism"));
    unsetenv("CERIUM_DEFAULT_PARALLELISM");
}

static void expect_slots(const char *master, const ce_conf *conf, uint32_t slots)
{
    ce_context *sc = ce_context_open(master, NULL, conf);
    assert_non_null(sc);
    assert_int_equal(ce_default_parallelism(sc), slots);
    ce_context_close(sc);
}

static void the_master_is_the_argument_or_the_setting(void **state)
{
    (void)state;
    ce_conf *conf = ce_conf_new();
    assert_int_equal(ce_conf_set(conf, "progress", "never"), CE_OK);
    unsetenv("CERIUM_MASTER");
    expect_slots(NULL, NULL, cei_cpu_count());
    setenv("CERIUM_MASTER", "local[3]", 1);
    expect_slots(NULL, NULL, 3);
    expect_slots(NULL, conf, 3);
    assert_int_equal(ce_conf_set(conf, "master", "local[2]"), CE_OK);
    expect_slots(NULL, conf, 2);
    expect_slots("local[4]", conf, 4);
    setenv("CERIUM_MASTER", "local[none]", 1);
    expect_slots(NULL, conf, 2); /* what is not asked for is not looked at */
    assert_null(ce_context_open(NULL, NULL, NULL));
    assert_non_null(strstr(ce_last_error(), "master \"local[none]\" is none of inline, "));
    unsetenv("CERIUM_MASTER");
    ce_conf_free(conf);
}

static void a_job_that_needs_more_than_the_limit_fails_and_the_next_one_runs(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", "memory_bytes_max", "4m", NULL);
    ce_rdd *large = ce_glom(ce_range(sc, 0, 2000000, 1, 2)); /* lists of 8 MB */
    uint64_t count, bytes, bytes_max;
    assert_int_equal(ce_count(large, &count), CE_MEMORY);
    assert_non_null(strstr(ce_last_error(), "out of memory"));
    assert_non_null(strstr(ce_last_error(), "task "));
    ce_memory_used(sc, &bytes, &bytes_max);
    assert_true(bytes_max <= 4 << 20);
    assert_int_equal(ce_count(ce_range(sc, 0, 1000000, 1, 2), &count), CE_OK);
    assert_int_equal(count, 1000000);
    ce_memory_used(sc, &bytes, &bytes_max);
    assert_true(bytes < 2 << 20); /* what the failed job had taken was given back */
    ce_context_close(sc);
}

/* ---- closing ---- */

static _Atomic(int) ended;

struct job {
    ce_rdd *rdd;
    ce_status status;
    uint64_t count;
};

static void *count_rows(void *arg)
{
    struct job *job = arg;
    job->status = ce_count(job->rdd, &job->count);
    ended++;
    return NULL;
}

static void closing_waits_for_jobs_of_other_threads(void **state)
{
    (void)state;
    enum { JOBS = 4 };
    for (int wait_ms = 0; wait_ms < 30; wait_ms += 10) {
        ce_context *sc = grid_open("local[2]", NULL);
        struct job jobs[JOBS];
        cei_thread threads[JOBS];
        ended = 0;
        for (int i = 0; i < JOBS; i++) {
            jobs[i] = (struct job){.rdd = ce_map(ce_range(sc, 0, 40, 1, 10), slowly)};
            assert_int_equal(cei_thread_start(&threads[i], "job", count_rows, &jobs[i]), CE_OK);
        }
        cei_sleep_ms(20 + wait_ms); /* all have begun; 160 ms of work on two threads */
        ce_context_close(sc);
        for (int i = 0; i < JOBS; i++) {
            cei_thread_join(&threads[i]);
            assert_int_equal(jobs[i].status, CE_OK);
            assert_int_equal(jobs[i].count, 40);
        }
    }
}

static void closing_what_was_cancelled_is_quick(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    struct job job = {.rdd = ce_map(ce_range(sc, 0, 1000000, 1, 10), slowly)};
    cei_thread thread;
    assert_int_equal(cei_thread_start(&thread, "job", count_rows, &job), CE_OK);
    cei_sleep_ms(20);
    int64_t begin = cei_clock_ns();
    ce_cancel_all_jobs(sc);
    ce_context_close(sc);
    assert_true(cei_clock_ns() - begin < (int64_t)20000000000);
    cei_thread_join(&thread);
    assert_int_equal(job.status, CE_CANCELLED);
}

static void results_outlive_their_context(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    const ce_str texts[] = {ce_str_of("one"), ce_str_of("a text that is longer than sixteen bytes")};
    ce_result rows;
    assert_int_equal(ce_collect(ce_parallelize(sc, ce_str, texts, 2, 2), &rows), CE_OK);
    ce_context_close(sc);
    assert_true(ce_str_equal(ce_result_rows(&rows, ce_str)[1], texts[1]));
    ce_result_free(&rows);
}

static void contexts_can_be_opened_and_closed_many_times_and_side_by_side(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        ce_context *a = grid_open(i % 2 ? "local[3]" : "inline", NULL), *b = grid_open("local[2]", NULL);
        uint64_t count;
        if (i % 3) {
            assert_int_equal(ce_count(ce_range(a, 0, i, 1, 2), &count), CE_OK);
            assert_int_equal(count, i);
        }
        ce_rdd *mixed = ce_union(ce_range(a, 0, 1, 1, 1), ce_range(b, 0, 1, 1, 1));
        assert_int_equal(ce_rdd_status(mixed), CE_INVALID);
        assert_non_null(strstr(ce_last_error(), "union: the RDDs belong to different contexts"));
        ce_context_close(i % 5 ? a : b);
        ce_context_close(i % 5 ? b : a);
    }
    ce_context_close(NULL);
    assert_int_equal(ce_default_parallelism(NULL), 0);
}

static void every_failure_to_open_is_clean(void **state)
{
    (void)state;
    setenv("CERIUM_PROGRESS", "never", 1);
    for (cei_fault_kind kind = CEI_FAULT_ALLOCATION; kind <= CEI_FAULT_SYSTEM_CALL; kind++) {
        bool delivered = true;
        for (int64_t nth = 1; delivered; nth++) {
            cei_fault_arm(nth, kind);
            ce_context *sc = ce_context_open("local[3]", "name", NULL);
            delivered = cei_fault_delivered();
            cei_fault_arm(0, kind);
            assert_true(sc || delivered);
            assert_true(sc || ce_last_error()[0] != '\0');
            ce_context_close(sc);
        }
    }
    unsetenv("CERIUM_PROGRESS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masters_say_how_many_threads_and_failures),
        cmocka_unit_test(other_masters_are_refused_with_the_list_of_good_ones),
        cmocka_unit_test(settings_come_from_the_conf_then_from_the_environment),
        cmocka_unit_test(the_master_is_the_argument_or_the_setting),
        cmocka_unit_test(a_job_that_needs_more_than_the_limit_fails_and_the_next_one_runs),
        cmocka_unit_test(closing_waits_for_jobs_of_other_threads),
        cmocka_unit_test(closing_what_was_cancelled_is_quick),
        cmocka_unit_test(results_outlive_their_context),
        cmocka_unit_test(contexts_can_be_opened_and_closed_many_times_and_side_by_side),
        cmocka_unit_test(every_failure_to_open_is_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
