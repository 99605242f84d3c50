/*
 * expect.c: what an RDD must hold. Texts are made while no failure is armed: the test's own memory is not what is
 * tested.
 */
#include "support/expect.h"
#include "action/action.h"
#include "base/fault.h"
#include "data/block.h"
#include "rdd/node.h"
#include <cerium/task.h>
#include <stdlib.h>
#include <string.h>

static void numbers_fill(int64_t *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        values[i] = i + 1;
    }
}

ce_rdd *numbers(ce_context *sc, int64_t count, uint32_t partitions)
{
    int64_t *values = calloc((size_t)count + 1, sizeof *values);
    assert_non_null(values);
    numbers_fill(values, count);
    ce_rdd *rdd = ce_parallelize(sc, int64_t, values, (uint64_t)count, partitions);
    free(values);
    return rdd;
}

static inline ce_str word_of(int64_t number)
{
    return ce_str_printf("%s%lld", number % 3 == 0 ? "a-word-of-many-letters-" : "", (long long)number);
}
CE_MAP(word_of, int64_t, ce_str)

ce_rdd *words(ce_context *sc, int64_t count, uint32_t partitions)
{
    return ce_map(numbers(sc, count, partitions), word_of);
}

static char *quiet_text(const ce_result *result, int as_set)
{
    int64_t armed = atomic_exchange(&cei_fault_countdown, 0);
    char *text = grid_text(result, as_set);
    atomic_store(&cei_fault_countdown, armed);
    return text;
}

/* Puts the partitions' texts together and lets go of them. */
static char *join(char **parts, uint32_t count)
{
    size_t bytes = 3;
    for (uint32_t i = 0; i < count; i++) {
        bytes += strlen(parts[i]) + 1;
    }
    char *all = calloc(1, bytes), *at = all;
    assert_non_null(all);
    at = stpcpy(at, "[");
    for (uint32_t i = 0; i < count; i++) {
        at = stpcpy(stpcpy(at, i ? "," : ""), parts[i]);
        free(parts[i]);
    }
    stpcpy(at, "]");
    free(parts);
    return all;
}

/* ---- by job, and by plan ---- */

static ce_status parts_by_job(ce_rdd *rdd, int as_bags, char **text)
{
    uint32_t count;
    GRID_TRY(ce_partition_count(rdd, &count));
    ce_result *results = calloc(count + 1, sizeof *results);
    uint32_t *indices = calloc(count + 1, sizeof *indices);
    char **parts = calloc(count + 1, sizeof *parts);
    assert_true(results && indices && parts);
    for (uint32_t i = 0; i < count; i++) {
        indices[i] = i;
    }
    ce_status status = ce_collect_partitions(rdd, indices, count, results);
    for (uint32_t i = 0; status == CE_OK && i < count; i++) {
        parts[i] = quiet_text(&results[i], as_bags);
        ce_result_free(&results[i]);
    }
    free(results);
    free(indices);
    if (status == CE_OK) {
        *text = join(parts, count);
    } else {
        free(parts);
    }
    return status;
}

/* What a task reads: the rows that cross a shuffle into one of its partitions, fed one at a time. */
struct feed {
    ce_result rows;
    uint64_t given;
};

static ce_rdd *wide_node(ce_rdd *rdd, int32_t shuffle)
{
    if (rdd->shuffle && rdd->shuffle->id == shuffle) {
        return rdd;
    }
    ce_rdd *found = NULL;
    for (uint32_t i = 0; i < rdd->parent_count && !found; i++) {
        found = wide_node(rdd->parents[i], shuffle);
    }
    return found;
}

static ce_status feed_one(ce_task *task, uint32_t input, struct feed *feed, cei_pool *pool)
{
    if (feed->given == feed->rows.count) {
        return ce_task_end_input(task, input);
    }
    cei_block_writer writer;
    ce_block block = {0};
    const char *row = (const char *)feed->rows.rows + feed->given++ * feed->rows.type->bytes;
    cei_block_writer_open(&writer, feed->rows.type, pool);
    ce_status status = cei_block_writer_reserve(&writer, row);
    if (status == CE_OK) {
        assert_true(cei_block_writer_append(&writer, row));
        status = cei_block_writer_seal(&writer, &block);
    }
    status = status == CE_OK ? cei_block_add_checksum(&block) : status;
    status = status == CE_OK ? ce_task_feed(task, input, &block) : status;
    if (status != CE_OK) {
        cei_block_release(&block);
    }
    cei_block_writer_close(&writer);
    return status;
}

/* Steps the task to its end; an input that it wants gets one row more. */
static ce_status drive(ce_task *task, struct feed *feeds, cei_pool *pool, cei_blocks *blocks)
{
    ce_status status = CE_OK;
    ce_step step = CE_STEP_AGAIN;
    while (status == CE_OK && step != CE_STEP_DONE) {
        ce_block block = {0};
        uint32_t wanted;
        step = ce_task_step(task, &block, &wanted);
        if (step == CE_STEP_BLOCK) {
            status = cei_blocks_push(blocks, &block);
        } else if (step == CE_STEP_FAILED) {
            status = ce_task_error(task, NULL);
        } else if (step == CE_STEP_WANT) {
            status = feed_one(task, wanted, &feeds[wanted], pool);
        }
    }
    return status;
}

