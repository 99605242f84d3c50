/*
 * hash.h: one 64-bit hash for keys, checksums and content names.
 *
 * XXH3 (xxhash 0.8) for bytes; a multiply-fold mix for one or two registers, the fast path of short keys.
 */
#ifndef CERIUM_BASE_HASH_H
#define CERIUM_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Two 64-bit words to one, well mixed: the 128-bit product of the salted words, folded. */
static inline uint64_t cei_hash_mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)(a ^ 0x9E3779B97F4A7C15ull) * (b ^ 0xD1B54A32D192ED03ull);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* XXH3 of bytes. */
uint64_t cei_hash_bytes(const void *bytes, size_t count, uint64_t seed);

/* XXH3 of bytes in 128 bits: a fingerprint, with low and high half. */
void cei_hash_bytes_wide(const void *bytes, size_t count, uint64_t *low, uint64_t *high);

#endif
