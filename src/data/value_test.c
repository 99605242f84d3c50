/*
 * value_test.c: owning the parts of values, printing values, numbers as doubles.
 */
#include "base/fault.h"
#include "data/fixture_test.h"
#include "data/random_test.h"
#include "data/value.h"

CE_PAIR(word_count, ce_str, int64_t);
CE_LIST(doubles, double);
CE_OPTION(maybe_word, ce_str);
CE_LIST(maybe_words, maybe_word);
CE_RECORD(row, (bool, flag), (int8_t, tiny), (uint64_t, huge), (float, ratio), (word_count, word),
          (maybe_words, notes));

static void check_print(const ce_type *type, const void *value, const char *wanted)
{
    char text[200];
    assert_string_equal(ce_type_print(type, value, text, sizeof text), wanted);
}

static const maybe_word notes[] = {{true, {"x y", 3}}, {false, {(const char *)1, 9}}, {true, {NULL, 0}}};
static const row sample = {true, -7, UINT64_MAX, 0.1f, {{"a", 1}, 1}, {notes, 3}};

static void values_print_as_in_the_shell(void **state)
{
    (void)state;
    const double numbers[] = {1, 2.5, NAN, -INFINITY};
    check_print(CE_TYPE(word_count), &(word_count){ce_str_of("a"), 1}, "(a,1)");
    check_print(CE_TYPE(doubles), &(doubles){numbers, 4}, "[1.0, 2.5, nan, -inf]");
    check_print(CE_TYPE(doubles), &(doubles){NULL, 0}, "[]");
    check_print(CE_TYPE(maybe_word), &notes[0], "x y");
    check_print(CE_TYPE(maybe_word), &notes[1], "None");
    check_print(CE_TYPE(bool), &(bool){false}, "false");
    check_print(CE_TYPE(row), &sample, "(true,-7,18446744073709551615,0.1,(a,1),[x y, None, ])");
    check_print(CE_TYPE(int16_t), &(int16_t){-300}, "-300");
    check_print(CE_TYPE(int32_t), &(int32_t){INT32_MIN}, "-2147483648");
    check_print(CE_TYPE(uint8_t), &(uint8_t){200}, "200");
    check_print(CE_TYPE(uint16_t), &(uint16_t){65535}, "65535");
    check_print(CE_TYPE(uint32_t), &(uint32_t){UINT32_MAX}, "4294967295");
}

static void floats_print_with_the_digits_of_a_float(void **state)
{
    (void)state;
    check_print(CE_TYPE(float), &(float){0.1f}, "0.1");
    check_print(CE_TYPE(float), &(float){16777216.0f}, "16777216.0");
    check_print(CE_TYPE(float), &(float){-2.5f}, "-2.5");
    check_print(CE_TYPE(float), &(float){NAN}, "nan");
    check_print(CE_TYPE(float), &(float){-INFINITY}, "-inf");
    check_print(CE_TYPE(float), &(float){1e-45f}, "1e-45");
}

static void a_print_is_cut_where_the_room_ends(void **state)
{
    (void)state;
    char text[8] = "xxxxxxx";
    assert_string_equal(ce_type_print(CE_TYPE(row), &sample, text, 6), "(true");
    assert_string_equal(ce_type_print(CE_TYPE(row), &sample, text, 1), "");
    text[0] = 'x';
    assert_ptr_equal(ce_type_print(CE_TYPE(row), &sample, text, 0), text);
    assert_int_equal(text[0], 'x');
    cei_fault_arm(1, CEI_FAULT_ALLOCATION);
    assert_string_equal(ce_type_print(CE_TYPE(row), &sample, text, 6), "");
    assert_true(cei_fault_delivered());
}

static void a_line_has_tabs_between_the_outermost_fields(void **state)
{
    (void)state;
    cei_buffer text = {0};
    cei_value_line(CE_TYPE(row), &sample, &text);
    assert_string_equal(cei_buffer_cstr(&text), "true\t-7\t18446744073709551615\t0.1\t(a,1)\t[x y, None, ]");
    text.count = 0;
    cei_value_line(CE_TYPE(maybe_words), &sample.notes, &text);
    assert_string_equal(cei_buffer_cstr(&text), "[x y, None, ]");
    cei_buffer_close(&text);
}

