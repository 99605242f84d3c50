/*
 * lanes.h: rows dealt to partitions: one block writer per partition, side by side.
 *
 *     rows + target of each --> | lane 0 | lane 1 | ... | lane n-1 |  --> sealed blocks
 *
 * Pieces grow with what a lane gets, up to a size at which all lanes together keep within their budget. A block of lane
 * i is for partition i >> section_bits and carries section i & mask in its header (see sections.h).
 */
#ifndef CERIUM_SHUFFLE_LANES_H
#define CERIUM_SHUFFLE_LANES_H

#include "data/block.h"
#include "data/blocks.h"

/* Where the next flat row goes: all that dealing rows touches, so that it stays in the nearest cache. */
typedef struct cei_lane {
    char *next, *end;
} cei_lane;

typedef struct cei_lanes {
    const ce_type *type;
    cei_pool *pool;
    uint32_t count, section_bits;
    size_t piece_bytes_max;
    bool flat;
    cei_block_writer *writers; /* on the heap, as the lanes */
    cei_lane *lanes;
    cei_blocks ready; /* sealed, of which the first `taken` are gone */
    uint32_t taken;
    uint64_t rows; /* in sealed blocks */
} cei_lanes;

/* budget_bytes: what all unsealed rows together should keep within; one row may exceed it. CE_MEMORY. */
ce_status cei_lanes_open(cei_lanes *lanes, const ce_type *type, uint32_t count, uint32_t section_bits,
                         uint64_t budget_bytes, cei_pool *pool);
/* Drops what has not been taken. Zeroed lanes may be closed. */
void cei_lanes_close(cei_lanes *lanes);

/* Copies row i deep to lane targets[i] (NULL: all to lane 0). CE_MEMORY: some rows may have been taken. */
ce_status cei_lanes_push(cei_lanes *lanes, const char *rows, uint32_t count, const uint32_t *targets);

/* Seals every lane. */
ce_status cei_lanes_seal(cei_lanes *lanes);

/* Moves the next sealed block to *block; false when there is none. */
bool cei_lanes_take(cei_lanes *lanes, ce_block *block);

/* What the lanes hold in memory at most, now. */
static inline uint64_t cei_lanes_bytes_max(const cei_lanes *lanes)
{
    return (uint64_t)lanes->count * lanes->piece_bytes_max;
}

#endif
