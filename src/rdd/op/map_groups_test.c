/*
 * map_groups_test.c: a function sees each key once and all of its values, of one input and of two, however many there
 * are; it may leave some unread, keep none or emit any number of rows.
 */
#include "support/groups.h"

CE_PAIR(summary, int64_t, int_pair); /* key, (how many values, the sum of their hashes) */
CE_PAIR(text_summary, ce_str, int_pair);
CE_RECORD(two_summaries, (int64_t, key), (int_pair, a), (int_pair, b));
CE_RECORD(text_two_summaries, (ce_str, key), (int_pair, a), (int_pair, b));
TEST_BAG(number_rows, int64_t)
TEST_BAG(summary_rows, summary)
TEST_BAG(text_summary_rows, text_summary)
TEST_BAG(two_summaries_rows, two_summaries)
TEST_BAG(text_two_summaries_rows, text_two_summaries)
TEST_BAG(pair_rows, int_pair)
TEST_BAG(text_pair_rows, text_text)

static inline int_pair summary_of(ce_rows *values)
{
    int_pair all = {0, 0};
    int64_t value;
    while (ce_rows_next(values, &value)) {
        all = (int_pair){all.key + 1, (int64_t)((uint64_t)all.value + test_number(value))};
    }
    return all;
}

static inline int_pair text_summary_of(ce_rows *values)
{
    int_pair all = {0, 0};
    ce_str value;
    while (ce_rows_next(values, &value)) {
        all = (int_pair){all.key + 1, (int64_t)((uint64_t)all.value + test_number(test_number_of(value)))};
    }
    return all;
}

static inline void summarize(int64_t key, ce_rows *values, ce_emit *out)
{
    ce_emit_value(out, summary, {key, summary_of(values)});
}
CE_MAP_GROUPS(summarize, int64_t, int64_t, summary)

static inline void text_summarize(ce_str key, ce_rows *values, ce_emit *out)
{
    ce_emit_value(out, text_summary, {key, text_summary_of(values)});
}
CE_MAP_GROUPS(text_summarize, ce_str, ce_str, text_summary)

static inline void summarize_both(int64_t key, ce_rows *a, ce_rows *b, ce_emit *out)
{
    two_summaries row = {.key = key, .b = summary_of(b)};
    row.a = summary_of(a);
    ce_emit_value(out, two_summaries, row);
}
CE_MAP_COGROUP(summarize_both, int64_t, int64_t, int64_t, two_summaries)

static inline void text_summarize_both(ce_str key, ce_rows *a, ce_rows *b, ce_emit *out)
{
    text_two_summaries row = {.key = key, .a = text_summary_of(a)};
    row.b = text_summary_of(b);
    ce_emit_value(out, text_two_summaries, row);
}
CE_MAP_COGROUP(text_summarize_both, ce_str, ce_str, ce_str, text_two_summaries)

/* Every value again: emitted rows point into values that have gone by. */
static inline void unfold(int64_t key, ce_rows *values, ce_emit *out)
{
    int64_t value;
    while (ce_rows_next(values, &value)) {
        ce_emit_value(out, int_pair, {key, value});
    }
}
CE_MAP_GROUPS(unfold, int64_t, int64_t, int_pair)

static inline void text_unfold(ce_str key, ce_rows *values, ce_emit *out)
{
    ce_str value;
    while (ce_rows_next(values, &value)) {
        ce_emit_value(out, text_text, {key, value});
    }
}
CE_MAP_GROUPS(text_unfold, ce_str, ce_str, text_text)

/* Reads one value at most, and gives a row for every `divisor`th key only. */
static inline void some_keys(int64_t key, ce_rows *values, ce_emit *out, const int64_t *divisor)
{
    int64_t value;
    if (key % *divisor == 0 && ce_rows_next(values, &value)) {
        ce_emit_value(out, int64_t, key);
    }
}
CE_MAP_GROUPS_WITH(some_keys, int64_t, int64_t, int64_t, int64_t)

/* The keys that have values in a only, with none read. */
static inline void unmatched(int64_t key, ce_rows *a, ce_rows *b, ce_emit *out, const int64_t *offset)
{
    int64_t value;
    if (!ce_rows_next(b, &value) && ce_rows_next(a, &value)) {
        ce_emit_value(out, int64_t, key + *offset);
    }
}
CE_MAP_COGROUP_WITH(unmatched, int64_t, int64_t, int64_t, int64_t, int64_t)

static inline ce_str to_text(int64_t value)
{
    return ce_str_printf("%d", (int)value);
}
CE_MAP(to_text, int64_t, ce_str)

static inline text_pair swapped(int_pair row)
{
    return (text_pair){to_text(row.key), row.value};
}
CE_MAP(swapped, int_pair, text_pair)

