/*
 * task_set_test.c: claiming, retrying and failing, driven by the test's own threads without an executor.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/thread.h"
#include "data/block.h"
#include "sched/task_set.h"
#include "support/grid.h"
#include <stdlib.h>
#include <string.h>

enum { TASKS = 200, THREADS = 4 };

/* ---- a source that counts how often each partition is opened and fails as often as it is told to ---- */

static _Atomic(int) opened[TASKS], failures_left[TASKS];
static ce_status failure;

struct probe_state {
    cei_cursor cursor;
    int64_t row;
    bool given;
};

static cei_pull probe_next(cei_cursor *cursor, cei_batch *batch)
{
    struct probe_state *state = (struct probe_state *)cursor;
    if (!state->given) {
        state->given = true;
        *batch = (cei_batch){(const char *)&state->row, 1};
        return CEI_ROWS;
    }
    if (atomic_fetch_sub(&failures_left[state->row], 1) > 0) {
        return cei_run_fail(cursor->run, cei_fail(failure, "partition %d broke", (int)state->row));
    }
    return CEI_END;
}

static ce_status probe_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct probe_state *state = cei_cursor_new(run, node, sizeof *state, probe_next);
    if (!state) {
        return CE_MEMORY;
    }
    assert_int_equal(run->attempt, atomic_fetch_add(&opened[partition], 1));
    state->row = partition;
    *cursor = &state->cursor;
    return CE_OK;
}

static const cei_op op_probe = {.name = "probe", .open = probe_open};

/* ---- a set over it ---- */

struct rig {
    ce_context *sc;
    ce_rdd node;
    cei_task_set set;
    _Atomic(bool) cancelled;
    cei_blocks *results;
};

static struct rig *open_rig(const char *master, const uint32_t *partitions, uint32_t count)
{
    struct rig *rig = calloc(1, sizeof *rig);
    rig->sc = grid_open(master, NULL);
    rig->node.scope = &rig->sc->scope;
    rig->node.op = &op_probe;
    rig->node.type = CE_TYPE(int64_t);
    rig->node.site = (ce_site){"program.c", 14};
    rig->node.partition_count = TASKS;
    rig->results = calloc(count + 1, sizeof *rig->results);
    rig->set.context = rig->sc;
    rig->set.stage = 7;
    rig->set.work.root = &rig->node;
    rig->set.cancelled = &rig->cancelled;
    rig->set.partitions = partitions;
    rig->set.count = count;
    rig->set.results = rig->results;
    cei_task_set_open(&rig->set);
    for (int i = 0; i < TASKS; i++) {
        atomic_store(&opened[i], 0);
        atomic_store(&failures_left[i], 0);
    }
    failure = CE_IO;
    return rig;
}

static void close_rig(struct rig *rig)
{
    for (uint32_t i = 0; i < rig->set.count; i++) {
        cei_blocks_close(&rig->results[i]);
    }
    cei_task_set_close(&rig->set);
    ce_context_close(rig->sc);
    free(rig->results);
    free(rig);
}

static void *work(void *set)
{
    while (cei_task_set_run_next(set)) {
    }
    return NULL;
}

static void work_with_threads(cei_task_set *set)
{
    cei_thread threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(cei_thread_start(&threads[i], "worker", work, set), CE_OK);
    }
    for (int i = 0; i < THREADS; i++) {
        cei_thread_join(&threads[i]);
    }
}

static int64_t only_row(const cei_blocks *blocks)
{
    int64_t row;
    assert_int_equal(blocks->count, 1);
    assert_int_equal(blocks->blocks[0].rows, 1);
    memcpy(&row, (const char *)blocks->blocks[0].bytes + sizeof(cei_block_header), sizeof row);
    return row;
}

static void each_task_runs_once_whatever_the_threads(void **state)
{
    (void)state;
    struct rig *rig = open_rig("inline", NULL, TASKS);
    assert_false(cei_task_set_is_exhausted(&rig->set));
    work_with_threads(&rig->set);
    assert_true(cei_task_set_is_exhausted(&rig->set));
    assert_false(cei_task_set_run_next(&rig->set));
    assert_int_equal(rig->set.status, CE_OK);
    for (int i = 0; i < TASKS; i++) {
        assert_int_equal(atomic_load(&opened[i]), 1);
        assert_int_equal(only_row(&rig->results[i]), i);
    }
    close_rig(rig);
}

