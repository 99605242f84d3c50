/*
 * plan_host.h: a host for the tests of tasks: it runs an RDD by plans alone, stage by stage, in this process.
 *
 * It knows a lineage only to find the shuffles in it; what is computed comes out of plan bytes, through the calls of
 * <cerium/task.h>, and is compared with what a job of the context gives.
 */
#ifndef CERIUM_TESTS_PLAN_HOST_H
#define CERIUM_TESTS_PLAN_HOST_H

#include "action/action.h"
#include "data/block.h"
#include "support/grid.h"
#include "task/node_task.h"
#include <stdlib.h>
#include <string.h>

/* When a task gets its input: all of it before the first step, or one block each time that it says WANT. */
typedef enum test_feeding { TEST_FEED_FIRST, TEST_FEED_ON_WANT } test_feeding;

/* Outputs of map stages, in the order of map partitions. The blocks are on the heap. */
typedef struct test_host {
    test_feeding feeding;
    struct test_output {
        int32_t shuffle;
        cei_blocks blocks;
    } outputs[64];
    uint32_t output_count;
    uint64_t steps, wants, agains; /* of all tasks, to see that a test reaches what it means to */
} test_host;

static inline void test_release(ce_block *block)
{
    free(block->owner);
}

/* The same block on the heap, so that it outlives the task that made it. */
static inline ce_block test_copy(const ce_block *block)
{
    ce_block copy = *block;
    copy.owner = aligned_alloc(16, (block->byte_count + 15) / 16 * 16);
    memcpy(copy.owner, block->bytes, block->byte_count);
    copy.bytes = copy.owner;
    copy.release = test_release;
    return copy;
}

/* The nth block of a reduce partition, or NULL. */
static inline const ce_block *test_block(const test_host *host, int32_t shuffle, uint32_t partition, uint32_t nth)
{
    for (uint32_t i = 0; i < host->output_count; i++) {
        const cei_blocks *blocks = &host->outputs[i].blocks;
        for (uint32_t j = 0; host->outputs[i].shuffle == shuffle && j < blocks->count; j++) {
            if (blocks->blocks[j].partition == partition && nth-- == 0) {
                return &blocks->blocks[j];
            }
        }
    }
    return NULL;
}

/* Feeds the next block of an input, or ends it: false then. */
static inline bool test_feed(const test_host *host, ce_task *task, uint32_t input, uint32_t *fed)
{
    int32_t shuffle;
    uint32_t partition;
    ce_task_input(task, input, &shuffle, &partition);
    const ce_block *found = test_block(host, shuffle, partition, fed[input]++);
    if (!found) {
        assert_int_equal(ce_task_end_input(task, input), CE_OK);
        return false;
    }
    ce_block view = *found;
    view.release = NULL;
    view.owner = NULL;
    assert_int_equal(ce_task_feed(task, input, &view), CE_OK);
    return true;
}

/* Runs an opened task to its end and closes it; its blocks are added to *out. */
static inline void test_run_task(test_host *host, ce_task *task, cei_blocks *out)
{
    uint32_t fed[64] = {0}, wanted;
    assert_true(ce_task_inputs(task) <= 64);
    for (uint32_t i = 0; host->feeding == TEST_FEED_FIRST && i < ce_task_inputs(task); i++) {
        while (test_feed(host, task, i, fed)) {
        }
    }
    ce_step answer;
    do {
        ce_block block;
        answer = ce_task_step(task, &block, &wanted);
        host->steps++;
        host->wants += answer == CE_STEP_WANT;
        host->agains += answer == CE_STEP_AGAIN;
        if (answer == CE_STEP_BLOCK) {
            ce_block copy = test_copy(&block);
            cei_block_release(&block);
            assert_int_equal(cei_blocks_push(out, &copy), CE_OK);
        } else if (answer == CE_STEP_WANT) {
            assert_int_equal(host->feeding, TEST_FEED_ON_WANT);
            test_feed(host, task, wanted, fed);
        } else if (answer == CE_STEP_FAILED) {
            const char *text;
            ce_status status = ce_task_error(task, &text);
            fail_msg("the task failed: %s: %s", ce_status_text(status), text);
        }
    } while (answer != CE_STEP_DONE);
    ce_task_close(task);
}

