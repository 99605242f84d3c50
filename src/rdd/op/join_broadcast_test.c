/*
 * join_broadcast_test.c: joins with a small side against loops over both inputs, and what is not shuffled.
 */
#include "support/groups.h"

CE_OPTION(maybe, int64_t);
CE_OPTION(maybe_text, ce_str);
CE_PAIR(left_both, int64_t, maybe);
CE_PAIR(text_left_both, ce_str, maybe_text);
CE_PAIR(joined, int64_t, int_pair);
CE_PAIR(left_joined, int64_t, left_both);
CE_PAIR(text_joined, ce_str, text_text);
CE_PAIR(text_left_joined, ce_str, text_left_both);
TEST_BAG(joined_rows, joined)
TEST_BAG(left_joined_rows, left_joined)
TEST_BAG(text_joined_rows, text_joined)
TEST_BAG(text_left_joined_rows, text_left_joined)

static const ce_function *const adders[2][2] = {
    {&ce_fn_joined_rows, &ce_fn_left_joined_rows},
    {&ce_fn_text_joined_rows, &ce_fn_text_left_joined_rows},
};

typedef struct join_case {
    test_shape left, right;
    bool texts;
} join_case;

static ce_status rows_are_joined(ce_context *sc, void *arg)
{
    const join_case *c = arg;
    ce_rdd *left = test_side(sc, c->left, c->texts, 3), *right = test_side(sc, c->right, c->texts, 2);
    for (int keeps_left = 0; keeps_left < 2; keeps_left++) {
        ce_rdd *rdd = keeps_left ? ce_left_outer_join_broadcast(left, right) : ce_join_broadcast(left, right);
        test_bag got;
        GRID_TRY(test_bag_of(rdd, adders[c->texts][keeps_left], &got));
        test_bag_equal(got, test_joined(c->left, c->right, keeps_left, false));
    }
    return CE_OK;
}

static void joins_are_those_of_loops(void **state)
{
    (void)state;
    grid_run(rows_are_joined, &(join_case){test_small_left, test_small_right, false});
    grid_run(rows_are_joined, &(join_case){test_small_left, test_small_right, true});
}

static void the_first_side_may_be_beyond_memory(void **state)
{
    (void)state;
    test_shape small = test_large_right;
    small.rows = 1000;
    (void)test_run_short_of_memory(rows_are_joined, &(join_case){test_large_left, small, false});
    (void)test_run_short_of_memory(rows_are_joined, &(join_case){test_large_left, small, true});
}

static void a_small_side_that_memory_does_not_hold_is_refused(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", "memory_bytes_max", "1m", NULL);
    ce_rdd *left = test_side(sc, test_small_left, true, 3), *right = test_side(sc, test_large_right, true, 2);
    uint64_t count;
    assert_int_equal(ce_count(ce_join_broadcast(left, right), &count), CE_MEMORY);
    assert_non_null(strstr(ce_last_error(), "join_broadcast"));
    ce_context_close(sc);
}

static void a_key_with_many_values_on_both_sides_streams(void **state)
{
    (void)state;
    join_case c = {{2000, 7, 1, 0, 1}, {300, 7, 1, 0, 2}, false};
    (void)test_run_short_of_memory(rows_are_joined, &c);
    c.texts = true;
    (void)test_run_short_of_memory(rows_are_joined, &c);
}

static void keys_with_equal_hashes_stay_apart(void **state)
{
    (void)state;
    test_run_with_equal_hashes(rows_are_joined, &(join_case){test_small_left, test_small_right, false});
    test_run_with_equal_hashes(rows_are_joined, &(join_case){test_small_left, test_small_right, true});
}

static void it_gives_what_spark_gives_for_the_other_joins(void **state)
{
    (void)state;
    const int_pair a_rows[] = {{1, 1}, {1, 2}, {2, 1}, {3, 1}};
    const number_letter b_rows[] = {{1, TEXT("x")}, {2, TEXT("y")}, {2, TEXT("z")}, {4, TEXT("w")}};
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *a = ce_parallelize(sc, int_pair, a_rows, 4, 2), *b = ce_parallelize(sc, number_letter, b_rows, 4, 2);
    test_golden_set("join-basic", ce_join_broadcast(a, b));
    test_golden_set("leftouterjoin-basic", ce_left_outer_join_broadcast(a, b));
    test_golden_set("join-norows0-right", ce_join_broadcast(a, ce_empty(sc, number_letter)));
    test_golden_set("leftouterjoin-norows0-right", ce_left_outer_join_broadcast(a, ce_empty(sc, number_letter)));
    test_golden_set("join-norows3-left", ce_join_broadcast(ce_parallelize(sc, int_pair, a_rows, 0, 3), b));
    test_golden_set("join-norows0", ce_join_broadcast(ce_empty(sc, int_pair), ce_empty(sc, number_letter)));
    ce_context_close(sc);
}

static void the_first_side_stays_where_it_is(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *plain = test_side(sc, test_small_left, false, 5), *small = test_side(sc, test_small_right, false, 2);
    ce_rdd *hashed = ce_partition_by(plain, 3), *rdd = ce_join_broadcast(plain, small);
    uint64_t count;
    uint32_t partitions;
    test_work work = test_work_of_count(sc, rdd, &count);
    assert_int_equal(work.stages, 2);
    assert_int_equal(work.tasks, 2 + 5);
    assert_int_equal(ce_partition_count(rdd, &partitions), CE_OK);
    assert_int_equal(partitions, 5);
    assert_false(ce_rdd_has_partitioner(rdd));
    assert_true(ce_rdd_same_partitioner(ce_join_broadcast(hashed, small), hashed));
    ce_context_close(sc);
}

static void wrong_uses_poison_with_their_place(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *numbers = test_side(sc, test_small_left, false, 2), *texts = test_side(sc, test_small_left, true, 2);
    test_poisoned(ce_join_broadcast(numbers, texts), CE_TYPE, "join_broadcast: keys of int64 meet keys of str");
    test_poisoned(ce_left_outer_join_broadcast(ce_keys(numbers), numbers), CE_TYPE,
                  "left_outer_join_broadcast: needs pair(K, V), has int64");
    test_poisoned(ce_join_broadcast(numbers, ce_keys(numbers)), CE_TYPE, "needs pair(K, V), has int64");
    test_poisoned(ce_join_broadcast(NULL, numbers), CE_INVALID, "join_broadcast: the RDD is NULL");
    test_poisoned(ce_join_broadcast(numbers, NULL), CE_INVALID, "join_broadcast: the RDD is NULL");
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins_are_those_of_loops),
        cmocka_unit_test(the_first_side_may_be_beyond_memory),
        cmocka_unit_test(a_small_side_that_memory_does_not_hold_is_refused),
        cmocka_unit_test(a_key_with_many_values_on_both_sides_streams),
        cmocka_unit_test(keys_with_equal_hashes_stay_apart),
        cmocka_unit_test(it_gives_what_spark_gives_for_the_other_joins),
        cmocka_unit_test(the_first_side_stays_where_it_is),
        cmocka_unit_test(wrong_uses_poison_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
