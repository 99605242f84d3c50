/*
 * filter_by_range_test.c: rows between two keys, and behind a sort only the partitions that can hold them.
 */
#include "support/expect.h"
#include "support/wide.h"

static inline int backwards(int64_t a, int64_t b)
{
    return (b > a) - (b < a);
}
CE_COMPARE(backwards, int64_t)

static inline int64_t itself(int64_t row)
{
    return row;
}
CE_MAP(itself, int64_t, int64_t)

struct between {
    int64_t low, high;
};

/* By all ways to sort, and unsorted. */
static ce_status as_counted(ce_context *sc, void *arg)
{
    const struct between *between = arg;
    int_pair *pairs = test_int_pairs(TEST_ROWS, grid_seed());
    uint64_t wanted = 0;
    for (int i = 0; i < TEST_ROWS; i++) {
        wanted += between->low <= pairs[i].key && pairs[i].key <= between->high;
    }
    ce_rdd *rdd = ce_parallelize(sc, int_pair, pairs, TEST_ROWS, 4);
    free(pairs);
    GRID_TRY(expect_count(ce_filter_by_range(rdd, &between->low, &between->high), wanted));
    GRID_TRY(expect_count(ce_filter_by_range(ce_sort_by_key(rdd), &between->low, &between->high), wanted));
    ce_rdd *down = ce_sort_by_key_n(rdd, false, 6), *other = ce_sort_by_key_with(rdd, backwards, true, 5);
    GRID_TRY(expect_count(ce_filter_by_range(down, &between->low, &between->high), wanted));
    return expect_count(ce_filter_by_range(other, &between->high, &between->low), wanted);
}

static void the_rows_between_two_keys_stay(void **state)
{
    (void)state;
    struct between some = {-7, 3}, one = {4, 4}, all = {-1000, 1000}, none = {100, 200}, reversed = {3, -7};
    grid_run_topologies(as_counted, &some);
    grid_run_topologies(as_counted, &one);
    grid_run_topologies(as_counted, &all);
    grid_run_topologies(as_counted, &none);
    grid_run_topologies(as_counted, &reversed);
}

static ce_status texts(ce_context *sc, void *arg)
{
    (void)arg;
    const text_pair pairs[] = {{{"d", 1}, 4}, {{"b", 1}, 2}, {{"bb", 2}, 3}, {{"a", 1}, 1}, {{"e", 1}, 5}};
    const ce_str low = ce_str_of("b"), high = ce_str_of("d");
    ce_rdd *rdd = ce_parallelize(sc, text_pair, pairs, 5, 2);
    GRID_TRY(expect_parts(ce_filter_by_range(rdd, &low, &high), "[[(d,4),(b,2)],[(bb,3)]]"));
    return expect_parts(ce_filter_by_range(ce_sort_by_key_n(rdd, true, 1), &low, &high), "[[(b,2),(bb,3),(d,4)]]");
}

static void both_ends_are_included(void **state)
{
    (void)state;
    grid_run(texts, NULL);
}

static ce_status goldens(ce_context *sc, void *arg)
{
    (void)arg;
    const struct between all[] = {{20, 40}, {0, 0}, {-5, 3}, {1000, 2000}, {2000, 3000}, {40, 20}, {-9, -1}};
    int_pair pairs[1009];
    for (int i = 0; i < 1009; i++) {
        pairs[i] = (int_pair){i * 7919 % 1009, i};
    }
    ce_rdd *mixed = ce_parallelize(sc, int_pair, pairs, 1009, 4), *up = ce_sort_by_key_n(mixed, true, 4);
    ce_rdd *const rdds[] = {mixed, up, ce_sort_by_key_n(mixed, false, 4)};
    const char *const hows[] = {"plain", "sorted", "desc"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        for (int j = 0; j < 3; j++) {
            char name[64];
            snprintf(name, sizeof name, "filterbyrange-%d-to-%d-%s", (int)all[i].low, (int)all[i].high, hows[j]);
            GRID_TRY(expect_golden(ce_keys(ce_filter_by_range(rdds[j], &all[i].low, &all[i].high)), name));
        }
    }
    return CE_OK;
}

static void the_rows_are_those_of_spark(void **state)
{
    (void)state;
    expect_once(goldens, NULL);
}

/* What tasks have read across shuffles. */
static void see_rows(const ce_event *event, void *arg)
{
    uint64_t *rows = arg;
    if (event->kind == CE_EVENT_STAGE_END) {
        *rows += event->metrics->shuffle_rows_read;
    }
}

static void partitions_that_cannot_hold_the_keys_are_not_computed(void **state)
{
    (void)state;
    const int64_t low = 20, high = 40;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *sorted = ce_sort_by_key_n(ce_key_by(ce_range(sc, 1, 1001, 1, 4), itself), true, 10), *some;
    ce_result rows;
    uint64_t read = 0, count;
    some = ce_filter_by_range(sorted, &low, &high);
    assert_true(ce_rdd_same_partitioner(some, sorted));
    assert_int_equal(ce_add_listener(sc, see_rows, &read), CE_OK);
    assert_int_equal(ce_collect(ce_values(some), &rows), CE_OK);
    assert_int_equal(rows.count, 21);
    for (int64_t i = 0; i < 21; i++) {
        assert_int_equal(ce_result_rows(&rows, int64_t)[i], 20 + i);
    }
    ce_result_free(&rows);
    assert_in_range(read, 21, 250);
    read = 0;
    assert_int_equal(ce_count(sorted, &count), CE_OK);
    assert_int_equal(read, 1000);
    ce_remove_listener(sc, see_rows, &read);
    ce_context_close(sc);
}

static inline int refuses(int64_t a, int64_t b)
{
    if (a == 99 || b == 99) {
        ce_fail("no order");
    }
    return (a > b) - (a < b);
}
CE_COMPARE(refuses, int64_t)

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    const int64_t low = 1, bad = 99;
    const int_pair pairs[] = {{1, 2}, {3, 4}, {5, 6}};
    ce_rdd *rdd = ce_parallelize(sc, int_pair, pairs, 3, 2), *sorted = ce_sort_by_key_with(rdd, refuses, true, 2);
    expect_poisoned(ce_filter_by_range(numbers(sc, 3, 1), &low, &low), CE_TYPE, "filter_by_range", "needs pair(K, V)");
    expect_poisoned(ce_filter_by_range(NULL, &low, &low), CE_INVALID, "filter_by_range", "NULL");
    expect_poisoned(ce_filter_by_range(rdd, NULL, &low), CE_INVALID, "filter_by_range", "a bound is NULL");
    expect_poisoned(ce_filter_by_range(rdd, &low, NULL), CE_INVALID, "filter_by_range", "a bound is NULL");
    expect_failure(ce_filter_by_range(sorted, &low, &bad), CE_USER, "no order");
    expect_failure(ce_filter_by_range(ce_sort_by_key_with(rdd, refuses, true, 1), &low, &bad), CE_USER, "no order");
    return CE_OK;
}

static void wrong_uses_say_what_is_wrong(void **state)
{
    (void)state;
    expect_once(wrong, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rows_between_two_keys_stay),
        cmocka_unit_test(both_ends_are_included),
        cmocka_unit_test(the_rows_are_those_of_spark),
        cmocka_unit_test(partitions_that_cannot_hold_the_keys_are_not_computed),
        cmocka_unit_test(wrong_uses_say_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
