/*
 * tree_reduce_test.c: tree_reduce gives what reduce gives, at any depth, and is as strict about empty collections.
 */
#include "support/rows.h"

static inline int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}
CE_REDUCE(larger, int64_t)

static ce_status reduces_by_depth(ce_context *sc, void *arg)
{
    (void)arg;
    ce_result value;
    ce_rdd *rows = ce_range(sc, -1000, 1000, 1, 10);
    for (uint32_t depth = 1; depth < 10; depth++) {
        char name[64];
        snprintf(name, sizeof name, "treereduce-depth%u", depth);
        GRID_TRY(ce_tree_reduce(rows, test_add, depth, &value));
        test_golden_number(name, "", ce_result_value(&value, int64_t));
        ce_result_free(&value);
    }
    GRID_TRY(ce_tree_reduce(rows, larger, 3, &value));
    test_golden_number("treereduce-max-depth3", "", ce_result_value(&value, int64_t));
    ce_result_free(&value);
    const int64_t five = 5;
    GRID_TRY(ce_tree_reduce(ce_parallelize(sc, int64_t, &five, 1, 10), test_add, 3, &value));
    test_golden_number("treereduce-one-of-10", "", ce_result_value(&value, int64_t));
    ce_result_free(&value);
    return CE_OK;
}

static void tree_reduce_answers_as_spark(void **state)
{
    (void)state;
    grid_run(reduces_by_depth, NULL);
}

static ce_status reduces_strings(ce_context *sc, void *arg)
{
    (void)arg;
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (uint32_t round = 0; round < TEST_ROUNDS; round++) {
        static _Thread_local char texts[TEST_ROWS_MAX][48];
        ce_str words[TEST_ROWS_MAX];
        ce_result value, tree;
        test_numbers numbers = test_numbers_of(&random, 1000);
        test_words_of(&numbers, texts, words);
        ce_rdd *rdd = ce_parallelize(sc, ce_str, words, numbers.count, numbers.partitions);
        ce_status status = ce_reduce(rdd, test_concat, &value);
        ce_status tree_status = ce_tree_reduce(rdd, test_concat, 1 + round % 4, &tree);
        if (status == CE_OK && tree_status == CE_OK) {
            /* The tree takes partitions in another order: the letters are the same. */
            assert_int_equal(ce_result_value(&tree, ce_str).bytes, ce_result_value(&value, ce_str).bytes);
        }
        ce_result_free(&value);
        ce_result_free(&tree);
        if (numbers.count > 0) {
            GRID_TRY(status);
            GRID_TRY(tree_status);
        }
    }
    return CE_OK;
}

static void strings_cross_the_levels(void **state)
{
    (void)state;
    grid_run(reduces_strings, NULL);
}

static ce_status reduces_nothing(ce_context *sc, void *arg)
{
    (void)arg;
    ce_result value;
    for (int shape = 0; shape < 2; shape++) {
        test_golden_error("treereduce", test_shapes[shape]);
        test_failed(ce_tree_reduce(test_shape(sc, shape), test_add, 2, &value), CE_EMPTY,
                    "tree_reduce: empty collection");
    }
    test_failed(ce_tree_reduce(ce_range(sc, 0, 1, 1, 1), test_add, 0, &value), CE_INVALID,
                "tree_reduce: the depth must be");
    return CE_OK;
}

static void nothing_cannot_be_reduced(void **state)
{
    (void)state;
    grid_run_topologies(reduces_nothing, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tree_reduce_answers_as_spark),
        cmocka_unit_test(strings_cross_the_levels),
        cmocka_unit_test(nothing_cannot_be_reduced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
