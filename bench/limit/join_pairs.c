// The limit of inner joins: join_pairs LEFT RIGHT THREADS [ROUNDS] finds, for each pair of LEFT, the pairs of RIGHT
// with its key. A small RIGHT becomes one table that all threads read; otherwise both files are spread over partitions
// by the hash, so that the table of a partition stays in the L2 cache. Equal keys of RIGHT lie behind each other in the
// table; when there are none the search ends at the first. The result is the number of rows and a sum over them.
#include "limit.h"

enum { SMALL = 1 << 16, TABLE_BYTES = 1 << 19 };

typedef struct {
    room memory;
    pair *slots;
    uint32_t bits;
    int repeats; // some key is there twice
} table;

typedef struct {
    _Alignas(128) reader in;
    spreader out;
    table right;
    checksum sum;
} worker;

static struct {
    const char *left_path, *right_path;
    int threads;
    source left, right;
    spread left_rows, right_rows;
    uint32_t shift; // of the hash bits that chose the partition
    size_t next;    // claimed atomically
    worker workers[MAX_THREADS];
} job;

static inline uint64_t home_of(const table *t, uint64_t key)
{
    return hash_of(key) << job.shift >> (64 - t->bits);
}

static void table_open(table *t, size_t rows)
{
    t->bits = bits_for((double)rows);
    t->repeats = 0;
    t->slots = room_of(&t->memory, sizeof(pair) << t->bits);
    for (uint64_t i = 0; i < 1ull << t->bits; i++) {
        t->slots[i].key = EMPTY;
    }
}

static void table_add(table *t, const pair *rows, size_t count)
{
    const uint64_t mask = (1ull << t->bits) - 1;
    for (size_t i = 0; i < count; i++) {
        uint64_t at = home_of(t, rows[i].key);
        for (; t->slots[at].key != EMPTY; at = (at + 1) & mask) {
            t->repeats |= t->slots[at].key == rows[i].key;
        }
        t->slots[at] = rows[i];
    }
}

static inline __attribute__((always_inline)) checksum probe_batch(const table *t, const pair *rows, size_t count,
                                                                  int repeats)
{
    const uint64_t mask = (1ull << t->bits) - 1;
    checksum sum = {0, 0};
    uint64_t homes[BATCH];
    for (size_t i = 0; i < count; i++) {
        homes[i] = home_of(t, rows[i].key);
        __builtin_prefetch(&t->slots[homes[i]]);
    }
    for (size_t i = 0; i < count; i++) {
        const pair *s = &t->slots[homes[i]];
        for (uint64_t at = homes[i]; s->key != EMPTY; at = (at + 1) & mask, s = &t->slots[at]) {
            if (s->key == rows[i].key) {
                sum.count++;
                sum.sum += (uint64_t)(rows[i].value ^ s->value);
                if (!repeats) {
                    break;
                }
            }
        }
    }
    return sum;
}

static void table_probe(const table *t, const pair *rows, size_t count, checksum *sum)
{
    for (size_t at = 0; at < count; at += BATCH) {
        size_t some = count - at < BATCH ? count - at : BATCH;
        checksum part = t->repeats ? probe_batch(t, rows + at, some, 1) : probe_batch(t, rows + at, some, 0);
        sum->count += part.count;
        sum->sum += part.sum;
    }
}

static void probe_left(int thread)
{
    worker *w = &job.workers[thread];
    for (size_t count; (count = source_next(&job.left, &w->in));) {
        refuse_empty(w->in.pairs, count);
        table_probe(&job.workers[0].right, w->in.pairs, count, &w->sum);
    }
}

static void spread_both(int thread)
{
    worker *w = &job.workers[thread];
    spread_source(&job.right, &w->in, &job.right_rows, &w->out, thread);
    spread_source(&job.left, &w->in, &job.left_rows, &w->out, thread);
}

static void join_partitions(int thread)
{
    worker *w = &job.workers[thread];
    for (size_t at; (at = __atomic_fetch_add(&job.next, 1, __ATOMIC_RELAXED)) < 1u << job.right_rows.bits;) {
        const void *rows;
        size_t bytes;
        table_open(&w->right, spread_bytes(&job.right_rows, at, job.threads) / sizeof(pair));
        for (spread_walk walk = spread_rows(&job.right_rows, at, job.threads); (bytes = spread_next(&walk, &rows));) {
            table_add(&w->right, rows, bytes / sizeof(pair));
        }
        for (spread_walk walk = spread_rows(&job.left_rows, at, job.threads); (bytes = spread_next(&walk, &rows));) {
            table_probe(&w->right, rows, bytes / sizeof(pair), &w->sum);
        }
    }
}

static void build_right(void)
{
    worker *w = &job.workers[0];
    table_open(&w->right, job.right.bytes / sizeof(pair));
    for (size_t count; (count = source_next(&job.right, &w->in));) {
        refuse_empty(w->in.pairs, count);
        table_add(&w->right, w->in.pairs, count);
    }
}

static checksum run(void)
{
    checksum sum = {0, 0};
    source_open(&job.left, job.left_path);
    source_open(&job.right, job.right_path);
    for (int i = 0; i < job.threads; i++) {
        job.workers[i].sum = sum;
    }
    job.shift = 0;
    job.next = 0;
    if (job.right.bytes / sizeof(pair) <= SMALL) {
        build_right();
        on_threads(job.threads, probe_left);
    } else {
        uint32_t bits = 4;
        while (bits < 11 && job.right.bytes >> bits > TABLE_BYTES) {
            bits++;
        }
        spread_open(&job.right_rows, bits, job.threads, job.right.bytes);
        spread_open(&job.left_rows, bits, job.threads, job.left.bytes);
        on_threads(job.threads, spread_both);
        job.shift = bits;
        on_threads(job.threads, join_partitions);
    }
    close(job.left.fd);
    close(job.right.fd);
    for (int i = 0; i < job.threads; i++) {
        sum.count += job.workers[i].sum.count;
        sum.sum += job.workers[i].sum.sum;
    }
    return sum;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: join_pairs LEFT RIGHT THREADS [ROUNDS]\n");
        return 2;
    }
    job.left_path = argv[1];
    job.right_path = argv[2];
    job.threads = number_at(argc, argv, 3, 1);
    job.threads = job.threads < MAX_THREADS ? job.threads : MAX_THREADS;
    return print_best(number_at(argc, argv, 4, 5), run, NULL);
}
