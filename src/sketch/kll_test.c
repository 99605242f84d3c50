/*
 * kll_test.c: ranks are within the promised error, few values are exact, merging keeps every weight, bytes come back
 * as they were, and damaged ones are told.
 */
#include "base/random.h"
#include "sketch/kll.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t weights(const cei_kll *sketch)
{
    uint64_t sum = 0;
    for (uint32_t level = 0; level < sketch->level_count; level++) {
        sum += (uint64_t)(sketch->starts[level + 1] - sketch->starts[level]) << level;
    }
    return sum;
}

/* 0 .. count - 1 in one of three orders; the value is its rank. */
static double value_of(int order, uint64_t i, uint64_t count)
{
    return (double)(order == 0 ? i : order == 1 ? count - 1 - i : i * 7919 % count);
}

static double worst_of(const cei_kll *sketch)
{
    double worst = 0;
    for (int i = 0; i <= 100; i++) {
        double share = i / 100.0, answer;
        cei_kll_quantiles(sketch, &share, 1, &answer);
        worst = fmax(worst, fabs((answer + 1) / (double)sketch->count - share));
        worst = fmax(worst, fabs(cei_kll_rank(sketch, share * (double)sketch->count - 1) - share));
    }
    return worst;
}

static void ranks_are_within_the_promised_error(void **state)
{
    (void)state;
    static const uint64_t counts[] = {1000, 10007, 200003};
    int trials = 0, outside = 0;
    for (int i = 0; i < 3; i++) {
        for (int order = 0; order < 3; order++) {
            for (uint64_t seed = 0; seed < (i < 2 ? 20 : 5); seed++, trials++) {
                cei_kll sketch;
                cei_kll_open(&sketch, CEI_KLL_K, seed);
                for (uint64_t j = 0; j < counts[i]; j++) {
                    cei_kll_add(&sketch, value_of(order, j, counts[i]));
                }
                assert_int_equal(weights(&sketch), counts[i]);
                double worst = worst_of(&sketch);
                outside += worst > 0.0165; /* all ranks at once, in 99 of 100 cases, by the formula of DataSketches */
                assert_true(worst < 0.03);
            }
        }
    }
    if (outside * 20 > trials) {
        fail_msg("%d of %d sketches are outside", outside, trials);
    }
}

static void few_values_are_exact(void **state)
{
    (void)state;
    static const double values[] = {3, 1, 2, 5, 4, NAN};
    static const double shares[] = {0.5, 0, 1, 0.2, 0.21, 0.99, 0.8};
    static const double want[] = {3, 1, 5, 1, 2, 5, 4};
    double answers[7];
    cei_kll sketch;
    cei_kll_open(&sketch, CEI_KLL_K, 1);
    cei_kll_quantiles(&sketch, shares, 7, answers);
    for (int i = 0; i < 7; i++) {
        assert_true(isnan(answers[i]));
    }
    assert_true(isnan(cei_kll_rank(&sketch, 1)));
    for (int i = 0; i < 6; i++) {
        cei_kll_add(&sketch, values[i]);
    }
    cei_kll_quantiles(&sketch, shares, 7, answers);
    for (int i = 0; i < 7; i++) {
        assert_true(answers[i] == want[i]);
    }
    assert_true(cei_kll_rank(&sketch, 3.5) == 0.6);
}

static void merging_keeps_every_weight_and_the_error(void **state)
{
    (void)state;
    static const uint64_t parts[] = {0, 1, 50, 199, 600, 5000, 100003};
    cei_kll all;
    cei_kll_open(&all, CEI_KLL_K, 3);
    uint64_t count = 0;
    for (int i = 0; i < 7; i++) {
        count += parts[i];
    }
    uint64_t next = 0;
    for (int i = 0; i < 7; i++) {
        cei_kll part;
        cei_kll_open(&part, CEI_KLL_K, (uint64_t)i);
        for (uint64_t j = 0; j < parts[i]; j++) {
            cei_kll_add(&part, value_of(2, next++, count));
        }
        assert_true(i % 2 ? cei_kll_merge(&all, &part) : cei_kll_merge(&part, &all));
        all = i % 2 ? all : part;
        assert_int_equal(all.count, next);
        assert_int_equal(weights(&all), next);
    }
    assert_true(worst_of(&all) < 0.03);
    all.count = UINT64_MAX;
    assert_false(cei_kll_merge(&all, &all));
}

