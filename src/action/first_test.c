/*
 * first_test.c: first gives the first row there is, wherever it is, and says when there is none.
 */
#include "support/rows.h"

static inline bool above_3(int64_t row)
{
    return row > 3;
}
CE_FILTER(above_3, int64_t)

static ce_status takes_the_first(ce_context *sc, void *arg)
{
    (void)arg;
    for (int shape = 0; shape < TEST_SHAPES; shape++) {
        ce_result row;
        ce_status status = ce_first(test_shape(sc, shape), &row);
        if (status == CE_EMPTY) {
            test_golden_error("first", test_shapes[shape]);
            assert_non_null(strstr(ce_last_error(), ": first: empty collection"));
            continue;
        }
        GRID_TRY(status);
        test_golden_number("first", test_shapes[shape], ce_result_value(&row, int64_t));
        ce_result_free(&row);
    }
    return CE_OK;
}

static void first_answers_as_spark(void **state)
{
    (void)state;
    grid_run(takes_the_first, NULL);
}

static ce_status looks_further(ce_context *sc, void *arg)
{
    (void)arg;
    test_jobs jobs;
    ce_result row;
    GRID_TRY(test_jobs_watch(&jobs, sc));
    ce_status status = ce_first(ce_filter(ce_range(sc, 1, 11, 1, 10), above_3), &row);
    test_jobs_end(&jobs);
    GRID_TRY(status);
    assert_int_equal(ce_result_value(&row, int64_t), 4);
    test_golden("first-empty-head-tasks", "", jobs.task_list);
    ce_result_free(&row);
    return CE_OK;
}

static void empty_partitions_are_passed_over(void **state)
{
    (void)state;
    grid_run(looks_further, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_answers_as_spark),
        cmocka_unit_test(empty_partitions_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
