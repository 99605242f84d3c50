/*
 * filter_test.c: filter keeps exactly the rows whose answer is true, in order, for rows of every size and for strings.
 */
#include "base/random.h"
#include "support/grid.h"
#include <stdlib.h>
#include <string.h>

static inline bool is_even(int64_t x)
{
    return x % 2 == 0;
}
CE_FILTER(is_even, int64_t)

static inline bool above(int64_t x, const int64_t *env)
{
    return x > *env;
}
CE_FILTER_WITH(above, int64_t, int64_t)

CE_RECORD(event, (int64_t, id), (ce_str, name), (bool, good));

static inline bool is_good(event e)
{
    return e.good;
}
CE_FILTER(is_good, event)

enum { ROWS = 3000 };

static ce_status filters_numbers(ce_context *sc, void *arg)
{
    (void)arg;
    int64_t numbers[ROWS], expected[ROWS];
    uint64_t kept = 0;
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int i = 0; i < ROWS; i++) {
        numbers[i] = (int64_t)cei_random_below(&random, 1000);
        if (numbers[i] % 2 == 0) {
            expected[kept++] = numbers[i];
        }
    }
    ce_result rows;
    GRID_TRY(ce_collect(ce_filter(ce_parallelize(sc, int64_t, numbers, ROWS, 2), is_even), &rows));
    assert_int_equal(rows.count, kept);
    assert_memory_equal(rows.rows, expected, kept * sizeof *expected);
    ce_result_free(&rows);
    return CE_OK;
}

static void filter_keeps_the_rows_that_answer_true_in_order(void **state)
{
    (void)state;
    grid_run(filters_numbers, NULL);
}

static ce_status filters_to_nothing(ce_context *sc, void *arg)
{
    int64_t limit = *(int64_t *)arg;
    uint64_t count;
    GRID_TRY(ce_count(ce_filter_with(ce_range(sc, 0, 2000, 1, 3), above, &limit), &count));
    assert_int_equal(count, limit < 0 ? 2000 : limit >= 1999 ? 0 : 1999 - limit);
    return CE_OK;
}

static void all_none_or_one_row_may_stay(void **state)
{
    (void)state;
    int64_t limits[] = {-1, 1999, 1998};
    for (int i = 0; i < 3; i++) {
        grid_run_topologies(filters_to_nothing, &limits[i]);
    }
}

static ce_status filters_records(ce_context *sc, void *arg)
{
    (void)arg;
    event events[64];
    memset(events, 0, sizeof events);
    for (int i = 0; i < 64; i++) {
        events[i].id = i;
        events[i].name = ce_str_of(i % 3 ? "a name that is longer than sixteen bytes" : "short");
        events[i].good = i % 5 == 0;
    }
    ce_result rows;
    GRID_TRY(ce_collect(ce_filter(ce_parallelize(sc, event, events, 64, 4), is_good), &rows));
    assert_int_equal(rows.count, 13);
    for (uint64_t i = 0; i < rows.count; i++) {
        const event *row = &ce_result_rows(&rows, event)[i];
        assert_int_equal(row->id, i * 5);
        assert_true(ce_str_equal(row->name, events[i * 5].name));
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void records_with_strings_stay_whole(void **state)
{
    (void)state;
    grid_run(filters_records, NULL);
}

static void filter_keeps_partitions_and_partitioner(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    char *parts = grid_parts_text(ce_filter(ce_range(sc, 0, 6, 1, 3), is_even), 0);
    assert_string_equal(parts, "[[0],[2],[4]]");
    free(parts);
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filter_keeps_the_rows_that_answer_true_in_order),
        cmocka_unit_test(all_none_or_one_row_may_stay),
        cmocka_unit_test(records_with_strings_stay_whole),
        cmocka_unit_test(filter_keeps_partitions_and_partitioner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
