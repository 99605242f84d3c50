/*
 * file_test.c: files and directories in a fresh temporary directory, and every failure that the system can answer with.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/memory.h"
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

enum { PATH_BYTES = 512 };

static char root[PATH_BYTES];

static int make_root(void **state)
{
    (void)state;
    return cei_temp_directory(root, sizeof root) == CE_OK ? 0 : -1;
}

static int remove_root(void **state)
{
    (void)state;
    cei_fault_arm(0, 0);
    return cei_remove_tree(root) == CE_OK ? 0 : -1;
}

/* root/name, in one of four places that take turns. */
static const char *in_root(const char *name)
{
    static char paths[4][2 * PATH_BYTES];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

static void put(const char *name, const char *text)
{
    assert_int_equal(cei_write_file(in_root(name), text, strlen(text)), CE_OK);
}

static void assert_content(const char *name, const char *text)
{
    char *content;
    size_t bytes;
    assert_int_equal(cei_read_file(in_root(name), &content, &bytes), CE_OK);
    assert_string_equal(content, text);
    assert_int_equal(bytes, strlen(text));
    cei_free(content);
}

static int open_fd_count(void)
{
    DIR *directory = opendir("/proc/self/fd");
    assert_non_null(directory);
    int count = 0;
    while (readdir(directory)) {
        count++;
    }
    (void)closedir(directory);
    return count;
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    const char *path = in_root("data");
    cei_file file;
    char text[16];
    size_t got;
    assert_int_equal(cei_file_create(&file, path), CE_OK);
    assert_int_equal(cei_file_write(&file, "hello ", 6), CE_OK);
    assert_int_equal(cei_file_write(&file, "world", 5), CE_OK);
    assert_int_equal(cei_file_write(&file, NULL, 0), CE_OK);
    assert_int_equal(cei_file_sync(&file), CE_OK);
    assert_int_equal(cei_file_close(&file), CE_OK);
    assert_int_equal(file.fd, -1);
    assert_int_equal(cei_file_close(&file), CE_OK);
    cei_file_discard(&file);
    assert_int_equal(cei_file_open_read(&file, path), CE_OK);
    assert_int_equal(cei_file_read_at(&file, text, 5, 6, &got), CE_OK);
    assert_int_equal(got, 5);
    assert_memory_equal(text, "world", 5);
    assert_int_equal(cei_file_read_at(&file, text, 10, 8, &got), CE_OK);
    assert_int_equal(got, 3);
    assert_int_equal(cei_file_read_at(&file, text, 10, 100, &got), CE_OK);
    assert_int_equal(got, 0);
    assert_int_equal(cei_file_read(&file, text, 16, &got), CE_OK);
    assert_int_equal(got, 11);
    assert_int_equal(cei_file_read(&file, text, 16, &got), CE_OK);
    assert_int_equal(got, 0);
    cei_file_discard(&file);
}

static void creating_truncates_and_creating_new_refuses(void **state)
{
    (void)state;
    cei_file file;
    put("data", "something long");
    assert_int_equal(cei_file_create_new(&file, in_root("data")), CE_EXISTS);
    assert_int_equal(file.fd, -1);
    assert_content("data", "something long");
    assert_int_equal(cei_file_create(&file, in_root("data")), CE_OK);
    assert_int_equal(cei_file_close(&file), CE_OK);
    assert_content("data", "");
    assert_int_equal(cei_file_create_new(&file, in_root("new")), CE_OK);
    assert_int_equal(cei_file_close(&file), CE_OK);
    assert_content("new", "");
}

static void a_failure_names_the_path_and_the_reason(void **state)
{
    (void)state;
    cei_file file;
    char expected[2 * PATH_BYTES];
    assert_int_equal(cei_file_open_read(&file, in_root("none")), CE_NOT_FOUND);
    (void)snprintf(expected, sizeof expected, "%s/none: cannot open: No such file or directory", root);
    assert_string_equal(ce_last_error(), expected);
    assert_int_equal(cei_file_open_read(&file, root), CE_IO);
    (void)snprintf(expected, sizeof expected, "%s: cannot open: is a directory", root);
    assert_string_equal(ce_last_error(), expected);
    assert_int_equal(file.fd, -1);
    assert_int_equal(cei_file_create(&file, in_root("none/data")), CE_NOT_FOUND);
    assert_int_equal(cei_file_create(&file, root), CE_IO);
}

static void a_full_device_is_no_space(void **state)
{
    (void)state;
    cei_file file;
    if (access("/dev/full", W_OK) != 0) {
        skip();
    }
    assert_int_equal(cei_file_create(&file, "/dev/full"), CE_OK);
    assert_int_equal(cei_file_write(&file, "x", 1), CE_NO_SPACE);
    cei_file_discard(&file);
}

static void a_pipe_without_a_reader_is_an_error_and_no_signal(void **state)
{
    (void)state;
    int ends[2];
    sigset_t pending;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(close(ends[0]), 0);
    cei_file file = {.fd = ends[1], .path = "the pipe"};
    assert_int_equal(cei_file_write(&file, "x", 1), CE_IO);
    assert_string_equal(ce_last_error(), "the pipe: cannot write: Broken pipe");
    assert_int_equal(sigpending(&pending), 0);
    assert_false(sigismember(&pending, SIGPIPE));
    cei_file_discard(&file);
}

static void a_thread_that_blocks_the_pipe_signal_gets_the_error_too(void **state)
{
    (void)state;
    int ends[2];
    sigset_t blocked, before;
    const struct timespec at_once = {0};
    assert_int_equal(sigemptyset(&blocked), 0);
    assert_int_equal(sigaddset(&blocked, SIGPIPE), 0);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &blocked, &before), 0);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(close(ends[0]), 0);
    cei_file file = {.fd = ends[1], .path = "the pipe"};
    const ce_status status = cei_file_write(&file, "x", 1);
    cei_file_discard(&file);
    (void)sigtimedwait(&blocked, NULL, &at_once);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    assert_int_equal(status, CE_IO);
}

