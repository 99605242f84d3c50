// The limit of sums by key: aggregate_pairs FILE THREADS [ROUNDS] adds the values of each key of a file of pairs. A
// sample decides how. Few dense keys: arrays that the key indexes, four of them, so that equal keys that follow each
// other do not wait for one another. Keys whose table stays near the caches: a table per thread, in batches whose slots
// are prefetched, merged by ranges of the hash at the end. More: the pairs are spread over partitions whose tables stay
// in the L2 cache. The result is a checksum over (key, sum) in any order.
#include "limit.h"

// TABLE_KEYS: up to here the tables of two threads share an L3 of 32 MiB, and win.
enum { DENSE = 4096, LANES = 4, PARTITION_BITS = 8, TABLE_KEYS = 500000 };

typedef struct {
    uint64_t key, sum;
} slot;

typedef struct {
    room memory;
    slot *slots;
    uint32_t bits;
    uint64_t used;
} table;

typedef struct {
    _Alignas(128) reader in;
    spreader out;
    table keys, merged;
    uint64_t *lanes; // LANES x job.dense sums, then as many marks
    checksum sum;
} worker;

static struct {
    const char *path;
    int threads;
    source in;
    double keys;    // estimated
    uint64_t dense; // all keys of the sample are below this power of two
    uint32_t shift; // of the hash bits that chose the partition
    spread rows;
    size_t next; // claimed atomically
    worker workers[MAX_THREADS];
} job;

static void table_open(table *t, uint32_t bits)
{
    t->bits = bits;
    t->used = 0;
    t->slots = room_of(&t->memory, sizeof(slot) << bits);
    for (uint64_t i = 0; i < 1ull << bits; i++) {
        t->slots[i] = (slot){EMPTY, 0};
    }
}

static inline void slot_add(table *t, uint64_t home, uint64_t key, uint64_t value)
{
    const uint64_t mask = (1ull << t->bits) - 1;
    slot *s = &t->slots[home];
    while (s->key != key) {
        if (s->key == EMPTY) {
            s->key = key;
            t->used++;
            break;
        }
        home = (home + 1) & mask;
        s = &t->slots[home];
    }
    s->sum += value;
}

static void table_grow(table *t)
{
    const uint64_t count = 1ull << t->bits;
    room before = t->memory;
    slot *slots = t->slots;
    t->memory = (room){NULL, 0};
    table_open(t, t->bits + 1);
    for (uint64_t i = 0; i < count; i++) {
        if (slots[i].key != EMPTY) {
            slot_add(t, hash_of(slots[i].key) << job.shift >> (64 - t->bits), slots[i].key, slots[i].sum);
        }
    }
    free(before.at);
}

// count is at most BATCH.
static inline void table_add(table *t, const pair *pairs, size_t count)
{
    uint64_t homes[BATCH];
    if ((t->used + count) * 4 > 3ull << t->bits) {
        table_grow(t);
    }
    for (size_t i = 0; i < count; i++) {
        homes[i] = hash_of(pairs[i].key) << job.shift >> (64 - t->bits);
        __builtin_prefetch(&t->slots[homes[i]], 1);
    }
    for (size_t i = 0; i < count; i++) {
        slot_add(t, homes[i], pairs[i].key, (uint64_t)pairs[i].value);
    }
}

static void table_add_all(table *t, const pair *pairs, size_t count)
{
    for (size_t at = 0; at < count; at += BATCH) {
        table_add(t, pairs + at, count - at < BATCH ? count - at : BATCH);
    }
}

static void table_sum(const table *t, checksum *sum)
{
    for (uint64_t i = 0; i < 1ull << t->bits; i++) {
        uint64_t there = t->slots[i].key != EMPTY;
        sum->count += there;
        sum->sum += there ? t->slots[i].key ^ t->slots[i].sum : 0;
    }
}

// ---- dense keys ----

