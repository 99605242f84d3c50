/*
 * repartition_and_sort_within_partitions_test.c: equal keys in one partition and each partition in order, with a
 * shuffle only where there has been none.
 */
#include "support/expect.h"
#include "support/wide.h"

static inline uint32_t by_parity(int64_t key, uint32_t count)
{
    return (uint32_t)(key & 1) % count;
}
CE_PARTITIONER(by_parity, int64_t)

static inline uint32_t out_of_range(int64_t key, uint32_t count)
{
    return key == 3 ? count : 0;
}
CE_PARTITIONER(out_of_range, int64_t)

static ce_rdd *six(ce_context *sc)
{
    const int_pair pairs[] = {{0, 5}, {3, 8}, {2, 6}, {0, 8}, {3, 8}, {1, 3}};
    return ce_parallelize(sc, int_pair, pairs, 6, 2);
}

static inline uint32_t by_remainder(int64_t key, uint32_t count)
{
    return (uint32_t)(((key % (int64_t)count) + (int64_t)count) % (int64_t)count);
}
CE_PARTITIONER(by_remainder, int64_t)

static ce_status forty(ce_context *sc, void *arg)
{
    (void)arg;
    int_pair pairs[40];
    for (int i = 0; i < 40; i++) {
        pairs[i] = (int_pair){i * 7 % 23 - 5, i};
    }
    ce_rdd *rdd = ce_parallelize(sc, int_pair, pairs, 40, 4);
    for (uint32_t partitions = 1; partitions <= 3; partitions++) {
        char name[64];
        ce_rdd *sorted = ce_repartition_and_sort_within_partitions_with(rdd, by_remainder, partitions);
        snprintf(name, sizeof name, "repartitionandsort-own%u", partitions);
        GRID_TRY(expect_golden(sorted, name));
        snprintf(name, sizeof name, "repartitionandsort-own%u-keys", partitions);
        GRID_TRY(expect_golden(ce_keys(sorted), name));
    }
    ce_rdd *placed = ce_partition_by_with(rdd, by_remainder, 2);
    ce_rdd *again = ce_repartition_and_sort_within_partitions_with(placed, by_remainder, 2);
    return expect_golden(ce_keys(again), "repartitionandsort-again-keys");
}

static void remainders_are_sorted_as_in_spark(void **state)
{
    (void)state;
    grid_run_topologies(forty, NULL);
}

static ce_status golden(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *rdd = ce_repartition_and_sort_within_partitions_with(six(sc), by_parity, 2);
    GRID_TRY(expect_golden(rdd, "repartition-and-sort"));
    return expect_golden(ce_keys(rdd), "repartition-and-sort-keys");
}

static void small_inputs_give_what_spark_gives(void **state)
{
    (void)state;
    grid_run(golden, NULL);
}

/* Each partition has the rows that partition_by puts there, in the order of their keys. */
static ce_status as_partition_by(ce_context *sc, void *arg)
{
    (void)arg;
    text_pair *pairs = test_text_pairs(TEST_ROWS, grid_seed());
    ce_rdd *source = ce_parallelize(sc, text_pair, pairs, TEST_ROWS, 4);
    free(pairs);
    ce_rdd *sorted = ce_repartition_and_sort_within_partitions(source, 3), *placed = ce_partition_by(source, 3);
    for (uint32_t i = 0; i < 3; i++) {
        ce_result rows, wanted;
        GRID_TRY(ce_collect_partitions(sorted, &i, 1, &rows));
        ce_status status = ce_collect_partitions(placed, &i, 1, &wanted);
        for (uint64_t j = 1; j < rows.count; j++) {
            const text_pair *row = &ce_result_rows(&rows, text_pair)[j];
            assert_true(ce_str_compare(row[-1].key, row->key) <= 0);
        }
        char *got_text = status == CE_OK ? grid_text(&rows, 1) : NULL;
        char *wanted_text = status == CE_OK ? grid_text(&wanted, 1) : NULL;
        if (status == CE_OK) {
            assert_string_equal(got_text, wanted_text);
            ce_result_free(&wanted);
        }
        free(got_text);
        free(wanted_text);
        ce_result_free(&rows);
        GRID_TRY(status);
    }
    return CE_OK;
}

static void rows_stand_where_partition_by_puts_them_in_order(void **state)
{
    (void)state;
    grid_run_topologies(as_partition_by, NULL);
}

static void what_is_partitioned_so_already_is_sorted_in_place(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    uint64_t count;
    ce_rdd *placed = ce_partition_by_with(six(sc), by_parity, 2);
    ce_rdd *sorted = ce_repartition_and_sort_within_partitions_with(placed, by_parity, 2);
    test_work work = test_work_of_count(sc, sorted, &count);
    assert_int_equal(count, 6);
    assert_int_equal(work.stages, 2);
    assert_true(ce_rdd_same_partitioner(sorted, placed));
    assert_int_equal(expect_golden(ce_keys(sorted), "repartition-and-sort-keys"), CE_OK);
    work = test_work_of_count(sc, ce_repartition_and_sort_within_partitions(placed, 2), &count);
    assert_int_equal(work.stages, 2);
    assert_int_equal(work.skipped, 1);
    ce_context_close(sc);
}

static ce_status shapes(ce_context *sc, void *arg)
{
    (void)arg;
    GRID_TRY(expect_parts(ce_repartition_and_sort_within_partitions(ce_empty(sc, int_pair), 2), "[[],[]]"));
    GRID_TRY(expect_parts(ce_repartition_and_sort_within_partitions(ce_empty(sc, int_pair), 0), "[]"));
    expect_poisoned(ce_repartition_and_sort_within_partitions(numbers(sc, 3, 1), 2), CE_TYPE,
                    "repartition_and_sort_within_partitions", "needs pair(K, V), has int64");
    expect_poisoned(ce_repartition_and_sort_within_partitions(NULL, 2), CE_INVALID, "", "NULL");
    expect_poisoned(
        ce_repartition_and_sort_within_partitions_with(ce_parallelize(sc, text_pair, NULL, 0, 1), by_parity, 2),
        CE_TYPE, "repartition_and_sort_within_partitions", "by_parity takes int64, has str");
    expect_failure(ce_repartition_and_sort_within_partitions_with(six(sc), out_of_range, 2), CE_USER,
                   "out_of_range answered partition 2 of 2");
    return CE_OK;
}

static void empty_inputs_and_wrong_uses(void **state)
{
    (void)state;
    expect_once(shapes, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_inputs_give_what_spark_gives),
        cmocka_unit_test(remainders_are_sorted_as_in_spark),
        cmocka_unit_test(rows_stand_where_partition_by_puts_them_in_order),
        cmocka_unit_test(what_is_partitioned_so_already_is_sorted_in_place),
        cmocka_unit_test(empty_inputs_and_wrong_uses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
