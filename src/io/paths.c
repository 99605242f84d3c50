/*
 * paths.c: finding the files behind a path, with one look at each: what is gone between listing and looking is left
 * out, as writers that rename and clean up beside a reader expect.
 *
 * Interface: cei_paths_resolve, cei_found_files_close
 */
#include "io/paths.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include <stdbool.h>
#include <string.h>

void cei_found_files_close(cei_found_files *found)
{
    for (size_t i = 0; i < found->count; i++) {
        cei_free(found->files[i].path);
    }
    cei_free(found->files);
    *found = (cei_found_files){0};
}

/* Takes over path, also on failure. */
static ce_status push(cei_found_files *found, char *path, uint64_t bytes)
{
    if (path && found->count == found->room) {
        size_t room = found->room ? 2 * found->room : 16;
        cei_found_file *files = cei_realloc(found->files, room * sizeof *files);
        if (!files) {
            cei_free(path);
            return CE_MEMORY;
        }
        found->files = files;
        found->room = room;
    }
    if (!path) {
        return CE_MEMORY;
    }
    found->files[found->count++] = (cei_found_file){path, bytes};
    found->bytes += bytes;
    return CE_OK;
}

static bool is_hidden(const char *name)
{
    return name[0] == '.' || name[0] == '_';
}

static char *joined(const char *directory, const char *name)
{
    size_t directory_bytes = strlen(directory), name_bytes = strlen(name);
    char *path = cei_alloc(directory_bytes + name_bytes + 2);
    if (path) {
        memcpy(path, directory, directory_bytes);
        if (directory_bytes && directory[directory_bytes - 1] != '/') {
            path[directory_bytes++] = '/';
        }
        memcpy(path + directory_bytes, name, name_bytes + 1);
    }
    return path;
}

static ce_status add_directory(cei_found_files *found, const char *directory)
{
    char **names;
    size_t count;
    CE_TRY(cei_list_directory(directory, &names, &count));
    ce_status status = CE_OK;
    for (size_t i = 0; i < count && status == CE_OK; i++) {
        if (is_hidden(names[i])) {
            continue;
        }
        char *path = joined(directory, names[i]);
        cei_file_info info = {0};
        status = path ? cei_path_info(path, &info) : CE_MEMORY;
        if (status == CE_OK && info.is_regular) {
            status = push(found, path, info.bytes);
        } else {
            status = status == CE_NOT_FOUND ? CE_OK : status;
            cei_free(path);
        }
    }
    cei_free(names);
    return status;
}

static ce_status add_existing(cei_found_files *found, const char *path, const cei_file_info *info)
{
    if (info->is_directory) {
        return add_directory(found, path);
    }
    if (!info->is_regular) {
        return cei_fail(CE_UNSUPPORTED, "%s: is neither a file nor a directory", path);
    }
    return push(found, cei_strdup(path), info->bytes);
}

static ce_status add_path(cei_found_files *found, const char *path)
{
    cei_file_info info;
    ce_status status = cei_path_info(path, &info);
    if (status == CE_NOT_FOUND) {
        return cei_fail(CE_NOT_FOUND, "Input path does not exist: %s", path);
    }
    return status == CE_OK ? add_existing(found, path, &info) : status;
}

static bool is_hidden_match(const char *path)
{
    size_t end = strlen(path);
    while (end && path[end - 1] == '/') {
        end--;
    }
    size_t start = end;
    while (start && path[start - 1] != '/') {
        start--;
    }
    return start < end && is_hidden(path + start);
}

static ce_status add_glob(cei_found_files *found, const char *pattern)
{
    char **matches;
    size_t count, used = 0;
    CE_TRY(cei_glob(pattern, &matches, &count));
    ce_status status = CE_OK;
    for (size_t i = 0; i < count && status == CE_OK; i++) {
        if (is_hidden_match(matches[i])) {
            continue;
        }
        cei_file_info info;
        status = cei_path_info(matches[i], &info);
        if (status == CE_OK) {
            used++;
            status = add_existing(found, matches[i], &info);
        } else if (status == CE_NOT_FOUND) {
            status = CE_OK;
        }
    }
    cei_free(matches);
    if (status == CE_OK && used == 0) {
        return cei_fail(CE_NOT_FOUND, "Input path pattern %s matches no files", pattern);
    }
    return status;
}

static ce_status add(cei_found_files *found, const char *path)
{
    bool is_pattern = strpbrk(path, "*?[{") && !cei_path_exists(path);
    return is_pattern ? add_glob(found, path) : add_path(found, path);
}

/* The end of the path that begins at `at`: the next comma that is not between braces. */
static char *part_end(char *at)
{
    for (size_t depth = 0; *at && (*at != ',' || depth); at++) {
        depth += *at == '{';
        depth -= *at == '}' && depth;
    }
    return at;
}

ce_status cei_paths_resolve(const char *paths, cei_found_files *found)
{
    *found = (cei_found_files){0};
    if (strchr(paths, ',') && cei_path_exists(paths)) {
        ce_status whole = add_path(found, paths);
        if (whole != CE_OK) {
            cei_found_files_close(found);
        }
        return whole;
    }
    char *parts = cei_strdup(paths);
    ce_status status = parts ? CE_OK : CE_MEMORY;
    bool more = status == CE_OK;
    for (char *part = parts; more && status == CE_OK;) {
        char *end = part_end(part);
        more = *end == ',';
        *end = '\0';
        if (end == part) {
            status = cei_fail(CE_INVALID, *paths ? "the path between two commas is empty: %s" : "the path is empty%s",
                              paths);
        } else {
            status = add(found, part);
        }
        part = end + 1;
    }
    cei_free(parts);
    if (status != CE_OK) {
        cei_found_files_close(found);
    }
    return status;
}
