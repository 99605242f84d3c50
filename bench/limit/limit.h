// limit.h: what the limit programs over pairs share: time, threads, memory in huge pages, pairs read from a file in
// chunks that stay in the L2 cache, and rows spread over partitions by their hash through write-combining buffers.
#ifndef CERIUM_LIMIT_H
#define CERIUM_LIMIT_H

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

enum {
    PART = 4 << 20,    // what a thread claims of a file
    CHUNK = 256 << 10, // what is read at once
    BATCH = 256,       // rows whose slots are prefetched together
    MAX_THREADS = 64,
    LINE = 64,
    PIECE = 32 << 10, // of a partition, as it is allocated: one line of header, then rows
    HUGE_PAGE = 2 << 20,
};

// The mark of an empty slot, and the one key that these programs refuse.
#define EMPTY 0xA5C3F07E5B3D9617u

typedef struct {
    uint64_t key;
    int64_t value;
} pair;

static inline void fail(const char *what)
{
    perror(what);
    exit(1);
}

static inline double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline void *huge(size_t bytes)
{
    void *p = aligned_alloc(HUGE_PAGE, (bytes + HUGE_PAGE) & ~(size_t)(HUGE_PAGE - 1));
    if (!p) {
        fail("memory");
    }
    madvise(p, bytes, MADV_HUGEPAGE);
    return p;
}

// Memory that a round leaves touched for the next one, of at least bytes.
typedef struct {
    char *at;
    size_t bytes;
} room;

static inline void *room_of(room *r, size_t bytes)
{
    if (r->bytes < bytes) {
        free(r->at);
        r->bytes = bytes + bytes / 4;
        r->at = huge(r->bytes);
    }
    return r->at;
}

static inline uint64_t hash_of(uint64_t key)
{
    uint64_t h = (key ^ (key >> 32)) * 0x9E3779B97F4A7C15u;
    return h ^ (h >> 29);
}

// ---- threads ----

typedef struct {
    void (*run)(int thread);
    int thread;
} thread_start;

static inline void *run_thread(void *arg)
{
    thread_start *start = arg;
    start->run(start->thread);
    return NULL;
}

static inline void on_threads(int threads, void (*run)(int thread))
{
    pthread_t id[MAX_THREADS];
    thread_start start[MAX_THREADS];
    for (int i = 1; i < threads; i++) {
        start[i] = (thread_start){run, i};
        if (pthread_create(&id[i], NULL, run_thread, &start[i])) {
            fail("thread");
        }
    }
    run(0);
    for (int i = 1; i < threads; i++) {
        pthread_join(id[i], NULL);
    }
}

// ---- pairs of a file ----

typedef struct {
    int fd;
    size_t bytes, next_part; // claimed atomically
} source;

typedef struct {
    size_t at, end; // of the part
    pair *pairs;    // CHUNK bytes
} reader;

static inline void source_open(source *s, const char *path)
{
    struct stat status;
    s->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0 || fstat(s->fd, &status)) {
        fail(path);
    }
    s->bytes = (size_t)status.st_size / sizeof(pair) * sizeof(pair);
    s->next_part = 0;
}

// The next pairs that this thread has to look at; 0: there are no more.
static inline size_t source_next(source *s, reader *r)
{
    if (r->at == r->end) {
        r->at = __atomic_fetch_add(&s->next_part, PART, __ATOMIC_RELAXED);
        if (r->at >= s->bytes) {
            r->at = r->end = 0;
            return 0;
        }
        r->end = s->bytes - r->at < PART ? s->bytes : r->at + PART;
    }
    size_t bytes = r->end - r->at < CHUNK ? r->end - r->at : CHUNK;
    if (!r->pairs) {
        r->pairs = aligned_alloc(HUGE_PAGE, HUGE_PAGE);
    }
    if (!r->pairs || pread(s->fd, r->pairs, bytes, (off_t)r->at) != (ssize_t)bytes) {
        fail("read");
    }
    r->at += bytes;
    return bytes / sizeof(pair);
}

// Ends the program when there is a key that is EMPTY.
static inline void refuse_empty(const pair *pairs, size_t count)
{
    int refused = 0;
    for (size_t i = 0; i < count; i++) {
        refused |= pairs[i].key == EMPTY;
    }
    if (refused) {
        fprintf(stderr, "the key %llx is reserved\n", (unsigned long long)EMPTY);
        exit(1);
    }
}

