/* narrow_chain ROWS THREADS: map, filter, map and sum over the numbers 0 .. ROWS - 1. */
#include "bench.h"

static inline int64_t triple(int64_t x)
{
    return x * 3 + 1;
}
CE_MAP(triple, int64_t, int64_t)

static inline bool keep(int64_t x)
{
    return (x & 3) != 0;
}
CE_FILTER(keep, int64_t)

static inline int64_t mix(int64_t x)
{
    return x ^ (x >> 7);
}
CE_MAP(mix, int64_t, int64_t)

static inline int64_t add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(add, int64_t)

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: narrow_chain ROWS THREADS\n");
        return 2;
    }
    ce_context *sc = bench_context(argv[2]);
    double best = 1e9;
    int64_t sum = 0;
    for (int round = 0; round < 3; round++) {
        double begin = bench_seconds();
        ce_rdd *numbers = ce_range(sc, 0, atoll(argv[1]), 1, 0);
        ce_result total;
        bench_check(ce_reduce(ce_map(ce_filter(ce_map(numbers, triple), keep), mix), add, &total));
        sum = ce_result_value(&total, int64_t);
        ce_result_free(&total);
        double seconds = bench_seconds() - begin;
        best = seconds < best ? seconds : best;
    }
    printf("seconds=%.6f result=%lld\n", best, (long long)sum);
    ce_context_close(sc);
    return 0;
}
