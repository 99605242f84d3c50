/*
 * join_test.c: every pair of values with one key, and in outer joins the rows that have no partner, against loops over
 * both inputs and Spark's answers.
 */
#include "support/groups.h"

CE_OPTION(maybe, int64_t);
CE_OPTION(maybe_text, ce_str);
CE_PAIR(left_both, int64_t, maybe);
CE_PAIR(right_both, maybe, int64_t);
CE_PAIR(full_both, maybe, maybe);
CE_PAIR(text_left_both, ce_str, maybe_text);
CE_PAIR(text_right_both, maybe_text, ce_str);
CE_PAIR(text_full_both, maybe_text, maybe_text);
CE_PAIR(joined, int64_t, int_pair);
CE_PAIR(left_joined, int64_t, left_both);
CE_PAIR(right_joined, int64_t, right_both);
CE_PAIR(full_joined, int64_t, full_both);
CE_PAIR(text_joined, ce_str, text_text);
CE_PAIR(text_left_joined, ce_str, text_left_both);
CE_PAIR(text_right_joined, ce_str, text_right_both);
CE_PAIR(text_full_joined, ce_str, text_full_both);
TEST_BAG(joined_rows, joined)
TEST_BAG(left_joined_rows, left_joined)
TEST_BAG(right_joined_rows, right_joined)
TEST_BAG(full_joined_rows, full_joined)
TEST_BAG(text_joined_rows, text_joined)
TEST_BAG(text_left_joined_rows, text_left_joined)
TEST_BAG(text_right_joined_rows, text_right_joined)
TEST_BAG(text_full_joined_rows, text_full_joined)

static inline uint32_t own(int64_t key, uint32_t count)
{
    return (uint32_t)key % count;
}
CE_PARTITIONER(own, int64_t)

/* By what is kept without a partner: nothing, the left, the right, both. */
static const ce_function *const adders[2][4] = {
    {&ce_fn_joined_rows, &ce_fn_left_joined_rows, &ce_fn_right_joined_rows, &ce_fn_full_joined_rows},
    {&ce_fn_text_joined_rows, &ce_fn_text_left_joined_rows, &ce_fn_text_right_joined_rows,
     &ce_fn_text_full_joined_rows},
};

typedef struct join_case {
    test_shape left, right;
    bool texts, placed; /* placed: partitioned by key before, with an operator behind that keeps it so */
} join_case;

static inline bool every(int_pair row)
{
    return row.key >= 0;
}
CE_FILTER(every, int_pair)

static inline bool every_text(text_text row)
{
    return row.key.bytes <= TEST_TEXT_MAX;
}
CE_FILTER(every_text, text_text)

static ce_rdd *placed(ce_rdd *rdd, bool texts)
{
    ce_rdd *hashed = ce_partition_by(rdd, 3);
    return texts ? ce_filter(hashed, every_text) : ce_filter(hashed, every);
}

static ce_status rows_are_joined(ce_context *sc, void *arg)
{
    const join_case *c = arg;
    ce_rdd *left = test_side(sc, c->left, c->texts, 3), *right = test_side(sc, c->right, c->texts, 2);
    left = c->placed ? placed(left, c->texts) : left;
    right = c->placed ? placed(right, c->texts) : right;
    for (int keeps = 0; keeps < 4; keeps++) {
        const bool keeps_left = keeps & 1, keeps_right = keeps & 2;
        ce_rdd *rdd = ce_join_at(left, right, keeps_left, keeps_right, 3, CE_SITE);
        test_bag got;
        GRID_TRY(test_bag_of(rdd, adders[c->texts][keeps], &got));
        test_bag_equal(got, test_joined(c->left, c->right, keeps_left, keeps_right));
    }
    return CE_OK;
}

static void all_kinds_of_joins_are_those_of_loops(void **state)
{
    (void)state;
    grid_run(rows_are_joined, &(join_case){test_small_left, test_small_right, false, false});
}

static void texts_are_joined(void **state)
{
    (void)state;
    grid_run(rows_are_joined, &(join_case){test_small_left, test_small_right, true, false});
}

static void inputs_beyond_memory_are_joined(void **state)
{
    (void)state;
    assert_true(
        test_run_short_of_memory(rows_are_joined, &(join_case){test_large_left, test_large_right, true, false}));
    (void)test_run_short_of_memory(rows_are_joined, &(join_case){test_large_left, test_large_right, false, false});
}

