/*
 * sorter_test.c: rows of many types come out as a stable sort by ce_type_compare has them, however little memory there
 * is, whatever fails.
 *
 * Every row carries the number with which it came, so that equal rows are told apart.
 */
#include "base/error.h"
#include "base/fault.h"
#include "base/random.h"
#include "shuffle/lanes.h"
#include "shuffle/sorter.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

CE_OPTION(maybe, double);
CE_RECORD(place, (int32_t, x), (ce_str, name));
CE_LIST(numbers, int16_t);
CE_PAIR(int64_row, int64_t, uint32_t);
CE_PAIR(int32_row, int32_t, uint32_t);
CE_PAIR(uint8_row, uint8_t, uint32_t);
CE_PAIR(double_row, double, uint32_t);
CE_PAIR(float_row, float, uint32_t);
CE_PAIR(str_row, ce_str, uint32_t);
CE_PAIR(maybe_row, maybe, uint32_t);
CE_PAIR(place_row, place, uint32_t);
CE_PAIR(list_row, numbers, uint32_t);

static inline int by_last_digit(int64_t a, int64_t b)
{
    return (int)(((a % 10 + 10) % 10) - ((b % 10 + 10) % 10));
}
CE_COMPARE(by_last_digit, int64_t)

static inline int64_t negative(int64_row row)
{
    return -row.key / 3;
}
CE_MAP(negative, int64_row, int64_t)

enum { ROWS = 3000, BATCH = 100 };

static const cei_order *sorting; /* the order of the model */

/* ---- rows ---- */

static void make_key(cei_random *random, const ce_type *type, char *key, cei_arena *arena)
{
    static const double doubles[] = {NAN, 0.0, -0.0, INFINITY, -INFINITY, 1e-300, -1.5, 3.25};
    if (type->kind == CE_KIND_STR) {
        const uint32_t bytes = (uint32_t)cei_random_below(random, 40);
        char *text = cei_arena_alloc(arena, bytes + 1);
        for (uint32_t i = 0; i < bytes; i++) {
            text[i] = i < 12 && bytes % 3 ? 'p' : "ab\xff"[cei_random_below(random, 3)];
        }
        const ce_str str = {text, bytes};
        memcpy(key, &str, sizeof str);
    } else if (type->kind == CE_KIND_LIST) {
        const ce_list list = {cei_arena_alloc_zeroed(arena, 8), (uint32_t)cei_random_below(random, 4)};
        memset((char *)(uintptr_t)list.at, (int)cei_random_below(random, 3), 8);
        memcpy(key, &list, sizeof list);
    } else if (type->field_count) {
        for (uint32_t i = 0; i < type->field_count; i++) {
            make_key(random, type->fields[i].type, key + type->fields[i].offset, arena);
        }
    } else if (type->kind == CE_KIND_FLOAT64) {
        const uint64_t which = cei_random_below(random, 16);
        const double number = which < 8 ? doubles[which] : (double)cei_random_below(random, 1000) - 500;
        memcpy(key, &number, sizeof number);
    } else if (type->kind == CE_KIND_FLOAT32) {
        const uint64_t which = cei_random_below(random, 16);
        const float number = which < 5 ? (float)doubles[which] : (float)cei_random_below(random, 1000) - 500;
        memcpy(key, &number, sizeof number);
    } else {
        uint64_t number =
            type->kind == CE_KIND_BOOL ? cei_random_below(random, 2) : cei_random_below(random, 2000) - 1000;
        number = type->bytes == 8 && cei_random_below(random, 4) == 0 ? number << 50 : number;
        memcpy(key, &number, type->bytes);
    }
}

static char *make_rows(const ce_type *type, uint32_t count, cei_arena *arena)
{
    cei_random random;
    cei_random_seed(&random, 99);
    char *rows = cei_arena_alloc_zeroed(arena, (size_t)count * type->bytes);
    for (uint32_t i = 0; i < count; i++) {
        make_key(&random, type->fields[0].type, rows + (size_t)i * type->bytes, arena);
        memcpy(rows + (size_t)i * type->bytes + type->fields[1].offset, &i, sizeof i);
    }
    return rows;
}

