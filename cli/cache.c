/*
 * cache.c: compiled programs, kept by what they were made of.
 *
 * The key stands for everything that is known before compiling: the source, the compiler, the flags. Which headers were
 * read is known only afterwards, so a record beside the object lists them, and a find looks whether they are the same
 * still: those of the system by size and time, the user's own by content.
 *
 *     KEY.record   "cerium-cache 1", "object KEY-HEADERS.so", then a line a file: "content HASH PATH" or
 *                  "stat MTIME_NS BYTES PATH"
 *     KEY-*.so     the object; its name changes with the headers, so a record never names an object of another state
 *     new-*        being made; renamed when complete, so that nobody sees half a file
 */
#include "cli.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    RECORDS_MAX = 256,      /* a program is some 50 KiB with its debug information, so 13 MiB or so */
    NEW_SECONDS_MAX = 3600, /* what is older than this is left from a run that was killed */
};

static const char first_line[] = "cerium-cache 1\n";

/* ---- where ---- */

char *cli_cache_directory(void)
{
    const char *own = getenv("CERIUM_CACHE"), *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (own && *own) {
        return cli_printf("%s", own);
    }
    if (cache && *cache == '/') { /* the specification says that a relative path is ignored */
        return cli_printf("%s/cerium", cache);
    }
    return home && *home ? cli_printf("%s/.cache/cerium", home) : NULL;
}

bool cli_cache_create(const char *directory)
{
    char *path = cli_printf("%s", directory);
    for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        (void)mkdir(path, 0777); /* whether it worked is seen at the last one */
        *slash = '/';
    }
    (void)mkdir(path, 0700); /* what is in it is loaded as code: nobody else writes here */
    free(path);
    struct stat info;
    return stat(directory, &info) == 0 && S_ISDIR(info.st_mode) && access(directory, W_OK | X_OK) == 0;
}

/* ---- files that went into an object ---- */

static int64_t mtime_ns(const struct stat *info)
{
    return (int64_t)info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec;
}

/* Installed headers are many, and change with their time. */
static bool is_of_the_system(const char *path)
{
    return strncmp(path, "/usr/", 5) == 0;
}

/* Appends the line of a file. false: it cannot be looked at, or its name does not fit into a line. */
static bool describe_file(cli_text *record, const char *path, int64_t *changed_ns)
{
    struct stat info;
    if (stat(path, &info) != 0 || strchr(path, '\n')) {
        return false;
    }
    *changed_ns = mtime_ns(&info);
    if (is_of_the_system(path)) {
        cli_text_printf(record, "stat %" PRId64 " %lld %s\n", mtime_ns(&info), (long long)info.st_size, path);
        return true;
    }
    cli_text content = {0};
    bool read = cli_read_file(path, &content);
    if (read) {
        cli_text_printf(record, "content %s %s\n", cli_hash_bytes(content.bytes, content.count).digits, path);
    }
    cli_text_free(&content);
    return read;
}

/* ---- finding ---- */

/* Whether a line of a record would be the same if it was made now. */
static bool is_same(const char *line)
{
    const char *path = strchr(line, ' ');
    if (path && strncmp(line, "stat ", 5) == 0) {
        path = strchr(path + 1, ' ');
    }
    path = path ? strchr(path + 1, ' ') : NULL;
    if (!path) {
        return false;
    }
    cli_text now = {0};
    int64_t changed_ns;
    bool same = describe_file(&now, path + 1, &changed_ns) && now.count == strlen(line) + 1 &&
                memcmp(now.bytes, line, now.count - 1) == 0;
    cli_text_free(&now);
    return same;
}

/* Reads a record; the name of its object, with the other lines in *files. NULL: there is none, or it is no record. */
static char *read_record(const char *path, cli_text *text, char **files)
{
    if (!cli_read_file(path, text) || strncmp(text->bytes, first_line, sizeof first_line - 1) != 0) {
        return NULL;
    }
    char *line = text->bytes + sizeof first_line - 1, *end = strchr(line, '\n');
    if (!end || strncmp(line, "object ", 7) != 0) {
        return NULL;
    }
    *end = '\0';
    *files = end + 1;
    return strchr(line, '/') ? NULL : line + 7;
}

char *cli_cache_find(const char *directory, cli_hash key)
{
    char *path = cli_printf("%s/%s.record", directory, key.digits), *files = NULL, *object = NULL;
    cli_text text = {0};
    const char *name = read_record(path, &text, &files);
    bool same = name != NULL;
    for (char *line = files, *end; same && *line; line = end + 1) {
        end = strchr(line, '\n');
        if (!end) {
            same = false; /* cut */
            break;
        }
        *end = '\0';
        same = is_same(line);
    }
    if (same) {
        object = cli_printf("%s/%s", directory, name);
        same = access(object, R_OK) == 0;
    }
    if (same) {
        (void)utimensat(AT_FDCWD, path, NULL, 0); /* used now: the last one to be dropped */
    } else {
        free(object);
        object = NULL;
    }
    cli_text_free(&text);
    free(path);
    return object;
}

/* ---- dropping ---- */

typedef struct entry {
    char *path;
    int64_t used_ns;
} entry;

static int by_use(const void *a, const void *b)
{
    const entry *first = a, *second = b;
    return (first->used_ns > second->used_ns) - (first->used_ns < second->used_ns);
}

