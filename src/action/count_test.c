/*
 * count_test.c: count counts all rows, whether the source knows their number or not, and jobs run as in Spark.
 */
#include "action/action.h"
#include "support/rows.h"

static ce_status counts_shapes(ce_context *sc, void *arg)
{
    (void)arg;
    for (int shape = 0; shape < TEST_SHAPES; shape++) {
        uint64_t count;
        GRID_TRY(ce_count(test_shape(sc, shape), &count));
        test_golden_number("count", test_shapes[shape], (int64_t)count);
    }
    return CE_OK;
}

static void count_answers_as_spark(void **state)
{
    (void)state;
    grid_run(counts_shapes, NULL);
}

static ce_status counts_some(ce_context *sc, void *arg)
{
    (void)arg;
    uint64_t counts[6] = {99, 99, 99, 99, 99, 99};
    ce_rdd *hollow = test_shape(sc, TEST_SHAPES - 1);
    GRID_TRY(cei_count_partitions(hollow, 4, counts));
    assert_int_equal(counts[1], 0);
    assert_int_equal(counts[2], 1);
    assert_int_equal(counts[4], 99);
    return cei_count_partitions(hollow, 0, counts);
}

static void some_partitions_can_be_counted(void **state)
{
    (void)state;
    grid_run(counts_some, NULL);
}

static ce_status counts_in_jobs(ce_context *sc, void *arg)
{
    (void)arg;
    uint64_t count;
    test_jobs jobs;
    GRID_TRY(test_jobs_watch(&jobs, sc));
    ce_status status = ce_count(ce_range(sc, 0, 10, 1, 4), &count);
    test_jobs_end(&jobs);
    GRID_TRY(status);
    assert_int_equal(count, 10);
    assert_int_equal(jobs.count, 1);
    assert_string_equal(jobs.task_list, "[4]");
    ce_status poisoned = ce_count(ce_filter(ce_empty(sc, double), test_none), &count);
    if (poisoned != CE_MEMORY) {
        test_failed(poisoned, CE_TYPE, "count_test.c:");
    }
    assert_int_equal(count, 0);
    return poisoned == CE_MEMORY ? CE_MEMORY : CE_OK;
}

static void one_job_counts(void **state)
{
    (void)state;
    grid_run(counts_in_jobs, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(count_answers_as_spark),
        cmocka_unit_test(some_partitions_can_be_counted),
        cmocka_unit_test(one_job_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
