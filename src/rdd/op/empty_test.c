/*
 * empty_test.c: no partitions, a type, and what operators over it give.
 */
#include "support/expect.h"

static inline int64_t same(int64_t row)
{
    return row;
}
CE_MAP(same, int64_t, int64_t)

static ce_status nothing(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *none = ce_empty(sc, int64_t);
    uint32_t count;
    assert_true(ce_rdd_status(none) != CE_OK || ce_type_equal(ce_rdd_type(none), CE_TYPE(int64_t)));
    GRID_TRY(ce_partition_count(none, &count));
    assert_int_equal(count, 0);
    GRID_TRY(expect_parts(none, "[]"));
    GRID_TRY(expect_count(none, 0));
    return expect_golden(ce_map(none, same), "map-times10-norows0");
}

static void there_are_no_partitions(void **state)
{
    (void)state;
    grid_run(nothing, NULL);
}

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    expect_poisoned(ce_empty_at(sc, NULL, CE_SITE), CE_TYPE, "empty", "it is NULL");
    expect_poisoned(ce_empty(NULL, int64_t), CE_INVALID, "", "NULL");
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
        cmocka_unit_test(there_are_no_partitions),
        cmocka_unit_test(wrong_use_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
