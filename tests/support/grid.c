/*
 * grid.c: the topologies, the failing allocations, and the goldens of real Spark.
 */
#include "support/grid.h"
#include "base/buffer.h"
#include "base/fault.h"
#include "data/value.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ce_context *open_with(const char *master, va_list pairs)
{
    ce_conf *conf = ce_conf_new();
    if (!conf) {
        return NULL;
    }
    bool sound = ce_conf_set(conf, "progress", "never") == CE_OK;
    const char *name;
    while (sound && (name = va_arg(pairs, const char *))) {
        sound = ce_conf_set(conf, name, va_arg(pairs, const char *)) == CE_OK;
    }
    ce_context *sc = sound ? ce_context_open(master, "test", conf) : NULL;
    ce_conf_free(conf);
    return sc;
}

ce_context *grid_open(const char *master, ...)
{
    va_list pairs;
    va_start(pairs, master);
    ce_context *sc = open_with(master, pairs);
    va_end(pairs);
    if (!sc) {
        print_error("no context: %s\n", ce_last_error());
    }
    assert_non_null(sc);
    return sc;
}

uint64_t grid_seed(void)
{
    const char *text = getenv("CERIUM_TEST_SEED");
    return text ? strtoull(text, NULL, 10) : 20240229;
}

void grid_run_topologies(grid_body *body, void *arg)
{
    static const char *const masters[] = {"inline", "local[1]", "local[2]", "local[5]"};
    static const char *const batches[] = {"1", "7", "1024"};
    for (size_t i = 0; i < sizeof masters / sizeof *masters; i++) {
        for (size_t j = 0; j < sizeof batches / sizeof *batches; j++) {
            ce_context *sc = grid_open(masters[i], "batch_rows", batches[j], NULL);
            ce_status status = body(sc, arg);
            if (status != CE_OK) {
                print_error("on %s with batches of %s, seed %llu: %s\n", masters[i], batches[j],
                            (unsigned long long)grid_seed(), ce_last_error());
            }
            assert_int_equal(status, CE_OK);
            ce_context_close(sc);
        }
    }
}

/* Opens its own context, so that opening fails too; its settings come from the environment. */
static ce_status open_and_run(grid_body *body, void *arg)
{
    ce_context *sc = ce_context_open("local[2]", "test", NULL);
    if (!sc) {
        return CE_MEMORY;
    }
    ce_status status = body(sc, arg);
    ce_context_close(sc);
    return status;
}

/* Every failure in turn; under a sanitizer, which is slow, the first ones and then further and further apart. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CEI_GRID_STEP(nth) (1 + (nth) / 16)
#else
#define CEI_GRID_STEP(nth) 1
#endif

static void run_failing(grid_body *body, void *arg, cei_fault_kind kind)
{
    for (int64_t nth = 1;; nth += CEI_GRID_STEP(nth)) {
        cei_fault_arm(nth, kind);
        ce_status status = open_and_run(body, arg);
        bool delivered = cei_fault_delivered();
        cei_fault_arm(0, kind);
        bool allowed = status == CE_OK || status == CE_MEMORY || (kind == CEI_FAULT_SYSTEM_CALL && status == CE_IO);
        if (!allowed || (status != CE_OK && !ce_last_error()[0])) {
            print_error("with failure %lld of kind %d: %s: %s\n", (long long)nth, (int)kind, ce_status_text(status),
                        ce_last_error());
        }
        assert_true(allowed);
        if (!delivered) {
            assert_int_equal(status, CE_OK);
            return;
        }
    }
}

void grid_run_failing(grid_body *body, void *arg)
{
    setenv("CERIUM_PROGRESS", "never", 1);
    run_failing(body, arg, CEI_FAULT_ALLOCATION);
    run_failing(body, arg, CEI_FAULT_SYSTEM_CALL);
}

void grid_run(grid_body *body, void *arg)
{
    grid_run_topologies(body, arg);
    grid_run_failing(body, arg);
}

/* ---- goldens ---- */

grid_golden grid_golden_of(const char *name)
{
    static char line[1 << 16];
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/oracle/goldens.txt", getenv("CERIUM_SOURCE") ? getenv("CERIUM_SOURCE") : ".");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    grid_golden golden = {NULL, NULL};
    while (!golden.form && fgets(line, sizeof line, file)) {
        char *form = strchr(line, '\t');
        if (line[0] == '#' || !form || (size_t)(form - line) != strlen(name) ||
            strncmp(line, name, strlen(name)) != 0) {
            continue;
        }
        char *value = strchr(form + 1, '\t');
        assert_non_null(value);
        *value = '\0';
        value[1 + strcspn(value + 1, "\n")] = '\0';
        golden = (grid_golden){form + 1, value + 1};
    }
    fclose(file);
    if (!golden.form) {
        print_error("no golden named %s in %s\n", name, path);
    }
    assert_non_null(golden.form);
    return golden;
}

