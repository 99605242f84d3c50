// The fastest word count this project knows how to write: word_count FILE OUT THREADS writes `word<TAB>count` lines.
// It is the yardstick of the library's word count, so it does one thing and shares no code with the library.
// Threads claim parts of the file and read them in chunks that stay in the L2 cache. Blank masks of 64 bytes give the
// word positions; words are then handled in blocks, step by step: make 16-byte keys, hash all and prefetch their slots,
// probe. A word is a run of bytes above ' ', so a key padded with zeros is unique and needs no length beside it. Words
// longer than 16 bytes have a table of their own. Tables are private to a thread and are merged by ranges of the hash.
#include <fcntl.h>
#include <immintrin.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#if defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512VBMI2__)
#define WIDE 1
#else
#define WIDE 0
#endif

enum {
    PART = 8 << 20,
    CHUNK = 256 << 10,
    PAGE = 4096, // stays readable behind a chunk: the last 64-byte block and the last 16-byte key overhang it
    HEAD = 4096, // room for a word that began in the chunk before; grows when a word is longer
    BLOCK = 512, // words handled together
    MAX_THREADS = 256,
    FIRST_BITS = 19, // of slots: 16 MB
    FIRST_LONG_BITS = 12,
    HUGE_PAGE = 2 << 20,
};

// An empty slot has a key of zeros. Its count is garbage: long words and the padding of a block probe with a zero key,
// find an empty slot at once and count there, which keeps branches out of the loop over short words.
typedef struct {
    __m128i key;
    uint64_t count, unused;
} slot;

typedef struct {
    const char *at; // NULL: empty
    uint64_t bytes, hash, count;
} long_slot;

typedef struct {
    slot *slots;
    uint32_t bits;
    uint32_t shift; // of the hash bits in front of those that choose the slot
    uint64_t used;
    long_slot *longs;
    uint32_t long_bits;
    uint64_t longs_used;
    char *text, *text_end; // copies of long words
} table;

typedef struct {
    _Alignas(64) table counts; // no two workers share a cache line
    char *head;                // head_room bytes, then the chunk
    size_t head_room;
    int in_word;                                   // the last word found has a start and no end yet
    uint32_t words;                                // ends found
    uint32_t start[BLOCK + 128], end[BLOCK + 128]; // offsets from head
    __m128i key[BLOCK + 16];
    uint32_t home[BLOCK + 16];
    uint32_t long_word[BLOCK + 16];
    uint64_t distinct; // words this worker wrote
} worker;

typedef struct {
    char *bytes;
    size_t used, room;
} output;

static struct {
    int in, out, threads;
    off_t size;
    off_t next_part, next_output; // claimed atomically
    worker *workers;
} job;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void *must_map(size_t bytes)
{
    void *p = aligned_alloc(HUGE_PAGE, (bytes + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1));
    if (!p) {
        fail("memory");
    }
    madvise(p, bytes, MADV_HUGEPAGE);
    memset(p, 0, bytes);
    return p;
}

static void *must_allocate(size_t bytes)
{
    void *p = calloc(1, bytes);
    if (!p) {
        fail("memory");
    }
    return p;
}

__extension__ typedef unsigned __int128 wide_product;

