/*
 * max_test.c: max finds the largest row, of numbers and of strings, and says when there are no rows.
 */
#include "support/rows.h"
#include <math.h>

static ce_status finds_in_shapes(ce_context *sc, void *arg)
{
    (void)arg;
    for (int shape = 0; shape < TEST_SHAPES; shape++) {
        ce_result value;
        ce_status status = ce_max(test_shape(sc, shape), &value);
        if (status == CE_EMPTY) {
            test_golden_error("max", test_shapes[shape]);
            assert_non_null(strstr(ce_last_error(), ": max: empty collection"));
            continue;
        }
        GRID_TRY(status);
        test_golden_number("max", test_shapes[shape], ce_result_value(&value, int64_t));
        ce_result_free(&value);
    }
    return CE_OK;
}

static void max_answers_as_spark(void **state)
{
    (void)state;
    grid_run(finds_in_shapes, NULL);
}

static ce_status finds_words(ce_context *sc, void *arg)
{
    (void)arg;
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int round = 0; round < TEST_ROUNDS; round++) {
        static _Thread_local char texts[TEST_ROWS_MAX][48];
        ce_str words[TEST_ROWS_MAX];
        ce_result value;
        test_numbers numbers = test_numbers_of(&random, 1000);
        test_words_of(&numbers, texts, words);
        ce_status status = ce_max(ce_parallelize(sc, ce_str, words, numbers.count, numbers.partitions), &value);
        if (status == CE_EMPTY) {
            assert_int_equal(numbers.count, 0);
            continue;
        }
        GRID_TRY(status);
        ce_str best = words[0];
        for (uint64_t i = 1; i < numbers.count; i++) {
            best = ce_str_compare(words[i], best) > 0 ? words[i] : best;
        }
        assert_true(ce_str_equal(ce_result_value(&value, ce_str), best));
        ce_result_free(&value);
    }
    return CE_OK;
}

static void words_have_an_order_too(void **state)
{
    (void)state;
    grid_run(finds_words, NULL);
}

static ce_status finds_doubles(ce_context *sc, void *arg)
{
    (void)arg;
    const double numbers[] = {1.5, -INFINITY, 2.0, NAN, -3.0};
    ce_result value;
    GRID_TRY(ce_max(ce_parallelize(sc, double, numbers, 5, 3), &value));
    double got = ce_result_value(&value, double);
    assert_true(isnan(got)); /* NaN is last in the order of types */
    ce_result_free(&value);
    return CE_OK;
}

static void nan_is_the_largest_number(void **state)
{
    (void)state;
    grid_run_topologies(finds_doubles, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(max_answers_as_spark),
        cmocka_unit_test(words_have_an_order_too),
        cmocka_unit_test(nan_is_the_largest_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
