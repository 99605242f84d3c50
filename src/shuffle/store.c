/*
 * store.c: map outputs. Per shuffle an array of map outputs; per map output its blocks, sorted by reduce partition once
 * the attempt is committed.
 *
 * A block that holds pool memory is idle while nobody reads or writes it. Idle blocks of a shuffle hang in one list per
 * reduce partition, and the shuffles that have such blocks in one list by their last use, so that what is to be written
 * out is found without a search. The lock is not held while a block is written or read; a block that is being written
 * can be read all the same, and stays in memory then.
 */
#include "shuffle/store.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/thread.h"
#include "data/block.h"
#include "shuffle/spill.h"
#include <stdatomic.h>
#include <string.h>
#include <sys/queue.h>

struct stored {
    cei_lender lender; /* first */
    struct outputs *outputs;
    ce_block given;          /* what a fetch hands out; does not change */
    ce_block block;          /* owns the bytes, in memory or in the spill file */
    LIST_ENTRY(stored) idle; /* of its reduce partition, while it is idle */
    uint32_t readers;
    bool writing;
};

struct entry {
    uint32_t partition; /* reduce partition: here, where a search reads it */
    struct stored *stored;
};

/* What one attempt has added. */
struct attempt {
    SLIST_ENTRY(attempt) next;
    uint32_t number;
    uint32_t count, room;
    struct entry *entries; /* on the heap */
};

struct map_output {
    bool there;
    uint32_t count;
    struct entry *entries;          /* sorted by reduce partition; of the attempt that was committed */
    SLIST_HEAD(, attempt) attempts; /* under way */
};

LIST_HEAD(idle_list, stored);

struct outputs {
    cei_store *store;
    int32_t shuffle;
    uint32_t map_count, reduce_count, missing;
    struct map_output *maps;
    struct idle_list *idle; /* by reduce partition; NULL until a block holds pool memory */
    uint32_t idle_end;      /* the lists from here on are empty */
    uint64_t idle_count;
    TAILQ_ENTRY(outputs) by_use; /* of the store, while a block is idle */
    cei_spill_file *spill;       /* NULL until a block is written out */
};

struct cei_store {
    cei_lock lock;
    cei_condition written; /* a block has been */
    const char *spill_directory;
    struct outputs **shuffles; /* by number */
    uint32_t count, room;
    TAILQ_HEAD(, outputs) by_use; /* least lately used first */
    uint32_t writing;             /* blocks that are being written */
    uint64_t written_count;       /* that have left memory */
    _Atomic(uint64_t) spilled_memory_bytes, spilled_disk_bytes;
};

ce_status cei_store_open(cei_store **store, const char *spill_directory)
{
    *store = cei_alloc_zeroed(1, sizeof **store);
    if (!*store) {
        return CE_MEMORY;
    }
    (*store)->spill_directory = spill_directory;
    cei_lock_open(&(*store)->lock);
    cei_condition_open(&(*store)->written);
    TAILQ_INIT(&(*store)->by_use);
    return CE_OK;
}

/* ---- one block ---- */

static void add_idle_locked(struct stored *stored)
{
    struct outputs *outputs = stored->outputs;
    const uint32_t partition = stored->given.partition;
    LIST_INSERT_HEAD(&outputs->idle[partition], stored, idle);
    if (outputs->idle_end <= partition) {
        outputs->idle_end = partition + 1;
    }
    if (outputs->idle_count++ == 0) {
        TAILQ_INSERT_TAIL(&outputs->store->by_use, outputs, by_use);
    }
}

static void remove_idle_locked(struct stored *stored)
{
    struct outputs *outputs = stored->outputs;
    LIST_REMOVE(stored, idle);
    if (--outputs->idle_count == 0) {
        TAILQ_REMOVE(&outputs->store->by_use, outputs, by_use);
    }
}

/* Such blocks are lent to those who fetch them. Others stay where they are: small ones on the heap. */
static bool holds_pool_memory(const struct stored *stored)
{
    return stored->given.owner == stored;
}

static bool is_idle_locked(const struct stored *stored)
{
    return holds_pool_memory(stored) && stored->block.bytes && stored->readers == 0 && !stored->writing;
}