static inline uint64_t hash_pair(uint64_t a, uint64_t b)
{
    wide_product product = (wide_product)(a ^ 0x9E3779B97F4A7C15u) * (b ^ 0xD1B54A32D192ED03u);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_key(__m128i key)
{
    return hash_pair((uint64_t)_mm_cvtsi128_si64(key), (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(key, key)));
}

// The top bits choose the slot in a thread's table, so that the same share of every such table holds the same range of
// hashes. A table of one range merged has those bits alike: it uses the ones behind them.
static inline uint64_t home_of(const table *t, uint64_t hash, uint32_t bits)
{
    return hash << t->shift >> (64 - bits);
}

static inline int same_key(__m128i a, __m128i b)
{
    return _mm_movemask_epi8(_mm_cmpeq_epi8(a, b)) == 0xFFFF;
}

static inline int is_zero(__m128i key)
{
    return same_key(key, _mm_setzero_si128());
}

static void table_open(table *t, uint32_t bits, uint32_t long_bits, uint32_t shift)
{
    *t = (table){.bits = bits, .shift = shift, .long_bits = long_bits};
    t->slots = must_map(sizeof(slot) << bits);
    t->longs = must_allocate(sizeof(long_slot) << long_bits);
}

// Three of four slots stay empty. Words that share a slot cost a mispredicted branch, slots that no word uses cost
// nothing: the lines in use and not the size of the table are what competes for the caches.
static inline int is_crowded(const table *t, uint64_t more)
{
    return (t->used + more) * 4 > (uint64_t)1 << t->bits;
}

static void table_grow(table *t)
{
    table old = *t;
    t->bits++;
    t->slots = must_map(sizeof(slot) << t->bits);
    uint64_t mask = ((uint64_t)1 << t->bits) - 1;
    for (uint64_t i = 0; i <= mask >> 1; i++) {
        if (is_zero(old.slots[i].key)) {
            continue;
        }
        uint64_t at = home_of(t, hash_key(old.slots[i].key), t->bits);
        while (!is_zero(t->slots[at].key)) {
            at = (at + 1) & mask;
        }
        t->slots[at] = old.slots[i];
    }
    free(old.slots);
}

static void longs_grow(table *t)
{
    table old = *t;
    t->long_bits++;
    t->longs = must_allocate(sizeof(long_slot) << t->long_bits);
    uint64_t mask = ((uint64_t)1 << t->long_bits) - 1;
    for (uint64_t i = 0; i <= mask >> 1; i++) {
        if (!old.longs[i].at) {
            continue;
        }
        uint64_t at = home_of(t, old.longs[i].hash, t->long_bits);
        while (t->longs[at].at) {
            at = (at + 1) & mask;
        }
        t->longs[at] = old.longs[i];
    }
    free(old.longs);
}

static inline void add_from(table *t, uint64_t at, __m128i key, uint64_t count)
{
    uint64_t mask = ((uint64_t)1 << t->bits) - 1;
    for (;; at = (at + 1) & mask) {
        slot *s = t->slots + at;
        if (__builtin_expect(same_key(s->key, key), 1)) {
            s->count += count;
            return;
        }
        if (is_zero(s->key)) {
            *s = (slot){.key = key, .count = count};
            t->used++;
            return;
        }
    }
}

static const char *keep_text(table *t, const char *at, size_t bytes)
{
    if ((size_t)(t->text_end - t->text) < bytes) {
        size_t room = bytes > 1 << 20 ? bytes : 1 << 20;
        t->text = must_allocate(room);
        t->text_end = t->text + room;
    }
    char *copy = memcpy(t->text, at, bytes);
    t->text += bytes;
    return copy;
}

static uint64_t hash_long(const char *at, uint64_t bytes)
{
    uint64_t a, b, hash = bytes;
    for (uint64_t i = 0; i + 16 < bytes; i += 16) {
        memcpy(&a, at + i, 8);
        memcpy(&b, at + i + 8, 8);
        hash = hash_pair(a ^ hash, b);
        hash ^= hash >> 32;
    }
    memcpy(&a, at + bytes - 16, 8);
    memcpy(&b, at + bytes - 8, 8);
    return hash_pair(a ^ hash, b);
}

static inline int same_long(const char *a, const char *b, uint64_t bytes)
{
    const __m128i *x = (const void *)a, *y = (const void *)b;
    for (uint64_t left = bytes; left > 16; left -= 16) {
        if (!same_key(_mm_loadu_si128(x++), _mm_loadu_si128(y++))) {
            return 0;
        }
    }
    return same_key(_mm_loadu_si128((const void *)(a + bytes - 16)), _mm_loadu_si128((const void *)(b + bytes - 16)));
}

static void add_long(table *t, const char *at, uint64_t bytes, uint64_t hash, uint64_t count, int is_kept)
{
    if (t->longs_used * 2 > (uint64_t)1 << t->long_bits) {
        longs_grow(t);
    }
    uint64_t mask = ((uint64_t)1 << t->long_bits) - 1;
    for (uint64_t i = home_of(t, hash, t->long_bits);; i = (i + 1) & mask) {
        long_slot *s = t->longs + i;
        if (!s->at) {
            *s = (long_slot){is_kept ? at : keep_text(t, at, bytes), bytes, hash, count};
            t->longs_used++;
            return;
        }
        if (s->hash == hash && s->bytes == bytes && same_long(s->at, at, bytes)) {
            s->count += count;
            return;
        }
    }
}

#if WIDE
static inline uint64_t blank_mask(const char *p)
{
    return _mm512_cmple_epu8_mask(_mm512_loadu_si512(p), _mm512_set1_epi8(' '));
}

// Writes base + i for every bit i of mask. Writes whole vectors: up to 16 places more than bits are overwritten.
static inline void put_positions(uint32_t *to, uint64_t mask, uint32_t bits, uint32_t base)
{
    const __m512i iota =
        _mm512_set_epi8(63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40,
                        39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16,
                        15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    __m512i at = _mm512_maskz_compress_epi8(mask, iota), from = _mm512_set1_epi32((int)base);
    _mm512_storeu_si512(to, _mm512_add_epi32(from, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(at))));
    if (__builtin_expect(bits > 16, 0)) {
        __m128i second = _mm512_extracti32x4_epi32(at, 1);
        _mm512_storeu_si512(to + 16, _mm512_add_epi32(from, _mm512_cvtepu8_epi32(second)));
    }
}
#else
static inline uint64_t blank_mask(const char *p)
{
    uint64_t mask = 0;
#if defined(__AVX2__)
    const __m256i space = _mm256_set1_epi8(' ');
    for (int i = 0; i < 2; i++) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32 * i));
        uint32_t bits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(v, space), space));
        mask |= (uint64_t)bits << (32 * i);
    }
