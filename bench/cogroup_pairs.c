/* cogroup_pairs LEFT RIGHT THREADS [ROUNDS [MEMORY]]: reads the values of each key of two files of pairs as two
 * lists. */
#include "pairs.h"

static inline uint64_t add_all(ce_rows *values, uint64_t *count)
{
    uint64_t sum = 0;
    *count = 0;
    for (int64_t value; ce_rows_next(values, &value); ++*count) {
        sum += (uint64_t)value;
    }
    return sum;
}

static inline void sum_groups(uint64_t key, ce_rows *left, ce_rows *right, ce_emit *out)
{
    uint64_t a, b, left_sum = add_all(left, &a), right_sum = add_all(right, &b);
    ce_emit_value(out, sums, {1, key ^ (31 * left_sum + 17 * right_sum + 3 * a + b)});
}
CE_MAP_COGROUP(sum_groups, uint64_t, int64_t, int64_t, sums)

static ce_rdd *build(ce_context *sc, char **paths)
{
    return ce_map_cogroup(ce_binary_file(sc, paths[0], entry), ce_binary_file(sc, paths[1], entry), sum_groups);
}

int main(int argc, char **argv)
{
    return pairs_main(argc, argv, 2, build);
}
