/*
 * to_local_iterator_test.c: the iterator gives all rows in order, with one job for each partition, as they are asked
 * for.
 */
#include "support/rows.h"

static ce_status iterates(ce_context *sc, void *arg)
{
    (void)arg;
    for (int shape = 0; shape < TEST_SHAPES; shape++) {
        test_jobs jobs;
        ce_result all;
        ce_local_iterator *iterator;
        const void *row = NULL;
        ce_rdd *rdd = test_shape(sc, shape);
        GRID_TRY(ce_collect(rdd, &all));
        ce_status status = test_jobs_watch(&jobs, sc);
        status = status == CE_OK ? ce_to_local_iterator(rdd, &iterator) : status;
        if (status == CE_OK) {
            uint64_t count = 0;
            while ((status = ce_local_iterator_next(iterator, &row)) == CE_OK && row) {
                assert_in_range(count, 0, all.count - 1);
                assert_int_equal(*(const int64_t *)row, ce_result_rows(&all, int64_t)[count++]);
            }
            if (status == CE_OK) {
                assert_int_equal(count, all.count);
                test_golden_number("tolocaliterator-jobs", test_shapes[shape], jobs.count);
            }
            ce_local_iterator_free(iterator);
        }
        test_jobs_end(&jobs);
        ce_result_free(&all);
        GRID_TRY(status);
    }
    return CE_OK;
}

static void rows_come_in_order_by_one_job_a_partition(void **state)
{
    (void)state;
    grid_run(iterates, NULL);
}

static ce_status stops(ce_context *sc, void *arg)
{
    (void)arg;
    test_jobs jobs;
    ce_local_iterator *iterator;
    const void *row;
    GRID_TRY(test_jobs_watch(&jobs, sc));
    ce_status status = ce_to_local_iterator(ce_range(sc, 0, 100, 1, 10), &iterator);
    for (int i = 0; i < 15 && status == CE_OK; i++) {
        status = ce_local_iterator_next(iterator, &row);
    }
    ce_local_iterator_free(iterator);
    test_jobs_end(&jobs);
    GRID_TRY(status);
    assert_int_equal(jobs.count, 2);
    ce_local_iterator_free(NULL);
    test_failed(ce_to_local_iterator(NULL, &iterator), CE_INVALID, "NULL");
    assert_null(iterator);
    return CE_OK;
}

static void partitions_that_are_not_asked_for_are_not_computed(void **state)
{
    (void)state;
    grid_run_topologies(stops, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_in_order_by_one_job_a_partition),
        cmocka_unit_test(partitions_that_are_not_asked_for_are_not_computed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