static void add_dense(int thread)
{
    worker *w = &job.workers[thread];
    const uint64_t dense = job.dense;
    if (!w->lanes) {
        w->lanes = huge(2 * LANES * DENSE * sizeof(uint64_t));
    }
    memset(w->lanes, 0, 2 * LANES * DENSE * sizeof(uint64_t));
    table_open(&w->keys, 12);
    uint64_t *sums = w->lanes;
    unsigned char *marks = (unsigned char *)(sums + LANES * dense);
    for (size_t count; (count = source_next(&job.in, &w->in));) {
        const pair *p = w->in.pairs;
        size_t i = 0;
        for (; i + LANES <= count; i += LANES) {
            if ((p[i].key | p[i + 1].key | p[i + 2].key | p[i + 3].key) >= dense) {
                refuse_empty(p + i, LANES);
                table_add(&w->keys, p + i, LANES);
                continue;
            }
            for (size_t lane = 0; lane < LANES; lane++) {
                sums[lane * dense + p[i + lane].key] += (uint64_t)p[i + lane].value;
                marks[p[i + lane].key] = 1;
            }
        }
        refuse_empty(p + i, count - i);
        table_add(&w->keys, p + i, count - i);
    }
    for (uint64_t key = 0; key < dense; key++) {
        pair sum = {key, 0};
        for (size_t lane = 0; lane < LANES; lane++) {
            sum.value += (int64_t)sums[lane * dense + key];
        }
        if (marks[key]) {
            table_add(&w->keys, &sum, 1);
        }
    }
}

// ---- a table per thread ----

static void add_to_table(int thread)
{
    worker *w = &job.workers[thread];
    table_open(&w->keys, bits_for(job.keys));
    for (size_t count; (count = source_next(&job.in, &w->in));) {
        refuse_empty(w->in.pairs, count);
        table_add_all(&w->keys, w->in.pairs, count);
    }
}

// The same share of every thread's hashes.
static void merge_share(int thread)
{
    worker *w = &job.workers[thread];
    pair batch[BATCH];
    size_t count = 0;
    table_open(&w->merged, bits_for((double)job.workers[0].keys.used / job.threads * 1.1));
    for (int i = 0; i < job.threads; i++) {
        const table *from = &job.workers[i].keys;
        for (uint64_t at = 0; at < 1ull << from->bits; at++) {
            const slot *s = &from->slots[at];
            uint64_t share = (hash_of(s->key) & 0xFFFF) * (uint64_t)job.threads >> 16;
            batch[count] = (pair){s->key, (int64_t)s->sum};
            count += s->key != EMPTY && share == (uint64_t)thread;
            if (count == BATCH) {
                table_add(&w->merged, batch, count);
                count = 0;
            }
        }
    }
    table_add(&w->merged, batch, count);
    table_sum(&w->merged, &w->sum);
}

// ---- partitions ----

static void spread_pairs(int thread)
{
    worker *w = &job.workers[thread];
    spread_source(&job.in, &w->in, &job.rows, &w->out, thread);
}

static void add_partitions(int thread)
{
    worker *w = &job.workers[thread];
    for (size_t at; (at = __atomic_fetch_add(&job.next, 1, __ATOMIC_RELAXED)) < 1u << job.rows.bits;) {
        const void *rows;
        size_t bytes;
        table_open(&w->keys, bits_for(job.keys / (1u << job.rows.bits)));
        for (spread_walk walk = spread_rows(&job.rows, at, job.threads); (bytes = spread_next(&walk, &rows));) {
            table_add_all(&w->keys, rows, bytes / sizeof(pair));
        }
        table_sum(&w->keys, &w->sum);
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
    job.dense = 64;
    while (job.dense <= key_max && job.dense < DENSE) {
        job.dense *= 2;
    }
    if (key_max < job.dense) {
        on_threads(job.threads, add_dense);
        on_threads(job.threads, merge_share);
    } else if (job.keys < TABLE_KEYS) {
        on_threads(job.threads, add_to_table);
        on_threads(job.threads, merge_share);
    } else {
        spread_open(&job.rows, PARTITION_BITS, job.threads, job.in.bytes);
        job.shift = PARTITION_BITS;
        on_threads(job.threads, spread_pairs);
        on_threads(job.threads, add_partitions);
    }
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
        fprintf(stderr, "usage: aggregate_pairs FILE THREADS [ROUNDS]\n");
        return 2;
    }
    job.path = argv[1];
    job.threads = number_at(argc, argv, 2, 1);
    job.threads = job.threads < MAX_THREADS ? job.threads : MAX_THREADS;
    return print_best(number_at(argc, argv, 3, 5), run, NULL);
}
