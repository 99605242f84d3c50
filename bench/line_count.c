/* line_count FILE THREADS: counts the lines of FILE. */
#include "bench.h"

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: line_count FILE THREADS\n");
        return 2;
    }
    double begin = bench_seconds();
    ce_context *sc = bench_context(argv[2]);
    uint64_t lines;
    bench_check(ce_count(ce_text_file(sc, argv[1]), &lines));
    printf("seconds=%.6f result=%llu\n", bench_seconds() - begin, (unsigned long long)lines);
    ce_context_close(sc);
    return 0;
}
