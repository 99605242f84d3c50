/*
 * node_test.c: a wrong use is told with its place and its first cause, whatever is built on it; environments are
 * copied; nothing leaks.
 */
#include "rdd/node.h"
#include "support/grid.h"
#include <stdio.h>
#include <string.h>

CE_LIST(texts, ce_str);
CE_RECORD(settings, (ce_str, name), (texts, words));
CE_PAIR(int_pair, int64_t, int64_t);

static inline int64_t twice(int64_t x)
{
    return 2 * x;
}
CE_MAP(twice, int64_t, int64_t)

static inline int64_t count_words(int64_t x, const settings *env)
{
    return x + env->words.count;
}
CE_MAP_WITH(count_words, int64_t, int64_t, settings)

static inline bool is_named(int64_t x, const settings *env)
{
    return x < (int64_t)env->name.bytes;
}
CE_FILTER_WITH(is_named, int64_t, settings)

static inline int64_t add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(add, int64_t)

static void expect(ce_rdd *rdd, ce_status status, int line, const char *sentence)
{
    char wanted[400];
    uint64_t count;
    snprintf(wanted, sizeof wanted, "%s:%d: %s", __FILE__, line, sentence);
    assert_non_null(rdd);
    assert_int_equal(ce_rdd_status(rdd), status);
    assert_string_equal(ce_last_error(), wanted);
    assert_int_equal(ce_count(rdd, &count), status); /* the action says the same */
    assert_string_equal(ce_last_error(), wanted);
}

static void wrong_uses_are_told_with_operator_file_and_line(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    settings env = {.name = {"x", 1}};
    const ce_str text = {"x", 1};
    ce_rdd *numbers = ce_range(sc, 0, 9, 1, 2), *strings = ce_parallelize(sc, ce_str, &text, 1, 1);
    expect(ce_map(NULL, twice), CE_INVALID, __LINE__, "map: the RDD is NULL");
    expect(ce_union(numbers, NULL), CE_INVALID, __LINE__, "union: the RDD is NULL");
    expect(ce_union(NULL, numbers), CE_INVALID, __LINE__, "union: the RDD is NULL");
    expect(ce_map_at(numbers, NULL, NULL, CE_SITE), CE_INVALID, __LINE__, "map: the function is NULL");
    expect(ce_filter(numbers, twice), CE_TYPE, __LINE__, "filter: twice was stamped with CE_MAP, needs CE_FILTER");
    expect(ce_map(numbers, add), CE_TYPE, __LINE__,
           "map: add was stamped with CE_REDUCE or CE_AGGREGATE, needs CE_MAP");
    expect(ce_map(strings, twice), CE_TYPE, __LINE__, "map: twice takes int64, has str");
    expect(ce_map(numbers, count_words), CE_INVALID, __LINE__,
           "map: count_words needs an environment: use ce_map_with");
    expect(ce_filter(numbers, is_named), CE_INVALID, __LINE__,
           "filter: is_named needs an environment: use ce_filter_with");
    expect(ce_map_with(numbers, twice, &env), CE_INVALID, __LINE__, "map: twice takes no environment");
    expect(ce_reduce_by_key(numbers, add), CE_TYPE, __LINE__, "reduce_by_key: needs pair(K, V), has int64");
    ce_context_close(sc);
}

static void what_is_built_on_poison_tells_the_first_cause(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *numbers = ce_range(sc, 0, 9, 1, 2);
    ce_rdd *first = ce_keys(numbers), *second = ce_values(numbers);
    int line = __LINE__ - 1;
    expect(ce_map(ce_map(ce_distinct(first), twice), add), CE_TYPE, line, "keys: needs pair(K, V), has int64");
    expect(ce_union(second, first), CE_TYPE, line, "values: needs pair(K, V), has int64");
    expect(ce_union(numbers, second), CE_TYPE, line, "values: needs pair(K, V), has int64");
    int null_line = __LINE__ + 1;
    ce_rdd *null = ce_map(NULL, twice);
    expect(ce_group_by_key(ce_filter(null, twice)), CE_INVALID, null_line, "map: the RDD is NULL");
    expect(ce_union(numbers, null), CE_INVALID, null_line, "map: the RDD is NULL");
    ce_context_close(sc);
}

static void rdds_of_two_contexts_do_not_mix(void **state)
{
    (void)state;
    ce_context *a = grid_open("inline", NULL), *b = grid_open("inline", NULL);
    ce_rdd *x = ce_range(a, 0, 9, 1, 2), *y = ce_range(b, 0, 9, 1, 2);
    expect(ce_union(x, y), CE_INVALID, __LINE__, "union: the RDDs belong to different contexts");
    expect(ce_zip(y, x), CE_INVALID, __LINE__, "zip: the RDDs belong to different contexts");
    ce_context_close(a);
    ce_context_close(b);
}

