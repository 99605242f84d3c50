/*
 * pool.h: recycled pages, the memory of tasks.
 *
 * Fresh anonymous memory costs 5 to 30 times as much as memory that was touched before, so the big pieces that tasks
 * use (arenas, hash tables, read buffers, blocks) are taken from a pool and given back to it, touched, for the next
 * task. Pieces come in size classes (powers of two from 4 KiB); free pieces of a class wait on a list. The pool
 * counts every byte against one limit, which makes it the place where a context's memory budget is kept.
 *
 *   take --> [ class 12 ][ class 13 ] ... [ class 40 ]  <-- give
 *                 |  free list, or mmap when it is empty and the limit allows
 */
#ifndef CERIUM_BASE_POOL_H
#define CERIUM_BASE_POOL_H

#include <cerium/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cei_pool cei_pool;

typedef struct cei_pool_usage {
    uint64_t used_bytes;     /* taken and not given back */
    uint64_t used_bytes_max; /* its high-water mark */
    uint64_t idle_bytes;     /* on the free lists */
} cei_pool_usage;

/* limit_bytes bounds used_bytes. The caller closes it. NULL on failure (CE_MEMORY). */
cei_pool *cei_pool_open(uint64_t limit_bytes);

/* Returns all idle memory to the system. Everything taken must have been given back. pool may be NULL. */
void cei_pool_close(cei_pool *pool);

/* The size of the piece that cei_pool_take(pool, bytes) hands out: the next power of two, at least 4 KiB. SIZE_MAX
 * beyond 1 TiB, which is never handed out. */
size_t cei_pool_piece_bytes(size_t bytes);

/* A piece of cei_pool_piece_bytes(bytes), page-aligned, with any content. NULL when the limit is reached (first idle
 * pieces of other classes are returned to the system) or the system refuses: CE_MEMORY stored. Any thread. */
void *cei_pool_take(cei_pool *pool, size_t bytes);

/* A piece of new_bytes that begins with the first used_bytes of piece, which was taken as bytes (NULL: 0 bytes) and is
 * given back. NULL as cei_pool_take, and piece stays the caller's. Any thread. */
void *cei_pool_grow(cei_pool *pool, void *piece, size_t bytes, size_t used_bytes, size_t new_bytes);

/* Gives a piece back; bytes as it was taken with (any value of the same class). piece may be NULL. Any thread. */
void cei_pool_give(cei_pool *pool, void *piece, size_t bytes);

/* What is asked to give memory back before a piece is refused: called without the pool's lock, by the thread that
 * takes, with the bytes that are missing; true when it has given some back, and it is asked again until they are
 * enough. When it fails, the sentence that it stores becomes a part of the refusal's. NULL: nobody. Set before the pool
 * is used. */
void cei_pool_on_short(cei_pool *pool, bool (*give_back)(void *arg, uint64_t bytes), void *arg);

/* What is in use now. Any thread. */
cei_pool_usage cei_pool_used(cei_pool *pool);

#endif
