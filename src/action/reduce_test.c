/*
 * reduce_test.c: reduce gives what a loop gives, in the order of the rows, and says when there is nothing to reduce.
 */
#include "support/rows.h"

static ce_status reduces_shapes(ce_context *sc, void *arg)
{
    (void)arg;
    for (int shape = 0; shape < TEST_SHAPES; shape++) {
        ce_result value;
        ce_status status = ce_reduce(test_shape(sc, shape), test_add, &value);
        if (status == CE_EMPTY) {
            test_golden_error("reduce-plus", test_shapes[shape]);
            assert_non_null(strstr(ce_last_error(), ": reduce: empty collection"));
            assert_non_null(strstr(ce_last_error(), "rows.h:"));
            assert_int_equal(value.count, 0);
            continue;
        }
        GRID_TRY(status);
        assert_int_equal(value.count, 1);
        test_golden_number("reduce-plus", test_shapes[shape], ce_result_value(&value, int64_t));
        ce_result_free(&value);
    }
    return CE_OK;
}

static void reduce_answers_as_spark(void **state)
{
    (void)state;
    grid_run(reduces_shapes, NULL);
}

static ce_status concatenates(ce_context *sc, void *arg)
{
    (void)arg;
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int round = 0; round < TEST_ROUNDS; round++) {
        static _Thread_local char texts[TEST_ROWS_MAX][48], all[TEST_ROWS_MAX * 48];
        ce_str words[TEST_ROWS_MAX];
        ce_result value;
        test_numbers numbers = test_numbers_of(&random, 1000);
        test_words_of(&numbers, texts, words);
        all[0] = '\0';
        for (uint64_t i = 0; i < numbers.count; i++) {
            strcat(all, texts[i]);
        }
        ce_status status =
            ce_reduce(ce_parallelize(sc, ce_str, words, numbers.count, numbers.partitions), test_concat, &value);
        if (status == CE_EMPTY) {
            assert_int_equal(numbers.count, 0);
            continue;
        }
        GRID_TRY(status);
        ce_str got = ce_result_value(&value, ce_str);
        assert_int_equal(got.bytes, strlen(all));
        assert_memory_equal(got.at, all, got.bytes);
        ce_result_free(&value);
    }
    return CE_OK;
}

static void strings_are_reduced_in_the_order_of_the_rows(void **state)
{
    (void)state;
    grid_run(concatenates, NULL);
}

static inline double half(double x)
{
    return x / 2;
}
CE_MAP(half, double, double)

static ce_status fails(ce_context *sc, void *arg)
{
    (void)arg;
    ce_result value;
    ce_rdd *numbers = ce_range(sc, 0, 10, 1, 1);
    test_failed(ce_reduce(numbers, test_fail_at_7, &value), CE_USER, "seven");
    assert_int_equal(value.count, 0);
    /* One row a partition: the seven comes about on the calling thread. */
    static const int64_t parts[] = {3, 4, 1};
    test_failed(ce_reduce(ce_parallelize(sc, int64_t, parts, 3, 3), test_fail_at_7, &value), CE_USER, "seven");
    test_failed(ce_reduce(ce_empty(sc, double), test_add, &value), CE_TYPE, "reduce: test_add takes int64, has double");
    test_failed(ce_reduce_with(numbers, &ce_fn_half, &value), CE_TYPE, "reduce: half was stamped with CE_MAP");
    test_failed(ce_reduce(NULL, test_add, &value), CE_INVALID, "NULL");
    return CE_OK;
}

static void wrong_uses_and_failing_functions_are_told(void **state)
{
    (void)state;
    grid_run_topologies(fails, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reduce_answers_as_spark),
        cmocka_unit_test(strings_are_reduced_in_the_order_of_the_rows),
        cmocka_unit_test(wrong_uses_and_failing_functions_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
