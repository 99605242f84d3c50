/*
 * wire_test.c: types and values through bytes and back, and bytes that nobody wrote.
 */
#include "base/error.h"
#include "base/fault.h"
#include "data/fixture_test.h"
#include "data/random_test.h"
#include "data/wire.h"

CE_PAIR(word_count, ce_str, int64_t);
CE_OPTION(maybe_word, ce_str);
CE_LIST(maybe_words, maybe_word);
CE_LIST(longs, int64_t);
CE_LIST(long_lists, longs);
CE_RECORD(row, (bool, flag), (float, ratio), (word_count, word), (maybe_words, notes), (long_lists, lists));

static void numbers_and_texts_come_back(void **state)
{
    fixture *test = *state;
    cei_wire_put_u8(&test->bytes, 200);
    cei_wire_put_u32(&test->bytes, 0xDEADBEEF);
    cei_wire_put_u64(&test->bytes, UINT64_MAX - 1);
    cei_wire_put_text(&test->bytes, NULL);
    cei_wire_put_text(&test->bytes, "");
    cei_wire_put_text(&test->bytes, "word");
    cei_wire_reader from;
    cei_wire_reader_open(&from, test->bytes.bytes, test->bytes.count, &test->arena);
    assert_int_equal(cei_wire_get_u8(&from), 200);
    assert_int_equal(cei_wire_get_u32(&from), 0xDEADBEEF);
    assert_true(cei_wire_get_u64(&from) == UINT64_MAX - 1);
    assert_null(cei_wire_get_text(&from));
    assert_string_equal(cei_wire_get_text(&from), "");
    assert_string_equal(cei_wire_get_text(&from), "word");
    assert_false(from.failed);
    assert_ptr_equal(from.at, from.end);
}

static void reading_past_the_end_fails_for_good(void **state)
{
    fixture *test = *state;
    cei_wire_reader from;
    cei_wire_reader_open(&from, "\5\0\0", 3, &test->arena);
    assert_int_equal(cei_wire_get_u32(&from), 0);
    assert_true(from.failed);
    assert_int_equal(from.status, CE_CORRUPT);
    assert_non_null(strstr(ce_last_error(), "middle"));
    assert_int_equal(cei_wire_get_u8(&from), 0);
    assert_true(cei_wire_get_u64(&from) == 0);
    assert_null(cei_wire_get_text(&from));
    assert_null(cei_wire_get_type(&from));
    row value;
    memset(&value, 1, sizeof value);
    cei_wire_get_value(&from, CE_TYPE(row), &value);
    assert_false(value.flag);
    assert_null(value.word.key.at);
    cei_wire_reader_open(&from, NULL, 0, &test->arena);
    assert_null(cei_wire_get_text(&from));
    assert_true(from.failed);
}

static void a_text_with_a_nul_or_a_false_length_is_corrupt(void **state)
{
    fixture *test = *state;
    cei_wire_reader from;
    cei_wire_reader_open(&from, "\3\0\0\0a\0", 6, &test->arena);
    assert_null(cei_wire_get_text(&from));
    assert_int_equal(from.status, CE_CORRUPT);
    cei_wire_reader_open(&from, "\xFF\xFF\xFF\xFFxyz", 7, &test->arena);
    assert_null(cei_wire_get_text(&from));
    assert_int_equal(from.status, CE_CORRUPT);
}

static void types_come_back_with_names_and_layout(void **state)
{
    fixture *test = *state;
    cei_random random;
    cei_random_seed(&random, 31);
    for (int round = 0; round < 1000; round++) {
        const ce_type *type = round ? test_type(&random, &test->arena, 3) : CE_TYPE(row);
        test->bytes.count = 0;
        cei_wire_put_type(&test->bytes, type);
        cei_wire_reader from;
        cei_wire_reader_open(&from, test->bytes.bytes, test->bytes.count, &test->arena);
        const ce_type *got = cei_wire_get_type(&from);
        assert_true(ce_type_equal(got, type));
        assert_int_equal(got->align, type->align);
        assert_true((!got->name && !type->name) || strcmp(got->name, type->name) == 0);
        for (uint32_t i = 0; i < type->field_count; i++) {
            assert_string_equal(got->fields[i].name, type->fields[i].name);
        }
        assert_ptr_equal(from.at, from.end);
        cei_arena_reset(&test->arena);
    }
}