static inline void broken(int64_t key, ce_rows *values, ce_emit *out)
{
    (void)values;
    (void)out;
    ce_fail("no group for %d", (int)key);
}
CE_MAP_GROUPS(broken, int64_t, int64_t, int64_t)

typedef struct groups_case {
    test_shape left, right;
    bool texts;
} groups_case;

/* The hash of an int_pair of a key's number of values and the sum of their hashes. */
static uint64_t summary_hash(const test_rows *rows, int64_t key)
{
    int64_t count = 0;
    uint64_t sum = 0;
    for (int64_t i = rows->first[key]; i >= 0; i = rows->next[i], count++) {
        sum += test_number(rows->rows[i].value);
    }
    return test_both(test_number(count), test_number((int64_t)sum));
}

static ce_status groups_are_mapped(ce_context *sc, void *arg)
{
    const groups_case *c = arg;
    test_bag summaries = {0, 0}, all = {0, 0}, some = {0, 0}, got;
    test_rows *rows = test_rows_of(c->left);
    for (int64_t key = 0; key < TEST_KEYS_MAX; key++) {
        if (rows->first[key] >= 0) {
            test_bag_add(&summaries, test_both(test_number(key), summary_hash(rows, key)));
        }
        if (rows->first[key] >= 0 && key % 3 == 0) {
            test_bag_add(&some, test_number(key));
        }
    }
    for (int64_t i = 0; i < rows->count; i++) {
        test_bag_add(&all, test_both(test_number(rows->rows[i].key), test_number(rows->rows[i].value)));
    }
    test_rows_free(rows);
    ce_rdd *side = test_side(sc, c->left, c->texts, 3);
    if (c->texts) {
        GRID_TRY(test_bag_of(ce_map_groups(side, text_summarize), &ce_fn_text_summary_rows, &got));
        test_bag_equal(got, summaries);
        GRID_TRY(test_bag_of(ce_map_groups_n(side, text_unfold, 2), &ce_fn_text_pair_rows, &got));
        test_bag_equal(got, all);
        return CE_OK;
    }
    GRID_TRY(test_bag_of(ce_map_groups(side, summarize), &ce_fn_summary_rows, &got));
    test_bag_equal(got, summaries);
    GRID_TRY(test_bag_of(ce_map_groups_n(side, unfold, 2), &ce_fn_pair_rows, &got));
    test_bag_equal(got, all);
    GRID_TRY(test_bag_of(ce_map_groups_with(side, some_keys, &(int64_t){3}), &ce_fn_number_rows, &got));
    test_bag_equal(got, some);
    return CE_OK;
}

static ce_status cogroups_are_mapped(ce_context *sc, void *arg)
{
    const groups_case *c = arg;
    test_bag summaries = {0, 0}, only_left = {0, 0}, got;
    test_rows *a = test_rows_of(c->left), *b = test_rows_of(c->right);
    for (int64_t key = 0; key < TEST_KEYS_MAX; key++) {
        if (a->first[key] >= 0 || b->first[key] >= 0) {
            test_bag_add(&summaries, test_mix(test_both(test_number(key), summary_hash(a, key)), summary_hash(b, key)));
        }
        if (a->first[key] >= 0 && b->first[key] < 0) {
            test_bag_add(&only_left, test_number(key + 5));
        }
    }
    test_rows_free(a);
    test_rows_free(b);
    ce_rdd *left = test_side(sc, c->left, c->texts, 3), *right = test_side(sc, c->right, c->texts, 2);
    if (c->texts) {
        ce_rdd *rdd = ce_map_cogroup(left, right, text_summarize_both);
        GRID_TRY(test_bag_of(rdd, &ce_fn_text_two_summaries_rows, &got));
        test_bag_equal(got, summaries);
        return CE_OK;
    }
    GRID_TRY(test_bag_of(ce_map_cogroup_n(left, right, summarize_both, 2), &ce_fn_two_summaries_rows, &got));
    test_bag_equal(got, summaries);
    GRID_TRY(test_bag_of(ce_map_cogroup_with(left, right, unmatched, &(int64_t){5}), &ce_fn_number_rows, &got));
    test_bag_equal(got, only_left);
    return CE_OK;
}

static void a_function_sees_each_key_once_with_all_values(void **state)
{
    (void)state;
    grid_run(groups_are_mapped, &(groups_case){.left = test_small_left});
    grid_run(groups_are_mapped, &(groups_case){.left = test_small_left, .texts = true});
}

static void a_function_sees_the_values_of_both_inputs(void **state)
{
    (void)state;
    grid_run(cogroups_are_mapped, &(groups_case){test_small_left, test_small_right, false});
    grid_run(cogroups_are_mapped, &(groups_case){test_small_left, test_small_right, true});
}

