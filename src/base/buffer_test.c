/*
 * buffer_test.c: growing, failing and printing. Numbers are compared with what the C library reads back.
 */
#include "base/buffer.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/random.h"
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

static int disarm(void **state)
{
    (void)state;
    cei_fault_arm(0, 0);
    return 0;
}

static void an_empty_buffer_is_an_empty_text(void **state)
{
    (void)state;
    cei_buffer buffer = {0};
    assert_string_equal(cei_buffer_cstr(&buffer), "");
    cei_buffer_append(&buffer, NULL, 0);
    cei_buffer_text(&buffer, "");
    assert_null(buffer.bytes);
    assert_int_equal(cei_buffer_status(&buffer), CE_OK);
    cei_buffer_close(&buffer);
}

static void appended_bytes_stand_in_order(void **state)
{
    (void)state;
    cei_buffer buffer = {0};
    for (int round = 0; round < 10000; round++) {
        cei_buffer_text(&buffer, "ab");
        cei_buffer_char(&buffer, 'c');
        cei_buffer_append(&buffer, "\0d", 2);
    }
    assert_int_equal(buffer.count, 50000);
    for (size_t at = 0; at < buffer.count; at += 5) {
        assert_memory_equal(buffer.bytes + at, "abc\0d", 5);
    }
    cei_buffer_close(&buffer);
    assert_int_equal(buffer.count, 0);
    cei_buffer_text(&buffer, "again");
    assert_string_equal(cei_buffer_cstr(&buffer), "again");
    cei_buffer_close(&buffer);
}

static void the_terminator_is_not_counted_and_stays_behind(void **state)
{
    (void)state;
    cei_buffer buffer = {0};
    for (size_t count = 1; count < 300; count++) {
        cei_buffer_char(&buffer, 'x');
        assert_int_equal(strlen(cei_buffer_cstr(&buffer)), count);
        assert_int_equal(buffer.count, count);
    }
    cei_buffer_close(&buffer);
}

static void formatted_text_is_appended_whatever_its_length(void **state)
{
    (void)state;
    cei_buffer buffer = {0};
    for (int width = 1; width < 400; width++) {
        const size_t before = buffer.count;
        cei_buffer_printf(&buffer, "%*d", width, 7);
        assert_int_equal(buffer.count - before, width);
        assert_int_equal(buffer.bytes[buffer.count - 1], '7');
    }
    cei_buffer_printf(&buffer, "%s", "");
    assert_int_equal(cei_buffer_status(&buffer), CE_OK);
    cei_buffer_close(&buffer);
}

static void after_a_failure_nothing_is_appended(void **state)
{
    (void)state;
    cei_buffer buffer = {0};
    cei_buffer_text(&buffer, "kept");
    cei_fault_arm(1, CEI_FAULT_ALLOCATION);
    assert_false(cei_buffer_reserve(&buffer, 100));
    assert_true(cei_fault_delivered());
    cei_buffer_char(&buffer, 'x');
    cei_buffer_printf(&buffer, "%d", 1);
    cei_buffer_int64(&buffer, 1);
    cei_buffer_double(&buffer, 1.5);
    assert_int_equal(cei_buffer_status(&buffer), CE_MEMORY);
    assert_int_equal(buffer.count, 4);
    assert_memory_equal(buffer.bytes, "kept", 4);
    assert_null(cei_buffer_cstr(&buffer));
    cei_buffer_close(&buffer);
    assert_int_equal(cei_buffer_status(&buffer), CE_OK);
}

static void every_way_to_grow_reports_a_shortage(void **state)
{
    (void)state;
    for (int call = 0; call < 4; call++) {
        cei_buffer buffer = {0};
        for (int index = 0; index < 64; index++) {
            cei_buffer_char(&buffer, 'x');
        }
        cei_fault_arm(1, CEI_FAULT_ALLOCATION);
        switch (call) {
        case 0:
            cei_buffer_printf(&buffer, "%d", 1);
            break;
        case 1:
            cei_buffer_uint64(&buffer, 1);
            break;
        case 2:
            cei_buffer_double(&buffer, 1e300);
            break;
        default:
            assert_null(cei_buffer_cstr(&buffer));
        }
        assert_true(cei_fault_delivered());
        assert_int_equal(cei_buffer_status(&buffer), CE_MEMORY);
        cei_buffer_close(&buffer);
    }
}

static void a_size_that_overflows_is_refused(void **state)
{
    (void)state;
    cei_buffer buffer = {0};
    cei_buffer_text(&buffer, "x");
    assert_false(cei_buffer_reserve(&buffer, SIZE_MAX));
    assert_int_equal(cei_buffer_status(&buffer), CE_MEMORY);
    assert_non_null(strstr(ce_last_error(), "out of memory"));
    cei_buffer_close(&buffer);
}

static void integers_print_as_the_library_prints_them(void **state)
{
    (void)state;
    cei_buffer buffer = {0};
    uint64_t value = 0;
    for (int power = 0; power < 21; power++, value = value ? value * 10 : 1) {
        for (uint64_t offset = 0; offset < 3; offset++) {
            const uint64_t shown = value + offset - 1;
            char expected[64];
            (void)snprintf(expected, sizeof expected, "%" PRIu64 " %" PRId64, shown, (int64_t)shown);
            buffer.count = 0;
            cei_buffer_uint64(&buffer, shown);
            cei_buffer_char(&buffer, ' ');
            cei_buffer_int64(&buffer, (int64_t)shown);
            assert_string_equal(cei_buffer_cstr(&buffer), expected);
        }
    }
    buffer.count = 0;
    cei_buffer_int64(&buffer, INT64_MIN);
    cei_buffer_int64(&buffer, INT64_MAX);
    assert_string_equal(cei_buffer_cstr(&buffer), "-92233720368547758089223372036854775807");
    cei_buffer_close(&buffer);
}

