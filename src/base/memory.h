/*
 * memory.h: the heap, for what outlives a task or is small.
 *
 * The only callers of malloc are behind these. Each returns NULL when memory is short and has stored the sentence then.
 */
#ifndef CERIUM_BASE_MEMORY_H
#define CERIUM_BASE_MEMORY_H

#include <stddef.h>

/* bytes > 0. Uninitialised memory, aligned to 16; NULL on failure (CE_MEMORY stored). The caller frees it: cei_free. */
void *cei_alloc(size_t bytes);

/* As cei_alloc, zeroed; count * bytes is checked for overflow. */
void *cei_alloc_zeroed(size_t count, size_t bytes);

/* Resizes; on failure NULL is returned and the old block stays valid. block may be NULL. */
void *cei_realloc(void *block, size_t bytes);

/* A copy of text (NULL gives NULL without an error stored). */
char *cei_strdup(const char *text);

/* block may be NULL. */
void cei_free(void *block);

#endif
