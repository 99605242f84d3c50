/*
 * count_by_value_test.c: values of any type are counted, with the jobs that Spark runs.
 */
#include "support/rows.h"

static ce_status counts_shapes(ce_context *sc, void *arg)
{
    (void)arg;
    ce_result counts;
    for (int shape = 0; shape < TEST_SHAPES; shape++) {
        GRID_TRY(ce_count_by_value(test_shape(sc, shape), &counts));
        for (uint64_t i = 1; i < counts.count; i++) {
            const test_pair *rows = counts.rows;
            assert_true(rows[i - 1].key < rows[i].key);
        }
        test_golden_rows("countbyvalue", test_shapes[shape], &counts, 1);
    }
    static const test_pair pairs[] = {{1, 1}, {1, 2}, {1, 3}, {1, 1}, {2, 1}};
    GRID_TRY(ce_count_by_value(ce_parallelize(sc, test_pair, pairs, 5, 2), &counts));
    test_golden_rows("countbyvalue-pairs", "", &counts, 1);
    return CE_OK;
}

static void count_by_value_answers_as_spark(void **state)
{
    (void)state;
    grid_run(counts_shapes, NULL);
}

static ce_status counts_in_jobs(ce_context *sc, void *arg)
{
    (void)arg;
    test_jobs jobs;
    ce_result counts;
    char shape[64];
    GRID_TRY(test_jobs_watch(&jobs, sc));
    ce_status status = ce_count_by_value(ce_range(sc, 0, 6, 1, 3), &counts);
    test_jobs_end(&jobs);
    GRID_TRY(status);
    snprintf(shape, sizeof shape, "[[%u,%u,%u,0]]", jobs.stages, jobs.skipped, jobs.tasks);
    test_golden("jobs-countbyvalue", "", shape);
    ce_result_free(&counts);
    return CE_OK;
}

static void stages_are_as_in_spark(void **state)
{
    (void)state;
    grid_run(counts_in_jobs, NULL);
}

static ce_status counts_random(ce_context *sc, void *arg)
{
    (void)arg;
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int round = 0; round < TEST_ROUNDS; round++) {
        test_numbers numbers = test_numbers_of(&random, 30);
        ce_result counts;
        GRID_TRY(ce_count_by_value(test_rdd(sc, &numbers), &counts));
        for (int64_t number = 0; number < 30; number++) {
            int64_t want = 0;
            for (uint64_t i = 0; i < numbers.count; i++) {
                want += numbers.values[i] == number;
            }
            const test_pair *row = ce_result_find(&counts, &number);
            assert_int_equal(row ? row->value : 0, want);
        }
        ce_result_free(&counts);
    }
    return CE_OK;
}

static void every_value_is_found_with_its_count(void **state)
{
    (void)state;
    grid_run(counts_random, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(count_by_value_answers_as_spark),
        cmocka_unit_test(stages_are_as_in_spark),
        cmocka_unit_test(every_value_is_found_with_its_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
