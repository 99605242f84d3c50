/*
 * partition_by_test.c: equal keys in one partition, no row lost, by hash and by a user's function, and which operators
 * keep that.
 */
#include "support/wide.h"

static inline int64_t add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(add, int64_t)

static inline uint32_t by_parity(int64_t key, uint32_t count)
{
    return (uint32_t)(key & 1) % count;
}
CE_PARTITIONER(by_parity, int64_t)

static inline uint32_t out_of_range(int64_t key, uint32_t count)
{
    return key == 3 ? count + 4 : 0;
}
CE_PARTITIONER(out_of_range, int64_t)

static inline int_pair same(int_pair row)
{
    return row;
}
CE_MAP(same, int_pair, int_pair)

static inline int64_t twice(int64_t x)
{
    return 2 * x;
}
CE_MAP(twice, int64_t, int64_t)

static inline void two(int64_t x, ce_emit *out)
{
    ce_emit_value(out, int64_t, x);
    ce_emit_value(out, int64_t, -x);
}
CE_FLAT_MAP(two, int64_t, int64_t)

static inline bool is_even(int_pair row)
{
    return row.key % 2 == 0;
}
CE_FILTER(is_even, int_pair)

struct wanted {
    const ce_function *function;
    uint32_t partitions;
};

/* Each row where it belongs, and all of them. */
static ce_status rows_are_placed(ce_context *sc, void *arg)
{
    const struct wanted *wanted = arg;
    text_pair *texts = test_text_pairs(TEST_ROWS, grid_seed());
    ce_rdd *rdd = ce_partition_by(ce_parallelize(sc, text_pair, texts, TEST_ROWS, 4), wanted->partitions);
    int left[TEST_KEYS] = {0};
    uint32_t partition_of[TEST_KEYS];
    memset(partition_of, 0xFF, sizeof partition_of);
    for (int i = 0; i < TEST_ROWS; i++) {
        left[texts[i].key.bytes]++;
    }
    free(texts);
    for (uint32_t i = 0; i < wanted->partitions; i++) {
        ce_result rows;
        GRID_TRY(ce_collect_partitions(rdd, &i, 1, &rows));
        for (uint64_t j = 0; j < rows.count; j++) {
            ce_str key = ce_result_rows(&rows, text_pair)[j].key;
            assert_true(partition_of[key.bytes] == UINT32_MAX || partition_of[key.bytes] == i);
            partition_of[key.bytes] = i;
            left[key.bytes]--;
        }
        ce_result_free(&rows);
    }
    for (int i = 0; i < TEST_KEYS; i++) {
        assert_int_equal(left[i], 0);
    }
    return CE_OK;
}

static void equal_keys_share_a_partition_and_no_row_is_lost(void **state)
{
    (void)state;
    struct wanted three = {NULL, 3}, many = {NULL, 50};
    grid_run(rows_are_placed, &three);
    grid_run_topologies(rows_are_placed, &many);
}

static void the_users_function_chooses(void **state)
{
    (void)state;
    int_pair *pairs = test_int_pairs(TEST_ROWS, grid_seed());
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *rdd = ce_partition_by_with(ce_parallelize(sc, int_pair, pairs, TEST_ROWS, 4), by_parity, 3);
    uint64_t expected[3] = {0};
    for (int i = 0; i < TEST_ROWS; i++) {
        expected[pairs[i].key & 1]++;
    }
    uint32_t all[] = {0, 1, 2};
    ce_result rows[3];
    assert_int_equal(ce_collect_partitions(rdd, all, 3, rows), CE_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rows[i].count, expected[i]);
        for (uint64_t j = 0; j < rows[i].count; j++) {
            assert_int_equal(ce_result_rows(&rows[i], int_pair)[j].key & 1, i);
        }
        ce_result_free(&rows[i]);
    }
    free(pairs);
    ce_context_close(sc);
}

static void an_answer_out_of_range_fails_the_job_and_names_the_function(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    const int_pair pairs[] = {{1, 1}, {3, 1}, {5, 1}};
    uint64_t count;
    ce_rdd *source = ce_parallelize(sc, int_pair, pairs, 3, 1);
    assert_int_equal(ce_count(ce_partition_by_with(source, out_of_range, 2), &count), CE_USER);
    assert_non_null(strstr(ce_last_error(), "partitioner out_of_range answered partition 6 of 2"));
    assert_int_equal(ce_count(ce_partition_by(source, 2), &count), CE_OK); /* the context lives on */
    assert_int_equal(count, 3);
    ce_context_close(sc);
}

static void what_is_partitioned_so_already_is_given_back(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    int_pair *pairs = test_int_pairs(TEST_ROWS, grid_seed());
    ce_rdd *source = ce_parallelize(sc, int_pair, pairs, TEST_ROWS, 4), *hashed = ce_partition_by(source, 4);
    ce_rdd *by_user = ce_partition_by_with(source, by_parity, 4);
    uint64_t count;
    assert_ptr_equal(ce_partition_by(hashed, 4), hashed);
    assert_ptr_equal(ce_partition_by(hashed, 0), hashed);
    assert_ptr_equal(ce_partition_by_with(by_user, by_parity, 4), by_user);
    assert_ptr_not_equal(ce_partition_by(hashed, 5), hashed);
    assert_ptr_not_equal(ce_partition_by(by_user, 4), by_user);
    assert_ptr_not_equal(ce_partition_by_with(by_user, by_parity, 5), by_user);
    test_work work = test_work_of_count(sc, ce_partition_by(hashed, 4), &count);
    assert_int_equal(count, TEST_ROWS);
    assert_int_equal(work.stages, 2);
    work = test_work_of_count(sc, ce_partition_by(by_user, 4), &count);
    assert_int_equal(count, TEST_ROWS);
    assert_int_equal(work.stages, 3);
    free(pairs);
    ce_context_close(sc);
}

