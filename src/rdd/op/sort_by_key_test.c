/*
 * sort_by_key_test.c: keys in order over all partitions, against qsort; partitions of similar size; the goldens of
 * Spark; and what the range partitioner on the result is good for.
 */
#include "support/expect.h"
#include "support/wide.h"
#include <math.h>

static inline int64_t add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(add, int64_t)

static inline int64_t twice(int64_t x)
{
    return 2 * x;
}
CE_MAP(twice, int64_t, int64_t)

static inline int by_last_digit(int64_t a, int64_t b)
{
    return (int)(llabs(a) % 10) - (int)(llabs(b) % 10);
}
CE_COMPARE(by_last_digit, int64_t)

static inline int refuses(int64_t a, int64_t b)
{
    ce_fail("no order");
    return (a > b) - (a < b);
}
CE_COMPARE(refuses, int64_t)

/* ---- the model ---- */

static int by_key_then_value(const void *a, const void *b)
{
    const int_pair *x = a, *y = b;
    return x->key != y->key ? (x->key > y->key) - (x->key < y->key) : (x->value > y->value) - (x->value < y->value);
}

static int by_text_then_value(const void *a, const void *b)
{
    const text_pair *x = a, *y = b;
    int order = ce_str_compare(x->key, y->key);
    return order ? order : (x->value > y->value) - (x->value < y->value);
}

struct sorting {
    uint32_t rows, partitions, asked;
    uint64_t keys;
    bool descending;
};

/* The rows are those that went in, and each key is not before the one in front of it. */
static ce_status integers_are_sorted(ce_context *sc, void *arg)
{
    const struct sorting *how = arg;
    int_pair *pairs = calloc(how->rows + 1, sizeof *pairs), *got = calloc(how->rows + 1, sizeof *got);
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (uint32_t i = 0; i < how->rows; i++) {
        pairs[i] = (int_pair){(int64_t)cei_random_below(&random, how->keys) - (int64_t)how->keys / 2, i};
    }
    ce_rdd *rdd =
        ce_sort_by_key_n(ce_parallelize(sc, int_pair, pairs, how->rows, how->partitions), !how->descending, how->asked);
    ce_result rows = {0};
    ce_status status = ce_collect(rdd, &rows);
    for (uint64_t i = 1; status == CE_OK && i < rows.count; i++) {
        const int_pair *row = &ce_result_rows(&rows, int_pair)[i];
        assert_true(how->descending ? row->key <= row[-1].key : row->key >= row[-1].key);
    }
    if (status == CE_OK) {
        assert_int_equal(rows.count, how->rows);
        memcpy(got, rows.rows, rows.count * sizeof *got);
        qsort(got, how->rows, sizeof *got, by_key_then_value);
        qsort(pairs, how->rows, sizeof *pairs, by_key_then_value);
        assert_memory_equal(got, pairs, how->rows * sizeof *got);
    }
    ce_result_free(&rows);
    free(pairs);
    free(got);
    return status;
}

static void integers_come_out_in_order(void **state)
{
    (void)state;
    struct sorting small = {60, 3, 3, 40, false}, down = {700, 4, 5, 1000000, true}, one = {200, 3, 1, 30, false};
    struct sorting few_keys = {700, 4, 9, 3, true}, many = {2000, 2, 200, 500, false};
    grid_run(integers_are_sorted, &small);
    grid_run_topologies(integers_are_sorted, &down);
    grid_run_topologies(integers_are_sorted, &one);
    grid_run_topologies(integers_are_sorted, &few_keys);
    grid_run_topologies(integers_are_sorted, &many);
}

