/*
 * The direct way of printing rows against cei_value_line, for all kinds of fields and for numbers at every number of
 * digits.
 */
#include "base/error.h"
#include "base/fault.h"
#include "base/random.h"
#include "io/line_printer.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka last: it needs the headers above. */
#include <cmocka.h>

CE_RECORD(all_kinds, (int8_t, a), (ce_str, text), (uint64_t, b), (int16_t, c), (uint8_t, d), (int64_t, e),
          (uint16_t, f), (uint32_t, g));
CE_PAIR(word_count, ce_str, int64_t);
CE_PAIR(nested, word_count, double);
CE_RECORD(with_bool, (bool, yes), (int32_t, number));
CE_RECORD(nine, (int8_t, a), (int8_t, b), (int8_t, c), (int8_t, d), (int8_t, e), (int8_t, f), (int8_t, g), (int8_t, h),
          (int8_t, i));

static void check(const ce_type *type, const void *rows, uint32_t count, size_t bytes_aim, bool direct)
{
    cei_line_printer printer;
    cei_buffer text = {0}, want = {0};
    cei_line_printer_open(&printer, type);
    assert_int_equal(printer.field_count > 0, direct);
    for (uint32_t i = 0; i < count; i++) {
        cei_value_line(type, (const char *)rows + (size_t)i * type->bytes, &want);
        cei_buffer_char(&want, '\n');
    }
    for (uint32_t printed = 0, now; printed < count; printed += now) {
        size_t before = text.count;
        now = cei_line_printer_print(&printer, (const char *)rows + (size_t)printed * type->bytes, count - printed,
                                     &text, before + bytes_aim);
        assert_in_range(now, 1, count - printed);
    }
    assert_false(text.failed);
    if (text.count != want.count || (want.count && memcmp(text.bytes, want.bytes, want.count) != 0)) {
        fail_msg("got:\n%s\nwanted:\n%s", cei_buffer_cstr(&text), cei_buffer_cstr(&want));
    }
    cei_buffer_close(&text);
    cei_buffer_close(&want);
}

static void numbers_of_all_lengths_are_printed(void **state)
{
    (void)state;
    uint64_t power = 1;
    for (int digits = 0; digits < 20; digits++, power *= 10) {
        for (uint64_t near = power - 2; near != power + 3; near++) {
            int64_t both[] = {(int64_t)near, -(int64_t)near};
            int32_t small[] = {(int32_t)near, -(int32_t)near};
            check(&ce_type_uint64_t, &near, 1, 1, true);
            check(&ce_type_int64_t, both, 2, 1, true);
            check(&ce_type_int32_t, small, 2, 1, true);
        }
    }
    int64_t ends[] = {INT64_MIN, INT64_MAX, 0};
    uint64_t most = UINT64_MAX;
    check(&ce_type_int64_t, ends, 3, 100, true);
    check(&ce_type_uint64_t, &most, 1, 100, true);
}

static void records_of_strings_and_integers_are_printed_as_value_line_does(void **state)
{
    (void)state;
    enum { ROWS = 300 };
    all_kinds *rows = calloc(ROWS, sizeof *rows);
    word_count *pairs = calloc(ROWS, sizeof *pairs);
    static char letters[3000];
    memset(letters, 'x', sizeof letters);
    cei_random random;
    cei_random_seed(&random, 11);
    for (int i = 0; i < ROWS; i++) {
        ce_str text = {i % 5 ? letters : NULL,
                       i % 5 ? (uint32_t)cei_random_below(&random, i % 7 ? 20 : sizeof letters) : 0};
        uint64_t bits = cei_random_next(&random) >> cei_random_below(&random, 64);
        rows[i] = (all_kinds){(int8_t)bits,  text,           bits,           (int16_t)bits,
                              (uint8_t)bits, (int64_t)-bits, (uint16_t)bits, (uint32_t)bits};
        pairs[i] = (word_count){text, (int64_t)bits};
    }
    for (size_t bytes_aim = 1; bytes_aim < 100000; bytes_aim *= 7) {
        check(&ce_type_all_kinds, rows, ROWS, bytes_aim, true);
        check(&ce_type_word_count, pairs, ROWS, bytes_aim, true);
    }
    check(&ce_type_ce_str, &rows[1].text, 1, 10, true);
    free(rows);
    free(pairs);
}

static void other_rows_take_the_general_way(void **state)
{
    (void)state;
    nested rows[2] = {{{ce_str_of("a"), 1}, 0.5}, {{ce_str_of("b"), -1}, 3}};
    with_bool more = {true, 7};
    nine many = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    double number = 0.1;
    check(&ce_type_nested, rows, 2, 1, false);
    check(&ce_type_with_bool, &more, 1, 1, false);
    check(&ce_type_nine, &many, 1, 1, false);
    check(&ce_type_double, &number, 1, 1, false);
}

static void short_memory_shows_in_the_buffer_and_ends_the_loop(void **state)
{
    (void)state;
    word_count row = {ce_str_of("abc"), 1};
    double other = 0.5;
    for (int general = 0; general < 2; general++) {
        cei_line_printer printer;
        cei_line_printer_open(&printer, general ? &ce_type_double : &ce_type_word_count);
        cei_buffer text = {0};
        cei_fault_arm(1, CEI_FAULT_ALLOCATION);
        assert_int_equal(cei_line_printer_print(&printer, general ? (char *)&other : (char *)&row, 1, &text, 10), 1);
        cei_fault_arm(0, CEI_FAULT_ALLOCATION);
        assert_int_equal(cei_buffer_status(&text), CE_MEMORY);
        cei_buffer_close(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_all_lengths_are_printed),
        cmocka_unit_test(records_of_strings_and_integers_are_printed_as_value_line_does),
        cmocka_unit_test(other_rows_take_the_general_way),
        cmocka_unit_test(short_memory_shows_in_the_buffer_and_ends_the_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
