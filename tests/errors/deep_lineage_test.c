/*
 * deep_lineage_test.c: the deepest lineage that is allowed runs, whatever it is made of, and one operator more is a
 * clean error at the place of that operator. Rows that outgrow any memory, and operators on NULL, are, too.
 */
#include "rdd/node.h"
#include "support/grid.h"
#include <stdio.h>
#include <string.h>

CE_PAIR(int_pair, int64_t, int64_t);

static inline int64_t plus_one(int64_t x)
{
    return x + 1;
}
CE_MAP(plus_one, int64_t, int64_t)

static inline int64_t add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(add, int64_t)

static inline bool is_any(int_pair x)
{
    return x.key >= 0;
}
CE_FILTER(is_any, int_pair)

static inline void once(int_pair x, ce_emit *out)
{
    ce_emit_value(out, int_pair, {x.key, x.value});
}
CE_FLAT_MAP(once, int_pair, int_pair)

static inline void all(ce_rows *rows, ce_emit *out)
{
    int_pair x;
    while (ce_rows_next(rows, &x)) {
        ce_emit_value(out, int_pair, {x.key, x.value});
    }
}
CE_MAP_PARTITIONS(all, int_pair, int_pair)

static inline int64_t key_of(int64_t x)
{
    return x % 3;
}
CE_MAP(key_of, int64_t, int64_t)

static ce_rdd *maps(ce_rdd *rdd, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        rdd = ce_map(rdd, plus_one);
    }
    return rdd;
}

/* One operator after the other of those that keep a pair and pull one input. */
static ce_rdd *mixed(ce_rdd *rdd, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        switch (i % 6) {
        case 0:
            rdd = ce_filter(rdd, is_any);
            break;
        case 1:
            rdd = ce_flat_map(rdd, once);
            break;
        case 2:
            rdd = ce_map_values(rdd, plus_one);
            break;
        case 3:
            rdd = ce_map_partitions(rdd, all);
            break;
        case 4:
            rdd = ce_sample(rdd, false, 1.0, 7);
            break;
        default:
            rdd = ce_coalesce(rdd, 2);
        }
    }
    return rdd;
}

static void expect_too_deep(ce_rdd *rdd, int line, const char *operator_name)
{
    char sentence[256];
    uint64_t count;
    snprintf(sentence, sizeof sentence,
             "%s:%d: %s: the lineage is deeper than 5000 operators; collect or save, and start again from the result",
             __FILE__, line, operator_name);
    assert_int_equal(ce_count(rdd, &count), CE_UNSUPPORTED);
    assert_string_equal(ce_last_error(), sentence);
}

static void five_thousand_maps_run_and_one_more_is_refused(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", "batch_rows", "16", NULL);
    ce_rdd *deep = maps(ce_range(sc, 0, 3, 1, 2), CEI_LINEAGE_DEPTH_MAX);
    ce_result rows;
    assert_int_equal(ce_collect(deep, &rows), CE_OK);
    assert_int_equal(rows.count, 3);
    assert_int_equal(ce_result_rows(&rows, int64_t)[2], 5002);
    ce_result_free(&rows);
    expect_too_deep(ce_map(deep, plus_one), __LINE__, "map");
    expect_too_deep(ce_union(deep, ce_range(sc, 0, 3, 1, 2)), __LINE__, "union");
    assert_int_equal(ce_collect(deep, &rows), CE_OK); /* which is as it was */
    ce_rdd *again = ce_parallelize(sc, int64_t, rows.rows, rows.count, 2);
    int64_t sum;
    assert_int_equal(ce_sum_int64(maps(again, 10), &sum), CE_OK);
    assert_int_equal(sum, 5000 + 5001 + 5002 + 30);
    ce_result_free(&rows);
    ce_context_close(sc);
}

static void the_first_operator_too_many_is_named(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *rdd = ce_map(maps(ce_range(sc, 0, 3, 1, 2), CEI_LINEAGE_DEPTH_MAX), plus_one);
    int line = __LINE__ - 1;
    expect_too_deep(maps(rdd, 100000), line, "map");
    ce_context_close(sc);
}

static void the_deepest_chain_of_shuffles_runs(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *rdd = ce_key_by(ce_range(sc, 0, 9, 1, 2), key_of);
    for (uint32_t i = 1; i < CEI_LINEAGE_DEPTH_MAX; i++) {
        rdd = ce_reduce_by_key_n(rdd, add, 1 + i % 2);
    }
    ce_result rows;
    assert_int_equal(ce_collect_as_map(rdd, &rows), CE_OK);
    assert_int_equal(rows.count, 3);
    assert_int_equal(ce_result_rows(&rows, int_pair)[0].value, 0 + 3 + 6);
    assert_int_equal(ce_result_rows(&rows, int_pair)[2].value, 2 + 5 + 8);
    ce_result_free(&rows);
    char *text;
    assert_int_equal(ce_to_debug_string(rdd, &text), CE_OK);
    ce_free(text);
    ce_context_close(sc);
}

