/* join_broadcast LEFT RIGHT THREADS [ROUNDS [MEMORY]]: the pairs of values that two files of pairs have for equal
 * keys, by a broadcast of RIGHT. */
#include "pairs.h"

CE_PAIR(both, int64_t, int64_t);
CE_PAIR(joined, uint64_t, both);

static inline sums sum_of(joined row)
{
    return (sums){1, (uint64_t)(row.value.key ^ row.value.value)};
}
CE_MAP(sum_of, joined, sums)

static ce_rdd *build(ce_context *sc, char **paths)
{
    return ce_map(ce_join_broadcast(ce_binary_file(sc, paths[0], entry), ce_binary_file(sc, paths[1], entry)), sum_of);
}

int main(int argc, char **argv)
{
    return pairs_main(argc, argv, 2, build);
}