static void a_key_with_many_values_on_both_sides_streams(void **state)
{
    (void)state;
    join_case c = {{2000, 7, 1, 0, 1}, {300, 7, 1, 0, 2}, false, false};
    ce_context *sc = grid_open("local[2]", NULL);
    assert_int_equal(rows_are_joined(sc, &c), CE_OK);
    ce_context_close(sc);
    (void)test_run_short_of_memory(rows_are_joined, &c);
    c.texts = true;
    (void)test_run_short_of_memory(rows_are_joined, &c);
    /* Either side alone is more than there is. */
    c.left.rows = 40000;
    c.right.rows = 3;
    assert_true(test_run_short_of_memory(rows_are_joined, &c));
    c.left.rows = 3;
    c.right.rows = 40000;
    assert_true(test_run_short_of_memory(rows_are_joined, &c));
}

static void inputs_may_be_partitioned_already(void **state)
{
    (void)state;
    join_case c = {test_small_left, test_small_right, true, true};
    grid_run_topologies(rows_are_joined, &c);
    test_run_with_equal_hashes(rows_are_joined, &c);
    c = (join_case){test_large_left, test_large_right, true, true};
    assert_true(test_run_in_memory("2m", rows_are_joined, &c));
    c.texts = false;
    (void)test_run_in_memory("2m", rows_are_joined, &c);
}

static void keys_with_equal_hashes_stay_apart(void **state)
{
    (void)state;
    test_run_with_equal_hashes(rows_are_joined, &(join_case){test_small_left, test_small_right, false, false});
    test_run_with_equal_hashes(rows_are_joined, &(join_case){test_small_left, test_small_right, true, false});
    const uint32_t mask = cei_key_hash_mask;
    cei_key_hash_mask = 0;
    const test_shape left = {20000, 0, 900, 0, 8}, right = {20000, 800, 900, 0, 9};
    (void)test_run_short_of_memory(rows_are_joined, &(join_case){left, right, true, false});
    cei_key_hash_mask = mask;
}

static void check_goldens(const char *shape, ce_rdd *a, ce_rdd *b)
{
    static const char *const kinds[] = {"join", "leftouterjoin", "rightouterjoin", "fullouterjoin"};
    char name[64];
    for (int keeps = 0; keeps < 4; keeps++) {
        snprintf(name, sizeof name, "%s-%s", kinds[keeps], shape);
        test_golden_set(name, ce_join_at(a, b, keeps & 1, keeps & 2, 0, CE_SITE));
    }
    snprintf(name, sizeof name, "join-to3-%s", shape);
    test_golden_set(name, ce_join_n(a, b, 3));
    snprintf(name, sizeof name, "join-self-%s", shape);
    test_golden_set(name, ce_join(a, a));
}

static void it_gives_what_spark_gives(void **state)
{
    (void)state;
    const int_pair a_rows[] = {{1, 1}, {1, 2}, {2, 1}, {3, 1}}, ones[] = {{1, 1}, {1, 2}, {1, 3}};
    const int_pair dups[] = {{1, 1}, {1, 1}, {2, 3}, {2, 4}, {3, 5}};
    const number_letter b_rows[] = {{1, TEXT("x")}, {2, TEXT("y")}, {2, TEXT("z")}, {4, TEXT("w")}};
    const number_letter xy[] = {{1, TEXT("x")}, {1, TEXT("y")}};
    const number_letter others[] = {{4, TEXT("x")}, {5, TEXT("y")}, {5, TEXT("z")}, {6, TEXT("w")}};
    const number_letter more[] = {{2, TEXT("x")}, {2, TEXT("x")}, {1, TEXT("y")}, {1, TEXT("z")}, {5, {NULL, 0}}};
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *a = ce_parallelize(sc, int_pair, a_rows, 4, 2), *b = ce_parallelize(sc, number_letter, b_rows, 4, 2);
    check_goldens("basic", a, b);
    check_goldens("all", ce_parallelize(sc, int_pair, ones, 3, 2), ce_parallelize(sc, number_letter, xy, 2, 2));
    check_goldens("none", a, ce_parallelize(sc, number_letter, others, 4, 2));
    check_goldens("dups", ce_parallelize(sc, int_pair, dups, 5, 3), ce_parallelize(sc, number_letter, more, 5, 2));
    check_goldens("norows3-right", a, ce_parallelize(sc, number_letter, b_rows, 0, 3));
    check_goldens("norows3-left", ce_parallelize(sc, int_pair, a_rows, 0, 3), b);
    check_goldens("norows0-right", a, ce_empty(sc, number_letter));
    check_goldens("norows0-left", ce_empty(sc, int_pair), b);
    check_goldens("norows0", ce_empty(sc, int_pair), ce_empty(sc, number_letter));
    ce_context_close(sc);
}

