/*
 * module_test.c: functions are found by the content of their module and their name, and by nothing else.
 */
#include "base/error.h"
#include "base/fault.h"
#include "rdd/module.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>
#include <xxhash.h>

static inline int64_t once(int64_t x)
{
    return x;
}
CE_MAP(once, int64_t, int64_t)

static inline bool positive(int64_t x)
{
    return x > 0;
}
CE_FILTER(positive, int64_t)

/* The first question may fail: it reads the file. So this one comes first. */
static void a_file_that_cannot_be_read_is_said_and_read_at_the_next_question(void **state)
{
    (void)state;
    uint64_t content;
    for (cei_fault_kind kind = CEI_FAULT_ALLOCATION; kind <= CEI_FAULT_SYSTEM_CALL; kind++) {
        cei_fault_arm(1, kind);
        ce_status status = cei_module_of(&ce_fn_once, &content);
        bool delivered = cei_fault_delivered();
        cei_fault_arm(0, kind);
        assert_true(delivered || status == CE_OK);
        assert_true(status == CE_OK || status == CE_MEMORY || status == CE_IO);
        assert_true(status == CE_OK || ce_last_error()[0] != '\0');
    }
    assert_int_equal(cei_module_of(&ce_fn_once, &content), CE_OK);
}

static void a_module_is_the_hash_of_its_file(void **state)
{
    (void)state;
    FILE *file = fopen("/proc/self/exe", "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size_t bytes = (size_t)ftell(file);
    char *program = malloc(bytes);
    rewind(file);
    assert_int_equal(fread(program, 1, bytes, file), bytes);
    fclose(file);
    uint64_t content, other;
    assert_int_equal(cei_module_of(&ce_fn_once, &content), CE_OK);
    assert_int_equal(cei_module_of(&ce_fn_positive, &other), CE_OK);
    assert_true(content == XXH3_64bits(program, bytes));
    assert_true(content == other);
    free(program);
}

static void functions_are_found_by_content_and_name(void **state)
{
    (void)state;
    uint64_t content;
    const ce_function *found;
    assert_int_equal(cei_module_of(&ce_fn_once, &content), CE_OK);
    assert_int_equal(cei_module_find(content, "once", &found), CE_OK);
    assert_ptr_equal(found, &ce_fn_once);
    assert_int_equal(cei_module_find(content, "positive", &found), CE_OK);
    assert_ptr_equal(found, &ce_fn_positive);
    assert_int_equal(cei_module_find(content, "onc", &found), CE_NOT_FOUND);
    assert_null(found);
    assert_string_equal(ce_last_error(), "its module has no function onc");
    assert_int_equal(cei_module_find(content + 1, "once", &found), CE_NOT_FOUND);
    assert_null(found);
    assert_non_null(strstr(ce_last_error(), "the module of function once (content "));
}

static void registering_again_or_nothing_changes_nothing(void **state)
{
    (void)state;
    uint64_t before, after;
    assert_int_equal(cei_module_of(&ce_fn_once, &before), CE_OK);
    ce_register_functions(__start_ce_functions, __stop_ce_functions);
    ce_register_functions(NULL, NULL);
    ce_register_functions(__start_ce_functions, __start_ce_functions);
    assert_int_equal(cei_module_of(&ce_fn_once, &after), CE_OK);
    assert_true(before == after);
}

static void a_function_that_no_macro_stamped_is_not_known(void **state)
{
    (void)state;
    ce_function copy = ce_fn_once;
    uint64_t content;
    copy.name = "a_copy";
    assert_int_equal(cei_module_of(&copy, &content), CE_NOT_FOUND);
    assert_non_null(strstr(ce_last_error(), "function a_copy is not registered"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_cannot_be_read_is_said_and_read_at_the_next_question),
        cmocka_unit_test(a_module_is_the_hash_of_its_file),
        cmocka_unit_test(functions_are_found_by_content_and_name),
        cmocka_unit_test(registering_again_or_nothing_changes_nothing),
        cmocka_unit_test(a_function_that_no_macro_stamped_is_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
