/*
 * combine_by_key_test.c: accumulators of another type against arrays indexed by key, with and without combining before
 * the shuffle, and what is refused.
 */
#include "support/wide.h"
#include <math.h>

CE_RECORD(mean, (int64_t, sum), (int64_t, count));
CE_PAIR(int_mean, int64_t, mean);
CE_PAIR(int_text, int64_t, ce_str);
CE_PAIR(list_pair, longs, int64_t);
CE_PAIR(double_pair, double, int64_t);

static inline mean begin(int64_t value)
{
    return (mean){value, 1};
}
CE_MAP(begin, int64_t, mean)

static inline mean more(mean so_far, int64_t value)
{
    return (mean){so_far.sum + value, so_far.count + 1};
}
CE_AGGREGATE(more, mean, int64_t)

static inline mean both(mean a, mean b)
{
    return (mean){a.sum + b.sum, a.count + b.count};
}
CE_REDUCE(both, mean)

/* Texts as accumulators: the lengths of all values, as a text of as many letters. */
static inline ce_str letters_of(int64_t value)
{
    return ce_str_printf("%.*s", (int)(value & 3) + 1, "abcd");
}
CE_MAP(letters_of, int64_t, ce_str)

static inline ce_str letters_more(ce_str so_far, int64_t value)
{
    return ce_str_printf("%.*s%.*s", (int)so_far.bytes, so_far.at, (int)(value & 3) + 1, "abcd");
}
CE_AGGREGATE(letters_more, ce_str, int64_t)

static inline ce_str letters_both(ce_str a, ce_str b)
{
    return ce_str_printf("%.*s%.*s", (int)a.bytes, a.at, (int)b.bytes, b.at);
}
CE_REDUCE(letters_both, ce_str)

static ce_status means_are_right(ce_context *sc, bool map_side)
{
    int_pair *pairs = test_int_pairs(TEST_ROWS, grid_seed());
    mean wanted[TEST_KEYS] = {0};
    uint32_t keys = 0;
    for (int i = 0; i < TEST_ROWS; i++) {
        mean *to = &wanted[pairs[i].key + TEST_KEYS / 2];
        keys += to->count == 0;
        *to = (mean){to->sum + pairs[i].value, to->count + 1};
    }
    ce_rdd *rdd =
        ce_combine_by_key_with(ce_parallelize(sc, int_pair, pairs, TEST_ROWS, 4), begin, more, both, 3, map_side);
    free(pairs);
    ce_result rows;
    GRID_TRY(ce_collect(rdd, &rows));
    assert_int_equal(rows.count, keys);
    for (uint64_t i = 0; i < rows.count; i++) {
        int_mean row = ce_result_rows(&rows, int_mean)[i];
        assert_memory_equal(&row.value, &wanted[row.key + TEST_KEYS / 2], sizeof row.value);
    }
    ce_result_free(&rows);
    return CE_OK;
}

static ce_status means_both_ways(ce_context *sc, void *arg)
{
    (void)arg;
    GRID_TRY(means_are_right(sc, true));
    return means_are_right(sc, false);
}

static void accumulators_of_another_type_are_those_of_an_array(void **state)
{
    (void)state;
    grid_run(means_both_ways, NULL);
}