/* Strings of which many begin with the same bytes as all others. */
static ce_status texts_are_sorted(ce_context *sc, void *arg)
{
    const bool *descending = arg;
    text_pair *pairs = test_text_pairs(TEST_ROWS, grid_seed()), *got = calloc(TEST_ROWS, sizeof *got);
    ce_rdd *rdd = ce_sort_by_key_n(ce_parallelize(sc, text_pair, pairs, TEST_ROWS, 4), !*descending, 5);
    ce_result rows = {0};
    ce_status status = ce_collect(rdd, &rows);
    if (status == CE_OK) {
        assert_int_equal(rows.count, TEST_ROWS);
        memcpy(got, rows.rows, rows.count * sizeof *got);
        for (uint64_t i = 1; i < rows.count; i++) {
            int order = ce_str_compare(got[i - 1].key, got[i].key);
            assert_true(*descending ? order >= 0 : order <= 0);
        }
        qsort(got, TEST_ROWS, sizeof *got, by_text_then_value);
        qsort(pairs, TEST_ROWS, sizeof *pairs, by_text_then_value);
        for (int i = 0; i < TEST_ROWS; i++) {
            assert_int_equal(by_text_then_value(&got[i], &pairs[i]), 0);
        }
    }
    ce_result_free(&rows);
    free(pairs);
    free(got);
    return status;
}

static void texts_come_out_in_order(void **state)
{
    (void)state;
    bool up = false, down = true;
    grid_run(texts_are_sorted, &up);
    grid_run_topologies(texts_are_sorted, &down);
}

static ce_status users_order(ce_context *sc, void *arg)
{
    (void)arg;
    const int_pair pairs[] = {{31, 0}, {9, 1}, {10, 2}, {25, 3}, {42, 4}, {8, 5}};
    ce_rdd *rdd = ce_parallelize(sc, int_pair, pairs, 6, 2);
    GRID_TRY(
        expect_parts(ce_sort_by_key_with(rdd, by_last_digit, true, 1), "[[(10,2),(31,0),(42,4),(25,3),(8,5),(9,1)]]"));
    return expect_parts(ce_sort_by_key_with(rdd, by_last_digit, false, 3),
                        "[[(9,1),(8,5)],[(25,3),(42,4)],[(31,0),(10,2)]]");
}

static void the_users_function_orders_keys(void **state)
{
    (void)state;
    grid_run(users_order, NULL);
}

/* ---- as in Spark ---- */

static ce_rdd *keyed(ce_context *sc, const int64_t *keys, uint32_t count, uint32_t partitions)
{
    int_pair pairs[8];
    for (uint32_t i = 0; i < count; i++) {
        pairs[i] = (int_pair){keys[i], 0};
    }
    return ce_parallelize(sc, int_pair, pairs, count, partitions);
}

static void expect_partition_count(ce_rdd *rdd, const char *golden)
{
    uint32_t count;
    char text[16];
    assert_int_equal(ce_partition_count(rdd, &count), CE_OK);
    snprintf(text, sizeof text, "%u", count);
    test_golden(golden, text);
}

static ce_status goldens(ce_context *sc, void *arg)
{
    (void)arg;
    const int64_t four[] = {1, 2, 0, 3}, same[] = {1, 1, 1}, three[] = {1, 2, 3};
    GRID_TRY(expect_golden(ce_sort_by_key(keyed(sc, four, 4, 2)), "sortbykey-small"));
    expect_partition_count(ce_sort_by_key(keyed(sc, same, 3, 3)), "sortbykey-onevalue-partitions");
    expect_partition_count(ce_sort_by_key_n(keyed(sc, three, 3, 2), true, 22), "sortbykey-fewkeys-partitions");
    GRID_TRY(expect_parts(ce_sort_by_key(ce_empty(sc, int_pair)), "[[]]"));
    GRID_TRY(expect_parts(ce_sort_by_key_n(ce_empty(sc, int_pair), true, 3), "[[]]"));
    return expect_parts(ce_sort_by_key(keyed(sc, four, 0, 3)), "[[]]");
}

static void small_inputs_give_what_spark_gives(void **state)
{
    (void)state;
    expect_once(goldens, NULL);
}

/* The shapes of pairs that the goldens sort in five ways; all of their keys are in the sample, so the bounds are those
 * of Spark. */
enum { SHAPES = 9 };
static const char *const shape_names[SHAPES] = {"norows0", "norows3", "one3", "onekey", "dups",
                                                "hollow",  "long",    "text", "double"};
