/*
 * file.c: files and directories by the system's calls.
 *
 * Each call of the system is preceded by the question whether a test wants it to fail, repeated when a signal
 * interrupted it, and reported with the path and the system's reason. Trees are removed relative to open
 * directories, so that nobody can redirect the removal by putting a symbolic link in the way.
 *
 * Interface: cei_file_*, cei_path_*, cei_rename, cei_remove*, cei_make_*, cei_temp_directory, cei_read_file,
 *            cei_temp_parent, cei_write_file, cei_list_directory, cei_glob
 */
#include "base/file.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/memory.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* True where a test wants the next call of the system to fail; errno says why. */
static bool refused(void)
{
    return cei_fault_hit(CEI_FAULT_SYSTEM_CALL);
}

static ce_status open_as(cei_file *file, const char *path, int flags, const char *verb)
{
    int fd;
    do {
        fd = refused() ? -1 : open(path, flags | O_CLOEXEC, 0666);
    } while (fd < 0 && errno == EINTR);
    *file = (cei_file){.fd = fd, .path = path};
    return fd < 0 ? cei_fail_errno(errno, "%s: cannot %s", path, verb) : CE_OK;
}

/* A name in the directory of path that nobody else chooses: by process, time and count. The dot keeps those who list
 * the directory for data from reading a file that is half written. */
static void temp_name_beside(cei_buffer *name, const char *path)
{
    static _Atomic uint64_t count;
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    cei_buffer_append(name, path, (size_t)(base - path));
    cei_buffer_printf(name, ".%s.%d-%" PRId64 "-%" PRIu64 ".tmp", base, (int)getpid(), cei_clock_wall_ms(),
                      atomic_fetch_add(&count, 1));
}

ce_status cei_file_open_read(cei_file *file, const char *path)
{
    CE_TRY(open_as(file, path, O_RDONLY, "open"));
    struct stat info;
    ce_status status = CE_OK;
    if (refused() || fstat(file->fd, &info) != 0) {
        status = cei_fail_errno(errno, "%s: cannot open", path);
    } else if (S_ISDIR(info.st_mode)) {
        status = cei_fail(CE_IO, "%s: cannot open: is a directory", path);
    }
    if (status != CE_OK) {
        cei_file_discard(file);
    }
    return status;
}

ce_status cei_file_create(cei_file *file, const char *path)
{
    return open_as(file, path, O_WRONLY | O_CREAT | O_TRUNC, "create");
}

ce_status cei_file_create_new(cei_file *file, const char *path)
{
    return open_as(file, path, O_WRONLY | O_CREAT | O_EXCL, "create");
}

/* A file that has a name until the next call. */
static ce_status create_and_remove(cei_file *file, const char *directory)
{
    cei_buffer beside = {0}, name = {0};
    cei_buffer_printf(&beside, "%s/cerium", directory);
    const char *path = cei_buffer_cstr(&beside);
    if (path) {
        temp_name_beside(&name, path);
    }
    const char *temp = path ? cei_buffer_cstr(&name) : NULL;
    ce_status status = temp ? open_as(file, temp, O_RDWR | O_CREAT | O_EXCL, "create") : CE_MEMORY;
    if (status == CE_OK &&
        unlink(temp) != 0) { /* asks for no fault: a file that stays would be no failure but a leak */
        status = cei_fail_errno(errno, "%s: cannot remove", temp);
        cei_file_discard(file);
    }
    file->path = directory;
    cei_buffer_close(&name);
    cei_buffer_close(&beside);
    return status;
}