static void information_tells_kind_size_and_time(void **state)
{
    (void)state;
    cei_file_info info;
    put("data", "12345");
    assert_int_equal(cei_path_info(in_root("data"), &info), CE_OK);
    assert_true(info.is_regular && !info.is_directory);
    assert_int_equal(info.bytes, 5);
    assert_true(info.inode != 0);
    const int64_t age_ms = cei_clock_wall_ms() - info.modified_ns / 1000000;
    assert_true(age_ms > -1000 && age_ms < 60000);
    assert_int_equal(cei_path_info(root, &info), CE_OK);
    assert_true(info.is_directory && !info.is_regular);
    assert_int_equal(cei_path_info(in_root("none"), &info), CE_NOT_FOUND);
    assert_false(info.is_directory || info.is_regular);
    assert_true(cei_path_exists(root));
    assert_false(cei_path_exists(in_root("none")));
}

static void renaming_replaces_a_file_and_refuses_a_filled_directory(void **state)
{
    (void)state;
    put("old", "new content");
    put("kept", "old content");
    assert_int_equal(cei_rename(in_root("old"), in_root("kept")), CE_OK);
    assert_content("kept", "new content");
    assert_int_equal(cei_rename(in_root("none"), in_root("kept")), CE_NOT_FOUND);
    assert_int_equal(cei_make_directory(in_root("empty")), CE_OK);
    assert_int_equal(cei_make_directory(in_root("filled")), CE_OK);
    put("filled/data", "x");
    assert_int_equal(cei_rename(in_root("empty"), in_root("filled")), CE_EXISTS);
}