#else
    const __m128i space = _mm_set1_epi8(' ');
    for (int i = 0; i < 4; i++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
        uint64_t bits = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(v, space), space));
        mask |= bits << (16 * i);
    }
#endif
    return mask;
}

static inline void put_positions(uint32_t *to, uint64_t mask, uint32_t bits, uint32_t base)
{
    // Eight at a time whatever the count: the loop's end is then predicted for nearly every block.
    for (uint32_t done = 0; done < bits; done += 8) {
        for (uint32_t i = 0; i < 8; i++) {
            to[done + i] = base + (uint32_t)__builtin_ctzll(mask | (uint64_t)1 << 63);
            mask &= mask - 1;
        }
    }
}
#endif

// Finds words in the blocks at offsets [from, to) until about BLOCK are found; returns where it stopped.
static size_t find_words(worker *w, size_t from, size_t to)
{
    uint32_t words = w->words;
    uint64_t in_word = (uint64_t)w->in_word;
    for (; from < to && words < BLOCK - 32; from += 64) {
        uint64_t inside = ~blank_mask(w->head + from), before = inside << 1 | in_word;
        uint64_t starts = inside & ~before, ends = ~inside & before;
        uint32_t start_count = (uint32_t)__builtin_popcountll(starts), end_count = (uint32_t)__builtin_popcountll(ends);
        put_positions(w->start + words + in_word, starts, start_count, (uint32_t)from);
        put_positions(w->end + words, ends, end_count, (uint32_t)from);
        words += end_count;
        in_word = inside >> 63;
    }
    w->words = words;
    w->in_word = (int)in_word;
    return from;
}

