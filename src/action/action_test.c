/*
 * action_test.c: a result owns its rows, also when its context is closed; sorting is stable; what user code does
 * outside of tasks is told.
 */
#include "action/action.h"
#include "base/fault.h"
#include "support/rows.h"

static void rows_outlive_their_context(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_str words[] = {ce_str_of("one"), ce_str_of("two and a long tail behind it")};
    ce_result rows;
    assert_int_equal(ce_collect(ce_parallelize(sc, ce_str, words, 2, 2), &rows), CE_OK);
    ce_context_close(sc);
    assert_true(ce_str_equal(ce_result_rows(&rows, ce_str)[1], words[1]));
    ce_result_free(&rows);
    assert_null(rows.rows);
    ce_result_free(&rows);
    ce_result_free(NULL);
}

static int by_key(const void *a, const void *b, void *arg)
{
    (*(int *)arg)++;
    const test_pair *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

static void sorting_is_stable(void **state)
{
    (void)state;
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int round = 0; round < 100; round++) {
        test_pair pairs[TEST_ROWS_MAX];
        test_numbers numbers = test_numbers_of(&random, 8);
        for (uint64_t i = 0; i < numbers.count; i++) {
            pairs[i] = (test_pair){numbers.values[i], (int64_t)i};
        }
        ce_result rows;
        int calls = 0;
        assert_int_equal(cei_result_from_values(&rows, CE_TYPE(test_pair), pairs, numbers.count), CE_OK);
        assert_int_equal(cei_result_sort(&rows, by_key, &calls), CE_OK);
        assert_int_equal(rows.count, numbers.count);
        for (uint64_t i = 1; i < rows.count; i++) {
            const test_pair *row = ce_result_rows(&rows, test_pair) + i;
            assert_true(row[-1].key < row->key || (row[-1].key == row->key && row[-1].value < row->value));
        }
        assert_true(calls > 0 || rows.count < 2);
        ce_result_free(&rows);
    }
}

static void results_can_be_cut(void **state)
{
    (void)state;
    ce_str words[] = {ce_str_of("one"), ce_str_of("two"), ce_str_of("three"), ce_str_of("four"), ce_str_of("five")};
    for (uint64_t count = 0; count < 7; count++) {
        ce_result rows;
        assert_int_equal(cei_result_from_values(&rows, CE_TYPE(ce_str), words, 5), CE_OK);
        assert_int_equal(cei_result_cut(&rows, count), CE_OK);
        assert_int_equal(rows.count, count < 5 ? count : 5);
        for (uint64_t i = 0; i < rows.count; i++) {
            assert_true(ce_str_equal(ce_result_rows(&rows, ce_str)[i], words[i]));
        }
        ce_result_free(&rows);
        assert_int_equal(cei_result_from_values(&rows, CE_TYPE(ce_str), words, 5), CE_OK);
        cei_fault_arm(1, CEI_FAULT_ALLOCATION);
        ce_status status = cei_result_cut(&rows, count);
        cei_fault_arm(0, CEI_FAULT_ALLOCATION);
        assert_int_equal(status, count < 2 ? CE_MEMORY : CE_OK);
        assert_true(status == CE_OK || rows.count == 0);
        ce_result_free(&rows);
    }
}

static void user_code_outside_of_tasks_has_memory_and_can_fail(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *node = ce_range(sc, 0, 1, 1, 1);
    cei_driver driver;
    cei_driver_open(&driver, node);
    cei_user_begin(&driver.run, node, &driver.strings);
    assert_int_equal(ce_str_printf("%d", 7).bytes, 1);
    assert_int_equal(cei_user_end(&driver.run), CEI_ROWS);
    assert_int_equal(cei_driver_close(&driver, CE_OK), CE_OK);
    cei_driver_open(&driver, node);
    cei_user_begin(&driver.run, node, &driver.strings);
    ce_fail("it is %s", "over");
    assert_int_equal(cei_user_end(&driver.run), CEI_FAILED);
    test_failed(cei_driver_close(&driver, CE_OK), CE_USER, "range: it is over");
    assert_null(cei_current_run);
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_outlive_their_context),
        cmocka_unit_test(sorting_is_stable),
        cmocka_unit_test(results_can_be_cut),
        cmocka_unit_test(user_code_outside_of_tasks_has_memory_and_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
