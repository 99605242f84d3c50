/*
 * cursor_test.c: what user code meets while a task runs: memory of a batch and of a task, rows emitted without bound,
 * failing, and a partition as an iterator. Seen through operators that call such code.
 */
#include "rdd/cursor.h"
#include "rdd/node.h"
#include "support/grid.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

CE_PAIR(text_pair, ce_str, int64_t);

/* ---- functions ---- */

static inline void many(int64_t x, ce_emit *out)
{
    for (int64_t i = 0; i < x; i++) {
        ce_emit_value(out, int64_t, i);
    }
}
CE_FLAT_MAP(many, int64_t, int64_t)

static inline bool is_round(int64_t x)
{
    return x % 100 == 0;
}
CE_FILTER(is_round, int64_t)

static inline void many_texts(int64_t x, ce_emit *out)
{
    for (int64_t i = 0; i < x; i++) {
        ce_emit_value(out, text_pair, {ce_str_printf("%d of %d", (int)i, (int)x), i});
    }
}
CE_FLAT_MAP(many_texts, int64_t, text_pair)

/* Text of every length around what ce_str_printf keeps on its stack. */
static inline ce_str padded(int64_t x)
{
    return ce_str_printf("%*s", (int)x, "<");
}
CE_MAP(padded, int64_t, ce_str)

static inline int64_t fails_on_9(int64_t x)
{
    if (x >= 9) {
        ce_fail("no %d, please: %s", (int)x, "it is too large");
        ce_fail("this is not the first");
    }
    return x;
}
CE_MAP(fails_on_9, int64_t, int64_t)

static inline void longest_text(ce_rows *rows, ce_emit *out)
{
    ce_str row, longest = {"", 0};
    while (ce_rows_next(rows, &row)) {
        if (row.bytes >= longest.bytes) {
            longest = ce_str_keep(row); /* the row's own bytes end with the next call */
        }
    }
    int64_t *numbers = ce_task_alloc(100 * sizeof *numbers);
    memset(numbers, 0, 100 * sizeof *numbers);
    ce_emit_value(out, ce_str, longest);
    assert_false(ce_rows_next(rows, &row)); /* the end stays the end */
}
CE_MAP_PARTITIONS(longest_text, ce_str, ce_str)

static inline void two_of_them(ce_rows *rows, ce_emit *out)
{
    int64_t row;
    for (int i = 0; i < 2 && ce_rows_next(rows, &row); i++) {
        ce_emit_value(out, int64_t, row);
    }
}
CE_MAP_PARTITIONS(two_of_them, int64_t, int64_t)

/* ---- behaviours ---- */

static ce_status rows_are_emitted(ce_context *sc, void *arg)
{
    (void)arg;
    const int64_t counts[] = {0, 1, 5000, 0, 3, 1024, 1023, 0};
    ce_result rows;
    uint64_t at = 0;
    GRID_TRY(ce_collect(ce_flat_map(ce_parallelize(sc, int64_t, counts, 8, 2), many), &rows));
    for (int i = 0; i < 8; i++) {
        for (int64_t j = 0; j < counts[i]; j++) {
            assert_int_equal(ce_result_rows(&rows, int64_t)[at++], j);
        }
    }
    assert_int_equal(rows.count, at);
    ce_result_free(&rows);
    return CE_OK;
}

static void one_row_may_emit_more_than_a_batch_holds(void **state)
{
    (void)state;
    grid_run(rows_are_emitted, NULL);
}

static ce_status large_batches_are_filtered(ce_context *sc, void *arg)
{
    (void)arg;
    const int64_t counts[] = {1100, 2, 5000, 1, 1, 20000, 3};
    ce_result rows;
    uint64_t at = 0;
    ce_rdd *emitted = ce_flat_map(ce_parallelize(sc, int64_t, counts, 7, 1), many);
    GRID_TRY(ce_collect(ce_filter(emitted, is_round), &rows));
    for (int i = 0; i < 7; i++) {
        for (int64_t j = 0; j < counts[i]; j += 100) {
            assert_int_equal(ce_result_rows(&rows, int64_t)[at++], j);
        }
    }
    assert_int_equal(rows.count, at);
    ce_result_free(&rows);
    return CE_OK;
}

/* Few rows stay of each batch, so that some are gathered when a batch comes that is larger than all before it. */
static void a_batch_may_be_larger_than_all_before_it(void **state)
{
    (void)state;
    grid_run(large_batches_are_filtered, NULL);
}

