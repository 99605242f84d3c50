/*
 * fixture_test.h: what the tests of values begin with: a pool, an arena in it, and a buffer; faults are off at the end.
 */
#ifndef CERIUM_DATA_FIXTURE_TEST_H
#define CERIUM_DATA_FIXTURE_TEST_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/fault.h"

typedef struct fixture {
    cei_pool *pool;
    cei_arena arena;
    cei_buffer bytes;
} fixture;

static int set_up(void **state)
{
    static fixture test;
    test.pool = cei_pool_open(1u << 30);
    cei_arena_open(&test.arena, test.pool, 0);
    *state = &test;
    return test.pool ? 0 : -1;
}

static int tear_down(void **state)
{
    fixture *test = *state;
    cei_fault_arm(0, 0);
    cei_buffer_close(&test->bytes);
    cei_arena_close(&test->arena);
    cei_pool_close(test->pool);
    return 0;
}

#endif
