/*
 * pool.c: recycled pages in size classes, under one lock.
 *
 * A piece of more than 64 KiB is a mapping of its own. Smaller ones are carved from chunks of 1 MiB, so that a fresh
 * context costs a few system calls and not one per piece. A chunk serves one class, starts at a multiple of 1 MiB,
 * and its header lies right behind it, where any piece finds it by its address:
 *
 *   chunk   [ piece | piece | piece | not yet carved ][ header: pieces in use ]
 *           ^ multiple of 1 MiB                       ^ + 1 MiB
 *
 * Idle pieces of a class are linked through their first word. The lock is held for a few instructions, except while
 * memory is mapped or returned, which recycling makes rare.
 *
 * Interface: cei_pool_open, cei_pool_close, cei_pool_piece_bytes, cei_pool_take, cei_pool_grow, cei_pool_give,
 *            cei_pool_on_short, cei_pool_used
 */
#include "base/pool.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/memory.h"
#include "base/poison.h"
#include "base/thread.h"
#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

enum {
    CLASS_MIN = 12,        /* 4 KiB, a page */
    CLASS_CARVED_MAX = 16, /* 64 KiB: a chunk holds at least 16 */
    CLASS_MAX = 40,        /* 1 TiB */
    CHUNK_BYTES = 1 << 20,
    HUGE_BYTES = 2 << 20,
    CHUNK_HEADER_BYTES = 1 << CLASS_MIN,
};

/* Lies at chunk + CHUNK_BYTES. */
struct chunk {
    struct chunk *next;
    uint32_t used; /* pieces taken and not given back */
    uint32_t class;
};

/* The first word of an idle piece. */
struct idle {
    struct idle *next;
};

struct size_class {
    struct idle *idle;
    char *fresh, *fresh_end; /* what is not yet carved of the newest chunk */
    struct chunk *chunks;
};

struct cei_pool {
    cei_lock lock;
    uint64_t limit_bytes;
    cei_pool_usage usage;
    bool (*give_back)(void *arg, uint64_t bytes); /* NULL: nobody */
    void *give_back_arg;
    struct size_class classes[CLASS_MAX + 1];
};

static unsigned class_of(size_t bytes)
{
    if (bytes <= (size_t)1 << CLASS_MIN) {
        return CLASS_MIN;
    }
    return 64 - (unsigned)__builtin_clzll(bytes - 1);
}

static struct chunk *chunk_of(void *piece)
{
    return (struct chunk *)(((uintptr_t)piece & ~(uintptr_t)(CHUNK_BYTES - 1)) + CHUNK_BYTES);
}

static struct idle *next_idle(struct idle *piece)
{
    CEI_UNPOISON(piece, sizeof *piece);
    struct idle *next = piece->next;
    CEI_POISON(piece, sizeof *piece);
    return next;
}

/* Fails only for want of kernel memory; what stays mapped then is lost address space and no more. Marks of the
 * sanitizer are taken off first: somebody else gets these addresses next. */
static void unmap(void *at, size_t bytes)
{
    CEI_UNPOISON(at, bytes);
    (void)munmap(at, bytes);
}

