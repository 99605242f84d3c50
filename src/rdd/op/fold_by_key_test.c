/*
 * fold_by_key_test.c: sums that begin with a zero which shows: it counts once for each key in each partition.
 */
#include "support/wide.h"

enum { PARTITIONS = 3 };

static inline int64_t add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(add, int64_t)

static ce_status zeros_show(ce_context *sc, void *arg)
{
    (void)arg;
    int_pair *pairs = test_int_pairs(TEST_ROWS, grid_seed());
    int64_t wanted[TEST_KEYS] = {0};
    bool seen[PARTITIONS][TEST_KEYS] = {{false}};
    for (uint64_t i = 0; i < TEST_ROWS; i++) {
        uint64_t key = (uint64_t)(pairs[i].key + TEST_KEYS / 2), partition = 0;
        while (i >= (partition + 1) * TEST_ROWS / PARTITIONS) {
            partition++;
        }
        wanted[key] += pairs[i].value + (seen[partition][key] ? 0 : 7);
        seen[partition][key] = true;
    }
    const int64_t zero = 7;
    ce_rdd *rdd = ce_fold_by_key_n(ce_parallelize(sc, int_pair, pairs, TEST_ROWS, PARTITIONS), &zero, add, 2);
    free(pairs);
    ce_result rows;
    GRID_TRY(ce_collect(rdd, &rows));
    for (uint64_t i = 0; i < rows.count; i++) {
        int_pair row = ce_result_rows(&rows, int_pair)[i];
        assert_int_equal(row.value, wanted[row.key + TEST_KEYS / 2]);
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void the_zero_counts_once_per_key_and_partition(void **state)
{
    (void)state;
    grid_run(zeros_show, NULL);
}

static void it_gives_what_spark_gives(void **state)
{
    (void)state;
    const int_pair pairs[] = {{1, 1}, {1, 2}, {1, 3}, {1, 1}, {2, 1}};
    const int64_t zero = 100;
    ce_context *sc = grid_open("local[2]", NULL);
    char *text = test_set(ce_fold_by_key(ce_parallelize(sc, int_pair, pairs, 5, 2), &zero, add));
    test_golden("foldbykey-zero100-2parts", text);
    free(text);
    ce_context_close(sc);
}

static ce_status wrong_uses(ce_context *sc, void *arg)
{
    (void)arg;
    const int64_t zero = 0;
    test_poisoned(ce_fold_by_key(ce_range(sc, 0, 3, 1, 1), &zero, add), CE_TYPE,
                  "fold_by_key: needs pair(K, V), has int64");
    return CE_OK;
}

static void wrong_uses_are_refused(void **state)
{
    (void)state;
    grid_run_topologies(wrong_uses, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_zero_counts_once_per_key_and_partition),
        cmocka_unit_test(it_gives_what_spark_gives),
        cmocka_unit_test(wrong_uses_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
