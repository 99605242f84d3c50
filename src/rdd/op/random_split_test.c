/*
 * random_split_test.c: splits have no row in common and all rows together, near the sizes asked for; wrong weights.
 */
#include "support/expect.h"
#include <math.h>

static ce_status thirds(ce_context *sc, void *arg)
{
    uint64_t seed = *(const uint64_t *)arg;
    static const double weights[] = {1, 2, 3};
    ce_rdd *splits[3];
    bool seen[601] = {false};
    ce_random_split(numbers(sc, 600, 2), weights, 3, seed, splits);
    for (int i = 0; i < 3; i++) {
        ce_result rows;
        GRID_TRY(ce_collect(splits[i], &rows));
        assert_in_range(rows.count, 100 * (uint64_t)(i + 1) - 50, 100 * (uint64_t)(i + 1) + 50);
        for (uint64_t j = 0; j < rows.count; j++) {
            int64_t row = ce_result_rows(&rows, int64_t)[j];
            assert_false(seen[row]);
            seen[row] = true;
        }
        ce_result_free(&rows);
    }
    for (int i = 1; i <= 600; i++) {
        assert_true(seen[i]);
    }
    return CE_OK;
}

static void splits_share_no_row_and_have_all(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        grid_run_topologies(thirds, &seed);
    }
    grid_run_failing(thirds, &(uint64_t){1});
}

static ce_status edges(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *splits[4];
    ce_random_split(numbers(sc, 10, 2), ((double[]){0, 7, 0, 0}), 4, 1, splits);
    GRID_TRY(expect_parts(splits[0], "[[],[]]"));
    GRID_TRY(expect_parts(splits[1], "[[1,2,3,4,5],[6,7,8,9,10]]"));
    GRID_TRY(expect_parts(splits[3], "[[],[]]"));
    /* Shares whose sum misses 1: the last split has what is left. */
    uint64_t count = 0;
    ce_random_split(words(sc, 99, 2), ((double[]){0.1, 0.1, 0.7, 0}), 4, 1, splits);
    for (int i = 0; i < 4; i++) {
        uint64_t more;
        GRID_TRY(ce_count(splits[i], &more));
        count += more;
    }
    assert_int_equal(count, 99);
    return CE_OK;
}

static void weights_may_be_0(void **state)
{
    (void)state;
    grid_run(edges, NULL);
}

static void all_poisoned(ce_rdd *rdd, const double *weights, const char *text)
{
    ce_rdd *splits[2] = {NULL, NULL};
    ce_random_split(rdd, weights, 2, 1, splits);
    expect_poisoned(splits[0], CE_INVALID, "", text);
    expect_poisoned(splits[1], CE_INVALID, "", text);
}

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *rows = numbers(sc, 10, 2);
    all_poisoned(rows, (double[]){-1, 2}, "random_split: Weights must be nonnegative, but got [-1.0,2.0]");
    all_poisoned(rows, (double[]){NAN, 2}, "random_split: Weights must be nonnegative, but got [nan,2.0]");
    all_poisoned(rows, (double[]){0, 0}, "random_split: Sum of weights must be positive, but got [0.0,0.0]");
    all_poisoned(rows, (double[]){INFINITY, 1}, "random_split: Sum of weights must be finite, but got [inf,1.0]");
    all_poisoned(rows, NULL, "random_split: the weights are NULL");
    all_poisoned(NULL, (double[]){1, 1}, "NULL");
    ce_random_split(rows, ((double[]){1}), 0, 1, NULL);
    return CE_OK;
}

static void wrong_weights_poison_every_split(void **state)
{
    (void)state;
    expect_once(wrong, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_share_no_row_and_have_all),
        cmocka_unit_test(weights_may_be_0),
        cmocka_unit_test(wrong_weights_poison_every_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
