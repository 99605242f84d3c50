/*
 * zip_partitions_test.c: two iterators of any length, strings of both, and partition counts that differ.
 */
#include "support/expect.h"

static inline void ones_and_hundreds(ce_rows *a, ce_rows *b, ce_emit *out)
{
    int64_t row, counted = 0;
    while (ce_rows_next(a, &row)) {
        counted++;
    }
    while (ce_rows_next(b, &row)) {
        counted += 100;
    }
    ce_emit_value(out, int64_t, counted);
}
CE_ZIP_PARTITIONS(ones_and_hundreds, int64_t, int64_t, int64_t)

CE_PAIR(word_and_number, ce_str, int64_t);

/* As long as there is one of each, alternately: what was emitted points into batches of both inputs. */
static inline void alternate(ce_rows *a, ce_rows *b, ce_emit *out, const int64_t *factor)
{
    ce_str word;
    word_and_number pair;
    while (ce_rows_next(a, &word)) {
        ce_emit_value(out, word_and_number, {word, 0});
        if (ce_rows_next(b, &pair)) {
            ce_emit_value(out, word_and_number, {pair.key, pair.value * *factor});
        }
    }
}
CE_ZIP_PARTITIONS_WITH(alternate, ce_str, word_and_number, word_and_number, int64_t)

CE_PAIR(indexed, int64_t, int64_t);

static inline int64_t index_of(indexed row)
{
    return row.value;
}
CE_MAP(index_of, indexed, int64_t)

static ce_status lengths(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *a = numbers(sc, 4, 2), *b = numbers(sc, 5, 2);
    GRID_TRY(expect_golden(ce_zip_partitions(a, b, ones_and_hundreds), "zippartitions-uneven"));
    GRID_TRY(expect_parts(ce_zip_partitions(numbers(sc, 0, 2), b, ones_and_hundreds), "[[200],[300]]"));
    return expect_parts(ce_zip_partitions(a, a, ones_and_hundreds), "[[202],[202]]");
}

static void inputs_need_not_be_of_one_length(void **state)
{
    (void)state;
    grid_run(lengths, NULL);
}

static ce_status strings(ce_context *sc, void *arg)
{
    (void)arg;
    int64_t factor = 10;
    ce_rdd *numbered = ce_zip_with_unique_id(words(sc, 4, 2));
    return expect_parts(ce_zip_partitions_with(words(sc, 6, 2), numbered, alternate, &factor),
                        "[[(1,0),(1,0),(2,0),(2,20),(a-word-of-many-letters-3,0)],"
                        "[(4,0),(a-word-of-many-letters-3,10),(5,0),(4,30),(a-word-of-many-letters-6,0)]]");
}

static void emitted_strings_outlive_the_batches_of_both_inputs(void **state)
{
    (void)state;
    grid_run(strings, NULL);
}

static ce_status over_shuffles(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *a = ce_repartition(numbers(sc, 8, 3), 2), *b = ce_repartition(numbers(sc, 12, 2), 2);
    int64_t sum;
    GRID_TRY(ce_sum_int64(ce_zip_partitions(a, b, ones_and_hundreds), &sum));
    assert_int_equal(sum, 1208);
    return expect_bags(ce_zip_partitions(ce_repartition(numbers(sc, 8, 1), 1), ce_repartition(numbers(sc, 3, 1), 1),
                                         ones_and_hundreds),
                       "[[308]]");
}

static void both_shuffled_inputs_are_whole_before_the_function_runs(void **state)
{
    (void)state;
    grid_run(over_shuffles, NULL);
}

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *two = numbers(sc, 4, 2), *three = numbers(sc, 3, 3);
    int64_t factor = 1;
    expect_poisoned(ce_zip_partitions(two, three, ones_and_hundreds), CE_INVALID, "zip_partitions",
                    "Can't zip RDDs with unequal numbers of partitions: List(2, 3)");
    expect_failure(ce_zip_partitions(two, ce_map(ce_zip_with_index(three), index_of), ones_and_hundreds), CE_INVALID,
                   "Can't zip RDDs with unequal numbers of partitions: List(2, 3)");
    expect_poisoned(ce_zip_partitions_with(words(sc, 4, 2), two, alternate, &factor), CE_TYPE, "zip_partitions",
                    "alternate takes pair(str, int64) as second, has int64");
    expect_poisoned(ce_zip_partitions(words(sc, 4, 2), two, ones_and_hundreds), CE_TYPE, "zip_partitions",
                    "ones_and_hundreds takes int64, has str");
    expect_poisoned(ce_zip_partitions(two, NULL, ones_and_hundreds), CE_INVALID, "zip_partitions", "NULL");
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
        cmocka_unit_test(inputs_need_not_be_of_one_length),
        cmocka_unit_test(emitted_strings_outlive_the_batches_of_both_inputs),
        cmocka_unit_test(both_shuffled_inputs_are_whole_before_the_function_runs),
        cmocka_unit_test(wrong_use_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
