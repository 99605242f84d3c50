/*
 * blocks.c: an ordered list of blocks that own their bytes. The list grows by doubling; closing it releases each block
 * once.
 */
#include "data/blocks.h"
#include "base/memory.h"
#include "data/block.h"

ce_status cei_blocks_push(cei_blocks *list, ce_block *block)
{
    if (list->count == list->room) {
        uint32_t room = list->room ? 2 * list->room : 1;
        ce_block *blocks = cei_realloc(list->blocks, room * sizeof *blocks);
        if (!blocks) {
            cei_block_release(block);
            return CE_MEMORY;
        }
        list->blocks = blocks;
        list->room = room;
    }
    list->blocks[list->count++] = *block;
    *block = (ce_block){0};
    return CE_OK;
}

void cei_blocks_close(cei_blocks *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        cei_block_release(&list->blocks[i]);
    }
    cei_free(list->blocks);
    *list = (cei_blocks){0};
}
