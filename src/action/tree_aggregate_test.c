/*
 * tree_aggregate_test.c: the levels of tree_aggregate are Spark's: stages, tasks, and where the zero enters. Shuffles
 * go with it.
 */
#include "support/rows.h"

static ce_status folds_by_depth(ce_context *sc, void *arg)
{
    (void)arg;
    const int64_t zero = 0;
    for (uint32_t depth = 1; depth < 10; depth++) {
        char name[64], shape[64];
        test_jobs jobs;
        ce_result value;
        GRID_TRY(test_jobs_watch(&jobs, sc));
        ce_status status =
            ce_tree_aggregate(ce_range(sc, -1000, 1000, 1, 10), &zero, test_add, test_add, depth, &value);
        test_jobs_end(&jobs);
        GRID_TRY(status);
        snprintf(name, sizeof name, "treeaggregate-depth%u", depth);
        test_golden_number(name, "", ce_result_value(&value, int64_t));
        ce_result_free(&value);
        snprintf(shape, sizeof shape, "[[%u,%u,%u,0]]", jobs.stages, jobs.skipped, jobs.tasks);
        test_golden(name, "stages", shape);
    }
    return CE_OK;
}

static void levels_are_as_in_spark(void **state)
{
    (void)state;
    grid_run(folds_by_depth, NULL);
}

static ce_status folds_from_seven(ce_context *sc, void *arg)
{
    (void)arg;
    static const uint32_t partitions[] = {1, 2, 3, 5, 10, 100};
    const int64_t seven = 7;
    ce_result value;
    for (int i = 0; i < 6; i++) {
        for (uint32_t depth = 1; depth < 4; depth++) {
            char name[64];
            snprintf(name, sizeof name, "treeaggregate-zero7-p%u-depth%u", partitions[i], depth);
            ce_rdd *rows = ce_range(sc, -1000, 1000, 1, partitions[i]);
            GRID_TRY(ce_tree_aggregate(rows, &seven, test_add, test_add, depth, &value));
            test_golden_number(name, "", ce_result_value(&value, int64_t));
            ce_result_free(&value);
        }
    }
    for (int shape = 0; shape < 2; shape++) {
        GRID_TRY(ce_tree_aggregate(test_shape(sc, shape), &seven, test_add, test_add, 2, &value));
        test_golden_number("treeaggregate-zero7", test_shapes[shape], ce_result_value(&value, int64_t));
        ce_result_free(&value);
    }
    return CE_OK;
}

static void the_zero_enters_where_it_does_in_spark(void **state)
{
    (void)state;
    grid_run(folds_from_seven, NULL);
}

static ce_status keeps_no_shuffle(ce_context *sc, void *arg)
{
    (void)arg;
    const int64_t zero = 0;
    uint64_t after_first = 0, bytes, bytes_max;
    ce_rdd *rows = ce_range(sc, 0, 1000, 1, 30);
    for (int i = 0; i < 50; i++) {
        ce_result value;
        GRID_TRY(ce_tree_aggregate(rows, &zero, test_add, test_add, 3, &value));
        ce_result_free(&value);
        ce_memory_used(sc, &bytes, &bytes_max);
        after_first = i == 0 ? bytes : after_first;
    }
    assert_int_equal(bytes, after_first);
    test_failed(ce_tree_aggregate(rows, &zero, test_add, test_add, 0, &(ce_result){0}), CE_INVALID,
                "tree_aggregate: the depth must be at least 1, is 0");
    test_failed(ce_tree_aggregate(rows, NULL, test_add, test_add, 2, &(ce_result){0}), CE_INVALID, "the zero is NULL");
    return CE_OK;
}

static void no_memory_stays_behind(void **state)
{
    (void)state;
    grid_run_topologies(keeps_no_shuffle, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_are_as_in_spark),
        cmocka_unit_test(the_zero_enters_where_it_does_in_spark),
        cmocka_unit_test(no_memory_stays_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
