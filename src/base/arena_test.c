/*
 * arena_test.c: what an arena hands out, how it grows, and what it gives back.
 */
#include "base/arena.h"
#include "base/error.h"
#include "base/fault.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

enum { KIB = 1 << 10, MIB = 1 << 20 };

static int open_pool(void **state)
{
    *state = cei_pool_open(64 * MIB);
    return *state ? 0 : -1;
}

/* Closing asserts that everything came back. */
static int close_pool(void **state)
{
    cei_fault_arm(0, 0);
    cei_pool_close(*state);
    return 0;
}

static uint64_t used(cei_pool *pool)
{
    return cei_pool_used(pool).used_bytes;
}

static void an_arena_takes_nothing_before_it_is_used(void **state)
{
    cei_arena arena;
    cei_arena_open(&arena, *state, 0);
    cei_arena_reset(&arena);
    assert_int_equal(used(*state), 0);
    assert_non_null(cei_arena_alloc(&arena, 1));
    assert_int_equal(used(*state), 4 * KIB);
    cei_arena_close(&arena);
    assert_int_equal(used(*state), 0);
}

static void allocations_are_aligned_and_do_not_overlap(void **state)
{
    cei_arena arena;
    cei_arena_open(&arena, *state, 0);
    unsigned char *blocks[300];
    for (size_t bytes = 0; bytes < 300; bytes++) {
        blocks[bytes] = cei_arena_alloc(&arena, bytes);
        assert_non_null(blocks[bytes]);
        assert_int_equal((uintptr_t)blocks[bytes] % 16, 0);
        memset(blocks[bytes], (int)(bytes % 256), bytes);
    }
    for (size_t bytes = 0; bytes < 300; bytes++) {
        for (size_t index = 0; index < bytes; index++) {
            assert_int_equal(blocks[bytes][index], bytes % 256);
        }
    }
    cei_arena_close(&arena);
}

static void pieces_double_up_to_a_mebibyte(void **state)
{
    cei_arena arena;
    cei_arena_open(&arena, *state, 0);
    uint64_t expected = 0, before = 0;
    for (uint64_t piece = 4 * KIB; piece <= 4 * MIB; piece *= 2) {
        expected += piece < MIB ? piece : MIB;
        do { /* fill until the next piece is taken */
            before = used(*state);
            assert_non_null(cei_arena_alloc(&arena, 1000));
        } while (used(*state) == before);
        assert_int_equal(used(*state), expected);
    }
    cei_arena_close(&arena);
}

static void the_first_piece_has_the_size_asked_for(void **state)
{
    cei_arena arena;
    cei_arena_open(&arena, *state, 100 * KIB);
    assert_non_null(cei_arena_alloc(&arena, 1));
    assert_int_equal(used(*state), 128 * KIB);
    cei_arena_close(&arena);
}

static void a_large_allocation_gets_a_piece_of_its_size(void **state)
{
    cei_arena arena;
    cei_arena_open(&arena, *state, 0);
    char *large = cei_arena_alloc(&arena, 3 * MIB);
    assert_non_null(large);
    memset(large, 1, 3 * MIB);
    assert_int_equal(used(*state), 4 * MIB);
    assert_non_null(cei_arena_alloc(&arena, 500 * KIB));
    assert_int_equal(used(*state), 4 * MIB);
    cei_arena_close(&arena);
}

static void a_reset_keeps_the_newest_piece_and_reuses_it(void **state)
{
    cei_arena arena;
    cei_arena_open(&arena, *state, 0);
    for (int index = 0; index < 100; index++) {
        assert_non_null(cei_arena_alloc(&arena, 1000));
    }
    assert_int_equal(arena.used_bytes, 100 * 1008);
    cei_arena_reset(&arena);
    assert_int_equal(arena.used_bytes, 0);
    assert_int_equal(used(*state), 64 * KIB);
    void *first = cei_arena_alloc(&arena, 10);
    cei_arena_reset(&arena);
    assert_ptr_equal(cei_arena_alloc(&arena, 10), first);
    assert_int_equal(used(*state), 64 * KIB);
    cei_arena_close(&arena);
}

static void a_closed_arena_can_be_used_again(void **state)
{
    cei_arena arena;
    cei_arena_open(&arena, *state, 0);
    assert_non_null(cei_arena_alloc(&arena, 10));
    cei_arena_close(&arena);
    assert_non_null(cei_arena_alloc(&arena, 10));
    cei_arena_close(&arena);
    cei_arena_close(&arena);
}

