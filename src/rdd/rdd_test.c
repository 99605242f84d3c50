/*
 * rdd_test.c: what a node answers: its lineage as Spark prints it, determinism, names, partitions.
 */
#include "support/grid.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

CE_PAIR(int_pair, int64_t, int64_t);

static inline int64_t add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(add, int64_t)

static inline int64_t same(int64_t x)
{
    return x;
}
CE_MAP(same, int64_t, int64_t)

static inline int_pair paired(int64_t x)
{
    return (int_pair){x, x};
}
CE_MAP(paired, int64_t, int_pair)

static inline bool any(int64_t x)
{
    (void)x;
    return true;
}
CE_FILTER(any, int64_t)

static ce_rdd *numbers(ce_context *sc, uint32_t partitions)
{
    static const int64_t values[] = {1, 2, 3, 4};
    return ce_parallelize(sc, int64_t, values, 4, partitions);
}

/* The tree alone: of each line what stands before the name, and the number in brackets. Lines end with \n as two
 * characters in goldens, and with a line end otherwise. */
static void structure(const char *text, char *to)
{
    while (*text) {
        while (*text && !isalpha((unsigned char)*text)) {
            *to++ = *text++;
        }
        const char *number = strchr(text, '['), *end = strstr(text, "\\n");
        const char *line = strchr(text, '\n');
        end = line && (!end || line < end) ? line : end;
        while (number && *number && number[-1] != ']') {
            *to++ = *number++;
        }
        *to++ = '\n';
        text = end ? end + (*end == '\n' ? 1 : 2) : text + strlen(text);
    }
    *to = '\0';
}

static void assert_tree(ce_rdd *rdd, const char *golden)
{
    char *text, got[4000], wanted[4000];
    assert_int_equal(ce_to_debug_string(rdd, &text), CE_OK);
    structure(text, got);
    structure(golden, wanted);
    if (strcmp(got, wanted) != 0) {
        fail_msg("got\n%s\nwanted the tree of\n%s", text, golden);
    }
    ce_free(text);
}

static void lineages_are_trees_as_spark_prints_them(void **state)
{
    (void)state;
    static const char *const names[] = {"debug-parallelize", "debug-empty",    "debug-map-filter", "debug-union",
                                        "debug-reducebykey", "debug-coalesce", "debug-cartesian"};
    for (int i = 0; i < 7; i++) {
        ce_context *sc = grid_open("inline", NULL); /* one for each: ids begin at 0 */
        ce_rdd *rdd = i == 1 ? ce_empty(sc, int64_t) : numbers(sc, i == 0 ? 3 : i == 2 || i == 4 ? 2 : i == 5 ? 10 : 1);
        rdd = i == 2   ? ce_filter(ce_map(rdd, same), any)
              : i == 3 ? ce_union(rdd, numbers(sc, 2))
              : i == 4 ? ce_reduce_by_key_n(ce_map(rdd, paired), add, 3)
              : i == 5 ? ce_coalesce(rdd, 3)
              : i == 6 ? ce_cartesian(rdd, numbers(sc, 2))
                       : rdd;
        assert_tree(rdd, grid_golden_of(names[i]).value);
        ce_context_close(sc);
    }
}

static void two_shuffles_and_wide_counts_stand_below_each_other(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *sums = ce_reduce_by_key_n(ce_map(numbers(sc, 100), paired), add, 12);
    assert_tree(ce_repartition(sums, 2), "(2) x[3]\n"
                                         " +-(12) x[2]\n"
                                         "    +-(100) x[1]\n"
                                         "        |   x[0]\n");
    assert_tree(ce_keys(sums), "(12) x[4]\n"
                               " |   x[2]\n"
                               " +-(100) x[1]\n"
                               "     |   x[0]\n");
    /* Two parents, each behind its own shuffle, below a narrow node. */
    assert_tree(ce_union(sums, ce_partition_by(sums, 7)), "(19) x[6]\n"
                                                          " |   x[2]\n"
                                                          " +-(100) x[1]\n"
                                                          "     |   x[0]\n"
                                                          " |   x[5]\n"
                                                          " +-(12) x[2]\n"
                                                          "    +-(100) x[1]\n"
                                                          "        |   x[0]\n");
    ce_context_close(sc);
}

