/*
 * stats_test.c: statistics are Spark's to the last bit, merged in the order of the partitions, and close to the
 * textbook's.
 */
#include "support/rows.h"
#include <math.h>

/* The nine figures as the goldens have them. */
static void test_stats(const char *name, const ce_stats_result *stats)
{
    char text[512], number[64];
    const double numbers[] = {
        stats->mean,        stats->sum, stats->min, stats->max, stats->variance, stats->stdev, stats->sample_variance,
        stats->sample_stdev};
    size_t used = (size_t)snprintf(text, sizeof text, "[%llu", (unsigned long long)stats->count);
    for (int i = 0; i < 8; i++) {
        used +=
            (size_t)snprintf(text + used, sizeof text - used, ",%s", test_double(numbers[i], number, sizeof number));
    }
    snprintf(text + used, sizeof text - used, "]");
    test_golden("stats", name, text);
}

static inline bool not_negative(double row)
{
    return row >= 0;
}
CE_FILTER(not_negative, double)

static ce_status computes_goldens(ce_context *sc, void *arg)
{
    (void)arg;
    static const double four[] = {1, 2, 3, 4}, with_nan[] = {1, NAN, 3}, with_inf[] = {1, INFINITY},
                        big[] = {1e9, 1e9 + 1, 1e9 + 2}, negative[] = {-2.5, 0.0, 4.25},
                        mixed[] = {-1, -1, -1, -1, 2, 4, -1, -1};
    static const struct {
        const char *name;
        const double *values;
        uint32_t count, partitions;
    } cases[] = {{"none", four, 0, 1},    {"none3", four, 0, 3},   {"one", four, 1, 1},         {"one3", four, 1, 3},
                 {"four-p3", four, 4, 3}, {"four-p1", four, 4, 1}, {"four-p9", four, 4, 9},     {"nan", with_nan, 3, 2},
                 {"inf", with_inf, 2, 2}, {"big", big, 3, 1},      {"negative", negative, 3, 2}};
    ce_stats_result stats;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        GRID_TRY(ce_stats(ce_parallelize(sc, double, cases[i].values, cases[i].count, cases[i].partitions), &stats));
        test_stats(cases[i].name, &stats);
    }
    GRID_TRY(ce_stats(ce_filter(ce_parallelize(sc, double, mixed, 8, 8), not_negative), &stats));
    test_stats("empty-first", &stats);
    return CE_OK;
}

static void stats_answers_as_spark(void **state)
{
    (void)state;
    grid_run(computes_goldens, NULL);
}

static ce_status computes_nothing(ce_context *sc, void *arg)
{
    (void)arg;
    ce_stats_result stats;
    double mean, variance;
    ce_rdd *none = ce_parallelize(sc, double, (double[]){0}, 0, 3), *no_partitions = ce_empty(sc, double);
    GRID_TRY(ce_mean(none, &mean));
    assert_true(mean == 0.0);
    GRID_TRY(ce_variance(none, &variance));
    assert_true(isnan(variance));
    test_golden_error("stats-zeroparts-action", "");
    test_failed(ce_stats(no_partitions, &stats), CE_EMPTY, "stats: empty collection");
    test_golden_error("mean-zeroparts-action", "");
    test_failed(ce_mean(no_partitions, &mean), CE_EMPTY, "mean: empty collection");
    test_failed(ce_variance(no_partitions, &variance), CE_EMPTY, "variance: empty collection");
    test_failed(ce_stats(ce_empty(sc, ce_str), &stats), CE_TYPE, "stats: needs a number type, has str");
    return CE_OK;
}

static void without_partitions_there_are_none(void **state)
{
    (void)state;
    grid_run_topologies(computes_nothing, NULL);
}

static ce_status computes_random(ce_context *sc, void *arg)
{
    (void)arg;
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int round = 0; round < TEST_ROUNDS; round++) {
        test_numbers numbers = test_numbers_of(&random, 1000);
        ce_stats_result stats;
        double sum = 0, squares = 0;
        GRID_TRY(ce_stats(test_rdd(sc, &numbers), &stats));
        for (uint64_t i = 0; i < numbers.count; i++) {
            sum += (double)numbers.values[i];
        }
        for (uint64_t i = 0; i < numbers.count; i++) {
            double off = (double)numbers.values[i] - sum / (double)numbers.count;
            squares += off * off;
        }
        assert_int_equal(stats.count, numbers.count);
        assert_true(fabs(stats.sum - sum) <= 1e-9 * (1 + sum));
        if (numbers.count > 0) {
            assert_true(fabs(stats.variance - squares / (double)numbers.count) <= 1e-9 * (1 + stats.variance));
        }
    }
    return CE_OK;
}

static void integers_have_the_moments_of_the_textbook(void **state)
{
    (void)state;
    grid_run(computes_random, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stats_answers_as_spark),
        cmocka_unit_test(without_partitions_there_are_none),
        cmocka_unit_test(integers_have_the_moments_of_the_textbook),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
