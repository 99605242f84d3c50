/*
 * block.h: rows packed into one run of bytes: what a shuffle moves, a result is made of and a spill file holds.
 *
 *     0        32                       32 + rows * row_bytes             byte_count
 *     | header | row 0 | row 1 | ...  |  (room)  | ... parts of row 1 | parts of row 0 |
 *
 * Rows have their C layout. The bytes of their strings and lists (parts) grow from the end towards the rows, and a
 * pointer field holds its part's distance from the end of the block (0: no bytes). Distances do not change when a block
 * is copied, stored, or squeezed by moving the parts down to the rows, so the layout in memory, on disk and between
 * processes is the same, and a block of flat rows is read in place. All integers little-endian. A block starts at an
 * address that is a multiple of 8, its byte_count is one, and so is the distance of a list's elements.
 *
 * Parts do not overlap: each lies below all parts before it, in the order rows, fields, and a list's elements before
 * what the elements point to. So a check needs one walk and no memory. Of an absent option only `present` counts.
 *
 * Interface: cei_block_writer_* (append rows, get sealed blocks), cei_block_reader_* (batches out of a block),
 *            cei_block_check (soundness of foreign bytes), cei_block_add_checksum, cei_block_release,
 *            cei_block_load (bytes of a lent block)
 */
#ifndef CERIUM_DATA_BLOCK_H
#define CERIUM_DATA_BLOCK_H

#include "base/arena.h"
#include "base/pool.h"
#include <cerium/task.h>
#include <cerium/type.h>

typedef struct cei_block_header {
    uint32_t magic;   /* CEI_BLOCK_MAGIC */
    uint16_t version; /* CEI_BLOCK_VERSION */
    uint16_t flags;   /* CEI_BLOCK_HAS_CHECKSUM; the section of its keys' hashes, see shuffle/sections.h */
    uint32_t row_bytes;
    uint32_t rows;
    uint64_t byte_count; /* header included */
    uint64_t checksum;   /* XXH3 of what follows the header; or 0. Seed: section << 48 ^ row_bytes << 32 ^ rows */
} cei_block_header;

enum {
    CEI_BLOCK_MAGIC = 0x31424543, /* "CEB1" */
    CEI_BLOCK_VERSION = 1,
    CEI_BLOCK_HAS_CHECKSUM = 1,
    CEI_BLOCK_SECTION_SHIFT =
        1, /* the other 15 bits: log2 of the sections that a partition is cut into, and << 4: which */
    CEI_BLOCK_SECTION_BITS_MAX = 11,
    CEI_BLOCK_FIRST_BYTES = 4 << 10, /* of a writer's first piece; each next is twice as large */
    CEI_BLOCK_LAST_BYTES = 1 << 20,
    CEI_BLOCK_SMALL_BYTES = 4 << 10, /* blocks up to here are moved to the heap */
    CEI_BLOCK_STRINGS_MAX = 6,       /* rows of at most so many strings and no lists are copied without recursion */
};

/* Packs rows of one type. */
typedef struct cei_block_writer {
    const ce_type *type;
    cei_pool *pool;
    bool flat;
    uint8_t string_count; /* 0: flat, or parts of other kinds */
    uint32_t string_offsets[CEI_BLOCK_STRINGS_MAX];
    char *piece;        /* from the pool; NULL: none yet */
    size_t piece_bytes; /* its size */
    size_t next_bytes;  /* of the next piece; 0: CEI_BLOCK_FIRST_BYTES */
    uint32_t section;   /* for the headers of its blocks */
    size_t row_at;      /* where the next row goes */
    size_t part_at;     /* where the parts begin */
    uint32_t rows;
} cei_block_writer;

void cei_block_writer_open(cei_block_writer *writer, const ce_type *type, cei_pool *pool);
void cei_block_writer_close(cei_block_writer *writer);

/* Appends a row, copying it deep. false: the row does not fit into the piece, nothing was appended: take a block with
 * cei_block_writer_seal, then call again (then it fits, or the status of cei_block_writer_reserve says why not). */
bool cei_block_writer_append(cei_block_writer *writer, const void *row);

/* Appends as many of count rows, which stand one behind the other, as fit; returns how many. */
uint32_t cei_block_writer_append_rows(cei_block_writer *writer, const void *rows, uint32_t count);

/* Makes a piece that holds this row at least, when no rows are waiting to be sealed. CE_MEMORY. */
ce_status cei_block_writer_reserve(cei_block_writer *writer, const void *row);

