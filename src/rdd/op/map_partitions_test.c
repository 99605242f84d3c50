/*
 * map_partitions_test.c: one call per partition, empty ones too, and what a function may emit: rows read before,
 * strings that it made, strings that it kept.
 */
#include "support/expect.h"

static inline void sum_of(ce_rows *rows, ce_emit *out)
{
    int64_t row, sum = 0;
    while (ce_rows_next(rows, &row)) {
        sum += row;
    }
    ce_emit_value(out, int64_t, sum);
}
CE_MAP_PARTITIONS(sum_of, int64_t, int64_t)

/* Rows of the input as they are: their strings point into its batches. */
static inline void same(ce_rows *rows, ce_emit *out)
{
    ce_str row;
    while (ce_rows_next(rows, &row)) {
        ce_emit_value(out, ce_str, row);
    }
}
CE_MAP_PARTITIONS(same, ce_str, ce_str)

CE_PAIR(two_words, ce_str, ce_str);

/* Each row with the one before, which is kept, and a word that is made. */
static inline void with_one_before(ce_rows *rows, ce_emit *out)
{
    ce_str before = ce_str_of("none"), row;
    while (ce_rows_next(rows, &row)) {
        ce_emit_value(out, two_words, {before, ce_str_printf("<%.*s>", (int)row.bytes, row.at)});
        before = ce_str_keep(row);
    }
}
CE_MAP_PARTITIONS(with_one_before, ce_str, two_words)

static inline void first_row(ce_rows *rows, ce_emit *out)
{
    ce_str row;
    if (ce_rows_next(rows, &row)) {
        ce_emit_value(out, ce_str, row);
    }
}
CE_MAP_PARTITIONS(first_row, ce_str, ce_str)

CE_RECORD(bounds, (int64_t, low), (int64_t, high));

static inline void within(ce_rows *rows, ce_emit *out, const bounds *limits)
{
    int64_t row;
    while (ce_rows_next(rows, &row)) {
        if (row >= limits->low && row <= limits->high) {
            ce_emit_value(out, int64_t, row);
        }
    }
}
CE_MAP_PARTITIONS_WITH(within, int64_t, int64_t, bounds)

static inline void thousand(ce_rows *rows, ce_emit *out)
{
    (void)rows;
    for (int64_t i = 0; i < 5000; i++) {
        ce_emit_value(out, int64_t, i);
    }
}
CE_MAP_PARTITIONS(thousand, int64_t, int64_t)

static inline void refuse(ce_rows *rows, ce_emit *out)
{
    (void)out;
    int64_t row;
    while (ce_rows_next(rows, &row)) {
        if (row == 3) {
            ce_fail("row %d is refused", (int)row);
        }
    }
}
CE_MAP_PARTITIONS(refuse, int64_t, int64_t)

static ce_status sums(ce_context *sc, void *arg)
{
    (void)arg;
    GRID_TRY(expect_golden(ce_map_partitions(numbers(sc, 10, 3), sum_of), "mappartitions-sum-many"));
    GRID_TRY(expect_golden(ce_map_partitions(numbers(sc, 0, 3), sum_of), "mappartitions-sum-norows3"));
    GRID_TRY(expect_golden(ce_map_partitions(numbers(sc, 2, 5), sum_of), "mappartitions-sum-few"));
    return expect_golden(ce_map_partitions(ce_empty(sc, int64_t), sum_of), "mappartitions-sum-norows0");
}

static void the_function_runs_once_per_partition_and_for_empty_ones(void **state)
{
    (void)state;
    grid_run(sums, NULL);
}

