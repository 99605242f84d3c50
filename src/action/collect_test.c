/*
 * collect_test.c: collect gives all rows in order, strings included, and some partitions on demand.
 */
#include "base/clock.h"
#include "base/thread.h"
#include "support/rows.h"
#include <stdatomic.h>

static ce_status collects_goldens(ce_context *sc, void *arg)
{
    (void)arg;
    ce_result rows, parts[2];
    GRID_TRY(ce_collect(ce_range(sc, 1, 5, 1, 2), &rows));
    test_golden_rows("basic-collect", "", &rows, 0);
    GRID_TRY(ce_collect(ce_filter(ce_range(sc, 1, 5, 1, 2), test_above_2), &rows));
    test_golden_rows("basic-filter", "", &rows, 0);
    const uint32_t backwards[] = {2, 0};
    GRID_TRY(ce_collect_partitions(ce_range(sc, 1, 11, 1, 3), backwards, 2, parts));
    assert_int_equal(parts[0].count, 4);
    assert_int_equal(ce_result_value(&parts[0], int64_t), 7);
    assert_int_equal(parts[1].count, 3);
    ce_result_free(&parts[0]);
    ce_result_free(&parts[1]);
    return CE_OK;
}

static void collect_answers_as_spark(void **state)
{
    (void)state;
    grid_run(collects_goldens, NULL);
}

static ce_status collects_words(ce_context *sc, void *arg)
{
    (void)arg;
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int round = 0; round < TEST_ROUNDS; round++) {
        static _Thread_local char texts[TEST_ROWS_MAX][48];
        ce_str words[TEST_ROWS_MAX];
        ce_result rows;
        test_numbers numbers = test_numbers_of(&random, 1000);
        test_words_of(&numbers, texts, words);
        GRID_TRY(ce_collect(ce_parallelize(sc, ce_str, words, numbers.count, numbers.partitions), &rows));
        assert_int_equal(rows.count, numbers.count);
        for (uint64_t i = 0; i < rows.count; i++) {
            assert_true(ce_str_equal(ce_result_rows(&rows, ce_str)[i], words[i]));
        }
        ce_result_free(&rows);
    }
    return CE_OK;
}

static void strings_come_in_order(void **state)
{
    (void)state;
    grid_run(collects_words, NULL);
}

static ce_status collects_wrongly(ce_context *sc, void *arg)
{
    (void)arg;
    const uint32_t third = 2;
    ce_result rows = {.count = 7};
    test_golden_error("runjob-bad-partition", "");
    test_failed(ce_collect_partitions(ce_range(sc, 1, 11, 1, 2), &third, 1, &rows), CE_INVALID,
                "Attempting to access a non-existent partition: 2. Total number of partitions: 2");
    assert_int_equal(rows.count, 0);
    test_failed(ce_collect(NULL, &rows), CE_INVALID, "NULL");
    return CE_OK;
}

static void partitions_must_exist(void **state)
{
    (void)state;
    grid_run_topologies(collects_wrongly, NULL);
}

static inline ce_str long_name(int64_t x)
{
    return ce_str_printf("a name that is long enough to be a part of its own, number %lld", (long long)x);
}
CE_MAP(long_name, int64_t, ce_str)

struct collecting {
    ce_rdd *rdd;
    ce_status status;
    uint64_t count;
};

static void note_start(const ce_event *event, void *arg)
{
    if (event->kind == CE_EVENT_JOB_START) {
        atomic_store((_Atomic(bool) *)arg, true);
    }
}

static void *collect_names(void *arg)
{
    struct collecting *collecting = arg;
    ce_result rows;
    collecting->status = ce_collect(collecting->rdd, &rows);
    collecting->count = rows.count;
    ce_result_free(&rows);
    return NULL;
}

static void rows_reach_the_caller_though_another_thread_closes_the_context(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        ce_context *sc = grid_open("local[2]", NULL);
        struct collecting collecting = {.rdd = ce_map(ce_range(sc, 0, 100000, 1, 4), long_name)};
        _Atomic(bool) started = false;
        cei_thread thread;
        assert_int_equal(ce_add_listener(sc, note_start, (void *)&started), CE_OK);
        assert_int_equal(cei_thread_start(&thread, "collecting", collect_names, &collecting), CE_OK);
        while (!atomic_load(&started)) {
            cei_sleep_ms(1);
        }
        cei_sleep_ms(round);
        ce_context_close(sc);
        cei_thread_join(&thread);
        assert_int_equal(collecting.status, CE_OK);
        assert_int_equal(collecting.count, 100000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(collect_answers_as_spark),
        cmocka_unit_test(strings_come_in_order),
        cmocka_unit_test(partitions_must_exist),
        cmocka_unit_test(rows_reach_the_caller_though_another_thread_closes_the_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
