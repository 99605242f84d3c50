/*
 * process_test.c: programs that read, write, fail, die and do not exist.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/process.h"
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

static int disarm(void **state)
{
    (void)state;
    cei_fault_arm(0, 0);
    return 0;
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

/* Runs a script of sh with its output read to the end; returns the exit code. */
static int output_of(const char *script, const char *const *environment, const char *directory, char *text,
                     size_t bytes)
{
    cei_process process;
    const char *const arguments[] = {"sh", "-c", script, NULL};
    assert_int_equal(cei_process_start(&process, arguments, environment, directory, false, true), CE_OK);
    assert_int_equal(process.input.fd, -1);
    size_t count = 0, got = 1;
    while (got > 0 && count < bytes - 1) {
        assert_int_equal(cei_file_read(&process.output, text + count, bytes - 1 - count, &got), CE_OK);
        count += got;
    }
    text[count] = '\0';
    int exit_code;
    assert_int_equal(cei_process_wait(&process, &exit_code), CE_OK);
    return exit_code;
}

static void output_and_exit_code_come_back(void **state)
{
    (void)state;
    char text[64];
    assert_int_equal(output_of("echo hello; exit 7", NULL, NULL, text, sizeof text), 7);
    assert_string_equal(text, "hello\n");
    assert_int_equal(output_of("exit 255", NULL, NULL, text, sizeof text), 255);
    assert_int_equal(output_of("true", NULL, NULL, text, sizeof text), 0);
}

static void a_signal_shows_in_the_exit_code(void **state)
{
    (void)state;
    char text[64];
    assert_int_equal(output_of("kill -TERM $$", NULL, NULL, text, sizeof text), 128 + SIGTERM);
}

static void input_reaches_the_program(void **state)
{
    (void)state;
    cei_process process;
    char text[64];
    size_t got;
    int exit_code;
    const char *const arguments[] = {"tr", "a-z", "A-Z", NULL};
    assert_int_equal(cei_process_start(&process, arguments, NULL, NULL, true, true), CE_OK);
    assert_int_equal(cei_file_write(&process.input, "words\n", 6), CE_OK);
    assert_int_equal(cei_file_close(&process.input), CE_OK);
    assert_int_equal(cei_file_read(&process.output, text, sizeof text, &got), CE_OK);
    assert_int_equal(got, 6);
    assert_memory_equal(text, "WORDS\n", 6);
    assert_int_equal(cei_process_wait(&process, &exit_code), CE_OK);
    assert_int_equal(exit_code, 0);
}

static void input_that_is_not_wanted_is_empty(void **state)
{
    (void)state;
    char text[64];
    assert_int_equal(output_of("wc -c", NULL, NULL, text, sizeof text), 0);
    assert_int_equal(atoi(text), 0);
}

static void output_that_is_not_wanted_is_inherited(void **state)
{
    (void)state;
    cei_process process;
    int exit_code;
    char target[64] = "", addition[80];
    assert_true(readlink("/proc/self/fd/1", target, sizeof target - 1) > 0);
    (void)snprintf(addition, sizeof addition, "OURS=%s", target);
    const char *const arguments[] = {"sh", "-c", "case $(readlink /proc/$$/fd/1) in \"$OURS\"*) exit 3;; esac", NULL};
    const char *const environment[] = {addition, NULL};
    assert_int_equal(cei_process_start(&process, arguments, environment, NULL, false, false), CE_OK);
    assert_int_equal(process.output.fd, -1);
    assert_int_equal(cei_process_wait(&process, &exit_code), CE_OK);
    assert_int_equal(exit_code, 3);
}

static void the_environment_is_put_over_ours(void **state)
{
    (void)state;
    char text[128];
    assert_int_equal(setenv("CERIUM_TEST_KEPT", "kept", 1), 0);
    assert_int_equal(setenv("CERIUM_TEST_OVER", "ours", 1), 0);
    const char *const environment[] = {"CERIUM_TEST_OVER=theirs", "CERIUM_TEST_NEW=a=b", NULL};
    static const char script[] =
        "echo $CERIUM_TEST_KEPT $CERIUM_TEST_OVER $CERIUM_TEST_NEW; env | grep -c CERIUM_TEST_OVER";
    assert_int_equal(output_of(script, environment, NULL, text, sizeof text), 0);
    assert_string_equal(text, "kept theirs a=b\n1\n");
    assert_int_equal(output_of(script, NULL, NULL, text, sizeof text), 0);
    assert_string_equal(text, "kept ours\n1\n");
    assert_int_equal(unsetenv("CERIUM_TEST_KEPT"), 0);
    assert_int_equal(unsetenv("CERIUM_TEST_OVER"), 0);
}

static void the_program_runs_in_its_directory(void **state)
{
    (void)state;
    char text[128];
    assert_int_equal(output_of("pwd", NULL, "/usr", text, sizeof text), 0);
    assert_string_equal(text, "/usr\n");
}

