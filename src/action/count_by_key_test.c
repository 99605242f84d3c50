/*
 * count_by_key_test.c: keys of any type are counted, sorted, and an RDD that is partitioned by key is counted without
 * a shuffle.
 */
#include "support/rows.h"

static const test_pair pairs[] = {{1, 1}, {1, 2}, {1, 3}, {1, 1}, {2, 1}};

static ce_status counts_goldens(ce_context *sc, void *arg)
{
    (void)arg;
    ce_result counts;
    GRID_TRY(ce_count_by_key(ce_parallelize(sc, test_pair, pairs, 5, 2), &counts));
    test_golden_rows("countbykey", "", &counts, 1);
    GRID_TRY(ce_count_by_key(ce_empty(sc, test_pair), &counts));
    test_golden_rows("countbykey-norows0", "", &counts, 1);
    return CE_OK;
}

static void count_by_key_answers_as_spark(void **state)
{
    (void)state;
    grid_run(counts_goldens, NULL);
}

static ce_status counts_words(ce_context *sc, void *arg)
{
    (void)arg;
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int round = 0; round < TEST_ROUNDS; round++) {
        static _Thread_local char texts[TEST_ROWS_MAX][48];
        ce_str words[TEST_ROWS_MAX];
        test_word rows[TEST_ROWS_MAX];
        ce_result counts;
        test_numbers numbers = test_numbers_of(&random, 20);
        test_words_of(&numbers, texts, words);
        int64_t want[20] = {0};
        for (uint64_t i = 0; i < numbers.count; i++) {
            rows[i] = (test_word){words[i], (int64_t)i};
            want[numbers.values[i]]++;
        }
        GRID_TRY(ce_count_by_key(ce_parallelize(sc, test_word, rows, numbers.count, numbers.partitions), &counts));
        const test_word *row = counts.rows;
        for (int number = 0; number < 20; number++) {
            if (want[number]) { /* the numbers have a fixed width: they sort as the words do */
                assert_int_equal(atoi((char[4]){row->key.at[0], row->key.at[1], row->key.at[2]}), number);
                assert_int_equal(row++->value, want[number]);
            }
        }
        assert_ptr_equal(row, (const test_word *)counts.rows + counts.count);
        ce_result_free(&counts);
    }
    return CE_OK;
}

static void words_are_counted_in_order(void **state)
{
    (void)state;
    grid_run(counts_words, NULL);
}

static ce_status counts_partitioned(ce_context *sc, void *arg)
{
    (void)arg;
    test_jobs jobs;
    ce_result counts;
    uint64_t bytes, bytes_after, bytes_max;
    ce_rdd *by_key = ce_partition_by(ce_parallelize(sc, test_pair, pairs, 5, 2), 3);
    GRID_TRY(ce_count_by_key(by_key, &counts));
    test_golden_rows("countbykey", "", &counts, 1);
    GRID_TRY(test_jobs_watch(&jobs, sc));
    ce_status status = ce_count_by_key(by_key, &counts);
    test_jobs_end(&jobs);
    GRID_TRY(status);
    test_golden_rows("countbykey", "", &counts, 1);
    assert_int_equal(jobs.stages, 1);
    assert_int_equal(jobs.tasks, 3);
    ce_rdd *not_by_key = ce_parallelize(sc, test_pair, pairs, 5, 2);
    ce_memory_used(sc, &bytes, &bytes_max);
    for (int i = 0; i < 20; i++) {
        GRID_TRY(ce_count_by_key(not_by_key, &counts));
        ce_result_free(&counts);
    }
    ce_memory_used(sc, &bytes_after, &bytes_max);
    assert_in_range(bytes_after, 0, bytes + (64 << 10)); /* no shuffle stays; the type of the rows does */
    test_failed(ce_count_by_key(ce_empty(sc, int64_t), &counts), CE_TYPE, "count_by_key: needs pair(K, V), has int64");
    return CE_OK;
}

static void no_shuffle_without_need_and_none_stays(void **state)
{
    (void)state;
    grid_run_topologies(counts_partitioned, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(count_by_key_answers_as_spark),
        cmocka_unit_test(words_are_counted_in_order),
        cmocka_unit_test(no_shuffle_without_need_and_none_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
