/*
 * sections.h: a reduce partition cut by hash into sections, each small enough to be worked on in cache.
 *
 * A reduce partition is a range of hashes (key.h); a section is one of 2^bits equal ranges within it. Writers of large
 * map outputs cut while they partition, which costs nothing more; the blocks say so in their header. What came uncut,
 * or cut more coarsely, is cut here.
 *
 *     hash:  |------------------- partition r -------------------|
 *            | section 0 | section 1 | section 2 |     ...       |
 */
#ifndef CERIUM_SHUFFLE_SECTIONS_H
#define CERIUM_SHUFFLE_SECTIONS_H

#include "shuffle/key.h"
#include "shuffle/lanes.h"
#include "shuffle/share.h"
#include "shuffle/spill.h"

/* The section of a hash in a partition of count. For a partitioner that does not go by hash, count is 1. */
static inline uint32_t cei_hash_section(uint32_t hash, uint32_t count, uint32_t bits)
{
    return (uint32_t)(((uint64_t)hash * ((uint64_t)count << bits)) >> 32) & ((1u << bits) - 1);
}

/* The rows of one side of a wide operator in one reduce partition. */
typedef struct cei_sections {
    const ce_type *row, *key; /* key at offset 0 of a row */
    uint32_t partition_count; /* of the shuffle; 1 where rows are not partitioned by hash */
    cei_blocks blocks;        /* as they came */
    cei_blocks *cut;          /* 1 << bits lists; on the heap; NULL before cei_sections_cut */
    uint32_t bits;            /* the finest that a block has; later what all are cut to */
    uint64_t rows;
    cei_spiller spiller;
    cei_lanes pushed; /* of rows that came one by one */
} cei_sections;

/* Adds itself to the share's holders. */
void cei_sections_open(cei_sections *sections, const ce_type *row, const ce_type *key, uint32_t partition_count,
                       cei_share *share);
void cei_sections_close(cei_sections *sections);

/* Takes over a block, lent or not. */
ce_status cei_sections_add(cei_sections *sections, ce_block *block);
/* Copies rows deep. */
ce_status cei_sections_push(cei_sections *sections, const char *rows, uint32_t count);

/* How finely these rows should be cut when each is work_bytes of memory for what works on them (a table's slot, say);
 * as finely as their blocks are at least. 0: they are few. */
uint32_t cei_sections_bits(const cei_sections *sections, uint32_t work_bytes);

/* No more rows: cuts everything to 2^bits sections, at least as many as cei_sections_bits has said. The sides of one
 * operator are cut alike: to the largest bits of all. */
ce_status cei_sections_cut(cei_sections *sections, uint32_t bits);

/* Sums over a section's blocks. */
uint64_t cei_sections_rows(const cei_sections *sections, uint32_t section);

#endif
