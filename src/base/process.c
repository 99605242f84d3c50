/*
 * process.c: running a program with posix_spawn, which neither copies the memory map of a large process nor runs code
 * of ours between fork and exec, and which reports a program that cannot be started to the caller.
 *
 *   ours: input  ==pipe==> 0  the program  1 ==pipe==> output :ours
 *
 * Interface: cei_process_start, cei_process_wait, cei_process_kill, cei_process_poll
 */
#include "base/process.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The program's ends of the pipes; -1 where there is none. */
struct far_ends {
    int input, output;
};

static bool refused(void)
{
    return cei_fault_hit(CEI_FAULT_SYSTEM_CALL);
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

/* In a host that closed its standard streams, a pipe could get one of their numbers, and be overwritten when the
 * program's streams are put in place. */
static int above_standard(int fd)
{
    if (fd > STDERR_FILENO) {
        return fd;
    }
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    (void)close(fd);
    return moved;
}

static ce_status make_pipe(int *read_end, int *write_end, const char *program)
{
    int ends[2];
    if (refused() || pipe2(ends, O_CLOEXEC) != 0) {
        return cei_fail_errno(errno, "%s: cannot make a pipe", program);
    }
    *read_end = above_standard(ends[0]);
    *write_end = above_standard(ends[1]);
    return *read_end < 0 || *write_end < 0 ? cei_fail_errno(errno, "%s: cannot make a pipe", program) : CE_OK;
}

static bool same_name(const char *a, const char *b)
{
    const size_t bytes = strcspn(a, "=");
    return bytes == strcspn(b, "=") && memcmp(a, b, bytes) == 0;
}

/* Our environment with the additions put over it; the strings are borrowed, the caller frees the list. NULL on
 * failure. */
static char **merged_environment(const char *const *additions)
{
    size_t count = 0, added = 0;
    while (environ && environ[count]) {
        count++;
    }
    while (additions[added]) {
        added++;
    }
    const char **merged = cei_alloc_zeroed(count + added + 1, sizeof *merged);
    if (!merged) {
        return NULL;
    }
    size_t kept = 0;
    for (size_t index = 0; index < count; index++) {
        bool replaced = false;
        for (size_t addition = 0; addition < added && !replaced; addition++) {
            replaced = same_name(environ[index], additions[addition]);
        }
        if (!replaced) {
            merged[kept++] = environ[index];
        }
    }
    memcpy(merged + kept, additions, added * sizeof *merged);
    return (char **)(uintptr_t)merged; /* posix_spawn takes no const, and changes nothing */
}

/* Fills what the program starts with; returns an errno. */
static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, const struct far_ends *ends,
                   const char *directory)
{
    sigset_t none, pipe_only;
    (void)sigemptyset(&none);
    (void)sigemptyset(&pipe_only);
    (void)sigaddset(&pipe_only, SIGPIPE);
    /* Our threads block signals and hosts like to ignore SIGPIPE; a program expects neither. */
    (void)posix_spawnattr_setsigmask(attributes, &none);
    (void)posix_spawnattr_setsigdefault(attributes, &pipe_only);
    (void)posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int error = ends->input >= 0 ? posix_spawn_file_actions_adddup2(actions, ends->input, STDIN_FILENO)
                                 : posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!error && ends->output >= 0) {
        error = posix_spawn_file_actions_adddup2(actions, ends->output, STDOUT_FILENO);
    }
    if (!error) {
        error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    }
    if (!error && directory) {
        error = posix_spawn_file_actions_addchdir_np(actions, directory);
    }
    return error;
}