// How many different keys a file is likely to have, from pairs that meet in a sample of 64 blocks; *key_max: the
// largest in the sample.
static inline double estimate_keys(const source *s, uint64_t *key_max)
{
    enum { BLOCKS = 64, PAIRS = 1024, SLOTS = 1 << 18 };
    static uint64_t slots[SLOTS];
    static pair pairs[PAIRS];
    double seen = 0, met = 0;
    memset(slots, 0xFF, sizeof slots);
    *key_max = 0;
    for (size_t block = 0; block < BLOCKS; block++) {
        off_t at = (off_t)(s->bytes / sizeof(pair) * block / BLOCKS * sizeof(pair));
        ssize_t got = pread(s->fd, pairs, sizeof pairs, at);
        for (ssize_t i = 0; i < got / (ssize_t)sizeof(pair); i++, seen++) {
            uint64_t key = pairs[i].key, home = hash_of(key) >> 46;
            *key_max = key > *key_max ? key : *key_max;
            while (slots[home] != key && slots[home] != UINT64_MAX) {
                home = (home + 1) % SLOTS;
            }
            met += slots[home] == key;
            slots[home] = key;
        }
    }
    return met > 0 ? seen * seen / (2 * met) : seen * seen;
}

// Of a table that has room for so many keys and stays two thirds full at most.
static inline uint32_t bits_for(double keys)
{
    uint32_t bits = 12;
    while ((double)(1ull << bits) * 0.66 < keys) {
        bits++;
    }
    return bits;
}

// ---- rows spread over partitions ----

typedef struct piece {
    _Alignas(LINE) struct piece *before; // of the same thread and partition
    uint32_t bytes;                      // of rows
} piece;

typedef struct {
    room memory; // all pieces of all threads
    size_t used; // claimed atomically
    uint32_t bits;
    piece **last; // of thread t and partition p: last[t << bits | p]
} spread;

// One thread's buffers: a line of each partition, and where it goes when it is full.
typedef struct {
    spread *to;
    char *lines;
    uint32_t *fill; // bytes in the line of a partition
    char **at, **end;
    piece **last;
} spreader;

// rows: bytes that all threads will add at most.
static inline void spread_open(spread *s, uint32_t bits, int threads, size_t rows_bytes)
{
    size_t lists = (size_t)threads << bits, pieces = rows_bytes / (PIECE - LINE) + lists + 1;
    (void)room_of(&s->memory, pieces * PIECE);
    s->used = 0;
    s->bits = bits;
    s->last = realloc(s->last, lists * sizeof(piece *));
    if (!s->last) {
        fail("memory");
    }
    memset(s->last, 0, lists * sizeof(piece *));
}

static inline void spreader_open(spreader *w, spread *to, int thread)
{
    size_t parts = (size_t)1 << to->bits;
    if (!w->lines) {
        w->lines = huge(parts * (LINE + sizeof(uint32_t) + 2 * sizeof(char *)));
        w->at = (char **)(void *)(w->lines + parts * LINE);
        w->end = w->at + parts;
        w->fill = (uint32_t *)(void *)(w->end + parts);
    }
    w->to = to;
    w->last = to->last + ((size_t)thread << to->bits);
    memset(w->at, 0, parts * (sizeof(uint32_t) + 2 * sizeof(char *)));
}

static __attribute__((noinline)) void spreader_new_piece(spreader *w, size_t partition)
{
    piece *fresh = (piece *)(void *)(w->to->memory.at + __atomic_fetch_add(&w->to->used, PIECE, __ATOMIC_RELAXED));
    if (w->last[partition]) {
        w->last[partition]->bytes = PIECE - LINE;
    }
    fresh->before = w->last[partition];
    fresh->bytes = 0;
    w->last[partition] = fresh;
    w->at[partition] = (char *)fresh + LINE;
    w->end[partition] = (char *)fresh + PIECE;
}

