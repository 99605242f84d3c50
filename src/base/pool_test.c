/*
 * pool_test.c: sizes, recycling, the limit and the counts of a pool, with one thread and with several.
 */
#include "base/error.h"
#include "base/fault.h"
#include "base/poison.h"
#include "base/pool.h"
#include "base/random.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

enum { KIB = 1 << 10, MIB = 1 << 20, THREADS = 4, ROUNDS = 3000, HELD = 8 };

static int disarm(void **state)
{
    (void)state;
    cei_fault_arm(0, 0);
    return 0;
}

static void a_piece_is_the_next_power_of_two_and_at_least_a_page(void **state)
{
    (void)state;
    assert_int_equal(cei_pool_piece_bytes(0), 4 * KIB);
    assert_int_equal(cei_pool_piece_bytes(1), 4 * KIB);
    assert_int_equal(cei_pool_piece_bytes(4 * KIB), 4 * KIB);
    assert_int_equal(cei_pool_piece_bytes(4 * KIB + 1), 8 * KIB);
    assert_int_equal(cei_pool_piece_bytes(64 * KIB + 1), 128 * KIB);
    assert_int_equal(cei_pool_piece_bytes((size_t)1 << 40), (size_t)1 << 40);
    assert_true(cei_pool_piece_bytes(((size_t)1 << 40) + 1) == SIZE_MAX);
    assert_true(cei_pool_piece_bytes(SIZE_MAX) == SIZE_MAX);
}

static void pieces_of_every_size_are_aligned_and_whole(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(1u << 30);
    assert_non_null(pool);
    for (size_t bytes = 4 * KIB; bytes <= 4 * MIB; bytes *= 2) {
        char *piece = cei_pool_take(pool, bytes);
        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % (4 * KIB), 0);
        memset(piece, 0x77, bytes);
        cei_pool_give(pool, piece, bytes);
    }
    cei_pool_give(pool, NULL, 100);
    cei_pool_close(pool);
    cei_pool_close(NULL);
}

static void pieces_in_use_never_overlap(void **state)
{
    (void)state;
    enum { PIECES = 700 };
    static unsigned char *pieces[PIECES];
    cei_pool *pool = cei_pool_open(1u << 30);
    for (int index = 0; index < PIECES; index++) {
        const size_t bytes = (size_t)(4 * KIB) << index % 5;
        pieces[index] = cei_pool_take(pool, bytes);
        assert_non_null(pieces[index]);
        memset(pieces[index], index % 251, bytes);
    }
    for (int index = 0; index < PIECES; index++) {
        const size_t bytes = (size_t)(4 * KIB) << index % 5;
        assert_int_equal(pieces[index][0], index % 251);
        assert_int_equal(pieces[index][bytes - 1], index % 251);
        cei_pool_give(pool, pieces[index], bytes);
    }
    assert_int_equal(cei_pool_used(pool).used_bytes, 0);
    cei_pool_close(pool);
}

static void a_piece_given_back_is_the_next_one_taken(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(16 * MIB);
    for (size_t bytes = 4 * KIB; bytes <= MIB; bytes *= 4) {
        void *piece = cei_pool_take(pool, bytes);
        cei_pool_give(pool, piece, bytes - 1);
        assert_ptr_equal(cei_pool_take(pool, bytes - 1), piece);
        cei_pool_give(pool, piece, bytes);
    }
    cei_pool_close(pool);
}

static void used_and_idle_bytes_are_counted(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(16 * MIB);
    void *small = cei_pool_take(pool, 1);
    void *large = cei_pool_take(pool, MIB);
    cei_pool_usage usage = cei_pool_used(pool);
    assert_int_equal(usage.used_bytes, MIB + 4 * KIB);
    assert_int_equal(usage.idle_bytes, 0);
    cei_pool_give(pool, large, MIB);
    usage = cei_pool_used(pool);
    assert_int_equal(usage.used_bytes, 4 * KIB);
    assert_int_equal(usage.used_bytes_max, MIB + 4 * KIB);
    assert_int_equal(usage.idle_bytes, MIB);
    cei_pool_give(pool, small, 1);
    cei_pool_close(pool);
}

