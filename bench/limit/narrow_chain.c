// The limit of a narrow chain: narrow_chain ROWS THREADS sums map(x * 3 + 1), filter((x & 3) != 0), map(x ^ (x >> 7))
// over the int64 range 0..ROWS. The rows of a batch are written to a buffer first, as a source would hand them over,
// then one loop with all three functions in it runs over the buffer. Threads take equal shares of the range.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH = 2048, MAX_THREADS = 256 };

typedef struct {
    int64_t begin, end;
    uint64_t sum; // unsigned: a sum past 2^63 wraps
} share;

static inline int64_t triple_and_one(int64_t x)
{
    return x * 3 + 1;
}

static inline int is_kept(int64_t x)
{
    return (x & 3) != 0;
}

static inline int64_t fold_high_bits(int64_t x)
{
    return x ^ (x >> 7);
}

static uint64_t sum_batch(const int64_t *rows, int64_t count)
{
    uint64_t sum = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t x = triple_and_one(rows[i]);
        if (is_kept(x)) {
            sum += (uint64_t)fold_high_bits(x);
        }
    }
    return sum;
}

static void *sum_share(void *arg)
{
    share *s = arg;
    int64_t rows[BATCH];
    uint64_t sum = 0;
    for (int64_t at = s->begin; at < s->end; at += BATCH) {
        int64_t count = s->end - at < BATCH ? s->end - at : BATCH;
        for (int64_t i = 0; i < count; i++) {
            rows[i] = at + i;
        }
        __asm__ volatile("" : : "r"(rows) : "memory"); // keeps the buffer: without it the range itself would be fused
        sum += sum_batch(rows, count);
    }
    s->sum = sum;
    return NULL;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    int64_t rows = argc == 3 ? strtoll(argv[1], NULL, 10) : -1;
    int threads = argc == 3 ? atoi(argv[2]) : 0;
    if (rows < 0 || threads < 1 || threads > MAX_THREADS) {
        fprintf(stderr, "usage: narrow_chain ROWS THREADS\n");
        return 2;
    }
    static share shares[MAX_THREADS];
    pthread_t id[MAX_THREADS];
    double began = now();
    for (int i = 0; i < threads; i++) {
        shares[i].begin = rows / threads * i;
        shares[i].end = i + 1 == threads ? rows : rows / threads * (i + 1);
        if (pthread_create(id + i, NULL, sum_share, shares + i)) {
            fprintf(stderr, "narrow_chain: no thread\n");
            return 1;
        }
    }
    uint64_t sum = 0;
    for (int i = 0; i < threads; i++) {
        pthread_join(id[i], NULL);
        sum += shares[i].sum;
    }
    printf("seconds=%.6f result=%lld\n", now() - began, (long long)sum);
    return 0;
}