/* ---- the model ---- */

static int compare_keys(const char *a, const char *b)
{
    if (sorting->by == CEI_ORDER_BY_FUNCTION) {
        return sorting->compare->compare(a, b);
    }
    if (sorting->derive) {
        int64_t key_a, key_b;
        sorting->derive->map(a, sorting->row->bytes, (char *)&key_a, 8, 1, NULL);
        sorting->derive->map(b, sorting->row->bytes, (char *)&key_b, 8, 1, NULL);
        return (key_a > key_b) - (key_a < key_b);
    }
    return ce_type_compare(sorting->key, a, b);
}

static int by_key_then_number(const void *x, const void *y)
{
    const char *a = *(const char *const *)x, *b = *(const char *const *)y;
    const int compared = compare_keys(a, b);
    return compared ? (sorting->descending ? -compared : compared) : (a > b) - (a < b);
}

static const char **model(const cei_order *order, const char *rows, uint32_t count)
{
    const char **sorted = calloc(count + 1, sizeof *sorted);
    for (uint32_t i = 0; i < count; i++) {
        sorted[i] = rows + (size_t)i * order->row->bytes;
    }
    sorting = order;
    qsort(sorted, count, sizeof *sorted, by_key_then_number);
    return sorted;
}

/* ---- sorting ---- */

struct bench {
    cei_pool *pool;
    ce_task_metrics metrics;
    cei_share share;
    cei_sorter *sorter;
};

static ce_status sort_rows(struct bench *bench, const cei_order *order, const char *rows, uint32_t count, bool blocks)
{
    ce_status status = cei_sorter_open(&bench->sorter, order, &bench->share);
    cei_lanes lanes = {0};
    if (status == CE_OK && blocks) {
        status = cei_lanes_open(&lanes, order->row, 1, 0, 8 << 10, bench->pool);
    }
    for (uint32_t i = 0; status == CE_OK && i < count; i += BATCH) {
        const uint32_t n = count - i < BATCH ? count - i : BATCH;
        const char *from = rows + (size_t)i * order->row->bytes;
        status = blocks ? cei_lanes_push(&lanes, from, n, NULL) : cei_sorter_push(bench->sorter, from, n);
        status = status == CE_OK && blocks && i + n == count ? cei_lanes_seal(&lanes) : status;
        ce_block block;
        while (status == CE_OK && cei_lanes_take(&lanes, &block)) {
            status = cei_sorter_push_block(bench->sorter, &block);
            assert_null(block.bytes);
        }
    }
    cei_lanes_close(&lanes);
    return status == CE_OK ? cei_sorter_finish(bench->sorter) : status;
}

static ce_status read_and_compare(struct bench *bench, const cei_order *order, const char **sorted, uint32_t count)
{
    const char *rows;
    uint32_t at = 0, got;
    for (uint32_t part = 1;; part = part * 5 % 177 + 1) {
        CE_TRY(cei_sorter_next(bench->sorter, part, &rows, &got));
        if (got == 0) {
            break;
        }
        assert_true(got <= part);
        for (uint32_t i = 0; i < got; i++, rows += order->row->bytes, at++) {
            assert_true(at < count);
            if (ce_type_compare(order->row, rows, sorted[at]) != 0) {
                char a[200], b[200];
                fail_msg("row %u is %s, not %s", at, ce_type_print(order->row, rows, a, sizeof a),
                         ce_type_print(order->row, sorted[at], b, sizeof b));
            }
        }
    }
    assert_int_equal(at, count);
    return CE_OK;
}

static struct bench open_bench(uint64_t share_bytes)
{
    struct bench bench = {.pool = cei_pool_open(UINT64_MAX)};
    bench.share = (cei_share){.pool = bench.pool, .bytes_max = share_bytes};
    return bench;
}

static void close_bench(struct bench *bench)
{
    cei_sorter_close(bench->sorter);
    assert_int_equal(bench->share.holders, 0);
    assert_int_equal(cei_pool_used(bench->pool).used_bytes, 0);
    cei_pool_close(bench->pool);
}

