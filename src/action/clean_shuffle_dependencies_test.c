/*
 * clean_shuffle_dependencies_test.c: what a lineage's shuffles hold is given back, and a later job computes it again.
 */
#include "support/rows.h"

static inline int64_t add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(add, int64_t)

static ce_status cleans(ce_context *sc, void *arg)
{
    (void)arg;
    enum { ROWS = 3000 };
    test_pair *pairs = calloc(ROWS, sizeof *pairs);
    for (int i = 0; i < ROWS; i++) {
        pairs[i] = (test_pair){i % 700, i};
    }
    ce_rdd *input = ce_parallelize(sc, test_pair, pairs, ROWS, 3);
    free(pairs);
    ce_rdd *sums = ce_reduce_by_key_n(input, add, 4), *twice = ce_distinct(ce_union(sums, sums));
    test_jobs jobs;
    uint64_t first, again, before, after, most;
    ce_memory_used(sc, &before, &most);
    GRID_TRY(ce_count(twice, &first));
    GRID_TRY(ce_clean_shuffle_dependencies(twice));
    ce_memory_used(sc, &after, &most);
    assert_true(after <= before + (64 << 10));
    GRID_TRY(test_jobs_watch(&jobs, sc));
    ce_status status = ce_count(twice, &again);
    test_jobs_end(&jobs);
    GRID_TRY(status);
    assert_int_equal(first, again);
    assert_int_equal(jobs.stages, 2); /* the map stage is computed again; distinct needs none */
    return CE_OK;
}

static void outputs_go_and_come_again(void **state)
{
    (void)state;
    grid_run_topologies(cleans, NULL);
}

static void a_poisoned_rdd_is_its_own_failure(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    assert_int_equal(ce_clean_shuffle_dependencies(ce_keys(ce_range(sc, 0, 3, 1, 1))), CE_TYPE);
    assert_int_equal(ce_clean_shuffle_dependencies(NULL), CE_INVALID);
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_go_and_come_again),
        cmocka_unit_test(a_poisoned_rdd_is_its_own_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