static void a_scalar_may_have_a_name_of_its_own(void **state)
{
    fixture *test = *state;
    ce_type user_id = ce_type_int64_t;
    user_id.name = "user_id";
    cei_wire_put_type(&test->bytes, &user_id);
    cei_wire_put_type(&test->bytes, CE_TYPE(int64_t));
    cei_wire_reader from;
    cei_wire_reader_open(&from, test->bytes.bytes, test->bytes.count, &test->arena);
    assert_string_equal(cei_wire_get_type(&from)->name, "user_id");
    assert_ptr_equal(cei_wire_get_type(&from), CE_TYPE(int64_t));
}

static void values_come_back_copied_or_viewed(void **state)
{
    fixture *test = *state;
    cei_random random;
    cei_random_seed(&random, 41);
    for (int round = 0; round < 2000; round++) {
        const ce_type *type = test_type(&random, &test->arena, 3);
        char *value = test_alloc(&test->arena, type->bytes), *got = test_alloc(&test->arena, type->bytes);
        test_value(&random, &test->arena, type, value, 6);
        test->bytes.count = 0;
        cei_wire_put_value(&test->bytes, type, value);
        assert_int_equal(cei_buffer_status(&test->bytes), CE_OK);
        cei_wire_reader from;
        cei_wire_reader_open(&from, test->bytes.bytes, test->bytes.count, &test->arena);
        cei_wire_view_value(&from, type, got);
        assert_false(from.failed);
        assert_ptr_equal(from.at, from.end);
        test_equal(type, got, value);
        cei_wire_reader_open(&from, test->bytes.bytes, test->bytes.count, &test->arena);
        cei_wire_get_value(&from, type, got);
        assert_false(from.failed);
        memset(test->bytes.bytes, 0xEE, test->bytes.count); /* nothing points to them */
        test_equal(type, got, value);
        cei_arena_reset(&test->arena);
    }
}

static void equal_values_give_equal_bytes_and_others_differ(void **state)
{
    fixture *test = *state;
    cei_random random;
    cei_buffer other = {0};
    int equal_count = 0;
    cei_random_seed(&random, 51);
    for (int round = 0; round < 20000; round++) {
        const ce_type *type = test_type(&random, &test->arena, 2);
        char *a = test_alloc(&test->arena, type->bytes), *b = test_alloc(&test->arena, type->bytes);
        memset(b, 0x33, type->bytes);
        test_value(&random, &test->arena, type, a, 1);
        test_value(&random, &test->arena, type, b, 1);
        test->bytes.count = other.count = 0;
        cei_wire_put_value(&test->bytes, type, a);
        cei_wire_put_value(&other, type, b);
        const size_t common = test->bytes.count < other.count ? test->bytes.count : other.count;
        const bool same_start = memcmp(test->bytes.bytes, other.bytes, common) == 0;
        const bool equal = cei_value_equal(type, a, b);
        assert_int_equal(same_start, equal); /* so no encoding is a prefix of another, too */
        assert_true(!equal || test->bytes.count == other.count);
        equal_count += equal;
        cei_arena_reset(&test->arena);
    }
    assert_in_range(equal_count, 500, 19500);
    cei_buffer_close(&other);
}