/* Some file systems have no files without a name; whatever else is wrong, the other way says it better. */
ce_status cei_file_create_unnamed(cei_file *file, const char *directory)
{
    int fd = refused() ? -1 : open(directory, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    *file = (cei_file){.fd = fd, .path = directory};
    return fd < 0 ? create_and_remove(file, directory) : CE_OK;
}

ce_status cei_file_read_at(cei_file *file, void *to, size_t bytes, uint64_t offset, size_t *got)
{
    *got = 0;
    while (*got < bytes) {
        ssize_t count = refused() ? -1 : pread(file->fd, (char *)to + *got, bytes - *got, (off_t)(offset + *got));
        if (count == 0) {
            break;
        }
        if (count > 0) {
            *got += (size_t)count;
        } else if (errno != EINTR) {
            return cei_fail_errno(errno, "%s: cannot read at byte %" PRIu64, file->path, offset + *got);
        }
    }
    return CE_OK;
}

ce_status cei_file_read(cei_file *file, void *to, size_t bytes, size_t *got)
{
    ssize_t count;
    do {
        count = refused() ? -1 : read(file->fd, to, bytes);
    } while (count < 0 && errno == EINTR);
    *got = count < 0 ? 0 : (size_t)count;
    return count < 0 ? cei_fail_errno(errno, "%s: cannot read", file->path) : CE_OK;
}

/*
 * write() that answers EPIPE and raises no SIGPIPE, whatever the host program does with that signal: it is blocked
 * meanwhile and, when this write caused it, taken out of the pending ones. A thread that blocks it anyway (ours do)
 * needs no more.
 */
static ssize_t write_quietly(int fd, const void *from, size_t bytes)
{
    sigset_t pipe_only, before, pending;
    (void)sigemptyset(&pipe_only);
    (void)sigaddset(&pipe_only, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    if (sigismember(&before, SIGPIPE)) {
        return write(fd, from, bytes);
    }
    (void)sigpending(&pending);
    ssize_t count = write(fd, from, bytes);
    int error = errno;
    if (count < 0 && error == EPIPE && !sigismember(&pending, SIGPIPE)) {
        const struct timespec at_once = {0};
        (void)sigtimedwait(&pipe_only, NULL, &at_once);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return count;
}

ce_status cei_file_write(cei_file *file, const void *from, size_t bytes)
{
    for (size_t done = 0; done < bytes;) {
        ssize_t count = refused() ? -1 : write_quietly(file->fd, (const char *)from + done, bytes - done);
        if (count >= 0) {
            done += (size_t)count;
        } else if (errno != EINTR) {
            return cei_fail_errno(errno, "%s: cannot write", file->path);
        }
    }
    return CE_OK;
}

ce_status cei_file_write_at(cei_file *file, struct iovec *parts, size_t count, uint64_t offset)
{
    while (count > 0) {
        ssize_t written = refused() ? -1 : pwritev(file->fd, parts, (int)count, (off_t)offset);
        if (written < 0 && errno != EINTR) {
            return cei_fail_errno(errno, "%s: cannot write at byte %" PRIu64, file->path, offset);
        }
        size_t left = written < 0 ? 0 : (size_t)written;
        offset += left;
        for (; count > 0 && left >= parts->iov_len; parts++, count--) {
            left -= parts->iov_len;
        }
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + left;
            parts->iov_len -= left;
        }
    }
    return CE_OK;
}

void cei_file_will_read(const cei_file *file, uint64_t offset, size_t bytes)
{
    if (!refused()) {
        (void)posix_fadvise(file->fd, (off_t)offset, (off_t)bytes, POSIX_FADV_WILLNEED);
    }
}

ce_status cei_file_sync(cei_file *file)
{
    int result;
    do {
        result = refused() ? -1 : fsync(file->fd);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? cei_fail_errno(errno, "%s: cannot sync", file->path) : CE_OK;
}

/* The descriptor is gone after close(), also when that fails or is interrupted; so it is called once, even for a
 * fault. */
ce_status cei_file_close(cei_file *file)
{
    if (file->fd < 0) {
        return CE_OK;
    }
    int result = close(file->fd);
    file->fd = -1;
    if (refused() || (result < 0 && errno != EINTR)) {
        return cei_fail_errno(errno, "%s: cannot close", file->path);
    }
    return CE_OK;
}

void cei_file_discard(cei_file *file)
{
    if (file->fd >= 0) {
        (void)close(file->fd);
        file->fd = -1;
    }
}

ce_status cei_path_info(const char *path, cei_file_info *info)
{
    struct stat from;
    *info = (cei_file_info){0};
    if (refused() || stat(path, &from) != 0) {
        return cei_fail_errno(errno, "%s: cannot look up", path);
    }
    *info = (cei_file_info){
        .is_directory = S_ISDIR(from.st_mode),
        .is_regular = S_ISREG(from.st_mode),
        .bytes = (uint64_t)from.st_size,
        .modified_ns = (int64_t)from.st_mtim.tv_sec * 1000000000 + from.st_mtim.tv_nsec,
        .inode = from.st_ino,
    };
    return CE_OK;
}

bool cei_path_exists(const char *path)
{
    struct stat info;
    return !refused() && stat(path, &info) == 0;
}

/* Asks for no fault: that it cannot be looked up is an answer here. */
static bool is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

ce_status cei_rename(const char *from, const char *to)
{
    if (refused() || rename(from, to) != 0) {
        /* A directory that is in the way may be reported as "not empty". */
        return cei_fail_errno(errno == ENOTEMPTY ? EEXIST : errno, "%s: cannot rename to %s", from, to);
    }
    return CE_OK;
}

ce_status cei_remove(const char *path)
{
    int result = refused() ? -1 : unlink(path);
    if (result < 0 && (errno == EISDIR || errno == EPERM)) {
        result = refused() ? -1 : rmdir(path);
    }
    return result < 0 ? cei_fail_errno(errno, "%s: cannot remove", path) : CE_OK;
}

static ce_status remove_at(int parent, const char *name, const char *tree);

/* Removes what is in the directory that fd shows, and closes fd. */
static ce_status remove_content(int fd, const char *tree)
{
    DIR *directory = refused() ? NULL : fdopendir(fd);
    if (!directory) {
        int error = errno;
        (void)close(fd);
        return cei_fail_errno(error, "%s: cannot remove", tree);
    }
    ce_status status = CE_OK;
    while (status == CE_OK) {
        errno = 0;
        const struct dirent *entry = refused() ? NULL : readdir(directory);
        if (!entry) {
            status = errno ? cei_fail_errno(errno, "%s: cannot remove", tree) : CE_OK;
            break;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            status = remove_at(dirfd(directory), entry->d_name, tree);
        }
    }
    (void)closedir(directory);
    return status;
}

/* tree is for the sentence only. Whatever is gone already was removed by somebody else, which is as good. */
static ce_status remove_at(int parent, const char *name, const char *tree)
{
    if (!refused() && unlinkat(parent, name, 0) == 0) {
        return CE_OK;
    }
    if (errno == ENOENT) {
        return CE_OK;
    }
    if (errno != EISDIR && errno != EPERM) {
        return cei_fail_errno(errno, "%s: cannot remove %s", tree, name);
    }
    int fd = refused() ? -1 : openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? CE_OK : cei_fail_errno(errno, "%s: cannot remove %s", tree, name);
    }
    CE_TRY(remove_content(fd, tree));
    if (refused() || (unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT)) {
        return cei_fail_errno(errno, "%s: cannot remove %s", tree, name);
    }
    return CE_OK;
}

ce_status cei_remove_tree(const char *path)
{
    return remove_at(AT_FDCWD, path, path);
}

ce_status cei_make_directory(const char *path)
{
    if (refused() || mkdir(path, 0777) != 0) {
        return cei_fail_errno(errno, "%s: cannot create the directory", path);
    }
    return CE_OK;
}

/* What exists may answer with other reasons than EEXIST, such as a read-only file system; so a failure looks at what is
 * there. */
static ce_status make_if_missing(const char *path)
{
    if (refused()) {
        return cei_fail_errno(errno, "%s: cannot create the directory", path);
    }
    if (mkdir(path, 0777) == 0) {
        return CE_OK;
    }
    int error = errno;
    return is_directory(path) ? CE_OK : cei_fail_errno(error, "%s: cannot create the directory", path);
}

ce_status cei_make_directories(const char *path)
{
    if (is_directory(path)) {
        return CE_OK;
    }
    char *partial = cei_strdup(path);
    if (!partial) {
        return CE_MEMORY;
    }
    ce_status status = CE_OK;
    for (char *at = partial; *at && status == CE_OK; at++) {
        if (*at == '/' && at > partial && at[-1] != '/') {
            *at = '\0';
            status = make_if_missing(partial);
            *at = '/';
        }
    }
    cei_free(partial);
    return status == CE_OK ? make_if_missing(path) : status;
}

const char *cei_temp_parent(void)
{
    const char *parent = getenv("TMPDIR");
    return parent && *parent ? parent : "/tmp";
}

ce_status cei_temp_directory(char *path, size_t bytes)
{
    const char *parent = cei_temp_parent();
    int count = snprintf(path, bytes, "%s/cerium-XXXXXX", parent);
    if (count < 0 || (size_t)count >= bytes) {
        return cei_fail(CE_INVALID, "%s: too long for a temporary directory", parent);
    }
    if (refused() || !mkdtemp(path)) {
        return cei_fail_errno(errno, "%s: cannot create a temporary directory", parent);
    }
    return CE_OK;
}

/* The length that fstat tells is a hint: files of /proc tell 0 and others grow. One byte of the room is for the NUL,
 * one lets the read that finds the end find it without growing. */
static ce_status read_all(cei_file *file, char **content, size_t *bytes)
{
    struct stat info;
    if (refused() || fstat(file->fd, &info) != 0) {
        return cei_fail_errno(errno, "%s: cannot read", file->path);
    }
    size_t room = info.st_size > 0 ? (size_t)info.st_size + 2 : 4096;
    for (size_t got = 1; got > 0; *bytes += got) {
        if (!*content || *bytes + 1 == room) {
            room = *content ? room * 2 : room;
            char *resized = cei_realloc(*content, room);
            if (!resized) {
                return cei_error_prefix(CE_MEMORY, "%s: ", file->path);
            }
            *content = resized;
        }
        CE_TRY(cei_file_read(file, *content + *bytes, room - *bytes - 1, &got));
    }
    (*content)[*bytes] = '\0';
    return CE_OK;
}

ce_status cei_read_file(const char *path, char **content, size_t *bytes)
{
    *content = NULL;
    *bytes = 0;
    cei_file file;
    CE_TRY(cei_file_open_read(&file, path));
    ce_status status = read_all(&file, content, bytes);
    cei_file_discard(&file);
    if (status != CE_OK) {
        cei_free(*content);
        *content = NULL;
        *bytes = 0;
    }
    return status;
}

ce_status cei_write_file(const char *path, const void *content, size_t bytes)
{
    cei_buffer name = {0};
    temp_name_beside(&name, path);
    const char *temp = cei_buffer_cstr(&name);
    cei_file file;
    ce_status status = temp ? cei_file_create_new(&file, temp) : CE_MEMORY;
    if (status == CE_OK) {
        status = cei_file_write(&file, content, bytes);
        if (status == CE_OK) {
            status = cei_file_close(&file);
        }
        cei_file_discard(&file);
        if (status == CE_OK) {
            status = cei_rename(temp, path);
        }
        if (status != CE_OK) {
            (void)unlink(temp);
        }
    }
    cei_buffer_close(&name);
    return status;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One block: the pointers, NULL, and the texts behind them. texts holds count texts, each with its NUL. */
static ce_status sorted_block(const cei_buffer *texts, size_t count, char ***block)
{
    CE_TRY(cei_buffer_status(texts));
    const size_t pointer_bytes = (count + 1) * sizeof(char *);
    char **names = cei_alloc(pointer_bytes + texts->count);
    if (!names) {
        return CE_MEMORY;
    }
    char *text = (char *)names + pointer_bytes;
    if (texts->count) {
        memcpy(text, texts->bytes, texts->count);
    }
    for (size_t index = 0; index < count; index++) {
        names[index] = text;
        text += strlen(text) + 1;
    }
    names[count] = NULL;
    qsort(names, count, sizeof *names, compare_names);
    *block = names;
    return CE_OK;
}

static ce_status read_names(DIR *directory, const char *path, cei_buffer *texts, size_t *count)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = refused() ? NULL : readdir(directory);
        if (!entry) {
            return errno ? cei_fail_errno(errno, "%s: cannot list", path) : CE_OK;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            cei_buffer_append(texts, entry->d_name, strlen(entry->d_name) + 1);
            ++*count;
        }
    }
}

ce_status cei_list_directory(const char *path, char ***names, size_t *count)
{
    *names = NULL;
    *count = 0;
    DIR *directory = refused() ? NULL : opendir(path);
    if (!directory) {
        return cei_fail_errno(errno, "%s: cannot list", path);
    }
    cei_buffer texts = {0};
    size_t found = 0;
    ce_status status = read_names(directory, path, &texts, &found);
    (void)closedir(directory);
    if (status == CE_OK) {
        status = sorted_block(&texts, found, names);
    }
    cei_buffer_close(&texts);
    *count = status == CE_OK ? found : 0;
    return status;
}

ce_status cei_glob(const char *pattern, char ***paths, size_t *count)
{
    *paths = NULL;
    *count = 0;
    glob_t found = {0};
    /* Unsorted, since the library sorts by the locale's rules. */
    int result = refused() ? GLOB_ABORTED : glob(pattern, GLOB_BRACE | GLOB_NOSORT, NULL, &found);
    ce_status status = CE_OK;
    if (result == GLOB_NOSPACE) {
        status = cei_fail(CE_MEMORY, "%s: out of memory", pattern);
    } else if (result == GLOB_ABORTED) {
        status = cei_fail(CE_IO, "%s: cannot match: a directory cannot be read", pattern);
    }
    cei_buffer texts = {0};
    const size_t matches = result == 0 ? found.gl_pathc : 0;
    for (size_t index = 0; index < matches; index++) {
        cei_buffer_append(&texts, found.gl_pathv[index], strlen(found.gl_pathv[index]) + 1);
    }
    globfree(&found);
    if (status == CE_OK) {
        status = sorted_block(&texts, matches, paths);
    }
    cei_buffer_close(&texts);
    *count = status == CE_OK ? matches : 0;
    return status;
}
