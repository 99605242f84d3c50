/*
 * sort_entries_test.c: entries come out as a stable sort has them, whatever their number and whichever bits of their
 * prefixes differ.
 */
#include "base/random.h"
#include "shuffle/sort_entries.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

CE_PAIR(text_row, ce_str, uint32_t);

static inline int by_parity(int64_t a, int64_t b)
{
    return (int)(a & 1) - (int)(b & 1);
}
CE_COMPARE(by_parity, int64_t)

static const cei_order *sorting; /* the order of the model */

/* The model: rows stand in the order in which they came, so that addresses tell equal ones apart. */
static int by_row_then_address(const void *x, const void *y)
{
    const cei_entry *a = x, *b = y;
    int compared;
    assert_int_equal(cei_order_compare(sorting, a->row, b->row, &compared), CE_OK);
    return compared ? compared : (a->row > b->row) - (a->row < b->row);
}

static void check(const cei_order *order, const char *rows, uint32_t count)
{
    cei_entry *entries = calloc(3 * (size_t)count + 1, sizeof *entries), *wanted = entries + 2 * (size_t)count;
    uint64_t *prefixes = calloc(count + 1, sizeof *prefixes);
    assert_int_equal(cei_order_prefixes(order, rows, count, prefixes), CE_OK);
    for (uint32_t i = 0; i < count; i++) {
        wanted[i] = entries[i] = (cei_entry){prefixes[i], rows + (size_t)i * order->row->bytes};
    }
    sorting = order;
    qsort(wanted, count, sizeof *wanted, by_row_then_address);
    cei_sort_entries(order, entries, entries + count, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_ptr_equal(entries[i].row, wanted[i].row);
        assert_int_equal(entries[i].prefix, wanted[i].prefix);
    }
    free(prefixes);
    free(entries);
}

static const uint32_t counts[] = {0, 1, 2, 39, 40, 41, 64, 1000, 70000};

static void numbers_of_any_bits_are_sorted(void **state)
{
    (void)state;
    static const uint64_t masks[] = {UINT64_MAX,        0,       1,   0xff,  0x100, 0xff000000000000ff,
                                     (uint64_t)1 << 63, 0xfffff, 0x3, 0x3ff, 0x7ff};
    int64_t *rows = calloc(70000, sizeof *rows);
    cei_random random;
    cei_random_seed(&random, 11);
    for (size_t m = 0; m < sizeof masks / sizeof *masks; m++) {
        for (uint32_t i = 0; i < 70000; i++) {
            rows[i] = (int64_t)(cei_random_next(&random) & masks[m]);
        }
        for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
            cei_order order = {.row = CE_TYPE(int64_t), .key = CE_TYPE(int64_t), .descending = n % 2};
            check(&order, (const char *)rows, counts[n]);
            order.by = CEI_ORDER_BY_FUNCTION;
            order.compare = &ce_fn_by_parity;
            check(&order, (const char *)rows, counts[n]);
        }
    }
    free(rows);
}

static void sorted_and_backward_input_stays_stable(void **state)
{
    (void)state;
    int64_t *rows = calloc(70000, sizeof *rows);
    for (int kind = 0; kind < 5; kind++) {
        for (uint32_t i = 0; i < 70000; i++) {
            const int64_t keys[] = {i, -(int64_t)i, i / 3, -(int64_t)(i / 3), i < 69999 ? (int64_t)i : -1};
            rows[i] = keys[kind];
        }
        for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
            const cei_order order = {.row = CE_TYPE(int64_t), .key = CE_TYPE(int64_t)};
            check(&order, (const char *)rows, counts[n]);
        }
    }
    free(rows);
}

static void strings_with_equal_beginnings_are_compared(void **state)
{
    (void)state;
    enum { ROWS = 20000 };
    static char texts[ROWS][24];
    text_row *rows = calloc(ROWS, sizeof *rows);
    cei_random random;
    cei_random_seed(&random, 12);
    for (int kind = 0; kind < 3; kind++) {
        for (uint32_t i = 0; i < ROWS; i++) {
            memset(texts[i], 'x', sizeof texts[i]);
            texts[i][kind * 8] = (char)('a' + cei_random_below(&random, 20));
            texts[i][kind * 8 + 7] = (char)('a' + cei_random_below(&random, 20));
            rows[i] = (text_row){{texts[i], (uint32_t)cei_random_below(&random, 25)}, i};
        }
        const cei_order order = {.row = CE_TYPE(text_row), .key = CE_TYPE(ce_str), .descending = kind == 1};
        check(&order, (const char *)rows, ROWS);
        check(&order, (const char *)rows, 9);
    }
    free(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_any_bits_are_sorted),
        cmocka_unit_test(sorted_and_backward_input_stays_stable),
        cmocka_unit_test(strings_with_equal_beginnings_are_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
