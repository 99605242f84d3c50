/*
 * foreach_partition_test.c: foreach_partition calls the function once for every partition, empty ones too, and behind
 * a shuffle.
 */
#include "support/rows.h"
#include <stdatomic.h>

static _Atomic(int64_t) sum, calls;

static inline void add_rows(ce_rows *rows)
{
    int64_t row, of_partition = 0;
    while (ce_rows_next(rows, &row)) {
        of_partition += row;
    }
    atomic_fetch_add(&sum, of_partition);
    atomic_fetch_add(&calls, 1);
}
CE_FOREACH_PARTITION(add_rows, int64_t)

static inline void add_some(ce_rows *rows, const int64_t *limit)
{
    int64_t row;
    for (int64_t i = 0; i < *limit && ce_rows_next(rows, &row); i++) {
        atomic_fetch_add(&sum, row);
    }
}
CE_FOREACH_PARTITION_WITH(add_some, int64_t, int64_t)

static inline void fail_rows(ce_rows *rows)
{
    int64_t row;
    if (ce_rows_next(rows, &row)) {
        ce_fail("a row at all");
    }
}
CE_FOREACH_PARTITION(fail_rows, int64_t)

static ce_status visits(ce_context *sc, void *arg)
{
    (void)arg;
    for (int shape = 0; shape < TEST_SHAPES; shape++) {
        int64_t want;
        uint32_t partitions;
        ce_rdd *rows = test_shape(sc, shape);
        GRID_TRY(ce_sum_int64(rows, &want));
        GRID_TRY(ce_partition_count(rows, &partitions));
        sum = calls = 0;
        GRID_TRY(ce_foreach_partition(rows, add_rows));
        assert_int_equal(sum, want);
        assert_int_equal(calls, partitions);
    }
    const int64_t two = 2;
    sum = calls = 0;
    GRID_TRY(ce_foreach_partition_with(ce_range(sc, 1, 11, 1, 2), add_some, &two));
    assert_int_equal(sum, 1 + 2 + 6 + 7);
    sum = calls = 0;
    GRID_TRY(ce_foreach_partition(ce_repartition(ce_range(sc, 0, 3000, 1, 3), 4), add_rows));
    assert_int_equal(sum, 4498500);
    assert_int_equal(calls, 4);
    return CE_OK;
}

static void every_partition_is_visited_once(void **state)
{
    (void)state;
    grid_run(visits, NULL);
}

static ce_status visits_wrongly(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *rows = ce_range(sc, 0, 5, 1, 2);
    test_failed(ce_foreach_partition(rows, fail_rows), CE_USER, "a row at all");
    test_failed(ce_foreach_partition(rows, add_some), CE_INVALID, "foreach_partition: add_some needs an environment");
    test_failed(ce_foreach_partition(ce_empty(sc, double), add_rows), CE_TYPE, "add_rows takes int64, has double");
    test_failed(ce_foreach_partition(NULL, add_rows), CE_INVALID, "NULL");
    return CE_OK;
}

static void wrong_uses_and_failures_are_told(void **state)
{
    (void)state;
    grid_run_topologies(visits_wrongly, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_partition_is_visited_once),
        cmocka_unit_test(wrong_uses_and_failures_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
