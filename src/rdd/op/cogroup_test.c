/*
 * cogroup_test.c: the values of each key of several inputs, against arrays chained by key and Spark's answers.
 */
#include "support/groups.h"

CE_RECORD(two_lists, (longs, a), (longs, b));
CE_RECORD(two_text_lists, (text_list, a), (text_list, b));
CE_RECORD(three_lists, (longs, a), (longs, b), (longs, c));
CE_PAIR(cogrouped, int64_t, two_lists);
CE_PAIR(text_cogrouped, ce_str, two_text_lists);
CE_PAIR(cogrouped3, int64_t, three_lists);
TEST_BAG(cogrouped_rows, cogrouped)
TEST_BAG(text_cogrouped_rows, text_cogrouped)
TEST_BAG(cogrouped3_rows, cogrouped3)

static inline int_pair same(int_pair row)
{
    return row;
}
CE_MAP(same, int_pair, int_pair)

typedef struct cogroup_case {
    test_shape left, right;
    bool texts, placed; /* placed: partitioned by key before, with an operator behind that keeps it so */
} cogroup_case;

static inline bool every(int_pair row)
{
    return row.key >= 0;
}
CE_FILTER(every, int_pair)

static inline bool every_text(text_text row)
{
    return row.key.bytes <= TEST_TEXT_MAX;
}
CE_FILTER(every_text, text_text)

static ce_rdd *placed(ce_rdd *rdd, bool texts)
{
    ce_rdd *hashed = ce_partition_by(rdd, 3);
    return texts ? ce_filter(hashed, every_text) : ce_filter(hashed, every);
}

static test_bag expected_of(const cogroup_case *c)
{
    test_rows *a = test_rows_of(c->left), *b = test_rows_of(c->right);
    test_bag bag = {0, 0};
    for (int64_t key = 0; key < TEST_KEYS_MAX; key++) {
        if (a->first[key] >= 0 || b->first[key] >= 0) {
            test_bag_add(&bag, test_both(test_number(key), test_both(test_values_of(a, key), test_values_of(b, key))));
        }
    }
    test_rows_free(a);
    test_rows_free(b);
    return bag;
}

static ce_status groups_are_complete(ce_context *sc, void *arg)
{
    const cogroup_case *c = arg;
    ce_rdd *rdds[] = {test_side(sc, c->left, c->texts, 3), test_side(sc, c->right, c->texts, 2)};
    for (int i = 0; c->placed && i < 2; i++) {
        rdds[i] = placed(rdds[i], c->texts);
    }
    test_bag got;
    GRID_TRY(
        test_bag_of(ce_cogroup_all(rdds, 2, 3), c->texts ? &ce_fn_text_cogrouped_rows : &ce_fn_cogrouped_rows, &got));
    test_bag_equal(got, expected_of(c));
    return CE_OK;
}

static void groups_of_two_inputs_are_complete(void **state)
{
    (void)state;
    grid_run(groups_are_complete, &(cogroup_case){test_small_left, test_small_right, false, false});
}

static void groups_of_texts_are_complete(void **state)
{
    (void)state;
    grid_run(groups_are_complete, &(cogroup_case){test_small_left, test_small_right, true, false});
}

static void groups_of_inputs_beyond_memory_are_complete(void **state)
{
    (void)state;
    assert_true(
        test_run_short_of_memory(groups_are_complete, &(cogroup_case){test_large_left, test_large_right, true, false}));
    (void)test_run_short_of_memory(groups_are_complete,
                                   &(cogroup_case){test_large_left, test_large_right, false, false});
}

static void a_key_may_have_half_of_all_rows(void **state)
{
    (void)state;
    cogroup_case numbers = {test_skewed_left, test_skewed_right, false, false};
    cogroup_case texts = {test_skewed_left, test_skewed_right, true, false};
    ce_context *sc = grid_open("local[2]", NULL);
    assert_int_equal(groups_are_complete(sc, &numbers), CE_OK);
    assert_int_equal(groups_are_complete(sc, &texts), CE_OK);
    ce_context_close(sc);
    assert_true(test_run_in_memory("6m", groups_are_complete, &texts));
    (void)test_run_in_memory("6m", groups_are_complete, &numbers);
}

