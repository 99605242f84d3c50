/*
 * What is in the directory afterwards: the files of Spark when all went well, nothing at all when not.
 */
#include "base/random.h"
#include "base/thread.h"
#include "support/expect.h"
#include "support/files.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

CE_PAIR(word_count, ce_str, int64_t);

static inline word_count counted(int64_t number)
{
    return (word_count){ce_str_printf("w%lld", (long long)number), -number};
}
CE_MAP(counted, int64_t, word_count)

static inline int64_t refuse_nine(int64_t number)
{
    if (number == 9) {
        ce_fail("nine is refused");
    }
    return number;
}
CE_MAP(refuse_nine, int64_t, int64_t)

/* "[(name,content),...]" as in the goldens. */
static char *golden_listing(const char *name)
{
    char *listing = test_listing(name), *text = calloc(1, 3 * strlen(listing) + 16), *to = stpcpy(text, "[");
    for (const char *at = listing; *at; at++) {
        if (at == listing || at[-1] == ';') {
            to = stpcpy(to, at == listing ? "(" : ",(");
        }
        if (*at == '=') {
            to = stpcpy(to, at[1] == ';' ? ",\"\"" : ",");
        } else if (*at == ';') {
            to = stpcpy(to, ")");
        } else if (*at == '\n') {
            to = stpcpy(to, "\\n");
        } else {
            *to++ = *at;
        }
    }
    stpcpy(to, "]");
    free(listing);
    return text;
}

static ce_status saved_as(ce_rdd *rdd, const char *name, const char *golden)
{
    test_remove(name);
    GRID_TRY(ce_save_as_text_file(rdd, test_path(name)));
    char *listing = golden_listing(name);
    assert_string_equal(listing, grid_golden_of(golden).value);
    free(listing);
    return CE_OK;
}

static ce_status files_are_sparks(ce_context *sc, void *arg)
{
    (void)arg;
    const ce_str strings[] = {ce_str_of("a"), ce_str_of(""), ce_str_of("b\nc"), ce_str_of("\xc3\xa4")};
    int64_t one = 1;
    GRID_TRY(saved_as(numbers(sc, 4, 1), "out/one", "save-one"));
    GRID_TRY(saved_as(numbers(sc, 4, 3), "out/three", "save-three"));
    GRID_TRY(saved_as(ce_parallelize(sc, int64_t, &one, 1, 3), "out/hollow", "save-empty-partitions"));
    GRID_TRY(saved_as(ce_empty(sc, int64_t), "out/norows0", "save-norows0"));
    GRID_TRY(saved_as(numbers(sc, 0, 3), "out/norows3", "save-norows3"));
    GRID_TRY(saved_as(ce_parallelize(sc, ce_str, strings, 4, 1), "out/strings", "save-strings"));
    return expect_golden(ce_glom(ce_text_file_n(sc, test_path("out/three"), 1)), "save-then-read");
}

static void files_are_those_of_spark(void **state)
{
    (void)state;
    grid_run_topologies(files_are_sparks, NULL);
}

static ce_status pairs_are_fields(ce_context *sc, void *arg)
{
    (void)arg;
    test_remove("pairs");
    ce_status status = ce_save_as_text_file(ce_map(numbers(sc, 3, 2), counted), test_path("pairs"));
    if (status != CE_OK) {
        assert_false(test_exists("pairs"));
        return status;
    }
    char *listing = test_listing("pairs");
    assert_string_equal(listing, "_SUCCESS=;part-00000=w1\t-1\n;part-00001=w2\t-2\nw3\t-3\n;");
    free(listing);
    return CE_OK;
}

static inline ce_str digits(int64_t number)
{
    return ce_str_printf("%02lld", (long long)number);
}
CE_MAP(digits, int64_t, ce_str)

/* Whole and finished, or not there. */
static ce_status saved_in_binary(ce_rdd *rdd, const char *name, const char *want, size_t bytes)
{
    test_remove(name);
    ce_status status = ce_save_as_binary_file(rdd, test_path(name));
    if (status != CE_OK) {
        assert_false(test_exists(name));
        return status;
    }
    char part[64];
    snprintf(part, sizeof part, "%s/part-00001", name);
    size_t count;
    char *content = test_content(part, &count);
    assert_int_equal(count, bytes);
    assert_memory_equal(content, want, bytes);
    free(content);
    snprintf(part, sizeof part, "%s/_SUCCESS", name);
    assert_true(test_exists(part));
    return CE_OK;
}

static ce_status rows_are_their_bytes(ce_context *sc, void *arg)
{
    (void)arg;
    const int64_t second[2] = {3, 4};
    GRID_TRY(saved_in_binary(numbers(sc, 4, 2), "binary", (const char *)second, sizeof second));
    GRID_TRY(expect_parts(ce_map(ce_binary_file(sc, test_path("binary"), int64_t), digits), "[[01,02],[03,04]]"));
    GRID_TRY(saved_in_binary(ce_map(numbers(sc, 5, 2), digits), "records", "030405", 6));
    return expect_parts(ce_binary_records(sc, test_path("records"), 2), "[[01,02],[03,04,05]]");
}

static void binary_parts_are_what_sources_read(void **state)
{
    (void)state;
    grid_run_topologies(rows_are_their_bytes, NULL);
}

