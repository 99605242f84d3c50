/*
 * str_test.c: finding, trimming, and numbers, which are compared with the C library's over random texts.
 */
#include "base/fault.h"
#include "base/random.h"
#include <cerium/str.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

static int disarm(void **state)
{
    (void)state;
    cei_fault_arm(0, 0);
    return 0;
}

static void find_gives_the_first_place(void **state)
{
    (void)state;
    assert_int_equal(ce_str_find(ce_str_of("banana"), ce_str_of("an")), 1);
    assert_int_equal(ce_str_find(ce_str_of("banana"), ce_str_of("n")), 2);
    assert_int_equal(ce_str_find(ce_str_of("banana"), ce_str_of("banana")), 0);
    assert_int_equal(ce_str_find(ce_str_of("banana"), ce_str_of("bananas")), -1);
    assert_int_equal(ce_str_find(ce_str_of("banana"), ce_str_of("x")), -1);
    assert_int_equal(ce_str_find(ce_str_of("banana"), ce_str_of("ax")), -1);
    assert_int_equal(ce_str_find(ce_str_of("banana"), (ce_str){NULL, 0}), 0);
    assert_int_equal(ce_str_find((ce_str){NULL, 0}, (ce_str){NULL, 0}), 0);
    assert_int_equal(ce_str_find((ce_str){NULL, 0}, ce_str_of("a")), -1);
    assert_true(ce_str_contains(ce_str_of("word count"), ce_str_of(" ")));
}

static void trim_takes_blanks_at_both_ends_only(void **state)
{
    (void)state;
    assert_true(ce_str_equal(ce_str_trim(ce_str_of(" \t a b\r\n")), ce_str_of("a b")));
    assert_true(ce_str_equal(ce_str_trim(ce_str_of("ab")), ce_str_of("ab")));
    assert_true(ce_str_equal(ce_str_trim(ce_str_of("\xC3\xA4 ")), ce_str_of("\xC3\xA4")));
    assert_int_equal(ce_str_trim(ce_str_of(" \n ")).bytes, 0);
    assert_int_equal(ce_str_trim((ce_str){NULL, 0}).bytes, 0);
}

static void whole_numbers_are_read_up_to_the_limits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t wanted;
    } good[] = {{"0", 0},
                {"-0", 0},
                {"+7", 7},
                {"-42", -42},
                {"000000000000000000000000000012", 12},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t value = 1;
        assert_true(ce_str_to_int64(ce_str_of(good[i].text), &value));
        assert_int_equal(value, good[i].wanted);
    }
}

static void what_is_no_whole_number_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "-",
                                      "+",
                                      " 1",
                                      "1 ",
                                      "1.0",
                                      "0x1",
                                      "1e3",
                                      "--1",
                                      "a",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "18446744073709551616",
                                      "99999999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t value = 77;
        if (ce_str_to_int64(ce_str_of(bad[i]), &value) || value != 77) {
            fail_msg("\"%s\" was read as %" PRId64, bad[i], value);
        }
    }
}

static void check_double(const char *text)
{
    char *end;
    double got = 12345, wanted = strtod(text, &end);
    bool good = *text && (unsigned char)*text > ' ' && !*end && !(isinf(wanted) && strpbrk(text, "0123456789"));
    bool read = ce_str_to_double(ce_str_of(text), &got);
    wanted = good ? wanted : 12345;
    if (read != good || (memcmp(&got, &wanted, sizeof got) && !(isnan(got) && isnan(wanted)))) {
        fail_msg("\"%s\": got %d %.17g, wanted %d %.17g", text, read, got, good, wanted);
    }
}

static void doubles_are_read_as_strtod_reads_them(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0",
        "-0",
        "-0.0",
        "1",
        "+1.5",
        ".5",
        "5.",
        ".",
        "",
        "-",
        "e5",
        "1e",
        "1e+",
        "1e5x",
        "1e22",
        "1e23",
        "1e-22",
        "1e-23",
        "1e308",
        "1e309",
        "-1e309",
        "1e-400",
        "4.9e-324",
        "2.2250738585072011e-308",
        "9007199254740993",
        "9007199254740992",
        "123456789012345678",
        "1234567890123456789",
        "0.1",
        "0.30000000000000004",
        "0x1p-3",
        "inf",
        "-Infinity",
        "nan",
        "NaN",
        " 1",
        "1 ",
        "1,5",
        "1e99999",
        "1e-99999",
        "1e0000000001",
        "1.2.3",
        "--1",
        "\t1",
        "1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001",
        "1e-5000"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        check_double(texts[i]);
    }
    double value = 3;
    assert_false(ce_str_to_double((ce_str){"1\0", 2}, &value));
    assert_true(value == 3);
}

