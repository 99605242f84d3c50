/*
 * line_masks.c: \n and \r as bit masks. The functions for wider registers carry a target attribute, so that one
 * library serves every processor.
 *
 * Interface: cei_line_masks_best, cei_line_masks_all
 */
#include "io/line_masks.h"
#include <stdbool.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* The ends in one block, see line_masks.h. Without returns, which is most text, it is a population count. */
static inline __attribute__((always_inline)) uint64_t ends_in(uint64_t feeds, uint64_t returns, uint64_t *after_return)
{
    if (__builtin_expect((returns | *after_return) == 0, 1)) {
        return (uint64_t)__builtin_popcountll(feeds);
    }
    uint64_t behind = returns << 1 | *after_return;
    *after_return = returns >> 63;
    return (uint64_t)__builtin_popcountll(returns) + (uint64_t)__builtin_popcountll(feeds & ~behind);
}

#if defined(__x86_64__)

/* ---- AVX-512: one register a block ---- */

__attribute__((target("avx512bw,popcnt,bmi,bmi2"))) static void find_avx512(const char *at, size_t blocks,
                                                                            uint64_t *feeds, uint64_t *returns)
{
    const __m512i feed = _mm512_set1_epi8('\n'), carriage = _mm512_set1_epi8('\r');
    for (size_t i = 0; i < blocks; i++) {
        __m512i bytes = _mm512_loadu_si512((const void *)(at + 64 * i));
        feeds[i] = _mm512_cmpeq_epi8_mask(bytes, feed);
        returns[i] = _mm512_cmpeq_epi8_mask(bytes, carriage);
    }
}

__attribute__((target("avx512bw,popcnt,bmi,bmi2"))) static uint64_t count_avx512(const char *at, size_t blocks,
                                                                                 uint64_t *after_return)
{
    const __m512i feed = _mm512_set1_epi8('\n'), carriage = _mm512_set1_epi8('\r');
    uint64_t count = 0, after = *after_return;
    for (size_t i = 0; i < blocks; i++) {
        __m512i bytes = _mm512_loadu_si512((const void *)(at + 64 * i));
        count += ends_in(_mm512_cmpeq_epi8_mask(bytes, feed), _mm512_cmpeq_epi8_mask(bytes, carriage), &after);
    }
    *after_return = after;
    return count;
}

/* ---- AVX2: two registers a block ---- */

__attribute__((target("avx2,popcnt,bmi,bmi2"))) static inline uint64_t equal_avx2(const char *at, __m256i byte)
{
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)at);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(at + 32));
    uint64_t low_mask = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, byte));
    return low_mask | (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, byte)) << 32;
}

__attribute__((target("avx2,popcnt,bmi,bmi2"))) static void find_avx2(const char *at, size_t blocks, uint64_t *feeds,
                                                                      uint64_t *returns)
{
    const __m256i feed = _mm256_set1_epi8('\n'), carriage = _mm256_set1_epi8('\r');
    for (size_t i = 0; i < blocks; i++) {
        feeds[i] = equal_avx2(at + 64 * i, feed);
        returns[i] = equal_avx2(at + 64 * i, carriage);
    }
}

__attribute__((target("avx2,popcnt,bmi,bmi2"))) static uint64_t count_avx2(const char *at, size_t blocks,
                                                                           uint64_t *after_return)
{
    const __m256i feed = _mm256_set1_epi8('\n'), carriage = _mm256_set1_epi8('\r');
    uint64_t count = 0, after = *after_return;
    for (size_t i = 0; i < blocks; i++) {
        count += ends_in(equal_avx2(at + 64 * i, feed), equal_avx2(at + 64 * i, carriage), &after);
    }
    *after_return = after;
    return count;
}
#endif

/* ---- the baseline: SSE2 where there is one, else eight bytes at a time ---- */

#if defined(__SSE2__)
static inline uint64_t equal_base(const char *at, char byte)
{
    const __m128i wanted = _mm_set1_epi8(byte);
    uint64_t mask = 0;
    for (unsigned i = 0; i < 4; i++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + 16 * i));
        mask |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted)) << 16 * i;
    }
    return mask;
}
#else
static inline uint64_t equal_base(const char *at, char byte)
{
    uint64_t mask = 0;
    for (unsigned i = 0; i < 64; i++) {
        mask |= (uint64_t)(at[i] == byte) << i;
    }
    return mask;
}
#endif

static void find_base(const char *at, size_t blocks, uint64_t *feeds, uint64_t *returns)
{
    for (size_t i = 0; i < blocks; i++) {
        feeds[i] = equal_base(at + 64 * i, '\n');
        returns[i] = equal_base(at + 64 * i, '\r');
    }
}

static uint64_t count_base(const char *at, size_t blocks, uint64_t *after_return)
{
    uint64_t count = 0;
    for (size_t i = 0; i < blocks; i++) {
        count += ends_in(equal_base(at + 64 * i, '\n'), equal_base(at + 64 * i, '\r'), after_return);
    }
    return count;
}

/* ---- choosing ---- */

static const cei_line_masks base = {"base", find_base, count_base};

#if defined(__x86_64__)
static const cei_line_masks avx2 = {"avx2", find_avx2, count_avx2};
static const cei_line_masks avx512 = {"avx512", find_avx512, count_avx512};

const cei_line_masks *const *cei_line_masks_all(void)
{
    static const cei_line_masks *const all[] = {&avx512, &avx2, &base, NULL};
    bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
    return has_avx2 && __builtin_cpu_supports("avx512bw") ? all : has_avx2 ? all + 1 : all + 2;
}
#else
const cei_line_masks *const *cei_line_masks_all(void)
{
    static const cei_line_masks *const all[] = {&base, NULL};
    return all;
}
#endif

const cei_line_masks *cei_line_masks_best(void)
{
    return cei_line_masks_all()[0];
}
