/*
 * aggregate_by_key_test.c: sums that begin with a zero which shows: it counts once for each key in each partition.
 */
#include "support/wide.h"

CE_RECORD(tally, (int64_t, sum), (int32_t, rows));
CE_PAIR(int_tally, int64_t, tally);
CE_PAIR(int_text, int64_t, ce_str);

static inline tally take(tally so_far, int64_t value)
{
    return (tally){so_far.sum + value, so_far.rows + 1};
}
CE_AGGREGATE(take, tally, int64_t)

static inline tally both(tally a, tally b)
{
    return (tally){a.sum + b.sum, a.rows + b.rows};
}
CE_REDUCE(both, tally)

static inline ce_str append(ce_str so_far, int64_t value)
{
    (void)value;
    return ce_str_printf("%.*s.", (int)so_far.bytes, so_far.at);
}
CE_AGGREGATE(append, ce_str, int64_t)

static inline ce_str join(ce_str a, ce_str b)
{
    return ce_str_printf("%.*s%.*s", (int)a.bytes, a.at, (int)b.bytes, b.at);
}
CE_REDUCE(join, ce_str)

enum { PARTITIONS = 4 };

static ce_status zeros_show(ce_context *sc, void *arg)
{
    (void)arg;
    int_pair *pairs = test_int_pairs(TEST_ROWS, grid_seed());
    tally wanted[TEST_KEYS] = {0};
    bool seen[PARTITIONS][TEST_KEYS] = {{false}};
    for (uint64_t i = 0; i < TEST_ROWS; i++) {
        uint64_t key = (uint64_t)(pairs[i].key + TEST_KEYS / 2), partition = 0;
        while (i >= (partition + 1) * TEST_ROWS / PARTITIONS) {
            partition++;
        }
        wanted[key].sum += pairs[i].value + (seen[partition][key] ? 0 : 1000);
        wanted[key].rows++;
        seen[partition][key] = true;
    }
    const tally zero = {1000, 0};
    ce_rdd *rdd =
        ce_aggregate_by_key_n(ce_parallelize(sc, int_pair, pairs, TEST_ROWS, PARTITIONS), &zero, take, both, 3);
    free(pairs);
    ce_result rows;
    GRID_TRY(ce_collect(rdd, &rows));
    for (uint64_t i = 0; i < rows.count; i++) {
        int_tally row = ce_result_rows(&rows, int_tally)[i];
        assert_int_equal(row.value.sum, wanted[row.key + TEST_KEYS / 2].sum);
        assert_int_equal(row.value.rows, wanted[row.key + TEST_KEYS / 2].rows);
        wanted[row.key + TEST_KEYS / 2] = (tally){0};
    }
    ce_result_free(&rows);
    for (int i = 0; i < TEST_KEYS; i++) {
        assert_int_equal(wanted[i].rows, 0);
    }
    return CE_OK;
}

static void the_zero_counts_once_per_key_and_partition(void **state)
{
    (void)state;
    grid_run(zeros_show, NULL);
}

static ce_status texts_begin_with_zero(ce_context *sc, void *arg)
{
    (void)arg;
    const int_pair pairs[] = {{1, 0}, {2, 0}, {1, 0}, {1, 0}};
    char text[] = "zero";
    const ce_str zero = {text, 4};
    ce_rdd *rdd = ce_aggregate_by_key(ce_parallelize(sc, int_pair, pairs, 4, 1), &zero, append, join);
    memset(text, '!', 4); /* it was copied */
    ce_result rows;
    GRID_TRY(ce_collect(rdd, &rows));
    assert_int_equal(rows.count, 2);
    for (uint64_t i = 0; i < rows.count; i++) {
        int_text row = ce_result_rows(&rows, int_text)[i];
        assert_true(ce_str_equal(row.value, ce_str_of(row.key == 1 ? "zero..." : "zero.")));
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void a_zero_with_texts_is_copied(void **state)
{
    (void)state;
    grid_run(texts_begin_with_zero, NULL);
}

static ce_status wrong_uses(ce_context *sc, void *arg)
{
    (void)arg;
    const int_pair pair = {1, 2};
    const tally zero = {0, 0};
    ce_rdd *pairs = ce_parallelize(sc, int_pair, &pair, 1, 1);
    test_poisoned(ce_aggregate_by_key(pairs, NULL, take, both), CE_INVALID, "the zero value is NULL");
    test_poisoned(ce_aggregate_by_key(pairs, &zero, take, join), CE_TYPE, "join gives str");
    test_poisoned(ce_aggregate_by_key(ce_keys(pairs), &zero, take, both), CE_TYPE,
                  "aggregate_by_key: needs pair(K, V), has int64");
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
        cmocka_unit_test(a_zero_with_texts_is_copied),
        cmocka_unit_test(wrong_uses_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
