/*
 * type_test.c: types as such and the order of values: text, equality, soundness, made types, comparison.
 */
#include "base/fault.h"
#include "data/fixture_test.h"
#include "data/random_test.h"

CE_PAIR(word_count, ce_str, int64_t);
CE_PAIR(char_double, int8_t, double);
CE_LIST(longs, int64_t);
CE_LIST(words, ce_str);
CE_OPTION(maybe_word, ce_str);
CE_OPTION(maybe_double, double);
CE_RECORD(visit, (ce_str, url), (int64_t, at_ms), (double, seconds));
CE_RECORD(renamed, (ce_str, a), (int64_t, b), (double, c));
CE_RECORD(nested, (int32_t, id), (visit, first), (ce_str, note));
CE_LIST(visits, visit);
CE_PAIR(deep, visits, maybe_double);

static void text_spells_a_type_out_by_structure(void **state)
{
    (void)state;
    char text[100];
    assert_string_equal(ce_type_text(CE_TYPE(word_count), text, sizeof text), "pair(str, int64)");
    assert_string_equal(ce_type_text(CE_TYPE(longs), text, sizeof text), "list(int64)");
    assert_string_equal(ce_type_text(CE_TYPE(maybe_word), text, sizeof text), "option(str)");
    assert_string_equal(ce_type_text(CE_TYPE(deep), text, sizeof text),
                        "pair(list(record(str, int64, double)), option(double))");
    assert_string_equal(ce_type_text(CE_TYPE(_Bool), text, sizeof text), "bool");
    assert_string_equal(ce_type_text(NULL, text, sizeof text), "none");
    assert_string_equal(ce_type_text(&(ce_type){.kind = (ce_kind)99}, text, sizeof text), "unknown()");
    assert_string_equal(ce_type_text(CE_TYPE(word_count), text, 8), "pair(st");
    assert_string_equal(ce_type_text(CE_TYPE(word_count), text, 1), "");
    text[0] = 'x';
    assert_ptr_equal(ce_type_text(CE_TYPE(word_count), text, 0), text);
    assert_int_equal(text[0], 'x');
}

static void types_are_equal_when_their_structure_is(void **state)
{
    (void)state;
    assert_true(ce_type_equal(CE_TYPE(visit), CE_TYPE(renamed)));
    assert_true(ce_type_equal(CE_TYPE(bool), &ce_type__Bool));
    assert_true(ce_type_equal(NULL, NULL));
    assert_false(ce_type_equal(NULL, CE_TYPE(visit)));
    assert_false(ce_type_equal(CE_TYPE(visit), NULL));
    assert_false(ce_type_equal(CE_TYPE(visit), CE_TYPE(nested)));
    assert_false(ce_type_equal(CE_TYPE(longs), CE_TYPE(words)));
    assert_false(ce_type_equal(CE_TYPE(int64_t), CE_TYPE(uint64_t)));
    assert_false(ce_type_equal(CE_TYPE(maybe_word), CE_TYPE(maybe_double)));
}

static void flat_types_hold_no_pointers(void **state)
{
    (void)state;
    assert_true(cei_type_is_flat(CE_TYPE(char_double)));
    assert_true(cei_type_is_flat(CE_TYPE(maybe_double)));
    assert_true(cei_type_is_flat(CE_TYPE(bool)));
    assert_false(cei_type_is_flat(CE_TYPE(ce_str)));
    assert_false(cei_type_is_flat(CE_TYPE(longs)));
    assert_false(cei_type_is_flat(CE_TYPE(nested)));
    assert_true(cei_type_is_number(CE_TYPE(float)));
    assert_true(cei_type_is_number(CE_TYPE(uint8_t)));
    assert_false(cei_type_is_number(CE_TYPE(bool)));
    assert_false(cei_type_is_number(CE_TYPE(ce_str)));
}

static void plain_strings_are_found_unless_a_list_or_option_holds_them(void **state)
{
    (void)state;
    uint32_t offsets[2], count;
    assert_true(cei_type_plain_strings(CE_TYPE(nested), offsets, 2, &count));
    assert_int_equal(count, 2);
    assert_int_equal(offsets[0], offsetof(nested, first.url));
    assert_int_equal(offsets[1], offsetof(nested, note));
    assert_false(cei_type_plain_strings(CE_TYPE(nested), offsets, 1, &count));
    assert_false(cei_type_plain_strings(CE_TYPE(maybe_word), offsets, 2, &count));
    assert_false(cei_type_plain_strings(CE_TYPE(words), offsets, 2, &count));
    assert_true(cei_type_plain_strings(CE_TYPE(maybe_double), offsets, 2, &count));
    assert_int_equal(count, 0);
}

