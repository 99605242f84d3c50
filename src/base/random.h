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

#endif
