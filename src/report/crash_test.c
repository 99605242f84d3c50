/*
 * crash_test.c: what a crash says and how the process ends after it. Each crash happens in a process of its own.
 */
#include "rdd/node.h"
#include "report/crash.h"
#include <cerium/context.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

enum { PAGE_BYTES = 4096, SEEN_BYTES = 4096 };

/* Runs crash in a child; what it wrote to standard error goes to seen. The signal that ended it, or 0. */
static int signal_of(void (*crash)(void), char seen[SEEN_BYTES])
{
    int ends[2], status = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0};
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        crash();
        _exit(0);
    }
    close(ends[1]);
    size_t count = 0;
    for (ssize_t got; (got = read(ends[0], seen + count, SEEN_BYTES - 1 - count)) > 0;) {
        count += (size_t)got;
    }
    seen[count] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* A page that nobody may touch: a fault that no sanitizer explains first. */
static void touch_a_forbidden_page(void)
{
    volatile char *page = mmap(NULL, PAGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *page = 1;
}

static const cei_op flat_map = {.name = "flat_map"};
static const ce_function split_words = {.name = "split_words"};
static const ce_rdd node = {.op = &flat_map, .site = {"word_count.c", 14}, .function = &split_words};
static const ce_rdd plain_node = {.op = &flat_map};

static void fault_in(const ce_rdd *running)
{
    static cei_run run = {.stage = 1, .partition = 3, .attempt = 0};
    run.running = running;
    cei_current_run = &run;
    ce_report_crashes();
    touch_a_forbidden_page();
}

static void fault_in_a_function(void)
{
    fault_in(&node);
}

static void fault_in_a_plain_function(void)
{
    fault_in(&plain_node);
}

static void fault_in_a_task(void)
{
    fault_in(NULL);
}

static void fault_outside(void)
{
    ce_report_crashes();
    ce_report_crashes();
    touch_a_forbidden_page();
}

static void a_fault_names_the_function_and_the_task(void **state)
{
    (void)state;
    char seen[SEEN_BYTES];
    assert_int_equal(signal_of(fault_in_a_function, seen), SIGSEGV);
    assert_string_equal(seen, "cerium: SIGSEGV in a user function: word_count.c:14: flat_map(split_words), stage 1, "
                              "partition 3, attempt 0\n");
    assert_int_equal(signal_of(fault_in_a_plain_function, seen), SIGSEGV);
    assert_string_equal(seen, "cerium: SIGSEGV in a user function: flat_map, stage 1, partition 3, attempt 0\n");
    assert_int_equal(signal_of(fault_in_a_task, seen), SIGSEGV);
    assert_string_equal(seen, "cerium: SIGSEGV in a task: stage 1, partition 3, attempt 0\n");
    assert_int_equal(signal_of(fault_outside, seen), SIGSEGV);
    assert_string_equal(seen, "cerium: SIGSEGV outside of a task\n");
}

static int raised;

static void raise_it(void)
{
    ce_report_crashes();
    (void)raise(raised);
}

static void every_signal_has_its_name_and_ends_the_process(void **state)
{
    (void)state;
    static const struct {
        int number;
        const char *text;
    } wanted[] = {{SIGSEGV, "cerium: SIGSEGV outside of a task\n"},
                  {SIGBUS, "cerium: SIGBUS outside of a task\n"},
                  {SIGFPE, "cerium: SIGFPE outside of a task\n"},
                  {SIGILL, "cerium: SIGILL outside of a task\n"},
                  {SIGABRT, "cerium: SIGABRT outside of a task\n"}};
    for (size_t index = 0; index < sizeof wanted / sizeof *wanted; index++) {
        char seen[SEEN_BYTES];
        raised = wanted[index].number;
        assert_int_equal(signal_of(raise_it, seen), wanted[index].number);
        assert_string_equal(seen, wanted[index].text);
    }
}

static void abort_it(void)
{
    ce_report_crashes();
    abort();
}

static void an_abort_is_reported_once(void **state)
{
    (void)state;
    char seen[SEEN_BYTES];
    assert_int_equal(signal_of(abort_it, seen), SIGABRT);
    assert_string_equal(seen, "cerium: SIGABRT outside of a task\n");
}

/* Deep enough for any stack; the result is used, so that no compiler makes a loop of it. */
static __attribute__((noinline)) uint64_t dive(volatile uint64_t depth)
{
    volatile char room[PAGE_BYTES];
    room[depth % PAGE_BYTES] = (char)depth;
    return depth == UINT64_MAX ? 0 : dive(depth + 1) + (uint64_t)room[(depth + 7) % PAGE_BYTES];
}

static void *dive_on_a_thread(void *arg)
{
    cei_crash_use_stack();
    *(volatile uint64_t *)arg = dive(0);
    cei_crash_drop_stack();
    return NULL;
}

static void overflow_here(void)
{
    volatile uint64_t result;
    ce_report_crashes();
    result = dive(0);
    (void)result;
}

static void overflow_on_a_thread(void)
{
    static uint64_t result;
    pthread_t thread;
    ce_report_crashes();
    (void)pthread_create(&thread, NULL, dive_on_a_thread, &result);
    (void)pthread_join(thread, NULL);
}

static void a_stack_overflow_is_reported(void **state)
{
    (void)state;
    char seen[SEEN_BYTES];
    assert_int_equal(signal_of(overflow_here, seen), SIGSEGV);
    assert_string_equal(seen, "cerium: SIGSEGV outside of a task\n");
    assert_int_equal(signal_of(overflow_on_a_thread, seen), SIGSEGV);
    assert_string_equal(seen, "cerium: SIGSEGV outside of a task\n");
}

static void *fault_on_a_thread(void *arg)
{
    (void)pthread_barrier_wait(arg);
    touch_a_forbidden_page();
    return NULL;
}

static void fault_on_many_threads(void)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    pthread_barrier_t together;
    ce_report_crashes();
    (void)pthread_barrier_init(&together, NULL, THREADS);
    for (int index = 0; index < THREADS; index++) {
        (void)pthread_create(&threads[index], NULL, fault_on_a_thread, &together);
    }
    for (int index = 0; index < THREADS; index++) {
        (void)pthread_join(threads[index], NULL);
    }
}