static void all_nans_and_both_zeros_are_one_key(void **state)
{
    fixture *test = *state;
    uint64_t nan_bits = 0xFFF8000000000123;
    double nan, zeros[] = {-0.0, 0.0};
    float narrow_nans[] = {NAN, -NAN}, narrow_zeros[] = {-0.0f, 0.0f};
    memcpy(&nan, &nan_bits, sizeof nan);
    cei_wire_put_value(&test->bytes, CE_TYPE(double), &nan);
    cei_wire_put_value(&test->bytes, CE_TYPE(double), &(double){NAN});
    for (int i = 0; i < 2; i++) {
        cei_wire_put_value(&test->bytes, CE_TYPE(double), &zeros[i]);
    }
    for (int i = 0; i < 2; i++) {
        cei_wire_put_value(&test->bytes, CE_TYPE(float), &narrow_nans[i]);
    }
    for (int i = 0; i < 2; i++) {
        cei_wire_put_value(&test->bytes, CE_TYPE(float), &narrow_zeros[i]);
    }
    const char *at = test->bytes.bytes;
    assert_memory_equal(at, at + 8, 8);
    assert_memory_equal(at + 16, at + 24, 8);
    assert_memory_equal(at + 32, at + 36, 4);
    assert_memory_equal(at + 40, at + 44, 4);
}

static void every_cut_is_noticed(void **state)
{
    fixture *test = *state;
    cei_random random;
    cei_random_seed(&random, 61);
    for (int round = 0; round < 300; round++) {
        const ce_type *type = test_type(&random, &test->arena, 3);
        char *value = test_alloc(&test->arena, type->bytes);
        test_value(&random, &test->arena, type, value, 3);
        test->bytes.count = 0;
        cei_wire_put_type(&test->bytes, type);
        const size_t type_bytes = test->bytes.count;
        cei_wire_put_value(&test->bytes, type, value);
        for (size_t bytes = 0; bytes < test->bytes.count && bytes < 400; bytes++) {
            char *cut = test_alloc(&test->arena, bytes + 1); /* so that the sanitizer sees a read behind it */
            memcpy(cut, test->bytes.bytes, bytes);
            cei_wire_reader from;
            cei_wire_reader_open(&from, cut, bytes, &test->arena);
            const ce_type *got = cei_wire_get_type(&from);
            assert_int_equal(got != NULL, bytes >= type_bytes);
            if (got) {
                cei_wire_get_value(&from, got, value);
            }
            assert_true(from.failed);
            assert_int_equal(from.status, CE_CORRUPT);
        }
        cei_arena_reset(&test->arena);
    }
}

/* Reads all of it, so that a pointer to nowhere shows. */
static void touch(const ce_type *type, const void *value)
{
    cei_buffer text = {0};
    assert_int_equal(ce_type_compare(type, value, value), 0);
    cei_value_print(type, value, &text);
    cei_buffer_close(&text);
}

static void random_bytes_never_break_the_reader(void **state)
{
    fixture *test = *state;
    cei_random random;
    int good = 0;
    cei_random_seed(&random, 71);
    for (int round = 0; round < 30000; round++) {
        const ce_type *type = test_type(&random, &test->arena, 3);
        char *value = test_alloc(&test->arena, type->bytes);
        test_value(&random, &test->arena, type, value, 3);
        test->bytes.count = 0;
        cei_wire_put_type(&test->bytes, type);
        cei_wire_put_value(&test->bytes, type, value);
        for (uint64_t i = cei_random_below(&random, 4); i > 0; i--) {
            const uint64_t at = cei_random_below(&random, test->bytes.count);
            test->bytes.bytes[at] = (char)(cei_random_next(&random) >> cei_random_below(&random, 8) % 64);
        }
        cei_wire_reader from;
        cei_wire_reader_open(&from, test->bytes.bytes, test->bytes.count, &test->arena);
        const ce_type *got = cei_wire_get_type(&from);
        if (got && got->bytes < 1 << 20) {
            char *read = test_alloc(&test->arena, got->bytes);
            cei_wire_get_value(&from, got, read);
            touch(got, read);
            good += !from.failed;
        }
        assert_int_equal(from.failed, from.status != CE_OK);
        cei_arena_reset(&test->arena);
    }
    assert_in_range(good, 5000, 30000);
}

