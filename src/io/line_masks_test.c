/*
 * Masks and counts of every instruction set against a look at each byte.
 */
#include "base/random.h"
#include "io/line_masks.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
/* cmocka last: it needs the headers above. */
#include <cmocka.h>

enum { BLOCKS_MAX = 70 };

static void check(const cei_line_masks *masks, const char *text, size_t blocks, uint64_t after)
{
    uint64_t feeds[BLOCKS_MAX], returns[BLOCKS_MAX], counted_after = after, ends = 0;
    masks->find(text, blocks, feeds, returns);
    for (size_t i = 0; i < 64 * blocks; i++) {
        assert_int_equal(feeds[i / 64] >> i % 64 & 1, text[i] == '\n');
        assert_int_equal(returns[i / 64] >> i % 64 & 1, text[i] == '\r');
        ends += text[i] == '\r' || (text[i] == '\n' && !after);
        after = text[i] == '\r';
    }
    assert_int_equal(masks->count(text, blocks, &counted_after), ends);
    assert_int_equal(counted_after, after);
}

static void masks_and_counts_are_those_of_the_bytes(void **state)
{
    (void)state;
    static char text[64 * BLOCKS_MAX + 64];
    cei_random random;
    cei_random_seed(&random, 7);
    for (int round = 0; round < 2000; round++) {
        size_t blocks = (size_t)cei_random_below(&random, BLOCKS_MAX), shift = (size_t)cei_random_below(&random, 64);
        uint64_t returns_in_32 = cei_random_below(&random, 3) * 5, feeds_in_32 = cei_random_below(&random, 12);
        for (size_t i = 0; i < 64 * blocks; i++) {
            uint64_t draw = cei_random_below(&random, 32);
            text[shift + i] = draw < returns_in_32                 ? '\r'
                              : draw < returns_in_32 + feeds_in_32 ? '\n'
                                                                   : (char)(128 + draw);
        }
        for (const cei_line_masks *const *masks = cei_line_masks_all(); *masks; masks++) {
            check(*masks, text + shift, blocks, (uint64_t)round % 2);
        }
    }
}

static void the_best_is_the_first_of_all(void **state)
{
    (void)state;
    assert_ptr_equal(cei_line_masks_best(), cei_line_masks_all()[0]);
    for (const cei_line_masks *const *masks = cei_line_masks_all(); *masks; masks++) {
        print_message("has %s\n", (*masks)->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_and_counts_are_those_of_the_bytes),
        cmocka_unit_test(the_best_is_the_first_of_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