CE_PAIR(double_pair, double, int64_t);

static ce_rdd *shape(ce_context *sc, int which)
{
    static const char long_text[] = "a key of more than fifteen bytes";
    const int_pair one[] = {{7, 1}}, same[] = {{5, 1}, {5, 2}, {5, 3}, {5, 4}, {5, 5}, {5, 6}};
    const int_pair dups[] = {{1, 1}, {1, 2}, {1, 3}, {1, 1}, {2, 1}}, hollow[] = {{1, 1}, {2, 2}, {1, 3}};
    const int_pair wide[] = {{INT64_MIN, 1},   {INT64_MAX, 2}, {0, 3}, {-1, 4},       {4294967296, 5},
                             {-4294967296, 6}, {INT64_MIN, 7}, {0, 8}, {INT64_MAX, 9}};
    const double_pair doubles[] = {{NAN, 1},       {INFINITY, 2}, {1.5, 3}, {NAN, 4},
                                   {-INFINITY, 5}, {-2.5, 6},     {1.5, 7}, {INFINITY, 8}};
    const char *const keys[] = {"",
                                "a",
                                "",
                                "\u00e4",
                                "\u20ac",
                                "\U0001f600",
                                "a",
                                "ab",
                                "A",
                                "\u00e4",
                                long_text,
                                long_text,
                                "a key of more than fifteen bytes!",
                                "\U0001f600"};
    text_pair texts[14];
    for (int i = 0; i < 14; i++) {
        texts[i] = (text_pair){ce_str_of(keys[i]), i + 1};
    }
    switch (which) {
    case 0:
        return ce_empty(sc, int_pair);
    case 1:
        return ce_parallelize(sc, int_pair, one, 0, 3);
    case 2:
        return ce_parallelize(sc, int_pair, one, 1, 3);
    case 3:
        return ce_parallelize(sc, int_pair, same, 6, 4);
    case 4:
        return ce_parallelize(sc, int_pair, dups, 5, 2);
    case 5:
        return ce_parallelize(sc, int_pair, hollow, 3, 8);
    case 6:
        return ce_parallelize(sc, int_pair, wide, 9, 3);
    case 7:
        return ce_parallelize(sc, text_pair, texts, 14, 3);
    default:
        return ce_parallelize(sc, double_pair, doubles, 8, 3);
    }
}

static ce_status shapes_are_cut_as_spark_cuts_them(ce_context *sc, void *arg)
{
    (void)arg;
    const char *const hows[] = {"", "-desc", "-to1", "-to3", "-desc-to5"};
    for (int i = 0; i < SHAPES; i++) {
        ce_rdd *rdd = shape(sc, i);
        ce_rdd *const sorted[] = {ce_sort_by_key(rdd), ce_sort_by_key_n(rdd, false, 0), ce_sort_by_key_n(rdd, true, 1),
                                  ce_sort_by_key_n(rdd, true, 3), ce_sort_by_key_n(rdd, false, 5)};
        for (int j = 0; j < 5; j++) {
            char name[64];
            snprintf(name, sizeof name, "sortbykey%s-parts-of-%s", hows[j], shape_names[i]);
            GRID_TRY(expect_golden(ce_keys(sorted[j]), name));
            snprintf(name, sizeof name, "sortbykey%s-rows-of-%s", hows[j], shape_names[i]);
            GRID_TRY(expect_golden(sorted[j], name));
        }
    }
    return CE_OK;
}

static void small_inputs_are_cut_as_spark_cuts_them(void **state)
{
    (void)state;
    expect_once(shapes_are_cut_as_spark_cuts_them, NULL);
}

