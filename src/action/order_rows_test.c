/*
 * order_rows_test.c: the heap of a partition keeps the right strings, and its memory does not grow with the rows that
 * left it.
 */
#include "support/rows.h"

/* Ever smaller numbers give ever smaller words, so that each row pushes one out. */
static inline ce_str word_of(int64_t row)
{
    ce_str digits = ce_str_printf("%012lld", (long long)row);
    char *text = ce_batch_alloc(1000);
    memset(text, '.', 1000);
    memcpy(text, digits.at, digits.bytes);
    return (ce_str){text, 1000};
}
CE_MAP(word_of, int64_t, ce_str)

static ce_status orders_much(ce_context *sc, void *arg)
{
    (void)arg;
    ce_result rows;
    uint64_t bytes, bytes_max;
    GRID_TRY(ce_take_ordered(ce_map(ce_range(sc, 20000, 0, -1, 2), word_of), 10, &rows));
    assert_int_equal(rows.count, 10);
    for (uint64_t i = 0; i < rows.count; i++) {
        char want[16];
        snprintf(want, sizeof want, "%012u", (unsigned)i + 1);
        assert_memory_equal(ce_result_rows(&rows, ce_str)[i].at, want, 12);
        assert_int_equal(ce_result_rows(&rows, ce_str)[i].bytes, 1000);
    }
    ce_result_free(&rows);
    ce_memory_used(sc, &bytes, &bytes_max);
    assert_in_range(bytes_max, 1, 16 << 20); /* 20 MB went through the heaps */
    return CE_OK;
}

static void strings_of_rows_that_left_are_forgotten(void **state)
{
    (void)state;
    grid_run_topologies(orders_much, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_of_rows_that_left_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