static void check(const cei_order *order, const char *rows, uint32_t count, uint64_t share_bytes, bool blocks)
{
    struct bench bench = open_bench(share_bytes);
    bench.share.metrics = &bench.metrics;
    const char **sorted = model(order, rows, count);
    assert_int_equal(sort_rows(&bench, order, rows, count, blocks), CE_OK);
    assert_int_equal(read_and_compare(&bench, order, sorted, count), CE_OK);
    free(sorted);
    assert_int_equal(bench.metrics.spilled_disk_bytes > 0, share_bytes < (1 << 20) && count > 100);
    close_bench(&bench);
}

static cei_order order_of(const ce_type *row)
{
    return (cei_order){.row = row, .key = row->fields[0].type};
}

static const ce_type *const types[] = {&ce_type_int64_row,  &ce_type_int32_row, &ce_type_uint8_row,
                                       &ce_type_double_row, &ce_type_float_row, &ce_type_str_row,
                                       &ce_type_maybe_row,  &ce_type_place_row, &ce_type_list_row};

static void rows_of_every_type_are_sorted_in_memory_and_on_disk(void **state)
{
    (void)state;
    static const uint64_t shares[] = {UINT64_MAX, 100 << 10, 10 << 10};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        cei_pool *pool = cei_pool_open(UINT64_MAX);
        cei_arena arena;
        cei_arena_open(&arena, pool, 0);
        cei_order order = order_of(types[t]);
        const char *rows = make_rows(types[t], ROWS, &arena);
        for (int s = 0; s < 3; s++) {
            order.descending = s == 1;
            check(&order, rows, shares[s] == 100 << 10 ? ROWS : ROWS - 1, s == 1 ? 60 << 10 : shares[s], s % 2);
            check(&order, rows, 0, shares[s], false);
            check(&order, rows, 1, shares[s], true);
            check(&order, rows, 41, shares[s], true);
        }
        cei_arena_close(&arena);
        cei_pool_close(pool);
    }
}

static void a_users_comparison_and_a_derived_key_decide(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    cei_arena arena;
    cei_arena_open(&arena, pool, 0);
    const char *rows = make_rows(&ce_type_int64_row, ROWS, &arena);
    cei_order compared = order_of(&ce_type_int64_row), derived = order_of(&ce_type_int64_row);
    compared.by = CEI_ORDER_BY_FUNCTION;
    compared.compare = &ce_fn_by_last_digit;
    derived.key = &ce_type_int64_t;
    derived.derive = &ce_fn_negative;
    for (int i = 0; i < 2; i++) {
        compared.descending = derived.descending = i;
        check(&compared, rows, ROWS, UINT64_MAX, false);
        check(&compared, rows, ROWS, 30 << 10, true);
        check(&derived, rows, ROWS, UINT64_MAX, true);
        check(&derived, rows, ROWS, 30 << 10, false);
    }
    cei_arena_close(&arena);
    cei_pool_close(pool);
}

static void many_rows_sorted_backwards_and_equal(void **state)
{
    (void)state;
    enum { MANY = 300000 };
    int64_row *rows = calloc(MANY, sizeof *rows);
    cei_order order = order_of(&ce_type_int64_row);
    cei_random random;
    cei_random_seed(&random, 5);
    for (int kind = 0; kind < 5; kind++) {
        for (uint32_t i = 0; i < MANY; i++) {
            const int64_t keys[] = {i, -(int64_t)i, 7, (int64_t)cei_random_next(&random),
                                    (int64_t)cei_random_below(&random, 5)};
            rows[i] = (int64_row){keys[kind], i};
        }
        check(&order, (const char *)rows, MANY, UINT64_MAX, true);
        check(&order, (const char *)rows, MANY, 200 << 10, false); /* hundreds of runs: several passes */
    }
    free(rows);
}