static void binary_files_of_lists_are_refused(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    assert_int_equal(ce_save_as_binary_file(ce_glom(numbers(sc, 4, 2)), test_path("refused")), CE_TYPE);
    assert_non_null(strstr(ce_last_error(), "save_as_binary_file: needs str or a type without strings and lists, has "
                                            "list(int64)"));
    assert_int_equal(ce_save_as_binary_file(numbers(sc, 4, 2), ""), CE_INVALID);
    assert_int_equal(ce_save_as_binary_file(NULL, test_path("refused")), CE_INVALID);
    assert_false(test_exists("refused"));
    ce_context_close(sc);
}

/* When clearing up is what fails, something may stay, but never _SUCCESS. */
static ce_status pairs_are_fields_or_unfinished(ce_context *sc, void *arg)
{
    (void)arg;
    test_remove("unfinished");
    ce_status status = ce_save_as_text_file(ce_map(numbers(sc, 3, 2), counted), test_path("unfinished/deeper/out"));
    assert_int_equal(test_exists("unfinished/deeper/out/_SUCCESS"), status == CE_OK);
    if (status != CE_OK) {
        assert_false(test_exists("unfinished"));
    }
    return status;
}

static void fields_of_a_row_are_separated_by_tabs(void **state)
{
    (void)state;
    grid_run_topologies(pairs_are_fields, NULL);
}

static void failing_calls_leave_no_success(void **state)
{
    (void)state;
    grid_run_failing(pairs_are_fields_or_unfinished, NULL);
}

static void many_parts_are_numbered_with_five_digits(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    assert_int_equal(ce_save_as_text_file(numbers(sc, 12, 12), test_path("many")), CE_OK);
    assert_true(test_exists("many/part-00011"));
    assert_false(test_exists("many/_temporary"));
    ce_context_close(sc);
}

static void an_existing_path_is_refused_and_left_alone(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    test_text_file("there/mine", "kept");
    test_text_file("file", "kept");
    char want[4096];
    for (int slash = 0; slash < 2; slash++) {
        char path[4096];
        snprintf(path, sizeof path, "%s%s", test_path("there"), slash ? "//" : "");
        assert_int_equal(ce_save_as_text_file(numbers(sc, 4, 2), path), CE_EXISTS);
        snprintf(want, sizeof want, "Output directory %s already exists", test_path("there"));
        assert_string_equal(ce_last_error(), want);
    }
    assert_int_equal(ce_save_as_text_file(numbers(sc, 4, 2), test_path("file")), CE_EXISTS);
    char *listing = test_listing("there");
    assert_string_equal(listing, "mine=kept;");
    free(listing);
    ce_context_close(sc);
}

static void a_path_that_cannot_be_made_is_an_error(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    test_text_file("plain", "kept");
    assert_int_equal(ce_save_as_text_file(numbers(sc, 4, 2), test_path("plain/below")), CE_IO);
    assert_int_equal(ce_save_as_text_file(numbers(sc, 4, 2), ""), CE_INVALID);
    assert_int_equal(ce_save_as_text_file(numbers(sc, 4, 2), NULL), CE_INVALID);
    assert_int_equal(ce_save_as_text_file(NULL, test_path("null")), CE_INVALID);
    assert_int_equal(ce_save_as_text_file(ce_text_file(sc, test_path("none")), test_path("null")), CE_NOT_FOUND);
    assert_false(test_exists("null"));
    ce_context_close(sc);
}

static void a_failed_job_leaves_nothing_and_keeps_its_sentence(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", "task_failures_max", "2", NULL);
    test_folder("kept");
    ce_rdd *rows = ce_map(numbers(sc, 100, 7), refuse_nine);
    assert_int_equal(ce_save_as_text_file(rows, test_path("kept/made/failed")), CE_USER);
    assert_non_null(strstr(ce_last_error(), "nine is refused"));
    assert_true(test_exists("kept"));
    assert_false(test_exists("kept/made"));
    ce_context_close(sc);
}

static _Atomic(int) rows_seen;

static inline int64_t wait_for_cancel(int64_t number)
{
    atomic_fetch_add(&rows_seen, 1);
    usleep(1000);
    return number;
}
CE_MAP(wait_for_cancel, int64_t, int64_t)

static void *cancel_soon(void *sc)
{
    while (atomic_load(&rows_seen) < 20) {
        usleep(1000);
    }
    ce_cancel_all_jobs(sc);
    return NULL;
}

static void a_cancelled_job_leaves_nothing(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", "batch_rows", "5", NULL);
    cei_thread thread;
    assert_int_equal(cei_thread_start(&thread, "cancel", cancel_soon, sc), CE_OK);
    ce_status status = ce_save_as_text_file(ce_map(numbers(sc, 100000, 4), wait_for_cancel), test_path("cancelled"));
    cei_thread_join(&thread);
    assert_int_equal(status, CE_CANCELLED);
    assert_false(test_exists("cancelled"));
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_those_of_spark),
        cmocka_unit_test(fields_of_a_row_are_separated_by_tabs),
        cmocka_unit_test(failing_calls_leave_no_success),
        cmocka_unit_test(binary_parts_are_what_sources_read),
        cmocka_unit_test(binary_files_of_lists_are_refused),
        cmocka_unit_test(many_parts_are_numbered_with_five_digits),
        cmocka_unit_test(an_existing_path_is_refused_and_left_alone),
        cmocka_unit_test(a_path_that_cannot_be_made_is_an_error),
        cmocka_unit_test(a_failed_job_leaves_nothing_and_keeps_its_sentence),
        cmocka_unit_test(a_cancelled_job_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