static void made_types_have_the_layout_of_the_compiler(void **state)
{
    fixture *test = *state;
    assert_true(ce_type_equal(cei_type_pair(&test->arena, CE_TYPE(ce_str), CE_TYPE(int64_t)), CE_TYPE(word_count)));
    assert_true(ce_type_equal(cei_type_pair(&test->arena, CE_TYPE(int8_t), CE_TYPE(double)), CE_TYPE(char_double)));
    assert_true(ce_type_equal(cei_type_pair(&test->arena, CE_TYPE(visits), CE_TYPE(maybe_double)), CE_TYPE(deep)));
    assert_true(ce_type_equal(cei_type_list(&test->arena, CE_TYPE(int64_t)), CE_TYPE(longs)));
    assert_int_equal(cei_type_pair(&test->arena, CE_TYPE(int8_t), CE_TYPE(double))->align, 8);
}

static void a_copy_is_equal_and_shares_nothing_but_builtins(void **state)
{
    fixture *test = *state;
    const ce_type *copy = cei_type_copy(&test->arena, CE_TYPE(deep));
    assert_true(ce_type_equal(copy, CE_TYPE(deep)));
    assert_ptr_not_equal(copy, CE_TYPE(deep));
    assert_string_equal(copy->name, "deep");
    assert_ptr_not_equal(copy->name, CE_TYPE(deep)->name);
    assert_string_equal(copy->fields[0].type->element->fields[2].name, "seconds");
    assert_ptr_equal(copy->fields[0].type->element->fields[2].type, CE_TYPE(double));
    ce_type user_id = ce_type_int64_t;
    user_id.name = "user_id";
    const ce_type *ids = cei_type_copy(&test->arena, cei_type_list(&test->arena, &user_id));
    assert_null(ids->name);
    assert_string_equal(ids->element->name, "user_id");
    assert_ptr_not_equal(ids->element, &user_id);
}

static void a_short_arena_gives_no_type(void **state)
{
    (void)state;
    int failures = 0;
    for (int round = 0; round < 250; round++) {
        cei_pool *pool = cei_pool_open(4096);
        cei_arena arena;
        cei_arena_open(&arena, pool, 0);
        while (arena.used_bytes < (uint64_t)round * 16) { /* ever less room is left of the one piece */
            assert_non_null(cei_arena_alloc(&arena, 16));
        }
        failures += !cei_type_copy(&arena, CE_TYPE(deep)) + !cei_type_list(&arena, CE_TYPE(deep)) +
                    !cei_type_pair(&arena, CE_TYPE(deep), CE_TYPE(deep));
        cei_arena_close(&arena);
        cei_pool_close(pool);
    }
    assert_in_range(failures, 3, 200);
}

static void sound_types_are_let_through(void **state)
{
    fixture *test = *state;
    const char *why = NULL;
    assert_true(cei_type_validate(CE_TYPE(deep), &why));
    assert_true(cei_type_validate(CE_TYPE(nested), &why));
    cei_random random;
    cei_random_seed(&random, 11);
    for (int round = 0; round < 1000; round++) {
        assert_true(cei_type_validate(test_type(&random, &test->arena, 3), &why));
        cei_arena_reset(&test->arena);
    }
}

static void refuse(const ce_type *type, const char *because)
{
    const char *why = NULL;
    assert_false(cei_type_validate(type, &why));
    if (!strstr(why, because)) {
        fail_msg("got \"%s\", wanted \"...%s...\"", why, because);
    }
}

static void unsound_types_are_refused_with_a_reason(void **state)
{
    fixture *test = *state;
    ce_field fields[3];
    ce_type broken;
#define BREAK(TYPE, HOW, BECAUSE)                                                                                      \
    do {                                                                                                               \
        broken = *CE_TYPE(TYPE);                                                                                       \
        memcpy(fields, CE_TYPE(TYPE)->fields, broken.field_count * sizeof *fields);                                    \
        broken.fields = fields;                                                                                        \
        HOW;                                                                                                           \
        refuse(&broken, BECAUSE);                                                                                      \
    } while (0)
    refuse(NULL, "missing");
    BREAK(visit, broken.kind = 99, "known kind");
    BREAK(visit, broken.kind = 0, "known kind");
    BREAK(visit, broken.fields = NULL, "without fields");
    BREAK(visit, broken.field_count = 0, "without fields");
    BREAK(visit, broken.field_count = 1 << 16, "65535");
    BREAK(visit, broken.kind = CE_KIND_PAIR, "two fields");
    BREAK(visit, broken.align = 16, "alignment");
    BREAK(visit, broken.align = 0, "alignment");
    BREAK(visit, broken.align = 4, "out of line");
    BREAK(visit, broken.bytes = 30, "multiple");
    BREAK(visit, broken.bytes = 0, "multiple");
    BREAK(visit, broken.bytes = 24, "outside");
    BREAK(visit, fields[1].offset = 8, "out of order");
    BREAK(visit, fields[1].offset = 17, "out of line");
    BREAK(visit, fields[2].offset = UINT32_MAX - 7, "outside");
    BREAK(visit, fields[2].type = NULL, "missing");
    BREAK(maybe_double, fields[0].type = CE_TYPE(int8_t), "begin with a bool");
    broken = *CE_TYPE(longs);
    broken.element = NULL;
    refuse(&broken, "missing");
    broken.bytes = 12;
    refuse(&broken, "wrong size");
    broken = *CE_TYPE(int64_t);
    broken.bytes = 4;
    refuse(&broken, "wrong size");
    const ce_type *list = CE_TYPE(int64_t);
    for (int depth = 0; depth < CEI_TYPE_DEPTH_MAX; depth++) {
        const char *why;
        assert_true(cei_type_validate(list, &why));
        list = cei_type_list(&test->arena, list);
    }
    refuse(list, "deep");
}

