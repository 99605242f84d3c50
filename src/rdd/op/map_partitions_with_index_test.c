/*
 * map_partitions_with_index_test.c: the function gets the number of its partition.
 */
#include "support/expect.h"

CE_PAIR(indexed, int64_t, int64_t);

static inline void index_and_sum(uint32_t index, ce_rows *rows, ce_emit *out)
{
    int64_t row, sum = 0;
    while (ce_rows_next(rows, &row)) {
        sum += row;
    }
    ce_emit_value(out, indexed, {index, sum});
}
CE_MAP_PARTITIONS_WITH_INDEX(index_and_sum, int64_t, indexed)

static inline void with_index(uint32_t index, ce_rows *rows, ce_emit *out, const int64_t *factor)
{
    indexed row;
    while (ce_rows_next(rows, &row)) {
        ce_emit_value(out, indexed, {row.key, row.value * *factor + index});
    }
}
CE_MAP_PARTITIONS_WITH_INDEX_WITH(with_index, indexed, indexed, int64_t)

static ce_status indices(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *sums = ce_map_partitions_with_index(numbers(sc, 4, 2), index_and_sum);
    GRID_TRY(expect_parts(sums, "[[(0,3)],[(1,7)]]"));
    GRID_TRY(expect_parts(ce_map_partitions_with_index(numbers(sc, 1, 3), index_and_sum), "[[(0,0)],[(1,0)],[(2,1)]]"));
    int64_t factor = 10;
    return expect_parts(ce_map_partitions_with_index_with(sums, with_index, &factor), "[[(0,30)],[(1,71)]]");
}

static void the_function_knows_its_partition(void **state)
{
    (void)state;
    grid_run(indices, NULL);
}

static ce_status keeping(ce_context *sc, void *arg)
{
    (void)arg;
    int64_t factor = 1;
    ce_rdd *pairs = ce_partition_by(ce_zip_with_index(numbers(sc, 6, 2)), 2);
    ce_rdd *kept = ce_map_partitions_with_index_at(pairs, &ce_fn_with_index, &factor, true, CE_SITE);
    assert_true(ce_rdd_same_partitioner(kept, pairs));
    assert_false(ce_rdd_has_partitioner(ce_map_partitions_with_index_with(pairs, with_index, &factor)));
    return CE_OK;
}

static void the_partitioner_is_kept_when_that_is_promised(void **state)
{
    (void)state;
    expect_once(keeping, NULL);
}

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    expect_poisoned(ce_map_partitions_with_index(words(sc, 4, 2), index_and_sum), CE_TYPE, "map_partitions_with_index",
                    "index_and_sum takes int64, has str");
    expect_poisoned(ce_map_partitions(numbers(sc, 4, 2), index_and_sum), CE_TYPE, "map_partitions",
                    "index_and_sum was stamped with CE_MAP_PARTITIONS_WITH_INDEX");
    return CE_OK;
}

static void wrong_use_is_told_with_its_place(void **state)
{
    (void)state;
    expect_once(wrong, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_function_knows_its_partition),
        cmocka_unit_test(the_partitioner_is_kept_when_that_is_promised),
        cmocka_unit_test(wrong_use_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
