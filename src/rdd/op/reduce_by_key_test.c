/*
 * reduce_by_key_test.c: sums per key against arrays indexed by key, Spark's answers, and when there is no shuffle.
 */
#include "support/wide.h"

static inline int64_t add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(add, int64_t)

static inline double least(double a, double b)
{
    return a < b ? a : b;
}
CE_REDUCE(least, double)

/* The longer text; of equal ones the greater. Makes a new string, to be kept by the engine. */
static inline ce_str longer(ce_str a, ce_str b)
{
    ce_str chosen = a.bytes != b.bytes ? (a.bytes > b.bytes ? a : b) : ce_str_compare(a, b) > 0 ? a : b;
    return ce_str_printf("%.*s", (int)chosen.bytes, chosen.at);
}
CE_REDUCE(longer, ce_str)

static inline int64_t to_double(int64_t sum, double more)
{
    return sum + (int64_t)more;
}
CE_AGGREGATE(to_double, int64_t, double)

static inline int64_t broken(int64_t a, int64_t b)
{
    ce_fail("%d meets %d", (int)a, (int)b);
    return 0;
}
CE_REDUCE(broken, int64_t)

static inline uint32_t by_sign(int64_t key, uint32_t count)
{
    return key < 0 ? 0 : count - 1;
}
CE_PARTITIONER(by_sign, int64_t)

static inline bool is_even(int_pair row)
{
    return row.key % 2 == 0;
}
CE_FILTER(is_even, int_pair)

static inline int_pair same(int_pair row)
{
    return row;
}
CE_MAP(same, int_pair, int_pair)