static void a_group_that_memory_does_not_hold_is_refused(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", "memory_bytes_max", "1m", NULL);
    ce_rdd *left = test_side(sc, test_skewed_left, true, 3), *right = test_side(sc, test_skewed_right, true, 2);
    uint64_t count;
    assert_int_equal(ce_count(ce_cogroup(left, right), &count), CE_MEMORY);
    assert_non_null(strstr(ce_last_error(), "cogroup: a group is too large for a list (map_cogroup takes any size): "));
    ce_context_close(sc);
}

static void inputs_may_be_partitioned_already(void **state)
{
    (void)state;
    cogroup_case c = {test_small_left, test_small_right, true, true};
    grid_run_topologies(groups_are_complete, &c);
    test_run_with_equal_hashes(groups_are_complete, &c);
    c = (cogroup_case){test_large_left, test_large_right, true, true};
    assert_true(test_run_in_memory("2m", groups_are_complete, &c));
    c.texts = false;
    (void)test_run_in_memory("2m", groups_are_complete, &c);
}

static void keys_with_equal_hashes_stay_apart(void **state)
{
    (void)state;
    test_run_with_equal_hashes(groups_are_complete, &(cogroup_case){test_small_left, test_small_right, false, false});
    test_run_with_equal_hashes(groups_are_complete, &(cogroup_case){test_small_left, test_small_right, true, false});
    const uint32_t mask = cei_key_hash_mask;
    cei_key_hash_mask = 0;
    const test_shape left = {20000, 0, 300, 0, 8}, right = {20000, 100, 300, 0, 9};
    (void)test_run_short_of_memory(groups_are_complete, &(cogroup_case){left, right, true, false});
    cei_key_hash_mask = mask;
}

static ce_status three_inputs_meet(ce_context *sc, void *arg)
{
    (void)arg;
    const test_shape shapes[] = {test_small_left, test_small_right, {100, 30, 40, 0, 7}};
    test_rows *rows[3];
    test_bag got, expected = {0, 0};
    ce_rdd *rdds[3];
    for (int i = 0; i < 3; i++) {
        rdds[i] = test_side(sc, shapes[i], false, 2);
        rows[i] = test_rows_of(shapes[i]);
    }
    for (int64_t key = 0; key < 100; key++) {
        uint64_t lists = 2;
        bool has = false;
        for (int i = 0; i < 3; i++) {
            lists = test_mix(lists, test_values_of(rows[i], key));
            has = has || rows[i]->first[key] >= 0;
        }
        if (has) {
            test_bag_add(&expected, test_both(test_number(key), lists));
        }
    }
    for (int i = 0; i < 3; i++) {
        test_rows_free(rows[i]);
    }
    GRID_TRY(test_bag_of(ce_cogroup3(rdds[0], rdds[1], rdds[2]), &ce_fn_cogrouped3_rows, &got));
    test_bag_equal(got, expected);
    return CE_OK;
}

static void groups_of_three_inputs_are_complete(void **state)
{
    (void)state;
    grid_run_topologies(three_inputs_meet, NULL);
}

/* Lists in the goldens' order; the rows' own. */
static void sort_list(const ce_type *type, void *at)
{
    ce_list list;
    memcpy(&list, at, sizeof list);
    char *rows = (char *)(uintptr_t)list.at, swap[64];
    const size_t bytes = type->element->bytes;
    for (uint32_t j = 1; j < list.count; j++) {
        for (uint32_t k = j; k > 0; k--) {
            char *a = rows + (k - 1) * bytes, *b = rows + k * bytes;
            if (ce_type_compare(type->element, a, b) > 0) {
                memcpy(swap, a, bytes);
                memcpy(a, b, bytes);
                memcpy(b, swap, bytes);
            }
        }
    }
}

static void check_golden(const char *name, ce_rdd *rdd)
{
    ce_result rows;
    assert_int_equal(ce_collect(rdd, &rows), CE_OK);
    for (uint64_t i = 0; i < rows.count; i++) {
        const ce_field *lists = &rows.type->fields[1];
        for (uint32_t f = 0; f < lists->type->field_count; f++) {
            char *row = (char *)(uintptr_t)rows.rows + i * rows.type->bytes;
            sort_list(lists->type->fields[f].type, row + lists->offset + lists->type->fields[f].offset);
        }
    }
    char *text = grid_text(&rows, 1);
    test_golden(name, text);
    free(text);
    ce_result_free(&rows);
}

