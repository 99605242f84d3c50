/*
 * task_test.c: the contract between a host and a task: what each answer means, what is refused, whose memory is whose,
 * and that a task can be left in any state.
 */
#include "base/clock.h"
#include "base/fault.h"
#include "base/random.h"
#include "base/thread.h"
#include "support/plan_host.h"

CE_PAIR(int_pair, int64_t, int64_t);
CE_PAIR(str_pair, ce_str, int64_t);

static inline int64_t add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(add, int64_t)

static inline int64_t mod1000(int64_t x)
{
    return x % 1000;
}
CE_MAP(mod1000, int64_t, int64_t)

static inline bool never(int64_t x)
{
    return x < 0;
}
CE_FILTER(never, int64_t)

static inline void nothing(int64_t x, ce_emit *out)
{
    (void)x;
    (void)out;
}
CE_FLAT_MAP(nothing, int64_t, int64_t)

static inline str_pair named(int64_t x)
{
    return (str_pair){ce_str_printf("a name that is longer than sixteen bytes: %d", (int)(x % 300)), x};
}
CE_MAP(named, int64_t, str_pair)

static inline int64_t fails_at_77(int64_t x)
{
    if (x == 77) {
        ce_fail("%d is a bad number", (int)x);
    }
    return x;
}
CE_MAP(fails_at_77, int64_t, int64_t)

static inline void sum_of(ce_rows *rows, ce_emit *out)
{
    int64_t row, sum = 0;
    while (ce_rows_next(rows, &row)) {
        sum += row;
    }
    ce_emit_value(out, int64_t, sum);
}
CE_MAP_PARTITIONS(sum_of, int64_t, int64_t)

static ce_rdd *counts(ce_context *sc)
{
    return ce_reduce_by_key_n(ce_key_by(ce_range(sc, 0, 20000, 1, 3), mod1000), add, 2);
}

static ce_rdd *named_counts(ce_context *sc)
{
    return ce_reduce_by_key_n(ce_map(ce_range(sc, 0, 20000, 1, 3), named), add, 2);
}

static ce_rdd *grouped(ce_context *sc)
{
    return ce_group_by_key_n(ce_map(ce_range(sc, 0, 20000, 1, 3), named), 2);
}

static ce_rdd *summed(ce_context *sc)
{
    ce_rdd *both =
        ce_union(ce_repartition(ce_range(sc, 0, 9000, 1, 3), 2), ce_repartition(ce_range(sc, 0, 10, 1, 2), 2));
    return ce_map_partitions(ce_coalesce(both, 1), sum_of);
}

static ce_rdd *distinct(ce_context *sc)
{
    return ce_distinct_n(ce_key_by(ce_range(sc, 0, 3000, 1, 3), mod1000), 2);
}

static ce_rdd *(*const lineages[])(ce_context *) = {counts, named_counts, grouped, summed, distinct};

static ce_task *open_task(const ce_plan *plan, uint32_t partition, const ce_host *host)
{
    ce_task *task;
    assert_int_equal(ce_task_open(plan, partition, 0, host, &task), CE_OK);
    return task;
}

/* ---- want, block, again, done ---- */

static void blocks_fed_one_by_one_give_what_all_at_once_give(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lineages / sizeof *lineages; i++) {
        ce_context *sc = grid_open("inline", NULL);
        ce_rdd *rdd = lineages[i](sc);
        test_host first = {.feeding = TEST_FEED_FIRST}, on_want = {.feeding = TEST_FEED_ON_WANT};
        char *at_once = test_parts_by_plan(&first, rdd, 1), *one_by_one = test_parts_by_plan(&on_want, rdd, 1);
        char *by_job = grid_parts_text(rdd, 1);
        assert_string_equal(at_once, one_by_one);
        assert_string_equal(at_once, by_job);
        assert_int_equal(first.wants, 0);
        assert_true(on_want.wants > 4);
        free(at_once);
        free(one_by_one);
        free(by_job);
        test_host_close(&first);
        test_host_close(&on_want);
        ce_context_close(sc);
    }
}