static void release_stored_locked(cei_store *store, struct stored *stored)
{
    while (stored->writing) {
        cei_condition_wait(&store->written, &store->lock);
    }
    if (is_idle_locked(stored)) {
        remove_idle_locked(stored);
    }
    cei_block_release(&stored->block);
    cei_free(stored);
}

static void release_entries_locked(cei_store *store, struct entry *entries, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        release_stored_locked(store, entries[i].stored);
    }
    cei_free(entries);
}

static void end_reading(ce_block *block)
{
    struct stored *stored = block->owner;
    cei_lock *lock = &stored->outputs->store->lock;
    cei_lock_take(lock);
    stored->readers--;
    if (is_idle_locked(stored)) {
        add_idle_locked(stored);
    }
    cei_lock_give(lock);
}

static ce_status load(cei_lender *lender, const ce_block *lent, cei_pool *pool, ce_block *loaded)
{
    (void)lent;
    struct stored *stored = (struct stored *)lender;
    cei_lock *lock = &stored->outputs->store->lock;
    cei_lock_take(lock);
    const bool in_memory = stored->block.bytes;
    *loaded = stored->block;
    loaded->release = NULL;
    if (in_memory) {
        if (is_idle_locked(stored)) {
            remove_idle_locked(stored);
        }
        stored->readers++;
        loaded->release = end_reading;
        loaded->owner = stored;
    }
    cei_lock_give(lock);
    return cei_block_load(loaded, pool); /* what is on disk stays there */
}

static void will_load(cei_lender *lender, const ce_block *lent)
{
    (void)lent;
    struct stored *stored = (struct stored *)lender;
    cei_lock *lock = &stored->outputs->store->lock;
    cei_lock_take(lock);
    const ce_block block = stored->block;
    cei_lock_give(lock);
    cei_block_will_load(&block);
}

/* ---- shuffles ---- */

