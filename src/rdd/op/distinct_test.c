/*
 * distinct_test.c: each value once, for values of every kind, and Spark's answers.
 */
#include "support/wide.h"
#include <math.h>

CE_OPTION(maybe, double);
CE_LIST(maybes, maybe);

static inline int64_t mod7(int64_t x)
{
    return x % 7;
}
CE_MAP(mod7, int64_t, int64_t)

static ce_status values_are_made_one(ce_context *sc, void *arg)
{
    (void)arg;
    ce_result rows;
    bool seen[7] = {false};
    GRID_TRY(ce_collect(ce_distinct_n(ce_map(ce_range(sc, 0, 500, 1, 4), mod7), 3), &rows));
    assert_int_equal(rows.count, 7);
    for (int i = 0; i < 7; i++) {
        int64_t row = ce_result_rows(&rows, int64_t)[i];
        assert_true(row >= 0 && row < 7 && !seen[row]);
        seen[row] = true;
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void each_number_is_there_once(void **state)
{
    (void)state;
    grid_run(values_are_made_one, NULL);
}

static ce_status texts_are_made_one(ce_context *sc, void *arg)
{
    (void)arg;
    text_pair *pairs = test_text_pairs(TEST_ROWS, grid_seed());
    bool expected[TEST_KEYS][10] = {{false}};
    uint32_t count = 0;
    for (int i = 0; i < TEST_ROWS; i++) {
        pairs[i].value %= 10;
        count += !expected[pairs[i].key.bytes][pairs[i].value];
        expected[pairs[i].key.bytes][pairs[i].value] = true;
    }
    ce_rdd *rdd = ce_distinct(ce_parallelize(sc, text_pair, pairs, TEST_ROWS, 3));
    free(pairs);
    ce_result rows;
    GRID_TRY(ce_collect(rdd, &rows));
    assert_int_equal(rows.count, count);
    for (uint64_t i = 0; i < rows.count; i++) {
        text_pair row = ce_result_rows(&rows, text_pair)[i];
        assert_true(ce_str_equal(row.key, test_text(row.key.bytes)));
        assert_true(expected[row.key.bytes][row.value]);
        expected[row.key.bytes][row.value] = false;
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void each_pair_with_a_text_is_there_once(void **state)
{
    (void)state;
    grid_run(texts_are_made_one, NULL);
}

static void nan_and_the_zeros_are_one_value_each(void **state)
{
    (void)state;
    const double numbers[] = {NAN, 0.0, -0.0, -NAN, 1, NAN, 0.0};
    /* What an absent option holds does not count, nor does padding. */
    const maybe some[] = {{false, 1}, {false, 2}, {true, -0.0}, {true, 0.0}, {true, NAN}};
    const maybes lists[] = {{some, 2}, {some + 1, 1}, {some + 2, 2}, {some, 0}, {NULL, 0}, {some + 2, 2}};
    ce_context *sc = grid_open("local[2]", NULL);
    uint64_t count;
    assert_int_equal(ce_count(ce_distinct(ce_parallelize(sc, double, numbers, 7, 3)), &count), CE_OK);
    assert_int_equal(count, 3);
    assert_int_equal(ce_count(ce_distinct(ce_parallelize(sc, maybe, some, 5, 2)), &count), CE_OK);
    assert_int_equal(count, 3);
    assert_int_equal(ce_count(ce_distinct(ce_parallelize(sc, maybes, lists, 6, 3)), &count), CE_OK);
    assert_int_equal(count, 4);
    ce_context_close(sc);
}

static void it_gives_what_spark_gives(void **state)
{
    (void)state;
    const int64_t twice[] = {1, 1, 2, 2, 3, 3, 4, 4}, few[] = {1, 2}, seven[] = {7};
    ce_context *sc = grid_open("local[2]", NULL);
    struct {
        const char *name;
        ce_rdd *rdd;
    } const cases[] = {{"norows0", ce_empty(sc, int64_t)},
                       {"norows3", ce_parallelize(sc, int64_t, few, 0, 3)},
                       {"one1", ce_parallelize(sc, int64_t, seven, 1, 1)},
                       {"one3", ce_parallelize(sc, int64_t, seven, 1, 3)},
                       {"few", ce_parallelize(sc, int64_t, few, 2, 5)},
                       {"many", ce_range(sc, 1, 11, 1, 3)}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[64], number[16];
        uint32_t partitions;
        ce_rdd *rdd = ce_distinct(cases[i].rdd);
        char *text = test_set(rdd);
        snprintf(name, sizeof name, "distinct-%s", cases[i].name);
        test_golden(name, text);
        free(text);
        assert_int_equal(ce_partition_count(rdd, &partitions), CE_OK);
        snprintf(name, sizeof name, "distinct-partitions-%s", cases[i].name);
        snprintf(number, sizeof number, "%u", partitions);
        test_golden(name, number);
    }
    uint64_t count;
    assert_int_equal(ce_count(ce_distinct(ce_parallelize(sc, int64_t, twice, 8, 2)), &count), CE_OK);
    assert_int_equal(count, 4);
    test_golden("distinct-count", "4");
    test_golden("partitioner-distinct",
                ce_rdd_has_partitioner(ce_distinct(ce_range(sc, 0, 9, 1, 2))) ? "true" : "false");
    ce_context_close(sc);
}

static void it_runs_two_stages_and_poison_passes(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    uint64_t count;
    ce_rdd *rdd = ce_distinct_n(ce_range(sc, 0, 100, 1, 4), 3);
    test_work work = test_work_of_count(sc, rdd, &count);
    assert_int_equal(count, 100);
    assert_int_equal(work.stages, 2);
    assert_int_equal(work.tasks, 4 + 3);
    assert_int_equal(ce_rdd_determinism(rdd), CE_UNORDERED);
    test_poisoned(ce_distinct(NULL), CE_INVALID, "the RDD is NULL");
    test_poisoned(ce_distinct(ce_keys(rdd)), CE_TYPE, "keys: needs pair(K, V), has int64");
    ce_context_close(sc);
}

CE_PAIR(two_numbers, int64_t, int64_t);

static void rows_that_are_partitioned_by_key_are_not_shuffled_again(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    two_numbers rows[] = {{1, 1}, {2, 5}, {1, 1}, {1, 2}, {2, 5}};
    ce_rdd *partitioned = ce_partition_by(ce_parallelize(sc, two_numbers, rows, 5, 2), 3);
    uint64_t count;
    assert_int_equal(ce_count(partitioned, &count), CE_OK); /* its map stage is there from now on */
    ce_rdd *different = ce_distinct(partitioned);
    test_work work = test_work_of_count(sc, different, &count);
    assert_int_equal(count, 3);
    assert_int_equal(work.stages, 1);
    assert_true(ce_rdd_same_partitioner(different, partitioned));
    assert_false(ce_rdd_same_partitioner(ce_distinct_n(partitioned, 2), partitioned));
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_number_is_there_once),
        cmocka_unit_test(each_pair_with_a_text_is_there_once),
        cmocka_unit_test(nan_and_the_zeros_are_one_value_each),
        cmocka_unit_test(it_gives_what_spark_gives),
        cmocka_unit_test(it_runs_two_stages_and_poison_passes),
        cmocka_unit_test(rows_that_are_partitioned_by_key_are_not_shuffled_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