#if WIDE
// Keys of the found words, zero for long words, whose indices go to long_word; returns how many those are.
static uint32_t make_keys(worker *w)
{
    uint16_t keep[BLOCK + 16];
    uint32_t longs = 0;
    const __m512i one = _mm512_set1_epi32(1);
    __m512i index = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    for (uint32_t i = 0; i < w->words; i += 16) {
        __m512i bytes = _mm512_sub_epi32(_mm512_loadu_si512(w->end + i), _mm512_loadu_si512(w->start + i));
        __mmask16 valid = (__mmask16)(w->words - i >= 16 ? 0xFFFFu : (1u << (w->words - i)) - 1);
        __mmask16 is_long = _mm512_mask_cmpgt_epu32_mask(valid, bytes, _mm512_set1_epi32(16));
        __m512i bits = _mm512_sub_epi32(_mm512_sllv_epi32(one, bytes), one);
        bits = _mm512_maskz_mov_epi32(valid & (__mmask16)~is_long, bits);
        _mm256_storeu_si256((__m256i *)(void *)(keep + i), _mm512_cvtepi32_epi16(bits));
        _mm512_storeu_si512(w->long_word + longs, _mm512_maskz_compress_epi32(is_long, index));
        longs += (uint32_t)__builtin_popcount(is_long);
        index = _mm512_add_epi32(index, _mm512_set1_epi32(16));
    }
    for (uint32_t i = 0; i < w->words; i++) {
        w->key[i] = _mm_maskz_loadu_epi8(keep[i], w->head + w->start[i]);
    }
    return longs;
}
#else
static uint32_t make_keys(worker *w)
{
    static const uint8_t keep[33] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    uint32_t longs = 0;
    for (uint32_t i = 0; i < w->words; i++) {
        uint32_t bytes = w->end[i] - w->start[i], is_long = bytes > 16;
        w->long_word[longs] = i;
        longs += is_long;
        __m128i mask = _mm_loadu_si128((const __m128i *)(const void *)(keep + (is_long ? 16 : 16 - bytes)));
        __m128i text = _mm_loadu_si128((const __m128i *)(const void *)(w->head + w->start[i]));
        w->key[i] = _mm_and_si128(text, mask);
    }
    return longs;
}
#endif

static void count_words(worker *w)
{
    table *t = &w->counts;
    if (is_crowded(t, w->words)) {
        table_grow(t);
    }
    uint32_t longs = make_keys(w), shift = 64 - t->bits;
    for (uint32_t i = 0; i < w->words; i++) {
        w->home[i] = (uint32_t)(hash_key(w->key[i]) >> shift);
        __builtin_prefetch(t->slots + w->home[i], 1);
    }
    for (uint32_t i = 0; i < w->words; i++) {
        add_from(t, w->home[i], w->key[i], 1);
    }
    for (uint32_t i = 0; i < longs; i++) {
        const char *at = w->head + w->start[w->long_word[i]];
        uint64_t bytes = w->end[w->long_word[i]] - w->start[w->long_word[i]];
        add_long(t, at, bytes, hash_long(at, bytes), 1, 0);
    }
    w->start[0] = w->start[w->words]; // a word without an end yet
    w->words = 0;
}

// Moves the beginning of an unfinished word in front of the chunk, where the next read continues it.
static void carry_word(worker *w, size_t end)
{
    size_t begun = end - w->start[0];
    if (begun > w->head_room) {
        size_t room = (begun * 2 + 4095) & ~(size_t)4095;
        if (room + CHUNK + PAGE > UINT32_MAX) {
            fprintf(stderr, "word_count: a word is longer than 2 GB\n");
            exit(1);
        }
        char *grown = aligned_alloc(PAGE, room + CHUNK + PAGE);
        if (!grown) {
            fail("memory");
        }
        memcpy(grown + room - begun, w->head + w->start[0], begun);
        free(w->head);
        w->head = grown;
        w->head_room = room;
    } else {
        memmove(w->head + w->head_room - begun, w->head + w->start[0], begun);
    }
    w->start[0] = (uint32_t)(w->head_room - begun);
}

static size_t read_chunk(worker *w, off_t at, size_t bytes)
{
    size_t have = 0;
    while (have < bytes) {
        ssize_t got = pread(job.in, w->head + w->head_room + have, bytes - have, at + (off_t)have);
        if (got < 0) {
            fail("read");
        }
        if (got == 0) {
            break;
        }
        have += (size_t)got;
    }
    return have;
}

