/*
 * quantiles_by_key_test.c: each key's quantiles are those of its sorted values while they are few, near them when they
 * are many, and wrong use is told.
 */
#include "support/expect.h"
#include "support/wide.h"
#include <math.h>

CE_LIST(doubles, double);
CE_PAIR(int_answers, int64_t, doubles);
CE_PAIR(scored, int64_t, double);

static const double shares[] = {0, 0.3, 0.5, 0.99, 1};
enum { SHARES = sizeof shares / sizeof *shares };

static int by_value(const void *a, const void *b)
{
    int64_t x = ((const int_pair *)a)->value, y = ((const int_pair *)b)->value;
    return (x > y) - (x < y);
}

/* The value of a key at a rank from 0, and how many it has. */
static int64_t value_at(const int_pair *sorted, int64_t key, uint64_t rank, uint64_t *count)
{
    int64_t found = 0;
    *count = 0;
    for (uint32_t i = 0; i < TEST_ROWS; i++) {
        if (sorted[i].key == key && (*count)++ == rank) {
            found = sorted[i].value;
        }
    }
    return found;
}

static ce_status of_few(ce_context *sc, void *arg)
{
    (void)arg;
    int_pair *pairs = test_int_pairs(TEST_ROWS, grid_seed());
    ce_result answers;
    ce_rdd *rows = ce_parallelize(sc, int_pair, pairs, TEST_ROWS, 4);
    ce_status status = ce_collect(ce_quantiles_by_key_n(rows, shares, SHARES, 3), &answers);
    qsort(pairs, TEST_ROWS, sizeof *pairs, by_value);
    for (uint64_t i = 0; status == CE_OK && i < answers.count; i++) {
        const int_answers *row = &ce_result_rows(&answers, int_answers)[i];
        assert_int_equal(row->value.count, SHARES);
        for (int j = 0; j < SHARES; j++) {
            uint64_t count;
            value_at(pairs, row->key, 0, &count);
            double at = ceil(shares[j] * (double)count);
            assert_true(row->value.at[j] == (double)value_at(pairs, row->key, at > 0 ? (uint64_t)at - 1 : 0, &count));
        }
    }
    assert_true(status != CE_OK || answers.count == TEST_KEYS);
    free(pairs);
    ce_result_free(&answers);
    return status;
}

static void few_values_are_exact(void **state)
{
    (void)state;
    grid_run(of_few, NULL);
}

/* Key k has the numbers 0 to 1, k times over; key 0 has only NaN. */
static inline scored spread(int64_t row)
{
    return (scored){row % 3, row % 3 ? (double)(row * 7919 % 60000) / 60000 : (double)NAN};
}
CE_MAP(spread, int64_t, scored)

static ce_status of_many(ce_context *sc, void *arg)
{
    (void)arg;
    ce_result answers;
    GRID_TRY(ce_collect(ce_quantiles_by_key(ce_map(ce_range(sc, 0, 60000, 1, 4), spread), shares, SHARES), &answers));
    assert_int_equal(answers.count, 3);
    for (uint64_t i = 0; i < answers.count; i++) {
        const int_answers *row = &ce_result_rows(&answers, int_answers)[i];
        for (int j = 0; j < SHARES; j++) {
            assert_true(row->key == 0 ? isnan(row->value.at[j]) : fabs(row->value.at[j] - shares[j]) < 0.03);
        }
    }
    ce_result_free(&answers);
    return CE_OK;
}

static void many_values_are_near(void **state)
{
    (void)state;
    grid_run_topologies(of_many, NULL);
}

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    static const text_text pair = {{"a", 1}, {"b", 1}};
    ce_rdd *rows = ce_map(ce_range(sc, 0, 10, 1, 2), spread), *texts = ce_parallelize(sc, text_text, &pair, 1, 1);
    expect_poisoned(ce_quantiles_by_key(numbers(sc, 3, 1), shares, 1), CE_TYPE, "quantiles_by_key",
                    "needs pair(K, V), has int64");
    expect_poisoned(ce_quantiles_by_key(texts, shares, 1), CE_TYPE, "quantiles_by_key",
                    "needs pair(K, number), has pair(str, str)");
    expect_poisoned(ce_quantiles_by_key(rows, (double[]){-1}, 1), CE_INVALID, "quantiles_by_key",
                    "probability -1 must be in [0, 1]");
    expect_poisoned(ce_quantiles_by_key(rows, NULL, 1), CE_INVALID, "quantiles_by_key", "there are no probabilities");
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
        cmocka_unit_test(few_values_are_exact),
        cmocka_unit_test(many_values_are_near),
        cmocka_unit_test(wrong_use_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
