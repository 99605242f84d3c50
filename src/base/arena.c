/*
 * arena.c: regions that grow by pieces of a pool.
 *
 *   newest piece -> [ header | used ... | free ... ]   next points at free, end behind the piece
 *   older pieces -> [ header | used ............. ]    what they had free is given up
 *
 * Free room is poisoned under AddressSanitizer, so that a write past an allocation is found as on the heap.
 *
 * Interface: cei_arena_open, cei_arena_close, cei_arena_reset, cei_arena_alloc_slow, cei_arena_alloc_zeroed,
 *            cei_arena_copy, cei_arena_strdup, cei_arena_printf
 */
#include "base/arena.h"
#include "base/error.h"
#include "base/poison.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_BYTES = 4 << 10, PIECE_BYTES_MAX = 1 << 20 };

/* At the start of each piece; its size keeps what follows aligned to 16. */
struct cei_arena_piece {
    struct cei_arena_piece *older;
    size_t bytes;
};

void cei_arena_open(cei_arena *arena, cei_pool *pool, size_t first_bytes)
{
    *arena = (cei_arena){.pool = pool, .piece_bytes = cei_pool_piece_bytes(first_bytes ? first_bytes : FIRST_BYTES)};
}

static void give_back(cei_arena *arena, struct cei_arena_piece *piece)
{
    while (piece) {
        struct cei_arena_piece *older = piece->older;
        const size_t bytes = piece->bytes;
        CEI_UNPOISON(piece, bytes);
        cei_pool_give(arena->pool, piece, bytes);
        piece = older;
    }
}

static void start_piece(cei_arena *arena, struct cei_arena_piece *piece)
{
    arena->piece = piece;
    arena->next = (char *)(piece + 1);
    arena->end = (char *)piece + piece->bytes;
    CEI_POISON(arena->next, (size_t)(arena->end - arena->next));
}

void cei_arena_close(cei_arena *arena)
{
    give_back(arena, arena->piece);
    arena->piece = NULL;
    arena->next = arena->end = NULL;
    arena->used_bytes = 0;
}

void cei_arena_reset(cei_arena *arena)
{
    arena->used_bytes = 0;
    if (arena->piece) {
        give_back(arena, arena->piece->older);
        arena->piece->older = NULL;
        start_piece(arena, arena->piece);
    }
}

void *cei_arena_alloc_slow(cei_arena *arena, size_t bytes)
{
    const size_t room = (bytes + 15) & ~(size_t)15;
    const size_t wanted = room + sizeof(struct cei_arena_piece);
    if (room < bytes || wanted < room) {
        (void)cei_fail(CE_MEMORY, "out of memory: an arena cannot give %zu bytes", bytes);
        return NULL;
    }
    const size_t piece_bytes = cei_pool_piece_bytes(wanted > arena->piece_bytes ? wanted : arena->piece_bytes);
    struct cei_arena_piece *piece = cei_pool_take(arena->pool, piece_bytes);
    if (!piece) {
        return NULL;
    }
    piece->older = arena->piece;
    piece->bytes = piece_bytes;
    if (arena->piece_bytes < PIECE_BYTES_MAX) {
        arena->piece_bytes *= 2;
    }
    start_piece(arena, piece);
    return cei_arena_alloc(arena, bytes);
}

void *cei_arena_alloc_zeroed(cei_arena *arena, size_t bytes)
{
    void *at = cei_arena_alloc(arena, bytes);
    return at ? memset(at, 0, bytes) : NULL;
}

void *cei_arena_copy(cei_arena *arena, const void *from, size_t bytes)
{
    void *at = cei_arena_alloc(arena, bytes);
    return at && bytes ? memcpy(at, from, bytes) : at;
}

char *cei_arena_strdup(cei_arena *arena, const char *text)
{
    return cei_arena_copy(arena, text, strlen(text) + 1);
}

char *cei_arena_printf(cei_arena *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int count = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = NULL;
    if (count < 0) {
        (void)cei_fail(CE_INVALID, "cannot print by the format \"%s\"", format);
    } else {
        text = cei_arena_alloc(arena, (size_t)count + 1);
    }
    if (text) {
        (void)vsnprintf(text, (size_t)count + 1, format, again);
    }
    va_end(again);
    return text;
}