/* Where the shuffle is, or would be. */
static uint32_t index_locked(const cei_store *store, int32_t shuffle)
{
    uint32_t first = 0, end = store->count;
    while (first < end) {
        uint32_t middle = first + (end - first) / 2;
        if (store->shuffles[middle]->shuffle < shuffle) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return first;
}

static struct outputs *find_locked(const cei_store *store, int32_t shuffle)
{
    const uint32_t index = index_locked(store, shuffle);
    return index < store->count && store->shuffles[index]->shuffle == shuffle ? store->shuffles[index] : NULL;
}

static struct map_output *find_map_locked(const cei_store *store, int32_t shuffle, uint32_t map)
{
    struct outputs *outputs = find_locked(store, shuffle);
    return outputs && map < outputs->map_count ? &outputs->maps[map] : NULL;
}

static void release_attempt_locked(cei_store *store, struct attempt *attempt)
{
    if (attempt) {
        release_entries_locked(store, attempt->entries, attempt->count);
        cei_free(attempt);
    }
}

static void release_outputs_locked(cei_store *store, struct outputs *outputs)
{
    for (uint32_t i = 0; i < outputs->map_count; i++) {
        struct map_output *map = &outputs->maps[i];
        release_entries_locked(store, map->entries, map->count);
        while (!SLIST_EMPTY(&map->attempts)) {
            struct attempt *attempt = SLIST_FIRST(&map->attempts);
            SLIST_REMOVE_HEAD(&map->attempts, next);
            release_attempt_locked(store, attempt);
        }
    }
    cei_spill_drop(outputs->spill);
    cei_free(outputs->maps);
    cei_free(outputs->idle);
    cei_free(outputs);
}

void cei_store_close(cei_store *store)
{
    if (!store) {
        return;
    }
    cei_lock_take(&store->lock);
    for (uint32_t i = 0; i < store->count; i++) {
        release_outputs_locked(store, store->shuffles[i]);
    }
    cei_lock_give(&store->lock);
    cei_free(store->shuffles);
    cei_condition_close(&store->written);
    cei_lock_close(&store->lock);
    cei_free(store);
}

static ce_status register_locked(cei_store *store, int32_t shuffle, uint32_t map_count, uint32_t reduce_count)
{
    if (find_locked(store, shuffle)) {
        return CE_OK;
    }
    if (store->count == store->room) {
        uint32_t room = store->room ? 2 * store->room : 8;
        struct outputs **shuffles = cei_realloc(store->shuffles, room * sizeof *shuffles);
        if (!shuffles) {
            return CE_MEMORY;
        }
        store->shuffles = shuffles;
        store->room = room;
    }
    struct outputs *outputs = cei_alloc_zeroed(1, sizeof *outputs);
    struct map_output *maps = cei_alloc_zeroed(map_count ? map_count : 1, sizeof *maps);
    if (!outputs || !maps) {
        cei_free(maps);
        cei_free(outputs);
        return CE_MEMORY;
    }
    outputs->store = store;
    outputs->shuffle = shuffle;
    outputs->map_count = outputs->missing = map_count;
    outputs->reduce_count = reduce_count;
    outputs->maps = maps;
    const uint32_t index = index_locked(store, shuffle);
    struct outputs **at = store->shuffles + index;
    memmove(at + 1, at, (store->count++ - index) * sizeof *at);
    *at = outputs;
    return CE_OK;
}

ce_status cei_store_register(cei_store *store, int32_t shuffle, uint32_t map_count, uint32_t reduce_count)
{
    cei_lock_take(&store->lock);
    ce_status status = register_locked(store, shuffle, map_count, reduce_count);
    cei_lock_give(&store->lock);
    return status;
}

void cei_store_remove(cei_store *store, int32_t shuffle)
{
    cei_lock_take(&store->lock);
    const uint32_t index = index_locked(store, shuffle);
    struct outputs *outputs = find_locked(store, shuffle);
    if (outputs) {
        struct outputs **at = store->shuffles + index;
        memmove(at, at + 1, (--store->count - index) * sizeof *at);
        release_outputs_locked(store, outputs);
    }
    cei_lock_give(&store->lock);
}

bool cei_store_has(cei_store *store, int32_t shuffle, uint32_t map)
{
    cei_lock_take(&store->lock);
    const struct map_output *output = find_map_locked(store, shuffle, map);
    bool there = output && output->there;
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

/* ---- attempts ---- */

/* NULL when there is none of this number. */
static struct attempt *find_attempt_locked(struct map_output *map, uint32_t number)
{
    struct attempt *attempt = SLIST_FIRST(&map->attempts);
    while (attempt && attempt->number != number) {
        attempt = SLIST_NEXT(attempt, next);
    }
    return attempt;
}

static struct attempt *take_attempt_locked(struct map_output *map, uint32_t number)
{
    struct attempt *attempt = find_attempt_locked(map, number);
    if (attempt) {
        SLIST_REMOVE(&map->attempts, attempt, attempt, next);
    }
    return attempt;
}

static struct attempt *begin_attempt_locked(struct map_output *map, uint32_t number)
{
    struct attempt *attempt = find_attempt_locked(map, number);
    if (!attempt && (attempt = cei_alloc_zeroed(1, sizeof *attempt))) {
        attempt->number = number;
        SLIST_INSERT_HEAD(&map->attempts, attempt, next);
    }
    return attempt;
}

static ce_status grow(struct attempt *attempt)
{
    if (attempt->count < attempt->room) {
        return CE_OK;
    }
    const uint32_t room = attempt->room ? 2 * attempt->room : 8;
    struct entry *entries = cei_realloc(attempt->entries, room * sizeof *entries);
    if (!entries) {
        return CE_MEMORY;
    }
    attempt->entries = entries;
    attempt->room = room;
    return CE_OK;
}

static ce_status add_locked(cei_store *store, int32_t shuffle, uint32_t map, uint32_t number, struct stored *stored)
{
    struct outputs *outputs = find_locked(store, shuffle);
    const uint32_t partition = stored->given.partition;
    if (!outputs || map >= outputs->map_count || partition >= outputs->reduce_count) {
        return cei_fail(CE_INTERNAL, "shuffle %d: no map partition %u or no reduce partition %u is registered", shuffle,
                        map, partition);
    }
    if (holds_pool_memory(stored) && !outputs->idle) {
        outputs->idle = cei_alloc_zeroed(outputs->reduce_count, sizeof *outputs->idle);
        if (!outputs->idle) {
            return CE_MEMORY;
        }
    }
    struct attempt *attempt = begin_attempt_locked(&outputs->maps[map], number);
    if (!attempt || grow(attempt) != CE_OK) {
        return CE_MEMORY;
    }
    stored->outputs = outputs;
    attempt->entries[attempt->count++] = (struct entry){partition, stored};
    if (is_idle_locked(stored)) {
        add_idle_locked(stored);
    }
    return CE_OK;
}

ce_status cei_store_add(cei_store *store, int32_t shuffle, uint32_t map, uint32_t attempt, ce_block *block)
{
    struct stored *stored = cei_alloc_zeroed(1, sizeof *stored);
    if (!stored) {
        cei_block_release(block);
        return CE_MEMORY;
    }
    stored->lender = (cei_lender){load, will_load};
    stored->block = stored->given = *block;
    stored->given.release = NULL;
    if (cei_block_memory_bytes(block)) {
        stored->given.bytes = NULL;
        stored->given.owner = stored;
    }
    *block = (ce_block){0};
    cei_lock_take(&store->lock);
    ce_status status = add_locked(store, shuffle, map, attempt, stored);
    cei_lock_give(&store->lock);
    if (status != CE_OK) {
        cei_block_release(&stored->block);
        cei_free(stored);
    }
    return status;
}

/* Sorts entries by reduce partition, keeping the order within each: a counting sort. */
static ce_status sort_entries(struct entry *entries, uint32_t count, uint32_t reduce_count)
{
    bool sorted = true;
    for (uint32_t i = 1; i < count && sorted; i++) {
        sorted = entries[i - 1].partition <= entries[i].partition;
    }
    if (sorted) {
        return CE_OK;
    }
    uint32_t *starts = cei_alloc_zeroed((size_t)reduce_count + 1, sizeof *starts);
    struct entry *order = cei_alloc(count * sizeof *order);
    if (starts && order) {
        for (uint32_t i = 0; i < count; i++) {
            starts[entries[i].partition + 1]++;
        }
        for (uint32_t i = 0; i < reduce_count; i++) {
            starts[i + 1] += starts[i];
        }
        for (uint32_t i = 0; i < count; i++) {
            order[starts[entries[i].partition]++] = entries[i];
        }
        memcpy(entries, order, count * sizeof *order);
    }
    cei_free(order);
    cei_free(starts);
    return starts && order ? CE_OK : CE_MEMORY;
}

ce_status cei_store_commit(cei_store *store, int32_t shuffle, uint32_t map, uint32_t attempt)
{
    cei_lock_take(&store->lock);
    struct outputs *outputs = find_locked(store, shuffle);
    struct map_output *to = find_map_locked(store, shuffle, map);
    struct attempt *ended = to ? take_attempt_locked(to, attempt) : NULL;
    cei_lock_give(&store->lock);
    if (!to) {
        return cei_fail(CE_INTERNAL, "shuffle %d: no map partition %u is registered", shuffle, map);
    }
    ce_status status = ended ? sort_entries(ended->entries, ended->count, outputs->reduce_count) : CE_OK;
    cei_lock_take(&store->lock);
    if (status == CE_OK && !to->there) {
        to->there = true;
        outputs->missing--;
        if (ended) {
            to->entries = ended->entries;
            to->count = ended->count;
            ended->entries = NULL;
            ended->count = 0;
        }
    }
    release_attempt_locked(store, ended);
    cei_lock_give(&store->lock);
    return status;
}

void cei_store_abort(cei_store *store, int32_t shuffle, uint32_t map, uint32_t attempt)
{
    cei_lock_take(&store->lock);
    struct map_output *to = find_map_locked(store, shuffle, map);
    release_attempt_locked(store, to ? take_attempt_locked(to, attempt) : NULL);
    cei_lock_give(&store->lock);
}

/* ---- reading ---- */

/* The first block of a reduce partition in a map output. */
static uint32_t first_entry(const struct map_output *map, uint32_t reduce)
{
    uint32_t first = 0, end = map->count;
    while (first < end) {
        uint32_t middle = first + (end - first) / 2;
        if (map->entries[middle].partition < reduce) {
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
    struct outputs *outputs = find_locked(store, shuffle);
    const uint32_t map_count = outputs ? outputs->map_count : 0, missing = outputs ? outputs->missing : 1;
    if (outputs && outputs->idle_count) {
        TAILQ_REMOVE(&store->by_use, outputs, by_use);
        TAILQ_INSERT_TAIL(&store->by_use, outputs, by_use);
    }
    cei_lock_give(&store->lock);
    if (missing) {
        return cei_fail(CE_FETCH, "shuffle %d: %u of %u map outputs are missing", shuffle, missing, map_count);
    }
    /* Which blocks complete outputs have does not change any more: read without the lock. */
    for (uint32_t i = 0; i < map_count; i++) {
        const struct map_output *map = &outputs->maps[i];
        for (uint32_t at = first_entry(map, reduce); at < map->count && map->entries[at].partition == reduce; at++) {
            CE_TRY(each(&map->entries[at].stored->given, arg));
        }
    }
    return CE_OK;
}

/* ---- writing out ---- */

/* The block to be written next, which is not idle any more; NULL when none is. */
static struct stored *take_idle_locked(cei_store *store)
{
    struct outputs *outputs = TAILQ_FIRST(&store->by_use);
    if (!outputs) {
        return NULL;
    }
    while (LIST_EMPTY(&outputs->idle[outputs->idle_end - 1])) {
        outputs->idle_end--;
    }
    struct stored *stored = LIST_FIRST(&outputs->idle[outputs->idle_end - 1]);
    remove_idle_locked(stored);
    stored->writing = true;
    store->writing++;
    return stored;
}

/* The spill file of a shuffle of which a block is being written. */
static ce_status spill_file_of(struct outputs *outputs, cei_spill_file **file)
{
    cei_store *store = outputs->store;
    cei_lock_take(&store->lock);
    *file = outputs->spill;
    cei_lock_give(&store->lock);
    if (*file) {
        return CE_OK;
    }
    cei_spill_file *made;
    CE_TRY(cei_spill_open(&made, store->spill_directory));
    cei_lock_take(&store->lock);
    if (!outputs->spill) {
        outputs->spill = made;
        made = NULL;
    }
    *file = outputs->spill;
    cei_lock_give(&store->lock);
    cei_spill_drop(made); /* another thread was faster */
    return CE_OK;
}

/* Makes *spilled the block on disk; the bytes in memory stay. */
static ce_status write_out(struct stored *stored, ce_block *spilled)
{
    cei_spill_file *file;
    uint64_t written;
    *spilled = stored->block;
    spilled->release = NULL;
    CE_TRY(spill_file_of(stored->outputs, &file));
    CE_TRY(cei_spill_block(file, spilled, &written));
    atomic_fetch_add_explicit(&stored->outputs->store->spilled_disk_bytes, written, memory_order_relaxed);
    return CE_OK;
}

/* spilled is NULL when writing failed. Returns the bytes of memory that are free now. */
static uint64_t end_writing_locked(cei_store *store, struct stored *stored, ce_block *spilled)
{
    uint64_t freed = 0;
    stored->writing = false;
    store->writing--;
    if (spilled && stored->readers == 0) {
        freed = cei_block_memory_bytes(&stored->block);
        cei_block_release(&stored->block);
        stored->block = *spilled;
        store->written_count++;
        atomic_fetch_add_explicit(&store->spilled_memory_bytes, freed, memory_order_relaxed);
    } else if (spilled) {
        cei_block_release(spilled); /* somebody reads the one in memory */
    }
    if (is_idle_locked(stored)) {
        add_idle_locked(stored);
    }
    cei_condition_broadcast(&store->written);
    return freed;
}

bool cei_store_give_back(void *arg, uint64_t bytes)
{
    cei_store *store = arg;
    struct stored *stored;
    uint64_t freed = 0;
    ce_status status = CE_OK;
    cei_lock_take(&store->lock);
    while (freed < bytes && status == CE_OK && (stored = take_idle_locked(store))) {
        ce_block spilled;
        cei_lock_give(&store->lock);
        status = write_out(stored, &spilled);
        cei_lock_take(&store->lock);
        freed += end_writing_locked(store, stored, status == CE_OK ? &spilled : NULL);
    }
    bool given = freed > 0;
    if (!given && status == CE_OK) { /* the last ones may be on their way */
        const uint64_t before = store->written_count;
        while (store->writing && store->written_count == before) {
            cei_condition_wait(&store->written, &store->lock);
        }
        given = store->written_count != before;
    }
    cei_lock_give(&store->lock);
    return given;
}

void cei_store_spilled(const cei_store *store, uint64_t *memory_bytes, uint64_t *disk_bytes)
{
    *memory_bytes = atomic_load_explicit(&store->spilled_memory_bytes, memory_order_relaxed);
    *disk_bytes = atomic_load_explicit(&store->spilled_disk_bytes, memory_order_relaxed);
}
