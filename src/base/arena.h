/*
 * arena.h: memory by region: allocate by moving a pointer, free all at once.
 *
 * Three regions exist: scope (lineage nodes), task (operator state) and batch (strings that user code makes for one
 * batch). An arena is a chain of pieces from a pool; each piece is twice as large as the one before up to 1 MiB. Not
 * thread-safe.
 */
#ifndef CERIUM_BASE_ARENA_H
#define CERIUM_BASE_ARENA_H

#include "base/poison.h"
#include "base/pool.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cei_arena {
    cei_pool *pool;
    char *next, *end;              /* free room of the newest piece */
    struct cei_arena_piece *piece; /* newest first; a header at the start of each piece */
    size_t piece_bytes;            /* what the next piece takes */
    uint64_t used_bytes;           /* handed out since the last reset */
} cei_arena;

/* Takes nothing from the pool until the first allocation; first_bytes (0 = 4 KiB) is the first piece's size. */
void cei_arena_open(cei_arena *arena, cei_pool *pool, size_t first_bytes);

/* Gives all pieces back. The arena may be used again as if just opened. */
void cei_arena_close(cei_arena *arena);

/* Forgets all allocations, keeps the newest (largest) piece, gives the others back. */
void cei_arena_reset(cei_arena *arena);

void *cei_arena_alloc_slow(cei_arena *arena, size_t bytes);

/* Memory aligned to 16, uninitialised; NULL on failure (CE_MEMORY stored). bytes may be 0: a valid pointer then. */
static inline void *cei_arena_alloc(cei_arena *arena, size_t bytes)
{
    size_t room = (bytes + 15) & ~(size_t)15;
    if (__builtin_expect(room < bytes || room > (size_t)(arena->end - arena->next) || !arena->next, 0)) {
        return cei_arena_alloc_slow(arena, bytes);
    }
    char *at = arena->next;
    CEI_UNPOISON(at, bytes);
    arena->next += room;
    arena->used_bytes += room;
    return at;
}

/* As cei_arena_alloc, zeroed. */
void *cei_arena_alloc_zeroed(cei_arena *arena, size_t bytes);

/* A copy in the arena; NULL on failure. */
void *cei_arena_copy(cei_arena *arena, const void *from, size_t bytes);
char *cei_arena_strdup(cei_arena *arena, const char *text);
char *cei_arena_printf(cei_arena *arena, const char *format, ...) CE_PRINTF(2, 3);

#endif
