/*
 * memory.c: the heap behind one door, so that a shortage has its sentence and a test can cause one.
 *
 * malloc of this platform aligns to 16, which the largest column value needs.
 *
 * Interface: cei_alloc, cei_alloc_zeroed, cei_realloc, cei_strdup, cei_free
 */
#include "base/memory.h"
#include "base/error.h"
#include "base/fault.h"
#include <stdlib.h>
#include <string.h>

static void *short_of(size_t bytes)
{
    (void)cei_fail(CE_MEMORY, "out of memory: the heap cannot give %zu bytes", bytes);
    return NULL;
}

/* Zero bytes are taken as one: realloc to zero would free the block while the caller takes NULL for "still valid". */
static size_t at_least_one(size_t bytes)
{
    return bytes ? bytes : 1;
}

void *cei_alloc(size_t bytes)
{
    void *block = cei_fault_hit(CEI_FAULT_ALLOCATION) ? NULL : malloc(at_least_one(bytes));
    return block ? block : short_of(bytes);
}

void *cei_alloc_zeroed(size_t count, size_t bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total)) {
        (void)cei_fail(CE_MEMORY, "out of memory: %zu times %zu bytes do not fit an address", count, bytes);
        return NULL;
    }
    void *block = cei_fault_hit(CEI_FAULT_ALLOCATION) ? NULL : calloc(1, at_least_one(total));
    return block ? block : short_of(total);
}

void *cei_realloc(void *block, size_t bytes)
{
    void *resized = cei_fault_hit(CEI_FAULT_ALLOCATION) ? NULL : realloc(block, at_least_one(bytes));
    return resized ? resized : short_of(bytes);
}

char *cei_strdup(const char *text)
{
    if (!text) {
        return NULL;
    }
    size_t bytes = strlen(text) + 1;
    char *copy = cei_alloc(bytes);
    return copy ? memcpy(copy, text, bytes) : NULL;
}

void cei_free(void *block)
{
    free(block);
}
