/*
 * job_test.c: stages, skipping, retries, first errors, cancelling and concurrent jobs, seen through a source that the
 * tests control.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/thread.h"
#include "sched/job.h"
#include "support/grid.h"
#include <string.h>

/* ---- a source of partition_count partitions that gives `rows` numbers each, and fails when told to ---- */

static _Atomic(int) opened;         /* times that a partition was opened */
static _Atomic(int) fail_partition; /* -1: none */
static _Atomic(int) failures_left;
static _Atomic(bool) forever; /* gives rows without end */

struct probe_state {
    cei_cursor cursor;
    int64_t rows[4];
    uint32_t given;
    uint32_t partition;
};

static cei_pull probe_next(cei_cursor *cursor, cei_batch *batch)
{
    struct probe_state *state = (struct probe_state *)cursor;
    if (state->given > 0 && !atomic_load(&forever)) {
        if ((int)state->partition == atomic_load(&fail_partition) && atomic_fetch_sub(&failures_left, 1) > 0) {
            return cei_run_fail(cursor->run, cei_fail(CE_IO, "partition %u broke", state->partition));
        }
        return CEI_END;
    }
    for (uint32_t i = 0; i < 4; i++) {
        state->rows[i] = state->partition * 4 + i;
    }
    state->given = 4;
    *batch = (cei_batch){(const char *)state->rows, 4};
    return CEI_ROWS;
}

static ce_status probe_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct probe_state *state = cei_cursor_new(run, node, sizeof *state, probe_next);
    if (!state) {
        return CE_MEMORY;
    }
    atomic_fetch_add(&opened, 1);
    state->partition = partition;
    *cursor = &state->cursor;
    return CE_OK;
}

static ce_status probe_prepare(ce_rdd *node)
{
    node->partition_count = *(const uint32_t *)node->args;
    return CE_OK;
}

static const cei_op op_probe = {.name = "probe", .open = probe_open, .prepare = probe_prepare};

static ce_rdd *probe(ce_context *sc, uint32_t partitions)
{
    ce_rdd *node = cei_node_new(&op_probe, (cei_scope *)(void *)sc, CE_SITE, NULL, 0);
    uint32_t *args = cei_node_args(node, &ce_type_uint32_t);
    if (args) {
        *args = partitions;
        node->type = &ce_type_int64_t;
    }
    return node;
}

static int reset(void **state)
{
    (void)state;
    atomic_store(&opened, 0);
    atomic_store(&fail_partition, -1);
    atomic_store(&failures_left, 0);
    atomic_store(&forever, false);
    return 0;
}

static void assert_rows_0_to(const ce_result *rows, uint64_t count)
{
    assert_int_equal(rows->count, count);
    for (uint64_t i = 0; i < count; i++) {
        assert_int_equal(ce_result_rows(rows, int64_t)[i], i);
    }
}

/* ---- behaviours ---- */

static ce_status collects_in_order(ce_context *sc, void *arg)
{
    (void)arg;
    ce_result rows;
    GRID_TRY(ce_collect(probe(sc, 20), &rows));
    assert_rows_0_to(&rows, 80);
    ce_result_free(&rows);
    return CE_OK;
}

static void rows_come_by_partition_whatever_the_threads(void **state)
{
    (void)state;
    grid_run(collects_in_order, NULL);
}

static void a_job_without_partitions_ends_at_once(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_result rows;
    assert_int_equal(ce_collect(probe(sc, 0), &rows), CE_OK);
    assert_int_equal(rows.count, 0);
    ce_result_free(&rows);
    ce_context_close(sc);
}

static void a_failed_task_is_retried_on_fresh_state(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2,3]", NULL);
    atomic_store(&fail_partition, 3);
    atomic_store(&failures_left, 2);
    ce_result rows;
    assert_int_equal(ce_collect(probe(sc, 5), &rows), CE_OK);
    assert_rows_0_to(&rows, 20);
    assert_int_equal(atomic_load(&opened), 7);
    ce_result_free(&rows);
    ce_context_close(sc);
}