static ce_status texts_grow(ce_context *sc, void *arg)
{
    (void)arg;
    int_pair *pairs = test_int_pairs(TEST_ROWS, grid_seed());
    uint32_t lengths[TEST_KEYS] = {0};
    for (int i = 0; i < TEST_ROWS; i++) {
        lengths[pairs[i].key + TEST_KEYS / 2] += (uint32_t)(pairs[i].value & 3) + 1;
    }
    ce_rdd *rdd = ce_combine_by_key_n(ce_parallelize(sc, int_pair, pairs, TEST_ROWS, 3), letters_of, letters_more,
                                      letters_both, 2);
    free(pairs);
    ce_result rows;
    GRID_TRY(ce_collect(rdd, &rows));
    for (uint64_t i = 0; i < rows.count; i++) {
        int_text row = ce_result_rows(&rows, int_text)[i];
        assert_int_equal(row.value.bytes, lengths[row.key + TEST_KEYS / 2]);
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void texts_that_the_functions_make_are_kept(void **state)
{
    (void)state;
    grid_run(texts_grow, NULL);
}

/* ---- calls ---- */

/* Counts calls in digits of a number: create 1, merge_value 100, merge_combiners 10000. */
static inline int64_t created(int64_t value)
{
    (void)value;
    return 1;
}
CE_MAP(created, int64_t, int64_t)

static inline int64_t merged(int64_t calls, int64_t value)
{
    (void)value;
    return calls + 100;
}
CE_AGGREGATE(merged, int64_t, int64_t)

static inline int64_t joined(int64_t a, int64_t b)
{
    return a + b + 10000;
}
CE_REDUCE(joined, int64_t)

static inline int64_t add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(add, int64_t)

static inline int64_t same(int64_t value)
{
    return value;
}
CE_MAP(same, int64_t, int64_t)

static inline int64_t refused(int64_t value)
{
    ce_fail("%d is refused", (int)value);
    return 0;
}
CE_MAP(refused, int64_t, int64_t)

/* The values of the rows of an RDD that has one key, added up. */
static int64_t calls_of(ce_rdd *rdd)
{
    ce_result rows;
    if (ce_collect(rdd, &rows) != CE_OK) {
        fail_msg("%s", ce_last_error());
    }
    assert_int_equal(rows.count, 1);
    int64_t calls = ce_result_rows(&rows, int_pair)[0].value;
    ce_result_free(&rows);
    return calls;
}

static void each_function_is_called_where_it_should_be(void **state)
{
    (void)state;
    const int_pair pairs[] = {{7, 1}, {7, 2}, {7, 3}, {7, 4}, {7, 5}, {7, 6}};
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *rdd = ce_parallelize(sc, int_pair, pairs, 6, 2);
    /* Three rows in each of two map tasks: 2 created, 4 merged into them, 1 join. */
    assert_int_equal(calls_of(ce_combine_by_key_n(rdd, created, merged, joined, 3)), 2 + 400 + 10000);
    assert_int_equal(calls_of(ce_combine_by_key_with(rdd, created, merged, joined, 3, false)), 1 + 500);
    assert_int_equal(calls_of(ce_combine_by_key(ce_partition_by(rdd, 3), created, merged, joined)), 1 + 500);
    ce_context_close(sc);
}

static ce_status floats_meet(ce_context *sc, void *arg)
{
    (void)arg;
    double other_nan;
    memcpy(&other_nan, &(uint64_t){0xFFF8000000000123}, 8);
    const double_pair pairs[] = {{NAN, 1}, {0.0, 10}, {-0.0, 20}, {other_nan, 2}, {1.5, 100}, {-NAN, 4}};
    ce_result rows;
    GRID_TRY(ce_collect(ce_combine_by_key(ce_parallelize(sc, double_pair, pairs, 6, 3), same, add, add), &rows));
    assert_int_equal(rows.count, 3);
    for (int i = 0; i < 3; i++) {
        double_pair row = ce_result_rows(&rows, double_pair)[i];
        assert_int_equal(row.value, isnan(row.key) ? 7 : row.key == 0 ? 30 : 100);
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void nan_is_one_key_and_so_are_the_two_zeros(void **state)
{
    (void)state;
    grid_run_topologies(floats_meet, NULL);
}

static ce_status lists_meet(ce_context *sc, void *arg)
{
    (void)arg;
    static const int64_t numbers[] = {1, 2, 3, 1, 2};
    list_pair pairs[100];
    for (int i = 0; i < 100; i++) { /* {}, {1}, {1, 2} at two places each */
        pairs[i] = (list_pair){{numbers + (i % 2 ? 3 : 0), (uint32_t)(i % 3)}, 1};
    }
    ce_result rows;
    GRID_TRY(ce_collect(ce_combine_by_key(ce_parallelize(sc, list_pair, pairs, 100, 3), same, add, add), &rows));
    assert_int_equal(rows.count, 3);
    for (int i = 0; i < 3; i++) {
        list_pair row = ce_result_rows(&rows, list_pair)[i];
        assert_int_equal(row.value, row.key.count == 0 ? 34 : 33);
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void keys_may_be_lists(void **state)
{
    (void)state;
    grid_run_topologies(lists_meet, NULL);
}

static void a_create_that_fails_fails_the_job(void **state)
{
    (void)state;
    const int_pair pair = {1, 2};
    ce_context *sc = grid_open("local[2]", NULL);
    uint64_t count;
    assert_int_equal(ce_count(ce_combine_by_key(ce_parallelize(sc, int_pair, &pair, 1, 1), refused, add, add), &count),
                     CE_USER);
    assert_non_null(strstr(ce_last_error(), "2 is refused"));
    ce_context_close(sc);
}

static ce_status wrong_uses(ce_context *sc, void *arg)
{
    (void)arg;
    int_pair pair = {1, 2};
    ce_rdd *pairs = ce_parallelize(sc, int_pair, &pair, 1, 1);
    test_poisoned(ce_combine_by_key(ce_range(sc, 0, 3, 1, 1), begin, more, both), CE_TYPE,
                  "combine_by_key: needs pair(K, V), has int64");
    test_poisoned(ce_combine_by_key(pairs, letters_of, more, letters_both), CE_TYPE,
                  "more gives record(int64, int64), needs to give str");
    test_poisoned(ce_combine_by_key(pairs, more, more, both), CE_TYPE, "more was stamped with");
    return CE_OK;
}

static void wrong_functions_are_refused_by_name(void **state)
{
    (void)state;
    grid_run_topologies(wrong_uses, NULL);
}

static ce_status keeps_partitioners(ce_context *sc, void *arg)
{
    (void)arg;
    int_pair *pairs = test_int_pairs(TEST_ROWS, grid_seed());
    ce_rdd *by_key = ce_partition_by(ce_parallelize(sc, int_pair, pairs, TEST_ROWS, 2), 3);
    free(pairs);
    ce_rdd *combined = ce_combine_by_key(by_key, begin, more, both);
    assert_true(ce_rdd_same_partitioner(by_key, combined));
    char *text;
    GRID_TRY(ce_to_debug_string(combined, &text));
    assert_ptr_equal(strstr(strstr(text, "+-") + 1, "+-"), NULL); /* one shuffle: that of partition_by */
    ce_free(text);
    uint64_t count;
    return ce_count(combined, &count);
}

static void equal_partitioning_needs_no_second_shuffle(void **state)
{
    (void)state;
    grid_run_topologies(keeps_partitioners, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accumulators_of_another_type_are_those_of_an_array),
        cmocka_unit_test(texts_that_the_functions_make_are_kept),
        cmocka_unit_test(wrong_functions_are_refused_by_name),
        cmocka_unit_test(equal_partitioning_needs_no_second_shuffle),
        cmocka_unit_test(each_function_is_called_where_it_should_be),
        cmocka_unit_test(nan_is_one_key_and_so_are_the_two_zeros),
        cmocka_unit_test(keys_may_be_lists),
        cmocka_unit_test(a_create_that_fails_fails_the_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
