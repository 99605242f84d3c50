/*
 * zip_test.c: rows side by side from inputs whose batches differ in size, and inputs that do not fit together.
 */
#include "support/expect.h"
#include <stdio.h>

CE_PAIR(number_and_text, int64_t, ce_str);

static inline double plus_one(int64_t row)
{
    return (double)row + 1;
}
CE_MAP(plus_one, int64_t, double)

static inline bool not_third(int64_t row)
{
    return row % 3 != 0;
}
CE_FILTER(not_third, int64_t)

static inline void one_or_two(int64_t row, ce_emit *out)
{
    ce_emit_value(out, ce_str, ce_str_printf("number-%lld-in-words", (long long)row));
    if (row % 2 == 0) {
        ce_emit_value(out, ce_str, ce_str_printf("and-%lld-again", (long long)row));
    }
}
CE_FLAT_MAP(one_or_two, int64_t, ce_str)

static ce_status side_by_side(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *rows = numbers(sc, 4, 2);
    GRID_TRY(expect_golden(ce_zip(rows, ce_map(rows, plus_one)), "zip-ok"));
    GRID_TRY(expect_golden(ce_zip(numbers(sc, 0, 2), numbers(sc, 0, 2)), "zip-norows"));
    GRID_TRY(expect_golden(ce_zip(ce_empty(sc, int64_t), ce_empty(sc, int64_t)), "zip-empty"));
    return expect_parts(ce_zip(words(sc, 4, 2), ce_zip(words(sc, 4, 2), rows)),
                        "[[(1,(1,1)),(2,(2,2))],"
                        "[(a-word-of-many-letters-3,(a-word-of-many-letters-3,3)),(4,(4,4))]]");
}

static void rows_come_side_by_side(void **state)
{
    (void)state;
    grid_run(side_by_side, NULL);
}

/* 3 000 rows from a filter, which hands on odd numbers of rows, against a flat_map, which overfills its batches. */
static ce_status batches_differ(ce_context *sc, void *arg)
{
    (void)arg;
    ce_result pairs;
    ce_rdd *left = ce_filter(ce_range(sc, 0, 4500, 1, 1), not_third),
           *right = ce_flat_map(ce_range(sc, 0, 2000, 1, 1), one_or_two);
    GRID_TRY(ce_collect(ce_zip(left, right), &pairs));
    assert_int_equal(pairs.count, 3000);
    for (int64_t i = 0; i < 3000; i++) {
        const number_and_text *pair = &ce_result_rows(&pairs, number_and_text)[i];
        int64_t row = i / 3 * 2 + (i % 3 == 2);
        char text[64];
        snprintf(text, sizeof text, i % 3 == 1 ? "and-%lld-again" : "number-%lld-in-words", (long long)row);
        assert_int_equal(pair->key, i / 2 * 3 + 1 + i % 2);
        assert_true(ce_str_equal(pair->value, ce_str_of(text)));
    }
    ce_result_free(&pairs);
    return CE_OK;
}

static void inputs_may_give_batches_of_any_size(void **state)
{
    (void)state;
    grid_run_topologies(batches_differ, NULL);
}

static ce_status shuffled(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *one = ce_repartition(words(sc, 3, 1), 1), *other = ce_repartition(numbers(sc, 3, 1), 1);
    return expect_parts(ce_zip(one, other), "[[(1,1),(2,2),(a-word-of-many-letters-3,3)]]");
}

static void either_input_may_have_to_wait(void **state)
{
    (void)state;
    grid_run(shuffled, NULL);
}

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *rows = numbers(sc, 4, 2);
    expect_poisoned(ce_zip(rows, numbers(sc, 4, 1)), CE_INVALID, "zip",
                    "Can't zip RDDs with unequal numbers of partitions: List(2, 1)");
    expect_failure(ce_zip(rows, ce_zip_with_index(numbers(sc, 4, 1))), CE_INVALID,
                   "Can't zip RDDs with unequal numbers of partitions: List(2, 1)");
    expect_failure(ce_zip(rows, numbers(sc, 5, 2)), CE_INVALID,
                   "zip: Can only zip RDDs with same number of elements in each partition");
    expect_failure(ce_zip(numbers(sc, 5, 2), rows), CE_INVALID,
                   "zip: Can only zip RDDs with same number of elements in each partition");
    expect_failure(ce_zip(numbers(sc, 0, 2), rows), CE_INVALID, "Can only zip");
    expect_poisoned(ce_zip(rows, NULL), CE_INVALID, "zip", "NULL");
    expect_poisoned(ce_zip(NULL, NULL), CE_INVALID, "", "NULL");
    return CE_OK;
}

static void inputs_that_do_not_fit_together_are_told_with_the_place(void **state)
{
    (void)state;
    expect_once(wrong, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_side_by_side),
        cmocka_unit_test(inputs_may_give_batches_of_any_size),
        cmocka_unit_test(either_input_may_have_to_wait),
        cmocka_unit_test(inputs_that_do_not_fit_together_are_told_with_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
