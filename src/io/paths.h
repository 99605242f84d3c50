/*
 * paths.h: from a path as a user writes it to the files that it means.
 *
 * A path is a file, a directory (its files, not those of its subdirectories), a glob (* ? [..] {a,b}) over both, or
 * several of these with commas between. Names that begin with . or _ are left out of directories and globs: they are
 * how writers mark what is not data. What exists as it is written is meant as it is written, so a file called a[1].txt
 * or a,b.txt can be named too.
 */
#ifndef CERIUM_IO_PATHS_H
#define CERIUM_IO_PATHS_H

#include <cerium/status.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cei_found_file {
    char *path; /* on the heap, owned by the list */
    uint64_t bytes;
} cei_found_file;

/* In the order of the paths between commas, those of one directory or glob by name. Zeroed memory is an empty list. */
typedef struct cei_found_files {
    cei_found_file *files;
    size_t count, room;
    uint64_t bytes; /* of all */
} cei_found_files;

/* Finds the files. CE_NOT_FOUND: "Input path does not exist: X", "Input path pattern X matches no files"; CE_INVALID:
 * a path between commas is empty; CE_UNSUPPORTED: neither a file nor a directory; CE_IO: a directory cannot be read. A
 * directory without files gives none. On failure the list is empty. The caller closes it. */
ce_status cei_paths_resolve(const char *paths, cei_found_files *found);
void cei_found_files_close(cei_found_files *found);

#endif