static ce_status texts_are_emitted(ce_context *sc, void *arg)
{
    (void)arg;
    const int64_t counts[] = {3, 0, 2000, 1};
    ce_result rows;
    uint64_t at = 0;
    GRID_TRY(ce_collect(ce_flat_map(ce_parallelize(sc, int64_t, counts, 4, 1), many_texts), &rows));
    for (int i = 0; i < 4; i++) {
        for (int64_t j = 0; j < counts[i]; j++) {
            char expected[40];
            snprintf(expected, sizeof expected, "%d of %d", (int)j, (int)counts[i]);
            assert_true(ce_str_equal(ce_result_rows(&rows, text_pair)[at++].key, ce_str_of(expected)));
        }
    }
    assert_int_equal(rows.count, at);
    ce_result_free(&rows);
    return CE_OK;
}

static void texts_made_for_emitted_rows_live_as_long_as_the_batch(void **state)
{
    (void)state;
    grid_run(texts_are_emitted, NULL);
}

static ce_status texts_are_printed(ce_context *sc, void *arg)
{
    (void)arg;
    ce_result rows;
    GRID_TRY(ce_collect(ce_map(ce_range(sc, 250, 262, 1, 2), padded), &rows));
    for (uint32_t i = 0; i < 12; i++) {
        ce_str row = ce_result_rows(&rows, ce_str)[i];
        assert_int_equal(row.bytes, 250 + i);
        assert_int_equal(row.at[0], ' ');
        assert_int_equal(row.at[row.bytes - 1], '<');
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void texts_of_any_length_are_printed(void **state)
{
    (void)state;
    grid_run(texts_are_printed, NULL);
}

static ce_status longest_is_kept(ce_context *sc, void *arg)
{
    (void)arg;
    ce_result rows;
    GRID_TRY(ce_collect(ce_map_partitions(ce_map(ce_range(sc, 1, 41, 1, 2), padded), longest_text), &rows));
    assert_int_equal(rows.count, 2);
    assert_int_equal(ce_result_rows(&rows, ce_str)[0].bytes, 20);
    assert_int_equal(ce_result_rows(&rows, ce_str)[1].bytes, 40);
    assert_int_equal(ce_result_rows(&rows, ce_str)[1].at[39], '<');
    ce_result_free(&rows);
    return CE_OK;
}

static void what_is_kept_lives_as_long_as_the_task(void **state)
{
    (void)state;
    grid_run(longest_is_kept, NULL);
}

static void a_function_need_not_read_all_its_rows(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", "batch_rows", "3", NULL);
    char *text = grid_parts_text(ce_map_partitions(ce_range(sc, 0, 100, 1, 3), two_of_them), 0);
    assert_string_equal(text, "[[0,1],[33,34],[66,67]]");
    free(text);
    text = grid_parts_text(ce_map_partitions(ce_repartition(ce_range(sc, 0, 1, 1, 1), 1), two_of_them), 0);
    assert_string_equal(text, "[[0]]");
    free(text);
    ce_context_close(sc);
}

static void the_first_failure_is_told_with_the_functions_place(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    uint64_t count;
    char place[300];
    ce_rdd *rdd = ce_map(ce_range(sc, 0, 20, 1, 1), fails_on_9);
    snprintf(place, sizeof place, "%s:%d: map(fails_on_9): no 9, please: it is too large", __FILE__, __LINE__ - 1);
    assert_int_equal(ce_count(ce_flat_map(rdd, many), &count), CE_USER);
    if (!strstr(ce_last_error(), place)) {
        fail_msg("\"%s\" does not say \"%s\"", ce_last_error(), place);
    }
    assert_null(strstr(ce_last_error(), "not the first"));
    ce_context_close(sc);
}

static void a_run_takes_any_number_of_inputs(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    cei_run run = {.pool = pool};
    cei_arena_open(&run.arena, pool, 0);
    for (int32_t i = 0; i < 100; i++) {
        assert_int_equal(cei_run_add_input(&run, 1000 + i, (uint32_t)i, CE_TYPE(int64_t)), i);
    }
    for (int32_t i = 0; i < 100; i++) {
        assert_int_equal(run.inputs[i].shuffle, 1000 + i);
        assert_int_equal(run.inputs[i].partition, i);
        assert_false(run.inputs[i].ended);
    }
    cei_arena_close(&run.arena);
    cei_pool_close(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_row_may_emit_more_than_a_batch_holds),
        cmocka_unit_test(a_batch_may_be_larger_than_all_before_it),
        cmocka_unit_test(texts_made_for_emitted_rows_live_as_long_as_the_batch),
        cmocka_unit_test(texts_of_any_length_are_printed),
        cmocka_unit_test(what_is_kept_lives_as_long_as_the_task),
        cmocka_unit_test(a_function_need_not_read_all_its_rows),
        cmocka_unit_test(the_first_failure_is_told_with_the_functions_place),
        cmocka_unit_test(a_run_takes_any_number_of_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
