/*
 * kll.h: the KLL sketch: quantiles of any number of doubles from about 3 k of them.
 *
 * Values wait in levels; one of level h stands for 2^h values. When all room is used, the lowest level that is full is
 * sorted and every second of its values, from a drawn start, goes up a level. The rank of what is answered differs from
 * the rank asked for by about 1.3 % of all values with k = 200, in 99 of 100 cases; up to 3 k values it is exact. Same
 * seed, same values in the same order, same answers. NaNs are left out.
 *
 * Karnin, Lang, Liberty: Optimal Quantile Approximation in Streams (FOCS 2016, arXiv:1603.05346); the lazy compaction
 * is that of Ivkin, Liberty, Lang, Karnin, Braverman: Streaming Quantiles Algorithms with Small Space and Update Time
 * (arXiv:1907.00236).
 *
 *     values: | free room ... | level 0 | level 1 | ... | top level |        level 0 grows to the left
 *
 * As bytes (a ce_str), so that it can be a row, a value behind a key, or cross a shuffle:
 *
 *     | 'K' | levels u8 | k u16 | free u32 | count u64 | coins u64 | min | max | sizes u32 each | free room | values |
 */
#ifndef CERIUM_SKETCH_KLL_H
#define CERIUM_SKETCH_KLL_H

#include <cerium/str.h>

enum {
    CEI_KLL_K = 200,
    CEI_KLL_K_MIN = 8,
    CEI_KLL_K_MAX = 400,
    CEI_KLL_LEVELS_MAX = 64, /* a value of level 63 stands for half of all that can be counted */
    CEI_KLL_VALUES_MAX = 3 * CEI_KLL_K_MAX + 2 * CEI_KLL_LEVELS_MAX, /* before a compaction */
};

typedef struct cei_kll {
    uint32_t k, level_count, room; /* room: of all levels */
    uint64_t count;                /* of values seen */
    uint64_t coins;                /* what the next start is drawn from */
    double min, max;
    uint32_t starts[CEI_KLL_LEVELS_MAX + 1]; /* level h is values[starts[h]] .. values[starts[h + 1] - 1] */
    double values[2 * CEI_KLL_VALUES_MAX];   /* twice, for merging */
} cei_kll;

/* k: CEI_KLL_K_MIN .. CEI_KLL_K_MAX. */
void cei_kll_open(cei_kll *sketch, uint32_t k, uint64_t seed);
void cei_kll_add(cei_kll *sketch, double value);

/* Of the same k. false, and nothing is done, when both together have seen more than a uint64 counts. */
bool cei_kll_merge(cei_kll *into, const cei_kll *more);

/* The smallest kept value at or below which lie a share of all values: 0 gives the minimum, 1 the maximum. NaN without
 * values. Writes count answers; shares are in [0, 1] in any order. */
void cei_kll_quantiles(const cei_kll *sketch, const double *shares, uint32_t count, double *answers);

/* About which share of all values is at most this one. NaN without values. */
double cei_kll_rank(const cei_kll *sketch, double value);

/* ---- as bytes ---- */

/* Whether the bytes are a sketch: the calls below look at untrusted ones only after this. */
bool cei_kll_is_sound(ce_str bytes);

void cei_kll_read(cei_kll *sketch, ce_str bytes);

/* The bytes that a sketch is written in, with free room for as many values again where that makes sense. */
uint32_t cei_kll_bytes(const cei_kll *sketch);
ce_str cei_kll_write(const cei_kll *sketch, char *room);

/* Adds to a sketch in bytes where it lies; false when it has no free room. */
bool cei_kll_add_in_place(ce_str bytes, double value);

#endif
