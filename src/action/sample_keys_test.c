/*
 * sample_keys_test.c: what sorts do with the sample: partitions of their share of rows whatever the input partitions
 * hold, the same each time, and a second job only where one of them holds much more than the others.
 */
#include "rdd/node.h"
#include "shuffle/range.h"
#include "support/rows.h"

static inline ce_str text_of(int64_t row)
{
    return ce_str_printf("a text of many bytes, number %lld", (long long)row % 50);
}
CE_MAP(text_of, int64_t, ce_str)

static inline int64_t itself(int64_t row)
{
    return row;
}
CE_MAP(itself, int64_t, int64_t)

/* Rows of the partitions of a sort: none has three times its share. */
static void expect_balance(ce_rdd *sorted, uint64_t rows, uint32_t partitions)
{
    uint32_t count;
    uint64_t sum = 0;
    assert_int_equal(ce_partition_count(sorted, &count), CE_OK);
    assert_int_equal(count, partitions);
    for (uint32_t i = 0; i < count; i++) {
        ce_result part;
        assert_int_equal(ce_collect_partitions(sorted, &i, 1, &part), CE_OK);
        assert_in_range(part.count, 1, 3 * rows / partitions);
        sum += part.count;
        ce_result_free(&part);
    }
    assert_int_equal(sum, rows);
}

static void every_partition_gets_its_share(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    expect_balance(ce_sort_by_n(ce_range(sc, 0, 20000, 1, 8), itself, true, 10), 20000, 10);
    expect_balance(ce_sort_by_n(ce_range(sc, 0, 20000, 1, 1), itself, false, 40), 20000, 40);
    expect_balance(ce_sort_by_n(ce_range(sc, 0, 300, 1, 100), itself, true, 3), 300, 3);
    /* Few rows in ninety partitions, many in one. */
    ce_rdd *skewed = ce_union(ce_range(sc, 0, 90, 1, 90), ce_range(sc, 0, 20000, 1, 1));
    expect_balance(ce_sort_by_n(skewed, itself, true, 10), 20090, 10);
    ce_context_close(sc);
}

static void only_a_large_partition_is_sampled_again(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    uint32_t count;
    test_jobs jobs;
    assert_int_equal(test_jobs_watch(&jobs, sc), CE_OK);
    ce_rdd *skewed = ce_union(ce_range(sc, 0, 90, 1, 90), ce_range(sc, 0, 20000, 1, 1));
    assert_int_equal(ce_partition_count(ce_sort_by_n(skewed, itself, true, 10), &count), CE_OK);
    assert_int_equal(ce_partition_count(ce_sort_by_n(ce_range(sc, 0, 900, 1, 3), itself, true, 10), &count), CE_OK);
    assert_int_equal(ce_partition_count(ce_sort_by_n(skewed, itself, true, 1), &count), CE_OK);
    assert_int_equal(ce_partition_count(ce_sort_by_n(ce_empty(sc, int64_t), itself, true, 9), &count), CE_OK);
    test_jobs_end(&jobs);
    assert_string_equal(jobs.task_list, "[91,1,3]");
    ce_context_close(sc);
}

/* Every row in the sample: as many bounds as distinct keys. */
static ce_status few_rows(ce_context *sc, void *arg)
{
    (void)arg;
    uint32_t count;
    ce_rdd *sorted = ce_sort_by_n(ce_range(sc, 0, 150, 1, 4), text_of, true, 80);
    GRID_TRY(ce_partition_count(sorted, &count));
    const cei_range *range = sorted->shuffle->partitioner.range;
    assert_in_range(count, 40, 51);
    assert_int_equal(range->bound_count + 1, count);
    for (uint32_t i = 1; i < range->bound_count; i++) {
        const char *bound = range->bounds + i * sizeof(ce_str);
        assert_true(cei_range_compare(range, bound - sizeof(ce_str), bound) < 0);
    }
    return CE_OK;
}

static void bounds_are_keys_of_the_data_in_order(void **state)
{
    (void)state;
    grid_run(few_rows, NULL);
}

static void the_same_data_gives_the_same_bounds(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL), *other = grid_open("inline", "batch_rows", "7", NULL);
    ce_rdd *a = ce_sort_by_n(ce_range(sc, 0, 5000, 1, 3), text_of, true, 9);
    ce_rdd *b = ce_sort_by_n(ce_range(other, 0, 5000, 1, 3), text_of, true, 9);
    uint32_t count_a, count_b;
    assert_int_equal(ce_partition_count(a, &count_a), CE_OK);
    assert_int_equal(ce_partition_count(b, &count_b), CE_OK);
    assert_int_equal(count_a, count_b);
    const cei_range *of_a = a->shuffle->partitioner.range, *of_b = b->shuffle->partitioner.range;
    for (uint32_t i = 0; i < of_a->bound_count; i++) {
        const size_t at = i * sizeof(ce_str);
        assert_int_equal(cei_range_compare(of_a, of_a->bounds + at, of_b->bounds + at), 0);
    }
    ce_context_close(sc);
    ce_context_close(other);
}

/* Each row has the same chance: of 0 .. 9999 in one partition, the mean of the bounds is close to the middle. */
static void a_sample_is_drawn_from_all_rows_alike(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    uint32_t count;
    ce_rdd *sorted = ce_sort_by_n(ce_range(sc, 0, 10000, 1, 1), itself, true, 50);
    assert_int_equal(ce_partition_count(sorted, &count), CE_OK);
    assert_int_equal(count, 50);
    const cei_range *range = sorted->shuffle->partitioner.range;
    for (uint32_t i = 0; i < range->bound_count; i++) {
        int64_t bound = ((const int64_t *)(const void *)range->bounds)[i], wanted = 200 * ((int64_t)i + 1);
        assert_true(llabs(bound - wanted) < 500); /* six times the deviation of the median of 3000 of them */
    }
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_partition_gets_its_share),
        cmocka_unit_test(only_a_large_partition_is_sampled_again),
        cmocka_unit_test(bounds_are_keys_of_the_data_in_order),
        cmocka_unit_test(the_same_data_gives_the_same_bounds),
        cmocka_unit_test(a_sample_is_drawn_from_all_rows_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
