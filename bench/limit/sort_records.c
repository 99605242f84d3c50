// The limit of sorting files: sort_records FILE OUT THREADS [ROUNDS] writes the records of 100 bytes of FILE in the
// order of their first 10 bytes. The file is read into memory once; of each record an entry of 16 bytes, the key and
// the record's number, goes to one of a few hundred partitions, whose borders are those of a sample. A partition's
// entries are sorted in the L2 cache by three passes over the 24 leading bits in which they differ, the few that are
// equal in those by insertion. Then its records are gathered once, into the buffer that is written.
#include "limit.h"

enum {
    RECORD = 100,
    PREFIXES = 1 << 16, // the values of the first two bytes
    PARTITION_BITS = 9,
    SAMPLES = 1 << 10, // places of the file, BLOCK records at each
    BLOCK = 16,
    READ = 2560 * RECORD,
    WRITE = 5120 * RECORD,
    DIGITS = 3,
    AHEAD = 12, // records whose lines are asked for before they are copied
};

// Compared as (key, rest): rest is the last two bytes of the key, then the number, so that equal keys stay in order.
typedef struct {
    uint64_t key, rest;
} entry;

typedef struct {
    _Alignas(128) spreader out;
    room entries, other, buffer;
} worker;

static struct {
    const char *in_path, *out_path;
    int threads, in, out;
    size_t records;
    room memory; // the file
    uint16_t partition_of[PREFIXES];
    spread entries;
    size_t next, first[(1 << PARTITION_BITS) + 1]; // record of a partition in the output
    worker workers[MAX_THREADS];
} job;

static inline uint64_t big_endian(const char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return __builtin_bswap64(value);
}

static inline entry entry_of(const char *record, uint64_t number)
{
    uint16_t tail;
    memcpy(&tail, record + 8, sizeof tail);
    return (entry){big_endian(record), (uint64_t)__builtin_bswap16(tail) << 48 | number};
}

// Partitions of about the same size: the first two bytes of the key choose one, by how often they are in a sample.
static void choose_partitions(void)
{
    static uint32_t counts[PREFIXES];
    static char block[BLOCK * RECORD];
    size_t samples = job.records / BLOCK < SAMPLES ? job.records / BLOCK : SAMPLES, sum = 0;
    memset(counts, 0, sizeof counts);
    for (size_t i = 0; i < samples; i++) {
        off_t at = (off_t)((job.records - BLOCK) * i / samples * RECORD);
        if (pread(job.in, block, sizeof block, at) != sizeof block) {
            fail(job.in_path);
        }
        for (size_t j = 0; j < sizeof block; j += RECORD) {
            counts[(unsigned char)block[j] << 8 | (unsigned char)block[j + 1]]++;
        }
    }
    for (size_t prefix = 0; prefix < PREFIXES; prefix++) {
        job.partition_of[prefix] = (uint16_t)((sum << PARTITION_BITS) / (samples * BLOCK + 1));
        sum += counts[prefix];
    }
}

static void read_share(int thread)
{
    worker *w = &job.workers[thread];
    size_t at = job.records * (size_t)thread / (size_t)job.threads;
    size_t end = job.records * ((size_t)thread + 1) / (size_t)job.threads;
    spreader_open(&w->out, &job.entries, thread);
    while (at < end) {
        char *to = job.memory.at + at * RECORD;
        size_t count = end - at < READ / RECORD ? end - at : READ / RECORD;
        if (pread(job.in, to, count * RECORD, (off_t)(at * RECORD)) != (ssize_t)(count * RECORD)) {
            fail(job.in_path);
        }
        for (size_t i = 0; i < count; i++, at++, to += RECORD) {
            entry made = entry_of(to, at);
            spreader_put(&w->out, job.partition_of[made.key >> 48], &made, sizeof made);
        }
    }
    spreader_end(&w->out);
}

static int compare_entries(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    return x->rest < y->rest ? -1 : x->rest > y->rest;
}

// What the passes left in disorder lies close together; where it does not, a library's sort is better.
static void finish(entry *entries, size_t count)
{
    enum { FAR = 64 };
    for (size_t i = 1; i < count; i++) {
        entry moved = entries[i];
        size_t at = i;
        for (; at > 0 && i - at < FAR && compare_entries(&moved, &entries[at - 1]) < 0; at--) {
            entries[at] = entries[at - 1];
        }
        entries[at] = moved;
        if (i - at == FAR) {
            qsort(entries, count, sizeof *entries, compare_entries);
            return;
        }
    }
}

// The 24 highest bits of those that differ in a partition, together.
static inline uint32_t digits_of(uint64_t key, uint64_t differ)
{
#if defined(__BMI2__)
    return (uint32_t)_pext_u64(key, differ);
#else
    return (uint32_t)(key >> __builtin_ctzll(differ) & 0xFFFFFF);
#endif
}

