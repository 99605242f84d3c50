/*
 * store.h: where map outputs wait for reduce tasks: blocks by shuffle, map partition and reduce partition, in memory
 * or, when that is short, in spill files.
 *
 * A map task adds blocks while it runs, so that it never holds its whole output; they become visible together, when the
 * attempt is committed. Blocks stay until the store closes or the shuffle is removed: a second job over the same
 * shuffle finds them and skips the stage.
 *
 *     add, add ... commit --> [ in memory ] --> fetch: lent blocks --> cei_block_load: in place, or from disk
 *             or abort             |  give_back: those that nobody reads, the ones that are read last first
 *                                  v
 *                       a spill file per shuffle
 */
#ifndef CERIUM_SHUFFLE_STORE_H
#define CERIUM_SHUFFLE_STORE_H

#include "data/blocks.h"
#include <stdbool.h>

typedef struct cei_store cei_store;

/* The directory of its spill files is borrowed; NULL as for cei_spill_open. */
ce_status cei_store_open(cei_store **store, const char *spill_directory);
/* No block may be loaded any more. store may be NULL. */
void cei_store_close(cei_store *store);

/* Makes room for a shuffle's outputs; known already is CE_OK. */
ce_status cei_store_register(cei_store *store, int32_t shuffle, uint32_t map_count, uint32_t reduce_count);

/* Takes over a block that this attempt of a map task has made (its partition says for which reduce partition it is), on
 * failure too. Blocks that hold pool memory may be written out from now on. */
ce_status cei_store_add(cei_store *store, int32_t shuffle, uint32_t map, uint32_t attempt, ce_block *block);

/* Makes the blocks of an attempt the output of its map partition. The first commit of a partition stays; what a later
 * one has added is released. On failure too the attempt has ended. */
ce_status cei_store_commit(cei_store *store, int32_t shuffle, uint32_t map, uint32_t attempt);
/* Releases what an attempt has added. One that has added nothing, or has ended, is fine. */
void cei_store_abort(cei_store *store, int32_t shuffle, uint32_t map, uint32_t attempt);

/* Whether map partition's output is there; cei_store_missing counts those that are not. */
bool cei_store_has(cei_store *store, int32_t shuffle, uint32_t map);
uint32_t cei_store_missing(cei_store *store, int32_t shuffle);

/* Releases a shuffle's outputs, for one that no later job can ask for; not while a task reads them. An unknown one is
 * fine. */
void cei_store_remove(cei_store *store, int32_t shuffle);

/*
 * Calls each for every block of a reduce partition, by map partition, and in the order in which they were added. The
 * block owns nothing and needs no release. Mostly it is lent: cei_block_load gives the bytes, which then stay in memory
 * until they are released. Stops at a failure and returns it. CE_FETCH when a map output is missing.
 */
ce_status cei_store_fetch(cei_store *store, int32_t shuffle, uint32_t reduce,
                          ce_status (*each)(const ce_block *block, void *arg), void *arg);

/*
 * Writes blocks that nobody reads to disk until so many bytes of pool memory are free, and says whether any are: by
 * this call, or meanwhile by another thread's. Of the shuffle that was used least lately first, and there of the reduce
 * partitions with the highest numbers. A failure's sentence is stored. store is a cei_store: this is what
 * cei_pool_on_short wants. Any thread.
 */
bool cei_store_give_back(void *store, uint64_t bytes);

/* What has been written to disk so far: the memory that this gave back, and the bytes in the files. */
void cei_store_spilled(const cei_store *store, uint64_t *memory_bytes, uint64_t *disk_bytes);

#endif