static void removing_takes_files_and_empty_directories(void **state)
{
    (void)state;
    put("data", "x");
    assert_int_equal(cei_remove(in_root("data")), CE_OK);
    assert_int_equal(cei_remove(in_root("data")), CE_NOT_FOUND);
    assert_int_equal(cei_make_directory(in_root("dir")), CE_OK);
    put("dir/data", "x");
    assert_int_equal(cei_remove(in_root("dir")), CE_IO);
    assert_int_equal(cei_remove(in_root("dir/data")), CE_OK);
    assert_int_equal(cei_remove(in_root("dir")), CE_OK);
    assert_false(cei_path_exists(in_root("dir")));
}

static void a_tree_is_removed_and_links_are_not_followed(void **state)
{
    (void)state;
    assert_int_equal(cei_make_directories(in_root("tree/a/b/c")), CE_OK);
    assert_int_equal(cei_make_directory(in_root("outside")), CE_OK);
    put("outside/data", "safe");
    put("tree/data", "x");
    put("tree/a/b/.hidden", "x");
    assert_int_equal(symlink(in_root("outside"), in_root("tree/a/link")), 0);
    assert_int_equal(symlink("/nowhere", in_root("tree/dangling")), 0);
    assert_int_equal(cei_remove_tree(in_root("tree")), CE_OK);
    assert_false(cei_path_exists(in_root("tree")));
    assert_content("outside/data", "safe");
    assert_int_equal(cei_remove_tree(in_root("tree")), CE_OK);
    assert_int_equal(symlink(in_root("outside"), in_root("link")), 0);
    assert_int_equal(cei_remove_tree(in_root("link")), CE_OK);
    assert_content("outside/data", "safe");
    put("file", "x");
    assert_int_equal(cei_remove_tree(in_root("file/below")), CE_IO);
    assert_int_equal(cei_remove_tree(in_root("file")), CE_OK);
    assert_false(cei_path_exists(in_root("file")));
}

static void directories_are_made_with_their_parents(void **state)
{
    (void)state;
    assert_int_equal(cei_make_directories(in_root("a//b/c/")), CE_OK);
    assert_int_equal(cei_make_directories(in_root("a/b/c")), CE_OK);
    assert_true(cei_path_exists(in_root("a/b/c")));
    assert_int_equal(cei_make_directory(in_root("a")), CE_EXISTS);
    assert_int_equal(cei_make_directory(in_root("x/y")), CE_NOT_FOUND);
    put("file", "x");
    assert_int_equal(cei_make_directories(in_root("file")), CE_EXISTS);
    assert_int_equal(cei_make_directories(in_root("file/below")), CE_EXISTS);
    assert_int_equal(cei_make_directories("/"), CE_OK);
}

static void a_temporary_directory_is_fresh_and_below_tmpdir(void **state)
{
    (void)state;
    const char *kept = getenv("TMPDIR");
    char before[PATH_BYTES] = "", first[2 * PATH_BYTES], second[2 * PATH_BYTES];
    (void)snprintf(before, sizeof before, "%s", kept ? kept : "");
    assert_int_equal(setenv("TMPDIR", root, 1), 0);
    assert_int_equal(cei_temp_directory(first, sizeof first), CE_OK);
    assert_int_equal(cei_temp_directory(second, sizeof second), CE_OK);
    assert_string_not_equal(first, second);
    assert_memory_equal(first, root, strlen(root));
    assert_int_equal(cei_temp_directory(first, 10), CE_INVALID);
    assert_int_equal(setenv("TMPDIR", in_root("none"), 1), 0);
    assert_int_equal(cei_temp_directory(first, sizeof first), CE_NOT_FOUND);
    assert_int_equal(setenv("TMPDIR", "", 1), 0);
    assert_int_equal(cei_temp_directory(first, sizeof first), CE_OK);
    assert_memory_equal(first, "/tmp/cerium-", 12);
    assert_int_equal(cei_remove(first), CE_OK);
    assert_int_equal(kept ? setenv("TMPDIR", before, 1) : unsetenv("TMPDIR"), 0);
}

