/*
 * subtract_test.c: subtract_by_key, subtract and intersection against loops over both inputs and Spark's answers.
 */
#include "support/groups.h"

TEST_BAG(pair_rows, int_pair)
TEST_BAG(text_pair_rows, text_text)
TEST_BAG(number_rows, int64_t)
TEST_BAG(text_rows, ce_str)

static inline uint32_t own(int64_t key, uint32_t count)
{
    return (uint32_t)key % count;
}
CE_PARTITIONER(own, int64_t)

typedef struct subtract_case {
    test_shape left, right;
    bool texts;
} subtract_case;

static bool has_row(const test_rows *rows, int_pair row)
{
    int64_t i = rows->first[row.key];
    while (i >= 0 && rows->rows[i].value != row.value) {
        i = rows->next[i];
    }
    return i >= 0;
}

/* Whether row i is the first one like it in its key's chain. */
static bool is_first(const test_rows *rows, int64_t i)
{
    int64_t at = rows->first[rows->rows[i].key];
    while (rows->rows[at].value != rows->rows[i].value) {
        at = rows->next[at];
    }
    return at == i;
}

typedef struct answers {
    test_bag by_key, rows, keys, both, both_keys;
} answers;

static answers expected_of(const subtract_case *c)
{
    test_rows *a = test_rows_of(c->left), *b = test_rows_of(c->right);
    answers all = {.by_key = {0, 0}};
    for (int64_t i = 0; i < a->count; i++) {
        const int_pair row = a->rows[i];
        const uint64_t key = test_number(row.key), hash = test_both(key, test_number(row.value));
        if (b->first[row.key] < 0) {
            test_bag_add(&all.by_key, hash);
            test_bag_add(&all.keys, key);
        } else if (a->first[row.key] == i) {
            test_bag_add(&all.both_keys, key);
        }
        if (!has_row(b, row)) {
            test_bag_add(&all.rows, hash);
        } else if (is_first(a, i)) {
            test_bag_add(&all.both, hash);
        }
    }
    test_rows_free(a);
    test_rows_free(b);
    return all;
}

static ce_status rows_are_left_out(ce_context *sc, void *arg)
{
    const subtract_case *c = arg;
    ce_rdd *a = test_side(sc, c->left, c->texts, 3), *b = test_side(sc, c->right, c->texts, 2);
    const ce_function *pairs = c->texts ? &ce_fn_text_pair_rows : &ce_fn_pair_rows;
    const ce_function *keys = c->texts ? &ce_fn_text_rows : &ce_fn_number_rows;
    const answers expected = expected_of(c);
    test_bag got;
    GRID_TRY(test_bag_of(ce_subtract_by_key(a, b), pairs, &got));
    test_bag_equal(got, expected.by_key);
    GRID_TRY(test_bag_of(ce_subtract(a, b), pairs, &got));
    test_bag_equal(got, expected.rows);
    GRID_TRY(test_bag_of(ce_intersection(a, b), pairs, &got));
    test_bag_equal(got, expected.both);
    GRID_TRY(test_bag_of(ce_subtract(ce_keys(a), ce_keys(b)), keys, &got));
    test_bag_equal(got, expected.keys);
    GRID_TRY(test_bag_of(ce_intersection_n(ce_keys(a), ce_keys(b), 2), keys, &got));
    test_bag_equal(got, expected.both_keys);
    return CE_OK;
}

/* The right has the left's first 150 rows, so that whole rows meet. */
static const test_shape part_of_left = {150, 0, 40, 0, 1}, part_of_large = {20000, 0, 20000, 0, 3};

static void rows_that_stay_are_those_of_loops(void **state)
{
    (void)state;
    grid_run(rows_are_left_out, &(subtract_case){test_small_left, test_small_right, false});
    grid_run_topologies(rows_are_left_out, &(subtract_case){test_small_left, part_of_left, false});
}

static void rows_with_texts_that_stay_are_those_of_loops(void **state)
{
    (void)state;
    grid_run_topologies(rows_are_left_out, &(subtract_case){test_small_left, test_small_right, true});
    grid_run(rows_are_left_out, &(subtract_case){test_small_left, part_of_left, true});
}

static void inputs_may_be_beyond_memory(void **state)
{
    (void)state;
    assert_true(test_run_short_of_memory(rows_are_left_out, &(subtract_case){test_large_left, test_large_right, true}));
    (void)test_run_short_of_memory(rows_are_left_out, &(subtract_case){test_large_left, part_of_large, true});
    (void)test_run_short_of_memory(rows_are_left_out, &(subtract_case){test_large_left, test_large_right, false});
}

