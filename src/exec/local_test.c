/*
 * local_test.c: how many threads are inside tasks, which ones, and that none stays idle while there is work.
 */
#include "base/clock.h"
#include "base/thread.h"
#include "exec/local.h"
#include "support/grid.h"
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum { JOBS = 12, TASKS = 30 };

static _Atomic(int) inside, inside_max;
static _Atomic(uint64_t) order;        /* of the partitions, as decimal digits */
static _Atomic(uint64_t) threads_seen; /* bits: threads by a number of their own */
static _Atomic(int) next_thread;
static _Thread_local int thread_number = -1;

static void enter(void)
{
    int now = atomic_fetch_add(&inside, 1) + 1, most = atomic_load(&inside_max);
    while (now > most && !atomic_compare_exchange_weak(&inside_max, &most, now)) {
    }
    if (thread_number < 0) {
        thread_number = atomic_fetch_add(&next_thread, 1);
    }
    atomic_fetch_or(&threads_seen, (uint64_t)1 << thread_number % 64);
}

static inline int64_t work_1_ms(int64_t row)
{
    enter();
    cei_sleep_ms(1);
    atomic_fetch_sub(&inside, 1);
    return row;
}
CE_MAP(work_1_ms, int64_t, int64_t)

static inline int64_t work_20_ms(int64_t row)
{
    enter();
    cei_sleep_ms(20);
    atomic_fetch_sub(&inside, 1);
    return row;
}
CE_MAP(work_20_ms, int64_t, int64_t)

static inline int64_t note_order(int64_t row)
{
    enter();
    atomic_store(&order, atomic_load(&order) * 10 + (uint64_t)row);
    atomic_fetch_sub(&inside, 1);
    return row;
}
CE_MAP(note_order, int64_t, int64_t)

static int reset(void **state)
{
    (void)state;
    atomic_store(&inside, 0);
    atomic_store(&inside_max, 0);
    atomic_store(&order, 0);
    atomic_store(&threads_seen, 0);
    return 0;
}

struct job {
    ce_rdd *rdd;
    ce_status status;
    uint64_t rows;
    int64_t took_ms;
};

static void *run_job(void *arg)
{
    struct job *job = arg;
    ce_result rows;
    int64_t begin = cei_clock_ns();
    job->status = ce_collect(job->rdd, &rows);
    job->took_ms = (cei_clock_ns() - begin) / 1000000;
    job->rows = rows.count;
    ce_result_free(&rows);
    return NULL;
}

static void no_more_threads_than_slots_are_inside_tasks(void **state)
{
    (void)state;
    static const char *const masters[] = {"inline", "local[1]", "local[2]", "local[3]"};
    for (int i = 0; i < 4; i++) {
        int slots = i == 0 ? 1 : i;
        ce_context *sc = grid_open(masters[i], NULL);
        struct job jobs[JOBS];
        cei_thread threads[JOBS];
        reset(NULL);
        for (int j = 0; j < JOBS; j++) {
            jobs[j] =
                (struct job){.rdd = ce_map(ce_range(sc, 0, TASKS, 1, (uint32_t)(TASKS / (j % 3 + 1))), work_1_ms)};
            assert_int_equal(cei_thread_start(&threads[j], "job", run_job, &jobs[j]), CE_OK);
        }
        for (int j = 0; j < JOBS; j++) {
            cei_thread_join(&threads[j]);
            assert_int_equal(jobs[j].status, CE_OK);
            assert_int_equal(jobs[j].rows, TASKS);
        }
        assert_int_equal(atomic_load(&inside_max), slots);
        ce_context_close(sc);
    }
}

static void inline_runs_on_the_callers_thread_in_order(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_result rows;
    enter(); /* gives this thread its number */
    atomic_fetch_sub(&inside, 1);
    uint64_t me = (uint64_t)1 << thread_number;
    assert_int_equal(ce_collect(ce_map(ce_range(sc, 1, 10, 1, 9), note_order), &rows), CE_OK);
    assert_int_equal(rows.count, 9);
    assert_int_equal(atomic_load(&order), 123456789);
    assert_true(atomic_load(&threads_seen) == me);
    ce_result_free(&rows);
    ce_context_close(sc);
}

static void all_slots_work_on_one_job(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[4]", NULL);
    struct job job = {.rdd = ce_map(ce_range(sc, 0, 8, 1, 8), work_20_ms)};
    run_job(&job);
    assert_int_equal(job.status, CE_OK);
    assert_int_equal(atomic_load(&inside_max), 4);
    assert_true(job.took_ms < 8 * 20);
    ce_context_close(sc);
}

/* Two jobs fill both slots with their own threads; when the short one ends, the helper must take its slot. */
static void a_helper_takes_the_slot_that_another_job_leaves(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        ce_context *sc = grid_open("local[2]", NULL);
        struct job brief = {.rdd = ce_map(ce_range(sc, 0, 2, 1, 1), work_20_ms)};
        struct job lengthy = {.rdd = ce_map(ce_range(sc, 0, 20, 1, 20), work_20_ms)};
        cei_thread threads[2];
        assert_int_equal(cei_thread_start(&threads[0], "brief", run_job, &brief), CE_OK);
        assert_int_equal(cei_thread_start(&threads[1], "lengthy", run_job, &lengthy), CE_OK);
        cei_thread_join(&threads[0]);
        cei_thread_join(&threads[1]);
        assert_int_equal(lengthy.status, CE_OK);
        if (lengthy.took_ms >
            15 * 20) { /* 20 tasks on two threads, one of which comes two tasks late: 11 tasks' time */
            fail_msg("20 tasks of 20 ms took %d ms on two slots", (int)lengthy.took_ms);
        }
        ce_context_close(sc);
    }
}

static void helpers_that_have_nothing_to_do_use_no_time(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[8]", NULL);
    ce_result rows;
    assert_int_equal(ce_collect(ce_range(sc, 0, 100, 1, 20), &rows), CE_OK);
    ce_result_free(&rows);
    clock_t before = clock();
    cei_sleep_ms(100);
    assert_true((double)(clock() - before) / CLOCKS_PER_SEC < 0.05);
    ce_context_close(sc);
}

static void many_small_jobs_from_many_threads_all_end(void **state)
{
    (void)state;
    enum { THREADS = 8, EACH = 100 };
    ce_context *sc = grid_open("local[3]", NULL);
    for (int i = 0; i < EACH; i++) {
        struct job jobs[THREADS];
        cei_thread threads[THREADS];
        for (int j = 0; j < THREADS; j++) {
            jobs[j] = (struct job){.rdd = ce_range(sc, 0, 10, 1, (uint32_t)(1 + j % 4))};
            assert_int_equal(cei_thread_start(&threads[j], "job", run_job, &jobs[j]), CE_OK);
        }
        for (int j = 0; j < THREADS; j++) {
            cei_thread_join(&threads[j]);
            assert_int_equal(jobs[j].status, CE_OK);
            assert_int_equal(jobs[j].rows, 10);
        }
    }
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(no_more_threads_than_slots_are_inside_tasks, reset),
        cmocka_unit_test_setup(inline_runs_on_the_callers_thread_in_order, reset),
        cmocka_unit_test_setup(all_slots_work_on_one_job, reset),
        cmocka_unit_test_setup(a_helper_takes_the_slot_that_another_job_leaves, reset),
        cmocka_unit_test_setup(helpers_that_have_nothing_to_do_use_no_time, reset),
        cmocka_unit_test_setup(many_small_jobs_from_many_threads_all_end, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
