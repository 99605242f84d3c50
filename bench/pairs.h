/*
 * pairs.h: what the programs over files of pairs share: the types, the checksum that their limits compute too, and the
 * rounds, of which the best counts.
 *
 * A program makes an rdd(sums) of its input; one job adds the sums. A round is a lineage of its own in one context,
 * whose memory goes back to the pool for the next one.
 */
#ifndef CERIUM_BENCH_PAIRS_H
#define CERIUM_BENCH_PAIRS_H

#include "bench.h"

CE_PAIR(entry, uint64_t, int64_t);
CE_RECORD(sums, (uint64_t, count), (uint64_t, sum));

static inline sums add_sums(sums a, sums b)
{
    return (sums){a.count + b.count, a.sum + b.sum};
}
CE_REDUCE(add_sums, sums)

/* The arguments: as many paths as there are files, THREADS [ROUNDS [MEMORY]]. */
static inline int pairs_main(int argc, char **argv, int files, ce_rdd *(*build)(ce_context *sc, char **paths))
{
    if (argc < files + 2) {
        fprintf(stderr, "usage: %s %sFILE THREADS [ROUNDS [MEMORY]]\n", argv[0], files > 1 ? "FILE " : "");
        return 2;
    }
    ce_context *sc = bench_context_of(argv[files + 1], argc > files + 3 ? argv[files + 3] : NULL);
    int rounds = argc > files + 2 ? atoi(argv[files + 2]) : 5;
    double best = 1e9;
    sums all = {0, 0};
    for (int round = 0; round < rounds; round++) {
        ce_result total;
        double begin = bench_seconds();
        ce_rdd *rdd = build(sc, argv + 1);
        bench_check(ce_reduce(rdd, add_sums, &total));
        double seconds = bench_seconds() - begin;
        best = seconds < best ? seconds : best;
        all = ce_result_value(&total, sums);
        ce_result_free(&total);
        bench_check(ce_clean_shuffle_dependencies(rdd));
    }
    printf("seconds=%.6f result=%llu:%016llx\n", best, (unsigned long long)all.count, (unsigned long long)all.sum);
    ce_context_close(sc);
    return 0;
}

#endif