static void a_task_that_wants_says_so_again_until_it_is_fed_or_told_the_end(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_plan *plan = test_plan(counts(sc), false);
    ce_task *task = open_task(plan, 0, NULL);
    ce_block block;
    uint32_t wanted = 7, partition;
    int32_t shuffle;
    assert_int_equal(ce_task_inputs(task), 1);
    ce_task_input(task, 0, &shuffle, &partition);
    assert_int_equal(partition, 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ce_task_step(task, &block, &wanted), CE_STEP_WANT);
        assert_int_equal(wanted, 0);
    }
    assert_int_equal(ce_task_end_input(task, 0), CE_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ce_task_step(task, &block, &wanted), CE_STEP_DONE);
    }
    ce_task_close(task);
    ce_plan_free(plan);
    ce_context_close(sc);
}

static void long_work_is_done_in_bounded_steps(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_plan *plan = test_plan(ce_repartition(ce_range(sc, 0, 1000000, 1, 1), 2), true);
    test_host host = {.feeding = TEST_FEED_FIRST};
    cei_blocks blocks = {0};
    test_run_task(&host, open_task(plan, 0, NULL), &blocks);
    uint64_t rows = 0;
    for (uint32_t i = 0; i < blocks.count; i++) {
        rows += blocks.blocks[i].rows;
    }
    assert_int_equal(rows, 1000000);
    assert_true(host.agains >= 2);
    cei_blocks_close(&blocks);
    ce_plan_free(plan);
    ce_context_close(sc);
}

/* ---- what is refused ---- */

static ce_block some_block(test_host *host, ce_rdd *rdd)
{
    test_run_maps(host, rdd);
    const ce_block *block = test_block(host, rdd->shuffle->id, 0, 0);
    assert_non_null(block);
    ce_block copy = test_copy(block);
    assert_int_equal(cei_block_add_checksum(&copy), CE_OK);
    return copy;
}

static void a_block_that_was_changed_anywhere_is_refused_and_can_be_fed_again(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *rdd = named_counts(sc);
    test_host host = {.feeding = TEST_FEED_FIRST};
    ce_block good = some_block(&host, rdd);
    ce_plan *plan = test_plan(rdd, false);
    ce_task *task = open_task(plan, 0, NULL);
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int i = 0; i < 3000; i++) {
        ce_block bad = test_copy(&good);
        size_t at = i < 64 ? (size_t)i : cei_random_below(&random, bad.byte_count);
        if (at >= 12 && at < 16) { /* fewer rows are a sound block, too: the checksum is of what follows the header */
            free(bad.owner);
            continue;
        }
        ((char *)bad.owner)[at] ^= (char)(1 << cei_random_below(&random, 8));
        bad.release = NULL;
        ce_status status = ce_task_feed(task, 0, &bad);
        if (status != CE_CORRUPT) {
            fail_msg("byte %zu changed: %s", at, ce_status_text(status));
        }
        free(bad.owner);
    }
    for (size_t cut = 0; cut < good.byte_count; cut += 1 + cut / 20) {
        ce_block bad = {.bytes = good.bytes, .byte_count = cut};
        assert_int_equal(ce_task_feed(task, 0, &bad), CE_CORRUPT);
    }
    ce_block odd = {.bytes = (const char *)good.bytes + 1, .byte_count = good.byte_count - 1};
    assert_int_equal(ce_task_feed(task, 0, &odd), CE_CORRUPT);
    ce_block view = {.bytes = good.bytes, .byte_count = good.byte_count};
    assert_int_equal(ce_task_feed(task, 0, &view), CE_OK);
    assert_int_equal(ce_task_end_input(task, 0), CE_OK);
    cei_blocks out = {0};
    host.feeding = TEST_FEED_ON_WANT;
    test_run_task(&host, task, &out);
    uint64_t rows = 0;
    for (uint32_t i = 0; i < out.count; i++) {
        rows += out.blocks[i].rows;
    }
    assert_int_equal(rows, good.rows);
    cei_blocks_close(&out);
    cei_block_release(&good);
    test_host_close(&host);
    ce_plan_free(plan);
    ce_context_close(sc);
}

static void a_block_of_other_rows_is_refused(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *other = counts(sc), *rdd = named_counts(sc);
    test_host host = {.feeding = TEST_FEED_FIRST};
    ce_block foreign = some_block(&host, other), view = foreign;
    ce_plan *plan = test_plan(rdd, false);
    ce_task *task = open_task(plan, 0, NULL);
    view.release = NULL;
    assert_int_equal(ce_task_feed(task, 0, &view), CE_CORRUPT);
    ce_task_close(task);
    ce_plan_free(plan);
    cei_block_release(&foreign);
    test_host_close(&host);
    ce_context_close(sc);
}