static void the_limit_is_reached_and_not_passed(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(64 * KIB);
    void *pieces[16];
    for (int index = 0; index < 16; index++) {
        pieces[index] = cei_pool_take(pool, 4 * KIB);
        assert_non_null(pieces[index]);
    }
    cei_error_set(NULL);
    assert_null(cei_pool_take(pool, 1));
    assert_string_equal(ce_last_error(), "out of memory: 1 bytes on top of 65536 exceed the limit of 65536");
    assert_int_equal(cei_pool_used(pool).used_bytes, 64 * KIB);
    cei_pool_give(pool, pieces[3], 4 * KIB);
    pieces[3] = cei_pool_take(pool, 4 * KIB);
    assert_non_null(pieces[3]);
    for (int index = 0; index < 16; index++) {
        cei_pool_give(pool, pieces[index], 4 * KIB);
    }
    assert_null(cei_pool_take(pool, 64 * KIB + 1));
    assert_null(cei_pool_take(pool, SIZE_MAX));
    assert_int_equal(cei_pool_used(pool).used_bytes_max, 64 * KIB);
    cei_pool_close(pool);
}

static void a_size_beyond_every_class_is_refused_under_any_limit(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    assert_null(cei_pool_take(pool, SIZE_MAX));
    assert_null(cei_pool_take(pool, ((size_t)1 << 40) + 1));
    assert_int_equal(cei_pool_used(pool).used_bytes, 0);
    cei_pool_close(pool);
}

static void idle_pieces_make_way_for_other_sizes(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(4 * MIB);
    void *pieces[8];
    for (int index = 0; index < 8; index++) {
        pieces[index] = cei_pool_take(pool, 256 * KIB);
        assert_non_null(pieces[index]);
    }
    for (int index = 0; index < 8; index++) {
        cei_pool_give(pool, pieces[index], 256 * KIB);
    }
    for (int index = 0; index < 8; index++) {
        pieces[index] = cei_pool_take(pool, 64 * KIB);
    }
    for (int index = 0; index < 8; index++) {
        cei_pool_give(pool, pieces[index], 64 * KIB);
    }
    assert_int_equal(cei_pool_used(pool).idle_bytes, 2 * MIB + 512 * KIB);
    void *large = cei_pool_take(pool, 4 * MIB);
    assert_non_null(large);
    assert_int_equal(cei_pool_used(pool).idle_bytes, 0);
    cei_pool_give(pool, large, 4 * MIB);
    cei_pool_close(pool);
}

static void a_chunk_with_a_piece_in_use_is_kept_when_others_go(void **state)
{
    (void)state;
    enum { PIECES = 64 }; /* four chunks of 64 KiB pieces */
    cei_pool *pool = cei_pool_open(6 * MIB);
    char *pieces[PIECES];
    for (int index = 0; index < PIECES; index++) {
        pieces[index] = cei_pool_take(pool, 64 * KIB);
        assert_non_null(pieces[index]);
    }
    memset(pieces[20], 0x42, 64 * KIB);
    for (int index = 0; index < PIECES; index++) {
        if (index != 20) {
            cei_pool_give(pool, pieces[index], 64 * KIB);
        }
    }
    void *large = cei_pool_take(pool, 4 * MIB);
    assert_non_null(large);
    assert_int_equal(cei_pool_used(pool).idle_bytes, 15 * 64 * KIB);
    assert_int_equal(pieces[20][0], 0x42);
    assert_int_equal(pieces[20][64 * KIB - 1], 0x42);
    cei_pool_give(pool, large, 4 * MIB);
    for (int index = 0; index < PIECES; index++) {
        if (index != 20) {
            pieces[index] = cei_pool_take(pool, 64 * KIB);
            assert_non_null(pieces[index]);
        }
    }
    for (int index = 0; index < PIECES; index++) {
        cei_pool_give(pool, pieces[index], 64 * KIB);
    }
    cei_pool_close(pool);
}

static void a_refused_take_changes_no_count(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(16 * MIB);
    for (size_t bytes = 4 * KIB; bytes <= MIB; bytes *= 16) {
        cei_error_set(NULL);
        cei_fault_arm(1, CEI_FAULT_ALLOCATION);
        assert_null(cei_pool_take(pool, bytes));
        assert_non_null(strstr(ce_last_error(), "out of memory: the pool"));
        assert_int_equal(cei_pool_used(pool).used_bytes, 0);
    }
    assert_int_equal(cei_pool_used(pool).used_bytes_max, 0);
    cei_pool_close(pool);
}

static void a_mapping_that_fails_is_tried_again_without_idle_memory(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(16 * MIB);
    cei_pool_give(pool, cei_pool_take(pool, MIB), MIB);
    cei_fault_arm(1, CEI_FAULT_SYSTEM_CALL);
    void *piece = cei_pool_take(pool, 4 * KIB);
    assert_true(cei_fault_delivered());
    assert_non_null(piece);
    assert_int_equal(cei_pool_used(pool).idle_bytes, 0);
    cei_pool_give(pool, piece, 4 * KIB);
    cei_pool_close(pool);
}

