/*
 * hll.c: HyperLogLog++ over bytes. The index of a register is the first bits of a hash, its rank the number of zeros
 * behind them plus one; an entry of the sparse form holds index and rank of the highest precision, from which those of
 * a lower one follow.
 */
#include "sketch/hll.h"
#include "base/error.h"
#include <math.h>
#include <stdlib.h>

enum { INDEX_BITS = CEI_HLL_PRECISION_MAX, RANK_BITS = 6, FORM_SPARSE = 0, FORM_DENSE = 1 };
enum { ENTRIES_MAX = 1 << 14 }; /* of the sparse form: an insertion moves them */

ce_status cei_hll_precision(double relative_sd, uint32_t *precision)
{
    *precision = CEI_HLL_PRECISION_MIN;
    if (!(relative_sd > 0.000017)) {
        return cei_fail(CE_INVALID, "accuracy (%g) must be greater than 0.000017", relative_sd);
    }
    double wanted = ceil(2 * log2(1.054 / relative_sd));
    if (wanted > CEI_HLL_PRECISION_MAX) {
        return cei_fail(CE_UNSUPPORTED, "accuracy (%g) needs a sketch of 2^%d bytes, at most 2^%d are possible",
                        relative_sd, (int)wanted, CEI_HLL_PRECISION_MAX);
    }
    if (wanted > CEI_HLL_PRECISION_MIN) {
        *precision = (uint32_t)wanted;
    }
    return CE_OK;
}

/* ---- bytes ---- */

static void put_header(char *room, uint32_t precision, int form)
{
    room[0] = 'H';
    room[1] = (char)precision;
    room[2] = (char)form;
    room[3] = 0;
}

uint32_t cei_hll_precision_of(ce_str sketch)
{
    return (uint8_t)sketch.at[1];
}

static inline bool is_dense(ce_str sketch)
{
    return sketch.at[2] == FORM_DENSE;
}

static inline uint32_t entry_count(ce_str sketch)
{
    return (sketch.bytes - CEI_HLL_HEADER_BYTES) / CEI_HLL_ENTRY_BYTES;
}

static inline uint32_t entry_at(ce_str sketch, uint32_t index)
{
    uint32_t entry;
    memcpy(&entry, sketch.at + CEI_HLL_HEADER_BYTES + (size_t)index * CEI_HLL_ENTRY_BYTES, sizeof entry);
    return entry;
}

static inline uint32_t index_of(uint32_t entry)
{
    return entry >> RANK_BITS;
}

/* How many entries take no more bytes than the registers. */
static uint32_t entries_max(uint32_t precision)
{
    uint32_t fit = (1u << precision) / CEI_HLL_ENTRY_BYTES;
    return fit < ENTRIES_MAX ? fit : ENTRIES_MAX;
}

bool cei_hll_is_sound(ce_str sketch)
{
    if (sketch.bytes < CEI_HLL_HEADER_BYTES || sketch.at[0] != 'H') {
        return false;
    }
    uint32_t precision = cei_hll_precision_of(sketch), bytes = sketch.bytes - CEI_HLL_HEADER_BYTES;
    if (precision < CEI_HLL_PRECISION_MIN || precision > CEI_HLL_PRECISION_MAX) {
        return false;
    }
    return is_dense(sketch) ? bytes == 1u << precision
                            : sketch.at[2] == FORM_SPARSE && bytes % CEI_HLL_ENTRY_BYTES == 0 &&
                                  bytes / CEI_HLL_ENTRY_BYTES <= 2 * ENTRIES_MAX;
}

/* ---- adding ---- */

