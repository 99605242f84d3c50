/*
 * sample_by_key_exact_test.c: of each key exactly so many rows, every row with the same probability, over any
 * partitions.
 */
#include "support/expect.h"
#include "support/wide.h"
#include <math.h>

CE_PAIR(rate, int64_t, double);

static ce_status counts_are_exact(ce_context *sc, void *arg)
{
    bool with_replacement = *(const bool *)arg;
    cei_random random;
    cei_random_seed(&random, grid_seed());
    int_pair *pairs = test_int_pairs(TEST_ROWS, grid_seed());
    rate rates[TEST_KEYS];
    uint64_t rows_of[TEST_KEYS] = {0}, taken[TEST_KEYS] = {0};
    bool seen[TEST_ROWS] = {0};
    for (uint32_t i = 0; i < TEST_KEYS; i++) {
        rates[i] = (rate){(int64_t)i - TEST_KEYS / 2,
                          i % 5 ? cei_random_double(&random) * (with_replacement ? 3 : 1) : (double)(i % 2)};
    }
    for (uint32_t i = 0; i < TEST_ROWS; i++) {
        rows_of[pairs[i].key + TEST_KEYS / 2]++;
        pairs[i].value = i;
    }
    ce_result rows;
    ce_rdd *all = ce_parallelize(sc, int_pair, pairs, TEST_ROWS, 5);
    free(pairs);
    GRID_TRY(ce_collect(ce_sample_by_key_exact(all, with_replacement, rate, rates, TEST_KEYS, 3), &rows));
    for (uint64_t i = 0; i < rows.count; i++) {
        int_pair row = ce_result_rows(&rows, int_pair)[i];
        taken[row.key + TEST_KEYS / 2]++;
        assert_true(with_replacement || !seen[row.value]);
        seen[row.value] = true;
    }
    for (uint32_t i = 0; i < TEST_KEYS; i++) {
        assert_int_equal(taken[i], (uint64_t)ceil((double)rows_of[i] * rates[i].value));
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void every_key_gives_exactly_its_share(void **state)
{
    (void)state;
    bool once = false, again = true;
    grid_run(counts_are_exact, &once);
    grid_run(counts_are_exact, &again);
}

/* Partitions of very different size. */
static inline bool few_late(int64_t row)
{
    return row < 25 || row % 10 == 0;
}
CE_FILTER(few_late, int64_t)

static inline int_pair one_key(int64_t row)
{
    return (int_pair){1, row};
}
CE_MAP(one_key, int64_t, int_pair)

static ce_status all_alike(ce_context *sc, void *arg)
{
    (void)arg;
    enum { SEEDS = 600, LAST = 60 };
    static const rate third = {1, 0.3};
    for (int way = 0; way < 2; way++) {
        int times[LAST] = {0};
        uint64_t count = 0;
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            ce_result rows;
            ce_rdd *pairs = ce_map(ce_filter(ce_range(sc, 0, LAST, 1, 4), few_late), one_key);
            GRID_TRY(ce_collect(ce_sample_by_key_exact(pairs, way, rate, &third, 1, seed), &rows));
            assert_int_equal(rows.count, 9); /* of the 29 rows */
            for (uint64_t i = 0; i < rows.count; i++) {
                times[ce_result_rows(&rows, int_pair)[i].value]++;
            }
            count += rows.count;
            ce_result_free(&rows);
        }
        double expected = (double)count / 29;
        for (int i = 0; i < LAST; i++) {
            assert_true(few_late(i) ? fabs(times[i] - expected) < 5 * sqrt(expected) : times[i] == 0);
        }
    }
    return CE_OK;
}

static void every_row_has_the_same_chance(void **state)
{
    (void)state;
    expect_once(all_alike, NULL);
}

static ce_status edges(ce_context *sc, void *arg)
{
    (void)arg;
    static const rate half = {1, 0.5};
    ce_rdd *none = ce_map(ce_range(sc, 0, 0, 1, 2), one_key), *some = ce_map(ce_range(sc, 0, 5, 1, 2), one_key);
    ce_rdd *by_key = ce_partition_by(some, 2);
    GRID_TRY(expect_parts(ce_sample_by_key_exact(some, false, rate, (&(rate){1, 1}), 1, 1),
                          "[[(1,0),(1,1)],[(1,2),(1,3),(1,4)]]"));
    GRID_TRY(expect_count(ce_sample_by_key_exact(none, false, rate, &half, 1, 1), 0));
    GRID_TRY(expect_count(ce_sample_by_key_exact(ce_empty(sc, int_pair), true, rate, &half, 1, 1), 0));
    GRID_TRY(expect_count(ce_sample_by_key_exact(some, false, rate, &half, 1, 1), 3));
    GRID_TRY(expect_count(ce_sample_by_key_exact(by_key, false, rate, &half, 1, 1), 3));
    GRID_TRY(expect_count(ce_sample_by_key_exact(some, false, rate, (&(rate){1, 9}), 1, 1), 5));
    GRID_TRY(expect_count(ce_sample_by_key_exact(some, true, rate, (&(rate){1, 9}), 1, 1), 45));
    assert_true(ce_rdd_same_partitioner(ce_sample_by_key_exact(by_key, false, rate, &half, 1, 1), by_key));
    expect_failure(ce_sample_by_key_exact(some, false, rate, (&(rate){2, 1}), 1, 1), CE_NOT_FOUND, "key not found: 1");
    expect_poisoned(ce_sample_by_key_exact(some, false, rate, (&(rate){2, -1}), 1, 1), CE_INVALID,
                    "sample_by_key_exact", "Negative sampling rates.");
    return CE_OK;
}

static void edges_and_wrong_use(void **state)
{
    (void)state;
    expect_once(edges, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_gives_exactly_its_share),
        cmocka_unit_test(every_row_has_the_same_chance),
        cmocka_unit_test(edges_and_wrong_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
