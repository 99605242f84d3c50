/*
 * memory_test.c: what the heap gives, and what is left when it gives nothing.
 */
#include "base/error.h"
#include "base/fault.h"
#include "base/memory.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

static int disarm(void **state)
{
    (void)state;
    cei_fault_arm(0, 0);
    return 0;
}

static void a_block_is_aligned_to_16_and_writable(void **state)
{
    (void)state;
    for (size_t bytes = 1; bytes < 200; bytes++) {
        char *block = cei_alloc(bytes);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % 16, 0);
        memset(block, 0x55, bytes);
        cei_free(block);
    }
    cei_free(NULL);
}

static void zeroed_memory_is_zero(void **state)
{
    (void)state;
    unsigned char *block = cei_alloc_zeroed(100, 7);
    assert_non_null(block);
    for (size_t index = 0; index < 700; index++) {
        assert_int_equal(block[index], 0);
    }
    cei_free(block);
}

static void a_product_that_overflows_is_refused(void **state)
{
    (void)state;
    cei_error_set(NULL);
    assert_null(cei_alloc_zeroed(SIZE_MAX / 2, 3));
    assert_non_null(strstr(ce_last_error(), "out of memory"));
}

static void resizing_keeps_the_content(void **state)
{
    (void)state;
    char *block = cei_realloc(NULL, 4);
    assert_non_null(block);
    memcpy(block, "abc", 4);
    block = cei_realloc(block, 100000);
    assert_non_null(block);
    assert_string_equal(block, "abc");
    cei_free(block);
}

static void resizing_to_nothing_keeps_a_block(void **state)
{
    (void)state;
    void *block = cei_realloc(cei_alloc(10), 0);
    assert_non_null(block);
    cei_free(block);
}

static void a_copied_text_is_a_block_of_its_own(void **state)
{
    (void)state;
    char text[] = "words";
    char *copy = cei_strdup(text);
    text[0] = 'x';
    assert_string_equal(copy, "words");
    cei_free(copy);
}

static void a_missing_text_copies_to_null_without_an_error(void **state)
{
    (void)state;
    cei_error_set(NULL);
    assert_null(cei_strdup(NULL));
    assert_string_equal(ce_last_error(), "");
}

static void each_call_reports_a_shortage(void **state)
{
    (void)state;
    char *kept = cei_strdup("kept");
    for (int call = 0; call < 4; call++) {
        cei_error_set(NULL);
        cei_fault_arm(1, CEI_FAULT_ALLOCATION);
        void *block = call == 0   ? cei_alloc(10)
                      : call == 1 ? cei_alloc_zeroed(2, 5)
                      : call == 2 ? cei_realloc(kept, 10)
                                  : cei_strdup("123456789");
        assert_true(cei_fault_delivered());
        assert_null(block);
        assert_string_equal(ce_last_error(), "out of memory: the heap cannot give 10 bytes");
    }
    assert_string_equal(kept, "kept");
    cei_free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_aligned_to_16_and_writable),
        cmocka_unit_test(zeroed_memory_is_zero),
        cmocka_unit_test(a_product_that_overflows_is_refused),
        cmocka_unit_test(resizing_keeps_the_content),
        cmocka_unit_test(resizing_to_nothing_keeps_a_block),
        cmocka_unit_test(a_copied_text_is_a_block_of_its_own),
        cmocka_unit_test(a_missing_text_copies_to_null_without_an_error),
        cmocka_unit_test_teardown(each_call_reports_a_shortage, disarm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
