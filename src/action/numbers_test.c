/*
 * numbers_test.c: every number type is read as the double that a cast gives.
 */
#include "action/numbers.h"
#include "data/value.h"
#include "support/rows.h"

static void rows_are_converted_as_one_by_one(void **state)
{
    (void)state;
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int kind = CE_KIND_INT8; kind <= CE_KIND_FLOAT64; kind++) {
        const ce_type *type = cei_type_builtin((ce_kind)kind);
        uint64_t bits[CEI_NUMBERS_AT_ONCE];
        double room[CEI_NUMBERS_AT_ONCE];
        for (uint32_t i = 0; i < CEI_NUMBERS_AT_ONCE; i++) {
            bits[i] = cei_random_next(&random);
        }
        const char *rows = (const char *)bits;
        const double *got = cei_numbers(type, rows, CEI_NUMBERS_AT_ONCE, room);
        assert_true(kind == CE_KIND_FLOAT64 ? (const char *)got == rows : got == room);
        for (uint32_t i = 0; i < CEI_NUMBERS_AT_ONCE; i++) {
            double want = cei_number_double(type, rows + (size_t)i * type->bytes);
            assert_true(got[i] == want || (got[i] != got[i] && want != want));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_converted_as_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
