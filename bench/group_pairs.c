/* group_pairs FILE THREADS [ROUNDS [MEMORY]]: reads the values of each key of a file of pairs as a list. */
#include "pairs.h"

static inline void sum_group(uint64_t key, ce_rows *values, ce_emit *out)
{
    uint64_t sum = 0, count = 0;
    for (int64_t value; ce_rows_next(values, &value); count++) {
        sum += (uint64_t)value;
    }
    ce_emit_value(out, sums, {1, key ^ (sum + count)});
}
CE_MAP_GROUPS(sum_group, uint64_t, int64_t, sums)

static ce_rdd *build(ce_context *sc, char **paths)
{
    return ce_map_groups(ce_binary_file(sc, paths[0], entry), sum_group);
}

int main(int argc, char **argv)
{
    return pairs_main(argc, argv, 1, build);
}
