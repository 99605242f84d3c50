/*
 * group_by_key_test.c: every value is in the group of its key, once, however many there are and wherever they come
 * from.
 */
#include "support/wide.h"

static inline int64_t add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(add, int64_t)

static ce_status numbers_are_grouped(ce_context *sc, void *arg)
{
    (void)arg;
    int_pair *pairs = test_int_pairs(TEST_ROWS, grid_seed());
    int(*left)[1000] = calloc(TEST_KEYS, sizeof *left); /* how often each value of a key is still to come */
    for (int i = 0; i < TEST_ROWS; i++) {
        left[pairs[i].key + TEST_KEYS / 2][pairs[i].value]++;
    }
    ce_rdd *rdd = ce_group_by_key_n(ce_parallelize(sc, int_pair, pairs, TEST_ROWS, 4), 3);
    free(pairs);
    ce_result rows;
    ce_status status = ce_collect(rdd, &rows);
    uint64_t total = 0;
    bool seen[TEST_KEYS] = {false};
    for (uint64_t i = 0; status == CE_OK && i < rows.count; i++) {
        int_group row = ce_result_rows(&rows, int_group)[i];
        int64_t key = row.key + TEST_KEYS / 2;
        assert_false(seen[key]);
        seen[key] = true;
        assert_true(row.value.count > 0);
        for (uint32_t j = 0; j < row.value.count; j++, total++) {
            assert_true(left[key][row.value.at[j]]-- > 0);
        }
    }
    assert_true(status != CE_OK || total == TEST_ROWS);
    ce_result_free(&rows);
    free(left);
    return status;
}

static void groups_of_numbers_are_complete(void **state)
{
    (void)state;
    grid_run(numbers_are_grouped, NULL);
}

static ce_status texts_are_grouped(ce_context *sc, void *arg)
{
    (void)arg;
    int_pair *numbers = test_int_pairs(TEST_ROWS, grid_seed() + 1);
    text_text *pairs = calloc(TEST_ROWS, sizeof *pairs);
    int left[TEST_KEYS][TEST_KEYS] = {{0}};
    for (int i = 0; i < TEST_ROWS; i++) {
        pairs[i] = (text_text){test_text((uint64_t)(numbers[i].key + 20)), test_text((uint64_t)numbers[i].value)};
        left[pairs[i].key.bytes][pairs[i].value.bytes]++;
    }
    ce_rdd *rdd = ce_group_by_key_n(ce_parallelize(sc, text_text, pairs, TEST_ROWS, 3), 2);
    free(numbers);
    free(pairs);
    ce_result rows;
    GRID_TRY(ce_collect(rdd, &rows));
    uint64_t total = 0;
    for (uint64_t i = 0; i < rows.count; i++) {
        text_group row = ce_result_rows(&rows, text_group)[i];
        assert_true(ce_str_equal(row.key, test_text(row.key.bytes)));
        for (uint32_t j = 0; j < row.value.count; j++, total++) {
            ce_str value = row.value.at[j];
            assert_true(ce_str_equal(value, test_text(value.bytes)));
            assert_true(left[row.key.bytes][value.bytes]-- > 0);
        }
    }
    assert_int_equal(total, TEST_ROWS);
    ce_result_free(&rows);
    return CE_OK;
}

static void groups_of_texts_are_complete(void **state)
{
    (void)state;
    grid_run(texts_are_grouped, NULL);
}

static void one_group_may_hold_all_rows(void **state)
{
    (void)state;
    enum { ROWS = 200000 };
    ce_context *sc = grid_open("local[2]", NULL);
    int_pair *pairs = calloc(ROWS, sizeof *pairs);
    int64_t sum = 0;
    for (int64_t i = 0; i < ROWS; i++) {
        pairs[i] = (int_pair){7, i};
    }
    ce_result rows;
    assert_int_equal(ce_collect(ce_group_by_key_n(ce_parallelize(sc, int_pair, pairs, ROWS, 5), 3), &rows), CE_OK);
    assert_int_equal(rows.count, 1);
    int_group group = ce_result_value(&rows, int_group);
    assert_int_equal(group.value.count, ROWS);
    for (uint32_t i = 0; i < ROWS; i++) {
        sum += group.value.at[i];
    }
    assert_true(sum == (int64_t)ROWS * (ROWS - 1) / 2);
    ce_result_free(&rows);
    free(pairs);
    ce_context_close(sc);
}

