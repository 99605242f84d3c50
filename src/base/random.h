/*
 * random.h: small seeded generators (xoshiro256**, seeded through splitmix64). Same seed, same numbers, on every
 * machine.
 */
#ifndef CERIUM_BASE_RANDOM_H
#define CERIUM_BASE_RANDOM_H

#include <stdint.h>

typedef struct cei_random {
    uint64_t s[4];
} cei_random;

void cei_random_seed(cei_random *random, uint64_t seed);
/* A seed for stream `index` of a family: partitions of one sample draw from different streams of one seed. */
uint64_t cei_random_stream_seed(uint64_t seed, uint64_t index);
uint64_t cei_random_next(cei_random *random);
uint64_t cei_random_below(cei_random *random, uint64_t bound); /* 0 .. bound-1, unbiased; bound > 0 */
double cei_random_double(cei_random *random);                  /* [0, 1) */
uint64_t cei_random_poisson(cei_random *random, double mean);  /* mean >= 0 */

/* How many of draws independent trials succeed, each with this probability (0 .. 1). */
uint64_t cei_random_binomial(cei_random *random, uint64_t draws, double probability);
/* How many of draws different things out of total are marked, when marked of them are; draws, marked <= total. */
uint64_t cei_random_hypergeometric(cei_random *random, uint64_t total, uint64_t marked, uint64_t draws);

#endif