static void results_stand_in_the_order_of_the_partitions_asked_for(void **state)
{
    (void)state;
    const uint32_t partitions[] = {9, 3, 100, 0};
    struct rig *rig = open_rig("inline", partitions, 4);
    work(&rig->set);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(only_row(&rig->results[i]), partitions[i]);
        assert_int_equal(atomic_load(&opened[partitions[i]]), 1);
    }
    assert_int_equal(atomic_load(&opened[1]), 0);
    close_rig(rig);
}

static void failed_tasks_are_run_again_until_they_succeed(void **state)
{
    (void)state;
    struct rig *rig = open_rig("local[1,4]", NULL, TASKS);
    int expected[TASKS];
    for (int i = 0; i < TASKS; i++) {
        expected[i] = i % 5 == 0 ? i % 4 : 0; /* at most 3 of the 4 allowed */
        atomic_store(&failures_left[i], expected[i]);
    }
    work_with_threads(&rig->set);
    assert_int_equal(rig->set.status, CE_OK);
    assert_false(atomic_load(&rig->cancelled));
    for (int i = 0; i < TASKS; i++) {
        assert_int_equal(atomic_load(&opened[i]), 1 + expected[i]);
        assert_int_equal(only_row(&rig->results[i]), i); /* nothing of the failed attempts */
    }
    close_rig(rig);
}

static void a_task_that_fails_too_often_ends_the_set_with_its_sentence(void **state)
{
    (void)state;
    struct rig *rig = open_rig("local[1,3]", NULL, 10);
    atomic_store(&failures_left[4], 3);
    work(&rig->set);
    assert_int_equal(rig->set.status, CE_IO);
    assert_string_equal(rig->set.error, "task 4 of stage 7 (probe at program.c:14) failed 3 times: partition 4 broke");
    assert_true(atomic_load(&rig->cancelled));
    assert_true(cei_task_set_is_exhausted(&rig->set));
    assert_int_equal(atomic_load(&opened[4]), 3);
    assert_int_equal(rig->results[4].count, 0);
    close_rig(rig);
}

static void what_another_attempt_cannot_mend_is_not_tried_again(void **state)
{
    (void)state;
    static const ce_status final[] = {CE_INVALID, CE_TYPE, CE_EXISTS, CE_UNSUPPORTED, CE_INTERNAL};
    for (size_t i = 0; i < sizeof final / sizeof *final; i++) {
        struct rig *rig = open_rig("local[1,3]", NULL, 10);
        failure = final[i];
        atomic_store(&failures_left[4], 1);
        work(&rig->set);
        assert_int_equal(rig->set.status, final[i]);
        assert_int_equal(atomic_load(&opened[4]), 1);
        assert_non_null(strstr(rig->set.error, "failed 1 time: partition 4 broke"));
        close_rig(rig);
    }
}

static void the_first_failure_is_the_one_that_is_told(void **state)
{
    (void)state;
    const uint32_t partitions[] = {1, 8, 2, 3};
    struct rig *rig = open_rig("inline", partitions, 4);
    atomic_store(&failures_left[8], 1);
    atomic_store(&failures_left[2], 1);
    work(&rig->set);
    assert_non_null(strstr(rig->set.error, "task 8 of stage 7"));
    assert_int_equal(atomic_load(&opened[2]), 0); /* not begun any more */
    close_rig(rig);
}

static void nothing_is_claimed_from_a_cancelled_set(void **state)
{
    (void)state;
    struct rig *rig = open_rig("inline", NULL, 10);
    assert_true(cei_task_set_run_next(&rig->set));
    atomic_store(&rig->cancelled, true);
    assert_true(cei_task_set_is_exhausted(&rig->set));
    assert_false(cei_task_set_run_next(&rig->set));
    assert_int_equal(atomic_load(&opened[0]), 1);
    assert_int_equal(atomic_load(&opened[1]), 0);
    assert_int_equal(rig->set.status, CE_OK); /* who cancelled it knows why */
    close_rig(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_task_runs_once_whatever_the_threads),
        cmocka_unit_test(results_stand_in_the_order_of_the_partitions_asked_for),
        cmocka_unit_test(failed_tasks_are_run_again_until_they_succeed),
        cmocka_unit_test(a_task_that_fails_too_often_ends_the_set_with_its_sentence),
        cmocka_unit_test(what_another_attempt_cannot_mend_is_not_tried_again),
        cmocka_unit_test(the_first_failure_is_the_one_that_is_told),
        cmocka_unit_test(nothing_is_claimed_from_a_cancelled_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
