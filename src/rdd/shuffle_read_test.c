/*
 * shuffle_read_test.c: rows out of fed blocks, whatever the sizes of blocks and batches, and how wide nodes choose
 * their partitions.
 */
#include "rdd/shuffle_read.h"
#include "support/grid.h"
#include <stdlib.h>
#include <string.h>

CE_PAIR(int_pair, int64_t, int64_t);
CE_PAIR(text_text, ce_str, ce_str);

static inline int64_t add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(add, int64_t)

static inline int_pair paired(int64_t x)
{
    return (int_pair){x % 10, x};
}
CE_MAP(paired, int64_t, int_pair)

static inline text_text long_row(int64_t x)
{
    char *at = ce_batch_alloc(5000);
    memset(at, 'a' + (int)(x % 26), 5000);
    return (text_text){{at, (uint32_t)(x % 5000)}, ce_str_printf("%d", (int)x)};
}
CE_MAP(long_row, int64_t, text_text)

static ce_status long_rows_arrive(ce_context *sc, void *arg)
{
    (void)arg;
    enum { ROWS = 3000 };
    ce_result rows;
    bool seen[ROWS] = {false};
    /* 7.5 MB in two map outputs: several blocks for the one reader, of many batches each. */
    GRID_TRY(ce_collect(ce_repartition(ce_map(ce_range(sc, 0, ROWS, 1, 2), long_row), 1), &rows));
    assert_int_equal(rows.count, ROWS);
    for (int i = 0; i < ROWS; i++) {
        text_text row = ce_result_rows(&rows, text_text)[i];
        int64_t x;
        assert_true(ce_str_to_int64(row.value, &x) && x >= 0 && x < ROWS && !seen[x]);
        seen[x] = true;
        assert_int_equal(row.key.bytes, x % 5000);
        for (uint32_t j = 0; j < row.key.bytes; j += 97) {
            assert_int_equal(row.key.at[j], 'a' + x % 26);
        }
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void rows_larger_than_batches_and_blocks_arrive_whole(void **state)
{
    (void)state;
    grid_run_topologies(long_rows_arrive, NULL);
}

static void map_outputs_are_read_in_the_order_of_their_partitions(void **state)
{
    (void)state;
    static const char *const masters[] = {"inline", "local[4]"};
    for (int i = 0; i < 2; i++) {
        ce_context *sc = grid_open(masters[i], "batch_rows", "5", NULL);
        ce_result rows;
        assert_int_equal(ce_collect(ce_repartition(ce_range(sc, 0, 1000, 1, 20), 1), &rows), CE_OK);
        assert_int_equal(rows.count, 1000);
        for (int64_t j = 0; j < 1000; j++) {
            assert_int_equal(ce_result_rows(&rows, int64_t)[j], j);
        }
        ce_result_free(&rows);
        ce_context_close(sc);
    }
}

static void a_shuffle_of_pairs_knows_key_and_value_and_of_rows_the_row(void **state)
{
    (void)state;
    cei_shuffle pairs = cei_shuffle_of(CE_TYPE(text_text), true);
    assert_ptr_equal(pairs.key, CE_TYPE(ce_str));
    assert_ptr_equal(pairs.value, CE_TYPE(ce_str));
    assert_int_equal(pairs.value_offset, offsetof(text_text, value));
    assert_false(pairs.combines);
    cei_shuffle rows = cei_shuffle_of(CE_TYPE(text_text), false);
    assert_ptr_equal(rows.key, CE_TYPE(text_text));
    assert_null(rows.value);
}

static void partitions_are_the_parents_unless_asked_for(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *pairs = ce_map(ce_range(sc, 0, 100, 1, 7), paired);
    uint32_t count;
    ce_rdd *const defaults[] = {ce_reduce_by_key(pairs, add), ce_group_by_key(pairs), ce_distinct(pairs),
                                ce_partition_by(pairs, 0)};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(ce_partition_count(defaults[i], &count), CE_OK);
        assert_int_equal(count, 7);
    }
    ce_rdd *const asked[] = {ce_reduce_by_key_n(pairs, add, 3), ce_group_by_key_n(pairs, 3), ce_distinct_n(pairs, 3),
                             ce_partition_by(pairs, 3), ce_repartition(pairs, 3)};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(ce_partition_count(asked[i], &count), CE_OK);
        assert_int_equal(count, 3);
    }
    ce_context_close(sc);
}

/* A source whose partitions are known only when a job needs them, as those of files are. */
static ce_status prepare_late(ce_rdd *node)
{
    node->partition_count = 6;
    return CE_OK;
}

static ce_status open_late(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor);

static const cei_op op_late = {.name = "late", .open = open_late, .prepare = prepare_late, .prepares_late = true};

struct late_state {
    cei_cursor cursor;
    int_pair row;
    bool given;
};

static cei_pull late_next(cei_cursor *cursor, cei_batch *batch)
{
    struct late_state *state = (struct late_state *)cursor;
    *batch = (cei_batch){(const char *)&state->row, !state->given};
    state->given = true;
    return batch->count ? CEI_ROWS : CEI_END;
}

static ce_status open_late(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct late_state *state = cei_cursor_new(run, node, sizeof *state, late_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->row = (int_pair){partition % 2, 1};
    *cursor = &state->cursor;
    return CE_OK;
}

static void a_count_that_is_not_known_yet_is_the_parents_when_a_job_needs_it(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *late = cei_node_new(&op_late, (cei_scope *)(void *)sc, CE_SITE, NULL, 0);
    late->type = CE_TYPE(int_pair);
    ce_rdd *sums = ce_reduce_by_key(late, add), *again = ce_reduce_by_key(sums, add);
    assert_int_equal(sums->partitioner.count, 0); /* building it looked at nothing */
    assert_false(atomic_load(&late->prepared));
    ce_result rows;
    assert_int_equal(ce_collect(again, &rows), CE_OK);
    assert_int_equal(sums->partition_count, 6);
    assert_int_equal(again->partition_count, 6);
    assert_int_equal(rows.count, 2);
    assert_int_equal(ce_result_rows(&rows, int_pair)[0].value, 3);
    assert_int_equal(ce_result_rows(&rows, int_pair)[1].value, 3);
    ce_result_free(&rows);
    ce_rdd *placed = ce_partition_by(sums, 6); /* now it is known that it is placed so already */
    assert_ptr_equal(placed, sums);
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_larger_than_batches_and_blocks_arrive_whole),
        cmocka_unit_test(map_outputs_are_read_in_the_order_of_their_partitions),
        cmocka_unit_test(a_shuffle_of_pairs_knows_key_and_value_and_of_rows_the_row),
        cmocka_unit_test(partitions_are_the_parents_unless_asked_for),
        cmocka_unit_test(a_count_that_is_not_known_yet_is_the_parents_when_a_job_needs_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
