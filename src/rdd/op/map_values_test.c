/*
 * map_values_test.c: values change, keys and their partitioner stay.
 */
#include "support/expect.h"

CE_PAIR(numbered, int64_t, int64_t);

static inline int64_t bytes_of(ce_str row)
{
    return row.bytes;
}
CE_MAP(bytes_of, ce_str, int64_t)

static const numbered rows[] = {{1, 1}, {1, 2}, {1, 3}, {1, 1}, {2, 1}};

static inline int64_t tenfold(int64_t value)
{
    return 10 * value;
}
CE_MAP(tenfold, int64_t, int64_t)

static inline ce_str as_text(int64_t value, const ce_str *before)
{
    return ce_str_printf("%.*s-%lld", (int)before->bytes, before->at, (long long)value);
}
CE_MAP_WITH(as_text, int64_t, ce_str, ce_str)

static inline bool is_odd(int64_t value)
{
    return value % 2 != 0;
}
CE_MAP(is_odd, int64_t, bool)

static ce_status values_change(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *pairs = ce_parallelize(sc, numbered, rows, 5, 2);
    GRID_TRY(expect_golden(ce_map_values(pairs, tenfold), "mapvalues"));
    ce_str before = ce_str_of("a-long-text");
    GRID_TRY(expect_parts(ce_map_values_with(ce_zip_with_unique_id(words(sc, 3, 2)), as_text, &before),
                          "[[(1,a-long-text-0)],[(2,a-long-text-1),(a-word-of-many-letters-3,a-long-text-3)]]"));
    return expect_parts(ce_map_values(pairs, is_odd), "[[(1,true),(1,false)],[(1,true),(1,true),(2,true)]]");
}

static void values_change_beside_their_keys(void **state)
{
    (void)state;
    grid_run(values_change, NULL);
}

static ce_status partitioned(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *pairs = ce_partition_by(ce_parallelize(sc, numbered, rows, 5, 2), 3);
    assert_true(ce_rdd_same_partitioner(ce_map_values(pairs, tenfold), pairs));
    assert_int_equal(ce_rdd_determinism(ce_map_values(pairs, tenfold)), CE_UNORDERED);
    return expect_count(ce_map_values(pairs, tenfold), 5);
}

static void the_partitioner_is_kept(void **state)
{
    (void)state;
    grid_run_topologies(partitioned, NULL);
}

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    expect_poisoned(ce_map_values(numbers(sc, 4, 2), tenfold), CE_TYPE, "map_values", "needs pair(K, V), has int64");
    expect_poisoned(ce_map_values(ce_key_by(words(sc, 4, 2), bytes_of), tenfold), CE_TYPE, "map_values",
                    "tenfold takes int64, has str");
    expect_poisoned(ce_map_values(NULL, tenfold), CE_INVALID, "", "NULL");
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
        cmocka_unit_test(values_change_beside_their_keys),
        cmocka_unit_test(the_partitioner_is_kept),
        cmocka_unit_test(wrong_use_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
