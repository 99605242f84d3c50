/*
 * random.c: xoshiro256** by Blackman and Vigna, seeded through splitmix64 as they advise.
 *
 * Only integer arithmetic and exactly rounded floating point are used, except for one exp() in the Poisson draw, so
 * that a seed means the same numbers on every machine.
 *
 * Interface: cei_random_seed, cei_random_stream_seed, cei_random_next, cei_random_below, cei_random_double,
 *            cei_random_poisson
 */
#include "base/random.h"
#include <assert.h>
#include <math.h>

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