static void a_program_that_cannot_be_started_is_an_error_with_its_name(void **state)
{
    (void)state;
    cei_process process;
    const int before = open_fd_count();
    const char *const missing[] = {"cerium-no-such-program", NULL};
    assert_int_equal(cei_process_start(&process, missing, NULL, NULL, true, true), CE_NOT_FOUND);
    assert_string_equal(ce_last_error(), "cerium-no-such-program: cannot start the program: No such file or directory");
    assert_int_equal(process.id, -1);
    assert_int_equal(process.input.fd, -1);
    assert_int_equal(process.output.fd, -1);
    cei_process_kill(&process);
    const char *const present[] = {"true", NULL};
    assert_int_equal(cei_process_start(&process, present, NULL, "/no/such/place", true, true), CE_NOT_FOUND);
    assert_non_null(strstr(ce_last_error(), "/no/such/place"));
    const char *const directory[] = {"/usr", NULL};
    assert_int_equal(cei_process_start(&process, directory, NULL, NULL, true, true), CE_IO);
    assert_int_equal(open_fd_count(), before);
}

static void no_descriptor_leaks_into_the_program(void **state)
{
    (void)state;
    char text[256], script[128];
    int leaky = open("/dev/null", O_RDONLY); /* without O_CLOEXEC on purpose */
    int high = fcntl(leaky, F_DUPFD, 100);
    assert_true(leaky >= 0 && high >= 0);
    (void)snprintf(script, sizeof script, "for fd in %d %d; do test -e /proc/$$/fd/$fd && echo $fd; done; true", leaky,
                   high);
    assert_int_equal(output_of(script, NULL, NULL, text, sizeof text), 0);
    assert_int_equal(close(leaky), 0);
    assert_int_equal(close(high), 0);
    assert_string_equal(text, "");
}

static void standard_streams_that_the_host_closed_do_no_harm(void **state)
{
    (void)state;
    char text[64];
    int kept = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 50);
    if (kept >= 0) {
        assert_int_equal(close(STDIN_FILENO), 0);
    }
    const int exit_code = output_of("echo fine", NULL, NULL, text, sizeof text);
    if (kept >= 0) {
        assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
        assert_int_equal(close(kept), 0);
    }
    assert_int_equal(exit_code, 0);
    assert_string_equal(text, "fine\n");
}

static void the_program_sees_default_signals(void **state)
{
    (void)state;
    char text[128];
    sigset_t all, before;
    struct sigaction ignored = {.sa_handler = SIG_IGN}, kept;
    assert_int_equal(sigaction(SIGPIPE, &ignored, &kept), 0);
    assert_int_equal(sigfillset(&all), 0);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, &all, &before), 0);
    const int exit_code = output_of("grep -E '^Sig(Blk|Ign)' /proc/self/status", NULL, NULL, text, sizeof text);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    assert_int_equal(sigaction(SIGPIPE, &kept, NULL), 0);
    assert_int_equal(exit_code, 0);
    assert_non_null(strstr(text, "SigBlk:\t0000000000000000"));
    const char *ign = strstr(text, "SigIgn:\t");
    assert_non_null(ign);
    assert_false(strtoull(ign + 8, NULL, 16) & 1ull << (SIGPIPE - 1));
}

static void writing_to_a_program_that_ended_is_an_error_and_no_signal(void **state)
{
    (void)state;
    cei_process process;
    int exit_code;
    bool can_write, can_read;
    const char *const arguments[] = {"sh", "-c", "exec <&-; echo closed; sleep 0.05", NULL};
    assert_int_equal(cei_process_start(&process, arguments, NULL, NULL, true, true), CE_OK);
    char text[16];
    size_t got;
    assert_int_equal(cei_file_read(&process.output, text, sizeof text, &got), CE_OK);
    assert_int_equal(cei_process_poll(&process, true, &can_write, &can_read, 1000), CE_OK);
    assert_true(can_write);
    assert_int_equal(cei_file_write(&process.input, "x", 1), CE_IO);
    assert_non_null(strstr(ce_last_error(), "Broken pipe"));
    assert_int_equal(cei_process_wait(&process, &exit_code), CE_OK);
    assert_int_equal(exit_code, 0);
}

static void a_megabyte_goes_through_a_program_without_deadlock(void **state)
{
    (void)state;
    enum { BYTES = 1 << 20 };
    static char sent[BYTES], received[BYTES + 1];
    cei_process process;
    int exit_code;
    const char *const arguments[] = {"cat", NULL};
    for (size_t index = 0; index < BYTES; index++) {
        sent[index] = (char)(index * 7 % 251);
    }
    assert_int_equal(cei_process_start(&process, arguments, NULL, NULL, true, true), CE_OK);
    size_t written = 0, count = 0, got = 1;
    while (got > 0) {
        bool can_write, can_read;
        const bool want_write = process.input.fd >= 0;
        assert_int_equal(cei_process_poll(&process, want_write, &can_write, &can_read, -1), CE_OK);
        assert_true(can_write || can_read);
        if (can_write) {
            const size_t part = BYTES - written < 4096 ? BYTES - written : 4096;
            assert_int_equal(cei_file_write(&process.input, sent + written, part), CE_OK);
            written += part;
            if (written == BYTES) {
                assert_int_equal(cei_file_close(&process.input), CE_OK);
            }
        }
        if (can_read) {
            assert_int_equal(cei_file_read(&process.output, received + count, BYTES + 1 - count, &got), CE_OK);
            count += got;
        }
    }
    assert_int_equal(count, BYTES);
    assert_memory_equal(sent, received, BYTES);
    assert_int_equal(cei_process_wait(&process, &exit_code), CE_OK);
    assert_int_equal(exit_code, 0);
}

