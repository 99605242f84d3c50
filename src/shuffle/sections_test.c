/*
 * sections_test.c: however rows came, whole or one by one, cut or not, in memory or on disk, each section has exactly
 * the rows whose keys hash into it.
 */
#include "base/fault.h"
#include "shuffle/sections.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

CE_PAIR(numbered, uint64_t, uint64_t);
CE_PAIR(text_number, ce_str, uint64_t);

enum { ROWS = 6000, BATCH = 100, KEYS = 700 };

struct bench {
    cei_pool *pool;
    ce_task_metrics metrics;
    cei_share share;
    cei_sections sections;
    uint8_t seen[ROWS];
};

static uint32_t section_of(const ce_type *key, const void *value, uint32_t bits)
{
    uint32_t partition;
    cei_partitioner sixteenth = {.kind = CEI_PARTITIONER_HASH, .count = 1u << bits};
    assert_int_equal(cei_partition_of(&sixteenth, key, value, &partition), CE_OK);
    return partition; /* a reduce side with one partition: its sections are what that many partitions would be */
}

static bool open_bench(struct bench *bench, const ce_type *type, uint64_t share_bytes)
{
    memset(bench, 0, sizeof *bench);
    bench->pool = cei_pool_open(UINT64_MAX);
    bench->share = (cei_share){.pool = bench->pool, .bytes_max = share_bytes, .metrics = &bench->metrics};
    cei_sections_open(&bench->sections, type, type->fields[0].type, 1, &bench->share);
    return bench->pool != NULL;
}

static void close_bench(struct bench *bench)
{
    cei_sections_close(&bench->sections);
    assert_int_equal(cei_pool_used(bench->pool).used_bytes, 0);
    cei_pool_close(bench->pool);
}

static void make_batch(const ce_type *type, uint64_t first, char *rows, char (*texts)[40])
{
    for (uint32_t i = 0; i < BATCH; i++) {
        uint64_t key = (first + i) % KEYS;
        if (type == &ce_type_numbered) {
            ((numbered *)(void *)rows)[i] = (numbered){key, first + i};
        } else {
            int bytes = snprintf(texts[i], 40, "a key that may be long %u", (unsigned)key);
            ((text_number *)(void *)rows)[i] = (text_number){{texts[i], (uint32_t)bytes}, first + i};
        }
    }
}

/* The first third of the rows comes one by one, the second in uncut blocks, the last in blocks cut to 2 bits. */
static ce_status add_rows(struct bench *bench, const ce_type *type)
{
    _Alignas(8) char rows[BATCH * sizeof(text_number)];
    char texts[BATCH][40];
    uint32_t targets[BATCH];
    cei_lanes uncut = {0}, cut = {0};
    ce_block block;
    ce_status status = cei_lanes_open(&uncut, type, 1, 0, 1 << 16, bench->pool);
    status = status == CE_OK ? cei_lanes_open(&cut, type, 4, 2, 1 << 16, bench->pool) : status;
    for (uint64_t first = 0; status == CE_OK && first < ROWS; first += BATCH) {
        make_batch(type, first, rows, texts);
        if (first < ROWS / 3) {
            status = cei_sections_push(&bench->sections, rows, BATCH);
        } else if (first < 2 * ROWS / 3) {
            status = cei_lanes_push(&uncut, rows, BATCH, NULL);
        } else {
            for (uint32_t i = 0; i < BATCH; i++) {
                targets[i] = section_of(type->fields[0].type, rows + i * type->bytes, 2);
            }
            status = cei_lanes_push(&cut, rows, BATCH, targets);
        }
    }
    status = status == CE_OK ? cei_lanes_seal(&uncut) : status;
    status = status == CE_OK ? cei_lanes_seal(&cut) : status;
    while (status == CE_OK && (cei_lanes_take(&uncut, &block) || cei_lanes_take(&cut, &block))) {
        block.partition = 0;
        status = cei_sections_add(&bench->sections, &block);
    }
    cei_lanes_close(&uncut);
    cei_lanes_close(&cut);
    return status;
}

