/*
 * spill.h: blocks of rows on disk, for as long as this process needs them.
 *
 * A spill file has no name: it is removed from its folder as soon as it is open, so that the system takes it back
 * whatever way the process ends, and no start ever has to clean up. Blocks are appended in the format of data/block.h,
 * each with its checksum, one behind the other from offset 0; a block that is written is replaced by a lent one (no
 * bytes in memory, see data/block.h), which cei_block_load reads back and checks.
 *
 *     [ block | block | block ...      the file closes when its opener and all its blocks have let go of it
 */
#ifndef CERIUM_SHUFFLE_SPILL_H
#define CERIUM_SHUFFLE_SPILL_H

#include "data/block.h"
#include "data/blocks.h"
#include "shuffle/share.h"

typedef struct cei_spill_file cei_spill_file;

/* directory: NULL is $TMPDIR, else /tmp. CE_IO names the folder. The caller drops the file. */
ce_status cei_spill_open(cei_spill_file **file, const char *directory);

/* Lets go of the opener's reference. file may be NULL. */
void cei_spill_drop(cei_spill_file *file);

/*
 * Writes a block (in memory, made in this process) and replaces *block by a lent one with the same partition, rows and
 * byte_count; its memory is released. A lent block stays as it is. On failure *block is as it was: CE_IO ("... No space
 * left on device"), CE_MEMORY. Any thread. *written: bytes added to the file (may be NULL).
 */
ce_status cei_spill_block(cei_spill_file *file, ce_block *block, uint64_t *written);

/* Blocks that an operator keeps, in memory as far as its share goes; what exceeds it goes to a file of its own. */
typedef struct cei_spiller {
    cei_share *share;
    cei_spill_file *file; /* NULL until a block is written; dropped by the owner */
    uint64_t held_bytes;  /* in memory */
} cei_spiller;

/* Moves a block to the list, in memory, lent, or written out and counted so. On failure it is released. */
ce_status cei_spiller_keep(cei_spiller *spiller, cei_blocks *list, ce_block *block);

/* For tests: the descriptor, to damage what was written. */
int cei_spill_descriptor(const cei_spill_file *file);

#endif
