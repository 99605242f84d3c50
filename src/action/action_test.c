/*
 * action_test.c: a result owns its rows, also when its context is closed; sorting is stable; what user code does
 * outside of tasks is told.
 */
#include "action/action.h"
#include "base/fault.h"
#include "support/expect.h"
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

/* An action's node over *rdd, with args as its operator takes them. */
static ce_rdd *action_node(ce_rdd *node, const char *op, ce_rdd **rdd, const ce_type *args_type, const void *args)
{
    assert_int_equal(cei_action_node(node, cei_op_find(op), rdd), CE_OK);
    node->args = (void *)args; /* only read */
    node->args_type = args_type;
    return node;
}

CE_RECORD(test_order, (uint64_t, count_max), (bool, reversed));
CE_LIST(test_edges, double);
CE_RECORD(test_buckets, (test_edges, edges), (bool, even));
CE_PAIR(test_bucket, uint32_t, uint64_t);
CE_LIST(test_picks, test_pair);
CE_RECORD(test_pick, (test_picks, partitions), (bool, with_replacement), (uint64_t, seed));

static ce_status runs_from_bytes(ce_context *sc, void *arg)
{
    (void)arg;
    ce_str texts[] = {ce_str_of("a"), ce_str_of("b"), ce_str_of("c")}, zero = ce_str_of("0");
    const test_word pairs[] = {{texts[0], 1}, {texts[1], 2}, {texts[0], 3}};
    const double three[] = {0, 5, 10};
    const uint64_t two = 2;
    const test_order top = {.count_max = 2, .reversed = true};
    const test_buckets buckets = {{three, 3}, false};
    const test_pair wanted[] = {{3, 3}, {4, 0}};
    const test_pick all_of_first = {{wanted, 2}, false, 1};
    ce_rdd node, *rows = ce_range(sc, 1, 8, 1, 2), *strings = ce_parallelize(sc, ce_str, texts, 3, 2),
                 *words = ce_parallelize(sc, test_word, pairs, 3, 2);
    GRID_TRY(expect_parts(action_node(&node, "take_rows", &rows, &ce_type_uint64_t, &two), "[[1,2],[4,5]]"));
    GRID_TRY(expect_parts(action_node(&node, "order_rows", &rows, CE_TYPE(test_order), &top), "[[3,2],[7,6]]"));
    GRID_TRY(expect_parts(action_node(&node, "pick_rows", &rows, CE_TYPE(test_pick), &all_of_first), "[[1,2,3],[]]"));
    action_node(&node, "histogram_rows", &rows, CE_TYPE(test_buckets), &buckets)->type = CE_TYPE(test_bucket);
    GRID_TRY(expect_parts(&node, "[[(0,3)],[(0,1),(1,3)]]"));
    action_node(&node, "fold_rows", &strings, &ce_type_ce_str, &zero)->function = &ce_fn_test_concat;
    GRID_TRY(expect_parts(&node, "[[0a],[0bc]]"));
    action_node(&node, "filter_key", &words, &ce_type_ce_str, &texts[0])->type = &ce_type_int64_t;
    GRID_TRY(expect_parts(&node, "[[1],[3]]"));
    return CE_OK;
}

static void operators_of_actions_travel_as_bytes(void **state)
{
    (void)state;
    grid_run_topologies(runs_from_bytes, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_outlive_their_context),
        cmocka_unit_test(sorting_is_stable),
        cmocka_unit_test(results_can_be_cut),
        cmocka_unit_test(user_code_outside_of_tasks_has_memory_and_can_fail),
        cmocka_unit_test(operators_of_actions_travel_as_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
