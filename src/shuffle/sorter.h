/*
 * sorter.h: rows in any number in, the same rows in order out, in bounded memory.
 *
 *     rows -> entries (prefix of the key, row) in memory -> sorted -> out
 *                       | share is used up
 *                       v
 *             sorted run of blocks on disk ... merged with the others by a tree of losers -> out
 *
 * Equal rows keep the order in which they came.
 */
#ifndef CERIUM_SHUFFLE_SORTER_H
#define CERIUM_SHUFFLE_SORTER_H

#include "shuffle/order.h"
#include "shuffle/share.h"
#include <cerium/task.h>

typedef struct cei_sorter cei_sorter;

/* order and share must outlive the sorter, which adds itself to the share's holders. CE_UNSUPPORTED: derived keys of
 * more than 4096 bytes. */
ce_status cei_sorter_open(cei_sorter **sorter, const cei_order *order, cei_share *share);
void cei_sorter_close(cei_sorter *sorter); /* NULL is fine */

/* Copies count rows deep. May write a run to disk, and calls derive and compare then. CE_MEMORY, CE_IO. */
ce_status cei_sorter_push(cei_sorter *sorter, const char *rows, uint32_t count);

/* Takes over a block of rows (made in this process or loaded), which is sorted in place, without a copy of its parts;
 * *block is empty then, on failure too. */
ce_status cei_sorter_push_block(cei_sorter *sorter, ce_block *block);

/* Whether rows have gone to disk. */
bool cei_sorter_has_spilled(const cei_sorter *sorter);

/* No more rows. */
ce_status cei_sorter_finish(cei_sorter *sorter);

/* The next 1 to count_max rows in order; *count 0 at the end. Valid until the next call. */
ce_status cei_sorter_next(cei_sorter *sorter, uint32_t count_max, const char **rows, uint32_t *count);

#endif
