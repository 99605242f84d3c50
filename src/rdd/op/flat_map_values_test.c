/*
 * flat_map_values_test.c: each key with all that its value gives, also when that is nothing or more than a batch.
 */
#include "support/expect.h"
#include <stdio.h>

CE_PAIR(numbered, int64_t, int64_t);

static inline void up_to(int64_t value, ce_emit *out)
{
    for (int64_t i = 1; i <= value; i++) {
        ce_emit_value(out, int64_t, i);
    }
}
CE_FLAT_MAP(up_to, int64_t, int64_t)

static inline void in_words(int64_t value, ce_emit *out, const int64_t *most)
{
    for (int64_t i = 1; i <= value && i <= *most; i++) {
        ce_emit_value(out, ce_str, ce_str_printf("%lld-of-very-many-%lld", (long long)i, (long long)value));
    }
}
CE_FLAT_MAP_WITH(in_words, int64_t, ce_str, int64_t)

static ce_status gives(ce_context *sc, void *arg)
{
    (void)arg;
    static const numbered rows[] = {{1, 2}, {2, 0}, {3, 3}}, none[] = {{1, 0}, {2, 0}};
    GRID_TRY(expect_golden(ce_flat_map_values(ce_parallelize(sc, numbered, rows, 3, 2), up_to), "flatmapvalues"));
    GRID_TRY(expect_parts(ce_flat_map_values(ce_parallelize(sc, numbered, none, 2, 1), up_to), "[[]]"));
    int64_t most = 2;
    ce_rdd *keyed = ce_zip_with_unique_id(words(sc, 3, 1));
    return expect_parts(ce_flat_map_values_with(keyed, in_words, &most),
                        "[[(2,1-of-very-many-1),(a-word-of-many-letters-3,1-of-very-many-2),"
                        "(a-word-of-many-letters-3,2-of-very-many-2)]]");
}

static void each_key_comes_with_all_its_values(void **state)
{
    (void)state;
    grid_run(gives, NULL);
}

static inline void when_even(int64_t value, ce_emit *out)
{
    if (value % 2 == 0) {
        ce_emit_value(out, int64_t, value);
    }
}
CE_FLAT_MAP(when_even, int64_t, int64_t)

/* A batch of the input does not fill one of the output, but its keys are gone when the next one comes. */
static ce_status sparse(ce_context *sc, void *arg)
{
    (void)arg;
    return expect_parts(ce_flat_map_values(ce_zip_with_unique_id(words(sc, 20, 1)), when_even),
                        "[[(1,0),(a-word-of-many-letters-3,2),(5,4),(7,6),(a-word-of-many-letters-9,8),(11,10),(13,12),"
                        "(a-word-of-many-letters-15,14),(17,16),(19,18)]]");
}

static void keys_live_as_long_as_their_pairs(void **state)
{
    (void)state;
    grid_run(sparse, NULL);
}

/* Values that give more than a batch, at every place in a batch: strings must live until their pair is handed out. */
static ce_status overfull(ce_context *sc, void *arg)
{
    (void)arg;
    int64_t most = 1 << 20;
    numbered rows[40];
    uint64_t want = 0;
    for (int64_t i = 0; i < 40; i++) {
        rows[i] = (numbered){i, i * 37 % 23};
        want += (uint64_t)rows[i].value;
    }
    ce_result made;
    GRID_TRY(ce_collect(ce_flat_map_values_with(ce_parallelize(sc, numbered, rows, 40, 2), in_words, &most), &made));
    assert_int_equal(made.count, want);
    typedef struct text_pair {
        int64_t key;
        ce_str value;
    } text_pair;
    uint64_t at = 0;
    for (int64_t i = 0; i < 40; i++) {
        for (int64_t j = 1; j <= rows[i].value; j++, at++) {
            char text[64];
            snprintf(text, sizeof text, "%lld-of-very-many-%lld", (long long)j, (long long)rows[i].value);
            const text_pair *pair = &ce_result_rows(&made, text_pair)[at];
            assert_int_equal(pair->key, i);
            assert_true(ce_str_equal(pair->value, ce_str_of(text)));
        }
    }
    ce_result_free(&made);
    return CE_OK;
}

static void one_value_may_give_more_than_a_batch(void **state)
{
    (void)state;
    grid_run(overfull, NULL);
}

static ce_status partitioned(ce_context *sc, void *arg)
{
    (void)arg;
    static const numbered rows[] = {{1, 2}, {2, 0}, {3, 3}};
    ce_rdd *pairs = ce_partition_by(ce_parallelize(sc, numbered, rows, 3, 2), 1);
    assert_true(ce_rdd_same_partitioner(ce_flat_map_values(pairs, up_to), pairs));
    return expect_bags(ce_flat_map_values(pairs, up_to), "[[(1,1),(1,2),(3,1),(3,2),(3,3)]]");
}

static void the_partitioner_is_kept(void **state)
{
    (void)state;
    grid_run_topologies(partitioned, NULL);
}

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    expect_poisoned(ce_flat_map_values(numbers(sc, 4, 2), up_to), CE_TYPE, "flat_map_values",
                    "needs pair(K, V), has int64");
    expect_poisoned(ce_flat_map_values(NULL, up_to), CE_INVALID, "", "NULL");
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
        cmocka_unit_test(each_key_comes_with_all_its_values),   cmocka_unit_test(keys_live_as_long_as_their_pairs),
        cmocka_unit_test(one_value_may_give_more_than_a_batch), cmocka_unit_test(the_partitioner_is_kept),
        cmocka_unit_test(wrong_use_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