static void inputs_may_be_beyond_memory(void **state)
{
    (void)state;
    groups_case c = {test_large_left, test_large_right, true};
    assert_true(test_run_short_of_memory(groups_are_mapped, &c));
    assert_true(test_run_short_of_memory(cogroups_are_mapped, &c));
    c.texts = false;
    (void)test_run_short_of_memory(groups_are_mapped, &c);
    (void)test_run_short_of_memory(cogroups_are_mapped, &c);
}

static void a_group_may_be_beyond_memory(void **state)
{
    (void)state;
    groups_case c = {test_skewed_left, test_skewed_right, true};
    assert_true(test_run_short_of_memory(cogroups_are_mapped, &c));
    c.texts = false;
    (void)test_run_short_of_memory(groups_are_mapped, &c);
    (void)test_run_short_of_memory(cogroups_are_mapped, &c);
}

static void keys_with_equal_hashes_stay_apart(void **state)
{
    (void)state;
    groups_case c = {test_small_left, test_small_right, false};
    test_run_with_equal_hashes(groups_are_mapped, &c);
    test_run_with_equal_hashes(cogroups_are_mapped, &c);
    c.texts = true;
    test_run_with_equal_hashes(groups_are_mapped, &c);
    test_run_with_equal_hashes(cogroups_are_mapped, &c);
}

static void rows_that_are_partitioned_already_stay_where_they_are(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *hashed = ce_partition_by(test_side(sc, test_small_left, false, 2), 3);
    uint64_t count;
    test_work work = test_work_of_count(sc, ce_map_groups(hashed, summarize), &count);
    assert_int_equal(work.stages, 2);
    assert_false(ce_rdd_has_partitioner(ce_map_groups(hashed, summarize)));
    assert_false(ce_rdd_has_partitioner(ce_map_cogroup(hashed, hashed, summarize_both)));
    work = test_work_of_count(sc, ce_map_cogroup(hashed, hashed, summarize_both), &count);
    assert_int_equal(work.stages + work.skipped, 2);
    ce_context_close(sc);
}

static void what_the_function_says_fails_the_job(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    uint64_t count;
    ce_rdd *rdd = ce_map_groups(test_side(sc, (test_shape){10, 7, 1, 0, 1}, false, 2), broken);
    assert_int_equal(ce_count(rdd, &count), CE_USER);
    assert_non_null(strstr(ce_last_error(), "no group for 7"));
    ce_context_close(sc);
}

static void wrong_uses_poison_with_their_place(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *numbers = test_side(sc, test_small_left, false, 2), *texts = test_side(sc, test_small_left, true, 2);
    ce_rdd *letters = ce_map_values(numbers, to_text);
    test_poisoned(ce_map_groups(ce_keys(numbers), summarize), CE_TYPE, "map_groups: needs pair(K, V), has int64");
    test_poisoned(ce_map_groups(NULL, summarize), CE_INVALID, "the RDD is NULL");
    test_poisoned(ce_map_groups(letters, summarize), CE_TYPE, "summarize takes int64, has str");
    test_poisoned(ce_map_groups(ce_map(numbers, swapped), summarize), CE_TYPE,
                  "summarize takes keys of int64, has str");
    test_poisoned(ce_map_groups(numbers, summarize_both), CE_TYPE, "summarize_both was stamped with CE_MAP_COGROUP");
    test_poisoned(ce_map_groups(numbers, some_keys), CE_INVALID, "some_keys needs an environment");
    test_poisoned(ce_map_cogroup(numbers, texts, summarize_both), CE_TYPE,
                  "map_cogroup: keys of int64 meet keys of str");
    test_poisoned(ce_map_cogroup(letters, numbers, summarize_both), CE_TYPE, "summarize_both takes int64, has str");
    test_poisoned(ce_map_cogroup(numbers, letters, summarize_both), CE_TYPE,
                  "summarize_both takes int64 of the second, has str");
    test_poisoned(ce_map_cogroup(numbers, numbers, summarize), CE_TYPE, "summarize was stamped with CE_MAP_GROUPS");
    test_poisoned(ce_map_cogroup(numbers, NULL, summarize_both), CE_INVALID, "the RDD is NULL");
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_sees_each_key_once_with_all_values),
        cmocka_unit_test(a_function_sees_the_values_of_both_inputs),
        cmocka_unit_test(inputs_may_be_beyond_memory),
        cmocka_unit_test(a_group_may_be_beyond_memory),
        cmocka_unit_test(keys_with_equal_hashes_stay_apart),
        cmocka_unit_test(rows_that_are_partitioned_already_stay_where_they_are),
        cmocka_unit_test(what_the_function_says_fails_the_job),
        cmocka_unit_test(wrong_uses_poison_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