static void more_than_the_system_has_is_refused_with_a_sentence(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    void *pieces[512];
    int count = 0;
    cei_error_set(NULL);
    /* A TiB at a time until the address space of 128 TiB, or what the system commits to, is at its end. */
    while (count < 512 && (pieces[count] = cei_pool_take(pool, (size_t)1 << 40))) {
        count++;
    }
    assert_true(count < 512);
    assert_string_equal(ce_last_error(), "out of memory: the system cannot give 1099511627776 bytes");
    assert_int_equal(cei_pool_used(pool).used_bytes, (uint64_t)count << 40);
    while (count > 0) {
        cei_pool_give(pool, pieces[--count], (size_t)1 << 40);
    }
    cei_pool_close(pool);
}

static void a_pool_that_cannot_be_opened_is_null(void **state)
{
    (void)state;
    cei_fault_arm(1, CEI_FAULT_ALLOCATION);
    assert_null(cei_pool_open(MIB));
}

static void idle_pieces_are_poisoned_for_the_sanitizer(void **state)
{
    (void)state;
#ifdef CEI_POISONS
    cei_pool *pool = cei_pool_open(16 * MIB);
    for (size_t bytes = 4 * KIB; bytes <= MIB; bytes *= 16) {
        char *piece = cei_pool_take(pool, bytes);
        assert_null(__asan_region_is_poisoned(piece, bytes));
        cei_pool_give(pool, piece, bytes);
        assert_true(__asan_address_is_poisoned(piece));
        assert_true(__asan_address_is_poisoned(piece + bytes - 1));
    }
    cei_pool_close(pool);
#else
    skip();
#endif
}

struct worker {
    cei_pool *pool;
    uint64_t seed;
    bool intact;
};

/* Takes and gives back at random, and looks whether anybody else wrote into what it holds. */
static void *take_and_give(void *arg)
{
    struct worker *worker = arg;
    struct {
        unsigned char *piece;
        size_t bytes;
        unsigned char mark;
    } held[HELD] = {{0}};
    cei_random random;
    cei_random_seed(&random, worker->seed);
    worker->intact = true;
    for (int round = 0; round < ROUNDS + HELD; round++) {
        const uint64_t slot = round < ROUNDS ? cei_random_below(&random, HELD) : (uint64_t)(round - ROUNDS);
        if (held[slot].piece) {
            worker->intact = worker->intact && held[slot].piece[0] == held[slot].mark &&
                             held[slot].piece[held[slot].bytes - 1] == held[slot].mark;
            cei_pool_give(worker->pool, held[slot].piece, held[slot].bytes);
            held[slot].piece = NULL;
        } else if (round < ROUNDS) {
            held[slot].bytes = (size_t)(4 * KIB) << cei_random_below(&random, 9);
            held[slot].mark = (unsigned char)cei_random_next(&random);
            held[slot].piece = cei_pool_take(worker->pool, held[slot].bytes);
            if (held[slot].piece) {
                held[slot].piece[0] = held[slot].piece[held[slot].bytes - 1] = held[slot].mark;
            }
        }
    }
    return NULL;
}

static void threads_share_a_pool_that_is_too_small_for_them(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(3 * MIB);
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    for (unsigned index = 0; index < THREADS; index++) {
        workers[index] = (struct worker){.pool = pool, .seed = index};
        assert_int_equal(pthread_create(&threads[index], NULL, take_and_give, &workers[index]), 0);
    }
    for (int index = 0; index < THREADS; index++) {
        assert_int_equal(pthread_join(threads[index], NULL), 0);
        assert_true(workers[index].intact);
    }
    const cei_pool_usage usage = cei_pool_used(pool);
    assert_int_equal(usage.used_bytes, 0);
    assert_true(usage.used_bytes_max > 0 && usage.used_bytes_max <= 3 * MIB);
    cei_pool_close(pool);
}

/* Gives back one held piece per call. */
struct keeper {
    cei_pool *pool;
    void *pieces[HELD];
    uint32_t count, calls;
    uint64_t bytes; /* that the last call asked for */
    const char *reason;
};

