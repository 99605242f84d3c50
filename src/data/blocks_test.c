/*
 * blocks_test.c: a list of blocks owns what is pushed into it, also when it cannot grow.
 */
#include "base/fault.h"
#include "data/blocks.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

static int released;

static void release(ce_block *block)
{
    (void)block;
    released++;
}

static ce_block make(uint64_t rows)
{
    return (ce_block){0, 0, rows, "", 1, release, NULL};
}

static void a_list_keeps_the_order_and_releases_each_block_once(void **state)
{
    (void)state;
    cei_blocks list = {0};
    released = 0;
    for (uint64_t i = 0; i < 100; i++) {
        ce_block block = make(i);
        assert_int_equal(cei_blocks_push(&list, &block), CE_OK);
        assert_null(block.bytes);
    }
    for (uint64_t i = 0; i < 100; i++) {
        assert_int_equal(list.blocks[i].rows, i);
    }
    assert_int_equal(released, 0);
    cei_blocks_close(&list);
    assert_int_equal(released, 100);
    cei_blocks_close(&list);
    assert_int_equal(released, 100);
}

static void a_block_that_finds_no_room_is_released(void **state)
{
    (void)state;
    cei_blocks list = {0};
    ce_block block = make(1);
    released = 0;
    cei_fault_arm(1, CEI_FAULT_ALLOCATION);
    assert_int_equal(cei_blocks_push(&list, &block), CE_MEMORY);
    cei_fault_arm(0, 0);
    assert_int_equal(released, 1);
    assert_int_equal(list.count, 0);
    cei_blocks_close(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_keeps_the_order_and_releases_each_block_once),
        cmocka_unit_test(a_block_that_finds_no_room_is_released),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