static void an_environment_is_copied_with_all_that_it_points_to(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    char letters[] = "abcdef";
    ce_str words[] = {{letters, 1}, {letters + 1, 5}};
    settings env = {{letters, 3}, {words, 2}};
    ce_rdd *rdd = ce_filter_with(ce_map_with(ce_range(sc, 0, 9, 1, 2), count_words, &env), is_named, &env);
    memset(letters, '?', sizeof letters);
    memset(words, 0, sizeof words);
    memset(&env, 0, sizeof env);
    const settings *kept = rdd->env;
    assert_true(ce_str_equal(kept->name, ce_str_of("abc")));
    assert_int_equal(kept->words.count, 2);
    assert_true(ce_str_equal(kept->words.at[1], ce_str_of("bcdef")));
    ce_result rows;
    assert_int_equal(ce_collect(rdd, &rows), CE_OK); /* 2, 3, ..., of which 3 bytes keep 2 alone */
    assert_int_equal(rows.count, 1);
    assert_int_equal(ce_result_value(&rows, int64_t), 2);
    ce_result_free(&rows);
    ce_context_close(sc);
}

static void types_with_other_names_but_the_same_structure_fit(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *pairs = ce_zip_with_index(ce_range(sc, 5, 9, 1, 1));
    ce_rdd *sums = ce_reduce_by_key(pairs, add);
    assert_int_equal(ce_rdd_status(sums), CE_OK);
    assert_true(ce_type_equal(ce_rdd_type(sums), CE_TYPE(int_pair)));
    ce_context_close(sc);
}

static _Atomic(int) prepared;

static ce_status prepare_counted(ce_rdd *node)
{
    node->partition_count = 3;
    return atomic_fetch_add(&prepared, 1) == 0 ? CE_IO : CE_OK;
}

static void a_node_is_prepared_once_and_tried_again_after_a_failure(void **state)
{
    (void)state;
    static const cei_op op = {.name = "counted", .prepare = prepare_counted, .prepares_late = true};
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *node = cei_node_new(&op, (cei_scope *)(void *)sc, CE_SITE, NULL, 0);
    node->type = CE_TYPE(int64_t);
    ce_rdd *above = ce_map(ce_map(node, twice), twice), *both = ce_union(above, node);
    uint32_t count;
    assert_false(cei_node_prepare_early(above));
    assert_int_equal(atomic_load(&prepared), 0);
    assert_int_equal(ce_partition_count(above, &count), CE_IO);
    assert_non_null(strstr(ce_last_error(), "counted"));
    assert_int_equal(ce_partition_count(above, &count), CE_OK);
    assert_int_equal(count, 3);
    assert_int_equal(ce_partition_count(both, &count), CE_OK);
    assert_int_equal(count, 6);
    assert_int_equal(ce_partition_count(above, &count), CE_OK);
    assert_int_equal(atomic_load(&prepared), 2);
    assert_true(cei_node_prepare_early(above));
    ce_context_close(sc);
}

static void operators_are_found_by_their_name(void **state)
{
    (void)state;
    assert_ptr_equal(cei_op_find("map"), &cei_op_map);
    assert_ptr_equal(cei_op_find("group_by_key"), &cei_op_group_by_key);
    assert_null(cei_op_find("mapp"));
    assert_null(cei_op_find(""));
    static const cei_op *const all[] = {
#define CEI_OP(name) &cei_op_##name,
#include "rdd/op.def"
#undef CEI_OP
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        assert_ptr_equal(cei_op_find(all[i]->name), all[i]); /* no name twice */
    }
}

static void a_place_is_cut_to_its_room(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    char small[12], large[400];
    ce_rdd *rdd = ce_map_at(ce_range(sc, 0, 9, 1, 2), &ce_fn_twice, NULL, (ce_site){"word_count.c", 14});
    assert_string_equal(cei_node_place(rdd, large, sizeof large), "word_count.c:14: map(twice)");
    assert_string_equal(cei_node_place(rdd, small, sizeof small), "word_count.");
    ce_context_close(sc);
}

static ce_status builds_and_counts(ce_context *sc, void *arg)
{
    (void)arg;
    const ce_str words[] = {{"a", 1}, {"b", 1}};
    const settings env = {{"abc", 3}, {words, 2}};
    uint64_t count;
    ce_rdd *rdd = ce_map_with(ce_union(ce_range(sc, 0, 9, 1, 2), ce_range(sc, 0, 4, 1, 1)), count_words, &env);
    ce_set_name(rdd, "a name");
    GRID_TRY(ce_rdd_status(rdd));
    GRID_TRY(ce_count(ce_filter_with(rdd, is_named, &env), &count));
    assert_int_equal(count, 2);
    return CE_OK;
}

static void short_memory_poisons_and_nothing_leaks(void **state)
{
    (void)state;
    grid_run(builds_and_counts, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_uses_are_told_with_operator_file_and_line),
        cmocka_unit_test(what_is_built_on_poison_tells_the_first_cause),
        cmocka_unit_test(rdds_of_two_contexts_do_not_mix),
        cmocka_unit_test(an_environment_is_copied_with_all_that_it_points_to),
        cmocka_unit_test(types_with_other_names_but_the_same_structure_fit),
        cmocka_unit_test(a_node_is_prepared_once_and_tried_again_after_a_failure),
        cmocka_unit_test(operators_are_found_by_their_name),
        cmocka_unit_test(a_place_is_cut_to_its_room),
        cmocka_unit_test(short_memory_poisons_and_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
