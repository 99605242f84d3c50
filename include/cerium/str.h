/*
 * str.h: ce_str, an immutable run of bytes, and what one does with it: words, fields, numbers, comparison.
 *
 * A ce_str owns nothing: it points into somebody's memory. Inside a user function it may point into the input row (valid as
 * long as that row) or into memory from ce_batch_alloc (valid for the row that the function returns). Cerium copies what it
 * keeps. Bytes are UTF-8 by convention; no call here checks that. All calls are pure and may be made from any thread.
 */
#ifndef CERIUM_STR_H
#define CERIUM_STR_H

#include <cerium/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ce_str {
    const char *at; /* not ended by a NUL; may be NULL when bytes is 0 */
    uint32_t bytes;
} ce_str;

/* A ce_str over a string literal or any NUL-ended text, which must outlive it. */
static inline ce_str ce_str_of(const char *text)
{
    ce_str str = {text, (uint32_t)strlen(text)};
    return str;
}

static inline bool ce_str_equal(ce_str a, ce_str b)
{
    return a.bytes == b.bytes && (a.bytes == 0 || memcmp(a.at, b.at, a.bytes) == 0);
}

/* < 0, 0, > 0 by unsigned bytes; a prefix comes first. */
static inline int ce_str_compare(ce_str a, ce_str b)
{
    uint32_t common = a.bytes < b.bytes ? a.bytes : b.bytes;
    int order = common ? memcmp(a.at, b.at, common) : 0;
    return order ? order : (a.bytes > b.bytes) - (a.bytes < b.bytes);
}

static inline bool ce_str_starts_with(ce_str str, ce_str prefix)
{
    return str.bytes >= prefix.bytes && (prefix.bytes == 0 || memcmp(str.at, prefix.at, prefix.bytes) == 0);
}

static inline bool ce_str_ends_with(ce_str str, ce_str suffix)
{
    return str.bytes >= suffix.bytes &&
           (suffix.bytes == 0 || memcmp(str.at + str.bytes - suffix.bytes, suffix.at, suffix.bytes) == 0);
}

/* The index of the first occurrence of part, or -1. An empty part is found at 0. */
CE_API int64_t ce_str_find(ce_str str, ce_str part);

static inline bool ce_str_contains(ce_str str, ce_str part) { return ce_str_find(str, part) >= 0; }

/* Without blanks (bytes <= ' ') at both ends. */
CE_API ce_str ce_str_trim(ce_str str);

/* The whole of str as a number; false (and *value untouched) for anything else, out of range included. Blanks around it are
 * not accepted. ce_str_to_double reads what strtod reads, in the C locale. */
CE_API bool ce_str_to_int64(ce_str str, int64_t *value);
CE_API bool ce_str_to_double(ce_str str, double *value);

/* Takes the next field up to separator from *rest; the last field has none behind it. false when *rest is used up: an empty
 * text has one empty field, so start with rest->at not NULL. "a,,b" gives "a", "", "b". */
static inline bool ce_str_next_field(ce_str *rest, char separator, ce_str *field)
{
    if (!rest->at) {
        return false;
    }
    const char *end = (const char *)memchr(rest->at, separator, rest->bytes);
    uint32_t bytes = end ? (uint32_t)(end - rest->at) : rest->bytes;
    field->at = rest->at;
    field->bytes = bytes;
    rest->at = end ? end + 1 : NULL;
    rest->bytes = end ? rest->bytes - bytes - 1 : 0;
    return true;
}

/* Sixteen bytes may be read from p without touching the next page, where nothing may be mapped. */
static inline bool ce_str_load16_is_safe(const char *p)
{
#if defined(__SSE2__) && !defined(__SANITIZE_ADDRESS__)
    return ((uintptr_t)p & 4095) <= 4096 - 16;
#else
    (void)p;
    return false;
#endif
}

/* The end of the run of non-blank bytes that starts at p. */
static inline const char *ce_str_word_end(const char *p, const char *end)
{
    while (p < end) {
#if defined(__SSE2__)
        if (__builtin_expect(ce_str_load16_is_safe(p), 1)) {
            __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p), space = _mm_set1_epi8(' ');
            unsigned blanks = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(bytes, space), space));
            if (blanks) {
                p += __builtin_ctz(blanks);
                break;
            }
            p += 16;
            continue;
        }
#endif
        if ((unsigned char)*p <= ' ') {
            break;
        }
        p++;
    }
    return p < end ? p : end;
}

/* Takes the next word (a run of bytes > ' ') from *rest; false when none is left. */
static inline bool ce_str_next_word(ce_str *rest, ce_str *word)
{
    const char *p = rest->at, *end = p + rest->bytes;
    while (p < end && (unsigned char)*p <= ' ') {
        p++;
    }
    const char *word_end = ce_str_word_end(p, end);
    word->at = p;
    word->bytes = (uint32_t)(word_end - p);
    rest->at = word_end;
    rest->bytes = (uint32_t)(end - word_end);
    return word->bytes > 0;
}

/* ---- memory inside a user function ---- */

/*
 * Memory for what a user function returns or emits, such as the bytes of a new string: valid as long as the batch that the row
 * is in, which is all that Cerium needs. Only inside a user function that runs in a task. Never NULL: when memory is short the
 * task fails after the function returns, and the memory given is scratch.
 */
CE_API void *ce_batch_alloc(size_t bytes);

/* As ce_batch_alloc, valid until the end of the task: for what a map_partitions function keeps between rows. */
CE_API void *ce_task_alloc(size_t bytes);

/* A new string by printf's rules, in batch memory. */
CE_API ce_str ce_str_printf(const char *format, ...) CE_PRINTF(1, 2);

/* A copy in task memory: what a map_partitions function does with a string that it keeps while it reads on. */
CE_API ce_str ce_str_keep(ce_str str);

/*
 * Says, inside a user function, that the task cannot go on: it fails with CE_USER and this sentence after the function has
 * returned (its result is dropped), and is retried as any failed task. The first call of a task wins.
 */
CE_API void ce_fail(const char *format, ...) CE_PRINTF(1, 2);

#ifdef __cplusplus
}
#endif
#endif
