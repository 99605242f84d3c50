/* sort_records FILE OUT THREADS [ROUNDS [MEMORY]]: writes the records of 100 bytes of FILE to the directory OUT in the
 * order of their first 10 bytes. OUT is taken away before each round. */
#define _GNU_SOURCE /* nftw */
#include "bench.h"
#include <ftw.h>

enum { RECORD = 100, KEY = 10 };

static inline ce_str key_of(ce_str record)
{
    return (ce_str){record.at, KEY};
}
CE_MAP(key_of, ce_str, ce_str)

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: sort_records FILE OUT THREADS [ROUNDS [MEMORY]]\n");
        return 2;
    }
    ce_context *sc = bench_context_of(argv[3], argc > 5 ? argv[5] : NULL);
    int rounds = argc > 4 ? atoi(argv[4]) : 5;
    double best = 1e9;
    for (int round = 0; round < rounds; round++) {
        (void)nftw(argv[2], remove_one, 16, FTW_DEPTH | FTW_PHYS);
        double begin = bench_seconds();
        ce_rdd *sorted = ce_sort_by(ce_binary_records(sc, argv[1], RECORD), key_of);
        bench_check(ce_save_as_binary_file(sorted, argv[2]));
        double seconds = bench_seconds() - begin;
        bench_check(ce_clean_shuffle_dependencies(sorted));
        best = seconds < best ? seconds : best;
    }
    printf("seconds=%.6f result=0\n", best);
    ce_context_close(sc);
    return 0;
}