static ce_status strings(ce_context *sc, void *arg)
{
    (void)arg;
    GRID_TRY(expect_parts(ce_map_partitions(ce_map_partitions(words(sc, 5, 2), same), same),
                          "[[1,2],[a-word-of-many-letters-3,4,5]]"));
    GRID_TRY(expect_parts(ce_map_partitions(words(sc, 5, 2), first_row), "[[1],[a-word-of-many-letters-3]]"));
    return expect_parts(ce_map_partitions(words(sc, 5, 2), with_one_before),
                        "[[(none,<1>),(1,<2>)],"
                        "[(none,<a-word-of-many-letters-3>),(a-word-of-many-letters-3,<4>),(4,<5>)]]");
}

static void emitted_strings_outlive_the_batches_they_were_read_from(void **state)
{
    (void)state;
    grid_run(strings, NULL);
}

static ce_status many(ce_context *sc, void *arg)
{
    (void)arg;
    int64_t sum;
    ce_rdd *rows = ce_map_partitions(numbers(sc, 1, 3), thousand);
    GRID_TRY(ce_sum_int64(rows, &sum));
    assert_int_equal(sum, 3 * 4999 * 2500);
    return expect_count(rows, 15000);
}

static void far_more_rows_than_a_batch_may_be_emitted(void **state)
{
    (void)state;
    grid_run(many, NULL);
}

static ce_status environment(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *some = ce_map_partitions_with(numbers(sc, 10, 3), within, (&(bounds){3, 7}));
    return expect_parts(some, "[[3],[4,5,6],[7]]");
}

static void the_environment_is_copied(void **state)
{
    (void)state;
    grid_run(environment, NULL);
}

CE_PAIR(numbered, int64_t, int64_t);

static inline void pairs_again(ce_rows *rows, ce_emit *out)
{
    numbered row;
    while (ce_rows_next(rows, &row)) {
        ce_emit_value(out, numbered, {row.key, -row.value});
    }
}
CE_MAP_PARTITIONS(pairs_again, numbered, numbered)

static ce_status over_shuffle(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *pairs = ce_partition_by(ce_zip_with_index(numbers(sc, 6, 2)), 1);
    return expect_bags(ce_map_partitions(pairs, pairs_again), "[[(1,0),(2,-1),(3,-2),(4,-3),(5,-4),(6,-5)]]");
}

static void a_shuffled_input_is_whole_before_the_function_runs(void **state)
{
    (void)state;
    grid_run(over_shuffle, NULL);
}

static ce_status keeping(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *pairs = ce_partition_by(ce_zip_with_index(numbers(sc, 6, 2)), 2);
    assert_true(ce_rdd_same_partitioner(ce_map_partitions_keeping(pairs, pairs_again), pairs));
    assert_false(ce_rdd_has_partitioner(ce_map_partitions(pairs, pairs_again)));
    assert_int_equal(ce_rdd_determinism(ce_map_partitions(pairs, pairs_again)), CE_UNORDERED);
    return CE_OK;
}

static void keeping_keeps_the_partitioner(void **state)
{
    (void)state;
    expect_once(keeping, NULL);
}

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *rows = numbers(sc, 4, 2);
    expect_poisoned(ce_map_partitions(rows, same), CE_TYPE, "map_partitions", "same takes str, has int64");
    expect_poisoned(ce_map_partitions(rows, within), CE_INVALID, "map_partitions", "needs an environment");
    expect_poisoned(ce_map_partitions(NULL, sum_of), CE_INVALID, "", "NULL");
    expect_failure(ce_map_partitions(rows, refuse), CE_USER, "map_partitions(refuse): row 3 is refused");
    return CE_OK;
}

static void wrong_use_is_told_with_its_place(void **state)
{
    (void)state;
    expect_once(wrong, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_function_runs_once_per_partition_and_for_empty_ones),
        cmocka_unit_test(emitted_strings_outlive_the_batches_they_were_read_from),
        cmocka_unit_test(far_more_rows_than_a_batch_may_be_emitted),
        cmocka_unit_test(the_environment_is_copied),
        cmocka_unit_test(a_shuffled_input_is_whole_before_the_function_runs),
        cmocka_unit_test(keeping_keeps_the_partitioner),
        cmocka_unit_test(wrong_use_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
