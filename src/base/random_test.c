/*
 * random_test.c: that a seed repeats its numbers, and that their distributions are right.
 */
#include "base/random.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

static void a_seed_gives_the_same_numbers_always(void **state)
{
    (void)state;
    cei_random first, second;
    cei_random_seed(&first, 42);
    cei_random_seed(&second, 42);
    for (int draw = 0; draw < 1000; draw++) {
        assert_true(cei_random_next(&first) == cei_random_next(&second));
    }
}

static void the_numbers_are_those_of_the_published_generators(void **state)
{
    (void)state;
    cei_random random;
    cei_random_seed(&random, 0);
    /* splitmix64 of seed 0 starts with these words. */
    assert_true(random.s[0] == 0xE220A8397B1DCDAFull);
    assert_true(random.s[1] == 0x6E789E6AA1B965F4ull);
    random = (cei_random){{1, 2, 3, 4}};
    static const uint64_t expected[] = {11520, 0, 1509978240, 1215971899390074240};
    for (int draw = 0; draw < 4; draw++) {
        assert_true(cei_random_next(&random) == expected[draw]);
    }
}

static void neighbouring_streams_and_seeds_differ(void **state)
{
    (void)state;
    uint64_t seeds[400];
    for (uint64_t index = 0; index < 400; index++) {
        seeds[index] = cei_random_stream_seed(index / 20, index % 20);
        for (uint64_t other = 0; other < index; other++) {
            assert_false(seeds[index] == seeds[other]);
        }
    }
    assert_true(cei_random_stream_seed(3, 4) == cei_random_stream_seed(3, 4));
}

static void bounded_numbers_are_uniform(void **state)
{
    (void)state;
    cei_random random;
    cei_random_seed(&random, 1);
    unsigned counts[7] = {0};
    for (int draw = 0; draw < 70000; draw++) {
        counts[cei_random_below(&random, 7)]++;
    }
    for (int value = 0; value < 7; value++) { /* 93 is a standard deviation */
        assert_in_range(counts[value], 9500, 10500);
    }
    assert_int_equal(cei_random_below(&random, 1), 0);
}

static void a_large_bound_is_unbiased(void **state)
{
    (void)state;
    cei_random random;
    cei_random_seed(&random, 2);
    const uint64_t bound = 3ull << 62; /* a remainder would favour the low third twice */
    unsigned low = 0;
    for (int draw = 0; draw < 30000; draw++) {
        const uint64_t value = cei_random_below(&random, bound);
        assert_true(value < bound);
        low += value < bound / 3;
    }
    assert_in_range(low, 9500, 10500);
}

static void doubles_fill_the_unit_interval(void **state)
{
    (void)state;
    cei_random random;
    cei_random_seed(&random, 3);
    double sum = 0, smallest = 1, largest = 0;
    for (int draw = 0; draw < 100000; draw++) {
        const double value = cei_random_double(&random);
        assert_true(value >= 0 && value < 1);
        sum += value;
        smallest = fmin(smallest, value);
        largest = fmax(largest, value);
    }
    assert_true(fabs(sum / 100000 - 0.5) < 0.005);
    assert_true(smallest < 0.001 && largest > 0.999);
}

static void poisson_numbers_have_the_mean_as_mean_and_variance(void **state)
{
    (void)state;
    static const double means[] = {0.01, 0.5, 1, 5, 16, 16.5, 40, 200};
    enum { DRAWS = 40000 };
    for (size_t index = 0; index < sizeof means / sizeof means[0]; index++) {
        cei_random random;
        cei_random_seed(&random, index);
        double sum = 0, squares = 0;
        for (int draw = 0; draw < DRAWS; draw++) {
            const double value = (double)cei_random_poisson(&random, means[index]);
            sum += value;
            squares += value * value;
        }
        const double mean = sum / DRAWS, variance = squares / DRAWS - mean * mean;
        assert_true(fabs(mean - means[index]) < 5 * sqrt(means[index] / DRAWS));
        assert_true(fabs(variance / means[index] - 1) < 0.3);
    }
}