static void threads_that_crash_together_report_once(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        char seen[SEEN_BYTES];
        assert_int_equal(signal_of(fault_on_many_threads, seen), SIGSEGV);
        assert_string_equal(seen, "cerium: SIGSEGV outside of a task\n");
    }
}

static void fault_with_a_long_name(void)
{
    static char name[3000];
    static ce_function function = {.name = name};
    static ce_rdd named = {.op = &flat_map, .site = {"a.c", 1}, .function = &function};
    memset(name, 'x', sizeof name - 1);
    fault_in(&named);
}

static void a_sentence_that_is_too_long_is_cut_and_ends_its_line(void **state)
{
    (void)state;
    char seen[SEEN_BYTES];
    assert_int_equal(signal_of(fault_with_a_long_name, seen), SIGSEGV);
    assert_int_equal(strlen(seen), 1024);
    assert_int_equal(seen[1023], '\n');
    assert_int_equal(seen[1022], 'x');
}

static void a_stack_is_given_and_taken_back(void **state)
{
    (void)state;
    stack_t before, between, after;
    assert_int_equal(sigaltstack(NULL, &before), 0);
    cei_crash_use_stack();
    cei_crash_use_stack(); /* it has one already */
    assert_int_equal(sigaltstack(NULL, &between), 0);
    assert_int_equal(between.ss_flags & SS_DISABLE, 0);
    if (!(before.ss_flags & SS_DISABLE)) {
        assert_ptr_equal(between.ss_sp, before.ss_sp); /* a sanitizer's, which stays */
    }
    cei_crash_drop_stack();
    cei_crash_drop_stack();
    assert_int_equal(sigaltstack(NULL, &after), 0);
    assert_int_equal(after.ss_flags & SS_DISABLE, before.ss_flags & SS_DISABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_names_the_function_and_the_task),
        cmocka_unit_test(every_signal_has_its_name_and_ends_the_process),
        cmocka_unit_test(an_abort_is_reported_once),
        cmocka_unit_test(a_stack_overflow_is_reported),
        cmocka_unit_test(threads_that_crash_together_report_once),
        cmocka_unit_test(a_sentence_that_is_too_long_is_cut_and_ends_its_line),
        cmocka_unit_test(a_stack_is_given_and_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
