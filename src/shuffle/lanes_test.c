/*
 * lanes_test.c: every row comes out in a block of its target, in the order in which the rows of that target came in.
 */
#include "base/fault.h"
#include "base/random.h"
#include "shuffle/lanes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

CE_PAIR(numbered, uint64_t, uint64_t);
CE_RECORD(odd, (uint32_t, number), (uint32_t, target), (uint32_t, filler));
CE_PAIR(numbered_text, ce_str, uint64_t);

enum { ROWS = 20000, BITS = 2, PARTITIONS = 5, LANES = PARTITIONS << BITS };

struct taken {
    uint64_t next[LANES]; /* of each target: what comes next is this number or a later one */
    uint64_t rows;
};

static uint32_t target_of(uint64_t number)
{
    return (uint32_t)(number * 2654435761u >> 7) % LANES;
}

static uint64_t number_of(const ce_type *type, const char *row)
{
    if (type == &ce_type_odd) {
        return ((const odd *)(const void *)row)->number;
    }
    if (type == &ce_type_numbered_text) {
        const numbered_text *text = (const numbered_text *)(const void *)row;
        char want[32];
        int bytes = snprintf(want, sizeof want, "row %u", (unsigned)text->value);
        assert_int_equal(text->key.bytes, bytes);
        assert_memory_equal(text->key.at, want, (size_t)bytes);
        return text->value;
    }
    assert_int_equal(((const numbered *)(const void *)row)->value, 1);
    return ((const numbered *)(const void *)row)->key;
}

static void take_blocks(cei_lanes *lanes, struct taken *taken)
{
    ce_block block;
    cei_arena parts;
    cei_arena_open(&parts, lanes->pool, 0);
    char *scratch = malloc(64 * lanes->type->bytes);
    while (cei_lanes_take(lanes, &block)) {
        uint32_t bits, section, count;
        cei_block_section(&block, &bits, &section);
        assert_int_equal(bits, lanes->section_bits);
        assert_int_equal(cei_block_check(lanes->type, block.bytes, block.byte_count), CE_OK);
        uint32_t target = block.partition << bits | section;
        cei_block_reader reader;
        cei_block_reader_open(&reader, lanes->type, &block);
        for (const char *rows;;) {
            assert_int_equal(cei_block_reader_next(&reader, 64, scratch, &parts, &rows, &count), CE_OK);
            for (uint32_t i = 0; i < count; i++, rows += lanes->type->bytes) {
                uint64_t number = number_of(lanes->type, rows);
                assert_int_equal(target_of(number), target);
                assert_true(number >= taken->next[target]);
                taken->next[target] = number + 1;
                taken->rows++;
            }
            if (count == 0) {
                break;
            }
        }
        cei_block_release(&block);
    }
    free(scratch);
    cei_arena_close(&parts);
}

static void make_row(const ce_type *type, uint64_t number, char *row, char *text)
{
    if (type == &ce_type_odd) {
        *(odd *)(void *)row = (odd){(uint32_t)number, target_of(number), 7};
    } else if (type == &ce_type_numbered_text) {
        int bytes = snprintf(text, 32, "row %u", (unsigned)number);
        *(numbered_text *)(void *)row = (numbered_text){{text, (uint32_t)bytes}, number};
    } else {
        *(numbered *)(void *)row = (numbered){number, 1};
    }
}

/* The number of rows that come out: fewer than ROWS only when memory is refused. */
static uint64_t deal(const ce_type *type, uint64_t budget_bytes, uint64_t pool_bytes)
{
    enum { BATCH = 100 };
    char *rows = malloc(BATCH * type->bytes), text[BATCH][32];
    uint32_t targets[BATCH];
    struct taken taken = {0};
    cei_lanes lanes = {0};
    cei_pool *pool = cei_pool_open(pool_bytes);
    if (!pool) {
        free(rows);
        return 0;
    }
    ce_status status = cei_lanes_open(&lanes, type, LANES, BITS, budget_bytes, pool);
    for (uint64_t number = 0; status == CE_OK && number < ROWS;) {
        for (uint32_t i = 0; i < BATCH; i++, number++) {
            make_row(type, number, rows + i * type->bytes, text[i]);
            targets[i] = target_of(number);
        }
        status = cei_lanes_push(&lanes, rows, BATCH, targets);
        take_blocks(&lanes, &taken);
    }
    if (status == CE_OK) {
        status = cei_lanes_seal(&lanes);
        take_blocks(&lanes, &taken);
    }
    assert_true(status == CE_OK ? taken.rows == ROWS : status == CE_MEMORY);
    cei_lanes_close(&lanes);
    assert_int_equal(cei_pool_used(pool).used_bytes, 0);
    cei_pool_close(pool);
    free(rows);
    return taken.rows;
}

static void rows_reach_their_target_in_order(void **state)
{
    (void)state;
    deal(&ce_type_numbered, UINT64_MAX, UINT64_MAX);
    deal(&ce_type_odd, UINT64_MAX, UINT64_MAX);
    deal(&ce_type_numbered_text, UINT64_MAX, UINT64_MAX);
}

static void a_small_budget_makes_small_blocks_and_loses_nothing(void **state)
{
    (void)state;
    assert_int_equal(deal(&ce_type_numbered, 1, 1 << 20), ROWS);
    assert_int_equal(deal(&ce_type_numbered_text, 1, 1 << 20), ROWS);
}

static void a_row_larger_than_the_budget_is_a_block_of_its_own(void **state)
{
    (void)state;
    enum { BYTES = 3 << 20 };
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    cei_lanes lanes;
    char *text = calloc(1, BYTES);
    ce_str rows[3] = {{text, 3}, {text, BYTES}, {text, 5}};
    ce_block block;
    assert_int_equal(cei_lanes_open(&lanes, &ce_type_ce_str, 1, 0, 1 << 16, pool), CE_OK);
    assert_int_equal(cei_lanes_push(&lanes, (const char *)rows, 3, NULL), CE_OK);
    assert_int_equal(cei_lanes_seal(&lanes), CE_OK);
    uint64_t sizes[3], count = 0;
    while (cei_lanes_take(&lanes, &block)) {
        sizes[count++] = block.byte_count;
        cei_block_release(&block);
    }
    assert_int_equal(count, 3);
    assert_true(sizes[0] < 1 << 12 && sizes[1] > BYTES && sizes[2] < 1 << 12);
    cei_lanes_close(&lanes);
    cei_pool_close(pool);
    free(text);
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    uint64_t count = 0;
    for (uint64_t n = 1;; n++) {
        cei_fault_arm((int64_t)n, CEI_FAULT_ALLOCATION);
        deal(&ce_type_numbered_text, 1 << 20, UINT64_MAX);
        bool hit = cei_fault_delivered();
        cei_fault_arm(0, CEI_FAULT_ALLOCATION);
        if (!hit) {
            break;
        }
        count++;
    }
    assert_true(count > LANES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_reach_their_target_in_order),
        cmocka_unit_test(a_small_budget_makes_small_blocks_and_loses_nothing),
        cmocka_unit_test(a_row_larger_than_the_budget_is_a_block_of_its_own),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
