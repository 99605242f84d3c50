/*
 * quantiles_test.c: quantiles of few rows are those of the sorted rows, of many near them, and the same on every
 * topology.
 */
#include "support/expect.h"
#include "support/rows.h"
#include <math.h>

static const double shares[] = {0, 0.01, 0.25, 0.5, 0.9, 1};
enum { SHARES = sizeof shares / sizeof *shares };

static ce_status of_few(ce_context *sc, void *arg)
{
    (void)arg;
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int round = 0; round < TEST_ROUNDS; round++) {
        double got[SHARES];
        test_numbers numbers = test_numbers_of(&random, 100);
        ce_status status = ce_quantiles(test_rdd(sc, &numbers), shares, SHARES, got);
        if (numbers.count == 0 && status != CE_MEMORY) {
            test_failed(status, CE_EMPTY, "quantiles: empty collection");
            continue;
        }
        GRID_TRY(status);
        qsort(numbers.values, numbers.count, sizeof *numbers.values, test_by_value);
        for (int i = 0; i < SHARES; i++) {
            double at = ceil(shares[i] * (double)numbers.count);
            assert_true(got[i] == (double)numbers.values[at > 0 ? (int)at - 1 : 0]);
        }
    }
    return CE_OK;
}

static void few_rows_are_exact(void **state)
{
    (void)state;
    grid_run(of_few, NULL);
}

static inline double scattered(int64_t row)
{
    return row % 100 == 7 ? (double)NAN : (double)(row * 7919 % 100003) / 100003;
}
CE_MAP(scattered, int64_t, double)

static ce_status of_many(ce_context *sc, void *arg)
{
    double *first = arg, got[SHARES];
    GRID_TRY(ce_quantiles(ce_map(ce_range(sc, 0, 100003, 1, 7), scattered), shares, SHARES, got));
    for (int i = 0; i < SHARES; i++) {
        assert_true(fabs(got[i] - shares[i]) < 0.02);
        first[i] = isnan(first[i]) ? got[i] : first[i];
        assert_true(first[i] == got[i]);
    }
    return CE_OK;
}

static void many_rows_are_near_and_the_same_everywhere(void **state)
{
    (void)state;
    double first[SHARES] = {NAN, NAN, NAN, NAN, NAN, NAN};
    grid_run_topologies(of_many, first);
}

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    double got = 5;
    static const double nan_only = NAN;
    ce_rdd *rows = numbers(sc, 10, 2);
    test_failed(ce_quantiles(ce_empty(sc, int64_t), shares, 1, &got), CE_EMPTY, "quantiles: empty collection");
    assert_true(isnan(got));
    test_failed(ce_quantiles(ce_parallelize(sc, double, &nan_only, 1, 1), shares, 1, &got), CE_EMPTY,
                "empty collection");
    test_failed(ce_quantiles(rows, (double[]){1.5}, 1, &got), CE_INVALID,
                "quantiles: probability 1.5 must be in [0, 1]");
    test_failed(ce_quantiles(rows, (double[]){NAN}, 1, &got), CE_INVALID, "probability nan must be in [0, 1]");
    test_failed(ce_quantiles(rows, shares, 0, &got), CE_INVALID, "there are no probabilities");
    test_failed(ce_quantiles(words(sc, 3, 1), shares, 1, &got), CE_TYPE, "needs a number type, has str");
    return CE_OK;
}

static void wrong_use_is_told(void **state)
{
    (void)state;
    expect_once(wrong, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_rows_are_exact),
        cmocka_unit_test(many_rows_are_near_and_the_same_everywhere),
        cmocka_unit_test(wrong_use_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