// Counts what stands in the chunk. An open word at the end stays open, unless is_last: then the chunk may have any
// length, else it is whole 64-byte blocks.
static void count_chunk(worker *w, size_t bytes, int is_last)
{
    size_t from = w->head_room, end = from + bytes;
    memset(w->head + end, ' ', 64);
    for (size_t stop = is_last ? end + 1 : end; from < stop;) {
        from = find_words(w, from, stop);
        count_words(w);
    }
    if (w->in_word) {
        carry_word(w, end);
    }
}

static int is_blank(char c)
{
    return (uint8_t)c <= ' ';
}

// A word belongs to the part where it begins.
static void count_part(worker *w, off_t begin)
{
    off_t end = begin + PART < job.size ? begin + PART : job.size;
    char before = ' ';
    if (begin && pread(job.in, &before, 1, begin - 1) != 1) {
        fail("read");
    }
    int is_foreign = !is_blank(before); // the first word began in the part before
    for (off_t at = begin; at < end; at += CHUNK) {
        size_t bytes = end - at < CHUNK ? (size_t)(end - at) : (size_t)CHUNK, got = read_chunk(w, at, bytes);
        char *chunk = w->head + w->head_room;
        for (size_t i = 0; is_foreign && i < got; i++) {
            is_foreign = !is_blank(chunk[i]);
            chunk[i] = ' ';
        }
        count_chunk(w, got, got < bytes || at + (off_t)got == job.size);
    }
    for (off_t at = end; w->in_word; at += HEAD) {
        size_t got = read_chunk(w, at, HEAD), bytes = 0;
        while (bytes < got && !is_blank(w->head[w->head_room + bytes])) {
            bytes++;
        }
        count_chunk(w, bytes, bytes < HEAD);
    }
}

static void *count_parts(void *arg)
{
    worker *w = arg;
    table_open(&w->counts, FIRST_BITS, FIRST_LONG_BITS, 0);
    w->head_room = HEAD;
    w->head = aligned_alloc(PAGE, HEAD + CHUNK + PAGE);
    if (!w->head) {
        fail("memory");
    }
    for (off_t begin; (begin = __atomic_fetch_add(&job.next_part, PART, __ATOMIC_RELAXED)) < job.size;) {
        count_part(w, begin);
    }
    return NULL;
}

// Adds t's words whose hash is in [low, high] to merged.
static void merge_range(table *merged, const table *t, uint64_t low, uint64_t high)
{
    uint64_t mask = ((uint64_t)1 << t->bits) - 1, first = low >> (64 - t->bits), last = high >> (64 - t->bits);
    for (uint64_t i = first;; i++) { // past last up to an empty slot, around the table's end if need be
        const slot *s = t->slots + (i & mask);
        if (is_zero(s->key)) {
            if (i > last) {
                break;
            }
            continue;
        }
        uint64_t hash = hash_key(s->key), moved = (i - (hash >> (64 - t->bits))) & mask;
        if (hash < low || hash > high || moved > i || i - moved > last) { // i - moved: its home, this time round
            continue;
        }
        if (is_crowded(merged, 1)) {
            table_grow(merged);
        }
        add_from(merged, home_of(merged, hash, merged->bits), s->key, s->count);
    }
    for (uint64_t i = 0; i < (uint64_t)1 << t->long_bits; i++) {
        const long_slot *s = t->longs + i;
        if (s->at && s->hash >= low && s->hash <= high) {
            add_long(merged, s->at, s->bytes, s->hash, s->count, 1);
        }
    }
}

static void write_at(const char *bytes, size_t count, off_t at)
{
    while (count) {
        ssize_t done = pwrite(job.out, bytes, count, at);
        if (done <= 0) {
            fail("write");
        }
        bytes += done;
        at += done;
        count -= (size_t)done;
    }
}

