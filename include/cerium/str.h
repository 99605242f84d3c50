/*
 * str.h: ce_str, an immutable run of bytes, and what one does with it: words, fields, numbers, comparison.
 *
 * A ce_str owns nothing: it points into somebody's memory. Inside a user function it may point into the input row
 * (valid as long as that row) or into memory from ce_batch_alloc (valid for the row that the function returns).
 * Cerium copies what it keeps. Bytes are UTF-8 by convention; no call here checks that. All calls are pure and may be
 * made from any thread.
 */
#ifndef CERIUM_STR_H
#define CERIUM_STR_H

#include <cerium/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__SSE2__)
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

static inline bool ce_str_contains(ce_str str, ce_str part)
{
    return ce_str_find(str, part) >= 0;
}

/* Without blanks (bytes <= ' ') at both ends. */
CE_API ce_str ce_str_trim(ce_str str);

/* The whole of str as a number; false (and *value untouched) for anything else, out of range included. Blanks around
 * it are not accepted. ce_str_to_double reads what strtod reads, in the C locale. */
CE_API bool ce_str_to_int64(ce_str str, int64_t *value);
CE_API bool ce_str_to_double(ce_str str, double *value);

/* Takes the next field up to separator from *rest; the last field has none behind it. false when *rest is used up: an
 * empty text has one empty field, so start with rest->at not NULL. "a,,b" gives "a", "", "b". */
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

/* That many bytes may be read from p without touching the next page, where nothing may be mapped. What lies behind the
 * end of a string is read with it and ignored. */
static inline bool ce_str_load_is_safe(const char *p, uint32_t bytes)
{
#if defined(__SSE2__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    return ((uintptr_t)p & 4095) <= 4096 - bytes;
#else
    (void)p;
    (void)bytes;
    return false;
#endif
}

/* Which of the bytes at p are blanks, one bit a byte: as many bytes as a register holds. */
#if defined(__AVX2__)
enum { CE_STR_LOAD_BYTES = 32 };
static inline uint64_t ce_str_blanks(const char *p)
{
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)p), space = _mm256_set1_epi8(' ');
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(bytes, space), space));
}
#elif defined(__SSE2__)
enum { CE_STR_LOAD_BYTES = 16 };
static inline uint64_t ce_str_blanks(const char *p)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p), space = _mm_set1_epi8(' ');
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(bytes, space), space));
}
#endif

/* The next word, byte by byte: what ce_str_next_word does where it cannot see blank, word and blank in one register. */
static inline bool ce_str_next_word_slowly(ce_str *rest, ce_str *word)
{
    const char *p = rest->at, *end = p + rest->bytes;
    while (p < end && (unsigned char)*p <= ' ') {
        p++;
    }
    word->at = p;
    while (p < end && (unsigned char)*p > ' ') {
        p++;
    }
    word->bytes = (uint32_t)(p - word->at);
    rest->at = p;
    rest->bytes = (uint32_t)(end - p);
    return word->bytes > 0;
}

/* Takes the next word (a run of bytes > ' ') from *rest; false when none is left. */
static inline bool ce_str_next_word(ce_str *rest, ce_str *word)
{
#if defined(__SSE2__)
    const char *p = rest->at;
    if (__builtin_expect(rest->bytes > 0 && ce_str_load_is_safe(p, CE_STR_LOAD_BYTES), 1)) {
        uint64_t blanks = ce_str_blanks(p);
        uint32_t start = (uint32_t)__builtin_ctzll(~blanks);
        uint64_t behind = blanks >> start;
        if (__builtin_expect(behind != 0, 1)) {
            uint32_t bytes = (uint32_t)__builtin_ctzll(behind);
            if (start >= rest->bytes) {
                rest->bytes = 0;
                return false;
            }
            if (bytes > rest->bytes - start) {
                bytes = rest->bytes - start;
            }
            word->at = p + start;
            word->bytes = bytes;
            rest->at = p + start + bytes;
            rest->bytes -= start + bytes;
            return true;
        }
    }
#endif
    return ce_str_next_word_slowly(rest, word);
}