static void *map(size_t bytes)
{
    if (cei_fault_hit(CEI_FAULT_SYSTEM_CALL)) {
        return NULL;
    }
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

/* A hash table of many megabytes is read at random: with pages of 2 MiB nearly every read finds its page in the
 * processor's table of pages. Whether the system has such pages to give is its own affair. */
static void *map_huge(size_t bytes)
{
    char *mapped = map(bytes + HUGE_BYTES);
    if (!mapped) {
        return NULL;
    }
    size_t before = -(uintptr_t)mapped & (HUGE_BYTES - 1);
    char *start = mapped + before;
    if (before > 0) {
        unmap(mapped, before);
    }
    unmap(start + bytes, HUGE_BYTES - before);
    (void)madvise(start, bytes, MADV_HUGEPAGE);
    return start;
}

static bool add_chunk_locked(struct size_class *in, unsigned class)
{
    const size_t kept = CHUNK_BYTES + CHUNK_HEADER_BYTES;
    char *mapped = map(kept + CHUNK_BYTES);
    if (!mapped) {
        return false;
    }
    size_t before = -(uintptr_t)mapped & (CHUNK_BYTES - 1);
    char *start = mapped + before;
    if (before > 0) {
        unmap(mapped, before);
    }
    if (before < CHUNK_BYTES) {
        unmap(start + kept, CHUNK_BYTES - before);
    }
    struct chunk *chunk = (struct chunk *)(void *)(start + CHUNK_BYTES);
    *chunk = (struct chunk){.next = in->chunks, .class = class};
    in->chunks = chunk;
    in->fresh = start;
    in->fresh_end = start + CHUNK_BYTES;
    CEI_POISON(start, CHUNK_BYTES);
    return true;
}

/* Returns the chunks of a class that have no piece in use. All their carved pieces are idle then, and leave the list
 * first. */
static void trim_carved_locked(cei_pool *pool, unsigned class)
{
    struct size_class *in = &pool->classes[class];
    struct idle *kept = NULL;
    for (struct idle *piece = in->idle, *next; piece; piece = next) {
        next = next_idle(piece);
        if (chunk_of(piece)->used == 0) {
            pool->usage.idle_bytes -= (uint64_t)1 << class;
            continue;
        }
        CEI_UNPOISON(piece, sizeof *piece);
        piece->next = kept;
        CEI_POISON(piece, sizeof *piece);
        kept = piece;
    }
    in->idle = kept;
    for (struct chunk **at = &in->chunks; *at;) {
        struct chunk *chunk = *at;
        if (chunk->used > 0) {
            at = &chunk->next;
            continue;
        }
        *at = chunk->next;
        char *start = (char *)chunk - CHUNK_BYTES;
        if (in->fresh_end == (char *)chunk) {
            in->fresh = in->fresh_end = NULL;
        }
        unmap(start, CHUNK_BYTES + CHUNK_HEADER_BYTES);
    }
}

/* Returns idle memory to the system, the largest pieces first, until no more than bytes are idle. */
static void trim_locked(cei_pool *pool, uint64_t bytes)
{
    for (unsigned class = CLASS_MAX; class > CLASS_CARVED_MAX; class --) {
        struct size_class *in = &pool->classes[class];
        while (in->idle && pool->usage.idle_bytes > bytes) {
            struct idle *piece = in->idle;
            in->idle = next_idle(piece);
            pool->usage.idle_bytes -= (uint64_t)1 << class;
            unmap(piece, (size_t)1 << class);
        }
    }
    for (unsigned class = CLASS_CARVED_MAX; class >= CLASS_MIN && pool->usage.idle_bytes > bytes; class --) {
        trim_carved_locked(pool, class);
    }
}

static void *fresh_piece_locked(struct size_class *in, unsigned class)
{
    const size_t bytes = (size_t)1 << class;
    if (class > CLASS_CARVED_MAX) {
        return bytes >= HUGE_BYTES ? map_huge(bytes) : map(bytes);
    }
    if (in->fresh == in->fresh_end && !add_chunk_locked(in, class)) {
        return NULL;
    }
    char *piece = in->fresh;
    in->fresh += bytes;
    return piece;
}

/* A piece that is counted in used_bytes already. */
static void *take_locked(cei_pool *pool, unsigned class)
{
    struct size_class *in = &pool->classes[class];
    const size_t bytes = (size_t)1 << class;
    void *piece = in->idle;
    if (piece) {
        CEI_UNPOISON(piece, bytes);
        in->idle = in->idle->next;
        pool->usage.idle_bytes -= bytes;
    } else {
        if (pool->usage.used_bytes + pool->usage.idle_bytes > pool->limit_bytes) {
            trim_locked(pool, pool->limit_bytes - pool->usage.used_bytes);
        }
        piece = fresh_piece_locked(in, class);
        if (!piece) {
            trim_locked(pool, 0);
            piece = fresh_piece_locked(in, class);
        }
        if (!piece) {
            return NULL;
        }
        CEI_UNPOISON(piece, bytes);
    }
    if (class <= CLASS_CARVED_MAX) {
        chunk_of(piece)->used++;
    }
    return piece;
}

cei_pool *cei_pool_open(uint64_t limit_bytes)
{
    cei_pool *pool = cei_alloc_zeroed(1, sizeof *pool);
    if (!pool) {
        return NULL;
    }
    cei_lock_open(&pool->lock);
    pool->limit_bytes = limit_bytes;
    return pool;
}

void cei_pool_close(cei_pool *pool)
{
    if (!pool) {
        return;
    }
    assert(pool->usage.used_bytes == 0 && "a piece was not given back before its pool closed");
    trim_locked(pool, 0);
    for (unsigned class = CLASS_MIN; class <= CLASS_CARVED_MAX; class ++) {
        trim_carved_locked(pool, class); /* also the chunks that nothing idle is left of */
    }
    cei_lock_close(&pool->lock);
    cei_free(pool);
}

size_t cei_pool_piece_bytes(size_t bytes)
{
    unsigned class = class_of(bytes);
    return class > CLASS_MAX ? SIZE_MAX : (size_t)1 << class;
}

void cei_pool_on_short(cei_pool *pool, bool (*give_back)(void *arg, uint64_t bytes), void *arg)
{
    pool->give_back = give_back;
    pool->give_back_arg = arg;
}

/* The bytes that used_bytes would exceed the limit by. A size beyond every class exceeds any limit. */
static uint64_t missing_locked(const cei_pool *pool, size_t piece_bytes)
{
    const uint64_t free_bytes = pool->limit_bytes - pool->usage.used_bytes;
    return piece_bytes == SIZE_MAX ? SIZE_MAX : piece_bytes > free_bytes ? piece_bytes - free_bytes : 0;
}

/* Counts a piece as used, after as many others have been given back as it takes. What keeps them from being given back
 * is the reason behind the refusal. */
static ce_status reserve_locked(cei_pool *pool, size_t bytes, size_t piece_bytes)
{
    const char *reason = "";
    uint64_t missing;
    bool helps = pool->give_back && piece_bytes <= pool->limit_bytes && piece_bytes != SIZE_MAX;
    while ((missing = missing_locked(pool, piece_bytes)) > 0 && helps) {
        cei_lock_give(&pool->lock);
        cei_error_set(NULL);
        helps = pool->give_back(pool->give_back_arg, missing);
        reason = ce_last_error();
        cei_lock_take(&pool->lock);
    }
    if (missing > 0) {
        return cei_fail(CE_MEMORY, "out of memory: %zu bytes on top of %" PRIu64 " exceed the limit of %" PRIu64 "%s%s",
                        bytes, pool->usage.used_bytes, pool->limit_bytes, *reason ? "; " : "", reason);
    }
    pool->usage.used_bytes += piece_bytes;
    return CE_OK;
}

void *cei_pool_take(cei_pool *pool, size_t bytes)
{
    const size_t piece_bytes = cei_pool_piece_bytes(bytes);
    if (cei_fault_hit(CEI_FAULT_ALLOCATION)) {
        (void)cei_fail(CE_MEMORY, "out of memory: the pool cannot give %zu bytes", bytes);
        return NULL;
    }
    void *piece = NULL;
    cei_lock_take(&pool->lock);
    if (reserve_locked(pool, bytes, piece_bytes) == CE_OK) {
        piece = take_locked(pool, class_of(bytes));
        if (!piece) {
            pool->usage.used_bytes -= piece_bytes;
            (void)cei_fail(CE_MEMORY, "out of memory: the system cannot give %zu bytes", piece_bytes);
        } else if (pool->usage.used_bytes > pool->usage.used_bytes_max) {
            pool->usage.used_bytes_max = pool->usage.used_bytes;
        }
    }
    cei_lock_give(&pool->lock);
    return piece;
}

void cei_pool_give(cei_pool *pool, void *piece, size_t bytes)
{
    if (!piece) {
        return;
    }
    const unsigned class = class_of(bytes);
    const size_t piece_bytes = (size_t)1 << class;
    struct idle *idle = piece;
    cei_lock_take(&pool->lock);
    assert(pool->usage.used_bytes >= piece_bytes);
    if (class <= CLASS_CARVED_MAX) {
        struct chunk *chunk = chunk_of(piece);
        assert(chunk->class == class && chunk->used > 0);
        chunk->used--;
    }
    idle->next = pool->classes[class].idle; /* of a piece that is idle already, the sanitizer reports this */
    pool->classes[class].idle = idle;
    pool->usage.used_bytes -= piece_bytes;
    pool->usage.idle_bytes += piece_bytes;
    CEI_POISON(piece, piece_bytes);
    cei_lock_give(&pool->lock);
}

void *cei_pool_grow(cei_pool *pool, void *piece, size_t bytes, size_t used_bytes, size_t new_bytes)
{
    void *grown = cei_pool_take(pool, new_bytes);
    if (grown && used_bytes) {
        memcpy(grown, piece, used_bytes);
    }
    if (grown) {
        cei_pool_give(pool, piece, bytes);
    }
    return grown;
}

cei_pool_usage cei_pool_used(cei_pool *pool)
{
    cei_lock_take(&pool->lock);
    cei_pool_usage usage = pool->usage;
    cei_lock_give(&pool->lock);
    return usage;
}
