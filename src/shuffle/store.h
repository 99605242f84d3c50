/*
 * store.h: where map outputs wait for reduce tasks: blocks by shuffle, map partition and reduce partition.
 *
 * A map task's blocks are put as a whole when its attempt has succeeded, so a failed attempt leaves nothing. Blocks
 * stay until the store closes or the shuffle is removed: a second job over the same shuffle finds them and skips the
 * stage. Blocks are handed to tasks by reference.
 */
#ifndef CERIUM_SHUFFLE_STORE_H
#define CERIUM_SHUFFLE_STORE_H

#include "base/thread.h"
#include "data/blocks.h"

typedef struct cei_store cei_store;

ce_status cei_store_open(cei_store **store);
void cei_store_close(cei_store *store);

/* Makes room for a shuffle's outputs; known already is CE_OK. */
ce_status cei_store_register(cei_store *store, int32_t shuffle, uint32_t map_count, uint32_t reduce_count);

/* Takes over all blocks of one map partition (each block's partition says for which reduce partition it is); the first
 * put of a partition stays, a later one is released. */
ce_status cei_store_put(cei_store *store, int32_t shuffle, uint32_t map, cei_blocks *blocks);

/* Whether map partition's output is there; cei_store_missing counts those that are not. */
bool cei_store_has(cei_store *store, int32_t shuffle, uint32_t map);
uint32_t cei_store_missing(cei_store *store, int32_t shuffle);

/* Releases a shuffle's outputs, for one that no later job can ask for; not while a task reads them. An unknown one is
 * fine. */
void cei_store_remove(cei_store *store, int32_t shuffle);

/* Calls each for every block of a reduce partition, by map partition. The block does not own its bytes: the store
 * does. Stops at a failure and returns it. CE_FETCH when a map output is missing. */
ce_status cei_store_fetch(cei_store *store, int32_t shuffle, uint32_t reduce,
                          ce_status (*each)(const ce_block *block, void *arg), void *arg);

#endif