static void operators_that_leave_keys_alone_keep_the_partitioner(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    const int_pair pair = {1, 2};
    ce_rdd *source = ce_parallelize(sc, int_pair, &pair, 1, 2), *hashed = ce_partition_by(source, 2);
    struct {
        const char *name;
        ce_rdd *rdd;
    } const cases[] = {{"partitioner-groupbykey", ce_group_by_key(hashed)},
                       {"partitioner-map", ce_map(hashed, same)},
                       {"partitioner-mapvalues", ce_map_values(hashed, twice)},
                       {"partitioner-filter", ce_filter(hashed, is_even)},
                       {"partitioner-flatmapvalues", ce_flat_map_values(hashed, two)},
                       {"partitioner-keys", ce_keys(hashed)},
                       {"partitioner-distinct", ce_distinct(ce_range(sc, 1, 3, 1, 2))}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool has = ce_rdd_has_partitioner(cases[i].rdd);
        test_golden(cases[i].name, has ? "true" : "false");
        assert_true(!has || ce_rdd_same_partitioner(cases[i].rdd, hashed));
    }
    assert_false(ce_rdd_has_partitioner(source));
    assert_false(ce_rdd_same_partitioner(source, source));
    assert_false(ce_rdd_has_partitioner(ce_repartition(hashed, 2)));
    assert_true(ce_rdd_same_partitioner(ce_reduce_by_key(hashed, add), hashed));
    ce_context_close(sc);
}

static void the_shapes_without_rows_stay(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    const int_pair pair = {1, 2};
    char *text = grid_parts_text(ce_partition_by(ce_empty(sc, int_pair), 3), 0);
    assert_string_equal(text, "[[],[],[]]");
    free(text);
    text = grid_parts_text(ce_partition_by(ce_empty(sc, int_pair), 0), 0);
    assert_string_equal(text, "[]");
    free(text);
    text = grid_parts_text(ce_partition_by(ce_parallelize(sc, int_pair, &pair, 0, 2), 0), 0);
    assert_string_equal(text, "[[],[]]");
    free(text);
    text = grid_parts_text(ce_partition_by(ce_parallelize(sc, int_pair, &pair, 1, 9), 1), 0);
    assert_string_equal(text, "[[(1,2)]]");
    free(text);
    ce_context_close(sc);
}

/* Neighbours, multiples of powers of two, and texts: hashes must not pile them up. */
static void keys_are_spread_evenly(void **state)
{
    (void)state;
    enum { KEYS = 30000, PARTITIONS = 7 };
    ce_context *sc = grid_open("inline", NULL);
    int_pair *pairs = calloc(KEYS, sizeof *pairs);
    for (int shift = 0; shift < 48; shift += 8) {
        for (int64_t i = 0; i < KEYS; i++) {
            pairs[i] = (int_pair){(int64_t)((uint64_t)i << shift), i};
        }
        ce_rdd *rdd = ce_partition_by(ce_parallelize(sc, int_pair, pairs, KEYS, 1), PARTITIONS);
        for (uint32_t i = 0; i < PARTITIONS; i++) {
            ce_result rows;
            assert_int_equal(ce_collect_partitions(rdd, &i, 1, &rows), CE_OK);
            assert_in_range(rows.count, KEYS / PARTITIONS * 9 / 10, KEYS / PARTITIONS * 11 / 10);
            ce_result_free(&rows);
        }
    }
    free(pairs);
    ce_context_close(sc);
}

static void wrong_uses_poison_with_their_place(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    const text_pair pair = {{"", 0}, 1};
    ce_rdd *texts = ce_parallelize(sc, text_pair, &pair, 1, 1);
    test_poisoned(ce_partition_by(ce_range(sc, 0, 5, 1, 2), 2), CE_TYPE, "partition_by: needs pair(K, V), has int64");
    test_poisoned(ce_partition_by_with(texts, by_parity, 2), CE_TYPE, "partition_by: by_parity takes int64, has str");
    test_poisoned(ce_partition_by_with(texts, same, 2), CE_TYPE, "same was stamped with CE_MAP, needs CE_PARTITIONER");
    test_poisoned(ce_partition_by(NULL, 2), CE_INVALID, "the RDD is NULL");
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_keys_share_a_partition_and_no_row_is_lost),
        cmocka_unit_test(the_users_function_chooses),
        cmocka_unit_test(an_answer_out_of_range_fails_the_job_and_names_the_function),
        cmocka_unit_test(what_is_partitioned_so_already_is_given_back),
        cmocka_unit_test(operators_that_leave_keys_alone_keep_the_partitioner),
        cmocka_unit_test(the_shapes_without_rows_stay),
        cmocka_unit_test(keys_are_spread_evenly),
        cmocka_unit_test(wrong_uses_poison_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