#define CHECK_ORDER(TYPE, LESS, MORE)                                                                                  \
    do {                                                                                                               \
        TYPE less_ = LESS, more_ = MORE;                                                                               \
        assert_true(ce_type_compare(CE_TYPE(TYPE), &less_, &more_) < 0);                                               \
        assert_true(ce_type_compare(CE_TYPE(TYPE), &more_, &less_) > 0);                                               \
        assert_int_equal(ce_type_compare(CE_TYPE(TYPE), &less_, &less_), 0);                                           \
        assert_int_equal(ce_type_compare(CE_TYPE(TYPE), &more_, &more_), 0);                                           \
    } while (0)

static void scalars_are_ordered_by_value(void **state)
{
    (void)state;
    CHECK_ORDER(bool, false, true);
    CHECK_ORDER(int8_t, -1, 1);
    CHECK_ORDER(uint8_t, 1, 255);
    CHECK_ORDER(int16_t, -300, 2);
    CHECK_ORDER(uint16_t, 2, 65000);
    CHECK_ORDER(int32_t, INT32_MIN, INT32_MAX);
    CHECK_ORDER(uint32_t, 0, UINT32_MAX);
    CHECK_ORDER(int64_t, INT64_MIN, INT64_MAX);
    CHECK_ORDER(uint64_t, 1, UINT64_MAX);
    CHECK_ORDER(float, -1.5f, 0.25f);
    CHECK_ORDER(float, INFINITY, NAN);
    CHECK_ORDER(double, -INFINITY, -1e308);
    CHECK_ORDER(double, INFINITY, NAN);
    double zero = 0.0, minus_zero = -0.0, nan = NAN, minus_nan = -NAN;
    assert_int_equal(ce_type_compare(CE_TYPE(double), &zero, &minus_zero), 0);
    assert_int_equal(ce_type_compare(CE_TYPE(double), &nan, &minus_nan), 0);
}

static void composed_values_are_ordered_part_by_part(void **state)
{
    (void)state;
    const int64_t numbers[] = {1, 2, 3};
    CHECK_ORDER(ce_str, ce_str_of("a"), ce_str_of("ab"));
    CHECK_ORDER(ce_str, ce_str_of("z"), ce_str_of("\xC3\xA4"));
    CHECK_ORDER(word_count, ((word_count){ce_str_of("a"), 9}), ((word_count){ce_str_of("b"), 1}));
    CHECK_ORDER(word_count, ((word_count){ce_str_of("a"), 1}), ((word_count){ce_str_of("a"), 9}));
    CHECK_ORDER(longs, ((longs){numbers, 2}), ((longs){numbers, 3}));
    CHECK_ORDER(longs, ((longs){numbers, 3}), ((longs){numbers + 1, 1}));
    CHECK_ORDER(longs, ((longs){NULL, 0}), ((longs){numbers, 1}));
    CHECK_ORDER(maybe_word, ((maybe_word){false, {NULL, 0}}), ((maybe_word){true, ce_str_of("")}));
    maybe_word absent = {false, {(const char *)8, 77}}, other = {false, {(const char *)16, 66}};
    assert_int_equal(ce_type_compare(CE_TYPE(maybe_word), &absent, &other), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(text_spells_a_type_out_by_structure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(types_are_equal_when_their_structure_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(flat_types_hold_no_pointers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(plain_strings_are_found_unless_a_list_or_option_holds_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(made_types_have_the_layout_of_the_compiler, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_is_equal_and_shares_nothing_but_builtins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_short_arena_gives_no_type, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sound_types_are_let_through, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unsound_types_are_refused_with_a_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(scalars_are_ordered_by_value, set_up, tear_down),
        cmocka_unit_test_setup_teardown(composed_values_are_ordered_part_by_part, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
