/* empty_tasks TASKS THREADS: one job of TASKS tasks that have nothing to do. */
#include "bench.h"

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: empty_tasks TASKS THREADS\n");
        return 2;
    }
    ce_context *sc = bench_context(argv[2]);
    uint32_t tasks = (uint32_t)atoi(argv[1]);
    double best = 1e9;
    uint64_t rows = 0;
    for (int round = 0; round < 3; round++) {
        double begin = bench_seconds();
        bench_check(ce_count(ce_range(sc, 0, 0, 1, tasks), &rows));
        double seconds = bench_seconds() - begin;
        best = seconds < best ? seconds : best;
    }
    printf("seconds=%.6f result=%u tasks_per_second=%.0f\n", best, tasks, tasks / best);
    ce_context_close(sc);
    return 0;
}