static uint64_t rows_of_plan(ce_rdd *rdd)
{
    void *bytes;
    size_t count;
    ce_plan *plan;
    ce_task *task;
    ce_block block;
    uint64_t rows = 0;
    uint32_t wanted;
    assert_int_equal(ce_plan_encode(rdd, false, &bytes, &count), CE_OK);
    assert_int_equal(ce_plan_decode(bytes, count, &plan), CE_OK);
    ce_free(bytes);
    for (uint32_t i = 0; i < ce_plan_partitions(plan); i++) {
        assert_int_equal(ce_task_open(plan, i, 0, NULL, &task), CE_OK);
        ce_step step;
        while ((step = ce_task_step(task, &block, &wanted)) != CE_STEP_DONE) {
            assert_true(step == CE_STEP_BLOCK || step == CE_STEP_AGAIN);
            if (step == CE_STEP_BLOCK) {
                rows += block.rows;
                if (block.release) {
                    block.release(&block);
                }
            }
        }
        ce_task_close(task);
    }
    ce_plan_free(plan);
    return rows;
}

static void the_deepest_mix_of_operators_runs_here_and_from_a_plan(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", "batch_rows", "16", NULL);
    ce_rdd *deep = mixed(ce_key_by(ce_range(sc, 0, 40, 1, 2), key_of), CEI_LINEAGE_DEPTH_MAX - 1);
    ce_result rows;
    assert_int_equal(ce_collect(deep, &rows), CE_OK);
    assert_int_equal(rows.count, 40);
    ce_result_free(&rows);
    assert_int_equal(rows_of_plan(deep), 40);
    assert_int_equal(ce_rdd_determinism(deep), CE_DETERMINATE);
    char *text;
    assert_int_equal(ce_to_debug_string(deep, &text), CE_OK);
    ce_free(text);
    expect_too_deep(ce_filter(deep, is_any), __LINE__, "filter");
    ce_context_close(sc);
}

static void a_deeper_plan_is_refused(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *rdd = maps(ce_range(sc, 0, 3, 1, 2), CEI_LINEAGE_DEPTH_MAX);
    void *bytes;
    size_t count;
    ce_plan *plan;
    rdd->depth = 0; /* as no program can build it */
    assert_int_equal(ce_plan_encode(maps(rdd, 100), false, &bytes, &count), CE_OK);
    assert_int_equal(ce_plan_decode(bytes, count, &plan), CE_UNSUPPORTED);
    assert_non_null(strstr(ce_last_error(), "the plan is deeper than 5"));
    ce_free(bytes);
    ce_context_close(sc);
}

static void pairs_of_pairs_are_refused_before_their_size_overflows(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *rdd = ce_range(sc, 0, 3, 1, 1);
    char sentence[256];
    uint64_t count;
    for (int i = 0; i < 64; i++) {
        rdd = ce_zip(rdd, rdd);
    }
    snprintf(sentence, sizeof sentence, "%s:%d: zip: out of memory: a value of 2147483648 bytes", __FILE__,
             __LINE__ - 3);
    assert_int_equal(ce_count(rdd, &count), CE_MEMORY);
    assert_string_equal(ce_last_error(), sentence);
    ce_context_close(sc);
}

static void what_is_built_on_null_names_its_place(void **state)
{
    (void)state;
    char sentence[256];
    for (int i = 1; i <= 100; i++) {
        ce_rdd *rdd = ce_map_at(NULL, &ce_fn_plus_one, NULL, (ce_site){"job.c", i % 20});
        snprintf(sentence, sizeof sentence, "job.c:%d: map: the RDD is NULL", i % 20);
        assert_int_equal(ce_rdd_status(ce_map(rdd, plus_one)), CE_INVALID);
        assert_string_equal(ce_last_error(), sentence);
    }
    assert_int_equal(ce_rdd_status(ce_range(NULL, 0, 1, 1, 1)), CE_INVALID);
    assert_non_null(strstr(ce_last_error(), ": range: the context is NULL"));
    for (int i = 1; i <= 100; i++) { /* more places than are kept */
        assert_int_equal(ce_rdd_status(ce_empty_at(NULL, CE_TYPE(int64_t), (ce_site){"job.c", i})), CE_INVALID);
        assert_non_null(strstr(ce_last_error(), "the context is NULL"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_thousand_maps_run_and_one_more_is_refused),
        cmocka_unit_test(the_first_operator_too_many_is_named),
        cmocka_unit_test(the_deepest_chain_of_shuffles_runs),
        cmocka_unit_test(the_deepest_mix_of_operators_runs_here_and_from_a_plan),
        cmocka_unit_test(a_deeper_plan_is_refused),
        cmocka_unit_test(pairs_of_pairs_are_refused_before_their_size_overflows),
        cmocka_unit_test(what_is_built_on_null_names_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