static int compare_entries(const void *a, const void *b)
{
    uint32_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* Appends an entry that is not less than the last one: of those with one index the last has the highest rank. */
static uint32_t append_entry(char *entries, uint32_t count, uint32_t entry)
{
    uint32_t last;
    if (count) {
        memcpy(&last, entries + (size_t)(count - 1) * CEI_HLL_ENTRY_BYTES, sizeof last);
        count -= index_of(last) == index_of(entry);
    }
    memcpy(entries + (size_t)count * CEI_HLL_ENTRY_BYTES, &entry, sizeof entry);
    return count + 1;
}

ce_str cei_hll_of(const uint64_t *hashes, uint32_t count, uint32_t precision, char *room)
{
    char *entries = room + CEI_HLL_HEADER_BYTES;
    put_header(room, precision, FORM_SPARSE);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t behind = hashes[i] << INDEX_BITS;
        uint32_t rank = behind ? (uint32_t)__builtin_clzll(behind) + 1 : 64 - INDEX_BITS + 1;
        uint32_t entry = (uint32_t)(hashes[i] >> (64 - INDEX_BITS)) << RANK_BITS | rank;
        memcpy(entries + (size_t)i * CEI_HLL_ENTRY_BYTES, &entry, sizeof entry);
    }
    if (count > 1) {
        qsort(entries, count, CEI_HLL_ENTRY_BYTES, compare_entries);
    }
    uint32_t kept = 0;
    ce_str all = {room, CEI_HLL_HEADER_BYTES + count * CEI_HLL_ENTRY_BYTES};
    for (uint32_t i = 0; i < count; i++) {
        kept = append_entry(entries, kept, entry_at(all, i));
    }
    return (ce_str){room, CEI_HLL_HEADER_BYTES + kept * CEI_HLL_ENTRY_BYTES};
}

bool cei_hll_add_in_place(ce_str sketch, const uint64_t *hashes, uint32_t count)
{
    uint8_t *registers = (uint8_t *)sketch.at + CEI_HLL_HEADER_BYTES;
    uint32_t precision = cei_hll_precision_of(sketch);
    if (!is_dense(sketch)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        /* The bit below the rest of the hash ends its zeros. */
        uint64_t behind = hashes[i] << precision | 1ull << (precision - 1);
        uint8_t rank = (uint8_t)(__builtin_clzll(behind) + 1), *at = &registers[hashes[i] >> (64 - precision)];
        *at = *at < rank ? rank : *at;
    }
    return true;
}

/* Raises the registers of a dense sketch by the entries of a sparse one. */
static void add_entries(char *dense, uint32_t precision, ce_str sparse)
{
    uint8_t *registers = (uint8_t *)dense + CEI_HLL_HEADER_BYTES;
    uint32_t spare = INDEX_BITS - precision, count = entry_count(sparse);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t entry = entry_at(sparse, i), index = index_of(entry);
        uint32_t behind = index & ((1u << spare) - 1);
        uint32_t zeros = behind ? (uint32_t)__builtin_clz(behind) - (32 - spare) : spare;
        uint32_t rank = behind ? zeros + 1 : zeros + (entry & ((1u << RANK_BITS) - 1));
        uint8_t *at = &registers[index >> spare];
        *at = *at < rank ? (uint8_t)rank : *at;
    }
}

static void add_registers(char *dense, ce_str more)
{
    uint8_t *to = (uint8_t *)dense + CEI_HLL_HEADER_BYTES;
    const uint8_t *from = (const uint8_t *)more.at + CEI_HLL_HEADER_BYTES;
    size_t count = more.bytes - CEI_HLL_HEADER_BYTES;
    for (size_t i = 0; i < count; i++) {
        to[i] = to[i] < from[i] ? from[i] : to[i];
    }
}

/* ---- merging ---- */

uint64_t cei_hll_merge_bytes(ce_str into, ce_str more)
{
    uint32_t precision = cei_hll_precision_of(into);
    uint64_t dense = CEI_HLL_HEADER_BYTES + (1ull << precision);
    if (is_dense(into)) {
        return 0;
    }
    if (is_dense(more)) {
        return dense;
    }
    uint64_t count = (uint64_t)entry_count(into) + entry_count(more);
    uint64_t sparse = CEI_HLL_HEADER_BYTES + count * CEI_HLL_ENTRY_BYTES;
    return count > entries_max(precision) && sparse < dense ? dense : sparse;
}

