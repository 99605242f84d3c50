/*
 * What a path means: files, directories, globs, lists, names that are left out, and what is said about paths that mean
 * nothing.
 */
#include "base/error.h"
#include "base/fault.h"
#include "io/paths.h"
#include "support/files.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka last: it needs the headers above. */
#include <cmocka.h>

/* The names of the files relative to the folder with their sizes: "a.txt:2 b.txt:0 ", or the status's text and the
 * sentence. */
static char *found_by(const char *paths)
{
    static char text[8192];
    cei_found_files found;
    ce_status status = cei_paths_resolve(paths, &found);
    if (status != CE_OK) {
        assert_int_equal(found.count, 0);
        assert_null(found.files);
        snprintf(text, sizeof text, "%s: %s", ce_status_text(status), ce_last_error());
    } else {
        size_t used = 0, root = strlen(test_path(""));
        uint64_t bytes = 0;
        text[0] = '\0';
        for (size_t i = 0; i < found.count; i++) {
            used += (size_t)snprintf(text + used, sizeof text - used, "%s:%llu ", found.files[i].path + root + 1,
                                     (unsigned long long)found.files[i].bytes);
            bytes += found.files[i].bytes;
        }
        assert_int_equal(bytes, found.bytes);
    }
    cei_found_files_close(&found);
    return text;
}

/* As found_by, for a pattern with % for the folder. */
static char *found_in(const char *pattern)
{
    static char paths[8192];
    size_t used = 0;
    for (; *pattern; pattern++) {
        const char plain[] = {*pattern, '\0'};
        used += (size_t)snprintf(paths + used, sizeof paths - used, "%s", *pattern == '%' ? test_path("") : plain);
    }
    return found_by(paths);
}

static void expect_sentence(const char *got, const char *status, const char *format)
{
    char want[4096];
    snprintf(want, sizeof want, format, test_path(""));
    if (strncmp(got, status, strlen(status)) != 0 || !strstr(got, want)) {
        fail_msg("got \"%s\", wanted %s: ...%s...", got, status, want);
    }
}

static int make_files(void **state)
{
    (void)state;
    test_text_file("d/b.txt", "b\n");
    test_text_file("d/a.txt", "");
    test_text_file("d/c.log", "ccc");
    test_text_file("d/_SUCCESS", "no");
    test_text_file("d/.hidden", "no");
    test_text_file("d/sub/deep.txt", "deep");
    test_text_file("e/z", "1234");
    test_text_file("e/a[1].txt", "12");
    test_text_file("e/a1.txt", "1");
    test_text_file("e/one,two", "12345");
    test_folder("empty");
    return 0;
}

static void a_file_is_itself_even_when_its_name_is_a_hidden_one(void **state)
{
    (void)state;
    assert_string_equal(found_in("%/d/c.log"), "d/c.log:3 ");
    assert_string_equal(found_in("%/d/_SUCCESS"), "d/_SUCCESS:2 ");
    assert_string_equal(found_in("%/d/.hidden"), "d/.hidden:2 ");
}

static void a_directory_is_its_files_by_name_without_hidden_ones_and_subdirectories(void **state)
{
    (void)state;
    assert_string_equal(found_in("%/d"), "d/a.txt:0 d/b.txt:2 d/c.log:3 ");
    assert_string_equal(found_in("%/d/"), "d/a.txt:0 d/b.txt:2 d/c.log:3 ");
    assert_string_equal(found_in("%/empty"), "");
}

static void a_glob_matches_files_and_the_files_of_directories(void **state)
{
    (void)state;
    assert_string_equal(found_in("%/d/*.txt"), "d/a.txt:0 d/b.txt:2 ");
    assert_string_equal(found_in("%/d/?.{log,txt}"), "d/a.txt:0 d/b.txt:2 d/c.log:3 ");
    assert_string_equal(found_in("%/d/[b-c]*"), "d/b.txt:2 d/c.log:3 ");
    assert_string_equal(found_in("%/e*"), "e/a1.txt:1 e/a[1].txt:2 e/one,two:5 e/z:4 ");
    assert_string_equal(found_in("%/d/*"), "d/a.txt:0 d/b.txt:2 d/c.log:3 d/sub/deep.txt:4 ");
    assert_string_equal(found_in("%/empt*"), "");
}