static void numbers_of_every_kind_become_doubles(void **state)
{
    (void)state;
    assert_true(cei_number_double(CE_TYPE(int8_t), &(int8_t){-5}) == -5.0);
    assert_true(cei_number_double(CE_TYPE(int16_t), &(int16_t){-500}) == -500.0);
    assert_true(cei_number_double(CE_TYPE(int32_t), &(int32_t){-70000}) == -70000.0);
    assert_true(cei_number_double(CE_TYPE(int64_t), &(int64_t){INT64_MIN}) == -0x1p63);
    assert_true(cei_number_double(CE_TYPE(uint8_t), &(uint8_t){255}) == 255.0);
    assert_true(cei_number_double(CE_TYPE(uint16_t), &(uint16_t){65535}) == 65535.0);
    assert_true(cei_number_double(CE_TYPE(uint32_t), &(uint32_t){UINT32_MAX}) == 4294967295.0);
    assert_true(cei_number_double(CE_TYPE(uint64_t), &(uint64_t){UINT64_MAX}) == 0x1p64);
    assert_true(cei_number_double(CE_TYPE(float), &(float){0.5f}) == 0.5);
    assert_true(cei_number_double(CE_TYPE(double), &(double){0.1}) == 0.1);
}

static void an_owned_value_outlives_its_source(void **state)
{
    fixture *test = *state;
    cei_random random;
    const uint64_t seed = 21;
    for (uint64_t round = 0; round < 2000; round++) {
        cei_arena source, twin;
        cei_random_seed(&random, seed + round);
        cei_arena_open(&source, test->pool, 0);
        cei_arena_open(&twin, test->pool, 0);
        const ce_type *type = test_type(&random, &twin, 3);
        char *value = test_alloc(&twin, type->bytes), *wanted = test_alloc(&twin, type->bytes);
        cei_random again = random;
        test_value(&random, &source, type, value, 6);
        test_value(&again, &twin, type, wanted, 6);
        assert_int_equal(cei_value_own(type, value, &test->arena), CE_OK);
        cei_arena_close(&source); /* poisons what value must not point to any more */
        test_equal(type, value, wanted);
        cei_arena_close(&twin);
        cei_arena_reset(&test->arena);
    }
}

static void owning_says_when_memory_is_short(void **state)
{
    fixture *test = *state;
    const maybe_word long_notes[] = {{true, {"x", 1}}, {true, {test_alloc(&test->arena, 9000), 9000}}};
    for (size_t notes_count = 0; notes_count <= 2; notes_count++) {
        row value = sample;
        char *text = test_alloc(&test->arena, 9000);
        value.word.key = (ce_str){text, notes_count ? 1 : 9000};
        value.notes = (maybe_words){long_notes, (uint32_t)notes_count};
        cei_pool *pool = cei_pool_open(4096);
        cei_arena arena;
        cei_arena_open(&arena, pool, 0);
        assert_int_equal(cei_value_own(CE_TYPE(row), &value, &arena), notes_count == 1 ? CE_OK : CE_MEMORY);
        cei_arena_close(&arena);
        cei_pool_close(pool);
    }
    maybe_words list = {test_alloc(&test->arena, 400 * sizeof(maybe_word)), 400};
    memset((void *)(uintptr_t)list.at, 0, 400 * sizeof(maybe_word));
    cei_pool *pool = cei_pool_open(4096);
    cei_arena arena;
    cei_arena_open(&arena, pool, 0);
    assert_int_equal(cei_value_own(CE_TYPE(maybe_words), &list, &arena), CE_MEMORY);
    cei_arena_close(&arena);
    cei_pool_close(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_print_as_in_the_shell, set_up, tear_down),
        cmocka_unit_test_setup_teardown(floats_print_with_the_digits_of_a_float, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_print_is_cut_where_the_room_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_line_has_tabs_between_the_outermost_fields, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_of_every_kind_become_doubles, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_owned_value_outlives_its_source, set_up, tear_down),
        cmocka_unit_test_setup_teardown(owning_says_when_memory_is_short, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
