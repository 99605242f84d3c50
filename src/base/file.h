/*
 * file.h: files and directories. Each call stores a sentence that names the path and the system's reason, restarts on
 * EINTR, finishes partial reads and writes, and asks base/fault.h first.
 */
#ifndef CERIUM_BASE_FILE_H
#define CERIUM_BASE_FILE_H

#include <cerium/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

typedef struct cei_file {
    int fd;           /* -1 = closed */
    const char *path; /* borrowed from the caller: must outlive the file */
} cei_file;

typedef struct cei_file_info {
    bool is_directory, is_regular;
    uint64_t bytes;
    int64_t modified_ns; /* wall clock */
    uint64_t inode;
} cei_file_info;

ce_status cei_file_open_read(cei_file *file, const char *path);  /* a directory is refused: "is a directory" */
ce_status cei_file_create(cei_file *file, const char *path);     /* truncates; mode 0666 less umask */
ce_status cei_file_create_new(cei_file *file, const char *path); /* CE_EXISTS when there is one */
/* For reading and writing, in a directory (its path becomes the file's): no name there leads to it, so it is gone when
 * it is closed, whatever way the process ends. */
ce_status cei_file_create_unnamed(cei_file *file, const char *directory);
/* Reads bytes from offset on; *got < bytes at the end of the file only. */
ce_status cei_file_read_at(cei_file *file, void *to, size_t bytes, uint64_t offset, size_t *got);
/* One read of whatever there is; *got = 0 at the end. */
ce_status cei_file_read(cei_file *file, void *to, size_t bytes, size_t *got);
/* Writes all bytes. A pipe without a reader is an error here (EPIPE) and never a SIGPIPE. */
ce_status cei_file_write(cei_file *file, const void *from, size_t bytes);
/* Writes all parts, one behind the other, from offset on. Uses the array up. Any thread. */
ce_status cei_file_write_at(cei_file *file, struct iovec *parts, size_t count, uint64_t offset);
/* A hint that these bytes will be read soon. */
void cei_file_will_read(const cei_file *file, uint64_t offset, size_t bytes);
ce_status cei_file_sync(cei_file *file);
ce_status cei_file_close(cei_file *file); /* reports a late write error; closing a closed file is CE_OK */
void cei_file_discard(cei_file *file);    /* closes without a report */

ce_status cei_path_info(const char *path, cei_file_info *info);
bool cei_path_exists(const char *path);
ce_status cei_rename(const char *from, const char *to);
ce_status cei_remove(const char *path);                 /* a file or an empty directory; missing is CE_NOT_FOUND */
ce_status cei_remove_tree(const char *path);            /* missing is CE_OK; symbolic links are removed, not followed */
ce_status cei_make_directory(const char *path);         /* CE_EXISTS when there is one */
ce_status cei_make_directories(const char *path);       /* and its parents; existing is CE_OK */
const char *cei_temp_parent(void);                      /* $TMPDIR, or /tmp */
ce_status cei_temp_directory(char *path, size_t bytes); /* creates a fresh one in cei_temp_parent(); writes its path */

/* Reads a whole file to the heap with a NUL behind; *bytes without the NUL. The caller frees *content with cei_free. */
ce_status cei_read_file(const char *path, char **content, size_t *bytes);
/* Writes a whole file under a temporary name beside it and renames: readers see the old or the new content. */
ce_status cei_write_file(const char *path, const void *content, size_t bytes);

/* The names in a directory without "." and "..", sorted by byte. *names is one heap block to be freed with cei_free;
 * NULL stands behind the last name. */
ce_status cei_list_directory(const char *path, char ***names, size_t *count);

/* The paths that a glob (*, ?, [..], {a,b}) matches, sorted. No match gives *count = 0. One heap block as above. */
ce_status cei_glob(const char *pattern, char ***paths, size_t *count);

#endif