static void zeroed_memory_is_zero_after_a_reset_too(void **state)
{
    cei_arena arena;
    cei_arena_open(&arena, *state, 0);
    memset(cei_arena_alloc(&arena, 1000), 0xFF, 1000);
    cei_arena_reset(&arena);
    const unsigned char *block = cei_arena_alloc_zeroed(&arena, 1000);
    for (size_t index = 0; index < 1000; index++) {
        assert_int_equal(block[index], 0);
    }
    cei_arena_close(&arena);
}

static void copies_are_independent_of_what_was_copied(void **state)
{
    cei_arena arena;
    cei_arena_open(&arena, *state, 0);
    char text[] = "words";
    char *copy = cei_arena_strdup(&arena, text);
    char *bytes = cei_arena_copy(&arena, text, 3);
    text[0] = 'x';
    assert_string_equal(copy, "words");
    assert_memory_equal(bytes, "wor", 3);
    assert_non_null(cei_arena_copy(&arena, NULL, 0));
    cei_arena_close(&arena);
}

static void printed_text_has_any_length(void **state)
{
    cei_arena arena;
    cei_arena_open(&arena, *state, 0);
    assert_string_equal(cei_arena_printf(&arena, "%s-%03d", "part", 7), "part-007");
    const char *wide = cei_arena_printf(&arena, "%*d", 100000, 1);
    assert_int_equal(strlen(wide), 100000);
    assert_int_equal(wide[99999], '1');
    cei_arena_close(&arena);
}

static void a_size_that_overflows_is_refused(void **state)
{
    cei_arena arena;
    cei_arena_open(&arena, *state, 0);
    assert_non_null(cei_arena_alloc(&arena, 1));
    for (size_t less = 0; less < 40; less++) {
        assert_null(cei_arena_alloc(&arena, SIZE_MAX - less));
        assert_non_null(strstr(ce_last_error(), "out of memory"));
    }
    assert_non_null(cei_arena_alloc(&arena, 1));
    cei_arena_close(&arena);
}

static void an_arena_survives_a_pool_that_refuses(void **state)
{
    cei_arena arena;
    cei_arena_open(&arena, *state, 0);
    char *first = cei_arena_strdup(&arena, "first");
    for (int call = 0; call < 4; call++) {
        cei_error_set(NULL);
        cei_fault_arm(1, CEI_FAULT_ALLOCATION);
        void *block = call == 0   ? cei_arena_alloc(&arena, 10 * KIB)
                      : call == 1 ? cei_arena_alloc_zeroed(&arena, 10 * KIB)
                      : call == 2 ? (void *)cei_arena_printf(&arena, "%*d", 10 * KIB, 1)
                                  : cei_arena_copy(&arena, first, 100 * KIB);
        assert_true(cei_fault_delivered());
        assert_null(block);
        assert_non_null(strstr(ce_last_error(), "out of memory"));
    }
    assert_string_equal(first, "first");
    assert_non_null(cei_arena_alloc(&arena, 10 * KIB));
    cei_arena_close(&arena);
}

static void memory_past_an_allocation_is_poisoned_for_the_sanitizer(void **state)
{
#ifdef CEI_POISONS
    cei_arena arena;
    cei_arena_open(&arena, *state, 0);
    char *block = cei_arena_alloc(&arena, 24);
    assert_null(__asan_region_is_poisoned(block, 24));
    assert_true(__asan_address_is_poisoned(block + 24));
    cei_arena_reset(&arena);
    assert_true(__asan_address_is_poisoned(block));
    cei_arena_close(&arena);
#else
    (void)state;
    skip();
#endif
}

#define WITH_POOL(test) cmocka_unit_test_setup_teardown(test, open_pool, close_pool)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_POOL(an_arena_takes_nothing_before_it_is_used),
        WITH_POOL(allocations_are_aligned_and_do_not_overlap),
        WITH_POOL(pieces_double_up_to_a_mebibyte),
        WITH_POOL(the_first_piece_has_the_size_asked_for),
        WITH_POOL(a_large_allocation_gets_a_piece_of_its_size),
        WITH_POOL(a_reset_keeps_the_newest_piece_and_reuses_it),
        WITH_POOL(a_closed_arena_can_be_used_again),
        WITH_POOL(zeroed_memory_is_zero_after_a_reset_too),
        WITH_POOL(copies_are_independent_of_what_was_copied),
        WITH_POOL(printed_text_has_any_length),
        WITH_POOL(a_size_that_overflows_is_refused),
        WITH_POOL(an_arena_survives_a_pool_that_refuses),
        WITH_POOL(memory_past_an_allocation_is_poisoned_for_the_sanitizer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