static void it_gives_what_spark_gives(void **state)
{
    (void)state;
    const int_pair a_rows[] = {{1, 1}, {1, 2}, {2, 1}, {3, 1}};
    const number_letter b_rows[] = {{1, TEXT("x")}, {2, TEXT("y")}, {2, TEXT("z")}, {4, TEXT("w")}};
    const number_letter c_rows[] = {{1, TEXT("a")}, {3, TEXT("b")}, {4, TEXT("c")}, {4, TEXT("d")}};
    const number_letter d_rows[] = {{2, TEXT("@")}};
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *a = ce_parallelize(sc, int_pair, a_rows, 4, 2), *b = ce_parallelize(sc, number_letter, b_rows, 4, 2);
    ce_rdd *c = ce_parallelize(sc, number_letter, c_rows, 4, 2), *d = ce_parallelize(sc, number_letter, d_rows, 1, 2);
    ce_rdd *none = ce_empty(sc, number_letter), *all[] = {a, b, c, d};
    check_golden("groupwith-2", ce_cogroup(a, b));
    check_golden("groupwith-3", ce_cogroup3(a, b, c));
    check_golden("groupwith-4", ce_cogroup4(a, b, c, d));
    check_golden("cogroup-3-to2", ce_cogroup_all(all, 3, 2));
    check_golden("cogroup-4-to2", ce_cogroup_all(all, 4, 2));
    check_golden("cogroup-self-basic", ce_cogroup(a, a));
    check_golden("cogroup-norows0-right", ce_cogroup(a, none));
    check_golden("cogroup-norows0-left", ce_cogroup(ce_empty(sc, int_pair), b));
    check_golden("cogroup-norows3-right", ce_cogroup(a, ce_parallelize(sc, number_letter, b_rows, 0, 3)));
    check_golden("cogroup-norows0", ce_cogroup(ce_empty(sc, int_pair), none));
    check_golden("cogroup-3-self", ce_cogroup3(b, b, b));
    uint64_t count;
    const int_pair two[] = {{1, 1}, {2, 2}};
    assert_int_equal(ce_count(ce_cogroup(ce_parallelize(sc, int_pair, two, 2, 2), none), &count), CE_OK);
    assert_int_equal(count, 2);
    ce_context_close(sc);
}

/* ---- partitions ---- */

static ce_rdd *plain(ce_context *sc, uint32_t partitions)
{
    return test_side(sc, test_small_left, false, partitions);
}

static ce_rdd *hashed(ce_context *sc, uint32_t partitions)
{
    return ce_partition_by(plain(sc, 2), partitions);
}

static void check_count(const char *golden, ce_rdd *rdd)
{
    uint32_t count;
    char text[16];
    assert_int_equal(ce_partition_count(rdd, &count), CE_OK);
    snprintf(text, sizeof text, "%u", count);
    test_golden(golden, text);
    assert_true(ce_rdd_has_partitioner(rdd));
}

