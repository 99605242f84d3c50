/*
 * store_test.c: map outputs come back by reduce partition, in the order of map partitions, and each once.
 */
#include "base/fault.h"
#include "base/random.h"
#include "shuffle/store.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

static _Atomic(int) alive; /* blocks that nobody has released */

static void release(ce_block *block)
{
    free(block->owner);
    alive--;
}

/* A list of blocks for the partitions given by digits; block i of map m for partition p holds "m/p/i". */
static cei_blocks blocks_of(uint32_t map, const char *partitions)
{
    cei_blocks list = {0};
    uint32_t seen[10] = {0};
    for (; *partitions; partitions++) {
        uint32_t partition = (uint32_t)(*partitions - '0');
        char *text = malloc(32);
        int bytes = snprintf(text, 32, "%u/%u/%u ", map, partition, seen[partition]++);
        ce_block block = {partition, 1, text, (size_t)bytes, release, text};
        alive++;
        assert_int_equal(cei_blocks_push(&list, &block), CE_OK);
    }
    return list;
}

struct fetched {
    char text[1000];
    int left; /* blocks until each fails; negative: never */
};

static ce_status note(const ce_block *block, void *arg)
{
    struct fetched *fetched = arg;
    if (fetched->left-- == 0) {
        return CE_CANCELLED;
    }
    assert_null(block->release);
    strncat(fetched->text, block->bytes, block->byte_count);
    return CE_OK;
}

static const char *fetch(cei_store *store, int32_t shuffle, uint32_t reduce)
{
    static struct fetched fetched;
    fetched = (struct fetched){"", -1};
    assert_int_equal(cei_store_fetch(store, shuffle, reduce, note, &fetched), CE_OK);
    return fetched.text;
}

static cei_store *open_store(void)
{
    cei_store *store;
    assert_int_equal(cei_store_open(&store), CE_OK);
    return store;
}

static void put(cei_store *store, int32_t shuffle, uint32_t map, const char *partitions)
{
    cei_blocks list = blocks_of(map, partitions);
    assert_int_equal(cei_store_put(store, shuffle, map, &list), CE_OK);
    assert_int_equal(list.count, 0);
    assert_null(list.blocks);
}

static void blocks_come_by_map_partition_and_keep_their_order(void **state)
{
    (void)state;
    cei_store *store = open_store();
    assert_int_equal(cei_store_register(store, 7, 3, 4), CE_OK);
    put(store, 7, 2, "3021033");
    put(store, 7, 0, "0011");
    put(store, 7, 1, "");
    assert_string_equal(fetch(store, 7, 0), "0/0/0 0/0/1 2/0/0 2/0/1 ");
    assert_string_equal(fetch(store, 7, 1), "0/1/0 0/1/1 2/1/0 ");
    assert_string_equal(fetch(store, 7, 2), "2/2/0 ");
    assert_string_equal(fetch(store, 7, 3), "2/3/0 2/3/1 2/3/2 ");
    assert_string_equal(fetch(store, 7, 3), "2/3/0 2/3/1 2/3/2 "); /* as often as asked */
    cei_store_close(store);
    assert_int_equal(alive, 0);
}

static void missing_outputs_are_counted_and_fail_a_fetch(void **state)
{
    (void)state;
    cei_store *store = open_store();
    struct fetched fetched = {"", -1};
    assert_int_equal(cei_store_missing(store, 1), UINT32_MAX);
    assert_int_equal(cei_store_fetch(store, 1, 0, note, &fetched), CE_FETCH);
    assert_int_equal(cei_store_register(store, 1, 3, 2), CE_OK);
    assert_int_equal(cei_store_missing(store, 1), 3);
    put(store, 1, 1, "01");
    assert_int_equal(cei_store_missing(store, 1), 2);
    assert_true(cei_store_has(store, 1, 1));
    assert_false(cei_store_has(store, 1, 0));
    assert_false(cei_store_has(store, 1, 3));
    assert_false(cei_store_has(store, 2, 1));
    assert_int_equal(cei_store_fetch(store, 1, 1, note, &fetched), CE_FETCH);
    assert_string_equal(fetched.text, "");
    assert_int_equal(cei_store_register(store, 1, 3, 2), CE_OK); /* known already: nothing is lost */
    assert_int_equal(cei_store_missing(store, 1), 2);
    put(store, 1, 0, "1");
    put(store, 1, 2, "");
    assert_int_equal(cei_store_missing(store, 1), 0);
    assert_string_equal(fetch(store, 1, 1), "0/1/0 1/1/0 ");
    assert_int_equal(cei_store_register(store, 5, 0, 2), CE_OK); /* no map partitions: complete at once */
    assert_string_equal(fetch(store, 5, 0), "");
    cei_store_close(store);
    assert_int_equal(alive, 0);
}

