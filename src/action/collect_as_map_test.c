/*
 * collect_as_map_test.c: the last row of each key stays, and ce_result_find finds it.
 */
#include "support/rows.h"

static ce_status maps_goldens(ce_context *sc, void *arg)
{
    (void)arg;
    static const test_pair pairs[] = {{1, 1}, {1, 2}, {1, 3}, {1, 1}, {2, 1}};
    ce_result rows;
    GRID_TRY(ce_collect_as_map(ce_parallelize(sc, test_pair, pairs, 5, 2), &rows));
    test_golden_rows("collectasmap-duplicates", "", &rows, 1);
    GRID_TRY(ce_collect_as_map(ce_empty(sc, test_pair), &rows));
    test_golden_rows("collectasmap-norows0", "", &rows, 1);
    return CE_OK;
}

static void collect_as_map_answers_as_spark(void **state)
{
    (void)state;
    grid_run(maps_goldens, NULL);
}

static ce_status maps_words(ce_context *sc, void *arg)
{
    (void)arg;
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int round = 0; round < TEST_ROUNDS; round++) {
        static _Thread_local char texts[TEST_ROWS_MAX][48];
        ce_str words[TEST_ROWS_MAX];
        test_word rows[TEST_ROWS_MAX];
        ce_result map;
        test_numbers numbers = test_numbers_of(&random, 40);
        test_words_of(&numbers, texts, words);
        for (uint64_t i = 0; i < numbers.count; i++) {
            rows[i] = (test_word){words[i], (int64_t)i};
        }
        GRID_TRY(ce_collect_as_map(ce_parallelize(sc, test_word, rows, numbers.count, numbers.partitions), &map));
        for (uint64_t i = 0; i < numbers.count; i++) {
            uint64_t last = i;
            for (uint64_t j = i; j < numbers.count; j++) {
                last = numbers.values[j] == numbers.values[i] ? j : last;
            }
            const test_word *found = ce_result_find(&map, &words[i]);
            assert_non_null(found);
            assert_int_equal(found->value, last);
        }
        ce_str absent = ce_str_of("absent");
        assert_null(ce_result_find(&map, &absent));
        ce_result_free(&map);
        assert_null(ce_result_find(&map, &absent));
    }
    return CE_OK;
}

static void the_last_row_of_a_key_is_found(void **state)
{
    (void)state;
    grid_run(maps_words, NULL);
}

static void only_pairs_have_keys(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_result rows;
    test_failed(ce_collect_as_map(ce_empty(sc, int64_t), &rows), CE_TYPE,
                "collect_as_map: needs pair(K, V), has int64");
    test_failed(ce_collect_as_map(NULL, &rows), CE_INVALID, "NULL");
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(collect_as_map_answers_as_spark),
        cmocka_unit_test(the_last_row_of_a_key_is_found),
        cmocka_unit_test(only_pairs_have_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