static ce_str merge_sparse(ce_str a, ce_str b, char *room)
{
    uint32_t i = 0, j = 0, count = 0, of_a = entry_count(a), of_b = entry_count(b);
    while (i < of_a || j < of_b) {
        bool take_a = j == of_b || (i < of_a && entry_at(a, i) <= entry_at(b, j));
        count = append_entry(room + CEI_HLL_HEADER_BYTES, count, take_a ? entry_at(a, i++) : entry_at(b, j++));
    }
    put_header(room, cei_hll_precision_of(a), FORM_SPARSE);
    return (ce_str){room, CEI_HLL_HEADER_BYTES + count * CEI_HLL_ENTRY_BYTES};
}

static ce_str make_dense(ce_str a, ce_str b, uint32_t precision, char *room)
{
    put_header(room, precision, FORM_DENSE);
    memset(room + CEI_HLL_HEADER_BYTES, 0, (size_t)1 << precision);
    add_entries(room, precision, a);
    if (is_dense(b)) {
        add_registers(room, b);
    } else {
        add_entries(room, precision, b);
    }
    return (ce_str){room, CEI_HLL_HEADER_BYTES + (1u << precision)};
}

ce_str cei_hll_merge(ce_str into, ce_str more, char *room)
{
    uint32_t precision = cei_hll_precision_of(into);
    if (is_dense(into)) {
        if (is_dense(more)) {
            add_registers((char *)into.at, more);
        } else {
            add_entries((char *)into.at, precision, more);
        }
        return into;
    }
    if (!is_dense(more)) {
        ce_str merged = merge_sparse(into, more, room);
        if (ce_str_equal(merged, into)) {
            return into;
        }
        if (entry_count(merged) <= entries_max(precision)) {
            return merged;
        }
    }
    return make_dense(into, more, precision, room);
}

/* ---- estimating: algorithm 6 of Ertl's paper ---- */

static double sigma(double x)
{
    double sum = x, before, factor = 1;
    if (x == 1) {
        return INFINITY;
    }
    do {
        before = sum;
        x *= x;
        sum += x * factor;
        factor += factor;
    } while (sum != before);
    return sum;
}

static double tau(double x)
{
    double sum = 1 - x, before, factor = 1;
    if (x == 0 || x == 1) {
        return 0;
    }
    do {
        before = sum;
        x = sqrt(x);
        factor *= 0.5;
        sum -= (1 - x) * (1 - x) * factor;
    } while (sum != before);
    return sum / 3;
}

double cei_hll_estimate(ce_str sketch)
{
    static const double alpha = 0.7213475204444817; /* 1 / (2 ln 2) */
    uint64_t counts[1 << RANK_BITS] = {0};
    uint32_t precision = INDEX_BITS;
    if (is_dense(sketch)) {
        precision = cei_hll_precision_of(sketch);
        for (uint32_t i = 0; i < 1u << precision; i++) {
            counts[(uint8_t)sketch.at[CEI_HLL_HEADER_BYTES + i] & ((1u << RANK_BITS) - 1)]++;
        }
    } else {
        for (uint32_t i = 0; i < entry_count(sketch); i++) {
            counts[entry_at(sketch, i) & ((1u << RANK_BITS) - 1)]++;
        }
        counts[0] = (1ull << precision) - entry_count(sketch);
    }
    uint32_t last = 64 - precision;
    double m = (double)(1ull << precision);
    double sum = m * tau(1 - (double)counts[last + 1] / m);
    for (uint32_t rank = last; rank > 0; rank--) {
        sum = 0.5 * (sum + (double)counts[rank]);
    }
    sum += m * sigma((double)counts[0] / m);
    return alpha * m * m / sum;
}