static void look_at_block(struct bench *bench, ce_block *block, uint32_t section)
{
    const ce_type *type = bench->sections.row;
    cei_block_reader reader;
    cei_arena parts;
    const char *rows;
    uint32_t count;
    _Alignas(8) char scratch[BATCH * sizeof(text_number)];
    cei_arena_open(&parts, bench->pool, 0);
    cei_block_reader_open(&reader, type, block);
    do {
        assert_int_equal(cei_block_reader_next(&reader, BATCH, scratch, &parts, &rows, &count), CE_OK);
        for (uint32_t i = 0; i < count; i++, rows += type->bytes) {
            uint64_t number;
            memcpy(&number, rows + type->fields[1].offset, sizeof number);
            assert_int_equal(bench->seen[number]++, 0);
            assert_int_equal(section_of(type->fields[0].type, rows, bench->sections.bits), section);
        }
    } while (count);
    cei_arena_close(&parts);
}

static void cut_and_look(struct bench *bench, uint32_t bits)
{
    assert_int_equal(cei_sections_cut(&bench->sections, bits), CE_OK);
    uint64_t rows = 0;
    for (uint32_t section = 0; section < 1u << bits; section++) {
        rows += cei_sections_rows(&bench->sections, section);
        cei_blocks *list = &bench->sections.cut[section];
        for (uint32_t i = 0; i < list->count; i++) {
            assert_int_equal(cei_block_load(&list->blocks[i], bench->pool), CE_OK);
            look_at_block(bench, &list->blocks[i], section);
        }
    }
    assert_int_equal(rows, ROWS);
    for (uint32_t i = 0; i < ROWS; i++) {
        assert_int_equal(bench->seen[i], 1);
    }
}

static void each_section_has_its_rows(void **state)
{
    (void)state;
    const ce_type *types[] = {&ce_type_numbered, &ce_type_text_number};
    for (uint32_t i = 0; i < 2; i++) {
        for (uint32_t bits = 2; bits <= 5; bits++) {
            struct bench bench;
            open_bench(&bench, types[i], UINT64_MAX);
            assert_int_equal(add_rows(&bench, types[i]), CE_OK);
            assert_int_equal(cei_sections_bits(&bench.sections, 1), 2);
            cut_and_look(&bench, bits);
            assert_int_equal(bench.metrics.spilled_disk_bytes, 0);
            close_bench(&bench);
        }
    }
}

static void what_exceeds_the_share_goes_to_disk(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, &ce_type_text_number, 40000);
    assert_int_equal(add_rows(&bench, &ce_type_text_number), CE_OK);
    cut_and_look(&bench, 3);
    assert_true(bench.metrics.spilled_disk_bytes > 200000);
    assert_true(bench.sections.spiller.held_bytes <= 40000);
    close_bench(&bench);
}

static void many_rows_ask_for_many_sections(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, &ce_type_numbered, UINT64_MAX);
    assert_int_equal(cei_sections_bits(&bench.sections, 32), 0);
    bench.sections.rows = 1 << 20;
    assert_int_equal(cei_sections_bits(&bench.sections, 32), 6);
    bench.sections.rows = 0;
    close_bench(&bench);
}

static void each_allocation_and_write_may_fail(void **state)
{
    (void)state;
    for (int64_t nth = 1;; nth++) {
        struct bench bench;
        open_bench(&bench, &ce_type_text_number, 60000);
        cei_fault_arm(nth, CEI_FAULT_ALLOCATION | CEI_FAULT_SYSTEM_CALL);
        ce_status status = add_rows(&bench, &ce_type_text_number);
        status = status == CE_OK ? cei_sections_cut(&bench.sections, 3) : status;
        bool delivered = cei_fault_delivered();
        cei_fault_arm(0, CEI_FAULT_ALLOCATION);
        assert_true(status == CE_OK || delivered);
        close_bench(&bench);
        if (!delivered) {
            break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_section_has_its_rows),
        cmocka_unit_test(what_exceeds_the_share_goes_to_disk),
        cmocka_unit_test(many_rows_ask_for_many_sections),
        cmocka_unit_test(each_allocation_and_write_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