static void the_first_of_two_puts_stays(void **state)
{
    (void)state;
    cei_store *store = open_store();
    assert_int_equal(cei_store_register(store, 0, 1, 2), CE_OK);
    put(store, 0, 0, "01");
    assert_int_equal(alive, 2);
    put(store, 0, 0, "11111"); /* released */
    assert_int_equal(alive, 2);
    assert_string_equal(fetch(store, 0, 1), "0/1/0 ");
    put(store, 0, 9, "1"); /* no such map partition */
    assert_int_equal(alive, 2);
    cei_blocks list = blocks_of(0, "0");
    assert_int_equal(cei_store_put(store, 3, 0, &list), CE_INTERNAL);
    assert_int_equal(alive, 2);
    cei_store_close(store);
    assert_int_equal(alive, 0);
}

static void a_fetch_stops_at_the_first_failure(void **state)
{
    (void)state;
    cei_store *store = open_store();
    struct fetched fetched = {"", 1};
    assert_int_equal(cei_store_register(store, 0, 2, 1), CE_OK);
    put(store, 0, 0, "000");
    put(store, 0, 1, "000");
    assert_int_equal(cei_store_fetch(store, 0, 0, note, &fetched), CE_CANCELLED);
    assert_string_equal(fetched.text, "0/0/0 ");
    cei_store_close(store);
}

static void shuffles_are_found_whatever_the_order_of_their_numbers(void **state)
{
    (void)state;
    enum { SHUFFLES = 200 };
    cei_store *store = open_store();
    for (int32_t i = 0; i < SHUFFLES; i++) {
        int32_t shuffle = i * 77 % SHUFFLES;
        assert_int_equal(cei_store_register(store, shuffle, 1 + (uint32_t)shuffle % 3, 2), CE_OK);
    }
    for (int32_t i = 0; i < SHUFFLES; i++) {
        assert_int_equal(cei_store_missing(store, i), 1 + i % 3);
        put(store, i, 0, "1");
        assert_int_equal(cei_store_missing(store, i), i % 3);
    }
    cei_store_close(store);
    assert_int_equal(alive, 0);
}

static void every_allocation_may_fail_and_nothing_leaks(void **state)
{
    (void)state;
    bool delivered = true;
    for (int64_t nth = 1; delivered; nth++) {
        cei_blocks list = blocks_of(0, "3120312"), later = blocks_of(1, "0");
        cei_store *store;
        cei_fault_arm(nth, CEI_FAULT_ALLOCATION);
        ce_status status = cei_store_open(&store);
        status = status == CE_OK ? cei_store_register(store, 4, 2, 4) : status;
        status = status == CE_OK ? cei_store_put(store, 4, 0, &list) : status;
        delivered = cei_fault_delivered();
        cei_fault_arm(0, CEI_FAULT_ALLOCATION);
        assert_int_equal(status, delivered ? CE_MEMORY : CE_OK);
        if (store && status == CE_OK) {
            assert_int_equal(cei_store_put(store, 4, 1, &later), CE_OK);
        }
        cei_store_close(store);
        cei_blocks_close(&list);
        cei_blocks_close(&later);
        assert_int_equal(alive, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_come_by_map_partition_and_keep_their_order),
        cmocka_unit_test(missing_outputs_are_counted_and_fail_a_fetch),
        cmocka_unit_test(the_first_of_two_puts_stays),
        cmocka_unit_test(a_fetch_stops_at_the_first_failure),
        cmocka_unit_test(shuffles_are_found_whatever_the_order_of_their_numbers),
        cmocka_unit_test(every_allocation_may_fail_and_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