static void a_file_of_any_length_is_read_whole(void **state)
{
    (void)state;
    static char text[20001];
    for (size_t bytes = 0; bytes < sizeof text; bytes = bytes * 3 + 1) {
        memset(text, 'z', bytes);
        text[bytes] = '\0';
        put("data", text);
        assert_content("data", text);
    }
    char *content;
    size_t bytes;
    assert_int_equal(cei_read_file("/proc/self/status", &content, &bytes), CE_OK);
    assert_true(bytes > 0 && strlen(content) == bytes);
    cei_free(content);
    assert_int_equal(cei_read_file(in_root("none"), &content, &bytes), CE_NOT_FOUND);
    assert_null(content);
}

static void a_file_that_tells_no_length_is_read_whole(void **state)
{
    (void)state;
    char *content;
    size_t bytes;
    assert_int_equal(cei_read_file("/proc/self/smaps", &content, &bytes), CE_OK); /* longer than the first room */
    assert_true(bytes > 4096 && strlen(content) == bytes);
    cei_free(content);
}

static void a_failed_replacement_leaves_the_old_content(void **state)
{
    (void)state;
    put("data", "old");
    for (int64_t nth = 1;; nth++) {
        cei_fault_arm(nth, CEI_FAULT_ALLOCATION | CEI_FAULT_SYSTEM_CALL);
        const ce_status status = cei_write_file(in_root("data"), "new", 3);
        const bool delivered = cei_fault_delivered();
        cei_fault_arm(0, 0);
        char **names;
        size_t count;
        assert_int_equal(cei_list_directory(root, &names, &count), CE_OK);
        assert_int_equal(count, 1); /* no temporary file is left */
        cei_free(names);
        if (!delivered) {
            assert_int_equal(status, CE_OK);
            break;
        }
        assert_int_not_equal(status, CE_OK);
        assert_content("data", "old");
    }
    assert_content("data", "new");
    assert_int_equal(cei_write_file(in_root("none/data"), "x", 1), CE_NOT_FOUND);
    assert_int_equal(chdir(root), 0);
    assert_int_equal(cei_write_file("relative", "x", 1), CE_OK);
    assert_content("relative", "x");
    assert_int_equal(chdir("/"), 0);
}

static void a_directory_lists_its_names_sorted_by_byte(void **state)
{
    (void)state;
    char **names;
    size_t count;
    assert_int_equal(cei_list_directory(root, &names, &count), CE_OK);
    assert_int_equal(count, 0);
    assert_null(names[0]);
    cei_free(names);
    static const char *const expected[] = {".hidden", "A", "_x", "a", "b1", "b10", "b2", "\xC3\xA9"};
    for (int index = 7; index >= 0; index--) {
        put(expected[index], "");
    }
    assert_int_equal(cei_list_directory(root, &names, &count), CE_OK);
    assert_int_equal(count, 8);
    for (size_t index = 0; index < 8; index++) {
        assert_string_equal(names[index], expected[index]);
    }
    assert_null(names[8]);
    cei_free(names);
    assert_int_equal(cei_list_directory(in_root("none"), &names, &count), CE_NOT_FOUND);
    assert_null(names);
    assert_int_equal(cei_list_directory(in_root("A"), &names, &count), CE_IO);
}

/* Asserts that pattern matches the names, which are separated by blanks. */
static void assert_matches(const char *pattern, const char *expected)
{
    char **paths, joined[2 * PATH_BYTES] = "";
    size_t count, length = 0;
    assert_int_equal(cei_glob(in_root(pattern), &paths, &count), CE_OK);
    for (size_t index = 0; index < count; index++) {
        length += (size_t)snprintf(joined + length, sizeof joined - length, "%s%s", index ? " " : "",
                                   paths[index] + strlen(root) + 1);
    }
    assert_null(paths[count]);
    cei_free(paths);
    assert_string_equal(joined, expected);
}