static void random_doubles_are_read_exactly(void **state)
{
    (void)state;
    cei_random random;
    cei_random_seed(&random, 5);
    static const char alphabet[] = "0123456789.e-+";
    for (int round = 0; round < 200000; round++) {
        char text[64];
        double value;
        uint64_t bits = cei_random_next(&random);
        memcpy(&value, &bits, sizeof value);
        switch (round % 4) {
        case 0:
            (void)snprintf(text, sizeof text, "%.17g", value);
            break;
        case 1:
            (void)snprintf(text, sizeof text, "%.*f", (int)(bits % 8), (double)(int64_t)bits / 1e12);
            break;
        case 2:
            (void)snprintf(text, sizeof text, "%" PRIu64 "e%d", bits >> bits % 64, (int)(bits % 50) - 25);
            break;
        default:
            for (int i = 0; i < 8; i++) {
                text[i] = alphabet[cei_random_below(&random, sizeof alphabet - 1)];
            }
            text[bits % 9] = '\0';
            break;
        }
        check_double(text);
    }
}

static void a_long_number_without_memory_is_not_read(void **state)
{
    (void)state;
    char text[300];
    memset(text, '1', sizeof text);
    double value = 3; /* which it keeps */
    ce_str str = {text, 300};
    cei_fault_arm(1, CEI_FAULT_ALLOCATION);
    assert_false(ce_str_to_double(str, &value));
    assert_true(value == 3);
    assert_true(ce_str_to_double(str, &value));
    assert_true(value > 1.1e299 && value < 1.2e299);
}

/* ---- words ---- */

/* The oracle: byte by byte. */
static bool next_word_naively(const char **at, const char *end, ce_str *word)
{
    while (*at < end && (unsigned char)**at <= ' ') {
        (*at)++;
    }
    word->at = *at;
    while (*at < end && (unsigned char)**at > ' ') {
        (*at)++;
    }
    word->bytes = (uint32_t)(*at - word->at);
    return word->bytes > 0;
}

static void assert_words(const char *text, uint32_t bytes)
{
    const char *at = text;
    ce_str all = {text, bytes}, rest = all, word = all, one = all, expected = all;
    ce_words words = ce_words_of(all);
    bool more = true;
    while (more) {
        more = next_word_naively(&at, text + bytes, &expected);
        assert_int_equal(ce_words_next(&words, &word), more);
        assert_int_equal(ce_str_next_word(&rest, &one), more);
        if (more) {
            assert_ptr_equal(word.at, expected.at);
            assert_int_equal(word.bytes, expected.bytes);
            assert_ptr_equal(one.at, expected.at);
            assert_int_equal(one.bytes, expected.bytes);
        }
    }
}

static void words_are_those_that_a_reader_of_bytes_finds(void **state)
{
    (void)state;
    cei_random random;
    cei_random_seed(&random, 17);
    for (uint32_t round = 0; round < 20000; round++) {
        uint32_t bytes = (uint32_t)cei_random_below(&random, 300);
        char *text = malloc(bytes + 1); /* its own block, so that a sanitizer sees reading beyond */
        uint64_t letters_per_blank = 1 + cei_random_below(&random, 40);
        for (uint32_t i = 0; i < bytes; i++) {
            bool blank = cei_random_below(&random, letters_per_blank + 1) == 0;
            text[i] = (char)(blank ? cei_random_below(&random, 33) : 33 + cei_random_below(&random, 223));
        }
        assert_words(text, bytes);
        free(text);
    }
}

static void words_end_where_the_text_ends_and_not_later(void **state)
{
    (void)state;
    for (uint32_t bytes = 0; bytes <= 130; bytes++) {
        char text[200];
        memset(text, 'x', sizeof text); /* behind the text a word seems to go on */
        assert_words(text, bytes);
        memset(text, ' ', bytes);
        assert_words(text, bytes);
    }
}

static void fields_are_cut_at_each_separator(void **state)
{
    (void)state;
    ce_str rest = ce_str_of("a,,bc,"), field = {NULL, 0};
    const char *expected[] = {"a", "", "bc", ""};
    for (int i = 0; i < 4; i++) {
        assert_true(ce_str_next_field(&rest, ',', &field));
        assert_true(ce_str_equal(field, ce_str_of(expected[i])));
    }
    assert_false(ce_str_next_field(&rest, ',', &field));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(find_gives_the_first_place),
        cmocka_unit_test(trim_takes_blanks_at_both_ends_only),
        cmocka_unit_test(whole_numbers_are_read_up_to_the_limits),
        cmocka_unit_test(what_is_no_whole_number_is_refused),
        cmocka_unit_test(doubles_are_read_as_strtod_reads_them),
        cmocka_unit_test(random_doubles_are_read_exactly),
        cmocka_unit_test(words_are_those_that_a_reader_of_bytes_finds),
        cmocka_unit_test(words_end_where_the_text_ends_and_not_later),
        cmocka_unit_test(fields_are_cut_at_each_separator),
        cmocka_unit_test_teardown(a_long_number_without_memory_is_not_read, disarm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
