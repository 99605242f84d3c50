/*
 * foreach_test.c: foreach calls the function for every row, with its environment.
 */
#include "support/rows.h"
#include <stdatomic.h>

static _Atomic(int64_t) sum, calls;

static inline void add_row(int64_t row)
{
    atomic_fetch_add(&sum, row);
    atomic_fetch_add(&calls, 1);
}
CE_FOREACH(add_row, int64_t)

static inline void add_times(int64_t row, const int64_t *factor)
{
    atomic_fetch_add(&sum, row * *factor);
}
CE_FOREACH_WITH(add_times, int64_t, int64_t)

static inline void add_bytes(ce_str row, const ce_str *tail)
{
    ce_str both = test_concat(row, *tail);
    atomic_fetch_add(&sum, both.bytes);
}
CE_FOREACH_WITH(add_bytes, ce_str, ce_str)

static inline void fail_row(int64_t row)
{
    if (row == 3) {
        ce_fail("row three");
    }
}
CE_FOREACH(fail_row, int64_t)

static ce_status visits(ce_context *sc, void *arg)
{
    (void)arg;
    const int64_t three = 3;
    const ce_str tail = {"!!", 2};
    ce_str words[] = {ce_str_of("a"), ce_str_of(""), ce_str_of("ccc")};
    sum = calls = 0;
    GRID_TRY(ce_foreach(ce_range(sc, 0, 5000, 1, 3), add_row));
    assert_int_equal(sum, 12497500);
    assert_int_equal(calls, 5000);
    sum = 0;
    GRID_TRY(ce_foreach_with(ce_range(sc, 1, 11, 1, 4), add_times, &three));
    assert_int_equal(sum, 165);
    sum = 0;
    GRID_TRY(ce_foreach_with(ce_parallelize(sc, ce_str, words, 3, 2), add_bytes, &tail));
    assert_int_equal(sum, 10);
    sum = 0;
    GRID_TRY(ce_foreach(ce_empty(sc, int64_t), add_row));
    assert_int_equal(sum, 0);
    return CE_OK;
}

static void every_row_is_visited_once(void **state)
{
    (void)state;
    grid_run(visits, NULL);
}

static ce_status visits_wrongly(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *rows = ce_range(sc, 0, 5, 1, 2);
    test_failed(ce_foreach(rows, fail_row), CE_USER, "row three");
    test_failed(ce_foreach(rows, add_times), CE_INVALID,
                "foreach: add_times needs an environment: use ce_foreach_with");
    test_failed(ce_foreach_with(rows, add_row, &rows), CE_INVALID, "foreach: add_row takes no environment");
    test_failed(ce_foreach(ce_empty(sc, double), add_row), CE_TYPE, "foreach: add_row takes int64, has double");
    test_failed(ce_foreach(NULL, add_row), CE_INVALID, "NULL");
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
        cmocka_unit_test(every_row_is_visited_once),
        cmocka_unit_test(wrong_uses_and_failures_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