static void a_glob_matches_sorted_paths(void **state)
{
    (void)state;
    static const char *const names[] = {"b1", "a1", "a2", "a10", "B1", "c", ".a1"};
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
        put(names[index], "");
    }
    assert_int_equal(cei_make_directories(in_root("d/e")), CE_OK);
    put("d/e/f", "");
    assert_matches("*", "B1 a1 a10 a2 b1 c d");
    assert_matches("a?", "a1 a2");
    assert_matches("[ab]1", "a1 b1");
    assert_matches("{b1,a*}", "a1 a10 a2 b1");
    assert_matches("*/*/f", "d/e/f");
    assert_matches("c", "c");
    assert_matches("none", "");
    assert_matches("none*", "");
    assert_matches("{x,y}", "");
}

static ce_status each_call(int call)
{
    cei_file file = {.fd = -1};
    cei_file_info info;
    char text[8], **names = NULL, *content = NULL;
    char path[2 * PATH_BYTES];
    size_t got;
    ce_status status = CE_OK;
    switch (call) {
    case 0:
        status = cei_file_open_read(&file, in_root("data"));
        if (status == CE_OK) {
            status = cei_file_read(&file, text, 8, &got);
        }
        if (status == CE_OK) {
            status = cei_file_read_at(&file, text, 8, 0, &got);
        }
        if (status == CE_OK) {
            status = cei_file_close(&file);
        }
        cei_file_discard(&file);
        return status;
    case 1:
        status = cei_file_create(&file, in_root("data"));
        if (status == CE_OK) {
            status = cei_file_write(&file, "text", 4);
        }
        if (status == CE_OK) {
            status = cei_file_sync(&file);
        }
        if (status == CE_OK) {
            status = cei_file_close(&file);
        }
        cei_file_discard(&file);
        return status;
    case 2:
        return cei_path_info(in_root("data"), &info);
    case 3:
        return cei_path_exists(in_root("data")) ? CE_OK : CE_NOT_FOUND;
    case 4:
        status = cei_read_file(in_root("data"), &content, &got);
        break;
    case 5:
        status = cei_list_directory(root, &names, &got);
        break;
    case 6:
        status = cei_glob(in_root("*"), &names, &got);
        break;
    case 7:
        return cei_rename(in_root("data"), in_root("data"));
    case 8:
        return cei_make_directories(in_root("made/below"));
    case 9:
        return cei_remove_tree(in_root("made"));
    case 10:
        return cei_make_directory(in_root("one"));
    case 11:
        return cei_remove(in_root("one"));
    default:
        status = cei_temp_directory(path, sizeof path);
        return status == CE_OK ? cei_remove(path) : status;
    }
    cei_free(content);
    cei_free(names);
    return status;
}

static void every_refusal_of_the_system_is_reported_and_nothing_is_leaked(void **state)
{
    (void)state;
    put("data", "text");
    const int before = open_fd_count();
    for (int call = 0; call <= 12; call++) {
        for (int64_t nth = 1;; nth++) {
            cei_error_set(NULL);
            cei_fault_arm(nth, CEI_FAULT_ALLOCATION | CEI_FAULT_SYSTEM_CALL);
            const ce_status status = each_call(call);
            const bool delivered = cei_fault_delivered();
            cei_fault_arm(0, 0);
            if (!delivered) {
                assert_int_equal(status, CE_OK);
                assert_true(nth > 1);
                break;
            }
            assert_int_not_equal(status, CE_OK);
            assert_true(call == 3 || strlen(ce_last_error()) > 0);
        }
        assert_int_equal(open_fd_count(), before);
    }
}

#define IN_ROOT(test) cmocka_unit_test_setup_teardown(test, make_root, remove_root)

