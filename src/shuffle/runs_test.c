/*
 * runs_test.c: runs on disk and the rows still in memory come out as one order, those of the earlier run first, however
 * many runs there are and whatever fails.
 *
 * Row i of all rows is in run i % (runs + 1) with key i / STEP, so that each key is in many runs and the oracle is
 * arithmetic.
 */
#include "base/error.h"
#include "base/fault.h"
#include "shuffle/runs.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

CE_PAIR(numbered, int64_t, uint64_t);

enum { ROWS = 20000, STEP = 1000 };

struct bench {
    cei_pool *pool;
    ce_task_metrics metrics;
    cei_share share;
    cei_runs runs;
    cei_merge *merge;
};

static const cei_order order = {.row = &ce_type_numbered, .key = &ce_type_int64_t};

static numbered row_of(uint32_t index, uint32_t run)
{
    return (numbered){index / STEP, (uint64_t)run << 32 | index};
}

static ce_status write_runs(struct bench *bench, uint32_t rows, uint32_t runs)
{
    for (uint32_t run = 0; run < runs; run++) {
        CE_TRY(cei_runs_begin(&bench->runs));
        for (uint32_t i = run; i < rows; i += runs + 1) {
            const numbered row = row_of(i, run);
            CE_TRY(cei_runs_push(&bench->runs, (const char *)&row, 1));
        }
        CE_TRY(cei_runs_end(&bench->runs));
    }
    return CE_OK;
}

/* Keys rise; within a key runs rise; within a run numbers rise. Every row is there. */
static ce_status check_rows(struct bench *bench, uint32_t rows)
{
    const char *got;
    uint32_t count, total = 0;
    numbered last = {-1, 0};
    do {
        CE_TRY(cei_merge_next(bench->merge, 77, &got, &count));
        for (uint32_t i = 0; i < count; i++) {
            const numbered row = ((const numbered *)(const void *)got)[i];
            assert_true(row.key > last.key || (row.key == last.key && row.value > last.value));
            assert_int_equal(row.key, (uint32_t)row.value / STEP);
            last = row;
        }
        total += count;
    } while (count);
    assert_int_equal(total, rows);
    return CE_OK;
}

/* The rows whose number gives runs modulo runs + 1 are in memory. */
static ce_status run_all(struct bench *bench, uint32_t rows, uint32_t runs)
{
    numbered *kept = calloc(rows, sizeof *kept);
    cei_entry *entries = calloc(rows, sizeof *entries);
    size_t count = 0;
    for (uint32_t i = runs; i < rows; i += runs + 1) {
        kept[count] = row_of(i, runs);
        assert_int_equal(cei_order_prefixes(&order, (const char *)&kept[count], 1, &entries[count].prefix), CE_OK);
        entries[count].row = (const char *)&kept[count];
        count++;
    }
    ce_status status = write_runs(bench, rows, runs);
    status = status == CE_OK ? cei_merge_open(&bench->merge, &bench->runs, entries, count) : status;
    status = status == CE_OK ? check_rows(bench, rows) : status;
    free(kept);
    free(entries);
    return status;
}

static void open_bench(struct bench *bench, uint64_t share_bytes)
{
    *bench = (struct bench){.pool = cei_pool_open(UINT64_MAX)};
    bench->share = (cei_share){.pool = bench->pool, .bytes_max = share_bytes, .holders = 1, .metrics = &bench->metrics};
    cei_runs_open(&bench->runs, &order, &bench->share);
}

static void close_bench(struct bench *bench)
{
    cei_merge_close(bench->merge);
    cei_runs_close(&bench->runs);
    assert_int_equal(cei_pool_used(bench->pool).used_bytes, 0);
    cei_pool_close(bench->pool);
}

static void any_number_of_runs_is_merged_in_any_share(void **state)
{
    (void)state;
    static const uint32_t runs[] = {1, 2, 3, 4, 5, 8, 9, 50, 200, 300};
    static const uint64_t shares[] = {1, 32 << 10, 100 << 10, 64 << 20};
    for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
        for (size_t r = 0; r < sizeof runs / sizeof *runs; r++) {
            struct bench bench;
            open_bench(&bench, shares[s]);
            assert_int_equal(run_all(&bench, ROWS, runs[r]), CE_OK);
            const uint64_t least = 2 * 3 * 4096; /* two heads and a writer, whatever the share */
            assert_in_range(cei_pool_used(bench.pool).used_bytes_max, 0, shares[s] > least ? shares[s] : least);
            close_bench(&bench);
        }
    }
}

static void no_more_is_written_than_has_to_be(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 8 * 2 * 4096); /* eight heads */
    assert_int_equal(run_all(&bench, ROWS, 9), CE_OK);
    const uint64_t once = (uint64_t)ROWS * sizeof(numbered) * 9 / 10;
    assert_in_range(bench.metrics.spilled_disk_bytes, once, once * 4 / 3); /* two of nine runs were written again */
    assert_true(cei_runs_fit(&bench.runs, 0));
    assert_false(cei_runs_fit(&bench.runs, 8 * 2 * 4096));
    close_bench(&bench);
}

static void everything_may_fail(void **state)
{
    (void)state;
    bool delivered = true;
    for (int64_t nth = 1; delivered; nth++) {
        struct bench bench;
        open_bench(&bench, 32 << 10);
        cei_fault_arm(nth, CEI_FAULT_ALLOCATION | CEI_FAULT_SYSTEM_CALL);
        ce_status status = run_all(&bench, 1000, 7);
        delivered = cei_fault_delivered();
        cei_fault_arm(0, CEI_FAULT_ALLOCATION);
        assert_true(status == CE_OK || delivered);
        close_bench(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_runs_is_merged_in_any_share),
        cmocka_unit_test(no_more_is_written_than_has_to_be),
        cmocka_unit_test(everything_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