static ce_status part_by_plan(const ce_plan *plan, ce_rdd *rdd, uint32_t partition, ce_result *result)
{
    ce_task *task;
    cei_blocks blocks = {0};
    GRID_TRY(ce_task_open(plan, partition, 0, NULL, &task));
    uint32_t count = ce_task_inputs(task);
    struct feed *feeds = calloc(count + 1, sizeof *feeds);
    assert_non_null(feeds);
    ce_status status = CE_OK;
    for (uint32_t i = 0; status == CE_OK && i < count; i++) {
        int32_t shuffle;
        uint32_t reduce;
        ce_task_input(task, i, &shuffle, &reduce);
        status = ce_collect_partitions(wide_node(rdd, shuffle), &reduce, 1, &feeds[i].rows);
    }
    cei_pool *pool = status == CE_OK ? cei_pool_open(UINT64_MAX) : NULL;
    status = status == CE_OK && !pool ? CE_MEMORY : status;
    status = status == CE_OK ? drive(task, feeds, pool, &blocks) : status;
    status = status == CE_OK ? cei_result_from_blocks(result, rdd->type, &blocks, 1) : status;
    for (uint32_t i = 0; i < count; i++) {
        ce_result_free(&feeds[i].rows);
    }
    free(feeds);
    cei_blocks_close(&blocks);
    ce_task_close(task);
    if (pool) {
        cei_pool_close(pool);
    }
    return status;
}

static ce_status parts_of_plan(const ce_plan *plan, ce_rdd *rdd, int as_bags, char **text)
{
    uint32_t count = ce_plan_partitions(plan);
    char **parts = calloc(count + 1, sizeof *parts);
    assert_non_null(parts);
    ce_status status = CE_OK;
    for (uint32_t i = 0; i < count; i++) {
        ce_result result;
        status = part_by_plan(plan, rdd, i, &result);
        if (status != CE_OK) {
            for (uint32_t j = 0; j < i; j++) {
                free(parts[j]);
            }
            free(parts);
            return status;
        }
        parts[i] = quiet_text(&result, as_bags);
        ce_result_free(&result);
    }
    *text = join(parts, count);
    return CE_OK;
}

static ce_status parts_by_plan(ce_rdd *rdd, int as_bags, char **text)
{
    void *bytes;
    size_t count;
    ce_plan *plan;
    GRID_TRY(ce_plan_encode(rdd, false, &bytes, &count));
    ce_status status = ce_plan_decode(bytes, count, &plan);
    ce_free(bytes);
    if (status == CE_OK) {
        status = parts_of_plan(plan, rdd, as_bags, text);
    }
    if (plan) {
        ce_plan_free(plan);
    }
    return status;
}

static ce_status expect_partitions(ce_rdd *rdd, const char *want, int as_bags)
{
    char *text;
    GRID_TRY(parts_by_job(rdd, as_bags, &text));
    assert_string_equal(text, want);
    free(text);
    GRID_TRY(parts_by_plan(rdd, as_bags, &text));
    assert_string_equal(text, want);
    free(text);
    return CE_OK;
}

ce_status expect_parts(ce_rdd *rdd, const char *want)
{
    return expect_partitions(rdd, want, 0);
}

ce_status expect_bags(ce_rdd *rdd, const char *want)
{
    return expect_partitions(rdd, want, 1);
}

ce_status expect_golden(ce_rdd *rdd, const char *name)
{
    grid_golden golden = grid_golden_of(name);
    if (strcmp(golden.form, "parts") == 0 || strcmp(golden.form, "bags") == 0) {
        return expect_partitions(rdd, golden.value, golden.form[0] == 'b');
    }
    bool set = strcmp(golden.form, "set") == 0;
    assert_true(set || strcmp(golden.form, "list") == 0);
    ce_result rows;
    GRID_TRY(ce_collect(rdd, &rows));
    char *text = quiet_text(&rows, set);
    ce_result_free(&rows);
    assert_string_equal(text, golden.value);
    free(text);
    return CE_OK;
}

ce_status expect_count(ce_rdd *rdd, uint64_t want)
{
    uint64_t count;
    GRID_TRY(ce_count(rdd, &count));
    assert_int_equal(count, want);
    return CE_OK;
}

/* ---- wrong use ---- */

static void expect_sentence(const char *text)
{
    if (!strstr(ce_last_error(), text)) {
        print_error("\"%s\" is not in: %s\n", text, ce_last_error());
    }
    assert_non_null(strstr(ce_last_error(), text));
}

void expect_poisoned(ce_rdd *rdd, ce_status status, const char *operator_name, const char *text)
{
    ce_result rows;
    assert_non_null(rdd);
    assert_int_equal(ce_rdd_status(rdd), status);
    expect_sentence(text);
    expect_sentence(operator_name);
    assert_int_equal(ce_collect(rdd, &rows), status);
    expect_sentence(text);
}

void expect_failure(ce_rdd *rdd, ce_status status, const char *text)
{
    ce_result rows;
    assert_int_equal(ce_rdd_status(rdd), CE_OK);
    assert_int_equal(ce_collect(rdd, &rows), status);
    expect_sentence(text);
}

void expect_once(grid_body *body, void *arg)
{
    ce_context *sc = grid_open("local[2]", "batch_rows", "3", NULL);
    assert_int_equal(body(sc, arg), CE_OK);
    ce_context_close(sc);
}