/* What the headers of its blocks say of their keys' section: see shuffle/sections.h. bits 0: not cut. */
void cei_block_writer_set_section(cei_block_writer *writer, uint32_t bits, uint32_t section);

/* For callers that write flat rows themselves: where the next row goes and where the room ends; afterwards `filled`
 * tells the writer how far they came. */
void cei_block_writer_lend(cei_block_writer *writer, char **next, char **end);
void cei_block_writer_filled(cei_block_writer *writer, const char *next);

/* The rows so far as a block (squeezed; small ones move to the heap so that a pool piece is not held by a few bytes);
 * the writer is empty then and holds no memory. *block owns the bytes: release it, before the pool is closed. Nothing
 * to seal (no rows) gives block->rows 0 and no bytes. CE_MEMORY leaves the writer as it was. */
ce_status cei_block_writer_seal(cei_block_writer *writer, ce_block *block);

/* The section that ce_block.section names; bits 0: it is not cut. */
static inline void cei_block_section(const ce_block *block, uint32_t *bits, uint32_t *section)
{
    *bits = block->section & 15;
    *section = block->section >> 4;
}
/* Room for byte_count bytes from the pool, which the block owns. CE_MEMORY. */
ce_status cei_block_alloc(ce_block *block, size_t byte_count, cei_pool *pool);

/* The memory of a pool that goes back when the block is released; 0: it owns none. */
size_t cei_block_memory_bytes(const ce_block *block);

/* The header of a block with its checksum: computed where the block has none. */
cei_block_header cei_block_header_of(const ce_block *block);

/* Adds the checksum where the block has none: before it leaves the process. A block that a writer made gets it in
 * place, any other is replaced by a copy on the heap. */
ce_status cei_block_add_checksum(ce_block *block);

/* Releases the reference that the struct owns, if any; *block is empty then. */
void cei_block_release(ce_block *block);

/*
 * A lent block has no bytes in memory (bytes NULL, byte_count not 0): its owner begins with this struct and knows where
 * they are. cei_block_load replaces a lent block by its bytes, which must be released before the pool is closed; any
 * other block stays as it is. On failure *block is as it was. Lent blocks do not leave the process.
 */
typedef struct cei_lender {
    /* Fills *loaded with bytes (and what releases them); *lent is released by the caller afterwards. */
    ce_status (*load)(struct cei_lender *lender, const ce_block *lent, cei_pool *pool, ce_block *loaded);
    void (*will_load)(struct cei_lender *lender, const ce_block *lent); /* a hint; NULL: none */
} cei_lender;

static inline bool cei_block_is_lent(const ce_block *block)
{
    return !block->bytes && block->byte_count;
}

ce_status cei_block_load(ce_block *block, cei_pool *pool);
void cei_block_will_load(const ce_block *block);

/* CE_CORRUPT unless bytes are a whole block as it was made, by its header and checksum: enough for what this process
 * wrote. The sentence names no place. */
ce_status cei_block_check_bytes(const void *bytes, size_t byte_count);

/* CE_CORRUPT, with a sentence, unless bytes are a whole block of rows of this type, checksum (if any) right, all parts
 * inside and in order, all bools 0 or 1. Safe for any bytes. */
ce_status cei_block_check(const ce_type *type, const void *bytes, size_t byte_count);

/* Hands out the rows of one block, batch by batch. */
typedef struct cei_block_reader {
    const ce_type *type;
    bool flat;
    uint8_t string_count; /* as in the writer */
    uint32_t string_offsets[CEI_BLOCK_STRINGS_MAX];
    const char *rows, *end; /* next row; end of the block, from which distances count */
    uint32_t left;
} cei_block_reader;

/* The block was checked or made in this process; it must outlive the reader and what it hands out. */
void cei_block_reader_open(cei_block_reader *reader, const ce_type *type, const ce_block *block);

/*
 * Up to count_max rows with real pointers (never NULL in a string). Flat rows are given in place; others are copied to
 * scratch (count_max * type->bytes, aligned to 8) and lists of non-flat elements to the arena. *rows is NULL at the end
 * or when memory is short (status then; the call can be made again).
 */
ce_status cei_block_reader_next(cei_block_reader *reader, uint32_t count_max, char *scratch, cei_arena *arena,
                                const char **rows, uint32_t *count);

#endif
