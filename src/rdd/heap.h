/*
 * heap.h: values in an array as a heap with the smallest at its root: what keeps the largest of many.
 */
#ifndef CERIUM_RDD_HEAP_H
#define CERIUM_RDD_HEAP_H

#include <cerium/kernel.h>
#include <stdbool.h>

typedef struct cei_heap {
    const ce_type *type;
    const ce_function *compare; /* CE_FUNCTION_COMPARE, or NULL: ce_type_compare */
    char *spare;                /* one value: the one that is being placed */
} cei_heap;

static inline bool cei_heap_is_less(const cei_heap *heap, const char *a, const char *b)
{
    return (heap->compare ? heap->compare->compare(a, b) : ce_type_compare(heap->type, a, b)) < 0;
}

/* Puts heap->spare where at is free, above its children. */
static inline void cei_heap_sift_down(const cei_heap *heap, char *values, uint32_t at, uint32_t count)
{
    size_t bytes = heap->type->bytes;
    for (;;) {
        size_t child = 2 * (size_t)at + 1;
        if (child >= count) {
            break;
        }
        child += child + 1 < count && cei_heap_is_less(heap, values + (child + 1) * bytes, values + child * bytes);
        if (!cei_heap_is_less(heap, values + child * bytes, heap->spare)) {
            break;
        }
        memcpy(values + at * bytes, values + child * bytes, bytes);
        at = (uint32_t)child;
    }
    memcpy(values + at * bytes, heap->spare, bytes);
}

/* Puts heap->spare where at is free, below its parents. */
static inline void cei_heap_sift_up(const cei_heap *heap, char *values, uint32_t at)
{
    size_t bytes = heap->type->bytes;
    while (at > 0 && cei_heap_is_less(heap, heap->spare, values + (at - 1) / 2 * bytes)) {
        memcpy(values + at * bytes, values + (at - 1) / 2 * bytes, bytes);
        at = (at - 1) / 2;
    }
    memcpy(values + at * bytes, heap->spare, bytes);
}

#endif
