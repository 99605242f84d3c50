/*
 * repartition_test.c: all rows, spread evenly, over more or fewer partitions.
 */
#include "support/wide.h"

static inline bool below_ten(int64_t x)
{
    return x < 10;
}
CE_FILTER(below_ten, int64_t)

static ce_status rows_are_spread(ce_context *sc, void *arg)
{
    const uint32_t partitions = *(const uint32_t *)arg;
    ce_rdd *rdd = ce_repartition(ce_range(sc, 0, 600, 1, 5), partitions);
    bool seen[600] = {false};
    uint64_t total = 0;
    for (uint32_t i = 0; i < partitions; i++) {
        ce_result rows;
        GRID_TRY(ce_collect_partitions(rdd, &i, 1, &rows));
        /* Five map partitions: each gives a reduce partition its even share, or one row more or less. */
        assert_in_range(rows.count, 600 / partitions > 5 ? 600 / partitions - 5 : 0, 600 / partitions + 5);
        for (uint64_t j = 0; j < rows.count; j++, total++) {
            int64_t row = ce_result_rows(&rows, int64_t)[j];
            assert_false(seen[row]);
            seen[row] = true;
        }
        ce_result_free(&rows);
    }
    assert_int_equal(total, 600);
    return CE_OK;
}

static void all_rows_are_spread_evenly(void **state)
{
    (void)state;
    for (uint32_t partitions = 1; partitions <= 64; partitions = 2 * partitions + 1) {
        grid_run_topologies(rows_are_spread, &partitions);
    }
    uint32_t three = 3;
    grid_run_failing(rows_are_spread, &three);
}

static ce_status texts_are_spread(ce_context *sc, void *arg)
{
    (void)arg;
    text_pair *pairs = test_text_pairs(TEST_ROWS, grid_seed());
    ce_rdd *source = ce_parallelize(sc, text_pair, pairs, TEST_ROWS, 3);
    free(pairs);
    ce_result before, after;
    GRID_TRY(ce_collect(source, &before));
    ce_status status = ce_collect(ce_repartition(source, 4), &after);
    if (status == CE_OK) {
        char *wanted = grid_text(&before, 1), *got = grid_text(&after, 1);
        assert_string_equal(got, wanted);
        free(wanted);
        free(got);
        ce_result_free(&after);
    }
    ce_result_free(&before);
    return status;
}

static void rows_with_texts_arrive_whole(void **state)
{
    (void)state;
    grid_run(texts_are_spread, NULL);
}

static void it_gives_what_spark_gives(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    char *text = grid_parts_text(ce_repartition(ce_empty(sc, int64_t), 2), 0);
    test_golden("repartition-norows0", text);
    free(text);
    ce_rdd *none = ce_repartition(ce_range(sc, 0, 10, 1, 2), 0);
    assert_int_equal(ce_rdd_status(none), CE_INVALID);
    assert_non_null(strstr(grid_golden_of("repartition-0").value, "Number of partitions (0) must be positive."));
    test_poisoned(none, CE_INVALID, "repartition: Number of partitions (0) must be positive.");
    /* Which row goes where follows from Spark's generator: the sizes can be checked to be near. */
    static const uint32_t counts[] = {1, 2, 3, 4, 7, 10, 20};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        ce_rdd *rdd = ce_repartition(ce_range(sc, 0, 1000, 1, 10), counts[i]);
        uint64_t total = 0;
        for (uint32_t j = 0; j < counts[i]; j++) {
            ce_result rows;
            assert_int_equal(ce_collect_partitions(rdd, &j, 1, &rows), CE_OK);
            assert_in_range(rows.count, 1000 / counts[i] - 10, 1000 / counts[i] + 10);
            total += rows.count;
            ce_result_free(&rows);
        }
        assert_int_equal(total, 1000);
    }
    ce_context_close(sc);
}

static void skewed_partitions_become_even(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *skewed = ce_filter(ce_range(sc, 0, 1000, 1, 50), below_ten); /* all rows in the first partition */
    char *text = grid_parts_text(ce_repartition(skewed, 10), 1);
    uint64_t commas = 0;
    for (const char *at = text; *at; at++) {
        commas += *at == ',';
    }
    assert_int_equal(commas, 9); /* ten partitions of one row */
    assert_null(strstr(text, "[]"));
    free(text);
    ce_context_close(sc);
}

/* With the start drawn per map partition, the first reduce partition does not get all the single rows. */
static void single_rows_of_many_partitions_do_not_meet_in_one(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *rdd = ce_repartition(ce_range(sc, 0, 200, 1, 200), 4);
    for (uint32_t i = 0; i < 4; i++) {
        ce_result rows;
        assert_int_equal(ce_collect_partitions(rdd, &i, 1, &rows), CE_OK);
        assert_in_range(rows.count, 20, 80);
        ce_result_free(&rows);
    }
    ce_context_close(sc);
}

static void it_has_no_partitioner_and_is_as_determinate_as_its_order(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *once = ce_repartition(ce_range(sc, 0, 9, 1, 2), 3), *again = ce_repartition(once, 3);
    assert_false(ce_rdd_has_partitioner(once));
    assert_int_equal(ce_rdd_determinism(once), CE_UNORDERED);
    assert_int_equal(ce_rdd_determinism(again), CE_INDETERMINATE);
    test_poisoned(ce_repartition(NULL, 2), CE_INVALID, "the RDD is NULL");
    ce_context_close(sc);
}

static ce_status coalesced(ce_context *sc, void *arg)
{
    (void)arg;
    uint32_t partitions;
    ce_rdd *twenty = ce_coalesce_shuffle(ce_range(sc, 1, 11, 1, 10), 20);
    ce_result rows;
    GRID_TRY(ce_partition_count(twenty, &partitions));
    GRID_TRY(ce_collect(twenty, &rows));
    char count[16], *text = grid_text(&rows, 1);
    ce_result_free(&rows);
    snprintf(count, sizeof count, "%u", partitions);
    test_golden("coalesce-shuffle-20-partitions", count);
    test_golden("coalesce-shuffle-20-rows", text);
    free(text);
    return CE_OK;
}

static void coalesce_with_a_shuffle_makes_more_partitions(void **state)
{
    (void)state;
    grid_run(coalesced, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_rows_are_spread_evenly),
        cmocka_unit_test(rows_with_texts_arrive_whole),
        cmocka_unit_test(it_gives_what_spark_gives),
        cmocka_unit_test(skewed_partitions_become_even),
        cmocka_unit_test(single_rows_of_many_partitions_do_not_meet_in_one),
        cmocka_unit_test(it_has_no_partitioner_and_is_as_determinate_as_its_order),
        cmocka_unit_test(coalesce_with_a_shuffle_makes_more_partitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