/* The rows with each group's values in order, as the goldens have them. */
static char *sorted_groups(ce_rdd *rdd)
{
    ce_result rows;
    assert_int_equal(ce_collect(rdd, &rows), CE_OK);
    for (uint64_t i = 0; i < rows.count; i++) {
        longs list = ce_result_rows(&rows, int_group)[i].value;
        int64_t *at = (int64_t *)(uintptr_t)list.at;
        for (uint32_t j = 1; j < list.count; j++) {
            for (uint32_t k = j; k > 0 && at[k - 1] > at[k]; k--) {
                int64_t swap = at[k];
                at[k] = at[k - 1];
                at[k - 1] = swap;
            }
        }
    }
    char *text = grid_text(&rows, 1);
    ce_result_free(&rows);
    return text;
}

static void it_gives_what_spark_gives(void **state)
{
    (void)state;
    const int_pair pairs[] = {{1, 1}, {1, 2}, {1, 3}, {1, 1}, {2, 1}};
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *source = ce_parallelize(sc, int_pair, pairs, 5, 2);
    char *text = sorted_groups(ce_group_by_key(source));
    test_golden("groupbykey", text);
    free(text);
    text = sorted_groups(ce_group_by_key_n(source, 1));
    test_golden("groupbykey-to1", text);
    free(text);
    text = sorted_groups(ce_group_by_key(ce_empty(sc, int_pair)));
    test_golden("groupbykey-norows0", text);
    free(text);
    test_golden("partitioner-groupbykey", ce_rdd_has_partitioner(ce_group_by_key(source)) ? "true" : "false");
    ce_context_close(sc);
}

static void rows_that_are_partitioned_already_are_grouped_where_they_are(void **state)
{
    (void)state;
    int_pair *pairs = test_int_pairs(TEST_ROWS, grid_seed());
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *source = ce_parallelize(sc, int_pair, pairs, TEST_ROWS, 4), *hashed = ce_partition_by(source, 3);
    uint64_t expected, count;
    test_work_of_count(sc, ce_reduce_by_key(source, add), &expected);
    ce_rdd *const in_place[] = {ce_group_by_key(hashed), ce_group_by_key_n(hashed, 3)};
    for (int i = 0; i < 2; i++) {
        test_work work = test_work_of_count(sc, in_place[i], &count);
        assert_int_equal(count, expected);
        assert_int_equal(work.stages + work.skipped, 2);
        assert_true(ce_rdd_same_partitioner(in_place[i], hashed));
        char *there = sorted_groups(in_place[i]), *over_a_shuffle = sorted_groups(ce_group_by_key(source));
        assert_string_equal(there, over_a_shuffle);
        free(there);
        free(over_a_shuffle);
    }
    test_work work = test_work_of_count(sc, ce_group_by_key_n(hashed, 4), &count);
    assert_int_equal(work.stages + work.skipped, 3);
    assert_int_equal(count, expected);
    free(pairs);
    ce_context_close(sc);
}

static void rows_without_a_key_poison_with_their_place(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    test_poisoned(ce_group_by_key(ce_range(sc, 0, 5, 1, 2)), CE_TYPE, "group_by_key: needs pair(K, V), has int64");
    test_poisoned(ce_group_by_key(NULL), CE_INVALID, "the RDD is NULL");
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_of_numbers_are_complete),
        cmocka_unit_test(groups_of_texts_are_complete),
        cmocka_unit_test(one_group_may_hold_all_rows),
        cmocka_unit_test(it_gives_what_spark_gives),
        cmocka_unit_test(rows_that_are_partitioned_already_are_grouped_where_they_are),
        cmocka_unit_test(rows_without_a_key_poison_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