static ce_status numbers_add_up(ce_context *sc, void *arg)
{
    (void)arg;
    int_pair *pairs = test_int_pairs(TEST_ROWS, grid_seed());
    int64_t sums[TEST_KEYS] = {0};
    bool seen[TEST_KEYS] = {false};
    uint32_t keys = 0;
    for (int i = 0; i < TEST_ROWS; i++) {
        int64_t key = pairs[i].key + TEST_KEYS / 2;
        keys += !seen[key];
        seen[key] = true;
        sums[key] += pairs[i].value;
    }
    ce_rdd *rdd = ce_reduce_by_key_n(ce_parallelize(sc, int_pair, pairs, TEST_ROWS, 4), add, 3);
    free(pairs);
    ce_result rows;
    GRID_TRY(ce_collect(rdd, &rows));
    assert_int_equal(rows.count, keys);
    for (uint64_t i = 0; i < rows.count; i++) {
        int_pair row = ce_result_rows(&rows, int_pair)[i];
        assert_int_equal(row.value, sums[row.key + TEST_KEYS / 2]);
        sums[row.key + TEST_KEYS / 2] = -1;
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void sums_of_numbers_are_those_of_an_array(void **state)
{
    (void)state;
    grid_run(numbers_add_up, NULL);
}

static ce_status texts_meet(ce_context *sc, void *arg)
{
    (void)arg;
    int_pair *numbers = test_int_pairs(TEST_ROWS, grid_seed() + 1);
    text_text *pairs = calloc(TEST_ROWS, sizeof *pairs);
    uint32_t longest[TEST_KEYS] = {0}, keys = 0;
    bool seen[TEST_KEYS] = {false};
    for (int i = 0; i < TEST_ROWS; i++) {
        uint64_t key = (uint64_t)(numbers[i].key + TEST_KEYS / 2);
        pairs[i] = (text_text){test_text(key), test_text((uint64_t)numbers[i].value)};
        keys += !seen[key];
        seen[key] = true;
        longest[key] = longest[key] > pairs[i].value.bytes ? longest[key] : pairs[i].value.bytes;
    }
    ce_rdd *rdd = ce_reduce_by_key_n(ce_parallelize(sc, text_text, pairs, TEST_ROWS, 3), longer, 2);
    free(numbers);
    free(pairs);
    ce_result rows;
    GRID_TRY(ce_collect(rdd, &rows));
    assert_int_equal(rows.count, keys);
    for (uint64_t i = 0; i < rows.count; i++) {
        text_text row = ce_result_rows(&rows, text_text)[i];
        assert_true(ce_str_equal(row.key, test_text(row.key.bytes)));
        assert_true(ce_str_equal(row.value, test_text(longest[row.key.bytes])));
        longest[row.key.bytes] = UINT32_MAX;
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void texts_that_the_function_makes_are_kept_per_key(void **state)
{
    (void)state;
    grid_run(texts_meet, NULL);
}

static ce_status records_meet(ce_context *sc, void *arg)
{
    (void)arg;
    place_pair pairs[TEST_ROWS];
    double least_of[4][5];
    for (int i = 0; i < TEST_ROWS; i++) {
        int text = i * 7 % 4, number = i * 11 % 5;
        pairs[i] = (place_pair){{test_text((uint64_t)(9 * text + 1)), number}, (double)(i * 37 % 1000)};
        least_of[text][number] =
            i < 20 || pairs[i].value < least_of[text][number] ? pairs[i].value : least_of[text][number];
    }
    ce_result rows;
    GRID_TRY(ce_collect(ce_reduce_by_key(ce_parallelize(sc, place_pair, pairs, TEST_ROWS, 3), least), &rows));
    assert_int_equal(rows.count, 20);
    for (uint64_t i = 0; i < rows.count; i++) {
        place_pair row = ce_result_rows(&rows, place_pair)[i];
        assert_true(row.value == least_of[row.key.key.bytes / 9][row.key.value]);
        least_of[row.key.key.bytes / 9][row.key.value] = -1;
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void keys_may_be_pairs_with_texts(void **state)
{
    (void)state;
    grid_run_topologies(records_meet, NULL);
}

static void it_gives_what_spark_gives(void **state)
{
    (void)state;
    const int_pair pairs[] = {{1, 1}, {1, 2}, {1, 3}, {1, 1}, {2, 1}};
    ce_context *sc = grid_open("local[2]", NULL);
    uint32_t partitions;
    char number[16];
    ce_rdd *rdd = ce_reduce_by_key(ce_parallelize(sc, int_pair, pairs, 5, 2), add);
    char *text = test_set(rdd);
    test_golden("reducebykey", text);
    free(text);
    assert_int_equal(ce_partition_count(rdd, &partitions), CE_OK);
    snprintf(number, sizeof number, "%u", partitions);
    test_golden("reducebykey-partitions", number);
    text = grid_parts_text(ce_reduce_by_key(ce_empty(sc, int_pair), add), 0);
    test_golden("reducebykey-norows0", text);
    free(text);
    text = grid_parts_text(ce_reduce_by_key(ce_parallelize(sc, int_pair, pairs, 0, 3), add), 0);
    test_golden("reducebykey-norows3", text);
    free(text);
    text = grid_parts_text(ce_reduce_by_key_n(ce_empty(sc, int_pair), add, 2), 0);
    test_golden("reducebykey-empty-to2", text);
    free(text);
    ce_context_close(sc);
}

static void rows_that_are_partitioned_already_stay_where_they_are(void **state)
{
    (void)state;
    int_pair *pairs = test_int_pairs(TEST_ROWS, grid_seed());
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *source = ce_parallelize(sc, int_pair, pairs, TEST_ROWS, 4);
    ce_rdd *hashed = ce_partition_by(source, 3), *signed_ = ce_partition_by_with(source, by_sign, 3);
    uint64_t expected, count;
    test_work work = test_work_of_count(sc, ce_reduce_by_key_n(source, add, 3), &expected);
    assert_int_equal(work.stages, 2);
    assert_int_equal(work.tasks, 4 + 3);

    ce_rdd *const in_place[] = {ce_reduce_by_key(hashed, add), ce_reduce_by_key_n(hashed, add, 3),
                                ce_reduce_by_key(signed_, add),
                                ce_reduce_by_key(ce_reduce_by_key_n(source, add, 3), add)};
    for (int i = 0; i < 4; i++) {
        work = test_work_of_count(sc, in_place[i], &count);
        assert_int_equal(count, expected);
        assert_int_equal(work.stages + work.skipped, 2); /* the source's shuffle and the result: no third one */
        assert_true(ce_rdd_has_partitioner(in_place[i]));
    }
    assert_true(ce_rdd_same_partitioner(in_place[0], hashed));
    assert_true(ce_rdd_same_partitioner(in_place[2], signed_));
    assert_false(ce_rdd_same_partitioner(in_place[0], in_place[2]));

    ce_rdd *const shuffled[] = {ce_reduce_by_key_n(hashed, add, 5), ce_reduce_by_key_n(signed_, add, 3),
                                ce_reduce_by_key(ce_map(hashed, same), add)};
    for (int i = 0; i < 3; i++) {
        work = test_work_of_count(sc, shuffled[i], &count);
        assert_int_equal(count, expected);
        assert_int_equal(work.stages + work.skipped, 3);
    }
    work = test_work_of_count(sc, ce_reduce_by_key(ce_filter(hashed, is_even), add), &count);
    assert_true(count < expected);
    assert_int_equal(work.stages + work.skipped, 2);
    free(pairs);
    ce_context_close(sc);
}

static void wrong_uses_poison_with_their_place(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    const int_pair pair = {1, 2};
    ce_rdd *numbers = ce_range(sc, 0, 5, 1, 2), *pairs = ce_parallelize(sc, int_pair, &pair, 1, 1);
    const place_pair placed = {{{"", 0}, 1}, 2};
    ce_rdd *places = ce_parallelize(sc, place_pair, &placed, 1, 1);
    char sentence[200];
    test_poisoned(ce_reduce_by_key(numbers, add), CE_TYPE, "reduce_by_key: needs pair(K, V), has int64");
    test_poisoned(ce_reduce_by_key(pairs, same), CE_TYPE,
                  "reduce_by_key: same was stamped with CE_MAP, needs CE_REDUCE");
    test_poisoned(ce_reduce_by_key(pairs, least), CE_TYPE, "reduce_by_key: least takes double, has int64");
    ce_rdd *poisoned = ce_reduce_by_key(places, to_double);
    snprintf(sentence, sizeof sentence,
             "reduce_by_key_test.c:%d: reduce_by_key: to_double must give what it takes, gives int64", __LINE__ - 2);
    test_poisoned(poisoned, CE_TYPE, sentence);
    test_poisoned(ce_keys(poisoned), CE_TYPE, sentence);
    assert_int_equal(ce_rdd_status(ce_reduce_by_key_at(pairs, NULL, 0, CE_SITE)), CE_INVALID);
    assert_int_equal(ce_rdd_status(ce_reduce_by_key(NULL, add)), CE_INVALID);
    uint64_t count;
    assert_int_equal(ce_count(ce_reduce_by_key(numbers, add), &count), CE_TYPE);
    ce_context_close(sc);
}

static void a_function_that_fails_on_either_side_fails_the_job(void **state)
{
    (void)state;
    const int_pair pairs[] = {{1, 1}, {1, 2}};
    ce_context *sc = grid_open("local[2]", NULL);
    uint64_t count;
    for (uint32_t partitions = 1; partitions <= 2;
         partitions++) { /* 1: they meet in the map task, 2: behind the shuffle */
        ce_rdd *rdd = ce_reduce_by_key_n(ce_parallelize(sc, int_pair, pairs, 2, partitions), broken, 1);
        assert_int_equal(ce_count(rdd, &count), CE_USER);
        assert_non_null(strstr(ce_last_error(), "reduce_by_key(broken): 1 meets 2"));
    }
    ce_context_close(sc);
}

static void the_number_of_partitions_is_chosen_as_spark_does(void **state)
{
    (void)state;
    const int_pair pairs[] = {{1, 1}, {1, 2}};
    uint32_t count;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *rdd = ce_parallelize(sc, int_pair, pairs, 2, 7);
    assert_int_equal(ce_partition_count(ce_reduce_by_key(rdd, add), &count), CE_OK);
    assert_int_equal(count, 7); /* the parent's */
    assert_int_equal(ce_partition_count(ce_reduce_by_key(ce_partition_by(rdd, 5), add), &count), CE_OK);
    assert_int_equal(count, 5); /* the parent's partitioner */
    ce_context_close(sc);
    sc = grid_open("local[2]", "default_parallelism", "3", NULL);
    rdd = ce_parallelize(sc, int_pair, pairs, 2, 7);
    assert_int_equal(ce_partition_count(ce_reduce_by_key(rdd, add), &count), CE_OK);
    assert_int_equal(count, 3); /* the setting */
    assert_int_equal(ce_partition_count(ce_reduce_by_key_n(rdd, add, 2), &count), CE_OK);
    assert_int_equal(count, 2); /* what is asked for */
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_of_numbers_are_those_of_an_array),
        cmocka_unit_test(texts_that_the_function_makes_are_kept_per_key),
        cmocka_unit_test(keys_may_be_pairs_with_texts),
        cmocka_unit_test(it_gives_what_spark_gives),
        cmocka_unit_test(rows_that_are_partitioned_already_stay_where_they_are),
        cmocka_unit_test(the_number_of_partitions_is_chosen_as_spark_does),
        cmocka_unit_test(wrong_uses_poison_with_their_place),
        cmocka_unit_test(a_function_that_fails_on_either_side_fails_the_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