static void a_task_that_fails_too_often_fails_the_job_with_its_sentence(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2,2]", NULL);
    atomic_store(&fail_partition, 3);
    atomic_store(&failures_left, 2);
    ce_result rows;
    assert_int_equal(ce_collect(probe(sc, 5), &rows), CE_IO);
    assert_non_null(strstr(ce_last_error(), "task 3 of stage 0"));
    assert_non_null(strstr(ce_last_error(), "failed 2 times: partition 3 broke"));
    assert_int_equal(ce_collect(probe(sc, 5), &rows), CE_OK); /* the context lives on */
    ce_result_free(&rows);
    ce_context_close(sc);
}

static void a_local_task_is_not_retried_by_default(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    atomic_store(&fail_partition, 0);
    atomic_store(&failures_left, 1);
    ce_result rows;
    assert_int_equal(ce_collect(probe(sc, 1), &rows), CE_IO);
    assert_int_equal(atomic_load(&opened), 1);
    ce_context_close(sc);
}

static void a_partition_that_does_not_exist_is_refused(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    uint32_t partitions[] = {0, 1, 2};
    ce_result results[3];
    assert_int_equal(ce_collect_partitions(probe(sc, 2), partitions, 3, results), CE_INVALID);
    assert_non_null(strstr(ce_last_error(), "non-existent partition: 2. Total number of partitions: 2"));
    ce_context_close(sc);
}

static void a_second_job_skips_the_stage_whose_output_exists(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *spread = ce_repartition(probe(sc, 6), 3);
    uint64_t count;
    assert_int_equal(ce_count(spread, &count), CE_OK);
    assert_int_equal(count, 24);
    assert_int_equal(atomic_load(&opened), 6);
    assert_int_equal(ce_count(spread, &count), CE_OK);
    assert_int_equal(count, 24);
    assert_int_equal(atomic_load(&opened), 6);
    ce_context_close(sc);
}

static void only_missing_map_outputs_are_computed_again(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *spread = ce_repartition(probe(sc, 6), 3);
    atomic_store(&fail_partition, 4);
    atomic_store(&failures_left, 1);
    uint64_t count;
    assert_int_equal(ce_count(spread, &count), CE_IO);
    assert_int_equal(atomic_load(&opened), 5);
    assert_int_equal(ce_count(spread, &count), CE_OK);
    assert_int_equal(count, 24);
    assert_int_equal(atomic_load(&opened), 7);
    ce_context_close(sc);
}

/* ---- cancelling, and jobs from several threads ---- */

static void *cancel_soon(void *sc)
{
    cei_sleep_ms(20);
    ce_cancel_all_jobs(sc);
    return NULL;
}

static void a_job_is_cancelled_from_another_thread(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    cei_thread canceller;
    uint64_t count;
    atomic_store(&forever, true);
    assert_int_equal(cei_thread_start(&canceller, "canceller", cancel_soon, sc), CE_OK);
    assert_int_equal(ce_count(probe(sc, 4), &count), CE_CANCELLED);
    cei_thread_join(&canceller);
    atomic_store(&forever, false);
    assert_int_equal(ce_count(probe(sc, 4), &count), CE_OK);
    assert_int_equal(count, 16);
    ce_context_close(sc);
}

static void *cancel_group_soon(void *sc)
{
    cei_sleep_ms(20);
    ce_cancel_job_group(sc, "other");
    cei_sleep_ms(20);
    ce_cancel_job_group(sc, "mine");
    return NULL;
}

static void a_job_group_is_cancelled_by_name(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    cei_thread canceller;
    uint64_t count;
    atomic_store(&forever, true);
    assert_int_equal(ce_set_job_group(sc, "mine"), CE_OK);
    assert_int_equal(cei_thread_start(&canceller, "canceller", cancel_group_soon, sc), CE_OK);
    assert_int_equal(ce_count(probe(sc, 4), &count), CE_CANCELLED);
    cei_thread_join(&canceller);
    assert_int_equal(ce_set_job_group(sc, NULL), CE_OK);
    ce_context_close(sc);
}

