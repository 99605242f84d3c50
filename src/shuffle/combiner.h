/*
 * combiner.h: how the values of equal keys become one.
 *
 *     row: pair(K, V)  --create / zero / first value-->  accumulator C  --merge(C, V)-->  C        out: pair(K, C)
 *     row: K           (distinct)                                                                   out: K
 */
#ifndef CERIUM_SHUFFLE_COMBINER_H
#define CERIUM_SHUFFLE_COMBINER_H

#include <cerium/kernel.h>

/* Constant while a table uses it. */
typedef struct cei_combiner {
    const ce_type *row;          /* what comes in: pair(K, V), or K itself */
    const ce_type *out;          /* what comes out: pair(K, C), or K itself */
    const ce_type *key;          /* at offset 0 of both */
    const ce_type *value;        /* V; NULL: rows are whole keys */
    const ce_type *accumulator;  /* C; NULL with value */
    uint32_t value_offset;       /* of V in row */
    uint32_t accumulator_offset; /* of C in out */
    const ce_function *create;   /* CE_FUNCTION_MAP V -> C for a key's first value, or NULL */
    const void *zero;            /* a C that a key's first value is merged into, or NULL */
    const ce_function *merge; /* CE_FUNCTION_FOLD (C, V) -> C. Without create and zero C is V, and the first stays. */
} cei_combiner;

#endif