static void a_join_with_nothing_has_the_rows_that_it_keeps(void **state)
{
    (void)state;
    static const char *const goldens[] = {"join-empty", "leftouterjoin-empty", "rightouterjoin-empty",
                                          "fullouterjoin-empty"};
    const int_pair rows[] = {{1, 1}, {2, 2}};
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *two = ce_parallelize(sc, int_pair, rows, 2, 2), *none = ce_empty(sc, int_pair);
    for (int keeps = 0; keeps < 4; keeps++) {
        uint64_t count;
        char text[16];
        assert_int_equal(ce_count(ce_join_at(two, none, keeps & 1, keeps & 2, 0, CE_SITE), &count), CE_OK);
        snprintf(text, sizeof text, "%d", (int)count);
        test_golden(goldens[keeps], text);
    }
    uint32_t partitions;
    char text[16];
    assert_int_equal(ce_partition_count(ce_join(two, none), &partitions), CE_OK);
    snprintf(text, sizeof text, "%u", partitions);
    test_golden("join-empty-partitions", text);
    ce_context_close(sc);
}

static void the_result_is_partitioned_as_a_side_was(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *plain = test_side(sc, test_small_left, false, 2), *other = test_side(sc, test_small_right, false, 3);
    ce_rdd *by2 = ce_partition_by(plain, 2), *by4 = ce_partition_by(other, 4);
    ce_rdd *own3 = ce_partition_by_with(plain, own, 3);
    const struct {
        const char *name;
        ce_rdd *a, *b, *same;
    } cases[] = {
        {"hash2-plain2", by2, plain, by2},  {"hash2-other3", by2, other, by2}, {"hash2-hash4", by2, by4, by4},
        {"hash2-hash2", by2, by2, by2},     {"hash2-own3", by2, own3, own3},   {"own3-plain2", own3, plain, own3},
        {"own3-other3", own3, other, own3}, {"own3-hash4", own3, by4, by4},    {"own3-hash2", own3, by2, own3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ce_rdd *rdd = ce_join(cases[i].a, cases[i].b);
        char golden[64], text[16];
        uint32_t partitions;
        snprintf(golden, sizeof golden, "placed-join-%s-partitions", cases[i].name);
        assert_int_equal(ce_partition_count(rdd, &partitions), CE_OK);
        snprintf(text, sizeof text, "%u", partitions);
        test_golden(golden, text);
        assert_true(ce_rdd_has_partitioner(rdd));
        assert_true(ce_rdd_same_partitioner(rdd, cases[i].same));
    }
    uint32_t partitions;
    char number[16];
    assert_int_equal(ce_partition_count(ce_join(ce_group_by_key_n(plain, 2), by4), &partitions), CE_OK);
    snprintf(number, sizeof number, "%u", partitions);
    test_golden("partitioner-join-hash4", number);
    uint64_t count;
    test_work work = test_work_of_count(sc, ce_join(by2, plain), &count); /* golden placed-join-hash2-plain2-jobs */
    assert_int_equal(work.stages, 3);
    assert_int_equal(work.tasks, 6);
    ce_context_close(sc);
}

static void wrong_uses_poison_with_their_place(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *numbers = test_side(sc, test_small_left, false, 2), *texts = test_side(sc, test_small_left, true, 2);
    test_poisoned(ce_join(numbers, texts), CE_TYPE, "join: keys of int64 meet keys of str");
    test_poisoned(ce_left_outer_join(ce_range(sc, 0, 5, 1, 2), numbers), CE_TYPE,
                  "left_outer_join: needs pair(K, V), has int64");
    test_poisoned(ce_right_outer_join(NULL, numbers), CE_INVALID, "right_outer_join: the RDD is NULL");
    test_poisoned(ce_full_outer_join(numbers, NULL), CE_INVALID, "full_outer_join: the RDD is NULL");
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds_of_joins_are_those_of_loops),
        cmocka_unit_test(texts_are_joined),
        cmocka_unit_test(inputs_beyond_memory_are_joined),
        cmocka_unit_test(a_key_with_many_values_on_both_sides_streams),
        cmocka_unit_test(inputs_may_be_partitioned_already),
        cmocka_unit_test(keys_with_equal_hashes_stay_apart),
        cmocka_unit_test(it_gives_what_spark_gives),
        cmocka_unit_test(a_join_with_nothing_has_the_rows_that_it_keeps),
        cmocka_unit_test(the_result_is_partitioned_as_a_side_was),
        cmocka_unit_test(wrong_uses_poison_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