/* Removes the object that a record names, unless it is `but`. */
static void drop_object(const char *directory, const char *record, const char *but)
{
    cli_text text = {0};
    char *files;
    const char *name = read_record(record, &text, &files);
    char *object = name ? cli_printf("%s/%s", directory, name) : NULL;
    if (object && !(but && strcmp(object, but) == 0)) {
        (void)unlink(object);
    }
    free(object);
    cli_text_free(&text);
}

/* Drops the records that were not used for the longest time, and what killed runs have left. */
static void prune(const char *directory)
{
    DIR *list = opendir(directory);
    cli_text entries = {0};
    for (struct dirent *file; list && (file = readdir(list)) != NULL;) {
        struct stat info;
        const char *ending = strrchr(file->d_name, '.');
        bool is_record = ending && strcmp(ending, ".record") == 0, is_new = strncmp(file->d_name, "new-", 4) == 0;
        entry found = {.path = cli_printf("%s/%s", directory, file->d_name)};
        if ((is_record || is_new) && stat(found.path, &info) == 0) {
            found.used_ns = mtime_ns(&info);
            if (is_new && found.used_ns / 1000000000 < (int64_t)time(NULL) - NEW_SECONDS_MAX) {
                (void)unlink(found.path);
            } else if (is_record) {
                cli_text_add(&entries, &found, sizeof found);
                continue;
            }
        }
        free(found.path);
    }
    entry *all = (entry *)(void *)entries.bytes;
    const size_t count = entries.count / sizeof *all;
    if (count > RECORDS_MAX) {
        qsort(all, count, sizeof *all, by_use);
    }
    for (size_t index = 0; index < count; index++) {
        if (index + RECORDS_MAX < count) {
            drop_object(directory, all[index].path, NULL);
            (void)unlink(all[index].path);
        }
        free(all[index].path);
    }
    cli_text_free(&entries);
    if (list) {
        (void)closedir(list);
    }
}

/* ---- keeping ---- */

/* The next name of a make rule: blanks part names, a backslash keeps a blank or #, $$ is $. false at the end. */
static bool next_name(const char **at, cli_text *name)
{
    const char *from = *at;
    name->count = 0;
    for (;; from += 2) { /* blanks, and ends of lines that go on */
        from += strspn(from, " \t\r\n");
        if (from[0] != '\\' || from[1] != '\n') {
            break;
        }
    }
    for (; *from && !strchr(" \t\r\n", *from); from++) {
        if ((from[0] == '\\' && from[1] && strchr(" #", from[1])) || (from[0] == '$' && from[1] == '$')) {
            from++;
        } else if (from[0] == '\\' && from[1] == '\n') {
            break;
        }
        cli_text_add(name, from, 1);
    }
    *at = from;
    return name->count > 0;
}

/* The lines of all files behind "target:". */
static bool describe_files(cli_text *lines, const char *depends, int64_t started_ns)
{
    cli_text rule = {0}, name = {0};
    bool sound = cli_read_file(depends, &rule);
    const char *at = sound ? strstr(rule.bytes, ": ") : NULL;
    sound = at != NULL;
    for (at += sound ? 1 : 0; sound && next_name(&at, &name);) {
        int64_t changed_ns = 0;
        sound = describe_file(lines, name.bytes, &changed_ns) && changed_ns <= started_ns;
    }
    cli_text_free(&rule);
    cli_text_free(&name);
    return sound && lines->count > 0;
}

/* Writes a whole file under another name first. */
static bool write_record(const char *directory, const char *path, const cli_text *record)
{
    char *name = cli_printf("%s/new-XXXXXX", directory);
    int file = mkostemp(name, O_CLOEXEC);
    bool written = file >= 0 && write(file, record->bytes, record->count) == (ssize_t)record->count;
    written = file >= 0 && close(file) == 0 && written;
    written = written && rename(name, path) == 0;
    if (file >= 0 && !written) {
        (void)unlink(name);
    }
    free(name);
    return written;
}

/* Both names go to their places; the object first, because a record says that it is there. */
static bool keep_both(const char *directory, const char *object, const char *kept, const char *path,
                      const cli_text *record)
{
    if (rename(object, kept) != 0) {
        return false;
    }
    drop_object(directory, path, kept); /* that of another state of the headers */
    if (!write_record(directory, path, record)) {
        (void)rename(kept, object); /* without a record nobody would ever drop it */
        return false;
    }
    return true;
}

char *cli_cache_keep(const char *directory, cli_hash key, const char *object, const char *depends, int64_t started_ns)
{
    cli_text lines = {0}, record = {0};
    char *kept = NULL, *path = cli_printf("%s/%s.record", directory, key.digits);
    if (describe_files(&lines, depends, started_ns)) {
        const cli_hash state = cli_hash_bytes(lines.bytes, lines.count);
        cli_text_printf(&record, "%sobject %s-%s.so\n%s", first_line, key.digits, state.digits, lines.bytes);
        kept = cli_printf("%s/%s-%s.so", directory, key.digits, state.digits);
        if (!keep_both(directory, object, kept, path, &record)) {
            free(kept);
            kept = NULL;
        }
    }
    cli_text_free(&lines);
    cli_text_free(&record);
    free(path);
    prune(directory);
    return kept;
}
