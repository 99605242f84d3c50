/*
 * is_empty_test.c: is_empty looks no further than the first row.
 */
#include "support/rows.h"

static ce_status asks(ce_rdd *rows, const char *name, const char *suffix)
{
    bool empty;
    GRID_TRY(ce_is_empty(rows, &empty));
    test_golden(name, suffix, empty ? "true" : "false");
    return CE_OK;
}

static inline bool negative(int64_t row)
{
    return row < 0;
}
CE_FILTER(negative, int64_t)

static ce_status asks_all(ce_context *sc, void *arg)
{
    (void)arg;
    for (int shape = 0; shape < TEST_SHAPES; shape++) {
        GRID_TRY(asks(test_shape(sc, shape), "isempty", test_shapes[shape]));
    }
    GRID_TRY(asks(ce_filter(ce_range(sc, 1, 4, 1, 3), negative), "isempty-filter-all", ""));
    return asks(ce_filter(ce_range(sc, 1, 4, 1, 3), test_above_2), "isempty-filter-some", "");
}

static void is_empty_answers_as_spark(void **state)
{
    (void)state;
    grid_run(asks_all, NULL);
}

static ce_status counts_jobs(ce_context *sc, void *arg)
{
    (void)arg;
    for (int shape = 0; shape < 2; shape++) {
        test_jobs jobs;
        bool empty;
        GRID_TRY(test_jobs_watch(&jobs, sc));
        ce_status status = ce_is_empty(test_shape(sc, shape), &empty);
        test_jobs_end(&jobs);
        GRID_TRY(status);
        test_golden_number("isempty-jobs", test_shapes[shape], jobs.count);
    }
    return CE_OK;
}

static void without_partitions_there_is_no_job(void **state)
{
    (void)state;
    grid_run(counts_jobs, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_empty_answers_as_spark),
        cmocka_unit_test(without_partitions_there_is_no_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