/* The names in root, none of which a test below may see. */
static size_t count_names(void)
{
    char **names;
    size_t count;
    assert_int_equal(cei_list_directory(root, &names, &count), CE_OK);
    cei_free(names);
    return count;
}

static void a_file_without_a_name_is_written_at_any_place_and_read_back(void **state)
{
    (void)state;
    const int before = open_fd_count();
    for (int64_t fault = 0; fault <= 1; fault++) { /* 1: the file system has no such files */
        cei_file file;
        size_t got;
        char text[16];
        cei_fault_arm(fault, CEI_FAULT_SYSTEM_CALL);
        assert_int_equal(cei_file_create_unnamed(&file, root), CE_OK);
        cei_fault_arm(0, 0);
        assert_int_equal(count_names(), 0);
        struct iovec parts[] = {{"wor", 3}, {"", 0}, {"ld", 2}}, first[] = {{"hello ", 6}};
        assert_int_equal(cei_file_write_at(&file, parts, 3, 6), CE_OK);
        assert_int_equal(cei_file_write_at(&file, first, 1, 0), CE_OK);
        cei_file_will_read(&file, 0, 11);
        assert_int_equal(cei_file_read_at(&file, text, sizeof text, 0, &got), CE_OK);
        assert_int_equal(got, 11);
        assert_memory_equal(text, "hello world", 11);
        cei_file_discard(&file);
        assert_int_equal(open_fd_count(), before);
    }
}

static void a_file_without_a_name_says_what_fails(void **state)
{
    (void)state;
    cei_file file;
    assert_int_equal(cei_file_create_unnamed(&file, in_root("missing")), CE_NOT_FOUND);
    assert_non_null(strstr(ce_last_error(), root));
    assert_non_null(strstr(ce_last_error(), "cannot create"));
    cei_file_discard(&file);
    assert_int_equal(cei_file_create_unnamed(&file, root), CE_OK);
    cei_fault_arm(1, CEI_FAULT_SYSTEM_CALL);
    struct iovec parts[] = {{"wor", 3}};
    assert_int_equal(cei_file_write_at(&file, parts, 1, 17), CE_IO);
    assert_non_null(strstr(ce_last_error(), "cannot write at byte 17"));
    cei_fault_arm(1, CEI_FAULT_SYSTEM_CALL);
    cei_file_will_read(&file, 0, 11); /* a hint that is not taken is no failure */
    assert_true(cei_fault_delivered());
    cei_file_discard(&file);
    assert_int_equal(count_names(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ROOT(what_is_written_is_read_back),
        IN_ROOT(creating_truncates_and_creating_new_refuses),
        IN_ROOT(a_failure_names_the_path_and_the_reason),
        IN_ROOT(a_full_device_is_no_space),
        IN_ROOT(a_pipe_without_a_reader_is_an_error_and_no_signal),
        IN_ROOT(a_thread_that_blocks_the_pipe_signal_gets_the_error_too),
        IN_ROOT(information_tells_kind_size_and_time),
        IN_ROOT(renaming_replaces_a_file_and_refuses_a_filled_directory),
        IN_ROOT(removing_takes_files_and_empty_directories),
        IN_ROOT(a_tree_is_removed_and_links_are_not_followed),
        IN_ROOT(directories_are_made_with_their_parents),
        IN_ROOT(a_temporary_directory_is_fresh_and_below_tmpdir),
        IN_ROOT(a_file_of_any_length_is_read_whole),
        IN_ROOT(a_file_that_tells_no_length_is_read_whole),
        IN_ROOT(a_failed_replacement_leaves_the_old_content),
        IN_ROOT(a_directory_lists_its_names_sorted_by_byte),
        IN_ROOT(a_glob_matches_sorted_paths),
        IN_ROOT(every_refusal_of_the_system_is_reported_and_nothing_is_leaked),
        IN_ROOT(a_file_without_a_name_is_written_at_any_place_and_read_back),
        IN_ROOT(a_file_without_a_name_says_what_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