/* A value as the goldens write it: like print, but no blanks in lists, "" for empty strings and backslashes for line
 * ends. */
static void golden_value(const ce_type *type, const char *value, cei_buffer *text)
{
    if (type->kind == CE_KIND_STR) {
        ce_str str;
        memcpy(&str, value, sizeof str);
        for (uint32_t i = 0; i < str.bytes; i++) {
            const char *escapes = "\\\\\nn\rr\tt", *at = strchr(escapes, str.at[i]);
            bool escaped = at && str.at[i] && (at - escapes) % 2 == 0;
            cei_buffer_text(text, escaped ? "\\" : "");
            cei_buffer_char(text, escaped ? at[1] : str.at[i]);
        }
        cei_buffer_text(text, str.bytes ? "" : "\"\"");
    } else if (type->kind == CE_KIND_RECORD || type->kind == CE_KIND_PAIR) {
        for (uint32_t i = 0; i < type->field_count; i++) {
            cei_buffer_char(text, i ? ',' : '(');
            golden_value(type->fields[i].type, value + type->fields[i].offset, text);
        }
        cei_buffer_char(text, ')');
    } else if (type->kind == CE_KIND_LIST) {
        ce_list list;
        memcpy(&list, value, sizeof list);
        cei_buffer_char(text, '[');
        for (uint32_t i = 0; i < list.count; i++) {
            cei_buffer_text(text, i ? "," : "");
            golden_value(type->element, (const char *)list.at + (size_t)i * type->element->bytes, text);
        }
        cei_buffer_char(text, ']');
    } else if (type->kind == CE_KIND_OPTION && !*(const bool *)(const void *)value) {
        cei_buffer_text(text, "null");
    } else if (type->kind == CE_KIND_OPTION) {
        golden_value(type->fields[1].type, value + type->fields[1].offset, text);
    } else {
        cei_value_print(type, value, text);
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *grid_text(const ce_result *result, int as_set)
{
    int64_t armed = atomic_exchange(&cei_fault_countdown, 0); /* the test's own memory does not fail */
    char **rows = calloc(result->count + 1, sizeof *rows);
    size_t bytes = 3;
    for (uint64_t i = 0; i < result->count; i++) {
        cei_buffer text = {0};
        golden_value(result->type, (const char *)result->rows + i * result->type->bytes, &text);
        rows[i] = strdup(cei_buffer_cstr(&text));
        bytes += strlen(rows[i]) + 1;
        cei_buffer_close(&text);
    }
    if (as_set) {
        qsort(rows, result->count, sizeof *rows, by_text);
    }
    char *all = calloc(1, bytes);
    strcat(all, "[");
    for (uint64_t i = 0; i < result->count; i++) {
        strcat(strcat(all, i ? "," : ""), rows[i]);
        free(rows[i]);
    }
    free(rows);
    atomic_store(&cei_fault_countdown, armed);
    return strcat(all, "]");
}

char *grid_parts_text(ce_rdd *rdd, int as_bags)
{
    uint32_t count = 0;
    if (ce_partition_count(rdd, &count) != CE_OK) {
        return NULL;
    }
    ce_result *results = calloc(count + 1, sizeof *results);
    uint32_t *indices = calloc(count + 1, sizeof *indices);
    for (uint32_t i = 0; i < count; i++) {
        indices[i] = i;
    }
    char *all = NULL;
    if (ce_collect_partitions(rdd, indices, count, results) == CE_OK) {
        int64_t armed = atomic_exchange(&cei_fault_countdown, 0);
        cei_buffer text = {0};
        cei_buffer_char(&text, '[');
        for (uint32_t i = 0; i < count; i++) {
            char *part = grid_text(&results[i], as_bags);
            cei_buffer_text(&text, i ? "," : "");
            cei_buffer_text(&text, part);
            free(part);
            ce_result_free(&results[i]);
        }
        cei_buffer_char(&text, ']');
        all = strdup(cei_buffer_cstr(&text));
        cei_buffer_close(&text);
        atomic_store(&cei_fault_countdown, armed);
    }
    free(results);
    free(indices);
    return all;
}