static void doubles_print_as_python_prints_them(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {-1.0, "-1.0"},
        {100.0, "100.0"},
        {0.1, "0.1"},
        {0.5, "0.5"},
        {-12.5, "-12.5"},
        {0.07, "0.07"},
        {0.001, "0.001"},
        {0.0001, "0.0001"},
        {0.00012, "0.00012"},
        {0.00001, "1e-05"},
        {0.000012, "1.2e-05"},
        {9.99e-5, "9.99e-05"},
        {3.14159265358979, "3.14159265358979"},
        {1.0 / 3, "0.3333333333333333"},
        {2.0 / 3, "0.6666666666666666"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e15, "1000000000000000.0"},
        {1e15 - 1, "999999999999999.0"},
        {1234567890123456.0, "1234567890123456.0"},
        {9007199254740993.0, "9007199254740992.0"},
        {9999999999999998.0, "9999999999999998.0"},
        {1e16, "1e+16"},
        {1.5e16, "1.5e+16"},
        {12345678901234567890.0, "1.2345678901234567e+19"},
        {1e22, "1e+22"},
        {1e23, "1e+23"},
        {1e100, "1e+100"},
        {-1.5e300, "-1.5e+300"},
        {1e-100, "1e-100"},
        {5e-324, "5e-324"},
        {123456.789, "123456.789"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {1000000.000001, "1000000.000001"},
        {123456789.123456789, "123456789.12345679"},
        {5.5e-4, "0.00055"},
        {0.0123456789, "0.0123456789"},
        {1e5 + 0.001, "100000.001"},
        {1e-3 + 1e-18, "0.001000000000000001"},
        {0x1p-1017, "7.120236347223045e-307"},
        {0x1p-44, "5.684341886080802e-14"},
        {0x1p-24, "5.960464477539063e-08"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {NAN, "nan"},
        {-NAN, "nan"},
    };
    cei_buffer buffer = {0};
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        buffer.count = 0;
        cei_buffer_double(&buffer, cases[index].value);
        assert_string_equal(cei_buffer_cstr(&buffer), cases[index].text);
    }
    cei_buffer_close(&buffer);
}

static size_t digit_count(const char *text)
{
    size_t count = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text >= '0' && *text <= '9' && (count || *text != '0')) {
            count++;
            zeros = *text == '0' ? zeros + 1 : 0;
        }
    }
    return count - zeros;
}

/* No decimal of fewer digits reads back as value. */
static void assert_shortest(double value, const char *text)
{
    const size_t count = digit_count(text);
    char shorter[64];
    assert_true(strtod(text, NULL) == value);
    if (count > 1) {
        (void)snprintf(shorter, sizeof shorter, "%.*e", (int)count - 2, value);
        assert_false(strtod(shorter, NULL) == value);
    }
}

static void random_doubles_read_back_and_are_shortest(void **state)
{
    (void)state;
    cei_random random;
    cei_random_seed(&random, 7);
    cei_buffer buffer = {0};
    for (int round = 0; round < 60000; round++) {
        uint64_t bits = cei_random_next(&random);
        double value;
        if (round % 3 == 0) {
            memcpy(&value, &bits, sizeof value);
        } else if (round % 3 == 1) {
            value = (double)(bits >> 40) / (round % 2 ? 100 : 1000000);
        } else {
            value = cei_random_double(&random) * pow(10, (double)(round % 30) - 10);
        }
        if (!isfinite(value)) {
            continue;
        }
        buffer.count = 0;
        cei_buffer_double(&buffer, value);
        assert_shortest(value, cei_buffer_cstr(&buffer));
    }
    cei_buffer_close(&buffer);
}

static void the_locale_does_not_change_the_point(void **state)
{
    (void)state;
    static const char *const commas[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
    const char *chosen = NULL;
    for (size_t index = 0; index < sizeof commas / sizeof commas[0] && !chosen; index++) {
        chosen = setlocale(LC_NUMERIC, commas[index]);
    }
    if (!chosen) {
        skip();
    }
    cei_buffer buffer = {0};
    cei_buffer_double(&buffer, 1.0 / 3);
    (void)setlocale(LC_NUMERIC, "C");
    assert_string_equal(cei_buffer_cstr(&buffer), "0.3333333333333333");
    cei_buffer_close(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_is_an_empty_text),
        cmocka_unit_test(appended_bytes_stand_in_order),
        cmocka_unit_test(the_terminator_is_not_counted_and_stays_behind),
        cmocka_unit_test(formatted_text_is_appended_whatever_its_length),
        cmocka_unit_test_teardown(after_a_failure_nothing_is_appended, disarm),
        cmocka_unit_test_teardown(every_way_to_grow_reports_a_shortage, disarm),
        cmocka_unit_test(a_size_that_overflows_is_refused),
        cmocka_unit_test(integers_print_as_the_library_prints_them),
        cmocka_unit_test(doubles_print_as_python_prints_them),
        cmocka_unit_test(random_doubles_read_back_and_are_shortest),
        cmocka_unit_test(the_locale_does_not_change_the_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
