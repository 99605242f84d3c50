/*
 * process.h: running a program with pipes to its standard streams. File descriptors other than 0, 1, 2 do not leak
 * into it.
 */
#ifndef CERIUM_BASE_PROCESS_H
#define CERIUM_BASE_PROCESS_H

#include "base/file.h"
#include <sys/types.h>

typedef struct cei_process {
    pid_t id;
    cei_file input;  /* our end of its standard input; close it to say that no more comes; fd -1 = it reads /dev/null */
    cei_file output; /* our end of its standard output; fd -1 when inherited */
} cei_process;

/* arguments ends with NULL, arguments[0] is looked up in PATH. environment (NULL = ours) is a NULL-ended list of
 * NAME=VALUE put over ours. directory (NULL = ours) is where it runs. A program that cannot be started is an error
 * here, with its name. SIGPIPE from writing to it is not raised: write gives EPIPE. */
ce_status cei_process_start(cei_process *process, const char *const *arguments, const char *const *environment,
                            const char *directory, bool want_input, bool want_output);
/* Closes the pipes, then waits for its end: read its output first. *exit_code is 0..255, or 128 + the signal's
 * number. After a failure the process can still be killed. */
ce_status cei_process_wait(cei_process *process, int *exit_code);
/* Kills (SIGKILL) and reaps; for error paths. Nothing happens when its end was waited for. */
void cei_process_kill(cei_process *process);
/* Moves bytes both ways without deadlock: waits until the input is writable or the output readable, at most wait_ms
 * (-1 = for ever). *can_write says that PIPE_BUF (4096) bytes can be written at once. A side that the program closed
 * counts as ready. */
ce_status cei_process_poll(cei_process *process, bool want_write, bool *can_write, bool *can_read, int wait_ms);

#endif