static uint64_t differing_bits(const entry *entries, size_t count)
{
    uint64_t differ = 0, kept = 0;
    for (size_t i = 1; i < count; i++) {
        differ |= entries[i].key ^ entries[0].key;
    }
    if (!differ) {
        return 0;
    }
#if defined(__BMI2__)
    for (int bits = 0; differ && bits < DIGITS * 8; bits++) {
        uint64_t top = 1ull << (63 - __builtin_clzll(differ));
        kept |= top;
        differ ^= top;
    }
#else
    int top = 63 - __builtin_clzll(differ);
    kept = 1ull << (top < DIGITS * 8 ? 0 : top - DIGITS * 8 + 1);
#endif
    return kept;
}

// Sorts with other as room; the result is in entries.
static void sort_entries(entry *entries, entry *other, size_t count)
{
    uint64_t differ = count ? differing_bits(entries, count) : 0;
    uint32_t counts[DIGITS][256] = {{0}};
    entry *from = entries, *to = other;
    for (size_t i = 0; differ && i < count; i++) {
        uint32_t digits = digits_of(from[i].key, differ);
        counts[0][digits & 255]++;
        counts[1][digits >> 8 & 255]++;
        counts[2][digits >> 16 & 255]++;
    }
    for (int pass = 0; differ && pass < DIGITS; pass++) {
        uint32_t sum = 0;
        for (int i = 0; i < 256; i++) {
            uint32_t here = counts[pass][i];
            counts[pass][i] = sum;
            sum += here;
        }
        for (size_t i = 0; i < count; i++) {
            to[counts[pass][digits_of(from[i].key, differ) >> (8 * pass) & 255]++] = from[i];
        }
        entry *swap = from;
        from = to;
        to = swap;
    }
    if (from != entries) {
        memcpy(entries, from, count * sizeof *entries);
    }
    finish(entries, count);
}

static void gather(worker *w, const entry *entries, size_t count, size_t first)
{
    const uint64_t number = ((uint64_t)1 << 48) - 1;
    for (size_t at = 0; at < count;) {
        char *to = w->buffer.at;
        size_t some = count - at < WRITE / RECORD ? count - at : WRITE / RECORD;
        for (size_t i = at; i < at + some; i++, to += RECORD) {
            const char *ahead = job.memory.at + (entries[i + AHEAD < count ? i + AHEAD : i].rest & number) * RECORD;
            __builtin_prefetch(ahead);
            __builtin_prefetch(ahead + RECORD - 1);
            memcpy(to, job.memory.at + (entries[i].rest & number) * RECORD, RECORD);
        }
        off_t offset = (off_t)((first + at) * RECORD);
        if (pwrite(job.out, w->buffer.at, some * RECORD, offset) != (ssize_t)(some * RECORD)) {
            fail(job.out_path);
        }
        at += some;
    }
}

static void sort_partitions(int thread)
{
    worker *w = &job.workers[thread];
    (void)room_of(&w->buffer, WRITE);
    for (size_t at; (at = __atomic_fetch_add(&job.next, 1, __ATOMIC_RELAXED)) < 1u << PARTITION_BITS;) {
        size_t count = job.first[at + 1] - job.first[at], bytes, filled = 0;
        const void *rows;
        entry *entries = room_of(&w->entries, (count + 1) * sizeof(entry));
        for (spread_walk walk = spread_rows(&job.entries, at, job.threads); (bytes = spread_next(&walk, &rows));) {
            memcpy(entries + filled, rows, bytes);
            filled += bytes / sizeof(entry);
        }
        sort_entries(entries, room_of(&w->other, (count + 1) * sizeof(entry)), count);
        gather(w, entries, count, job.first[at]);
    }
}

static checksum run(void)
{
    struct stat status;
    job.in = open(job.in_path, O_RDONLY | O_CLOEXEC);
    if (job.in < 0 || fstat(job.in, &status)) {
        fail(job.in_path);
    }
    job.out = open(job.out_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (job.out < 0) {
        fail(job.out_path);
    }
    job.records = (size_t)status.st_size / RECORD;
    (void)room_of(&job.memory, job.records * RECORD + LINE);
    choose_partitions();
    spread_open(&job.entries, PARTITION_BITS, job.threads, job.records * sizeof(entry));
    on_threads(job.threads, read_share);
    for (size_t at = 0; at < 1u << PARTITION_BITS; at++) {
        job.first[at + 1] = job.first[at] + spread_bytes(&job.entries, at, job.threads) / sizeof(entry);
    }
    job.next = 0;
    on_threads(job.threads, sort_partitions);
    close(job.in);
    if (close(job.out)) {
        fail(job.out_path);
    }
    return (checksum){job.records, 0};
}

static void clear(void)
{
    unlink(job.out_path);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: sort_records FILE OUT THREADS [ROUNDS]\n");
        return 2;
    }
    job.in_path = argv[1];
    job.out_path = argv[2];
    job.threads = number_at(argc, argv, 3, 1);
    job.threads = job.threads < MAX_THREADS ? job.threads : MAX_THREADS;
    return print_best(number_at(argc, argv, 4, 5), run, clear);
}