static void inputs_that_do_not_exist_or_have_ended_are_refused(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *rdd = counts(sc);
    test_host host = {.feeding = TEST_FEED_FIRST};
    ce_block block = some_block(&host, rdd), view = block;
    ce_plan *plan = test_plan(rdd, false);
    ce_task *task = open_task(plan, 1, NULL);
    view.release = NULL;
    assert_int_equal(ce_task_feed(task, 1, &view), CE_INVALID);
    assert_string_equal(ce_last_error(), "the task has no input 1: it has 1");
    assert_int_equal(ce_task_end_input(task, 5), CE_INVALID);
    assert_int_equal(ce_task_end_input(task, 0), CE_OK);
    assert_int_equal(ce_task_feed(task, 0, &view), CE_INVALID);
    assert_string_equal(ce_last_error(), "input 0 has ended");
    ce_task_close(task);
    assert_int_equal(ce_task_open(plan, 2, 0, NULL, &task), CE_INVALID);
    assert_null(task);
    ce_plan_free(plan);
    cei_block_release(&block);
    test_host_close(&host);
    ce_context_close(sc);
}

/* ---- failing ---- */

static void expect_failure(ce_task *task, ce_status status, const char *part)
{
    ce_step answer;
    const char *text;
    do {
        ce_block block;
        uint32_t wanted;
        answer = ce_task_step(task, &block, &wanted);
        if (answer == CE_STEP_BLOCK) {
            cei_block_release(&block);
        }
        assert_int_not_equal(answer, CE_STEP_DONE);
        assert_int_not_equal(answer, CE_STEP_WANT);
    } while (answer != CE_STEP_FAILED);
    assert_int_equal(ce_task_error(task, &text), status);
    if (!strstr(text, part)) {
        fail_msg("\"%s\" does not say \"%s\"", text, part);
    }
    ce_block block;
    uint32_t wanted;
    assert_int_equal(ce_task_step(task, &block, &wanted), CE_STEP_FAILED);
    ce_task_close(task);
}

static void a_user_function_that_fails_is_named_with_its_place(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_plan *plan = test_plan(ce_map(ce_range(sc, 0, 100, 1, 2), fails_at_77), false);
    expect_failure(open_task(plan, 1, NULL), CE_USER, "map(fails_at_77): 77 is a bad number");
    test_host host = {.feeding = TEST_FEED_FIRST};
    cei_blocks blocks = {0};
    test_run_task(&host, open_task(plan, 0, NULL), &blocks); /* the other partition is not touched by it */
    assert_int_equal(blocks.blocks[0].rows, 50);
    cei_blocks_close(&blocks);
    ce_plan_free(plan);
    ce_context_close(sc);
}

static void a_task_that_is_cancelled_before_its_first_step_fails(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_plan *plan = test_plan(ce_range(sc, 0, 100, 1, 1), false);
    ce_task *task = open_task(plan, 0, NULL);
    ce_task_cancel(task);
    expect_failure(task, CE_CANCELLED, "cancelled");
    ce_plan_free(plan);
    ce_context_close(sc);
}

static void *cancel_soon(void *task)
{
    cei_sleep_ms(30);
    ce_task_cancel(task);
    return NULL;
}

/* Rows without end for practical purposes: only the cancelling ends them. */
static void a_task_is_cancelled_by_another_thread_whatever_it_does(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *endless = ce_range(sc, 0, INT64_MAX, 1, 1);
    ce_rdd *const all[] = {ce_filter(endless, never), ce_map(ce_filter(endless, never), mod1000),
                           ce_map_partitions(endless, sum_of), ce_flat_map(endless, nothing),
                           ce_reduce_by_key(ce_key_by(endless, mod1000), add)};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        ce_plan *plan = test_plan(all[i], all[i]->shuffle != NULL);
        ce_task *task = open_task(plan, 0, NULL);
        cei_thread thread;
        assert_int_equal(cei_thread_start(&thread, "canceller", cancel_soon, task), CE_OK);
        ce_step answer = CE_STEP_AGAIN;
        while (answer == CE_STEP_AGAIN) {
            ce_block block;
            uint32_t wanted;
            answer = ce_task_step(task, &block, &wanted);
        }
        assert_int_equal(answer, CE_STEP_FAILED);
        assert_int_equal(ce_task_error(task, NULL), CE_CANCELLED);
        cei_thread_join(&thread);
        ce_task_close(task);
        ce_plan_free(plan);
    }
    ce_context_close(sc);
}

/* ---- memory ---- */

