/*
 * lookup_test.c: lookup gives the values of a key in order, and where the RDD is partitioned by key looks at one
 * partition.
 */
#include "support/rows.h"

static const test_pair pairs[] = {{1, 2}, {3, 4}, {5, 6}, {5, 7}};

static ce_status looks_up(ce_context *sc, void *arg)
{
    (void)arg;
    static const int64_t keys[] = {1, 5, -1};
    ce_rdd *rows = ce_parallelize(sc, test_pair, pairs, 4, 2), *by_key = ce_partition_by(rows, 3);
    for (int i = 0; i < 3; i++) {
        char suffix[16];
        ce_result values;
        snprintf(suffix, sizeof suffix, "%lld", (long long)keys[i]);
        GRID_TRY(ce_lookup(rows, &keys[i], &values));
        test_golden_rows("lookup", suffix, &values, 0);
        GRID_TRY(ce_lookup(by_key, &keys[i], &values));
        test_golden_rows("lookup-hash", suffix, &values, 1);
    }
    ce_result none;
    GRID_TRY(ce_lookup(ce_empty(sc, test_pair), &keys[0], &none));
    assert_int_equal(none.count, 0);
    ce_result_free(&none);
    return CE_OK;
}

static void lookup_answers_as_spark(void **state)
{
    (void)state;
    grid_run(looks_up, NULL);
}

static ce_status looks_at_one(ce_context *sc, void *arg)
{
    (void)arg;
    test_jobs jobs;
    ce_result values;
    const int64_t five = 5;
    ce_rdd *by_key = ce_partition_by(ce_parallelize(sc, test_pair, pairs, 4, 2), 3);
    GRID_TRY(ce_lookup(by_key, &five, &values));
    ce_result_free(&values);
    GRID_TRY(test_jobs_watch(&jobs, sc));
    ce_status status = ce_lookup(by_key, &five, &values);
    test_jobs_end(&jobs);
    GRID_TRY(status);
    assert_int_equal(values.count, 2);
    assert_int_equal(jobs.tasks, 1);
    assert_int_equal(jobs.skipped, 1);
    ce_result_free(&values);
    return CE_OK;
}

static void a_partitioner_leaves_one_partition(void **state)
{
    (void)state;
    grid_run(looks_at_one, NULL);
}

static inline int64_t next(int64_t value)
{
    return value + 1;
}
CE_MAP(next, int64_t, int64_t)

static ce_status looks_behind_a_late_count(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *indexed = ce_zip_with_index(ce_range(sc, 0, 40, 1, 4)); /* counts rows when an action comes */
    ce_rdd *kept = ce_map_values(ce_partition_by(indexed, 0), next);
    for (int64_t key = 0; key < 40; key++) {
        ce_result values;
        GRID_TRY(ce_lookup(kept, &key, &values));
        assert_int_equal(values.count, 1);
        assert_int_equal(ce_result_rows(&values, int64_t)[0], key + 1);
        ce_result_free(&values);
    }
    return CE_OK;
}

static void a_partition_count_that_comes_late_counts(void **state)
{
    (void)state;
    grid_run_topologies(looks_behind_a_late_count, NULL);
}

CE_PAIR(named, ce_str, ce_str);

static ce_status looks_for_words(ce_context *sc, void *arg)
{
    (void)arg;
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int round = 0; round < TEST_ROUNDS; round++) {
        static _Thread_local char texts[TEST_ROWS_MAX][48];
        ce_str words[TEST_ROWS_MAX];
        named rows[TEST_ROWS_MAX];
        ce_result values;
        test_numbers numbers = test_numbers_of(&random, 5);
        test_words_of(&numbers, texts, words);
        for (uint64_t i = 0; i < numbers.count; i++) {
            rows[i] = (named){words[i], words[numbers.count - 1 - i]};
        }
        if (numbers.count == 0) {
            continue;
        }
        GRID_TRY(ce_lookup(ce_parallelize(sc, named, rows, numbers.count, numbers.partitions), &words[0], &values));
        uint64_t found = 0;
        for (uint64_t i = 0; i < numbers.count; i++) {
            if (numbers.values[i] == numbers.values[0]) {
                assert_true(ce_str_equal(ce_result_rows(&values, ce_str)[found++], rows[i].value));
            }
        }
        assert_int_equal(values.count, found);
        ce_result_free(&values);
    }
    return CE_OK;
}

static void strings_are_found_in_order(void **state)
{
    (void)state;
    grid_run(looks_for_words, NULL);
}

static inline uint32_t too_far(int64_t key, uint32_t partitions)
{
    return key == 9 ? partitions : 0;
}
CE_PARTITIONER(too_far, int64_t)

static ce_status looks_wrongly(ce_context *sc, void *arg)
{
    (void)arg;
    ce_result values;
    const int64_t nine = 9;
    ce_rdd *rows = ce_parallelize(sc, test_pair, pairs, 4, 2);
    test_golden_error("lookup-bad-partitioner", "");
    test_failed(ce_lookup(ce_partition_by_with(rows, too_far, 2), &nine, &values), CE_USER,
                "too_far answered partition 2 of 2");
    test_failed(ce_lookup(rows, NULL, &values), CE_INVALID, "lookup: the key is NULL");
    test_failed(ce_lookup(ce_empty(sc, double), &nine, &values), CE_TYPE, "lookup: needs pair(K, V), has double");
    return CE_OK;
}

static void wrong_uses_are_told(void **state)
{
    (void)state;
    grid_run_topologies(looks_wrongly, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookup_answers_as_spark),
        cmocka_unit_test(a_partitioner_leaves_one_partition),
        cmocka_unit_test(a_partition_count_that_comes_late_counts),
        cmocka_unit_test(strings_are_found_in_order),
        cmocka_unit_test(wrong_uses_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