static void it_has_as_many_partitions_as_spark_would_have(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        ce_context *sc = i ? grid_open("local[2]", "default_parallelism", "4", NULL) : grid_open("local[2]", NULL);
        char golden[64];
#define CHECK(name, ...)                                                                                               \
    snprintf(golden, sizeof golden, "cogroup-%s-" name, i ? "parallelism4" : "default");                               \
    check_count(golden, __VA_ARGS__)
        CHECK("p1000-h10", ce_cogroup(plain(sc, 1000), hashed(sc, 10)));
        CHECK("p20-h10", ce_cogroup(plain(sc, 20), hashed(sc, 10)));
        CHECK("p20-p10", ce_cogroup(plain(sc, 20), plain(sc, 10)));
        CHECK("p150-h10", ce_cogroup(plain(sc, 150), hashed(sc, 10)));
        CHECK("h10-h100", ce_cogroup(hashed(sc, 10), hashed(sc, 100)));
        CHECK("h100-p150", ce_cogroup(hashed(sc, 100), plain(sc, 150)));
        CHECK("p150-h10-h100", ce_cogroup3(plain(sc, 150), hashed(sc, 10), hashed(sc, 100)));
        CHECK("h9-p11", ce_cogroup(hashed(sc, 9), plain(sc, 11)));
        CHECK("p11-p11", ce_cogroup(plain(sc, 11), plain(sc, 11)));
        CHECK("p150-h3", ce_cogroup(plain(sc, 150), hashed(sc, 3)));
        CHECK("p10-h1", ce_cogroup(plain(sc, 10), hashed(sc, 1)));
        CHECK("p9-h1", ce_cogroup(plain(sc, 9), hashed(sc, 1)));
        CHECK("h3-h5", ce_cogroup(hashed(sc, 3), hashed(sc, 5)));
        CHECK("h5-h3", ce_cogroup(hashed(sc, 5), hashed(sc, 3)));
        CHECK("p2-h2-p30", ce_cogroup3(plain(sc, 2), hashed(sc, 2), plain(sc, 30)));
        CHECK("p100-h10", ce_cogroup(plain(sc, 100), hashed(sc, 10)));
        CHECK("p101-h10", ce_cogroup(plain(sc, 101), hashed(sc, 10)));
#undef CHECK
        ce_context_close(sc);
    }
}

static void inputs_that_are_partitioned_already_stay_where_they_are(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *left = hashed(sc, 4), *right = hashed(sc, 4), *both = ce_cogroup(left, right);
    uint64_t count;
    test_work work = test_work_of_count(sc, both, &count);
    assert_int_equal(work.stages, 3); /* two shuffles and the result */
    assert_int_equal(work.tasks, 2 + 2 + 4);
    assert_true(ce_rdd_same_partitioner(both, left));
    work = test_work_of_count(sc, ce_cogroup(left, ce_map(right, same)), &count);
    assert_int_equal(work.stages + work.skipped, 4);
    work = test_work_of_count(sc, ce_cogroup(left, plain(sc, 3)), &count);
    assert_int_equal(work.stages + work.skipped, 3);
    ce_context_close(sc);
}

static void wrong_uses_poison_with_their_place(void **state)
{
    (void)state;
    const test_shape shape = test_small_left;
    ce_context *sc = grid_open("inline", NULL), *other = grid_open("inline", NULL);
    ce_rdd *numbers = plain(sc, 2), *texts = test_side(sc, shape, true, 2),
           *five[] = {numbers, numbers, numbers, numbers, numbers};
    test_poisoned(ce_cogroup(numbers, texts), CE_TYPE, "cogroup: keys of int64 meet keys of str");
    test_poisoned(ce_cogroup(numbers, ce_range(sc, 0, 5, 1, 2)), CE_TYPE, "cogroup: needs pair(K, V), has int64");
    test_poisoned(ce_cogroup(numbers, NULL), CE_INVALID, "the RDD is NULL");
    test_poisoned(ce_cogroup(NULL, numbers), CE_INVALID, "the RDD is NULL");
    test_poisoned(ce_cogroup_all(five, 5, 0), CE_INVALID, "cogroup: takes 1 to 4 RDDs, has 5");
    test_poisoned(ce_cogroup_all(five, 0, 0), CE_INVALID, "cogroup: the RDD is NULL");
    test_poisoned(ce_cogroup(numbers, plain(other, 2)), CE_INVALID, "the RDDs belong to different contexts");
    ce_context_close(sc);
    ce_context_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_of_two_inputs_are_complete),
        cmocka_unit_test(groups_of_texts_are_complete),
        cmocka_unit_test(groups_of_inputs_beyond_memory_are_complete),
        cmocka_unit_test(a_key_may_have_half_of_all_rows),
        cmocka_unit_test(a_group_that_memory_does_not_hold_is_refused),
        cmocka_unit_test(inputs_may_be_partitioned_already),
        cmocka_unit_test(keys_with_equal_hashes_stay_apart),
        cmocka_unit_test(groups_of_three_inputs_are_complete),
        cmocka_unit_test(it_gives_what_spark_gives),
        cmocka_unit_test(it_has_as_many_partitions_as_spark_would_have),
        cmocka_unit_test(inputs_that_are_partitioned_already_stay_where_they_are),
        cmocka_unit_test(wrong_uses_poison_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