/* The plan of one side of rdd; the caller frees it. */
static inline ce_plan *test_plan(ce_rdd *rdd, bool map_side)
{
    void *bytes;
    size_t count;
    ce_plan *plan;
    assert_int_equal(ce_plan_encode(rdd, map_side, &bytes, &count), CE_OK);
    ce_status status = ce_plan_decode(bytes, count, &plan);
    if (status != CE_OK) {
        fail_msg("the plan of %s: %s", ce_rdd_name(rdd), ce_last_error());
    }
    memset(bytes, 0xA5, count); /* the plan must not point there */
    ce_free(bytes);
    return plan;
}

/* Runs the map stages of all shuffles at and below rdd that have no output yet. */
static inline void test_run_maps(test_host *host, ce_rdd *rdd)
{
    for (uint32_t i = 0; i < rdd->parent_count; i++) {
        test_run_maps(host, rdd->parents[i]);
    }
    for (uint32_t i = 0; rdd->shuffle && i < host->output_count; i++) {
        if (host->outputs[i].shuffle == rdd->shuffle->id) {
            return;
        }
    }
    if (!rdd->shuffle) {
        return;
    }
    ce_plan *plan = test_plan(rdd, true);
    cei_blocks blocks = {0};
    for (uint32_t i = 0; i < ce_plan_partitions(plan); i++) {
        ce_task *task;
        assert_int_equal(ce_task_open(plan, i, 0, NULL, &task), CE_OK);
        test_run_task(host, task, &blocks);
    }
    for (uint32_t i = 0; i < blocks.count; i++) {
        assert_true(blocks.blocks[i].partition < ce_plan_output_partitions(plan));
    }
    assert_true(host->output_count < 64);
    host->outputs[host->output_count++] = (struct test_output){rdd->shuffle->id, blocks};
    ce_plan_free(plan);
}

static inline void test_host_close(test_host *host)
{
    for (uint32_t i = 0; i < host->output_count; i++) {
        cei_blocks_close(&host->outputs[i].blocks);
    }
    host->output_count = 0;
}

/* All partitions of rdd computed by plans, as grid_parts_text writes those that a job computes. Freed with free(). */
static inline char *test_parts_by_plan(test_host *host, ce_rdd *rdd, int as_bags)
{
    uint32_t count;
    assert_int_equal(ce_partition_count(rdd, &count), CE_OK);
    test_run_maps(host, rdd);
    ce_plan *plan = test_plan(rdd, false);
    assert_int_equal(ce_plan_partitions(plan), count);
    assert_int_equal(ce_plan_output_partitions(plan), 1);
    cei_buffer text = {0};
    cei_buffer_char(&text, '[');
    for (uint32_t i = 0; i < count; i++) {
        cei_blocks blocks = {0};
        ce_result rows;
        ce_task *task;
        assert_int_equal(ce_task_open(plan, i, 0, NULL, &task), CE_OK);
        test_run_task(host, task, &blocks);
        assert_int_equal(cei_result_from_blocks(&rows, rdd->type, &blocks, 1), CE_OK);
        char *part = grid_text(&rows, as_bags);
        cei_buffer_text(&text, i ? "," : "");
        cei_buffer_text(&text, part);
        free(part);
        ce_result_free(&rows);
        cei_blocks_close(&blocks);
    }
    ce_plan_free(plan);
    cei_buffer_char(&text, ']');
    char *all = strdup(cei_buffer_cstr(&text));
    cei_buffer_close(&text);
    return all;
}

#endif
