/*
 * take_ordered_test.c: take_ordered and top give what sorting all rows and taking the first ones gives, stable.
 */
#include "support/rows.h"

static inline int backwards(int64_t a, int64_t b)
{
    return (a < b) - (a > b);
}
CE_COMPARE(backwards, int64_t)

static inline int by_key(test_pair a, test_pair b)
{
    return (a.key > b.key) - (a.key < b.key);
}
CE_COMPARE(by_key, test_pair)

static inline int words_backwards(ce_str a, ce_str b)
{
    return ce_str_compare(b, a);
}
CE_COMPARE(words_backwards, ce_str)

static inline int fails(int64_t a, int64_t b)
{
    ce_fail("cannot compare %lld", (long long)a);
    return backwards(a, b);
}
CE_COMPARE(fails, int64_t)

static ce_status takes_goldens(ce_context *sc, void *arg)
{
    (void)arg;
    ce_result rows;
    ce_rdd *ten = ce_range(sc, 1, 11, 1, 2);
    for (int shape = 0; shape < TEST_SHAPES; shape++) {
        GRID_TRY(ce_take_ordered(test_shape(sc, shape), 2, &rows));
        test_golden_rows("takeordered2", test_shapes[shape], &rows, 0);
        GRID_TRY(ce_top(test_shape(sc, shape), 2, &rows));
        test_golden_rows("top2", test_shapes[shape], &rows, 0);
    }
    GRID_TRY(ce_take_ordered(ten, 5, &rows));
    test_golden_rows("takeordered-5", "", &rows, 0);
    GRID_TRY(ce_take_ordered_by(ten, 5, backwards, &rows));
    test_golden_rows("takeordered-5-reversed", "", &rows, 0);
    GRID_TRY(ce_take_ordered(ten, 100, &rows));
    test_golden_rows("takeordered-100", "", &rows, 0);
    GRID_TRY(ce_top(ten, 3, &rows));
    test_golden_rows("top-3", "", &rows, 0);
    GRID_TRY(ce_top(ten, UINT64_MAX, &rows));
    test_golden_rows("top-100", "", &rows, 0);
    ce_str letters[] = {ce_str_of("a"), ce_str_of("b"), ce_str_of("c"), ce_str_of("d")};
    GRID_TRY(ce_top_by(ce_parallelize(sc, ce_str, letters, 4, 2), 2, words_backwards, &rows));
    test_golden_rows("top-2-reversed", "", &rows, 0);
    return CE_OK;
}

static void take_ordered_answers_as_spark(void **state)
{
    (void)state;
    grid_run(takes_goldens, NULL);
}

static ce_status takes_none(ce_context *sc, void *arg)
{
    (void)arg;
    test_jobs jobs;
    ce_result rows;
    GRID_TRY(test_jobs_watch(&jobs, sc));
    ce_status status = ce_take_ordered(ce_range(sc, 1, 11, 1, 2), 0, &rows);
    test_jobs_end(&jobs);
    GRID_TRY(status);
    test_golden_rows("takeordered-0", "", &rows, 0);
    test_golden_number("takeordered-0-jobs", "", jobs.count);
    return CE_OK;
}

static void none_needs_no_job(void **state)
{
    (void)state;
    grid_run(takes_none, NULL);
}

/* Keys repeat; the values tell which of equal rows came first. */
static ce_status takes_pairs(ce_context *sc, void *arg)
{
    (void)arg;
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int round = 0; round < 2 * TEST_ROUNDS; round++) {
        test_pair pairs[TEST_ROWS_MAX];
        ce_result rows;
        test_numbers numbers = test_numbers_of(&random, 10);
        for (uint64_t i = 0; i < numbers.count; i++) {
            pairs[i] = (test_pair){numbers.values[i], (int64_t)i};
        }
        uint64_t want = cei_random_below(&random, numbers.count + 5), at = 0;
        bool top = round % 2;
        ce_rdd *rdd = ce_parallelize(sc, test_pair, pairs, numbers.count, numbers.partitions);
        GRID_TRY(top ? ce_top_by(rdd, want, by_key, &rows) : ce_take_ordered_by(rdd, want, by_key, &rows));
        assert_int_equal(rows.count, want < numbers.count ? want : numbers.count);
        for (int64_t k = 0; k < 10; k++) {
            for (uint64_t i = 0; i < numbers.count && at < want; i++) {
                if (pairs[i].key == (top ? 9 - k : k)) {
                    assert_memory_equal(&ce_result_rows(&rows, test_pair)[at++], &pairs[i], sizeof pairs[i]);
                }
            }
        }
        ce_result_free(&rows);
    }
    return CE_OK;
}

static void of_equal_rows_the_first_ones_come_first(void **state)
{
    (void)state;
    grid_run(takes_pairs, NULL);
}

static ce_status takes_wrongly(ce_context *sc, void *arg)
{
    (void)arg;
    ce_result rows;
    ce_rdd *ten = ce_range(sc, 1, 11, 1, 2), *ten_apart = ce_range(sc, 1, 11, 1, 10);
    test_failed(ce_take_ordered_by(ten, 3, by_key, &rows), CE_TYPE,
                "take_ordered: by_key takes pair(int64, int64), has int64");
    test_failed(ce_top_with(ten, 3, NULL, &rows), CE_INVALID, "top: the function is NULL");
    test_failed(ce_top_by(ten, 3, fails, &rows), CE_USER, "cannot compare");
    test_failed(ce_top_by(ten_apart, 3, fails, &rows), CE_USER, "cannot compare");
    test_failed(ce_top(NULL, 3, &rows), CE_INVALID, "NULL");
    return CE_OK;
}

static void wrong_and_failing_orders_are_told(void **state)
{
    (void)state;
    grid_run_topologies(takes_wrongly, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(take_ordered_answers_as_spark),
        cmocka_unit_test(none_needs_no_job),
        cmocka_unit_test(of_equal_rows_the_first_ones_come_first),
        cmocka_unit_test(wrong_and_failing_orders_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
