/*
 * store.c: map outputs in memory. Per shuffle an array of map outputs; per map output its blocks, sorted by reduce
 * partition, with an index of where each reduce partition begins.
 */
#include "shuffle/store.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/block.h"
#include <string.h>

struct map_output {
    bool there;
    cei_blocks blocks;
};

struct outputs {
    int32_t shuffle;
    uint32_t map_count, reduce_count, missing;
    struct map_output *maps;
};

struct cei_store {
    cei_lock lock;
    struct outputs *shuffles;
    uint32_t count, room;
};

ce_status cei_store_open(cei_store **store)
{
    *store = cei_alloc_zeroed(1, sizeof **store);
    if (!*store) {
        return CE_MEMORY;
    }
    cei_lock_open(&(*store)->lock);
    return CE_OK;
}

static void release_outputs(struct outputs *outputs)
{
    for (uint32_t map = 0; map < outputs->map_count; map++) {
        cei_blocks_close(&outputs->maps[map].blocks);
    }
    cei_free(outputs->maps);
}

void cei_store_close(cei_store *store)
{
    if (!store) {
        return;
    }
    for (uint32_t i = 0; i < store->count; i++) {
        release_outputs(&store->shuffles[i]);
    }
    cei_free(store->shuffles);
    cei_lock_close(&store->lock);
    cei_free(store);
}

static struct outputs *find_locked(cei_store *store, int32_t shuffle)
{
    uint32_t first = 0, end = store->count;
    while (first < end) {
        uint32_t middle = first + (end - first) / 2;
        if (store->shuffles[middle].shuffle < shuffle) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return first < store->count && store->shuffles[first].shuffle == shuffle ? &store->shuffles[first] : NULL;
}

static ce_status register_locked(cei_store *store, int32_t shuffle, uint32_t map_count, uint32_t reduce_count)
{
    if (find_locked(store, shuffle)) {
        return CE_OK;
    }
    if (store->count == store->room) {
        uint32_t room = store->room ? 2 * store->room : 8;
        struct outputs *shuffles = cei_realloc(store->shuffles, room * sizeof *shuffles);
        if (!shuffles) {
            return CE_MEMORY;
        }
        store->shuffles = shuffles;
        store->room = room;
    }
    struct map_output *maps = cei_alloc_zeroed(map_count ? map_count : 1, sizeof *maps);
    if (!maps) {
        return CE_MEMORY;
    }
    uint32_t at = store->count++;
    for (; at > 0 && store->shuffles[at - 1].shuffle > shuffle; at--) {
        store->shuffles[at] = store->shuffles[at - 1];
    }
    store->shuffles[at] = (struct outputs){shuffle, map_count, reduce_count, map_count, maps};
    return CE_OK;
}

ce_status cei_store_register(cei_store *store, int32_t shuffle, uint32_t map_count, uint32_t reduce_count)
{
    cei_lock_take(&store->lock);
    ce_status status = register_locked(store, shuffle, map_count, reduce_count);
    cei_lock_give(&store->lock);
    return status;
}

/* Sorts blocks by reduce partition, keeping the order within each: a counting sort. */
static ce_status sort_blocks(cei_blocks *blocks, uint32_t reduce_count)
{
    bool sorted = true;
    for (uint32_t i = 1; i < blocks->count && sorted; i++) {
        sorted = blocks->blocks[i - 1].partition <= blocks->blocks[i].partition;
    }
    if (sorted) {
        return CE_OK;
    }
    uint32_t *starts = cei_alloc_zeroed((size_t)reduce_count + 1, sizeof *starts);
    ce_block *order = cei_alloc_zeroed(blocks->count, sizeof *order);
    if (starts && order) {
        for (uint32_t i = 0; i < blocks->count; i++) {
            starts[blocks->blocks[i].partition + 1]++;
        }
        for (uint32_t i = 0; i < reduce_count; i++) {
            starts[i + 1] += starts[i];
        }
        for (uint32_t i = 0; i < blocks->count; i++) {
            order[starts[blocks->blocks[i].partition]++] = blocks->blocks[i];
        }
        memcpy(blocks->blocks, order, blocks->count * sizeof *order);
    }
    cei_free(order);
    cei_free(starts);
    return starts && order ? CE_OK : CE_MEMORY;
}

ce_status cei_store_put(cei_store *store, int32_t shuffle, uint32_t map, cei_blocks *blocks)
{
    cei_lock_take(&store->lock);
    struct outputs *outputs = find_locked(store, shuffle);
    ce_status status = outputs ? sort_blocks(blocks, outputs->reduce_count)
                               : cei_fail(CE_INTERNAL, "shuffle %d is not registered", shuffle);
    bool takes = status == CE_OK && map < outputs->map_count && !outputs->maps[map].there;
    if (takes) {
        outputs->maps[map] = (struct map_output){true, *blocks};
        outputs->missing--;
        *blocks = (cei_blocks){0};
    }
    cei_lock_give(&store->lock);
    cei_blocks_close(blocks);
    return status;
}

void cei_store_remove(cei_store *store, int32_t shuffle)
{
    cei_lock_take(&store->lock);
    struct outputs *outputs = find_locked(store, shuffle);
    if (outputs) {
        release_outputs(outputs);
        store->count--;
        size_t after = (size_t)(store->shuffles + store->count - outputs);
        memmove(outputs, outputs + 1, after * sizeof *outputs);
    }
    cei_lock_give(&store->lock);
}

bool cei_store_has(cei_store *store, int32_t shuffle, uint32_t map)
{
    cei_lock_take(&store->lock);
    const struct outputs *outputs = find_locked(store, shuffle);
    bool there = outputs && map < outputs->map_count && outputs->maps[map].there;
    cei_lock_give(&store->lock);
    return there;
}

uint32_t cei_store_missing(cei_store *store, int32_t shuffle)
{
    cei_lock_take(&store->lock);
    const struct outputs *outputs = find_locked(store, shuffle);
    uint32_t missing = outputs ? outputs->missing : UINT32_MAX;
    cei_lock_give(&store->lock);
    return missing;
}

/* The first block of a reduce partition in a map output. */
static uint32_t first_block(const cei_blocks *blocks, uint32_t reduce)
{
    uint32_t first = 0, end = blocks->count;
    while (first < end) {
        uint32_t middle = first + (end - first) / 2;
        if (blocks->blocks[middle].partition < reduce) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return first;
}

ce_status cei_store_fetch(cei_store *store, int32_t shuffle, uint32_t reduce,
                          ce_status (*each)(const ce_block *block, void *arg), void *arg)
{
    cei_lock_take(&store->lock);
    struct outputs *found = find_locked(store, shuffle);
    struct outputs outputs = found ? *found : (struct outputs){.shuffle = shuffle, .missing = 1};
    cei_lock_give(&store->lock);
    if (outputs.missing) {
        return cei_fail(CE_FETCH, "shuffle %d: %u of %u map outputs are missing", shuffle, outputs.missing,
                        outputs.map_count);
    }
    /* Complete outputs do not change any more: read without the lock. */
    for (uint32_t map = 0; map < outputs.map_count; map++) {
        const cei_blocks *blocks = &outputs.maps[map].blocks;
        for (uint32_t i = first_block(blocks, reduce); i < blocks->count && blocks->blocks[i].partition == reduce;
             i++) {
            ce_block view = blocks->blocks[i];
            view.release = NULL;
            view.owner = NULL;
            CE_TRY(each(&view, arg));
        }
    }
    return CE_OK;
}