/* Few distinct keys: fewer partitions than asked for, of the sizes that Spark's have. */
static ce_status skewed_keys(ce_context *sc, void *arg)
{
    (void)arg;
    const char *const names[] = {"equal", "one-other", "nine-tenths", "two", "hundred"};
    const uint32_t asked[] = {1, 2, 7};
    for (int n = 0; n < 5; n++) {
        int_pair pairs[100];
        for (int i = 0; i < 100; i++) {
            const int64_t keys[] = {5, i < 99 ? 5 : 6, i < 90 ? 5 : i - 90, 1 + i % 2, i};
            pairs[i] = (int_pair){keys[n], 0};
        }
        for (int a = 0; a < 3; a++) {
            char name[64], text[64] = "[";
            ce_rdd *sorted = ce_sort_by_key_n(ce_parallelize(sc, int_pair, pairs, 100, 3), true, asked[a]);
            uint32_t count;
            GRID_TRY(ce_partition_count(sorted, &count));
            for (uint32_t i = 0; i < count; i++) {
                ce_result rows;
                GRID_TRY(ce_collect_partitions(sorted, &i, 1, &rows));
                size_t used = strlen(text);
                snprintf(text + used, sizeof text - used, "%s%d", i ? "," : "", (int)rows.count);
                ce_result_free(&rows);
            }
            snprintf(name, sizeof name, "sortbykey-skew-%s-to%u-sizes", names[n], asked[a]);
            test_golden(name, strcat(text, "]"));
        }
    }
    return CE_OK;
}

static void few_keys_make_few_partitions(void **state)
{
    (void)state;
    expect_once(skewed_keys, NULL);
}

static void partitions_are_of_similar_size(void **state)
{
    (void)state;
    enum { ROWS = 1000, PARTS = 4 };
    ce_context *sc = grid_open("local[2]", NULL);
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int skewed = 0; skewed < 2; skewed++) {
        int_pair pairs[ROWS];
        for (int i = 0; i < ROWS; i++) {
            pairs[i] = (int_pair){(int64_t)cei_random_next(&random), 0};
        }
        /* Nearly all rows in one of many partitions: it is sampled again. */
        ce_rdd *all = ce_parallelize(sc, int_pair, pairs, ROWS, skewed ? 1 : PARTS);
        all = skewed ? ce_union(all, ce_parallelize(sc, int_pair, pairs, 60, 60)) : all;
        ce_rdd *rdd = ce_sort_by_key_n(all, true, PARTS);
        for (uint32_t i = 0; i < PARTS; i++) {
            ce_result rows;
            assert_int_equal(ce_collect_partitions(rdd, &i, 1, &rows), CE_OK);
            assert_in_range(rows.count, 101, 399);
            ce_result_free(&rows);
        }
    }
    ce_context_close(sc);
}

/* ---- jobs ---- */

static void the_first_job_that_needs_bounds_samples(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    int_pair *pairs = test_int_pairs(TEST_ROWS, grid_seed());
    ce_rdd *source = ce_parallelize(sc, int_pair, pairs, TEST_ROWS, 4), *sorted = ce_sort_by_key(source);
    uint64_t count;
    test_work work = test_work_of_count(sc, sorted, &count);
    assert_int_equal(count, TEST_ROWS);
    assert_int_equal(work.jobs, 2);
    assert_int_equal(work.tasks, 4 + 4 + 4);
    work = test_work_of_count(sc, ce_map_values(sorted, twice), &count);
    assert_int_equal(work.jobs, 1);
    assert_int_equal(work.skipped, 1);
    work = test_work_of_count(sc, ce_sort_by_key_n(source, true, 1), &count);
    assert_int_equal(work.jobs, 1);
    free(pairs);
    ce_context_close(sc);
}

static void the_result_is_partitioned_by_range(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    int_pair *pairs = test_int_pairs(TEST_ROWS, grid_seed());
    ce_rdd *source = ce_parallelize(sc, int_pair, pairs, TEST_ROWS, 4), *sorted = ce_sort_by_key(source);
    ce_rdd *values = ce_map_values(sorted, twice), *sums = ce_reduce_by_key(values, add);
    uint64_t count, keys;
    assert_true(ce_rdd_has_partitioner(sorted));
    assert_true(ce_rdd_same_partitioner(sorted, values));
    assert_true(ce_rdd_same_partitioner(sorted, sums));
    assert_false(ce_rdd_same_partitioner(sorted, ce_sort_by_key(source)));
    assert_int_equal(ce_rdd_determinism(sorted), CE_UNORDERED);
    assert_int_equal(ce_count(ce_reduce_by_key(source, add), &keys), CE_OK);
    test_work work = test_work_of_count(sc, sums, &count);
    assert_int_equal(count, keys);
    assert_int_equal(work.stages, 1 + 2); /* the sampling, and one shuffle */
    work = test_work_of_count(sc, ce_union(sorted, values), &count);
    assert_int_equal(count, 2 * TEST_ROWS);
    assert_int_equal(work.stages, 1);
    free(pairs);
    ce_context_close(sc);
}

