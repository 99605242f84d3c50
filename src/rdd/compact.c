/*
 * compact.c: rows that stay, moved together.
 *
 * Rows of 8 bytes use AVX-512's compress where there is one (eight rows an instruction). Other sizes are copied one by
 * one without a branch on the answer, because answers are as hard to predict as the data: each row is written at the
 * end of what is kept, and the end moves on by the answer.
 */
#include "rdd/compact.h"
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

static inline __attribute__((always_inline)) uint32_t compact_by(const char *in, size_t row_bytes, uint32_t count,
                                                                 const uint8_t *keep, char *out)
{
    char *to = out;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(to, in + i * row_bytes, row_bytes);
        to += row_bytes * keep[i];
    }
    return (uint32_t)((size_t)(to - out) / row_bytes);
}

#if defined(__x86_64__)
/* Sixty-four answers at a time: the place of each group of eight rows then depends on the mask alone, not on the group
 * before. A store writes eight rows whatever the mask; what is too much is overwritten by the next. */
__attribute__((target("avx512f,avx512bw,avx512vl,popcnt"))) static uint32_t
compact_8_avx512(const char *in, uint32_t count, const uint8_t *keep, char *out)
{
    char *to = out;
    uint32_t i = 0;
    for (; i + 64 <= count; i += 64) {
        __m512i answers = _mm512_loadu_si512(keep + i);
        uint64_t mask = _mm512_test_epi8_mask(answers, answers);
        for (uint32_t group = 0; group < 8; group++) {
            __m512i rows = _mm512_loadu_si512(in + ((size_t)i + group * 8) * 8);
            uint64_t before = (uint64_t)_mm_popcnt_u64(mask & (((uint64_t)1 << (group * 8)) - 1));
            _mm512_storeu_si512(to + before * 8, _mm512_maskz_compress_epi64((__mmask8)(mask >> (group * 8)), rows));
        }
        to += (size_t)_mm_popcnt_u64(mask) * 8;
    }
    return (uint32_t)((size_t)(to - out) / 8) + compact_by(in + (size_t)i * 8, 8, count - i, keep + i, to);
}
#endif

uint32_t cei_compact(const char *in, size_t row_bytes, uint32_t count, const uint8_t *keep, char *out)
{
    switch (row_bytes) {
    case 4:
        return compact_by(in, 4, count, keep, out);
    case 8:
#if defined(__x86_64__)
        if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
            return compact_8_avx512(in, count, keep, out);
        }
#endif
        return compact_by(in, 8, count, keep, out);
    case 16:
        return compact_by(in, 16, count, keep, out);
    case 24:
        return compact_by(in, 24, count, keep, out);
    default:
        return compact_by(in, row_bytes, count, keep, out);
    }
}
