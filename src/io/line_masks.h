/*
 * line_masks.h: where the line feeds and carriage returns of a text are, 64 bytes at a time: bit i of a mask is byte i
 * of its block. Written for AVX-512, AVX2 and SSE2; the widest that the processor has is used.
 */
#ifndef CERIUM_IO_LINE_MASKS_H
#define CERIUM_IO_LINE_MASKS_H

#include <stddef.h>
#include <stdint.h>

typedef struct cei_line_masks {
    const char *name;
    /* One mask of \n and one of \r for each of the blocks of 64 bytes at `at`. */
    void (*find)(const char *at, size_t blocks, uint64_t *feeds, uint64_t *returns);
    /* The line ends in the blocks: each \r, and each \n that has no \r right before it. *after_return (0 or 1) says
     * whether the byte before the first block is a \r, and afterwards whether the last byte is one. */
    uint64_t (*count)(const char *at, size_t blocks, uint64_t *after_return);
} cei_line_masks;

/* The best for this processor. */
const cei_line_masks *cei_line_masks_best(void);

/* All that this processor can run, NULL behind the last one: for tests. */
const cei_line_masks *const *cei_line_masks_all(void);

#endif