static void a_key_is_looked_up_in_its_partition(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    int_pair *pairs = test_int_pairs(TEST_ROWS, grid_seed());
    ce_rdd *sorted = ce_sort_by_key_n(ce_parallelize(sc, int_pair, pairs, TEST_ROWS, 4), false, 5);
    for (int64_t key = -TEST_KEYS / 2 - 1; key <= TEST_KEYS / 2; key++) {
        ce_result values;
        uint64_t wanted = 0;
        for (int i = 0; i < TEST_ROWS; i++) {
            wanted += pairs[i].key == key;
        }
        assert_int_equal(ce_lookup(sorted, &key, &values), CE_OK);
        assert_int_equal(values.count, wanted);
        ce_result_free(&values);
    }
    free(pairs);
    ce_context_close(sc);
}

static ce_status sorted_twice(ce_context *sc, void *arg)
{
    (void)arg;
    const int64_t keys[] = {3, 1, 2, 5, 4};
    ce_rdd *sorted = ce_sort_by_key_n(ce_sort_by_key(keyed(sc, keys, 5, 2)), false, 2);
    return expect_parts(ce_keys(sorted), "[[5,4],[3,2,1]]");
}

static void one_sort_may_stand_on_another(void **state)
{
    (void)state;
    grid_run(sorted_twice, NULL);
}

/* ---- wrong uses ---- */

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    const int_pair pairs[] = {{1, 2}, {3, 4}, {5, 6}};
    ce_rdd *rdd = ce_parallelize(sc, int_pair, pairs, 3, 2);
    expect_poisoned(ce_sort_by_key(ce_range(sc, 0, 5, 1, 2)), CE_TYPE, "sort_by_key", "needs pair(K, V), has int64");
    expect_poisoned(ce_sort_by_key(NULL), CE_INVALID, "sort_by_key", "NULL");
    expect_poisoned(ce_sort_by_key_with(rdd, twice, true, 2), CE_TYPE, "sort_by_key", "needs CE_COMPARE");
    expect_poisoned(ce_sort_by_key_with(ce_parallelize(sc, text_pair, NULL, 0, 1), by_last_digit, true, 2), CE_TYPE,
                    "sort_by_key", "by_last_digit takes int64, has str");
    expect_poisoned(ce_sort_by_key_n(rdd, true, UINT32_MAX), CE_INVALID, "sort_by_key", "must be positive");
    expect_failure(ce_sort_by_key_with(rdd, refuses, true, 2), CE_USER, "no order");
    expect_failure(ce_sort_by_key_with(rdd, refuses, true, 1), CE_USER, "no order");
    return CE_OK;
}

static void wrong_uses_say_what_is_wrong(void **state)
{
    (void)state;
    expect_once(wrong, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_come_out_in_order),
        cmocka_unit_test(texts_come_out_in_order),
        cmocka_unit_test(the_users_function_orders_keys),
        cmocka_unit_test(small_inputs_give_what_spark_gives),
        cmocka_unit_test(small_inputs_are_cut_as_spark_cuts_them),
        cmocka_unit_test(few_keys_make_few_partitions),
        cmocka_unit_test(partitions_are_of_similar_size),
        cmocka_unit_test(the_first_job_that_needs_bounds_samples),
        cmocka_unit_test(the_result_is_partitioned_by_range),
        cmocka_unit_test(a_key_is_looked_up_in_its_partition),
        cmocka_unit_test(one_sort_may_stand_on_another),
        cmocka_unit_test(wrong_uses_say_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
