/*
 * zip_with_index_test.c: numbers over all partitions in order, and the one job that counts for them.
 */
#include "support/expect.h"
#include <stdatomic.h>

static ce_status indexed(ce_context *sc, void *arg)
{
    (void)arg;
    GRID_TRY(expect_golden(ce_zip_with_index(ce_range(sc, 0, 10, 1, 3)), "zipwithindex-0to9"));
    GRID_TRY(expect_golden(ce_zip_with_index(numbers(sc, 10, 3)), "zipwithindex-many"));
    GRID_TRY(expect_golden(ce_zip_with_index(numbers(sc, 2, 5)), "zipwithindex-few"));
    GRID_TRY(expect_golden(ce_zip_with_index(ce_empty(sc, int64_t)), "zipwithindex-norows0"));
    GRID_TRY(expect_golden(ce_zip_with_index(numbers(sc, 0, 3)), "zipwithindex-norows3"));
    return expect_parts(ce_zip_with_index(words(sc, 3, 2)), "[[(1,0)],[(2,1),(a-word-of-many-letters-3,2)]]");
}

static void rows_are_numbered_over_all_partitions(void **state)
{
    (void)state;
    grid_run(indexed, NULL);
}

static ce_status nested(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *twice = ce_zip_with_index(ce_values(ce_zip_with_index(numbers(sc, 5, 2))));
    GRID_TRY(expect_count(twice, 5));
    return expect_parts(twice, "[[(0,0),(1,1)],[(2,2),(3,3),(4,4)]]");
}

static void one_index_may_stand_on_another(void **state)
{
    (void)state;
    grid_run(nested, NULL);
}

static void count_jobs(const ce_event *event, void *arg)
{
    if (event->kind == CE_EVENT_JOB_START) {
        atomic_fetch_add((_Atomic(int) *)arg, 1);
    }
}

static ce_status jobs(ce_context *sc, void *arg)
{
    (void)arg;
    _Atomic(int) started = 0;
    GRID_TRY(ce_add_listener(sc, count_jobs, &started));
    ce_rdd *three = ce_zip_with_index(numbers(sc, 9, 3)), *one = ce_zip_with_index(numbers(sc, 9, 1));
    assert_int_equal(atomic_load(&started), 0);
    GRID_TRY(expect_count(three, 9));
    assert_int_equal(atomic_load(&started), 2);
    GRID_TRY(expect_count(three, 9));
    assert_int_equal(atomic_load(&started), 3);
    GRID_TRY(expect_count(one, 9));
    assert_int_equal(atomic_load(&started), 4);
    ce_remove_listener(sc, count_jobs, &started);
    return CE_OK;
}

static void one_job_counts_and_only_when_needed(void **state)
{
    (void)state;
    expect_once(jobs, NULL);
}

static inline int64_t refuse(int64_t row)
{
    if (row == 1) {
        ce_fail("no more");
    }
    return row;
}
CE_MAP(refuse, int64_t, int64_t)

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    expect_failure(ce_zip_with_index(ce_map(numbers(sc, 4, 2), refuse)), CE_USER, "no more");
    expect_poisoned(ce_zip_with_index(NULL), CE_INVALID, "", "NULL");
    return CE_OK;
}

static void a_failed_counting_job_is_the_failure(void **state)
{
    (void)state;
    expect_once(wrong, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_numbered_over_all_partitions),
        cmocka_unit_test(one_index_may_stand_on_another),
        cmocka_unit_test(one_job_counts_and_only_when_needed),
        cmocka_unit_test(a_failed_counting_job_is_the_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
