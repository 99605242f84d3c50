/*
 * zip_with_unique_id_test.c: row j of partition k of n gets j * n + k.
 */
#include "support/expect.h"

static ce_status numbered(ce_context *sc, void *arg)
{
    (void)arg;
    GRID_TRY(expect_golden(ce_zip_with_unique_id(ce_range(sc, 0, 10, 1, 3)), "zipwithuniqueid-0to9"));
    GRID_TRY(expect_golden(ce_zip_with_unique_id(numbers(sc, 10, 3)), "zipwithuniqueid-many"));
    GRID_TRY(expect_golden(ce_zip_with_unique_id(numbers(sc, 2, 5)), "zipwithuniqueid-few"));
    GRID_TRY(expect_golden(ce_zip_with_unique_id(ce_empty(sc, int64_t)), "zipwithuniqueid-norows0"));
    GRID_TRY(expect_parts(ce_zip_with_unique_id(words(sc, 3, 2)), "[[(1,0)],[(2,1),(a-word-of-many-letters-3,3)]]"));
    GRID_TRY(expect_count(ce_zip_with_unique_id(words(sc, 3, 2)), 3));
    return expect_parts(ce_zip_with_unique_id(ce_repartition(words(sc, 2, 1), 1)), "[[(1,0),(2,1)]]");
}

static void rows_get_numbers_without_counting(void **state)
{
    (void)state;
    grid_run(numbered, NULL);
}

static void no_input_is_wrong_use(void **state)
{
    (void)state;
    expect_poisoned(ce_zip_with_unique_id(NULL), CE_INVALID, "", "NULL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_get_numbers_without_counting),
        cmocka_unit_test(no_input_is_wrong_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
