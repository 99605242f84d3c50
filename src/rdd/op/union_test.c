/*
 * union_test.c: partitions in order, those of RDDs without any left out, and the partitioner that all share.
 */
#include "support/expect.h"

CE_PAIR(numbered, int64_t, int64_t);

static inline int64_t same(int64_t row)
{
    return row;
}
CE_MAP(same, int64_t, int64_t)

static inline numbered twice(int64_t row)
{
    return (numbered){row, row};
}
CE_MAP(twice, int64_t, numbered)

static ce_rdd *four(ce_context *sc)
{
    return ce_parallelize(sc, int64_t, &(int64_t){4}, 1, 3);
}

static ce_status rows_in_order(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *a = numbers(sc, 3, 2), *none = ce_empty(sc, int64_t);
    GRID_TRY(expect_golden(ce_union(a, four(sc)), "union-glom"));
    GRID_TRY(expect_golden(ce_union(a, a), "union-self"));
    GRID_TRY(expect_golden(ce_union(a, none), "union-empty-right"));
    GRID_TRY(expect_golden(ce_union(none, a), "union-empty-left"));
    GRID_TRY(expect_parts(ce_union(none, none), "[]"));
    GRID_TRY(expect_golden(ce_union(a, numbers(sc, 0, 2)), "union-norows-right"));
    GRID_TRY(expect_count(ce_union(ce_map(a, same), a), 6));
    ce_rdd *all[] = {a, four(sc), none, a};
    GRID_TRY(expect_parts(ce_union_all(all, 4), "[[1],[2,3],[],[],[4],[1],[2,3]]"));
    return expect_parts(ce_union_all(all, 1), "[[1],[2,3]]");
}

static void partitions_come_one_rdd_after_the_other(void **state)
{
    (void)state;
    grid_run(rows_in_order, NULL);
}

static ce_status joined(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *pairs = ce_partition_by(ce_map(numbers(sc, 4, 2), twice), 1), *none = ce_empty(sc, numbered);
    ce_rdd *both = ce_union(pairs, pairs), *with_none = ce_union(none, ce_union(pairs, none));
    GRID_TRY(expect_bags(both, "[[(1,1),(1,1),(2,2),(2,2),(3,3),(3,3),(4,4),(4,4)]]"));
    GRID_TRY(expect_count(both, 8));
    GRID_TRY(expect_bags(with_none, "[[(1,1),(2,2),(3,3),(4,4)]]"));
    ce_rdd *three = ce_partition_by(pairs, 3);
    GRID_TRY(expect_count(ce_union(three, three), 8));
    return expect_count(ce_union(three, ce_map(numbers(sc, 4, 2), twice)), 8);
}

static void rows_of_equal_partitioners_meet(void **state)
{
    (void)state;
    grid_run(joined, NULL);
}

static ce_status partitioned(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *plain = ce_map(numbers(sc, 4, 2), twice), *none = ce_empty(sc, numbered);
    ce_rdd *pairs = ce_partition_by(plain, 1), *three = ce_partition_by(plain, 3);
    uint32_t count;
    assert_true(ce_rdd_same_partitioner(ce_union(three, three), three));
    GRID_TRY(ce_partition_count(ce_union(three, three), &count));
    assert_int_equal(count, 3);
    assert_true(ce_rdd_same_partitioner(ce_union(none, ce_union(three, none)), three));
    assert_false(ce_rdd_has_partitioner(ce_union(three, pairs)));
    GRID_TRY(ce_partition_count(ce_union(three, pairs), &count));
    assert_int_equal(count, 4);
    assert_false(ce_rdd_has_partitioner(ce_union(three, plain)));
    assert_false(ce_rdd_has_partitioner(ce_union(plain, three)));
    return CE_OK;
}

static void one_partitioner_of_all_is_kept(void **state)
{
    (void)state;
    expect_once(partitioned, NULL);
}

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *a = numbers(sc, 3, 2);
    expect_poisoned(ce_union(a, words(sc, 3, 2)), CE_TYPE, "union", "needs RDDs of one type, has int64 and str");
    expect_poisoned(ce_union(a, NULL), CE_INVALID, "union", "NULL");
    expect_poisoned(ce_union_all(NULL, 2), CE_INVALID, "", "NULL");
    assert_int_not_equal(ce_rdd_status(ce_union_all(NULL, 0)), CE_OK);
    ce_rdd *wide = numbers(sc, 0, INT32_MAX);
    expect_failure(ce_union(wide, a), CE_INVALID, "partitions are more than 2147483647");
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
        cmocka_unit_test(partitions_come_one_rdd_after_the_other),
        cmocka_unit_test(rows_of_equal_partitioners_meet),
        cmocka_unit_test(one_partitioner_of_all_is_kept),
        cmocka_unit_test(wrong_use_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