static void equal_keys_stand_together_in_the_order_of_hashes(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    cei_arena arena;
    cei_arena_open(&arena, pool, 0);
    const char *rows = make_rows(&ce_type_str_row, ROWS, &arena);
    for (int collide = 0; collide < 2; collide++) {
        cei_key_hash_mask = collide ? 0 : UINT32_MAX;
        for (int spill = 0; spill < 2; spill++) {
            struct bench bench = open_bench(spill ? 50 << 10 : UINT64_MAX);
            bench.share.metrics = &bench.metrics;
            cei_order order = order_of(&ce_type_str_row);
            order.by = CEI_ORDER_BY_HASH;
            assert_int_equal(sort_rows(&bench, &order, rows, ROWS, true), CE_OK);
            bool seen[ROWS] = {false};
            uint32_t got, changes = 0, total = 0;
            const char *out;
            char last[64] = "";
            uint32_t last_bytes = UINT32_MAX;
            do {
                assert_int_equal(cei_sorter_next(bench.sorter, 33, &out, &got), CE_OK);
                for (uint32_t i = 0; i < got; i++, total++) {
                    str_row row = ((const str_row *)(const void *)out)[i];
                    if (row.key.bytes != last_bytes || memcmp(last, row.key.at, last_bytes) != 0) {
                        changes++;
                        last_bytes = row.key.bytes;
                        memcpy(last, row.key.at, last_bytes);
                    }
                    assert_false(seen[row.value]);
                    seen[row.value] = true;
                }
            } while (got);
            assert_int_equal(total, ROWS);
            cei_order by_value = order_of(&ce_type_str_row);
            const char **sorted = model(&by_value, rows, ROWS);
            uint32_t keys = 1;
            for (uint32_t i = 1; i < ROWS; i++) {
                keys += ce_type_compare(&ce_type_ce_str, sorted[i - 1], sorted[i]) != 0;
            }
            assert_int_equal(changes, keys);
            free(sorted);
            close_bench(&bench);
        }
    }
    cei_key_hash_mask = UINT32_MAX;
    cei_arena_close(&arena);
    cei_pool_close(pool);
}

static void a_row_larger_than_the_share_is_sorted_too(void **state)
{
    (void)state;
    enum { BYTES = 3 << 20 };
    char *text = malloc(BYTES);
    memset(text, 'm', BYTES);
    const str_row rows[] = {{{text, 5}, 0}, {{"z", 1}, 1}, {{text, BYTES}, 2}, {{"a", 1}, 3}, {{text, BYTES - 1}, 4}};
    cei_order order = order_of(&ce_type_str_row);
    struct bench bench = open_bench(100 << 10);
    bench.share.metrics = &bench.metrics;
    const char **sorted = model(&order, (const char *)rows, 5);
    assert_int_equal(sort_rows(&bench, &order, (const char *)rows, 5, false), CE_OK);
    assert_int_equal(read_and_compare(&bench, &order, sorted, 5), CE_OK);
    assert_true(bench.metrics.spilled_disk_bytes > BYTES);
    close_bench(&bench);
    free(sorted);
    free(text);
}

static void memory_keeps_within_the_share(void **state)
{
    (void)state;
    enum { MANY = 200000 };
    static const uint64_t shares[] = {2 << 20, 600 << 10, 100 << 10};
    for (int i = 0; i < 6; i++) {
        const ce_type *type = i % 2 ? &ce_type_int64_row : &ce_type_str_row;
        cei_pool *pool = cei_pool_open(UINT64_MAX);
        cei_arena arena;
        cei_arena_open(&arena, pool, 0);
        cei_order order = order_of(type);
        const char *rows = make_rows(type, MANY, &arena);
        const char **sorted = model(&order, rows, MANY);
        struct bench bench = open_bench(shares[i / 2]);
        bench.share.metrics = &bench.metrics;
        assert_int_equal(sort_rows(&bench, &order, rows, MANY, false), CE_OK);
        assert_int_equal(read_and_compare(&bench, &order, sorted, MANY), CE_OK);
        assert_in_range(cei_pool_used(bench.pool).used_bytes_max, 1, shares[i / 2] + (16 << 10));
        assert_true(bench.metrics.spilled_memory_bytes > shares[i / 2]);
        close_bench(&bench);
        free(sorted);
        cei_arena_close(&arena);
        cei_pool_close(pool);
    }
}