struct counting {
    ce_rdd *rdd;
    ce_status status;
    uint64_t count;
};

static void *count_it(void *arg)
{
    struct counting *counting = arg;
    counting->status = ce_count(counting->rdd, &counting->count);
    return NULL;
}

static void jobs_of_several_threads_share_one_computation_of_a_shuffle(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *spread = ce_repartition(probe(sc, 50), 7);
    struct counting countings[4];
    cei_thread threads[4];
    for (int i = 0; i < 4; i++) {
        countings[i] = (struct counting){.rdd = spread};
        assert_int_equal(cei_thread_start(&threads[i], "job", count_it, &countings[i]), CE_OK);
    }
    for (int i = 0; i < 4; i++) {
        cei_thread_join(&threads[i]);
        assert_int_equal(countings[i].status, CE_OK);
        assert_int_equal(countings[i].count, 200);
    }
    assert_int_equal(atomic_load(&opened), 50);
    ce_context_close(sc);
}

/* ---- events ---- */

struct seen {
    int starts[8], ends;
    uint64_t rows;
};

static void see(const ce_event *event, void *arg)
{
    struct seen *seen = arg;
    seen->starts[event->kind]++;
    if (event->kind == CE_EVENT_STAGE_END) {
        seen->rows += event->metrics->shuffle_rows_written;
    }
}

static void listeners_see_jobs_stages_and_tasks(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    struct seen seen = {{0}, 0, 0};
    uint64_t count;
    ce_rdd *spread = ce_repartition(probe(sc, 6), 3);
    assert_int_equal(ce_add_listener(sc, see, &seen), CE_OK);
    assert_int_equal(ce_count(spread, &count), CE_OK);
    assert_int_equal(seen.starts[CE_EVENT_JOB_START], 1);
    assert_int_equal(seen.starts[CE_EVENT_JOB_END], 1);
    assert_int_equal(seen.starts[CE_EVENT_STAGE_START], 2);
    assert_int_equal(seen.starts[CE_EVENT_STAGE_END], 2);
    assert_int_equal(seen.starts[CE_EVENT_TASK_START], 9);
    assert_int_equal(seen.starts[CE_EVENT_TASK_END], 9);
    assert_int_equal(seen.rows, 24);
    assert_int_equal(ce_count(spread, &count), CE_OK);
    assert_int_equal(seen.starts[CE_EVENT_STAGE_SKIPPED], 1);
    ce_remove_listener(sc, see, &seen);
    assert_int_equal(ce_count(spread, &count), CE_OK);
    assert_int_equal(seen.starts[CE_EVENT_JOB_START], 2);
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(rows_come_by_partition_whatever_the_threads, reset),
        cmocka_unit_test_setup(a_job_without_partitions_ends_at_once, reset),
        cmocka_unit_test_setup(a_failed_task_is_retried_on_fresh_state, reset),
        cmocka_unit_test_setup(a_task_that_fails_too_often_fails_the_job_with_its_sentence, reset),
        cmocka_unit_test_setup(a_local_task_is_not_retried_by_default, reset),
        cmocka_unit_test_setup(a_partition_that_does_not_exist_is_refused, reset),
        cmocka_unit_test_setup(a_second_job_skips_the_stage_whose_output_exists, reset),
        cmocka_unit_test_setup(only_missing_map_outputs_are_computed_again, reset),
        cmocka_unit_test_setup(a_job_is_cancelled_from_another_thread, reset),
        cmocka_unit_test_setup(a_job_group_is_cancelled_by_name, reset),
        cmocka_unit_test_setup(jobs_of_several_threads_share_one_computation_of_a_shuffle, reset),
        cmocka_unit_test_setup(listeners_see_jobs_stages_and_tasks, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