static void a_mean_of_zero_draws_zero(void **state)
{
    (void)state;
    cei_random random;
    cei_random_seed(&random, 5);
    for (int draw = 0; draw < 1000; draw++) {
        assert_int_equal(cei_random_poisson(&random, 0), 0);
    }
}

/* Against the law itself, written down the slow way. */
static void few_trials_follow_their_law(void **state)
{
    (void)state;
    enum { DRAWS = 40000 };
    cei_random random;
    cei_random_seed(&random, 6);
    int binomial[11] = {0}, hypergeometric[6] = {0};
    for (int draw = 0; draw < DRAWS; draw++) {
        binomial[cei_random_binomial(&random, 10, 0.3)]++;
        hypergeometric[cei_random_hypergeometric(&random, 12, 5, 9)]++;
    }
    static const int binomial_want[] = {1130, 4842, 9339, 10673, 8005, 4117, 1470, 360, 58, 6, 0};
    static const int hypergeometric_want[] = {0, 0, 1818, 12727, 19091, 6364};
    for (int i = 0; i < 11; i++) {
        assert_true(abs(binomial[i] - binomial_want[i]) <= 5 * sqrt(binomial_want[i]) + 3);
        assert_true(i > 5 || abs(hypergeometric[i] - hypergeometric_want[i]) <= 5 * sqrt(hypergeometric_want[i]));
    }
}

static void many_trials_have_the_right_mean_and_variance(void **state)
{
    (void)state;
    enum { DRAWS = 4000 };
    static const struct {
        uint64_t total, marked, draws;
    } cases[] = {{1000, 300, 100}, {1000, 990, 500}, {100000, 5, 60000}, {4000000000, 1000000000, 3000000}};
    for (size_t index = 0; index < sizeof cases / sizeof *cases; index++) {
        cei_random random;
        cei_random_seed(&random, index);
        double total = (double)cases[index].total, draws = (double)cases[index].draws;
        double share = (double)cases[index].marked / total, sums[2] = {0}, squares[2] = {0};
        for (int draw = 0; draw < DRAWS; draw++) {
            double off[2];
            off[0] = (double)cei_random_binomial(&random, cases[index].draws, share) - draws * share;
            off[1] = (double)cei_random_hypergeometric(&random, cases[index].total, cases[index].marked,
                                                       cases[index].draws) -
                     draws * share;
            for (int law = 0; law < 2; law++) {
                sums[law] += off[law];
                squares[law] += off[law] * off[law];
            }
        }
        for (int law = 0; law < 2; law++) {
            double variance = draws * share * (1 - share) * (law ? (total - draws) / (total - 1) : 1);
            assert_true(fabs(sums[law] / DRAWS) < 5 * sqrt(variance / DRAWS));
            assert_true(fabs(squares[law] / DRAWS / variance - 1) < 0.15);
        }
    }
}

static void certain_trials_are_certain(void **state)
{
    (void)state;
    cei_random random;
    cei_random_seed(&random, 7);
    for (uint64_t n = 0; n < 50; n++) {
        assert_int_equal(cei_random_binomial(&random, n, 0), 0);
        assert_int_equal(cei_random_binomial(&random, n, 1), n);
        assert_true(cei_random_binomial(&random, n, 0.5) <= n);
        assert_int_equal(cei_random_hypergeometric(&random, 50, 50, n), n);
        assert_int_equal(cei_random_hypergeometric(&random, 50, n, 50), n);
        assert_int_equal(cei_random_hypergeometric(&random, 50, 0, n), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_gives_the_same_numbers_always),
        cmocka_unit_test(the_numbers_are_those_of_the_published_generators),
        cmocka_unit_test(neighbouring_streams_and_seeds_differ),
        cmocka_unit_test(bounded_numbers_are_uniform),
        cmocka_unit_test(a_large_bound_is_unbiased),
        cmocka_unit_test(doubles_fill_the_unit_interval),
        cmocka_unit_test(poisson_numbers_have_the_mean_as_mean_and_variance),
        cmocka_unit_test(a_mean_of_zero_draws_zero),
        cmocka_unit_test(few_trials_follow_their_law),
        cmocka_unit_test(many_trials_have_the_right_mean_and_variance),
        cmocka_unit_test(certain_trials_are_certain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
