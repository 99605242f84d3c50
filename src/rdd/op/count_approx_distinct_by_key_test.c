/*
 * count_approx_distinct_by_key_test.c: each key's count is exact while it is small and near the truth when it is not,
 * and wrong use is told.
 */
#include "support/expect.h"
#include "support/wide.h"
#include <math.h>

enum { VALUES = 30 };

static ce_status counts_few(ce_context *sc, void *arg)
{
    (void)arg;
    text_pair *pairs = test_text_pairs(TEST_ROWS, grid_seed());
    uint64_t want[TEST_KEYS] = {0}, seen[TEST_KEYS] = {0}; /* keys are told by their length */
    for (uint32_t i = 0; i < TEST_ROWS; i++) {
        pairs[i].value %= VALUES;
        seen[pairs[i].key.bytes] |= 1ull << pairs[i].value;
        want[pairs[i].key.bytes] = (uint64_t)__builtin_popcountll(seen[pairs[i].key.bytes]);
    }
    ce_result counts;
    ce_status status = ce_collect(
        ce_count_approx_distinct_by_key_n(ce_parallelize(sc, text_pair, pairs, TEST_ROWS, 4), 0.05, 3), &counts);
    free(pairs);
    GRID_TRY(status);
    for (uint64_t i = 0; i < counts.count; i++) {
        const text_pair *row = &ce_result_rows(&counts, text_pair)[i];
        assert_int_equal(row->value, want[row->key.bytes]);
        want[row->key.bytes] = 0;
    }
    for (int key = 0; key < TEST_KEYS; key++) {
        assert_int_equal(want[key], 0);
    }
    ce_result_free(&counts);
    return CE_OK;
}

static void small_counts_are_exact(void **state)
{
    (void)state;
    grid_run(counts_few, NULL);
}

/* Key k has 10^k different values, many of them several times. */
static inline int_pair spread(int64_t row)
{
    int64_t key = row % 5, values = 1;
    for (int64_t i = 0; i < key; i++) {
        values *= 10;
    }
    return (int_pair){key, row / 5 % values};
}
CE_MAP(spread, int64_t, int_pair)

static ce_status counts_many(ce_context *sc, void *arg)
{
    static const double accuracies[] = {0.01, 0.05, 0.1};
    (void)arg;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    const int first = 1; /* the most accurate sketches are large, and a sanitizer is slow */
#else
    const int first = 0;
#endif
    for (int i = first; i < 3; i++) {
        ce_result counts;
        ce_rdd *rows = ce_map(ce_range(sc, 0, 100000, 1, 6), spread);
        rows = i == 1 ? ce_partition_by(rows, 2) : rows;
        ce_rdd *counted = ce_count_approx_distinct_by_key(rows, accuracies[i]);
        assert_true(i != 1 || ce_rdd_same_partitioner(counted, rows));
        GRID_TRY(ce_collect(counted, &counts));
        assert_int_equal(counts.count, 5);
        for (uint64_t j = 0; j < counts.count; j++) {
            int_pair row = ce_result_rows(&counts, int_pair)[j];
            assert_true(fabs((double)row.value / pow(10, (double)row.key) - 1) < 3 * accuracies[i]);
        }
        ce_result_free(&counts);
    }
    return CE_OK;
}

static void large_counts_are_near(void **state)
{
    (void)state;
    grid_run_topologies(counts_many, NULL);
}

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    static const char name[] = "count_approx_distinct_by_key";
    ce_rdd *rows = ce_map(ce_range(sc, 0, 10, 1, 2), spread);
    expect_poisoned(ce_count_approx_distinct_by_key(numbers(sc, 3, 1), 0.05), CE_TYPE, name,
                    "needs pair(K, V), has int64");
    expect_poisoned(ce_count_approx_distinct_by_key(rows, 0), CE_INVALID, name,
                    "accuracy (0) must be greater than 0.000017");
    expect_poisoned(ce_count_approx_distinct_by_key(rows, 0.00002), CE_UNSUPPORTED, name, "needs a sketch of 2^");
    expect_poisoned(ce_count_approx_distinct_by_key(NULL, 0.05), CE_INVALID, "", "NULL");
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
        cmocka_unit_test(small_counts_are_exact),
        cmocka_unit_test(large_counts_are_near),
        cmocka_unit_test(wrong_use_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
