/*
 * aggregate_test.c: aggregate folds rows into a value of another type, such as a map of sums, and combines in the
 * order of the partitions.
 */
#include "support/rows.h"

static ce_status aggregates_shapes(ce_context *sc, void *arg)
{
    (void)arg;
    for (int shape = 0; shape < TEST_SHAPES; shape++) {
        for (int64_t zero = 0; zero < 2; zero++) {
            ce_result value;
            GRID_TRY(ce_aggregate(test_shape(sc, shape), &zero, test_count_row, test_add, &value));
            test_golden_number(zero ? "aggregate-count-zero1" : "aggregate-count-zero0", test_shapes[shape],
                               ce_result_value(&value, int64_t));
            ce_result_free(&value);
        }
    }
    return CE_OK;
}

static void aggregate_answers_as_spark(void **state)
{
    (void)state;
    grid_run(aggregates_shapes, NULL);
}

CE_LIST(test_sums, test_word);

/* The list with row added to the sum of its key, sorted by key. */
static inline test_sums test_add_to_sums(test_sums sums, test_word row)
{
    test_word *made = ce_batch_alloc((sums.count + 1) * sizeof *made);
    uint32_t count = 0;
    bool added = false;
    for (uint32_t i = 0; i < sums.count; i++) {
        int order = ce_str_compare(sums.at[i].key, row.key);
        if (order > 0 && !added) {
            made[count++] = row;
            added = true;
        }
        made[count] = sums.at[i];
        made[count++].value += order == 0 ? row.value : 0;
        added |= order == 0;
    }
    if (!added) {
        made[count++] = row;
    }
    return (test_sums){made, count};
}
CE_AGGREGATE(test_add_to_sums, test_sums, test_word)

static inline test_sums test_merge_sums(test_sums a, test_sums b)
{
    for (uint32_t i = 0; i < b.count; i++) {
        a = test_add_to_sums(a, b.at[i]);
    }
    return a;
}
CE_REDUCE(test_merge_sums, test_sums)

static ce_status aggregates_map(ce_context *sc, void *arg)
{
    (void)arg;
    const test_word rows[] = {{{"a", 1}, 1}, {{"b", 1}, 2}, {{"a", 1}, 2}, {{"c", 1}, 5}, {{"a", 1}, 3}};
    const test_sums none = {NULL, 0};
    ce_result value, sums;
    GRID_TRY(ce_aggregate(ce_parallelize(sc, test_word, rows, 5, 2), &none, test_add_to_sums, test_merge_sums, &value));
    const test_sums *list = &ce_result_value(&value, test_sums);
    sums = (ce_result){list->at, list->count, CE_TYPE(test_word), NULL};
    char *text = grid_text(&sums, 1);
    test_golden("aggregate-map-of-sums", "", text);
    free(text);
    ce_result_free(&value);
    return CE_OK;
}

static void a_map_of_sums_can_be_aggregated(void **state)
{
    (void)state;
    grid_run(aggregates_map, NULL);
}

static ce_status aggregates_wrongly(ce_context *sc, void *arg)
{
    (void)arg;
    const int64_t zero = 0;
    ce_result value;
    ce_rdd *rows = ce_range(sc, 0, 3, 1, 2);
    test_failed(ce_aggregate(rows, &zero, test_count_row, test_merge_sums, &value), CE_TYPE,
                "aggregate: test_merge_sums takes");
    test_failed(ce_aggregate(rows, NULL, test_count_row, test_add, &value), CE_INVALID, "aggregate: the zero is NULL");
    const test_sums none = {NULL, 0};
    ce_rdd *words = ce_empty(sc, test_word);
    test_failed(ce_aggregate(words, &none, test_add_to_sums, test_add_to_sums, &value), CE_TYPE,
                "test_add_to_sums takes");
    return CE_OK;
}

static void functions_must_fit_each_other(void **state)
{
    (void)state;
    grid_run_topologies(aggregates_wrongly, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aggregate_answers_as_spark),
        cmocka_unit_test(a_map_of_sums_can_be_aggregated),
        cmocka_unit_test(functions_must_fit_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