static bool give_one(void *arg, uint64_t bytes)
{
    struct keeper *keeper = arg;
    keeper->calls++;
    keeper->bytes = bytes;
    if (keeper->count == 0) {
        if (keeper->reason) {
            (void)cei_fail(CE_IO, "%s", keeper->reason);
        }
        return false;
    }
    cei_pool_give(keeper->pool, keeper->pieces[--keeper->count], 4 * KIB);
    return true;
}

static void a_short_pool_asks_for_memory_until_it_is_enough_or_none_comes(void **state)
{
    (void)state;
    struct keeper keeper = {.pool = cei_pool_open(HELD * 4 * KIB)};
    cei_pool_on_short(keeper.pool, give_one, &keeper);
    while (keeper.count < HELD) {
        keeper.pieces[keeper.count] = cei_pool_take(keeper.pool, 1);
        assert_non_null(keeper.pieces[keeper.count++]);
    }
    assert_int_equal(keeper.calls, 0); /* it was not short yet */
    void *piece = cei_pool_take(keeper.pool, 4 * KIB);
    assert_non_null(piece);
    assert_int_equal(keeper.calls, 1);
    assert_int_equal(keeper.bytes, 4 * KIB);
    void *large = cei_pool_take(keeper.pool, 16 * KIB);
    assert_non_null(large);
    assert_int_equal(keeper.calls, 5);
    assert_int_equal(keeper.bytes, 4 * KIB); /* the rest */
    assert_null(cei_pool_take(keeper.pool, 16 * KIB));
    assert_int_equal(keeper.calls, 5 + 3 + 1);
    assert_string_equal(ce_last_error(), "out of memory: 16384 bytes on top of 20480 exceed the limit of 32768");
    keeper.reason = "the disk is full";
    assert_null(cei_pool_take(keeper.pool, 16 * KIB));
    assert_string_equal(ce_last_error(),
                        "out of memory: 16384 bytes on top of 20480 exceed the limit of 32768; the disk is full");
    assert_null(cei_pool_take(keeper.pool, 64 * KIB)); /* never: nobody is asked */
    assert_null(cei_pool_take(keeper.pool, SIZE_MAX));
    assert_int_equal(keeper.calls, 10);
    assert_null(strstr(ce_last_error(), "disk"));
    cei_pool_give(keeper.pool, piece, 4 * KIB);
    cei_pool_give(keeper.pool, large, 16 * KIB);
    cei_pool_close(keeper.pool);
}

static void a_piece_that_grows_keeps_what_was_used(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(64 << 10);
    char *piece = cei_pool_grow(pool, NULL, 0, 0, 4 << 10);
    assert_non_null(piece);
    memset(piece, 'k', 100);
    char *grown = cei_pool_grow(pool, piece, 4 << 10, 100, 16 << 10);
    assert_non_null(grown);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(grown[i], 'k');
    }
    assert_int_equal(cei_pool_used(pool).used_bytes, 16 << 10); /* the small one went back */
    assert_null(cei_pool_grow(pool, grown, 16 << 10, 100, 1 << 20));
    assert_int_equal(grown[99], 'k'); /* and stays the caller's when there is no room */
    cei_pool_give(pool, grown, 16 << 10);
    cei_pool_close(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_piece_that_grows_keeps_what_was_used),
        cmocka_unit_test(a_piece_is_the_next_power_of_two_and_at_least_a_page),
        cmocka_unit_test(pieces_of_every_size_are_aligned_and_whole),
        cmocka_unit_test(pieces_in_use_never_overlap),
        cmocka_unit_test(a_piece_given_back_is_the_next_one_taken),
        cmocka_unit_test(used_and_idle_bytes_are_counted),
        cmocka_unit_test(the_limit_is_reached_and_not_passed),
        cmocka_unit_test(a_size_beyond_every_class_is_refused_under_any_limit),
        cmocka_unit_test(a_short_pool_asks_for_memory_until_it_is_enough_or_none_comes),
        cmocka_unit_test(idle_pieces_make_way_for_other_sizes),
        cmocka_unit_test(a_chunk_with_a_piece_in_use_is_kept_when_others_go),
        cmocka_unit_test_teardown(a_refused_take_changes_no_count, disarm),
        cmocka_unit_test_teardown(a_mapping_that_fails_is_tried_again_without_idle_memory, disarm),
        cmocka_unit_test(more_than_the_system_has_is_refused_with_a_sentence),
        cmocka_unit_test_teardown(a_pool_that_cannot_be_opened_is_null, disarm),
        cmocka_unit_test(idle_pieces_are_poisoned_for_the_sanitizer),
        cmocka_unit_test(threads_share_a_pool_that_is_too_small_for_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
