/*
 * sample_by_key_test.c: each key's share is near its rate, rows are the same on every topology, and keys without a rate
 * and wrong rates are told.
 */
#include "support/expect.h"
#include "support/wide.h"
#include <math.h>

CE_PAIR(rate, int64_t, double);
CE_PAIR(text_rate, ce_str, double);

enum { ROWS = 30000 };

static const rate rates[] = {{2, 0.5}, {0, 0.01}, {1, 1}, {3, 0}, {4, 2.5}};
enum { KEYS = sizeof rates / sizeof *rates };

static inline int_pair by_remainder(int64_t row)
{
    return (int_pair){row % KEYS, row};
}
CE_MAP(by_remainder, int64_t, int_pair)

struct way {
    bool with_replacement;
    uint64_t first_count, first_sum; /* of the first topology, which all others must give */
};

static ce_status samples(ce_context *sc, void *arg)
{
    struct way *way = arg;
    ce_result rows;
    uint64_t counts[KEYS] = {0}, sum = 0;
    ce_rdd *pairs = ce_map(ce_range(sc, 0, ROWS, 1, 3), by_remainder);
    GRID_TRY(ce_collect(ce_sample_by_key(pairs, way->with_replacement, rate, rates, KEYS, grid_seed()), &rows));
    for (uint64_t i = 0; i < rows.count; i++) {
        int_pair row = ce_result_rows(&rows, int_pair)[i];
        assert_int_equal(row.key, row.value % KEYS);
        counts[row.key]++;
        sum += (uint64_t)row.value * (i + 1);
    }
    for (int i = 0; i < KEYS; i++) {
        double share = way->with_replacement ? rates[i].value : fmin(rates[i].value, 1), of_key = (double)ROWS / KEYS;
        double off = fabs((double)counts[rates[i].key] - of_key * share);
        assert_true(off <= 5 * sqrt(of_key * share));
    }
    way->first_count = way->first_count ? way->first_count : rows.count;
    way->first_sum = way->first_sum ? way->first_sum : sum;
    assert_int_equal(rows.count, way->first_count);
    assert_int_equal(sum, way->first_sum);
    ce_result_free(&rows);
    return CE_OK;
}

static void shares_are_near_and_rows_the_same_on_every_topology(void **state)
{
    (void)state;
    struct way once = {false, 0, 0}, again = {true, 0, 0};
    grid_run_topologies(samples, &once);
    grid_run_topologies(samples, &again);
}

static ce_status strings(ce_context *sc, void *arg)
{
    (void)arg;
    text_pair *pairs = test_text_pairs(TEST_ROWS, grid_seed());
    text_rate of_keys[TEST_KEYS];
    uint64_t want = 0;
    for (uint32_t i = 0; i < TEST_KEYS; i++) {
        of_keys[i] = (text_rate){test_text(i), i % 3 == 0};
    }
    for (uint32_t i = 0; i < TEST_ROWS; i++) {
        want += pairs[i].key.bytes % 3 == 0;
    }
    ce_result rows;
    ce_rdd *sampled =
        ce_sample_by_key(ce_parallelize(sc, text_pair, pairs, TEST_ROWS, 3), false, text_rate, of_keys, TEST_KEYS, 1);
    ce_status status = ce_collect(sampled, &rows);
    free(pairs);
    GRID_TRY(status);
    assert_int_equal(rows.count, want);
    for (uint64_t i = 0; i < rows.count; i++) {
        assert_int_equal(ce_result_rows(&rows, text_pair)[i].key.bytes % 3, 0);
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void rows_with_strings_are_whole(void **state)
{
    (void)state;
    grid_run(strings, NULL);
}

static ce_status sure(ce_context *sc, void *arg)
{
    (void)arg;
    static const rate sure_rates[] = {{0, 1}, {1, 0}, {2, 1}, {3, 1}, {4, 0}};
    ce_rdd *pairs = ce_map(ce_range(sc, 0, 10, 1, 2), by_remainder);
    return expect_parts(ce_sample_by_key(pairs, false, rate, sure_rates, KEYS, 1),
                        "[[(0,0),(2,2),(3,3)],[(0,5),(2,7),(3,8)]]");
}

static void rates_of_0_and_1_are_sure(void **state)
{
    (void)state;
    grid_run(sure, NULL);
}

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    static const char name[] = "sample_by_key";
    ce_rdd *pairs = ce_map(ce_range(sc, 0, 20, 1, 2), by_remainder), *by_key = ce_partition_by(pairs, 2);
    assert_true(ce_rdd_same_partitioner(ce_sample_by_key(by_key, false, rate, rates, KEYS, 1), by_key));
    assert_int_equal(ce_rdd_determinism(ce_sample_by_key(pairs, false, rate, rates, KEYS, 1)), CE_DETERMINATE);
    assert_int_equal(ce_rdd_determinism(ce_sample_by_key(by_key, false, rate, rates, KEYS, 1)), CE_INDETERMINATE);
    expect_failure(ce_sample_by_key(pairs, false, rate, rates, KEYS - 1, 1), CE_NOT_FOUND,
                   "sample_by_key: key not found: 4");
    expect_failure(ce_sample_by_key(pairs, false, rate, rates, 0, 1), CE_NOT_FOUND, "key not found: 0");
    expect_poisoned(ce_sample_by_key(pairs, true, rate, (&(rate){1, -0.5}), 1, 1), CE_INVALID, name,
                    "Negative sampling rates.");
    expect_poisoned(ce_sample_by_key(pairs, true, rate, (&(rate){1, NAN}), 1, 1), CE_INVALID, name,
                    "Negative sampling rates.");
    expect_poisoned(ce_sample_by_key(pairs, true, rate, (&(rate){1, INFINITY}), 1, 1), CE_INVALID, name,
                    "Sampling rates must be finite.");
    expect_poisoned(ce_sample_by_key(pairs, true, rate, ((rate[]){{1, 0}, {2, 1}, {1, 1}}), 3, 1), CE_INVALID, name,
                    "two sampling rates for the key 1");
    expect_poisoned(ce_sample_by_key(pairs, true, text_rate, NULL, 0, 1), CE_TYPE, name,
                    "needs rates pair(int64, double), has");
    expect_poisoned(ce_sample_by_key(numbers(sc, 3, 1), true, rate, rates, KEYS, 1), CE_TYPE, name,
                    "needs pair(K, V), has int64");
    expect_poisoned(ce_sample_by_key(NULL, true, rate, rates, KEYS, 1), CE_INVALID, "", "NULL");
    return CE_OK;
}

static void wrong_use_is_told_with_its_place(void **state)
{
    (void)state;
    expect_once(wrong, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_near_and_rows_the_same_on_every_topology),
        cmocka_unit_test(rows_with_strings_are_whole),
        cmocka_unit_test(rates_of_0_and_1_are_sure),
        cmocka_unit_test(wrong_use_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
