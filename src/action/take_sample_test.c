/*
 * take_sample_test.c: samples have the size that was asked for, rows of the RDD only, the same for the same seed, and
 * each row has the same chance.
 */
#include "support/rows.h"
#include <math.h>

/* How many different values there are; sorts them. */
static uint64_t count_distinct(const ce_result *rows)
{
    qsort((void *)rows->rows, rows->count, sizeof(int64_t), test_by_value);
    uint64_t distinct = rows->count > 0;
    for (uint64_t i = 1; i < rows->count; i++) {
        distinct += ce_result_rows(rows, int64_t)[i] != ce_result_rows(rows, int64_t)[i - 1];
    }
    return distinct;
}

static ce_status samples_a_million(ce_context *sc, void *arg)
{
    (void)arg;
    static const int64_t counts[] = {0, 20, 100};
    ce_rdd *million = ce_range(sc, 1, 1000001, 1, 2);
    ce_result rows;
    for (int i = 0; i < 3; i++) {
        char name[32];
        test_jobs jobs;
        snprintf(name, sizeof name, "takesample-%lld", (long long)counts[i]);
        GRID_TRY(test_jobs_watch(&jobs, sc));
        ce_status status = ce_take_sample(million, false, counts[i], 5, &rows);
        test_jobs_end(&jobs);
        GRID_TRY(status);
        test_golden_number(name, "size", (int64_t)rows.count);
        test_golden_number(name, "distinct", (int64_t)count_distinct(&rows));
        ce_result_free(&rows);
        if (counts[i] == 20) {
            test_golden_number(name, "jobs", jobs.count);
        }
    }
    return CE_OK;
}

static void sizes_and_jobs_are_as_in_spark(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    assert_int_equal(samples_a_million(sc, NULL), CE_OK);
    ce_result rows;
    assert_int_equal(ce_take_sample(ce_range(sc, 1, 1000001, 1, 2), true, 1000000, 5, &rows), CE_OK);
    test_golden_number("takesample-replace-million-size", "", (int64_t)rows.count);
    double share = (double)count_distinct(&rows) / 1e6; /* 1 - 1/e of them, within 0.01 */
    assert_true(fabs(share - (1 - exp(-1))) < 0.01);
    ce_result_free(&rows);
    ce_context_close(sc);
}

static ce_status samples_little(ce_context *sc, void *arg)
{
    (void)arg;
    ce_result rows;
    ce_rdd *ten = ce_range(sc, 1, 11, 1, 3);
    GRID_TRY(ce_take_sample(ten, false, 10, 1, &rows));
    test_golden_rows("takesample-all", "", &rows, 1);
    GRID_TRY(ce_take_sample(ten, false, 15, 1, &rows));
    test_golden_rows("takesample-more-than-all", "", &rows, 1);
    GRID_TRY(ce_take_sample(ten, true, 25, 1, &rows));
    test_golden_number("takesample-replace-25-size", "", (int64_t)rows.count);
    ce_result_free(&rows);
    for (int shape = 0; shape < 2; shape++) {
        GRID_TRY(ce_take_sample(test_shape(sc, shape), shape, 3, 1, &rows));
        test_golden_rows("takesample", test_shapes[shape], &rows, 0);
    }
    return CE_OK;
}

static void take_sample_answers_as_spark(void **state)
{
    (void)state;
    grid_run(samples_little, NULL);
}

