/*
 * store_test.c: map outputs come back by reduce partition, in the order of map partitions, and each once, whether they
 * waited in memory or on disk.
 */
#include "base/error.h"
#include "base/fault.h"
#include "base/random.h"
#include "base/thread.h"
#include "data/block.h"
#include "shuffle/store.h"
#include "support/files.h"
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
        ce_block block = {partition, 0, 1, text, (size_t)bytes, release, text};
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
    assert_int_equal(cei_store_open(&store, test_folder("spill")), CE_OK);
    return store;
}

static ce_status add(cei_store *store, int32_t shuffle, uint32_t map, uint32_t attempt, const char *partitions)
{
    cei_blocks list = blocks_of(map, partitions);
    ce_status status = CE_OK;
    for (uint32_t i = 0; i < list.count; i++) {
        ce_status added = cei_store_add(store, shuffle, map, attempt, &list.blocks[i]);
        status = status == CE_OK ? added : status;
        assert_null(list.blocks[i].release); /* taken over, on failure too */
    }
    cei_blocks_close(&list);
    return status;
}

static void put(cei_store *store, int32_t shuffle, uint32_t map, const char *partitions)
{
    assert_int_equal(add(store, shuffle, map, 0, partitions), CE_OK);
    assert_int_equal(cei_store_commit(store, shuffle, map, 0), CE_OK);
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

static void the_first_of_two_commits_stays(void **state)
{
    (void)state;
    cei_store *store = open_store();
    assert_int_equal(cei_store_register(store, 0, 1, 2), CE_OK);
    assert_int_equal(add(store, 0, 0, 3, "11111"), CE_OK);
    assert_int_equal(add(store, 0, 0, 7, "01"), CE_OK); /* another attempt at the same time */
    assert_int_equal(alive, 7);
    assert_int_equal(cei_store_missing(store, 0), 1); /* nothing is seen before the commit */
    assert_int_equal(cei_store_commit(store, 0, 0, 7), CE_OK);
    assert_int_equal(cei_store_missing(store, 0), 0);
    assert_int_equal(cei_store_commit(store, 0, 0, 3), CE_OK); /* released */
    assert_int_equal(alive, 2);
    assert_string_equal(fetch(store, 0, 1), "0/1/0 ");
    cei_store_close(store);
    assert_int_equal(alive, 0);
}

static void an_attempt_that_ends_without_a_commit_leaves_nothing(void **state)
{
    (void)state;
    cei_store *store = open_store();
    assert_int_equal(cei_store_register(store, 0, 2, 2), CE_OK);
    assert_int_equal(add(store, 0, 0, 0, "0101"), CE_OK);
    cei_store_abort(store, 0, 0, 1); /* others are fine */
    cei_store_abort(store, 0, 9, 0);
    cei_store_abort(store, 9, 0, 0);
    assert_int_equal(alive, 4);
    cei_store_abort(store, 0, 0, 0);
    assert_int_equal(alive, 0);
    cei_store_abort(store, 0, 0, 0);
    assert_false(cei_store_has(store, 0, 0));
    put(store, 0, 0, "1");
    put(store, 0, 1, "1");
    assert_string_equal(fetch(store, 0, 1), "0/1/0 1/1/0 ");
    assert_int_equal(add(store, 0, 0, 5, "0101"), CE_OK); /* one that never ends goes with its shuffle */
    cei_store_remove(store, 0);
    assert_int_equal(alive, 0);
    assert_int_equal(add(store, 0, 0, 0, "1"), CE_INTERNAL); /* no such shuffle */
    assert_int_equal(cei_store_commit(store, 0, 0, 0), CE_INTERNAL);
    assert_int_equal(cei_store_register(store, 0, 2, 2), CE_OK);
    assert_int_equal(add(store, 0, 2, 0, "1"), CE_INTERNAL); /* no such map partition */
    assert_int_equal(cei_store_commit(store, 0, 2, 0), CE_INTERNAL);
    assert_int_equal(add(store, 0, 0, 0, "2"), CE_INTERNAL); /* no such reduce partition */
    assert_int_equal(alive, 0);
    cei_store_close(store);
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
        cei_blocks list = blocks_of(0, "3120312");
        cei_store *store;
        cei_fault_arm(nth, CEI_FAULT_ALLOCATION);
        ce_status status = cei_store_open(&store, NULL);
        status = status == CE_OK ? cei_store_register(store, 4, 2, 4) : status;
        for (uint32_t i = 0; i < list.count && status == CE_OK; i++) {
            status = cei_store_add(store, 4, 0, 0, &list.blocks[i]);
        }
        status = status == CE_OK ? cei_store_commit(store, 4, 0, 0) : status;
        delivered = cei_fault_delivered();
        cei_fault_arm(0, CEI_FAULT_ALLOCATION);
        assert_int_equal(status, delivered ? CE_MEMORY : CE_OK);
        if (store && status == CE_OK) {
            put(store, 4, 1, "0");
        }
        cei_store_close(store);
        cei_blocks_close(&list);
        assert_int_equal(alive, 0);
    }
}

