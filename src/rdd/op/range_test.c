/*
 * range_test.c: Spark's slices in both directions, the ends of 64 bits, and counting without making.
 */
#include "support/expect.h"

static ce_status slices(ce_context *sc, void *arg)
{
    (void)arg;
    GRID_TRY(expect_golden(ce_range(sc, 0, 10, 1, 3), "scrange-0-10-1-3"));
    GRID_TRY(expect_golden(ce_range(sc, 0, 10, 3, 2), "scrange-0-10-3-2"));
    GRID_TRY(expect_golden(ce_range(sc, 0, 10, 3, 4), "scrange-0-10-3-4"));
    GRID_TRY(expect_golden(ce_range(sc, 10, 0, -3, 3), "scrange-10-0-down3-3"));
    GRID_TRY(expect_golden(ce_range(sc, 1, 6, 2, 3), "scrange-1-6-2-3"));
    GRID_TRY(expect_golden(ce_range(sc, 0, 3, 1, 5), "scrange-0-3-1-5"));
    GRID_TRY(expect_golden(ce_range(sc, 5, 5, 1, 2), "scrange-5-5-1-2"));
    GRID_TRY(expect_golden(ce_range(sc, 5, 1, 1, 2), "scrange-5-1-1-2"));
    return expect_golden(ce_range(sc, 1, 5, -1, 2), "scrange-1-5-down1-2");
}

static void slices_are_as_in_spark(void **state)
{
    (void)state;
    grid_run(slices, NULL);
}

static ce_status ends(ce_context *sc, void *arg)
{
    (void)arg;
    GRID_TRY(expect_golden(ce_range(sc, INT64_MAX - 7, INT64_MAX, 3, 2), "scrange-longmax"));
    GRID_TRY(expect_golden(ce_range(sc, INT64_MIN + 8, INT64_MIN, -3, 2), "scrange-longmin-down"));
    GRID_TRY(expect_parts(ce_range(sc, INT64_MIN, INT64_MAX, INT64_MAX, 2),
                          "[[-9223372036854775808],[-1,9223372036854775806]]"));
    GRID_TRY(expect_parts(ce_range(sc, INT64_MAX, INT64_MIN, INT64_MIN, 1), "[[9223372036854775807,-1]]"));
    GRID_TRY(expect_count(ce_range(sc, INT64_MIN, INT64_MAX, 1, 3), UINT64_MAX));
    return expect_count(ce_range(sc, 1000000000000, 0, -1, 7), 1000000000000);
}

static void the_ends_of_64_bits_are_not_passed(void **state)
{
    (void)state;
    grid_run(ends, NULL);
}

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    uint32_t count;
    expect_poisoned(ce_range(sc, 0, 10, 0, 2), CE_INVALID, "range", "range: step cannot be 0");
    expect_poisoned(ce_range(sc, 0, 10, 1, (uint32_t)-1), CE_INVALID, "range",
                    "Positive number of partitions required");
    expect_poisoned(ce_range(NULL, 0, 10, 1, 2), CE_INVALID, "", "NULL");
    GRID_TRY(ce_partition_count(ce_range(sc, 0, 10, 1, 0), &count));
    assert_int_equal(count, ce_default_parallelism(sc));
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
        cmocka_unit_test(slices_are_as_in_spark),
        cmocka_unit_test(the_ends_of_64_bits_are_not_passed),
        cmocka_unit_test(wrong_use_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