static void commas_separate_paths_but_not_inside_braces(void **state)
{
    (void)state;
    assert_string_equal(found_in("%/e/z,%/d/*.log"), "e/z:4 d/c.log:3 ");
    assert_string_equal(found_in("%/e/z,%/d/{a,b}.txt,%/e/z"), "e/z:4 d/a.txt:0 d/b.txt:2 e/z:4 ");
}

static void what_exists_as_written_is_meant_as_written(void **state)
{
    (void)state;
    assert_string_equal(found_in("%/e/a[1].txt"), "e/a[1].txt:2 ");
    assert_string_equal(found_in("%/e/one,two"), "e/one,two:5 ");
    assert_string_equal(found_in("%/e/a[12].txt"), "e/a1.txt:1 ");
}

static void paths_that_mean_nothing_are_named(void **state)
{
    (void)state;
    expect_sentence(found_in("%/nothing"), "not found", "Input path does not exist: %s/nothing");
    expect_sentence(found_in("%/e/z,%/nothing"), "not found", "Input path does not exist: %s/nothing");
    expect_sentence(found_in("%/no*"), "not found", "Input path pattern %s/no* matches no files");
    expect_sentence(found_in("%/d/_*"), "not found", "Input path pattern %s/d/_* matches no files");
    expect_sentence(found_in("%/e/z,,%/e/z"), "invalid argument", "the path between two commas is empty");
    expect_sentence(found_by(""), "invalid argument", "the path is empty");
    expect_sentence(found_in("%/e/z/below"), "input or output failed", "%s/e/z/below: cannot look up: Not a directory");
}

static void a_pipe_is_no_file_and_a_dangling_link_is_left_out(void **state)
{
    (void)state;
    test_text_file("odd/file", "1");
    assert_int_equal(mkfifo(test_path("odd/pipe"), 0600), 0);
    assert_int_equal(symlink("/nowhere/at/all", test_path("odd/link")), 0);
    assert_int_equal(symlink("file", test_path("odd/other")), 0);
    assert_string_equal(found_in("%/odd"), "odd/file:1 odd/other:1 ");
    expect_sentence(found_in("%/odd/pipe"), "not supported", "%s/odd/pipe: is neither a file nor a directory");
}

static void every_failing_call_is_reported_and_leaves_nothing(void **state)
{
    (void)state;
    char paths[4096];
    snprintf(paths, sizeof paths, "%s/d,%s/e/*,%s/e/z", test_path(""), test_path(""), test_path(""));
    for (unsigned kind = 1; kind <= 2; kind++) {
        bool delivered = true;
        for (int64_t nth = 1; delivered; nth++) {
            cei_found_files found;
            cei_fault_arm(nth, kind);
            ce_status status = cei_paths_resolve(paths, &found);
            delivered = cei_fault_delivered();
            cei_fault_arm(0, kind);
            bool allowed = status == CE_OK || status == (kind == CEI_FAULT_ALLOCATION ? CE_MEMORY : CE_IO);
            assert_true(allowed);
            assert_int_equal(found.count, status == CE_OK ? 8 : 0);
            cei_found_files_close(&found);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_itself_even_when_its_name_is_a_hidden_one),
        cmocka_unit_test(a_directory_is_its_files_by_name_without_hidden_ones_and_subdirectories),
        cmocka_unit_test(a_glob_matches_files_and_the_files_of_directories),
        cmocka_unit_test(commas_separate_paths_but_not_inside_braces),
        cmocka_unit_test(what_exists_as_written_is_meant_as_written),
        cmocka_unit_test(paths_that_mean_nothing_are_named),
        cmocka_unit_test(a_pipe_is_no_file_and_a_dangling_link_is_left_out),
        cmocka_unit_test(every_failing_call_is_reported_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, make_files, NULL);
}
