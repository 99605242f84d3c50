/* distinct_keys FILE THREADS [ROUNDS [MEMORY]]: finds the different keys of a file of pairs. */
#include "pairs.h"

static inline sums sum_of(uint64_t key)
{
    return (sums){1, key};
}
CE_MAP(sum_of, uint64_t, sums)

static ce_rdd *build(ce_context *sc, char **paths)
{
    return ce_map(ce_distinct(ce_keys(ce_binary_file(sc, paths[0], entry))), sum_of);
}

int main(int argc, char **argv)
{
    return pairs_main(argc, argv, 1, build);
}