static void a_key_may_have_half_of_all_rows(void **state)
{
    (void)state;
    (void)test_run_short_of_memory(rows_are_left_out, &(subtract_case){test_skewed_left, test_skewed_right, true});
    (void)test_run_short_of_memory(rows_are_left_out, &(subtract_case){test_skewed_left, test_large_right, true});
}

static void keys_with_equal_hashes_stay_apart(void **state)
{
    (void)state;
    test_run_with_equal_hashes(rows_are_left_out, &(subtract_case){test_small_left, test_small_right, false});
    test_run_with_equal_hashes(rows_are_left_out, &(subtract_case){test_small_left, part_of_left, true});
}

static void check_goldens(const char *shape, ce_rdd *a, ce_rdd *b)
{
    char name[64];
#define CHECK(kind, rdd)                                                                                               \
    snprintf(name, sizeof name, kind "-%s", shape);                                                                    \
    test_golden_set(name, rdd)
    CHECK("subtractbykey", ce_subtract_by_key(a, b));
    CHECK("subtractbykey-swapped", ce_subtract_by_key(b, a));
    CHECK("subtractbykey-self", ce_subtract_by_key(a, a));
    CHECK("subtract-keys", ce_subtract(ce_keys(a), ce_keys(b)));
    CHECK("subtract-keys-to3", ce_subtract_n(ce_keys(a), ce_keys(b), 3));
    CHECK("intersection-keys", ce_intersection(ce_keys(a), ce_keys(b)));
#undef CHECK
}

static void it_gives_what_spark_gives(void **state)
{
    (void)state;
    const int_pair a_rows[] = {{1, 1}, {1, 2}, {2, 1}, {3, 1}}, dups[] = {{1, 1}, {1, 1}, {2, 3}, {2, 4}, {3, 5}};
    const number_letter b_rows[] = {{1, TEXT("x")}, {2, TEXT("y")}, {2, TEXT("z")}, {4, TEXT("w")}};
    const number_letter others[] = {{4, TEXT("x")}, {5, TEXT("y")}, {5, TEXT("z")}, {6, TEXT("w")}};
    const number_letter more[] = {{2, TEXT("x")}, {2, TEXT("x")}, {1, TEXT("y")}, {1, TEXT("z")}, {5, {NULL, 0}}};
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *a = ce_parallelize(sc, int_pair, a_rows, 4, 2), *b = ce_parallelize(sc, number_letter, b_rows, 4, 2);
    check_goldens("basic", a, b);
    check_goldens("none", a, ce_parallelize(sc, number_letter, others, 4, 2));
    check_goldens("dups", ce_parallelize(sc, int_pair, dups, 5, 3), ce_parallelize(sc, number_letter, more, 5, 2));
    check_goldens("norows3-right", a, ce_parallelize(sc, number_letter, b_rows, 0, 3));
    check_goldens("norows3-left", ce_parallelize(sc, int_pair, a_rows, 0, 3), b);
    check_goldens("norows0-right", a, ce_empty(sc, number_letter));
    check_goldens("norows0-left", ce_empty(sc, int_pair), b);
    check_goldens("norows0", ce_empty(sc, int_pair), ce_empty(sc, number_letter));

    const number_letter abc[] = {{1, TEXT("a")}, {1, TEXT("a")}, {2, TEXT("b")}, {3, TEXT("c")}};
    const int_pair tens[] = {{2, 20}, {3, 30}, {4, 40}};
    test_golden_set("subtractbykey-spark", ce_subtract_by_key(ce_parallelize(sc, number_letter, abc, 4, 2),
                                                              ce_parallelize(sc, int_pair, tens, 3, 2)));
    const int64_t one[] = {1, 2, 3, 3}, two[] = {1, 1, 2, 3};
    ce_rdd *first = ce_parallelize(sc, int64_t, one, 4, 2), *second = ce_parallelize(sc, int64_t, two, 4, 2);
    test_golden_set("intersection-dup", ce_intersection(first, second));
    test_golden_set("intersection-dup-swapped", ce_intersection(second, first));
    test_golden_set("intersection-evens", ce_intersection(ce_range(sc, 1, 11, 1, 2), ce_range(sc, 2, 11, 2, 2)));
    test_golden_set("intersection-none", ce_intersection(first, ce_range(sc, 50, 60, 1, 2)));
    ce_context_close(sc);
}

