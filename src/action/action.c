/*
 * action.c: what the actions share: the node on top of an RDD, running a job over it, and rows that leave with one
 * owner.
 *
 * The rows of a result are one array on the heap; the bytes of their strings and lists are in an arena with a pool of
 * its own, so that a result outlives its context.
 */
#include "action/action.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/block.h"
#include "sched/engine.h"
#include <stdarg.h>
#include <stdio.h>

ce_status cei_action_node(ce_rdd *node, const cei_op *op, ce_rdd **parent_slot)
{
    ce_rdd *rdd = *parent_slot;
    CE_TRY(cei_node_prepare(rdd));
    memset(node, 0, sizeof *node);
    node->scope = rdd->scope;
    node->id = -1;
    node->op = op;
    node->type = rdd->type;
    node->site = rdd->site;
    node->parents = parent_slot;
    node->parent_count = 1;
    node->partition_count = rdd->partition_count;
    atomic_store(&node->prepared, true);
    return CE_OK;
}

ce_status cei_action_takes(const ce_rdd *rdd, const char *action, const ce_function *f, ce_function_kind kind,
                           const ce_type *in, const void *env)
{
    ce_rdd probe = {.scope = rdd->scope, .op = &(cei_op){.name = action}, .site = rdd->site, .type = rdd->type};
    ce_function without_env;
    if (f && f->env && env) { /* the action uses the caller's own: no copy in the scope */
        without_env = *f;
        without_env.env = NULL;
        f = &without_env;
        env = NULL;
    }
    if (cei_node_takes(&probe, f, kind, in, env)) {
        return CE_OK;
    }
    return cei_fail(probe.status, "%s", probe.error);
}

/* ---- results ---- */

struct result_owner {
    cei_pool *pool; /* NULL: the rows have no parts */
    cei_arena parts;
    void *rows;
};

void ce_result_free(ce_result *result)
{
    if (!result) {
        return;
    }
    struct result_owner *owner = result->owner;
    if (owner) {
        if (owner->pool) {
            cei_arena_close(&owner->parts);
            cei_pool_close(owner->pool);
        }
        cei_free(owner->rows);
        cei_free(owner);
    }
    *result = (ce_result){0};
}

static ce_status result_open(ce_result *result, const ce_type *type, uint64_t count)
{
    size_t bytes;
    *result = (ce_result){.type = type};
    if (__builtin_mul_overflow(count, (size_t)type->bytes, &bytes)) {
        return cei_fail(CE_MEMORY, "out of memory: a result of %llu rows", (unsigned long long)count);
    }
    struct result_owner *owner = cei_alloc_zeroed(1, sizeof *owner);
    if (!owner) {
        return CE_MEMORY;
    }
    result->owner = owner;
    owner->rows = cei_alloc(bytes ? bytes : 1);
    if (owner->rows && !cei_type_is_flat(type)) {
        owner->pool = cei_pool_open(UINT64_MAX);
        cei_arena_open(&owner->parts, owner->pool, 0);
    }
    if (!owner->rows || (!owner->pool && !cei_type_is_flat(type))) {
        ce_result_free(result);
        return CE_MEMORY;
    }
    result->rows = owner->rows;
    return CE_OK;
}

/* Copies rows to the end of the result. */
static ce_status result_append(ce_result *result, const char *rows, uint32_t count)
{
    struct result_owner *owner = result->owner;
    size_t row_bytes = result->type->bytes;
    char *to = (char *)owner->rows + result->count * row_bytes;
    memcpy(to, rows, count * row_bytes);
    for (uint32_t i = 0; owner->pool && i < count; i++) {
        CE_TRY(cei_value_own(result->type, to + i * row_bytes, &owner->parts));
    }
    result->count += count;
    return CE_OK;
}

static ce_status append_block(ce_result *result, const ce_block *block)
{
    enum { ROWS = 256 };
    struct result_owner *owner = result->owner;
    cei_block_reader reader;
    cei_block_reader_open(&reader, result->type, block);
    if (!owner->pool) {
        const char *rows;
        uint32_t count;
        CE_TRY(cei_block_reader_next(&reader, UINT32_MAX, NULL, NULL, &rows, &count));
        return count ? result_append(result, rows, count) : CE_OK;
    }
    cei_arena parts;
    cei_arena_open(&parts, owner->pool, 0);
    char *scratch = cei_arena_alloc(&parts, (size_t)ROWS * result->type->bytes);
    cei_arena lists;
    cei_arena_open(&lists, owner->pool, 0);
    ce_status status = scratch ? CE_OK : CE_MEMORY;
    uint32_t count = 1;
    while (status == CE_OK && count) {
        const char *rows;
        cei_arena_reset(&lists);
        status = cei_block_reader_next(&reader, ROWS, scratch, &lists, &rows, &count);
        if (status == CE_OK && count) {
            status = result_append(result, rows, count);
        }
    }
    cei_arena_close(&lists);
    cei_arena_close(&parts);
    return status;
}

ce_status cei_result_from_blocks(ce_result *result, const ce_type *type, const cei_blocks *lists, uint32_t count)
{
    uint64_t rows = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < lists[i].count; j++) {
            rows += lists[i].blocks[j].rows;
        }
    }
    CE_TRY(result_open(result, type, rows));
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < lists[i].count; j++) {
            ce_status status = append_block(result, &lists[i].blocks[j]);
            if (status != CE_OK) {
                ce_result_free(result);
                return status;
            }
        }
    }
    return CE_OK;
}