static void flush(output *o)
{
    write_at(o->bytes, o->used, __atomic_fetch_add(&job.next_output, (off_t)o->used, __ATOMIC_RELAXED));
    o->used = 0;
}

static void put_line(output *o, const char *word, size_t bytes, uint64_t count)
{
    if (o->used + bytes + 32 > o->room) {
        flush(o);
        if (bytes + 32 > o->room) {
            free(o->bytes);
            o->room = bytes + 32;
            o->bytes = must_allocate(o->room);
        }
    }
    char *to = o->bytes + o->used, digits[20];
    memcpy(to, word, bytes);
    to += bytes;
    *to++ = '\t';
    int at = 20;
    do {
        digits[--at] = (char)('0' + count % 10);
    } while (count /= 10);
    memcpy(to, digits + at, (size_t)(20 - at));
    to += 20 - at;
    *to++ = '\n';
    o->used = (size_t)(to - o->bytes);
}

static void *merge_and_write(void *arg)
{
    worker *w = arg;
    uint64_t share = UINT64_MAX / (uint64_t)job.threads, index = (uint64_t)(w - job.workers);
    uint64_t low = index * share, high = index + 1 == (uint64_t)job.threads ? UINT64_MAX : low + share - 1;
    uint32_t bits = 10; // a first guess: the threads' words are much the same
    while ((uint64_t)1 << bits < w->counts.used * 4 / (uint64_t)job.threads) {
        bits++;
    }
    table merged;
    table_open(&merged, bits, FIRST_LONG_BITS, 16);
    for (int i = 0; i < job.threads; i++) {
        merge_range(&merged, &job.workers[i].counts, low, high);
    }
    output o = {.room = 1 << 20};
    o.bytes = must_allocate(o.room);
    for (uint64_t i = 0; i < (uint64_t)1 << merged.bits; i++) {
        const slot *s = merged.slots + i;
        int zeros = _mm_movemask_epi8(_mm_cmpeq_epi8(s->key, _mm_setzero_si128()));
        if (zeros != 0xFFFF) {
            put_line(&o, (const char *)&s->key, 16 - (size_t)__builtin_popcount((unsigned)zeros), s->count);
        }
    }
    for (uint64_t i = 0; i < (uint64_t)1 << merged.long_bits; i++) {
        if (merged.longs[i].at) {
            put_line(&o, merged.longs[i].at, merged.longs[i].bytes, merged.longs[i].count);
        }
    }
    flush(&o);
    w->distinct = merged.used + merged.longs_used;
    return NULL;
}

static void on_all_threads(void *(*run)(void *))
{
    pthread_t id[MAX_THREADS];
    for (int i = 1; i < job.threads; i++) {
        if (pthread_create(id + i, NULL, run, job.workers + i)) {
            fail("thread");
        }
    }
    run(job.workers);
    for (int i = 1; i < job.threads; i++) {
        pthread_join(id[i], NULL);
    }
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    job.threads = argc == 4 ? atoi(argv[3]) : 0;
    if (job.threads < 1 || job.threads > MAX_THREADS) {
        fprintf(stderr, "usage: word_count FILE OUT THREADS\n");
        return 2;
    }
    double began = now();
    struct stat status;
    job.in = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (job.in < 0 || fstat(job.in, &status)) {
        fail(argv[1]);
    }
    job.out = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (job.out < 0) {
        fail(argv[2]);
    }
    job.size = status.st_size;
    job.workers = aligned_alloc(64, sizeof(worker) * (size_t)job.threads);
    if (!job.workers) {
        fail("memory");
    }
    memset(job.workers, 0, sizeof(worker) * (size_t)job.threads);
    on_all_threads(count_parts);
    on_all_threads(merge_and_write);
    if (close(job.out)) {
        fail(argv[2]);
    }
    uint64_t distinct = 0;
    for (int i = 0; i < job.threads; i++) {
        distinct += job.workers[i].distinct;
    }
    printf("seconds=%.6f result=%llu\n", now() - began, (unsigned long long)distinct);
    return 0;
}
