// The limit of distinct: distinct_keys FILE THREADS [ROUNDS] finds the different keys of a file of pairs. The keys are
// spread over partitions by their hash, each of which has a set that stays in the L2 cache; before that each thread
// leaves out keys that it has seen lately, when a sample says that there are few. The result is the number and the sum
// of the keys.
#include "limit.h"

// SET_KEYS: up to here a set per thread stays in the L2 cache, and then nothing has to be spread.
enum { PARTITION_BITS = 8, SET_KEYS = 200000 };

typedef struct {
    room memory;
    uint64_t *slots;
    uint32_t bits;
    uint64_t used;
} set;

typedef struct {
    _Alignas(128) reader in;
    spreader out;
    set keys;
    checksum sum;
} worker;

static struct {
    const char *path;
    int threads;
    source in;
    double keys;    // estimated
    uint32_t shift; // of the hash bits that chose the partition
    spread rows;
    size_t next; // claimed atomically
    worker workers[MAX_THREADS];
} job;

static void set_open(set *s, uint32_t bits)
{
    s->bits = bits;
    s->used = 0;
    s->slots = room_of(&s->memory, sizeof(uint64_t) << bits);
    for (uint64_t i = 0; i < 1ull << bits; i++) {
        s->slots[i] = EMPTY;
    }
}

static inline uint64_t home_of(const set *s, uint64_t key)
{
    return hash_of(key) << job.shift >> (64 - s->bits);
}

static inline void set_put(set *s, uint64_t home, uint64_t key)
{
    const uint64_t mask = (1ull << s->bits) - 1;
    while (s->slots[home] != key) {
        if (s->slots[home] == EMPTY) {
            s->slots[home] = key;
            s->used++;
            break;
        }
        home = (home + 1) & mask;
    }
}

static void set_grow(set *s)
{
    const uint64_t count = 1ull << s->bits;
    room before = s->memory;
    uint64_t *slots = s->slots;
    s->memory = (room){NULL, 0};
    set_open(s, s->bits + 1);
    for (uint64_t i = 0; i < count; i++) {
        if (slots[i] != EMPTY) {
            set_put(s, home_of(s, slots[i]), slots[i]);
        }
    }
    free(before.at);
}

// step: 64-bit words from a key to the next.
static inline __attribute__((always_inline)) void set_add(set *s, const uint64_t *keys, size_t count, size_t step)
{
    for (size_t first = 0; first < count; first += BATCH) {
        uint64_t homes[BATCH];
        const uint64_t *at = keys + first * step;
        size_t some = count - first < BATCH ? count - first : BATCH;
        if ((s->used + some) * 4 > 3ull << s->bits) {
            set_grow(s);
        }
        for (size_t i = 0; i < some; i++) {
            homes[i] = home_of(s, at[i * step]);
            __builtin_prefetch(&s->slots[homes[i]], 1);
        }
        for (size_t i = 0; i < some; i++) {
            set_put(s, homes[i], at[i * step]);
        }
    }
}

static void spread_keys(int thread)
{
    worker *w = &job.workers[thread];
    int few = job.keys < SET_KEYS;
    spreader_open(&w->out, &job.rows, thread);
    if (few) {
        set_open(&w->keys, bits_for(job.keys));
    }
    for (size_t count; (count = source_next(&job.in, &w->in));) {
        const pair *pairs = w->in.pairs;
        refuse_empty(pairs, count);
        if (few) {
            set_add(&w->keys, &pairs->key, count, sizeof(pair) / sizeof(uint64_t));
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            spreader_add(&w->out, hash_of(pairs[i].key), &pairs[i].key, sizeof(uint64_t));
        }
    }
    for (uint64_t i = 0; few && i < 1ull << w->keys.bits; i++) {
        if (w->keys.slots[i] != EMPTY) {
            spreader_add(&w->out, hash_of(w->keys.slots[i]), &w->keys.slots[i], sizeof(uint64_t));
        }
    }
    spreader_end(&w->out);
}

static void count_partitions(int thread)
{
    worker *w = &job.workers[thread];
    for (size_t at; (at = __atomic_fetch_add(&job.next, 1, __ATOMIC_RELAXED)) < 1u << job.rows.bits;) {
        const void *rows;
        size_t bytes;
        set_open(&w->keys, bits_for(job.keys / (1u << job.rows.bits)));
        for (spread_walk walk = spread_rows(&job.rows, at, job.threads); (bytes = spread_next(&walk, &rows));) {
            set_add(&w->keys, rows, bytes / sizeof(uint64_t), 1);
        }
        for (uint64_t i = 0; i < 1ull << w->keys.bits; i++) {
            w->sum.sum += w->keys.slots[i] != EMPTY ? w->keys.slots[i] : 0;
        }
        w->sum.count += w->keys.used;
    }
}

static checksum run(void)
{
    uint64_t key_max;
    checksum sum = {0, 0};
    source_open(&job.in, job.path);
    job.keys = estimate_keys(&job.in, &key_max);
    job.shift = 0;
    job.next = 0;
    for (int i = 0; i < job.threads; i++) {
        job.workers[i].sum = sum;
    }
    spread_open(&job.rows, PARTITION_BITS, job.threads, job.in.bytes / 2);
    on_threads(job.threads, spread_keys);
    job.shift = PARTITION_BITS;
    on_threads(job.threads, count_partitions);
    close(job.in.fd);
    for (int i = 0; i < job.threads; i++) {
        sum.count += job.workers[i].sum.count;
        sum.sum += job.workers[i].sum.sum;
    }
    return sum;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: distinct_keys FILE THREADS [ROUNDS]\n");
        return 2;
    }
    job.path = argv[1];
    job.threads = number_at(argc, argv, 2, 1);
    job.threads = job.threads < MAX_THREADS ? job.threads : MAX_THREADS;
    return print_best(number_at(argc, argv, 3, 5), run, NULL);
}