ce_status cei_result_from_values(ce_result *result, const ce_type *type, const void *values, uint64_t count)
{
    CE_TRY(result_open(result, type, count));
    for (uint64_t i = 0; i < count; i++) {
        ce_status status = result_append(result, (const char *)values + i * type->bytes, 1);
        if (status != CE_OK) {
            ce_result_free(result);
            return status;
        }
    }
    return CE_OK;
}

ce_status cei_result_cut(ce_result *result, uint64_t count)
{
    if (count >= result->count / 2) {
        result->count = count < result->count ? count : result->count;
        return CE_OK;
    }
    ce_result all = *result; /* most of it would be held for nothing */
    ce_status status = cei_result_from_values(result, all.type, all.rows, count);
    ce_result_free(&all);
    return status;
}

/* A merge sort, bottom up: stable, and its one allocation can be tested failing. */
ce_status cei_result_sort(ce_result *result, int (*compare)(const void *a, const void *b, void *arg), void *arg)
{
    struct result_owner *owner = result->owner;
    size_t size = result->type->bytes;
    uint64_t count = result->count;
    if (count < 2) {
        return CE_OK;
    }
    char *from = owner->rows, *to = cei_alloc(count * size);
    if (!to) {
        return CE_MEMORY;
    }
    for (uint64_t width = 1; width < count; width *= 2) {
        for (uint64_t first = 0; first < count; first += 2 * width) {
            uint64_t middle = first + width < count ? first + width : count;
            uint64_t end = first + 2 * width < count ? first + 2 * width : count;
            uint64_t a = first, b = middle;
            for (uint64_t i = first; i < end; i++) {
                bool take_a = b == end || (a < middle && compare(from + a * size, from + b * size, arg) <= 0);
                memcpy(to + i * size, from + (take_a ? a++ : b++) * size, size);
            }
        }
        char *swap = from;
        from = to;
        to = swap;
    }
    owner->rows = from;
    result->rows = from;
    cei_free(to);
    return CE_OK;
}

/* ---- running ---- */

ce_status cei_action_rows_of(ce_rdd *node, const char *action, const uint32_t *partitions, uint32_t count,
                             ce_result *rows)
{
    *rows = (ce_result){0};
    cei_blocks *results = cei_alloc_zeroed(count ? count : 1, sizeof *results);
    if (!results) {
        return cei_error_prefix(CE_MEMORY, "%s:%d: %s: ", node->site.file, node->site.line, action);
    }
    ce_status status = cei_run_job(node, action, partitions, count, results);
    if (status == CE_OK) {
        status = cei_result_from_blocks(rows, node->type, results, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        cei_blocks_close(&results[i]);
    }
    cei_free(results);
    return status;
}

ce_status cei_action_rows(ce_rdd *node, const char *action, ce_result *rows)
{
    return cei_action_rows_of(node, action, NULL, node->partition_count, rows);
}

void cei_driver_open(cei_driver *driver, const ce_rdd *node)
{
    ce_context *context = cei_context_of(node);
    memset(driver, 0, sizeof *driver);
    driver->run.pool = context->pool;
    driver->run.batch_rows = context->batch_rows;
    driver->run.job = driver->run.stage = -1;
    driver->run.task = -1;
    cei_arena_open(&driver->run.arena, context->pool, 0);
    cei_arena_open(&driver->strings, context->pool, 0);
    driver->outer = cei_current_run;
    cei_current_run = &driver->run;
}

ce_status cei_driver_close(cei_driver *driver, ce_status status)
{
    cei_current_run = driver->outer;
    if (driver->run.status != CE_OK) {
        status = cei_fail(driver->run.status, "%s", driver->run.error);
    }
    cei_free(driver->run.scratch);
    cei_arena_close(&driver->strings);
    cei_arena_close(&driver->run.arena);
    return status;
}

ce_status cei_action_empty(const ce_rdd *rdd, const char *action)
{
    return cei_fail(CE_EMPTY, "%s:%d: %s: empty collection", rdd->site.file, rdd->site.line, action);
}

ce_status cei_action_invalid(const ce_rdd *rdd, const char *action, const char *format, ...)
{
    char sentence[512];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    return cei_fail(CE_INVALID, "%s:%d: %s: %s", rdd->site.file, rdd->site.line, action, sentence);
}

ce_status cei_action_number(const ce_rdd *rdd, const char *action)
{
    char text[256];
    if (cei_type_is_number(rdd->type)) {
        return CE_OK;
    }
    return cei_fail(CE_TYPE, "%s:%d: %s: needs a number type, has %s", rdd->site.file, rdd->site.line, action,
                    ce_type_text(rdd->type, text, sizeof text));
}

ce_status cei_action_pair(const ce_rdd *rdd, const char *action, const ce_type **key, const ce_type **value)
{
    char text[256];
    if (rdd->type->kind != CE_KIND_PAIR) {
        return cei_fail(CE_TYPE, "%s:%d: %s: needs pair(K, V), has %s", rdd->site.file, rdd->site.line, action,
                        ce_type_text(rdd->type, text, sizeof text));
    }
    *key = rdd->type->fields[0].type;
    *value = rdd->type->fields[1].type;
    return CE_OK;
}
