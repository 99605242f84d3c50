/*
 * take_test.c: take gives the first rows, and looks at the partitions in the rounds that Spark does.
 */
#include "support/rows.h"

static ce_status watch_take(ce_rdd *rows, ce_context *sc, uint64_t count, ce_result *taken, test_jobs *jobs)
{
    GRID_TRY(test_jobs_watch(jobs, sc));
    ce_status status = ce_take(rows, count, taken);
    test_jobs_end(jobs);
    return status;
}

static inline bool above_990(int64_t row)
{
    return row > 990;
}
CE_FILTER(above_990, int64_t)

static inline bool above_99(int64_t row)
{
    return row > 99;
}
CE_FILTER(above_99, int64_t)

static ce_status takes_in_rounds(ce_context *sc, void *arg)
{
    (void)arg;
    static const uint32_t partitions[] = {1, 2, 100, 1000}, counts[] = {0, 1, 3, 500, 501, 999, 1000};
    for (int p = 0; p < 4; p++) {
        for (int n = 0; n < 7; n++) {
            char name[64];
            test_jobs jobs;
            ce_result taken;
            snprintf(name, sizeof name, "take-p%u-n%u", partitions[p], counts[n]);
            GRID_TRY(watch_take(ce_range(sc, 1, 1000, 1, partitions[p]), sc, counts[n], &taken, &jobs));
            test_golden_number(name, "length", (int64_t)taken.count);
            test_golden_number(name, "jobs", jobs.count);
            test_golden(name, "tasks", jobs.task_list);
            for (uint64_t i = 0; i < taken.count; i++) {
                assert_int_equal(ce_result_rows(&taken, int64_t)[i], i + 1);
            }
            ce_result_free(&taken);
        }
    }
    return CE_OK;
}

static void rounds_are_as_in_spark(void **state)
{
    (void)state;
    grid_run_topologies(takes_in_rounds, NULL);
}

static ce_status takes_where_there_is_little(ce_context *sc, void *arg)
{
    (void)arg;
    test_jobs jobs;
    ce_result taken;
    GRID_TRY(watch_take(ce_range(sc, 0, 0, 1, 1000), sc, 1, &taken, &jobs));
    assert_int_equal(taken.count, 0);
    ce_result_free(&taken);
    test_golden("take-none-found-tasks", "", jobs.task_list);
    GRID_TRY(watch_take(ce_filter(ce_range(sc, 1, 101, 1, 100), above_99), sc, 1, &taken, &jobs));
    assert_int_equal(ce_result_value(&taken, int64_t), 100);
    ce_result_free(&taken);
    test_golden("take-last-partition-tasks", "", jobs.task_list);
    return CE_OK;
}

static void rounds_grow_while_nothing_is_found(void **state)
{
    (void)state;
    grid_run(takes_where_there_is_little, NULL);
}

static ce_status takes_shapes(ce_context *sc, void *arg)
{
    (void)arg;
    ce_result taken;
    for (int shape = 0; shape < TEST_SHAPES; shape++) {
        GRID_TRY(ce_take(test_shape(sc, shape), 2, &taken));
        test_golden_rows("take2", test_shapes[shape], &taken, 0);
    }
    GRID_TRY(ce_take(ce_range(sc, 1, 3, 1, 2), 2147483638, &taken));
    test_golden_rows("take-huge", "", &taken, 0);
    GRID_TRY(ce_take(ce_range(sc, 1, 3, 1, 2), UINT64_MAX, &taken));
    test_golden_rows("take-huge", "", &taken, 0);
    return CE_OK;
}

static void take_answers_as_spark(void **state)
{
    (void)state;
    grid_run(takes_shapes, NULL);
}

static ce_status takes_random(ce_context *sc, void *arg)
{
    (void)arg;
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int round = 0; round < TEST_ROUNDS; round++) {
        static _Thread_local char texts[TEST_ROWS_MAX][48];
        ce_str words[TEST_ROWS_MAX];
        ce_result taken;
        test_numbers numbers = test_numbers_of(&random, 1000);
        test_words_of(&numbers, texts, words);
        uint64_t count = cei_random_below(&random, numbers.count + 10);
        GRID_TRY(ce_take(ce_parallelize(sc, ce_str, words, numbers.count, numbers.partitions), count, &taken));
        assert_int_equal(taken.count, count < numbers.count ? count : numbers.count);
        for (uint64_t i = 0; i < taken.count; i++) {
            assert_true(ce_str_equal(ce_result_rows(&taken, ce_str)[i], words[i]));
        }
        ce_result_free(&taken);
    }
    return CE_OK;
}

static void strings_are_the_first_ones(void **state)
{
    (void)state;
    grid_run(takes_random, NULL);
}

static void settings_change_the_rounds(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", "rdd_limit_initial_partitions", "10", "rdd_limit_scale_up_factor", "2", NULL);
    test_jobs jobs;
    ce_result taken;
    assert_int_equal(test_jobs_watch(&jobs, sc), CE_OK);
    assert_int_equal(ce_take(ce_filter(ce_range(sc, 0, 1000, 1, 100), above_990), 1, &taken), CE_OK);
    test_jobs_end(&jobs);
    assert_int_equal(ce_result_value(&taken, int64_t), 991);
    assert_string_equal(jobs.task_list, "[10,20,60,10]");
    ce_result_free(&taken);
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_are_as_in_spark),     cmocka_unit_test(rounds_grow_while_nothing_is_found),
        cmocka_unit_test(take_answers_as_spark),      cmocka_unit_test(strings_are_the_first_ones),
        cmocka_unit_test(settings_change_the_rounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
