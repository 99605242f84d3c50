/* tiny_job JOBS: jobs over ten numbers in two partitions, one after the other; seconds= is the time of one. */
#include "bench.h"

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: tiny_job JOBS\n");
        return 2;
    }
    ce_context *sc = bench_context("2");
    int jobs = atoi(argv[1]);
    int64_t numbers[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    ce_rdd *rdd = ce_parallelize(sc, int64_t, numbers, 10, 2);
    uint64_t rows = 0;
    double begin = bench_seconds();
    for (int i = 0; i < jobs; i++) {
        bench_check(ce_count(rdd, &rows));
    }
    printf("seconds=%.9f result=%llu\n", (bench_seconds() - begin) / jobs, (unsigned long long)rows);
    ce_context_close(sc);
    return 0;
}