/* ---- blocks in the pool, which may be written out ---- */

enum { BLOCK_BYTES = 6000, PIECE_BYTES = 8192 };

/* A block of the pool with one number; the rest are zeros. */
static ce_block numbered(cei_pool *pool, uint32_t partition, uint64_t number)
{
    ce_block block;
    assert_int_equal(cei_block_alloc(&block, BLOCK_BYTES, pool), CE_OK);
    char *bytes = memset((char *)(uintptr_t)block.bytes, 0, BLOCK_BYTES);
    const cei_block_header header = {CEI_BLOCK_MAGIC, CEI_BLOCK_VERSION, 0, 8, 1, BLOCK_BYTES, 0};
    memcpy(bytes, &header, sizeof header);
    memcpy(bytes + sizeof header, &number, sizeof number);
    block.partition = partition;
    block.rows = 1;
    return block;
}

static uint64_t number_in(const ce_block *block)
{
    uint64_t number;
    assert_int_equal(cei_block_check_bytes(block->bytes, block->byte_count), CE_OK);
    memcpy(&number, (const char *)block->bytes + sizeof(cei_block_header), sizeof number);
    return number;
}

/* What a fetch gave: copies of the blocks. */
struct lent {
    ce_block blocks[64];
    uint32_t count;
};

static ce_status keep(const ce_block *block, void *arg)
{
    struct lent *lent = arg;
    lent->blocks[lent->count++] = *block;
    return CE_OK;
}

static struct lent fetch_lent(cei_store *store, int32_t shuffle, uint32_t reduce)
{
    struct lent lent = {.count = 0};
    assert_int_equal(cei_store_fetch(store, shuffle, reduce, keep, &lent), CE_OK);
    return lent;
}

static void add_numbered(cei_store *store, cei_pool *pool, int32_t shuffle, uint32_t partition, uint64_t number)
{
    ce_block block = numbered(pool, partition, number);
    assert_int_equal(cei_store_add(store, shuffle, 0, 0, &block), CE_OK);
}

/* The numbers of a reduce partition, "3 4 ", with a * behind those that come from disk. */
static const char *numbers_in(cei_store *store, cei_pool *pool, int32_t shuffle, uint32_t reduce)
{
    static char text[1000];
    size_t used = 0;
    struct lent lent = fetch_lent(store, shuffle, reduce);
    text[0] = '\0';
    for (uint32_t i = 0; i < lent.count; i++) {
        ce_block block = lent.blocks[i];
        assert_true(cei_block_is_lent(&block));
        const uint64_t before = cei_pool_used(pool).used_bytes;
        cei_block_will_load(&block);
        assert_int_equal(cei_block_load(&block, pool), CE_OK);
        assert_int_equal(block.partition, reduce);
        const bool from_disk = cei_pool_used(pool).used_bytes > before;
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%d%s ", (int)number_in(&block), from_disk ? "*" : "");
        cei_block_release(&block);
    }
    return text;
}

static uint64_t used(cei_pool *pool)
{
    return cei_pool_used(pool).used_bytes;
}

