/*
 * reduce_by_key_locally_test.c: one row per key, sorted, reduced in the order of the rows, without a shuffle.
 */
#include "support/rows.h"

CE_PAIR(text_at, int64_t, ce_str);

static ce_status goldens(ce_context *sc, void *arg)
{
    (void)arg;
    static const test_pair pairs[] = {{1, 1}, {1, 2}, {1, 3}, {1, 1}, {2, 1}};
    test_jobs jobs;
    ce_result rows;
    GRID_TRY(test_jobs_watch(&jobs, sc));
    ce_status status = ce_reduce_by_key_locally(ce_parallelize(sc, test_pair, pairs, 5, 2), test_add, &rows);
    test_jobs_end(&jobs);
    GRID_TRY(status);
    assert_int_equal(jobs.stages, 1);
    const test_pair *two = ce_result_find(&rows, &(int64_t){2});
    assert_int_equal(two->value, 1);
    test_golden_rows("reducebykey-locally", "", &rows, 1);
    GRID_TRY(ce_reduce_by_key_locally(ce_parallelize(sc, test_pair, NULL, 0, 3), test_add, &rows));
    test_golden_rows("reducebykey-locally-norows3", "", &rows, 1);
    status = ce_reduce_by_key_locally(ce_empty(sc, test_pair), test_add, &rows);
    if (status != CE_MEMORY) {
        test_golden_error("reducebykey-locally-norows0", "");
        test_failed(status, CE_EMPTY, "reduce_by_key_locally: empty collection");
        return CE_OK;
    }
    return status;
}

static void reduce_by_key_locally_answers_as_spark(void **state)
{
    (void)state;
    grid_run(goldens, NULL);
}

static ce_status concatenates(ce_context *sc, void *arg)
{
    (void)arg;
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int round = 0; round < TEST_ROUNDS; round++) {
        static _Thread_local char texts[TEST_ROWS_MAX][48], want[TEST_ROWS_MAX * 48];
        ce_str words[TEST_ROWS_MAX];
        text_at rows[TEST_ROWS_MAX];
        ce_result reduced;
        test_numbers numbers = test_numbers_of(&random, 20);
        test_words_of(&numbers, texts, words);
        for (uint64_t i = 0; i < numbers.count; i++) {
            snprintf(texts[i], sizeof texts[i], "%d,", (int)i);
            rows[i] = (text_at){numbers.values[i], ce_str_of(texts[i])};
        }
        GRID_TRY(ce_reduce_by_key_locally(ce_parallelize(sc, text_at, rows, numbers.count, numbers.partitions),
                                          test_concat, &reduced));
        const text_at *row = reduced.rows;
        for (int64_t key = 0; key < 20; key++) {
            want[0] = '\0';
            for (uint64_t i = 0; i < numbers.count; i++) {
                strcat(want, numbers.values[i] == key ? texts[i] : "");
            }
            if (want[0]) {
                assert_int_equal(row->key, key);
                assert_int_equal(row->value.bytes, strlen(want));
                assert_memory_equal(row->value.at, want, row->value.bytes);
                row++;
            }
        }
        assert_ptr_equal(row, (const text_at *)reduced.rows + reduced.count);
        ce_result_free(&reduced);
    }
    return CE_OK;
}

static void strings_are_reduced_in_the_order_of_the_rows(void **state)
{
    (void)state;
    grid_run(concatenates, NULL);
}

static ce_status fails(ce_context *sc, void *arg)
{
    (void)arg;
    static const test_pair pairs[] = {{1, 7}, {2, 1}, {1, 1}, {2, 5}};
    ce_result rows;
    test_failed(ce_reduce_by_key_locally(ce_parallelize(sc, test_pair, pairs, 4, 1), test_fail_at_7, &rows), CE_USER,
                "seven");
    test_failed(ce_reduce_by_key_locally(ce_parallelize(sc, test_pair, pairs, 4, 4), test_fail_at_7, &rows), CE_USER,
                "seven"); /* on the calling thread */
    assert_int_equal(rows.count, 0);
    test_failed(ce_reduce_by_key_locally(ce_range(sc, 0, 3, 1, 1), test_add, &rows), CE_TYPE,
                "reduce_by_key_locally: needs pair(K, V), has int64");
    test_failed(ce_reduce_by_key_locally(ce_parallelize(sc, test_pair, pairs, 4, 4), test_concat, &rows), CE_TYPE,
                "takes str, has int64");
    return CE_OK;
}

static void failures_are_told(void **state)
{
    (void)state;
    grid_run_topologies(fails, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reduce_by_key_locally_answers_as_spark),
        cmocka_unit_test(strings_are_reduced_in_the_order_of_the_rows),
        cmocka_unit_test(failures_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
