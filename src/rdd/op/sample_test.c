/*
 * sample_test.c: how many rows are chosen and how often, that the choice does not depend on batches, and wrong
 * fractions.
 */
#include "support/expect.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 20000 };

/* One row of the grid is one way to sample. */
struct way {
    bool with_replacement;
    double fraction;
    int64_t first_run[64]; /* rows of the first topology, which all others must give */
    uint64_t first_count;
};

static ce_status same_rows(ce_context *sc, void *arg)
{
    struct way *way = arg;
    ce_result rows;
    GRID_TRY(
        ce_collect(ce_sample(ce_range(sc, 0, ROWS, 1, 3), way->with_replacement, way->fraction, grid_seed()), &rows));
    const int64_t *at = ce_result_rows(&rows, int64_t);
    for (uint64_t i = 1; i < rows.count; i++) {
        assert_true(way->with_replacement ? at[i - 1] <= at[i] : at[i - 1] < at[i]);
    }
    /* Both variances are at most that of the Poisson distribution: five standard deviations. */
    double expected = ROWS * way->fraction;
    assert_true(fabs((double)rows.count - expected) <= 5 * sqrt(expected) + 1);
    uint64_t kept = rows.count < 64 ? rows.count : 64;
    if (!way->first_count) {
        way->first_count = rows.count;
        memcpy(way->first_run, at, kept * sizeof *at);
    }
    assert_int_equal(rows.count, way->first_count);
    if (kept) {
        assert_memory_equal(at, way->first_run, kept * sizeof *at);
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void sizes_are_near_and_rows_the_same_on_every_topology(void **state)
{
    (void)state;
    static const double fractions[] = {0.001, 0.01, 0.4, 0.41, 0.9, 2.5};
    for (size_t i = 0; i < 2 * sizeof fractions / sizeof *fractions; i++) {
        struct way way = {.with_replacement = i % 2, .fraction = fractions[i / 2]};
        if (way.with_replacement || way.fraction <= 1) {
            grid_run_topologies(same_rows, &way);
        }
    }
}

/* How often rows are chosen k times with replacement is Poisson's law, in both ways to draw. */
static ce_status poisson(ce_context *sc, void *arg)
{
    double fraction = *(const double *)arg;
    ce_result rows;
    GRID_TRY(ce_collect(ce_sample(ce_range(sc, 0, ROWS, 1, 2), true, fraction, grid_seed()), &rows));
    int *times = calloc(ROWS, sizeof *times);
    assert_non_null(times);
    for (uint64_t i = 0; i < rows.count; i++) {
        times[ce_result_rows(&rows, int64_t)[i]]++;
    }
    ce_result_free(&rows);
    double probability = exp(-fraction);
    for (int k = 0; k < 4; k++, probability *= fraction / k) {
        int seen = 0;
        for (int i = 0; i < ROWS; i++) {
            seen += times[i] == k;
        }
        double expected = ROWS * probability;
        assert_true(fabs(seen - expected) <= 5 * sqrt(expected) + 1);
    }
    free(times);
    return CE_OK;
}

static void rows_are_repeated_as_poisson_says(void **state)
{
    (void)state;
    double few = 0.3, many = 1.5;
    expect_once(poisson, &few);
    expect_once(poisson, &many);
}

static ce_status edges(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *rows = numbers(sc, 10, 2);
    GRID_TRY(expect_golden(ce_sample(rows, false, 0, 1), "sample-0"));
    GRID_TRY(expect_golden(ce_sample(rows, false, 1, 1), "sample-1"));
    GRID_TRY(expect_parts(ce_sample(rows, true, 0, 1), "[[],[]]"));
    GRID_TRY(expect_parts(ce_sample(rows, true, 1e-300, 1), "[[],[]]"));
    GRID_TRY(expect_parts(ce_sample(rows, false, 1e-300, 1), "[[],[]]"));
    return expect_parts(ce_sample(rows, false, 1 + 5e-7, 1), "[[1,2,3,4,5],[6,7,8,9,10]]");
}

static void nothing_and_everything_are_fractions_too(void **state)
{
    (void)state;
    grid_run(edges, NULL);
}

static ce_status strings(ce_context *sc, void *arg)
{
    static const double fractions[] = {0.3, 0.7, 3};
    (void)arg;
    for (int i = 0; i < 5; i++) {
        ce_result rows;
        GRID_TRY(ce_collect(ce_sample(words(sc, 60, 2), i > 1, fractions[i % 3 > 1 && i < 2 ? 0 : i % 3], 7), &rows));
        for (uint64_t j = 0; j < rows.count; j++) {
            ce_str row = ce_result_rows(&rows, ce_str)[j];
            int64_t number;
            ce_str digits = row.bytes > 2 ? (ce_str){row.at + 23, row.bytes - 23} : row;
            assert_true(ce_str_to_int64(digits, &number) && number >= 1 && number <= 60);
        }
        ce_result_free(&rows);
    }
    return CE_OK;
}

static void rows_with_strings_are_whole(void **state)
{
    (void)state;
    grid_run(strings, NULL);
}

CE_PAIR(numbered, int64_t, int64_t);

static inline numbered twice(int64_t row)
{
    return (numbered){row, row};
}
CE_MAP(twice, int64_t, numbered)

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *rows = numbers(sc, 10, 2), *pairs = ce_partition_by(ce_map(rows, twice), 2);
    assert_true(ce_rdd_same_partitioner(ce_sample(pairs, false, 0.5, 1), pairs));
    assert_int_equal(ce_rdd_determinism(ce_sample(rows, false, 0.5, 1)), CE_DETERMINATE);
    assert_int_equal(ce_rdd_determinism(ce_sample(pairs, false, 0.5, 1)), CE_INDETERMINATE);
    expect_poisoned(ce_sample(rows, false, -1, 1), CE_INVALID, "sample",
                    "sample: Fraction must be nonnegative, but got -1.0");
    expect_poisoned(ce_sample(rows, false, NAN, 1), CE_INVALID, "sample", "Fraction must be nonnegative, but got nan");
    expect_poisoned(ce_sample(rows, false, 1.5, 1), CE_INVALID, "sample",
                    "Sampling fraction (1.5) must be on interval [0, 1]");
    expect_poisoned(ce_sample(rows, true, INFINITY, 1), CE_INVALID, "sample", "Fraction must be finite, but got inf");
    expect_poisoned(ce_sample(NULL, true, 1, 1), CE_INVALID, "", "NULL");
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
        cmocka_unit_test(sizes_are_near_and_rows_the_same_on_every_topology),
        cmocka_unit_test(rows_are_repeated_as_poisson_says),
        cmocka_unit_test(nothing_and_everything_are_fractions_too),
        cmocka_unit_test(rows_with_strings_are_whole),
        cmocka_unit_test(wrong_use_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
