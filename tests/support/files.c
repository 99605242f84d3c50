/*
 * files.c: the folder of a test program, by the C library alone, so that faults meant for the library under test do
 * not hit the test.
 */
#include "support/files.h"
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* clang-format off: cmocka needs this order */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
/* clang-format on */

enum { PATHS_MAX = 4096 };

static char folder[512];
static char *paths[PATHS_MAX];
static size_t path_count;

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    for (size_t i = 0; i < path_count; i++) {
        free(paths[i]);
    }
}

const char *test_path(const char *name)
{
    if (!folder[0]) {
        const char *parent = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/cerium-test-XXXXXX", parent && *parent ? parent : "/tmp");
        if (!mkdtemp(folder)) {
            fail_msg("%s: cannot create", folder);
        }
        atexit(remove_folder);
    }
    char path[4096];
    snprintf(path, sizeof path, *name ? "%s/%s" : "%s", folder, name);
    for (size_t i = 0; i < path_count; i++) {
        if (strcmp(paths[i], path) == 0) {
            return paths[i];
        }
    }
    assert_true(path_count < PATHS_MAX);
    return paths[path_count++] = strdup(path);
}

static void make_folders(const char *path)
{
    char partial[4096];
    snprintf(partial, sizeof partial, "%s", path);
    for (char *at = partial + strlen(folder) + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        if (mkdir(partial, 0777) != 0 && errno != EEXIST) {
            fail_msg("%s: cannot create", partial);
        }
        *at = '/';
    }
}

const char *test_file(const char *name, const void *bytes, size_t count)
{
    const char *path = test_path(name);
    make_folders(path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
    return path;
}

const char *test_text_file(const char *name, const char *text)
{
    return test_file(name, text, strlen(text));
}

const char *test_folder(const char *name)
{
    const char *path = test_path(name);
    make_folders(path);
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        fail_msg("%s: cannot create", path);
    }
    return path;
}

void test_remove(const char *name)
{
    nftw(test_path(name), remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

bool test_exists(const char *name)
{
    struct stat info;
    return lstat(test_path(name), &info) == 0;
}

char *test_content(const char *name, size_t *count)
{
    FILE *file = fopen(test_path(name), "rb");
    if (!file) {
        fail_msg("%s: cannot open", test_path(name));
    }
    size_t room = 1 << 16, used = 0, got;
    char *content = malloc(room);
    while ((got = fread(content + used, 1, room - used - 1, file)) > 0) {
        used += got;
        if (used + 1 == room) {
            content = realloc(content, room *= 2);
        }
    }
    fclose(file);
    content[used] = '\0';
    if (count) {
        *count = used;
    }
    return content;
}

static int is_name(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

char *test_listing(const char *name)
{
    struct dirent **entries;
    int entry_count = scandir(test_path(name), &entries, is_name, by_bytes);
    if (entry_count < 0) {
        fail_msg("%s: cannot list", test_path(name));
    }
    char *listing = NULL;
    size_t bytes;
    FILE *out = open_memstream(&listing, &bytes);
    for (int i = 0; i < entry_count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", name, entries[i]->d_name);
        struct stat info;
        bool is_file = lstat(test_path(path), &info) == 0 && S_ISREG(info.st_mode);
        char *content = is_file ? test_content(path, NULL) : strdup("(no file)");
        fprintf(out, "%s=%s;", entries[i]->d_name, content);
        free(content);
        free(entries[i]);
    }
    free(entries);
    fclose(out);
    return listing;
}
