/* aggregate_pairs FILE THREADS [ROUNDS [MEMORY]]: adds the values of each key of a file of pairs. */
#include "pairs.h"

static inline int64_t add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(add, int64_t)

static inline sums sum_of(entry row)
{
    return (sums){1, row.key ^ (uint64_t)row.value};
}
CE_MAP(sum_of, entry, sums)

static ce_rdd *build(ce_context *sc, char **paths)
{
    return ce_map(ce_reduce_by_key(ce_binary_file(sc, paths[0], entry), add), sum_of);
}

int main(int argc, char **argv)
{
    return pairs_main(argc, argv, 1, build);
}
