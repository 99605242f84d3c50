/* blocks.h: an ordered list of blocks, each owning its bytes: what a task gives for one partition. */
#ifndef CERIUM_DATA_BLOCKS_H
#define CERIUM_DATA_BLOCKS_H

#include <cerium/task.h>

/* Zeroed memory is an empty list. */
typedef struct cei_blocks {
    ce_block *blocks; /* on the heap */
    uint32_t count, room;
} cei_blocks;

/* Takes over the reference that *block owns (*block is empty then); on failure (CE_MEMORY) it is released. */
ce_status cei_blocks_push(cei_blocks *list, ce_block *block);

/* Releases every block and the list. */
void cei_blocks_close(cei_blocks *list);

#endif
