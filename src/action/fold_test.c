/*
 * fold_test.c: the zero of fold enters once per partition and once more, and its strings may be the caller's.
 */
#include "support/rows.h"

static ce_status folds_shapes(ce_context *sc, void *arg)
{
    (void)arg;
    for (int shape = 0; shape < TEST_SHAPES; shape++) {
        for (int64_t zero = 0; zero < 2; zero++) {
            ce_result value;
            GRID_TRY(ce_fold(test_shape(sc, shape), &zero, test_add, &value));
            test_golden_number(zero ? "fold-plus-zero1" : "fold-plus-zero0", test_shapes[shape],
                               ce_result_value(&value, int64_t));
            ce_result_free(&value);
        }
    }
    return CE_OK;
}

static void fold_answers_as_spark(void **state)
{
    (void)state;
    grid_run(folds_shapes, NULL);
}

static ce_status folds_from_ten(ce_context *sc, void *arg)
{
    (void)arg;
    static const char *const names[] = {"p1", "p2", "p3", "empty-partitions", "norows0"};
    const int64_t ten = 10, one = 1;
    for (uint32_t i = 0; i < 5; i++) {
        ce_rdd *rows = i < 3    ? ce_range(sc, 1, 11, 1, i + 1)
                       : i == 3 ? ce_parallelize(sc, int64_t, &one, 1, 5)
                                : ce_empty(sc, int64_t);
        ce_result value;
        GRID_TRY(ce_fold(rows, &ten, test_add, &value));
        test_golden_number("fold-zero10", names[i], ce_result_value(&value, int64_t));
        ce_result_free(&value);
    }
    return CE_OK;
}

static void a_zero_that_is_not_neutral_shows_the_partitions(void **state)
{
    (void)state;
    grid_run(folds_from_ten, NULL);
}

static ce_status folds_words(ce_context *sc, void *arg)
{
    (void)arg;
    ce_str words[] = {ce_str_of("a"), ce_str_of("b"), ce_str_of("c")}, zero = ce_str_of("a zero of some length|");
    ce_result value;
    GRID_TRY(ce_fold(ce_parallelize(sc, ce_str, words, 3, 2), &zero, test_concat, &value));
    const char *want = "a zero of some length|a zero of some length|aa zero of some length|bc";
    assert_true(ce_str_equal(ce_result_value(&value, ce_str), ce_str_of(want)));
    ce_result_free(&value);
    test_failed(ce_fold(ce_range(sc, 0, 1, 1, 1), NULL, test_add, &value), CE_INVALID, "fold: the zero is NULL");
    return CE_OK;
}

static void strings_fold_in_the_order_of_the_rows(void **state)
{
    (void)state;
    grid_run_topologies(folds_words, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fold_answers_as_spark),
        cmocka_unit_test(a_zero_that_is_not_neutral_shows_the_partitions),
        cmocka_unit_test(strings_fold_in_the_order_of_the_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