static _Atomic(int) owned;

static void release_counted(ce_block *block)
{
    free(block->owner);
    atomic_fetch_sub(&owned, 1);
}

static void feed_counted(ce_task *task, const ce_block *block)
{
    ce_block given = test_copy(block);
    given.release = release_counted;
    atomic_fetch_add(&owned, 1);
    assert_int_equal(ce_task_feed(task, 0, &given), CE_OK);
}

/* Steps at most `steps` times, then closes. */
static void leave_after(ce_task *task, int steps)
{
    while (steps-- > 0) {
        ce_block block;
        uint32_t wanted;
        if (ce_task_step(task, &block, &wanted) == CE_STEP_BLOCK) {
            cei_block_release(&block);
        }
    }
    ce_task_close(task);
}

static void a_task_can_be_closed_in_any_state_and_releases_its_blocks_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lineages / sizeof *lineages; i++) {
        ce_context *sc = grid_open("inline", NULL);
        ce_rdd *rdd = lineages[i](sc);
        while (!rdd->shuffle) {
            rdd = rdd->parents[0];
        }
        test_host host = {.feeding = TEST_FEED_FIRST};
        ce_block block = some_block(&host, rdd);
        ce_plan *plan = test_plan(rdd, false), *map_plan = test_plan(rdd, true);
        for (int feeds = 0; feeds < 12; feeds++) {
            for (int steps = 0; steps < 4; steps++) {
                ce_task *task = open_task(plan, 0, NULL);
                for (int j = 0; j < feeds; j++) {
                    feed_counted(task, &block);
                    if (j == 5) { /* in the middle of the queue's ring */
                        ce_block out;
                        uint32_t wanted;
                        if (ce_task_step(task, &out, &wanted) == CE_STEP_BLOCK) {
                            cei_block_release(&out);
                        }
                    }
                }
                if (feeds % 2) {
                    assert_int_equal(ce_task_end_input(task, 0), CE_OK);
                }
                leave_after(task, steps);
                assert_int_equal(atomic_load(&owned), 0);
            }
        }
        for (int steps = 0; steps < 6; steps++) {
            leave_after(open_task(map_plan, 1, NULL), steps);
        }
        ce_task_close(NULL);
        ce_plan_free(plan);
        ce_plan_free(map_plan);
        cei_block_release(&block);
        test_host_close(&host);
        ce_context_close(sc);
    }
}

struct budget {
    uint64_t reserved, reserved_max, limit;
    int refusals;
};

static bool reserve(void *context, uint64_t bytes)
{
    struct budget *budget = context;
    if (budget->reserved + bytes > budget->limit) {
        budget->refusals++;
        return false;
    }
    budget->reserved += bytes;
    budget->reserved_max = budget->reserved > budget->reserved_max ? budget->reserved : budget->reserved_max;
    return true;
}

static void release(void *context, uint64_t bytes)
{
    struct budget *budget = context;
    assert_true(bytes <= budget->reserved);
    budget->reserved -= bytes;
}

static void a_host_knows_what_a_task_uses_and_gets_all_back(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *rdd = ce_distinct(ce_range(sc, 0, 500000, 1, 1)); /* at least 4 MB of keys in the map side's table */
    struct budget budget = {.limit = UINT64_MAX};
    ce_host told = {&budget, reserve, release};
    ce_plan *plan = test_plan(rdd, true);
    test_host host = {.feeding = TEST_FEED_FIRST};
    cei_blocks blocks = {0};
    test_run_task(&host, open_task(plan, 0, &told), &blocks);
    assert_int_equal(budget.reserved, 0);
    assert_true(budget.reserved_max >= 4000000);
    cei_blocks_close(&blocks);

    uint64_t needed = budget.reserved_max;
    budget = (struct budget){.limit = needed};
    test_run_task(&host, open_task(plan, 0, &told), &blocks);
    assert_int_equal(budget.refusals, 0);
    cei_blocks_close(&blocks);

    budget = (struct budget){.limit = 1000000};
    expect_failure(open_task(plan, 0, &told), CE_MEMORY, "the host's budget does not allow");
    assert_true(budget.refusals > 0);
    assert_int_equal(budget.reserved, 0);

    budget = (struct budget){.limit = 0};
    expect_failure(open_task(plan, 0, &told), CE_MEMORY, "the host's budget");
    assert_int_equal(budget.reserved, 0);
    ce_plan_free(plan);
    ce_context_close(sc);
}

