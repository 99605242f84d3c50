/*
 * glom_test.c: one list per partition, empty ones too, of rows with and without strings.
 */
#include "support/expect.h"

static ce_status lists(ce_context *sc, void *arg)
{
    (void)arg;
    GRID_TRY(expect_golden(ce_glom(numbers(sc, 4, 2)), "basic-glom"));
    GRID_TRY(expect_parts(ce_glom(numbers(sc, 1, 3)), "[[[]],[[]],[[1]]]"));
    GRID_TRY(expect_parts(ce_glom(ce_empty(sc, int64_t)), "[]"));
    GRID_TRY(expect_parts(ce_glom(words(sc, 4, 2)), "[[[1,2]],[[a-word-of-many-letters-3,4]]]"));
    return expect_parts(ce_glom(ce_glom(words(sc, 4, 2))), "[[[[1,2]]],[[[a-word-of-many-letters-3,4]]]]");
}

static void a_partition_becomes_a_list(void **state)
{
    (void)state;
    grid_run(lists, NULL);
}

static ce_status large(ce_context *sc, void *arg)
{
    (void)arg;
    ce_result rows;
    GRID_TRY(ce_collect(ce_glom(ce_range(sc, 0, 20000, 1, 2)), &rows));
    assert_int_equal(rows.count, 2);
    for (int64_t i = 0; i < 20000; i++) {
        const ce_list *list = &ce_result_rows(&rows, ce_list)[i / 10000];
        assert_int_equal(list->count, 10000);
        assert_int_equal(((const int64_t *)list->at)[i % 10000], i);
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void a_long_partition_becomes_a_long_list(void **state)
{
    (void)state;
    grid_run(large, NULL);
}

static ce_status shuffled(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *one = ce_repartition(words(sc, 3, 1), 1);
    return expect_parts(ce_glom(one), "[[[1,2,a-word-of-many-letters-3]]]");
}

static void a_list_waits_for_all_of_a_shuffled_input(void **state)
{
    (void)state;
    grid_run(shuffled, NULL);
}

static void no_input_is_wrong_use(void **state)
{
    (void)state;
    expect_poisoned(ce_glom(NULL), CE_INVALID, "", "NULL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_partition_becomes_a_list),
        cmocka_unit_test(a_long_partition_becomes_a_long_list),
        cmocka_unit_test(a_list_waits_for_all_of_a_shuffled_input),
        cmocka_unit_test(no_input_is_wrong_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
