/*
 * random.c: xoshiro256** by Blackman and Vigna, seeded through splitmix64 as they advise.
 *
 * Only integer arithmetic and exactly rounded floating point are used, except for exp() in the Poisson draw and
 * logarithms in the binomial and hypergeometric ones, so that a seed means the same numbers on every machine.
 *
 * Interface: cei_random_seed, cei_random_stream_seed, cei_random_next, cei_random_below, cei_random_double,
 *            cei_random_poisson, cei_random_binomial, cei_random_hypergeometric
 */
#include "base/random.h"
#include <assert.h>
#include <math.h>
#include <stdbool.h>

static const uint64_t golden = 0x9E3779B97F4A7C15ull;

static uint64_t splitmix(uint64_t state)
{
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9ull;
    state = (state ^ (state >> 27)) * 0x94D049BB133111EBull;
    return state ^ (state >> 31);
}

void cei_random_seed(cei_random *random, uint64_t seed)
{
    for (int word = 0; word < 4; word++) {
        seed += golden;
        random->s[word] = splitmix(seed);
    }
}

/* Both arguments are mixed, so that neighbouring seeds with neighbouring streams do not meet. */
uint64_t cei_random_stream_seed(uint64_t seed, uint64_t index)
{
    return splitmix(splitmix(seed + golden) + (index + 1) * golden);
}

static uint64_t rotate(uint64_t word, int by)
{
    return (word << by) | (word >> (64 - by));
}

uint64_t cei_random_next(cei_random *random)
{
    uint64_t *s = random->s;
    const uint64_t result = rotate(s[1] * 5, 7) * 9;
    const uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return result;
}

/* Lemire's method: the high half of a product is the number; the few low halves that would favour some are drawn
 * again. */
uint64_t cei_random_below(cei_random *random, uint64_t bound)
{
    __extension__ typedef unsigned __int128 wide;
    assert(bound > 0);
    wide product = (wide)cei_random_next(random) * bound;
    if ((uint64_t)product < bound) {
        const uint64_t unfair = -bound % bound;
        while ((uint64_t)product < unfair) {
            product = (wide)cei_random_next(random) * bound;
        }
    }
    return (uint64_t)(product >> 64);
}

double cei_random_double(cei_random *random)
{
    return (double)(cei_random_next(random) >> 11) * 0x1p-53;
}

/* Knuth's method: how many uniform factors the product takes to fall below e^-mean. */
static uint64_t poisson_small(cei_random *random, double mean)
{
    const double floor = exp(-mean);
    uint64_t count = 0;
    for (double product = cei_random_double(random); product > floor; product *= cei_random_double(random)) {
        count++;
    }
    return count;
}

/* A sum of Poisson draws is one of the sum of means, so a mean too large for e^-mean is drawn in parts. */
uint64_t cei_random_poisson(cei_random *random, double mean)
{
    const double part = 16;
    assert(mean >= 0);
    uint64_t count = 0;
    for (; mean > part; mean -= part) {
        count += poisson_small(random, part);
    }
    return mean > 0 ? count + poisson_small(random, mean) : count;
}

/* A law over low .. high with one mode. Its probabilities follow from that of the mode: P(k + 1) / P(k) =
 * (a - k) (b - k) / ((k + 1) (c + k + 1)), or with `trials` (a - k) / (k + 1) * odds. */
struct law {
    uint64_t low, mode, high;
    double at_mode; /* probability */
    double a, b, c, odds;
    bool trials;
};

static double step_up(const struct law *law, uint64_t from)
{
    double k = (double)from;
    return law->trials ? (law->a - k) / (k + 1) * law->odds
                       : (law->a - k) * (law->b - k) / ((k + 1) * (law->c + k + 1));
}

/* Inversion from the mode outwards, both ways in turn: as many steps as the law is wide. */
static uint64_t draw_from(cei_random *random, const struct law *law)
{
    static const double negligible = 1e-18;
    double left = cei_random_double(random) - law->at_mode, up = law->at_mode, down = law->at_mode;
    uint64_t high = law->mode, low = law->mode;
    while (left >= 0 && (up > negligible || down > negligible)) {
        up = high < law->high ? up * step_up(law, high) : 0;
        high += high < law->high;
        left -= up;
        if (left < 0) {
            return high;
        }
        down = low > law->low ? down / step_up(law, low - 1) : 0;
        low -= low > law->low;
        left -= down;
        if (left < 0) {
            return low;
        }
    }
    return law->mode;
}

static double log_choose(uint64_t from, uint64_t count)
{
    int sign;
    return lgamma_r((double)from + 1, &sign) - lgamma_r((double)count + 1, &sign) -
           lgamma_r((double)(from - count) + 1, &sign);
}

uint64_t cei_random_binomial(cei_random *random, uint64_t draws, double probability)
{
    assert(probability >= 0 && probability <= 1);
    if (draws == 0 || probability <= 0 || probability >= 1) {
        return probability >= 1 ? draws : 0;
    }
    struct law law = {.high = draws, .a = (double)draws, .odds = probability / (1 - probability), .trials = true};
    double mode = floor(((double)draws + 1) * probability);
    law.mode = mode < (double)draws ? (uint64_t)mode : draws;
    law.at_mode = exp(log_choose(draws, law.mode) + (double)law.mode * log(probability) +
                      (double)(draws - law.mode) * log1p(-probability));
    return draw_from(random, &law);
}

uint64_t cei_random_hypergeometric(cei_random *random, uint64_t total, uint64_t marked, uint64_t draws)
{
    assert(marked <= total && draws <= total);
    struct law law = {.low = draws > total - marked ? draws - (total - marked) : 0,
                      .high = draws < marked ? draws : marked,
                      .a = (double)marked,
                      .b = (double)draws,
                      .c = (double)total - (double)marked - (double)draws};
    if (law.low == law.high) {
        return law.low;
    }
    double mode = floor(((double)marked + 1) * (((double)draws + 1) / ((double)total + 2)));
    law.mode = mode > (double)law.low ? (uint64_t)mode : law.low;
    law.mode = law.mode < law.high ? law.mode : law.high;
    law.at_mode =
        exp(log_choose(marked, law.mode) + log_choose(total - marked, draws - law.mode) - log_choose(total, draws));
    return draw_from(random, &law);
}
