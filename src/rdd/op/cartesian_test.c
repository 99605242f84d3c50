/*
 * cartesian_test.c: all pairs in the order of the left rows, then the right ones; the right side is computed once per
 * task.
 */
#include "support/expect.h"
#include <stdatomic.h>

CE_PAIR(two_numbers, int64_t, int64_t);

static ce_rdd *from(ce_context *sc, int64_t first, int64_t last, uint32_t partitions)
{
    return ce_range(sc, first, last + 1, 1, partitions);
}

static ce_status pairs(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *c = numbers(sc, 3, 2), *none = ce_empty(sc, int64_t);
    GRID_TRY(expect_golden(ce_cartesian(c, from(sc, 2, 4, 2)), "cartesian-rows"));
    GRID_TRY(expect_golden(ce_cartesian(c, from(sc, 2, 4, 3)), "cartesian-glom"));
    GRID_TRY(expect_golden(ce_cartesian(c, numbers(sc, 1, 1)), "cartesian-one"));
    GRID_TRY(expect_golden(ce_cartesian(c, none), "cartesian-empty-right"));
    GRID_TRY(expect_golden(ce_cartesian(none, c), "cartesian-empty-left"));
    GRID_TRY(expect_golden(ce_cartesian(c, numbers(sc, 0, 2)), "cartesian-norows"));
    GRID_TRY(expect_count(ce_cartesian(c, c), 9));
    return expect_parts(ce_cartesian(words(sc, 3, 1), ce_glom(words(sc, 3, 2))),
                        "[[(1,[1]),(2,[1]),(a-word-of-many-letters-3,[1])],"
                        "[(1,[2,a-word-of-many-letters-3]),(2,[2,a-word-of-many-letters-3]),"
                        "(a-word-of-many-letters-3,[2,a-word-of-many-letters-3])]]");
}

static void all_pairs_come_in_order(void **state)
{
    (void)state;
    grid_run(pairs, NULL);
}

static ce_status lists_of_lists(ce_context *sc, void *arg)
{
    (void)arg;
    return expect_parts(ce_cartesian(numbers(sc, 2, 1), ce_glom(ce_glom(words(sc, 3, 1)))),
                        "[[(1,[[1,2,a-word-of-many-letters-3]]),(2,[[1,2,a-word-of-many-letters-3]])]]");
}

static void rows_with_parts_of_parts_can_be_paired(void **state)
{
    (void)state;
    grid_run(lists_of_lists, NULL);
}

/* The right side fills more than one block. */
static ce_status large(ce_context *sc, void *arg)
{
    (void)arg;
    enum { RIGHT = 200000 };
    ce_result rows;
    GRID_TRY(ce_collect(ce_cartesian(numbers(sc, 3, 1), from(sc, 1, RIGHT, 1)), &rows));
    assert_int_equal(rows.count, 3 * RIGHT);
    for (int64_t i = 0; i < 3 * RIGHT; i++) {
        const two_numbers *pair = &ce_result_rows(&rows, two_numbers)[i];
        if (pair->key != i / RIGHT + 1 || pair->value != i % RIGHT + 1) {
            assert_int_equal(i, -1);
        }
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void the_right_side_may_be_larger_than_a_block(void **state)
{
    (void)state;
    grid_run_topologies(large, NULL);
}

static _Atomic(int) calls;

static inline int64_t counted(int64_t row)
{
    atomic_fetch_add(&calls, 1);
    return row;
}
CE_MAP(counted, int64_t, int64_t)

static ce_status once(ce_context *sc, void *arg)
{
    (void)arg;
    atomic_store(&calls, 0);
    GRID_TRY(expect_count(ce_cartesian(numbers(sc, 50, 1), ce_map(numbers(sc, 20, 1), counted)), 1000));
    assert_int_equal(atomic_load(&calls), 20);
    GRID_TRY(expect_count(ce_cartesian(numbers(sc, 0, 1), ce_map(numbers(sc, 20, 1), counted)), 0));
    assert_int_equal(atomic_load(&calls), 20);
    return CE_OK;
}

static void the_right_side_is_computed_once_and_only_when_needed(void **state)
{
    (void)state;
    expect_once(once, NULL);
}

static ce_status shuffled(ce_context *sc, void *arg)
{
    (void)arg;
    return expect_bags(ce_cartesian(ce_repartition(words(sc, 2, 1), 1), ce_repartition(numbers(sc, 2, 1), 1)),
                       "[[(1,1),(1,2),(2,1),(2,2)]]");
}

static void either_side_may_have_to_wait(void **state)
{
    (void)state;
    grid_run(shuffled, NULL);
}

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *wide = numbers(sc, 0, 65536);
    expect_failure(ce_cartesian(wide, wide), CE_INVALID,
                   "cartesian: 65536 x 65536 partitions are more than 2147483647");
    expect_poisoned(ce_cartesian(wide, NULL), CE_INVALID, "cartesian", "NULL");
    return CE_OK;
}

static void too_many_partitions_are_refused(void **state)
{
    (void)state;
    expect_once(wrong, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_pairs_come_in_order),
        cmocka_unit_test(rows_with_parts_of_parts_can_be_paired),
        cmocka_unit_test(the_right_side_may_be_larger_than_a_block),
        cmocka_unit_test(the_right_side_is_computed_once_and_only_when_needed),
        cmocka_unit_test(either_side_may_have_to_wait),
        cmocka_unit_test(too_many_partitions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