static void same_seed_same_answers(void **state)
{
    (void)state;
    cei_kll sketches[3];
    for (int i = 0; i < 3; i++) {
        cei_kll_open(&sketches[i], 50, i < 2 ? 9 : 10);
        for (uint64_t j = 0; j < 5000; j++) {
            cei_kll_add(&sketches[i], value_of(2, j, 5000));
        }
    }
    assert_memory_equal(sketches[0].values + sketches[0].starts[0], sketches[1].values + sketches[1].starts[0],
                        (2 * CEI_KLL_VALUES_MAX - sketches[0].starts[0]) * sizeof(double));
    assert_true(sketches[0].coins != sketches[2].coins);
}

/* A sketch that lives in bytes answers as one that does not. */
static void bytes_come_back_as_they_were(void **state)
{
    (void)state;
    cei_kll live, read;
    cei_kll_open(&live, CEI_KLL_K, 4);
    char *room = malloc(cei_kll_bytes(&live));
    ce_str bytes = cei_kll_write(&live, room);
    for (uint64_t i = 0; i < 3000; i++) {
        double value = value_of(2, i, 3000);
        cei_kll_add(&live, value);
        if (!cei_kll_add_in_place(bytes, value)) {
            cei_kll_read(&read, bytes);
            cei_kll_add(&read, value);
            free(room);
            room = malloc(cei_kll_bytes(&read));
            bytes = cei_kll_write(&read, room);
        }
        assert_true(cei_kll_is_sound(bytes));
        cei_kll_read(&read, bytes);
        assert_int_equal(read.count, live.count);
        assert_int_equal(read.starts[0], live.starts[0]);
        assert_memory_equal(read.values + read.starts[0], live.values + live.starts[0],
                            (2 * CEI_KLL_VALUES_MAX - live.starts[0]) * sizeof(double));
    }
    assert_true(read.min == 0 && read.max == 2999);
    free(room);
}

static void damaged_bytes_are_no_sketch(void **state)
{
    (void)state;
    cei_kll sketch;
    cei_random random;
    cei_random_seed(&random, 8);
    cei_kll_open(&sketch, CEI_KLL_K_MIN, 1);
    for (int i = 0; i < 500; i++) {
        cei_kll_add(&sketch, i);
    }
    uint32_t bytes = cei_kll_bytes(&sketch);
    char *good = malloc(bytes), *bad = malloc(bytes);
    ce_str written = cei_kll_write(&sketch, good);
    for (uint32_t cut = 0; cut < bytes; cut++) {
        memcpy(bad, good, bytes);
        assert_false(cei_kll_is_sound((ce_str){bad, cut}));
    }
    assert_true(cei_kll_is_sound(written));
    for (int i = 0; i < 20000; i++) { /* whatever passes is read without harm */
        memcpy(bad, good, bytes);
        for (int j = 0; j < 3; j++) {
            bad[cei_random_below(&random, bytes)] = (char)cei_random_next(&random);
        }
        if (cei_kll_is_sound((ce_str){bad, bytes})) {
            cei_kll read, twice;
            double share = 0.5, answer;
            cei_kll_read(&read, (ce_str){bad, bytes});
            cei_kll_read(&twice, (ce_str){bad, bytes});
            if (read.k == twice.k && cei_kll_merge(&read, &twice)) {
                cei_kll_quantiles(&read, &share, 1, &answer);
            }
        }
    }
    free(good);
    free(bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_are_within_the_promised_error),
        cmocka_unit_test(few_values_are_exact),
        cmocka_unit_test(merging_keeps_every_weight_and_the_error),
        cmocka_unit_test(same_seed_same_answers),
        cmocka_unit_test(bytes_come_back_as_they_were),
        cmocka_unit_test(damaged_bytes_are_no_sketch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