// Past the caches: the line is not read again before all rows are there.
static inline void stream_line(char *to, const char *line)
{
#if defined(__AVX512F__)
    _mm512_stream_si512((void *)to, _mm512_load_si512((const void *)line));
#else
    for (int i = 0; i < LINE; i += 16) {
        _mm_stream_si128((void *)(to + i), _mm_load_si128((const void *)(line + i)));
    }
#endif
}

static inline void spreader_flush(spreader *w, size_t partition)
{
    if (w->at[partition] == w->end[partition]) {
        spreader_new_piece(w, partition);
    }
    stream_line(w->at[partition], w->lines + partition * LINE);
    w->at[partition] += LINE;
}

// row_bytes is a power of two up to LINE.
static inline __attribute__((always_inline)) void spreader_put(spreader *w, size_t partition, const void *row,
                                                               uint32_t row_bytes)
{
    uint32_t fill = w->fill[partition];
    memcpy(w->lines + partition * LINE + fill, row, row_bytes);
    fill += row_bytes;
    if (fill == LINE) {
        spreader_flush(w, partition);
        fill = 0;
    }
    w->fill[partition] = fill;
}

static inline __attribute__((always_inline)) void spreader_add(spreader *w, uint64_t hash, const void *row,
                                                               uint32_t row_bytes)
{
    spreader_put(w, hash >> (64 - w->to->bits), row, row_bytes);
}

static inline void spreader_end(spreader *w)
{
    for (size_t i = 0; i < (size_t)1 << w->to->bits; i++) {
        uint32_t fill = w->fill[i];
        if (fill) {
            spreader_flush(w, i);
        }
        if (w->last[i]) {
            size_t bytes = (size_t)(w->at[i] - (char *)w->last[i]) - LINE;
            w->last[i]->bytes = (uint32_t)(bytes - (fill ? LINE - fill : 0));
        }
    }
    _mm_sfence();
}

// The rows of a partition, piece by piece: *rows and the bytes of them; 0 at the end.
typedef struct {
    const spread *of;
    size_t partition, list, lists;
    const piece *next;
} spread_walk;

static inline spread_walk spread_rows(const spread *s, size_t partition, int threads)
{
    return (spread_walk){s, partition, 0, (size_t)threads, NULL};
}

static inline size_t spread_next(spread_walk *walk, const void **rows)
{
    while (!walk->next) {
        if (walk->list == walk->lists) {
            return 0;
        }
        walk->next = walk->of->last[walk->list++ << walk->of->bits | walk->partition];
    }
    const piece *here = walk->next;
    walk->next = here->before;
    *rows = (const char *)here + LINE;
    return here->bytes;
}

static inline size_t spread_bytes(const spread *s, size_t partition, int threads)
{
    size_t sum = 0, bytes;
    const void *rows;
    for (spread_walk walk = spread_rows(s, partition, threads); (bytes = spread_next(&walk, &rows));) {
        sum += bytes;
    }
    return sum;
}

// Spreads the pairs of a file by their keys; each thread calls it.
static inline void spread_source(source *from, reader *in, spread *to, spreader *out, int thread)
{
    spreader_open(out, to, thread);
    for (size_t count; (count = source_next(from, in));) {
        refuse_empty(in->pairs, count);
        for (size_t i = 0; i < count; i++) {
            spreader_add(out, hash_of(in->pairs[i].key), &in->pairs[i], sizeof(pair));
        }
    }
    spreader_end(out);
}

// ---- rounds ----

typedef struct {
    uint64_t count, sum;
} checksum;

// Runs a job so many times and prints the best time; the memory of the first is warm for the others. clear: NULL, or
// takes away what a round has written, before each round.
static inline int print_best(int rounds, checksum (*run)(void), void (*clear)(void))
{
    double best = 1e9;
    checksum sum = {0, 0};
    for (int i = 0; i < rounds; i++) {
        if (clear) {
            clear();
        }
        double began = now();
        sum = run();
        double seconds = now() - began;
        best = seconds < best ? seconds : best;
    }
    printf("seconds=%.6f result=%llu:%016llx\n", best, (unsigned long long)sum.count, (unsigned long long)sum.sum);
    return 0;
}

// The argument at index as a number of at least 1, or else what stands for it.
static inline int number_at(int argc, char **argv, int index, int otherwise)
{
    int number = index < argc ? atoi(argv[index]) : otherwise;
    return number < 1 ? otherwise : number;
}

#endif