static void repeated_rows_stay_repeated_and_partitions_are_those_of_the_left(void **state)
{
    (void)state;
    const int64_t left[] = {1, 2, 3}, right[] = {2, 3, 4}, repeated[] = {1, 1, 2};
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *b = ce_parallelize(sc, int64_t, right, 3, 5);
    ce_rdd *rdd = ce_subtract(ce_parallelize(sc, int64_t, left, 3, 3), b);
    uint32_t partitions;
    char *text = test_set(rdd), number[16];
    assert_string_equal(text, "[1]");
    free(text);
    assert_int_equal(ce_partition_count(rdd, &partitions), CE_OK);
    snprintf(number, sizeof number, "%u", partitions);
    test_golden("subtract-partitions", number);
    test_golden_set("subtract-dup", ce_subtract(ce_parallelize(sc, int64_t, repeated, 3, 2), b));
    ce_context_close(sc);
}

static void check_place(const char *kind, const char *sides, ce_rdd *rdd)
{
    char golden[64], text[16];
    uint32_t partitions;
    assert_int_equal(ce_partition_count(rdd, &partitions), CE_OK);
    snprintf(golden, sizeof golden, "placed-%s-%s-partitions", kind, sides);
    snprintf(text, sizeof text, "%u", partitions);
    test_golden(golden, text);
    snprintf(golden, sizeof golden, "placed-%s-%s-partitioner", kind, sides);
    test_golden(golden, ce_rdd_has_partitioner(rdd) ? "true" : "false");
}

static void it_is_partitioned_as_spark_would_have_it(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *plain = test_side(sc, test_small_left, false, 2), *other = test_side(sc, test_small_right, false, 3);
    ce_rdd *by2 = ce_partition_by(plain, 2), *by4 = ce_partition_by(other, 4);
    ce_rdd *own3 = ce_partition_by_with(plain, own, 3);
    const struct {
        const char *name;
        ce_rdd *a, *b;
    } cases[] = {{"hash2-plain2", by2, plain}, {"hash2-other3", by2, other}, {"hash2-hash4", by2, by4},
                 {"hash2-hash2", by2, by2},    {"hash2-own3", by2, own3},    {"own3-plain2", own3, plain},
                 {"own3-other3", own3, other}, {"own3-hash4", own3, by4},    {"own3-hash2", own3, by2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_place("subtractbykey", cases[i].name, ce_subtract_by_key(cases[i].a, cases[i].b));
        check_place("subtract", cases[i].name, ce_subtract(cases[i].a, cases[i].b));
        check_place("intersection", cases[i].name, ce_intersection(cases[i].a, cases[i].b));
    }
    assert_true(ce_rdd_same_partitioner(ce_subtract_by_key(by2, by4), by2));
    assert_true(ce_rdd_same_partitioner(ce_subtract_by_key(own3, by4), own3));
    uint64_t count;
    test_work work = test_work_of_count(sc, ce_subtract_by_key(by2, plain), &count);
    assert_int_equal(work.stages, 3); /* golden placed-subtractbykey-hash2-plain2-jobs */
    assert_int_equal(work.tasks, 6);
    ce_context_close(sc);
}

static void wrong_uses_poison_with_their_place(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *numbers = test_side(sc, test_small_left, false, 2), *texts = test_side(sc, test_small_left, true, 2);
    test_poisoned(ce_subtract_by_key(numbers, texts), CE_TYPE, "subtract_by_key: keys of int64 meet keys of str");
    test_poisoned(ce_subtract_by_key(ce_range(sc, 0, 5, 1, 2), numbers), CE_TYPE,
                  "subtract_by_key: needs pair(K, V), has int64");
    test_poisoned(ce_subtract_by_key(NULL, numbers), CE_INVALID, "the RDD is NULL");
    test_poisoned(ce_subtract(ce_keys(numbers), ce_keys(texts)), CE_TYPE, "meet");
    test_poisoned(ce_subtract(numbers, NULL), CE_INVALID, "the RDD is NULL");
    test_poisoned(ce_intersection(NULL, numbers), CE_INVALID, "the RDD is NULL");
    test_poisoned(ce_intersection(numbers, ce_keys(texts)), CE_TYPE, "meet");
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_that_stay_are_those_of_loops),
        cmocka_unit_test(rows_with_texts_that_stay_are_those_of_loops),
        cmocka_unit_test(inputs_may_be_beyond_memory),
        cmocka_unit_test(a_key_may_have_half_of_all_rows),
        cmocka_unit_test(keys_with_equal_hashes_stay_apart),
        cmocka_unit_test(it_gives_what_spark_gives),
        cmocka_unit_test(repeated_rows_stay_repeated_and_partitions_are_those_of_the_left),
        cmocka_unit_test(it_is_partitioned_as_spark_would_have_it),
        cmocka_unit_test(wrong_uses_poison_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
