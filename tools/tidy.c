/*
 * tidy [ROOT]: checks the tree at ROOT (the current folder) against the rules of STYLE.md that a program can check.
 *
 * Prints one line per finding and exits with 1 when there is one, with 2 when it cannot read the tree. The rules are in
 * tidy_rules.c; here are the walk and the files.
 */
#include "tidy_rules.h"
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct paths {
    char **at;
    size_t count, room;
};

static void die(const char *path)
{
    fprintf(stderr, "tidy: %s: %s\n", path, strerror(errno));
    exit(2);
}

static void add_path(struct paths *paths, const char *path)
{
    if (paths->count == paths->room) {
        paths->room = paths->room ? 2 * paths->room : 256;
        paths->at = realloc(paths->at, paths->room * sizeof *paths->at);
        if (!paths->at) {
            die(path);
        }
    }
    paths->at[paths->count] = strdup(path);
    if (!paths->at[paths->count++]) {
        die(path);
    }
}

/* Adds the regular files below folder, by name. Hidden ones and symbolic links are none of the tree's text. */
static void walk(struct paths *paths, const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    if (count < 0 && errno == ENOENT) {
        return;
    }
    if (count < 0) {
        die(folder);
    }
    for (int i = 0; i < count; i++) {
        char path[4096];
        struct stat info;
        int bytes = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        bool hidden = entries[i]->d_name[0] == '.';
        free(entries[i]);
        if (hidden) {
            continue;
        }
        if (bytes >= (int)sizeof path) {
            errno = ENAMETOOLONG;
            die(folder);
        }
        if (lstat(path, &info) != 0) {
            die(path);
        }
        if (S_ISDIR(info.st_mode)) {
            walk(paths, path);
        } else if (S_ISREG(info.st_mode)) {
            add_path(paths, path);
        }
    }
    free(entries);
}

/* The file's bytes with a NUL behind; a NUL among them ends the text. The caller frees it. */
static char *read_text(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t room = 0;
    if (!file) {
        die(path);
    }
    ssize_t bytes = getdelim(&text, &room, '\0', file);
    if (bytes < 0 && ferror(file)) {
        die(path);
    }
    fclose(file);
    if (bytes < 0) { /* an empty file */
        free(text);
        text = strdup("");
    }
    if (!text) {
        die(path);
    }
    return text;
}

int main(int argc, char **argv)
{
    static const char *const folders[] = {"src", "include", "cli", "examples", "tests", "bench", "tools", "script"};
    static const char layers_path[] = "tools/layers.txt", untested_path[] = "tools/untested.txt";

    if (argc > 1 && chdir(argv[1]) != 0) {
        die(argv[1]);
    }
    struct paths paths = {0};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        walk(&paths, folders[i]);
    }

    tidy_report report = {.out = stdout};
    tidy_layers layers;
    char *text = read_text(layers_path);
    tidy_layers_parse(&layers, &report, layers_path, text);
    free(text);

    size_t checked = 0;
    for (size_t i = 0; i < paths.count; i++) {
        if (tidy_is_checked(paths.at[i])) {
            text = read_text(paths.at[i]);
            tidy_check_file(&report, &layers, paths.at[i], text);
            free(text);
            checked++;
        }
    }
    text = read_text(untested_path);
    tidy_check_tested(&report, paths.at, paths.count, untested_path, text);
    free(text);

    for (size_t i = 0; i < paths.count; i++) {
        free(paths.at[i]);
    }
    free(paths.at);
    printf("tidy: %zu files, %zu findings\n", checked, report.findings);
    return report.findings ? 1 : 0;
}