static void what_is_read_last_is_written_out_first(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(1u << 30);
    cei_store *store = open_store();
    uint64_t memory_bytes, disk_bytes;
    assert_false(cei_store_give_back(store, 1)); /* there is nothing */
    assert_int_equal(cei_store_register(store, 0, 1, 3), CE_OK);
    assert_int_equal(cei_store_register(store, 1, 1, 3), CE_OK);
    for (uint32_t i = 0; i < 6; i++) {
        add_numbered(store, pool, 0, i % 3, i);
    }
    assert_true(cei_store_give_back(store, PIECE_BYTES + 1)); /* before the commit too */
    assert_int_equal(used(pool), 4 * PIECE_BYTES);
    assert_int_equal(cei_store_commit(store, 0, 0, 0), CE_OK);
    assert_string_equal(numbers_in(store, pool, 0, 0), "0 3 ");
    assert_string_equal(numbers_in(store, pool, 0, 1), "1 4 ");
    assert_string_equal(numbers_in(store, pool, 0, 2), "2* 5* ");
    assert_int_equal(used(pool), 4 * PIECE_BYTES);
    add_numbered(store, pool, 1, 0, 10);
    assert_int_equal(cei_store_commit(store, 1, 0, 0), CE_OK);
    assert_string_equal(numbers_in(store, pool, 0, 0), "0 3 "); /* used later than the other */
    assert_true(cei_store_give_back(store, 1));
    assert_string_equal(numbers_in(store, pool, 1, 0), "10* ");
    assert_true(cei_store_give_back(store, 1u << 30)); /* all there are */
    assert_int_equal(used(pool), 0);
    assert_false(cei_store_give_back(store, 1));
    assert_string_equal(numbers_in(store, pool, 0, 0), "0* 3* ");
    cei_store_spilled(store, &memory_bytes, &disk_bytes);
    assert_int_equal(memory_bytes, 7 * PIECE_BYTES);
    assert_int_equal(disk_bytes, 7 * BLOCK_BYTES);
    cei_store_close(store);
    cei_pool_close(pool);
}

static void a_block_that_is_read_stays_in_memory(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(1u << 30);
    cei_store *store = open_store();
    assert_int_equal(cei_store_register(store, 0, 1, 2), CE_OK);
    add_numbered(store, pool, 0, 0, 5);
    add_numbered(store, pool, 0, 1, 6);
    assert_int_equal(cei_store_commit(store, 0, 0, 0), CE_OK);
    ce_block first = fetch_lent(store, 0, 1).blocks[0], second = first;
    assert_int_equal(cei_block_load(&first, pool), CE_OK);
    assert_int_equal(cei_block_load(&second, pool), CE_OK);
    assert_int_equal(used(pool), 2 * PIECE_BYTES);
    assert_true(cei_store_give_back(store, PIECE_BYTES)); /* the other one */
    assert_false(cei_store_give_back(store, PIECE_BYTES));
    cei_block_release(&first);
    assert_false(cei_store_give_back(store, PIECE_BYTES));
    assert_int_equal(number_in(&second), 6);
    cei_block_release(&second);
    assert_true(cei_store_give_back(store, PIECE_BYTES));
    assert_int_equal(used(pool), 0);
    cei_store_close(store);
    cei_pool_close(pool);
}

static void what_cannot_be_written_stays_in_memory(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(1u << 30);
    cei_store *store = open_store();
    assert_int_equal(cei_store_register(store, 0, 1, 2), CE_OK);
    add_numbered(store, pool, 0, 0, 5);
    assert_int_equal(cei_store_commit(store, 0, 0, 0), CE_OK);
    for (int64_t nth = 1; nth < 3; nth++) { /* making the file; a block's place */
        cei_fault_arm(nth, CEI_FAULT_ALLOCATION);
        assert_false(cei_store_give_back(store, 1));
        assert_string_equal(numbers_in(store, pool, 0, 0), "5 ");
    }
    cei_fault_arm(1, CEI_FAULT_SYSTEM_CALL);
    assert_false(cei_store_give_back(store, 1));
    assert_non_null(strstr(ce_last_error(), "spill file in "));
    cei_fault_arm(0, 0);
    assert_string_equal(numbers_in(store, pool, 0, 0), "5 ");
    assert_true(cei_store_give_back(store, 1));
    assert_string_equal(numbers_in(store, pool, 0, 0), "5* ");
    cei_store_close(store);
    cei_pool_close(pool);
}

/* ---- all at once ---- */

enum { MAPS = 24, REDUCES = 16, ROUNDS = 4, LIMIT = 64 * PIECE_BYTES };

struct crowd {
    cei_store *store;
    cei_pool *pool;
    _Atomic(uint32_t) next_map, maps_done;
    _Atomic(bool) failed;
};