static void a_poll_ends_after_its_time(void **state)
{
    (void)state;
    cei_process process;
    bool can_write, can_read;
    const char *const arguments[] = {"sleep", "100", NULL};
    assert_int_equal(cei_process_start(&process, arguments, NULL, NULL, true, true), CE_OK);
    const int64_t start = cei_clock_ns();
    assert_int_equal(cei_process_poll(&process, false, &can_write, &can_read, 20), CE_OK);
    assert_true(cei_clock_ns() - start >= 19 * 1000000);
    assert_false(can_write || can_read);
    cei_process_kill(&process);
}

static void interrupt(int signal)
{
    (void)signal;
}

static void a_poll_goes_on_after_a_signal(void **state)
{
    (void)state;
    cei_process process;
    bool can_write, can_read;
    const char *const arguments[] = {"sleep", "100", NULL};
    struct sigaction action = {.sa_handler = interrupt}, before;
    assert_int_equal(cei_process_start(&process, arguments, NULL, NULL, false, true), CE_OK);
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    const int64_t start = cei_clock_ns();
    (void)ualarm(10000, 10000);
    assert_int_equal(cei_process_poll(&process, false, &can_write, &can_read, 50), CE_OK);
    (void)ualarm(0, 0);
    const int64_t passed_ns = cei_clock_ns() - start;
    assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
    assert_true(passed_ns >= 49 * 1000000);
    assert_false(can_write || can_read);
    cei_process_kill(&process);
}

static void killing_ends_and_reaps(void **state)
{
    (void)state;
    cei_process process;
    const char *const arguments[] = {"sleep", "100", NULL};
    assert_int_equal(cei_process_start(&process, arguments, NULL, NULL, true, true), CE_OK);
    const pid_t id = process.id;
    cei_process_kill(&process);
    assert_int_equal(waitpid(id, NULL, WNOHANG), -1);
    assert_int_equal(process.input.fd, -1);
    assert_int_equal(process.output.fd, -1);
    cei_process_kill(&process);
}

static ce_status run_once(void)
{
    cei_process process;
    bool can_write, can_read;
    int exit_code;
    const char *const arguments[] = {"true", NULL}, *const environment[] = {"A=b", NULL};
    CE_TRY(cei_process_start(&process, arguments, environment, "/", true, true));
    ce_status status = cei_process_poll(&process, false, &can_write, &can_read, 1000);
    if (status == CE_OK) {
        status = cei_process_wait(&process, &exit_code);
    }
    cei_process_kill(&process);
    return status;
}

static void every_refusal_of_the_system_is_reported_and_nothing_is_leaked(void **state)
{
    (void)state;
    const int before = open_fd_count();
    for (int64_t nth = 1;; nth++) {
        cei_error_set(NULL);
        cei_fault_arm(nth, CEI_FAULT_ALLOCATION | CEI_FAULT_SYSTEM_CALL);
        const ce_status status = run_once();
        const bool delivered = cei_fault_delivered();
        cei_fault_arm(0, 0);
        assert_int_equal(open_fd_count(), before);
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
        if (!delivered) {
            assert_int_equal(status, CE_OK);
            assert_true(nth > 5);
            break;
        }
        assert_int_not_equal(status, CE_OK);
        assert_true(strlen(ce_last_error()) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_and_exit_code_come_back),
        cmocka_unit_test(a_signal_shows_in_the_exit_code),
        cmocka_unit_test(input_reaches_the_program),
        cmocka_unit_test(input_that_is_not_wanted_is_empty),
        cmocka_unit_test(output_that_is_not_wanted_is_inherited),
        cmocka_unit_test(the_environment_is_put_over_ours),
        cmocka_unit_test(the_program_runs_in_its_directory),
        cmocka_unit_test(a_program_that_cannot_be_started_is_an_error_with_its_name),
        cmocka_unit_test(no_descriptor_leaks_into_the_program),
        cmocka_unit_test(standard_streams_that_the_host_closed_do_no_harm),
        cmocka_unit_test(the_program_sees_default_signals),
        cmocka_unit_test(writing_to_a_program_that_ended_is_an_error_and_no_signal),
        cmocka_unit_test(a_megabyte_goes_through_a_program_without_deadlock),
        cmocka_unit_test(a_poll_ends_after_its_time),
        cmocka_unit_test(a_poll_goes_on_after_a_signal),
        cmocka_unit_test(killing_ends_and_reaps),
        cmocka_unit_test_teardown(every_refusal_of_the_system_is_reported_and_nothing_is_leaked, disarm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