static void the_last_rows_are_merged_from_memory(void **state)
{
    (void)state;
    enum { FEW = 20000 };
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    cei_arena arena;
    cei_arena_open(&arena, pool, 0);
    cei_order order = order_of(&ce_type_int64_row);
    const char *rows = make_rows(&ce_type_int64_row, FEW, &arena);
    const char **sorted = model(&order, rows, FEW);
    struct bench bench = open_bench(800 << 10);
    bench.share.metrics = &bench.metrics;
    assert_int_equal(sort_rows(&bench, &order, rows, FEW, false), CE_OK);
    assert_int_equal(read_and_compare(&bench, &order, sorted, FEW), CE_OK);
    assert_in_range(bench.metrics.spilled_disk_bytes, 1, FEW * sizeof(int64_row) * 9 / 10);
    assert_in_range(cei_pool_used(bench.pool).used_bytes_max, 1, 800 << 10);
    close_bench(&bench);
    free(sorted);
    cei_arena_close(&arena);
    cei_pool_close(pool);
}

static void rows_go_to_disk_when_the_pool_refuses_memory_that_the_share_allows(void **state)
{
    (void)state;
    enum { MANY = 300000 };
    for (int i = 0; i < 4; i++) {
        const ce_type *type = i % 2 ? &ce_type_int64_row : &ce_type_str_row;
        cei_pool *pool = cei_pool_open(UINT64_MAX);
        cei_arena arena;
        cei_arena_open(&arena, pool, 0);
        cei_order order = order_of(type);
        const char *rows = make_rows(type, MANY, &arena);
        const char **sorted = model(&order, rows, MANY);
        struct bench bench = {.pool = cei_pool_open(i < 2 ? 8 << 20 : 5 << 20)};
        bench.share = (cei_share){.pool = bench.pool, .bytes_max = 1 << 30, .metrics = &bench.metrics};
        assert_int_equal(sort_rows(&bench, &order, rows, MANY, false), CE_OK);
        assert_int_equal(read_and_compare(&bench, &order, sorted, MANY), CE_OK);
        assert_true(cei_sorter_has_spilled(bench.sorter));
        close_bench(&bench);
        free(sorted);
        cei_arena_close(&arena);
        cei_pool_close(pool);
    }
}

static void everything_may_fail(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    cei_arena arena;
    cei_arena_open(&arena, pool, 0);
    enum { FEW = 500 };
    const char *rows = make_rows(&ce_type_str_row, FEW, &arena);
    cei_order order = order_of(&ce_type_str_row);
    const char **sorted = model(&order, rows, FEW);
    for (int spill = 0; spill < 2; spill++) {
        for (int64_t nth = 1;; nth++) {
            struct bench bench = open_bench(spill ? 10 << 10 : UINT64_MAX);
            bench.share.metrics = &bench.metrics;
            cei_fault_arm(nth, CEI_FAULT_ALLOCATION | CEI_FAULT_SYSTEM_CALL);
            ce_status status = sort_rows(&bench, &order, rows, FEW, nth % 2);
            status = status == CE_OK ? read_and_compare(&bench, &order, sorted, FEW) : status;
            const bool delivered = cei_fault_delivered();
            cei_fault_arm(0, CEI_FAULT_ALLOCATION);
            assert_true(status == CE_OK || delivered);
            close_bench(&bench);
            if (!delivered) {
                break;
            }
        }
    }
    free(sorted);
    cei_arena_close(&arena);
    cei_pool_close(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_every_type_are_sorted_in_memory_and_on_disk),
        cmocka_unit_test(a_users_comparison_and_a_derived_key_decide),
        cmocka_unit_test(many_rows_sorted_backwards_and_equal),
        cmocka_unit_test(equal_keys_stand_together_in_the_order_of_hashes),
        cmocka_unit_test(a_row_larger_than_the_share_is_sorted_too),
        cmocka_unit_test(memory_keeps_within_the_share),
        cmocka_unit_test(the_last_rows_are_merged_from_memory),
        cmocka_unit_test(rows_go_to_disk_when_the_pool_refuses_memory_that_the_share_allows),
        cmocka_unit_test(everything_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
