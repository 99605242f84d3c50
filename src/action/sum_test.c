/*
 * sum_test.c: sums are those of a loop, partition by partition; integers are exact, and what does not fit is told.
 */
#include "support/rows.h"
#include <math.h>

static inline double as_double(int64_t row)
{
    return (double)row;
}
CE_MAP(as_double, int64_t, double)

static ce_status sums_goldens(ce_context *sc, void *arg)
{
    (void)arg;
    static const double four[] = {1, 2, 3, 4}, with_nan[] = {1, NAN, 3}, with_inf[] = {1, INFINITY},
                        big[] = {1e9, 1e9 + 1, 1e9 + 2}, negative[] = {-2.5, 0.0, 4.25};
    static const struct {
        const char *name;
        const double *values;
        uint32_t count, partitions;
    } cases[] = {{"none", four, 0, 1},    {"none3", four, 0, 3},   {"one", four, 1, 1},         {"one3", four, 1, 3},
                 {"four-p3", four, 4, 3}, {"four-p1", four, 4, 1}, {"four-p9", four, 4, 9},     {"nan", with_nan, 3, 2},
                 {"inf", with_inf, 2, 2}, {"big", big, 3, 1},      {"negative", negative, 3, 2}};
    double sum;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        GRID_TRY(ce_sum(ce_parallelize(sc, double, cases[i].values, cases[i].count, cases[i].partitions), &sum));
        char text[64], name[64];
        snprintf(name, sizeof name, "sum-%s", cases[i].name);
        test_golden(name, "", test_double(sum, text, sizeof text));
    }
    GRID_TRY(ce_sum(ce_empty(sc, double), &sum));
    assert_true(sum == 0.0);
    GRID_TRY(ce_sum(ce_map(ce_range(sc, 1, 11, 1, 3), as_double), &sum));
    assert_true(sum == 55.0);
    return CE_OK;
}

static void sum_answers_as_spark(void **state)
{
    (void)state;
    grid_run(sums_goldens, NULL);
}

static ce_status sums_integers(ce_context *sc, void *arg)
{
    (void)arg;
    static const int64_t edges[] = {INT64_MAX, INT64_MAX, INT64_MIN, INT64_MIN, 5};
    static const uint64_t large[] = {UINT64_MAX, 1};
    static const uint8_t small[] = {200, 100, 255};
    static const int8_t negative[] = {-128, -1, 3};
    int64_t sum;
    GRID_TRY(ce_sum_int64(ce_parallelize(sc, int64_t, edges, 5, 3), &sum));
    assert_int_equal(sum, 3);
    GRID_TRY(ce_sum_int64(ce_parallelize(sc, uint8_t, small, 3, 2), &sum));
    assert_int_equal(sum, 555);
    GRID_TRY(ce_sum_int64(ce_parallelize(sc, int8_t, negative, 3, 2), &sum));
    assert_int_equal(sum, -126);
    GRID_TRY(ce_sum_int64(ce_range(sc, 0, 100000, 1, 7), &sum));
    assert_int_equal(sum, 4999950000);
    GRID_TRY(ce_sum_int64(ce_parallelize(sc, int64_t, edges + 2, 0, 3), &sum));
    assert_int_equal(sum, 0);
    ce_status status = ce_sum_int64(ce_parallelize(sc, uint64_t, large, 2, 2), &sum);
    if (status != CE_MEMORY) {
        test_failed(status, CE_INVALID, "sum_int64: the sum does not fit");
    }
    assert_int_equal(sum, 0);
    return status == CE_MEMORY ? status : CE_OK;
}

static void integers_are_exact_or_refused(void **state)
{
    (void)state;
    grid_run(sums_integers, NULL);
}

static ce_status sums_no_numbers(ce_context *sc, void *arg)
{
    (void)arg;
    double sum;
    int64_t whole;
    test_failed(ce_sum(ce_empty(sc, ce_str), &sum), CE_TYPE, "sum: needs a number type, has str");
    test_failed(ce_sum(ce_empty(sc, bool), &sum), CE_TYPE, "sum: needs a number type, has bool");
    test_failed(ce_sum_int64(ce_empty(sc, double), &whole), CE_TYPE, "sum_int64: needs an integer type, has double");
    test_failed(ce_sum_int64(ce_empty(sc, test_pair), &whole), CE_TYPE, "sum_int64: needs an integer type");
    test_failed(ce_sum(NULL, &sum), CE_INVALID, "NULL");
    return CE_OK;
}

static void only_numbers_have_sums(void **state)
{
    (void)state;
    grid_run_topologies(sums_no_numbers, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sum_answers_as_spark),
        cmocka_unit_test(integers_are_exact_or_refused),
        cmocka_unit_test(only_numbers_have_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