static void unsound_bytes_are_refused_with_a_sentence(void **state)
{
    fixture *test = *state;
    cei_wire_reader from;
    bool flag = true;
    maybe_word word;
    longs list;
    cei_wire_reader_open(&from, "\2", 1, &test->arena);
    cei_wire_get_value(&from, CE_TYPE(bool), &flag);
    assert_int_equal(from.status, CE_CORRUPT);
    assert_false(flag);
    cei_wire_reader_open(&from, "\2\0\0\0\0", 5, &test->arena);
    cei_wire_get_value(&from, CE_TYPE(maybe_word), &word);
    assert_int_equal(from.status, CE_CORRUPT);
    cei_wire_reader_open(&from, "\xFF\xFF\xFF\xFF", 4, &test->arena);
    cei_wire_get_value(&from, CE_TYPE(longs), &list);
    assert_int_equal(from.status, CE_CORRUPT);
    assert_non_null(strstr(ce_last_error(), "elements"));
    assert_int_equal(list.count, 0);
    for (int i = 0; i < 3 * CEI_TYPE_DEPTH_MAX; i++) { /* list of list of ... */
        cei_wire_put_u8(&test->bytes, CE_KIND_LIST);
        cei_wire_put_text(&test->bytes, NULL);
    }
    cei_wire_put_type(&test->bytes, CE_TYPE(bool));
    cei_wire_reader_open(&from, test->bytes.bytes, test->bytes.count, &test->arena);
    assert_null(cei_wire_get_type(&from));
    assert_non_null(strstr(ce_last_error(), "deep"));
    cei_wire_reader_open(&from, "\x0D\0\0\0\0\10\0\0\0\10\0\0\0\xFF\xFF", 15, &test->arena);
    assert_null(cei_wire_get_type(&from));
    assert_non_null(strstr(ce_last_error(), "fields"));
}

static void a_shortage_of_memory_is_not_called_corrupt(void **state)
{
    fixture *test = *state;
    static const int64_t numbers[600];
    static char text[6000];
    const longs lists[] = {{numbers, 600}};
    const row value = {true, 1, {{text, 6000}, 1}, {NULL, 0}, {lists, 1}};
    const row list_only = {true, 1, {{"", 0}, 1}, {NULL, 0}, {lists, 1}};
    cei_pool *pool = cei_pool_open(4096);
    cei_arena small;
    cei_wire_reader from;
    row got;
    cei_arena_open(&small, pool, 0);
    for (int i = 0; i < 2; i++) {
        test->bytes.count = 0;
        cei_wire_put_value(&test->bytes, CE_TYPE(row), i ? &list_only : &value);
        cei_wire_reader_open(&from, test->bytes.bytes, test->bytes.count, &small);
        cei_wire_get_value(&from, CE_TYPE(row), &got);
        assert_int_equal(from.status, CE_MEMORY);
    }
    while (cei_arena_alloc(&small, 16)) {
    }
    test->bytes.count = 0;
    cei_wire_put_type(&test->bytes, CE_TYPE(row));
    cei_wire_reader_open(&from, test->bytes.bytes, test->bytes.count, &small);
    assert_null(cei_wire_get_type(&from));
    assert_int_equal(from.status, CE_MEMORY);
    cei_arena_close(&small);
    cei_pool_close(pool);
    cei_buffer failing = {0};
    cei_fault_arm(1, CEI_FAULT_ALLOCATION);
    cei_wire_put_value(&failing, CE_TYPE(row), &value);
    assert_int_equal(cei_buffer_status(&failing), CE_MEMORY);
    cei_buffer_close(&failing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbers_and_texts_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reading_past_the_end_fails_for_good, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_text_with_a_nul_or_a_false_length_is_corrupt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(types_come_back_with_names_and_layout, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_scalar_may_have_a_name_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_come_back_copied_or_viewed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(equal_values_give_equal_bytes_and_others_differ, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_nans_and_both_zeros_are_one_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_cut_is_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(random_bytes_never_break_the_reader, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unsound_bytes_are_refused_with_a_sentence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_shortage_of_memory_is_not_called_corrupt, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
