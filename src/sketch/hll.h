/*
 * hll.h: HyperLogLog++: how many different values there were, from their hashes, in a few hundred bytes.
 *
 * A sketch is a run of bytes (a ce_str), so that it can be a row, a value behind a key, or cross a shuffle as it is:
 *
 *     | 'H' | precision | form | 0 | sparse: entries, u32 each, ascending: 26 bits of index, 6 bits of rank
 *                                  | dense:  2^precision registers, u8 each: the highest rank seen
 *
 * Few values are kept sparse, with the index of the highest precision, which makes small counts all but exact. The
 * empty string is no sketch; a sketch of no hashes is sparse without entries.
 *
 * Flajolet, Fusy, Gandouet, Meunier: HyperLogLog (AofA 2007); Heule, Nunkesser, Hall: HyperLogLog in Practice (EDBT
 * 2013), whose sparse form this is; Ertl: New cardinality estimation algorithms for HyperLogLog sketches
 * (arXiv:1702.01284), whose improved raw estimator needs no tables of biases.
 */
#ifndef CERIUM_SKETCH_HLL_H
#define CERIUM_SKETCH_HLL_H

#include <cerium/status.h>
#include <cerium/str.h>

enum {
    CEI_HLL_PRECISION_MIN = 4,
    CEI_HLL_PRECISION_MAX = 26, /* 64 MiB */
    CEI_HLL_HEADER_BYTES = 4,
    CEI_HLL_ENTRY_BYTES = 4,
};

/* The precision whose standard error is at most relative_sd, as Spark has it. CE_INVALID with its sentence, or
 * CE_UNSUPPORTED above CEI_HLL_PRECISION_MAX. */
ce_status cei_hll_precision(double relative_sd, uint32_t *precision);

/* A sparse sketch of count hashes (64 bits, as good as random), however many, in room: CEI_HLL_HEADER_BYTES and
 * CEI_HLL_ENTRY_BYTES for each. */
ce_str cei_hll_of(const uint64_t *hashes, uint32_t count, uint32_t precision, char *room);

/* Adds count hashes to the registers of a dense sketch; false when it is sparse. */
bool cei_hll_add_in_place(ce_str sketch, const uint64_t *hashes, uint32_t count);

/* Whether the bytes are a sketch that the calls below can read: they look at untrusted ones only after this. */
bool cei_hll_is_sound(ce_str sketch);

uint32_t cei_hll_precision_of(ce_str sketch);

/* Room that a merge of two sketches of one precision may need; 0 when it is done in the registers of the first. */
uint64_t cei_hll_merge_bytes(ce_str into, ce_str more);

/* The sketch of all hashes of both: `into` itself, whose registers are written to when it is dense, or one in room. */
ce_str cei_hll_merge(ce_str into, ce_str more, char *room);

/* How many different hashes there were. The standard error is 1.04 / sqrt(2^precision) of it. */
double cei_hll_estimate(ce_str sketch);

#endif
