/*
 * hash.c: XXH3 behind a function of ours.
 *
 * The library's code is compiled in here, so that nothing is looked up at load time and no name of it is exported.
 *
 * Interface: cei_hash_bytes, cei_hash_bytes_wide
 */
#include "base/hash.h"

#define XXH_INLINE_ALL
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <xxhash.h>
#pragma GCC diagnostic pop

uint64_t cei_hash_bytes(const void *bytes, size_t count, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, count, seed);
}

void cei_hash_bytes_wide(const void *bytes, size_t count, uint64_t *low, uint64_t *high)
{
    XXH128_hash_t hash = XXH3_128bits(bytes, count);
    *low = hash.low64;
    *high = hash.high64;
}