/* As a host that gives up at the first failure. */
static ce_status run_once(const ce_plan *plan, const ce_block *block, uint64_t *rows)
{
    ce_task *task;
    ce_status status = ce_task_open(plan, 0, 0, NULL, &task);
    if (status != CE_OK) {
        assert_null(task);
        return status;
    }
    if (block) {
        ce_block view = *block;
        view.release = NULL;
        status = ce_task_feed(task, 0, &view);
        assert_int_equal(ce_task_end_input(task, 0), CE_OK);
    }
    for (ce_step answer = CE_STEP_AGAIN; status == CE_OK && answer != CE_STEP_DONE;) {
        ce_block out;
        uint32_t wanted;
        answer = ce_task_step(task, &out, &wanted);
        if (answer == CE_STEP_BLOCK) {
            *rows += out.rows;
            cei_block_release(&out);
        } else if (answer == CE_STEP_FAILED) {
            const char *text;
            status = ce_task_error(task, &text);
            assert_true(text[0] != '\0');
        }
    }
    ce_task_close(task);
    return status;
}

static void every_allocation_may_fail_and_the_task_says_so(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lineages / sizeof *lineages; i++) {
        ce_context *sc = grid_open("inline", NULL);
        ce_rdd *rdd = lineages[i](sc);
        while (!rdd->shuffle) {
            rdd = rdd->parents[0];
        }
        test_host host = {.feeding = TEST_FEED_FIRST};
        ce_block block = some_block(&host, rdd);
        ce_plan *plans[] = {test_plan(rdd, true), test_plan(rdd, false)};
        for (int side = 0; side < 2; side++) {
            uint64_t expected = 0;
            assert_int_equal(run_once(plans[side], side ? &block : NULL, &expected), CE_OK);
            assert_true(expected > 0);
            bool delivered = true;
            for (int64_t nth = 1; delivered; nth++) {
                uint64_t rows = 0;
                cei_fault_arm(nth, CEI_FAULT_ALLOCATION);
                ce_status status = run_once(plans[side], side ? &block : NULL, &rows);
                delivered = cei_fault_delivered();
                cei_fault_arm(0, CEI_FAULT_ALLOCATION);
                assert_true(status == CE_OK || (delivered && status == CE_MEMORY)); /* a table may make room */
                assert_true(delivered || rows == expected);
            }
            ce_plan_free(plans[side]);
        }
        cei_block_release(&block);
        test_host_close(&host);
        ce_context_close(sc);
    }
}

static void spilling_between_steps_changes_nothing(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_plan *plan = test_plan(counts(sc), true);
    ce_task *task = open_task(plan, 0, NULL);
    uint64_t rows = 0;
    for (ce_step answer = CE_STEP_AGAIN; answer != CE_STEP_DONE;) {
        ce_block out;
        uint32_t wanted;
        (void)ce_task_spill(task, 1 << 20);
        answer = ce_task_step(task, &out, &wanted);
        assert_int_not_equal(answer, CE_STEP_FAILED);
        if (answer == CE_STEP_BLOCK) {
            rows += out.rows;
            cei_block_release(&out);
        }
    }
    assert_in_range(rows, 1000, 6667); /* the partition has 6667 rows of 1000 keys; tables are emptied early */
    ce_task_close(task);
    ce_plan_free(plan);
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_fed_one_by_one_give_what_all_at_once_give),
        cmocka_unit_test(a_task_that_wants_says_so_again_until_it_is_fed_or_told_the_end),
        cmocka_unit_test(long_work_is_done_in_bounded_steps),
        cmocka_unit_test(a_block_that_was_changed_anywhere_is_refused_and_can_be_fed_again),
        cmocka_unit_test(a_block_of_other_rows_is_refused),
        cmocka_unit_test(inputs_that_do_not_exist_or_have_ended_are_refused),
        cmocka_unit_test(a_user_function_that_fails_is_named_with_its_place),
        cmocka_unit_test(a_task_that_is_cancelled_before_its_first_step_fails),
        cmocka_unit_test(a_task_is_cancelled_by_another_thread_whatever_it_does),
        cmocka_unit_test(a_task_can_be_closed_in_any_state_and_releases_its_blocks_once),
        cmocka_unit_test(a_host_knows_what_a_task_uses_and_gets_all_back),
        cmocka_unit_test(every_allocation_may_fail_and_the_task_says_so),
        cmocka_unit_test(spilling_between_steps_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