static void a_lineage_names_operators_files_and_lines(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    char *text, expected[600];
    ce_rdd *source = ce_range(sc, 0, 5, 1, 2), *mapped = ce_map(source, same);
    int line = __LINE__ - 1;
    assert_ptr_equal(ce_set_name(source, "numbers"), source);
    assert_int_equal(ce_to_debug_string(mapped, &text), CE_OK);
    snprintf(expected, sizeof expected, "(2) map[1] at %s:%d\n |  numbers[0] at %s:%d\n", __FILE__, line, __FILE__,
             line);
    assert_string_equal(text, expected);
    ce_free(text);
    assert_string_equal(ce_rdd_name(source), "numbers");
    assert_string_equal(ce_rdd_name(mapped), "map");
    ce_set_name(source, NULL);
    assert_string_equal(ce_rdd_name(source), "range");
    assert_int_equal(ce_rdd_id(mapped), 1);
    assert_ptr_equal(ce_rdd_type(mapped), CE_TYPE(int64_t));
    ce_context_close(sc);
}

static void shuffles_lose_the_order_and_round_robin_over_it_the_rows(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *source = ce_range(sc, 0, 5, 1, 2), *pairs = ce_map(source, paired), *sums = ce_reduce_by_key(pairs, add);
    assert_int_equal(ce_rdd_determinism(source), CE_DETERMINATE);
    assert_int_equal(ce_rdd_determinism(ce_coalesce(pairs, 1)), CE_DETERMINATE);
    assert_int_equal(ce_rdd_determinism(sums), CE_UNORDERED);
    assert_int_equal(ce_rdd_determinism(ce_keys(sums)), CE_UNORDERED);
    assert_int_equal(ce_rdd_determinism(ce_union(source, ce_keys(sums))), CE_UNORDERED);
    assert_int_equal(ce_rdd_determinism(ce_repartition(source, 2)), CE_UNORDERED);
    assert_int_equal(ce_rdd_determinism(ce_repartition(sums, 2)), CE_INDETERMINATE);
    assert_int_equal(ce_rdd_determinism(ce_group_by_key(ce_repartition(sums, 2))), CE_INDETERMINATE);
    assert_int_equal(ce_rdd_determinism(NULL), CE_INDETERMINATE);
    ce_context_close(sc);
}

static void questions_about_nothing_have_answers(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    uint32_t count = 9;
    char *text = (char *)sc;
    const char *const *hosts;
    assert_int_equal(ce_rdd_status(NULL), CE_INVALID);
    assert_int_equal(ce_rdd_id(NULL), -1);
    assert_string_equal(ce_rdd_name(NULL), "");
    assert_null(ce_rdd_type(NULL));
    assert_null(ce_set_name(NULL, "x"));
    assert_false(ce_rdd_has_partitioner(NULL));
    assert_false(ce_rdd_same_partitioner(NULL, NULL));
    assert_int_equal(ce_partition_count(NULL, &count), CE_INVALID);
    assert_int_equal(count, 0);
    assert_int_equal(ce_to_debug_string(NULL, &text), CE_INVALID);
    assert_null(text);
    assert_int_equal(ce_preferred_locations(ce_range(sc, 0, 5, 1, 2), 1, &hosts, &count), CE_OK);
    assert_int_equal(count, 0);
    assert_int_equal(ce_preferred_locations(ce_range(sc, 0, 5, 1, 2), 2, &hosts, &count), CE_INVALID);
    assert_string_equal(ce_last_error(), "range has no partition 2: it has 2");
    ce_rdd *poisoned = ce_keys(numbers(sc, 2));
    assert_int_equal(ce_to_debug_string(poisoned, &text), CE_TYPE);
    assert_int_equal(ce_partition_count(poisoned, &count), CE_TYPE);
    ce_context_close(sc);
}

static ce_status prints_its_lineage(ce_context *sc, void *arg)
{
    (void)arg;
    char *text;
    GRID_TRY(ce_to_debug_string(ce_reduce_by_key_n(ce_map(numbers(sc, 2), paired), add, 3), &text));
    assert_non_null(strstr(text, " +-(2) map[1]"));
    ce_free(text);
    return CE_OK;
}

static void short_memory_fails_the_printing_cleanly(void **state)
{
    (void)state;
    grid_run_failing(prints_its_lineage, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lineages_are_trees_as_spark_prints_them),
        cmocka_unit_test(two_shuffles_and_wide_counts_stand_below_each_other),
        cmocka_unit_test(a_lineage_names_operators_files_and_lines),
        cmocka_unit_test(shuffles_lose_the_order_and_round_robin_over_it_the_rows),
        cmocka_unit_test(questions_about_nothing_have_answers),
        cmocka_unit_test(short_memory_fails_the_printing_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