static ce_status samples_words(ce_context *sc, void *arg)
{
    (void)arg;
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int round = 0; round < 2 * TEST_ROUNDS; round++) {
        static _Thread_local char texts[TEST_ROWS_MAX][48];
        ce_str words[TEST_ROWS_MAX];
        ce_result rows, again;
        test_numbers numbers = test_numbers_of(&random, 1000);
        for (uint64_t i = 0; i < numbers.count; i++) {
            numbers.values[i] = (int64_t)i;
        }
        test_words_of(&numbers, texts, words);
        bool with = round % 2;
        uint64_t want = cei_random_below(&random, numbers.count + 20), seed = cei_random_next(&random);
        ce_rdd *rdd = ce_parallelize(sc, ce_str, words, numbers.count, numbers.partitions);
        GRID_TRY(ce_take_sample(rdd, with, (int64_t)want, seed, &rows));
        assert_int_equal(rows.count, numbers.count == 0 ? 0 : !with && want > numbers.count ? numbers.count : want);
        uint32_t seen[TEST_ROWS_MAX] = {0};
        for (uint64_t i = 0; i < rows.count; i++) {
            ce_str row = ce_result_rows(&rows, ce_str)[i];
            int number = atoi((char[4]){row.at[0], row.at[1], row.at[2]});
            assert_true(ce_str_equal(row, words[number]));
            assert_true(seen[number]++ == 0 || with);
        }
        ce_status status = ce_take_sample(rdd, with, (int64_t)want, seed, &again);
        for (uint64_t i = 0; status == CE_OK && i < rows.count; i++) {
            assert_true(ce_str_equal(ce_result_rows(&rows, ce_str)[i], ce_result_rows(&again, ce_str)[i]));
        }
        ce_result_free(&rows);
        ce_result_free(&again);
        GRID_TRY(status);
    }
    return CE_OK;
}

static void the_same_seed_gives_the_same_rows(void **state)
{
    (void)state;
    grid_run(samples_words, NULL);
}

/* Chi-squared over how often each of 20 rows, in uneven partitions, is at each place of the sample. */
static void every_row_has_the_same_chance(void **state)
{
    (void)state;
    enum { ROWS = 20, TRIES = 4000, PICKED = 6 };
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *rows = ce_union(ce_range(sc, 0, 3, 1, 2), ce_range(sc, 3, ROWS, 1, 3));
    for (int with = 0; with < 2; with++) {
        double seen[2][ROWS] = {{0}}, chi = 0, chi_first = 0;
        for (uint64_t seed = 0; seed < TRIES; seed++) {
            ce_result sample;
            assert_int_equal(ce_take_sample(rows, with, PICKED, seed, &sample), CE_OK);
            for (uint64_t i = 0; i < PICKED; i++) {
                seen[0][ce_result_rows(&sample, int64_t)[i]]++;
            }
            seen[1][ce_result_value(&sample, int64_t)]++;
            ce_result_free(&sample);
        }
        for (int i = 0; i < ROWS; i++) {
            double want = (double)TRIES * PICKED / ROWS, want_first = (double)TRIES / ROWS;
            chi += (seen[0][i] - want) * (seen[0][i] - want) / want;
            chi_first += (seen[1][i] - want_first) * (seen[1][i] - want_first) / want_first;
        }
        assert_true(chi < 50 && chi_first < 50); /* 19 degrees of freedom: exceeded once in 8000 times */
    }
    ce_context_close(sc);
}

static void a_negative_number_is_refused(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_result rows;
    test_golden_error("takesample-negative", "");
    test_failed(ce_take_sample(ce_range(sc, 0, 3, 1, 1), false, -1, 0, &rows), CE_INVALID,
                "take_sample: the number of rows is negative: -1");
    test_failed(ce_take_sample(NULL, false, 1, 0, &rows), CE_INVALID, "NULL");
    ce_context_close(sc);
}

static _Atomic(int) computed;

static inline bool ever_fewer(int64_t row)
{
    return row >= computed++ / 4;
}
CE_FILTER(ever_fewer, int64_t)

static void rows_that_vanish_do_not_make_it_run_for_ever(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_result rows;
    ce_rdd *vanishing = ce_filter(ce_range(sc, 0, 100, 1, 1), ever_fewer);
    ce_status status = ce_take_sample(vanishing, false, 60, 0, &rows);
    if (status == CE_OK) {
        assert_in_range(rows.count, 0, 60);
    } else {
        test_failed(status, CE_INVALID, "take_sample: the RDD gives fewer rows when it is computed again");
    }
    ce_result_free(&rows);
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_and_jobs_are_as_in_spark),
        cmocka_unit_test(take_sample_answers_as_spark),
        cmocka_unit_test(the_same_seed_gives_the_same_rows),
        cmocka_unit_test(every_row_has_the_same_chance),
        cmocka_unit_test(a_negative_number_is_refused),
        cmocka_unit_test(rows_that_vanish_do_not_make_it_run_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