static ce_status spawn(pid_t *id, const char *const *arguments, char *const *environment, const char *directory,
                       const struct far_ends *ends)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = refused() ? errno : posix_spawn_file_actions_init(&actions);
    if (!error) {
        error = posix_spawnattr_init(&attributes);
        if (!error) {
            error = prepare(&actions, &attributes, ends, directory);
            if (!error) {
                char *const *unchanged = (char *const *)(uintptr_t)arguments;
                error = posix_spawnp(id, arguments[0], &actions, &attributes, unchanged, environment);
            }
            (void)posix_spawnattr_destroy(&attributes);
        }
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    if (error && directory) {
        return cei_fail_errno(error, "%s: cannot start the program in %s", arguments[0], directory);
    }
    return error ? cei_fail_errno(error, "%s: cannot start the program", arguments[0]) : CE_OK;
}

ce_status cei_process_start(cei_process *process, const char *const *arguments, const char *const *environment,
                            const char *directory, bool want_input, bool want_output)
{
    *process = (cei_process){
        .id = -1,
        .input = {.fd = -1, .path = "a program's input"},
        .output = {.fd = -1, .path = "a program's output"},
    };
    struct far_ends ends = {-1, -1};
    char **merged = NULL;
    ce_status status = CE_OK;
    if (environment && !(merged = merged_environment(environment))) {
        return CE_MEMORY;
    }
    if (want_input) {
        status = make_pipe(&ends.input, &process->input.fd, arguments[0]);
    }
    if (status == CE_OK && want_output) {
        status = make_pipe(&process->output.fd, &ends.output, arguments[0]);
    }
    if (status == CE_OK) {
        status = spawn(&process->id, arguments, merged ? merged : environ, directory, &ends);
    }
    close_fd(&ends.input);
    close_fd(&ends.output);
    cei_free(merged);
    if (status != CE_OK) {
        process->id = -1;
        cei_file_discard(&process->input);
        cei_file_discard(&process->output);
    }
    return status;
}

ce_status cei_process_wait(cei_process *process, int *exit_code)
{
    *exit_code = -1;
    /* First, so that neither side waits for the other: the program sees the end of its input, and SIGPIPE if it still
     * writes. */
    cei_file_discard(&process->input);
    cei_file_discard(&process->output);
    int state;
    pid_t ended;
    do {
        ended = refused() ? -1 : waitpid(process->id, &state, 0);
    } while (ended < 0 && errno == EINTR);
    if (ended < 0) {
        return cei_fail_errno(errno, "cannot wait for the process %d", (int)process->id);
    }
    process->id = -1;
    *exit_code = WIFSIGNALED(state) ? 128 + WTERMSIG(state) : WEXITSTATUS(state);
    return CE_OK;
}

void cei_process_kill(cei_process *process)
{
    cei_file_discard(&process->input);
    cei_file_discard(&process->output);
    if (process->id <= 0) {
        return;
    }
    (void)kill(process->id, SIGKILL);
    while (waitpid(process->id, NULL, 0) < 0 && errno == EINTR) {
    }
    process->id = -1;
}

ce_status cei_process_poll(cei_process *process, bool want_write, bool *can_write, bool *can_read, int wait_ms)
{
    *can_write = *can_read = false;
    struct pollfd ends[2] = {
        {.fd = want_write ? process->input.fd : -1, .events = POLLOUT},
        {.fd = process->output.fd, .events = POLLIN},
    };
    const int64_t until_ns = cei_clock_ns() + (int64_t)wait_ms * 1000000;
    int result;
    do {
        result = refused() ? -1 : poll(ends, 2, wait_ms);
        if (result < 0 && errno == EINTR && wait_ms > 0) {
            const int64_t left_ns = until_ns - cei_clock_ns();
            wait_ms = left_ns > 0 ? (int)((left_ns + 999999) / 1000000) : 0;
        }
    } while (result < 0 && errno == EINTR);
    if (result < 0) {
        return cei_fail_errno(errno, "cannot poll the pipes of the process %d", (int)process->id);
    }
    /* Also when the other side is gone: the write then fails and the read finds the end, at once. */
    *can_write = ends[0].revents != 0;
    *can_read = ends[1].revents != 0;
    return CE_OK;
}