/* ---- all words of a text ---- */

/* Goes through the words of a text many bytes at a time, which is several times as fast as asking for one word after
 * the other:
 *
 *     ce_words words = ce_words_of(line);
 *     while (ce_words_next(&words, &word)) ...
 *
 * What is in a ce_words depends on the processor that is compiled for: make, pass and use one in the same program
 * only.
 */
#if defined(__AVX512VBMI2__) && defined(__AVX512BW__) && defined(__BMI2__) && !defined(__SANITIZE_ADDRESS__) &&        \
    !defined(__SANITIZE_THREAD__)

/* Where words begin and end in up to 192 bytes, one behind the other: the loop over a line's words has one branch that
 * is hard to predict, its end. */
enum { CE_WORDS_WINDOW = 192 };
typedef struct ce_words {
    const char *base; /* that turns count from */
    const char *next; /* where the next window begins: no word goes on there */
    const char *end;  /* of the text */
    uint32_t at, count;
    uint8_t turns[CE_WORDS_WINDOW + 64]; /* start, end, start, end, ... */
} ce_words;

static inline ce_words ce_words_of(ce_str text)
{
    ce_words words;
    words.base = words.next = text.at;
    words.end = text.at + text.bytes;
    words.at = words.count = 0;
    return words;
}

/* Fills turns from the window at next; false when that window is one word that does not end in it. */
static inline bool ce_words_turn(ce_words *words)
{
    char copy[CE_WORDS_WINDOW];
    const char *p = words->next, *from = p;
    int64_t left = words->end - p;
    if (__builtin_expect(!ce_str_load_is_safe(p, CE_WORDS_WINDOW), 0)) {
        memcpy(copy, p, left < CE_WORDS_WINDOW ? (size_t)left : CE_WORDS_WINDOW);
        from = copy;
    }
    __m512i places = _mm512_set_epi8(63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43,
                                     42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22,
                                     21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    uint64_t inside = 0;
    uint32_t count = 0;
    for (int64_t i = 0; i < CE_WORDS_WINDOW; i += 64) {
        uint64_t mask = _mm512_cmpgt_epu8_mask(_mm512_loadu_si512(from + i), _mm512_set1_epi8(' '));
        int64_t behind = left - i < 0 ? 0 : left - i;
        mask = _bzhi_u64(mask, (uint32_t)(behind < 64 ? behind : 64));
        uint64_t turns = mask ^ (mask << 1 | inside);
        inside = mask >> 63;
        _mm512_storeu_si512(words->turns + count, _mm512_maskz_compress_epi8(turns, places));
        count += (uint32_t)__builtin_popcountll(turns);
        places = _mm512_add_epi8(places, _mm512_set1_epi8(64));
    }
    words->base = p;
    words->next = p + CE_WORDS_WINDOW;
    if (__builtin_expect(inside != 0, 0)) {
        if (left <= CE_WORDS_WINDOW) {
            words->turns[count++] = CE_WORDS_WINDOW;
        } else {
            count--; /* the word is taken up again with the next window */
            words->next = p + words->turns[count];
        }
    }
    words->at = 0;
    words->count = count;
    return words->next != p;
}

/* The next word (a run of bytes > ' '); false when none is left. */
static inline bool ce_words_next(ce_words *words, ce_str *word)
{
    while (__builtin_expect(words->at == words->count, 0)) {
        if (words->next >= words->end) {
            return false;
        }
        if (!ce_words_turn(words)) {
            ce_str rest = {words->next, (uint32_t)(words->end - words->next)};
            bool found = ce_str_next_word_slowly(&rest, word);
            words->next = rest.at;
            return found;
        }
    }
    uint32_t start = words->turns[words->at], end = words->turns[words->at + 1];
    words->at += 2;
    word->at = words->base + start;
    word->bytes = end - start;
    return true;
}

#else

/* Where words begin and end in 64 bytes, as a mask. */
typedef struct ce_words {
    const char *base; /* of the 64 bytes that turns is of */
    const char *next; /* the 64 bytes after them */
    const char *end;  /* of the text */
    uint64_t turns;   /* bit i: a word begins at base + i, or has ended there; in turn */
    uint64_t inside;  /* 1: a word goes on at next */
} ce_words;

static inline ce_words ce_words_of(ce_str text)
{
    ce_words words = {text.at, text.at, text.at + text.bytes, 0, 0};
    return words;
}

/* Which of the 64 bytes at p are no blanks. */
static inline uint64_t ce_words_mask(const char *p)
{
#if defined(__AVX512BW__)
    return _mm512_cmpgt_epu8_mask(_mm512_loadu_si512(p), _mm512_set1_epi8(' '));
#elif defined(__SSE2__)
    uint64_t blanks = 0;
    for (uint32_t i = 0; i < 64; i += CE_STR_LOAD_BYTES) {
        blanks |= ce_str_blanks(p + i) << i;
    }
    return ~blanks;
#else
    uint64_t mask = 0;
    for (uint32_t i = 0; i < 64; i++) {
        mask |= (uint64_t)((unsigned char)p[i] > ' ') << i;
    }
    return mask;
#endif
}

static inline void ce_words_turn(ce_words *words)
{
    const char *p = words->next;
    size_t left = (size_t)(words->end - p);
    uint64_t mask;
    if (__builtin_expect(left >= 64 || ce_str_load_is_safe(p, 64), 1)) {
        mask = ce_words_mask(p);
    } else {
        char copy[64] = {0};
        memcpy(copy, p, left);
        mask = ce_words_mask(copy);
    }
    /* Without a branch: where a text ends within 64 bytes is as hard to predict as its length. */
    mask &= ~(uint64_t)0 >> (left < 64 ? 64 - left : 0);
    words->base = p;
    words->next = p + 64;
    words->turns = mask ^ (mask << 1 | words->inside);
    words->inside = mask >> 63;
}

/* The next word (a run of bytes > ' '); false when none is left. */
static inline bool ce_words_next(ce_words *words, ce_str *word)
{
    while (words->turns == 0) {
        if (words->next >= words->end) {
            return false;
        }
        ce_words_turn(words);
    }
    const char *start = words->base + __builtin_ctzll(words->turns), *end = words->end;
    words->turns &= words->turns - 1;
    while (words->turns == 0 && words->next < words->end) {
        ce_words_turn(words);
    }
    if (words->turns) {
        end = words->base + __builtin_ctzll(words->turns);
        words->turns &= words->turns - 1;
    }
    word->at = start;
    word->bytes = (uint32_t)(end - start);
    return true;
}

#endif

/* ---- memory inside a user function ---- */

/*
 * Memory for what a user function returns or emits, such as the bytes of a new string: valid as long as the batch
 * that the row is in, which is all that Cerium needs. Only inside a user function that runs in a task. When memory is
 * short the task fails with CE_MEMORY after the function returns. Until then the memory given is scratch, which other
 * calls may give too: never NULL up to 1 MiB, NULL for more.
 */
CE_API void *ce_batch_alloc(size_t bytes);

/* As ce_batch_alloc, valid until the end of the task: for what a map_partitions function keeps between rows. */
CE_API void *ce_task_alloc(size_t bytes);

/* A new string by printf's rules, in batch memory. */
CE_API ce_str ce_str_printf(const char *format, ...) CE_PRINTF(1, 2);

/* A copy in task memory: what a map_partitions function does with a string that it keeps while it reads on. */
CE_API ce_str ce_str_keep(ce_str str);

/*
 * Says, inside a user function, that the task cannot go on: it fails with CE_USER and this sentence after the
 * function has returned (its result is dropped), and is retried as any failed task. The first call of a task wins.
 */
CE_API void ce_fail(const char *format, ...) CE_PRINTF(1, 2);

#ifdef __cplusplus
}
#endif
#endif