static bool give_back(void *arg, uint64_t bytes)
{
    return cei_store_give_back(((struct crowd *)arg)->store, bytes);
}

/* Block i of map m for reduce partition r holds the number of these three. */
static uint64_t number_of(uint32_t map, uint32_t reduce, uint32_t round)
{
    return ((uint64_t)map * REDUCES + reduce) * ROUNDS + round;
}

static void run_map(struct crowd *crowd, uint32_t map)
{
    for (uint32_t attempt = 0; attempt < 2; attempt++) {
        for (uint32_t i = 0; i < REDUCES * ROUNDS; i++) {
            const uint32_t reduce = i % REDUCES;
            ce_block block = numbered(crowd->pool, reduce, number_of(map, reduce, i / REDUCES));
            if (cei_store_add(crowd->store, 0, map, attempt, &block) != CE_OK) {
                atomic_store(&crowd->failed, true);
            }
        }
        if (attempt == 0) {
            cei_store_abort(crowd->store, 0, map, attempt);
        } else if (cei_store_commit(crowd->store, 0, map, attempt) != CE_OK) {
            atomic_store(&crowd->failed, true);
        }
    }
    atomic_fetch_add(&crowd->maps_done, 1);
}

struct reading {
    struct crowd *crowd;
    uint32_t reduce, count;
};

static ce_status read_one(const ce_block *lent, void *arg)
{
    struct reading *reading = arg;
    ce_block block = *lent;
    CE_TRY(cei_block_load(&block, reading->crowd->pool));
    const uint64_t want = number_of(reading->count / ROUNDS, reading->reduce, reading->count % ROUNDS);
    const bool right = number_in(&block) == want;
    reading->count++;
    cei_block_release(&block);
    return right ? CE_OK : CE_INTERNAL;
}

/* All maps twice, one attempt of each being lost; then all reduce partitions, while blocks are written out. */
static void *work(void *arg)
{
    struct crowd *crowd = arg;
    uint32_t map;
    while ((map = atomic_fetch_add(&crowd->next_map, 1)) < MAPS) {
        run_map(crowd, map);
    }
    while (atomic_load(&crowd->maps_done) < MAPS) {
        cei_store_give_back(crowd->store, PIECE_BYTES);
    }
    for (uint32_t reduce = 0; reduce < REDUCES; reduce++) {
        struct reading reading = {crowd, reduce, 0};
        if (cei_store_fetch(crowd->store, 0, reduce, read_one, &reading) != CE_OK || reading.count != MAPS * ROUNDS) {
            atomic_store(&crowd->failed, true);
        }
        cei_store_give_back(crowd->store, PIECE_BYTES * (reduce % 3));
    }
    return NULL;
}

static void threads_add_read_and_write_out_side_by_side(void **state)
{
    (void)state;
    cei_thread helper;
    struct crowd crowd = {.store = open_store(), .pool = cei_pool_open(LIMIT)};
    cei_pool_on_short(crowd.pool, give_back, &crowd);
    assert_int_equal(cei_store_register(crowd.store, 0, MAPS, REDUCES), CE_OK);
    assert_int_equal(cei_thread_start(&helper, "helper", work, &crowd), CE_OK);
    work(&crowd);
    cei_thread_join(&helper);
    assert_false(crowd.failed);
    cei_store_close(crowd.store);
    assert_int_equal(used(crowd.pool), 0);
    assert_true(cei_pool_used(crowd.pool).used_bytes_max <= LIMIT);
    cei_pool_close(crowd.pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_come_by_map_partition_and_keep_their_order),
        cmocka_unit_test(missing_outputs_are_counted_and_fail_a_fetch),
        cmocka_unit_test(the_first_of_two_commits_stays),
        cmocka_unit_test(an_attempt_that_ends_without_a_commit_leaves_nothing),
        cmocka_unit_test(a_fetch_stops_at_the_first_failure),
        cmocka_unit_test(shuffles_are_found_whatever_the_order_of_their_numbers),
        cmocka_unit_test(every_allocation_may_fail_and_nothing_leaks),
        cmocka_unit_test(what_is_read_last_is_written_out_first),
        cmocka_unit_test(a_block_that_is_read_stays_in_memory),
        cmocka_unit_test(what_cannot_be_written_stays_in_memory),
        cmocka_unit_test(threads_add_read_and_write_out_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
