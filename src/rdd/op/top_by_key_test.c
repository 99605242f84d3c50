/*
 * top_by_key_test.c: the largest values of each key are those of its sorted values, of any type and in any order, in
 * little memory, and wrong use is told.
 */
#include "support/expect.h"
#include "support/wide.h"

CE_PAIR(text_text_pair, int64_t, ce_str);
CE_PAIR(text_tops, int64_t, text_list);

static int descending(const void *a, const void *b)
{
    int64_t x = ((const int_pair *)a)->value, y = ((const int_pair *)b)->value;
    return (x < y) - (x > y);
}

static inline int backwards(int64_t a, int64_t b)
{
    return (b > a) - (b < a);
}
CE_COMPARE(backwards, int64_t)

/* Checks a result against all pairs, sorted as wanted. */
static void check(const ce_result *tops, const int_pair *sorted, uint32_t n)
{
    assert_int_equal(tops->count, TEST_KEYS);
    for (uint64_t i = 0; i < tops->count; i++) {
        const int_group *row = &ce_result_rows(tops, int_group)[i];
        uint32_t count = 0;
        for (uint32_t j = 0; j < TEST_ROWS && count < n; j++) {
            if (sorted[j].key == row->key) {
                assert_true(count < row->value.count);
                assert_int_equal(row->value.at[count++], sorted[j].value);
            }
        }
        assert_int_equal(row->value.count, count);
    }
}

static ce_status numbers_by_key(ce_context *sc, void *arg)
{
    (void)arg;
    static const uint32_t counts[] = {1, 3, 8, 1000, UINT32_MAX};
    int_pair *pairs = test_int_pairs(TEST_ROWS, grid_seed());
    ce_rdd *rows = ce_parallelize(sc, int_pair, pairs, TEST_ROWS, 5), *by_key = ce_partition_by(rows, 3);
    ce_status status = CE_OK;
    for (int i = 0; i < 15 && status == CE_OK; i++) {
        ce_result tops;
        uint32_t n = counts[i % 5];
        status = ce_collect(i < 5    ? ce_top_by_key_n(rows, n, 2)
                            : i < 10 ? ce_top_by_key(by_key, n)
                                     : ce_top_by_key_with(rows, n, backwards),
                            &tops);
        qsort(pairs, TEST_ROWS, sizeof *pairs, descending);
        for (uint32_t j = 0; i >= 10 && j < TEST_ROWS / 2; j++) {
            int_pair first = pairs[j];
            pairs[j] = pairs[TEST_ROWS - 1 - j];
            pairs[TEST_ROWS - 1 - j] = first;
        }
        if (status == CE_OK) {
            check(&tops, pairs, n);
        }
        ce_result_free(&tops);
    }
    free(pairs);
    return status;
}

static void the_largest_values_of_each_key_come_in_order(void **state)
{
    (void)state;
    grid_run(numbers_by_key, NULL);
}

enum { GROWING = 20000 };

/* Strings that get larger and larger, so that each comes into its heap, of two keys. */
static inline text_text_pair growing(int64_t row)
{
    return (text_text_pair){row % 2, ce_str_printf("a rather long string to be kept, number %08d", (int)row)};
}
CE_MAP(growing, int64_t, text_text_pair)

static ce_status strings_by_key(ce_context *sc, void *arg)
{
    (void)arg;
    ce_result tops;
    GRID_TRY(ce_collect(ce_top_by_key(ce_map(ce_range(sc, 0, GROWING, 1, 3), growing), 3), &tops));
    assert_int_equal(tops.count, 2);
    for (uint64_t i = 0; i < 2; i++) {
        const text_tops *row = &ce_result_rows(&tops, text_tops)[i];
        assert_int_equal(row->value.count, 3);
        for (int j = 0; j < 3; j++) {
            char want[64];
            snprintf(want, sizeof want, "a rather long string to be kept, number %08d",
                     (int)(GROWING - 2 + row->key - 2 * j));
            assert_true(ce_str_equal(row->value.at[j], ce_str_of(want)));
        }
    }
    ce_result_free(&tops);
    return CE_OK;
}

static void strings_that_are_superseded_take_no_memory(void **state)
{
    (void)state;
    grid_run_topologies(strings_by_key, NULL);
    ce_context *sc = grid_open("local[2]", NULL);
    uint64_t bytes, bytes_max;
    assert_int_equal(strings_by_key(sc, NULL), CE_OK);
    ce_memory_used(sc, &bytes, &bytes_max);
    assert_in_range(bytes_max, 1, 8 << 20);
    ce_context_close(sc);
}

static inline int refuse(int64_t a, int64_t b)
{
    ce_fail("no order between %d and %d", (int)a, (int)b);
    return 0;
}
CE_COMPARE(refuse, int64_t)

static inline int of_texts(ce_str a, ce_str b)
{
    return ce_str_compare(a, b);
}
CE_COMPARE(of_texts, ce_str)

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    static const int_pair pairs[] = {{1, 7}, {1, 8}, {1, 9}};
    ce_rdd *rows = ce_parallelize(sc, int_pair, pairs, 3, 1), *by_key = ce_partition_by(rows, 2);
    assert_true(ce_rdd_same_partitioner(ce_top_by_key(by_key, 1), by_key));
    GRID_TRY(expect_count(ce_top_by_key(ce_empty(sc, int_pair), 2), 0));
    expect_failure(ce_top_by_key_with(rows, 1, refuse), CE_USER, "no order between");
    expect_poisoned(ce_top_by_key(rows, 0), CE_INVALID, "top_by_key", "must be at least 1, is 0");
    expect_poisoned(ce_top_by_key_with(rows, 1, of_texts), CE_TYPE, "top_by_key", "of_texts takes str, has int64");
    expect_poisoned(ce_top_by_key(numbers(sc, 3, 1), 2), CE_TYPE, "top_by_key", "needs pair(K, V), has int64");
    expect_poisoned(ce_top_by_key(NULL, 2), CE_INVALID, "", "NULL");
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
        cmocka_unit_test(the_largest_values_of_each_key_come_in_order),
        cmocka_unit_test(strings_that_are_superseded_take_no_memory),
        cmocka_unit_test(wrong_use_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
