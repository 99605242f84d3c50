/*
 * crash.c: one sentence about a crash: which signal, in which user function, in which task.
 *
 * It is written by a signal handler, which may call next to nothing: no printf, no locks, no heap. So the sentence is
 * put together by hand in a fixed buffer and leaves in one write. Afterwards the signal does what it would have done
 * without us: the exit status, and a core file where the system makes one, tell the same story.
 *
 * Interface: ce_report_crashes, cei_crash_use_stack, cei_crash_drop_stack
 */
#include "report/crash.h"
#include "base/memory.h"
#include "rdd/node.h"
#include "report/progress.h"
#include <signal.h>
#include <sys/uio.h>
#include <unistd.h>

/* The kernel puts the registers on the stack (up to 12 KiB with AMX), then come our frames and 1 KiB of text. */
enum { STACK_BYTES = 64 * 1024, SENTENCE_BYTES = 1024 };

static const struct crash_signal {
    int number;
    const char *name;
} signals[] = {
    {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGFPE, "SIGFPE"}, {SIGILL, "SIGILL"}, {SIGABRT, "SIGABRT"},
};

enum { SIGNAL_COUNT = sizeof signals / sizeof *signals };

/* NULL: the thread has none of ours. */
static _Thread_local void *stack;

/* ---- what a signal handler may call ---- */

typedef struct sentence {
    char text[SENTENCE_BYTES];
    size_t count;
} sentence;

static void say(sentence *to, const char *text)
{
    while (*text && to->count < sizeof to->text - 1) { /* one byte is kept for the line's end */
        to->text[to->count++] = *text++;
    }
}

static void say_number(sentence *to, uint64_t number)
{
    char digits[24], *at = digits + sizeof digits;
    *--at = '\0';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    say(to, at);
}

/* "word_count.c:14: flat_map(split_words), " */
static void say_function(sentence *to, const ce_rdd *node)
{
    if (node->site.file) {
        say(to, node->site.file);
        say(to, ":");
        say_number(to, (uint64_t)node->site.line);
        say(to, ": ");
    }
    say(to, node->op->name);
    if (node->function) {
        say(to, "(");
        say(to, node->function->name);
        say(to, ")");
    }
    say(to, ", ");
}

static void say_all(sentence *to, const char *signal_name, const cei_run *run)
{
    say(to, cei_progress_is_drawn() ? "\r\033[K" : "");
    say(to, "cerium: ");
    say(to, signal_name);
    if (!run) {
        say(to, " outside of a task");
    } else {
        say(to, run->running ? " in a user function: " : " in a task: ");
        if (run->running) {
            say_function(to, run->running);
        }
        say(to, "stage ");
        say_number(to, (uint64_t)run->stage);
        say(to, ", partition ");
        say_number(to, run->partition);
        say(to, ", attempt ");
        say_number(to, run->attempt);
    }
    to->text[to->count++] = '\n';
}

/* The first thread that crashes reports and ends the process. Another one that crashes meanwhile waits for that. */
static void report(int number)
{
    static atomic_flag reporting = ATOMIC_FLAG_INIT;
    while (atomic_flag_test_and_set(&reporting)) {
        (void)pause();
    }
    size_t index = 0;
    while (index < SIGNAL_COUNT - 1 && signals[index].number != number) {
        index++;
    }
    sentence text;
    text.count = 0;
    say_all(&text, signals[index].name, cei_current_run);
    /* base/file.h makes sentences of failures, which a handler must not; nothing can be done about a failure here. */
    const struct iovec part = {text.text, text.count};
    ssize_t written = writev(STDERR_FILENO, &part, 1);
    (void)written;

    struct sigaction usual = {.sa_handler = SIG_DFL};
    (void)sigaction(number, &usual, NULL);
    (void)raise(number); /* blocked until the handler returns; a fault would come again by itself, a kill would not */
}

/* ---- setting up ---- */

void cei_crash_use_stack(void)
{
    stack_t before;
    /* A thread-local variable of a library that was loaded later is allocated when a thread first uses it: here, and
     * not in the handler. */
    const cei_run *volatile touched = cei_current_run;
    (void)touched;
    if (sigaltstack(NULL, &before) != 0 || !(before.ss_flags & SS_DISABLE)) {
        return;
    }
    void *memory = cei_alloc(STACK_BYTES);
    const stack_t ours = {.ss_sp = memory, .ss_size = STACK_BYTES};
    if (memory && sigaltstack(&ours, NULL) == 0) {
        stack = memory;
    } else {
        cei_free(memory);
    }
}

void cei_crash_drop_stack(void)
{
    if (stack) {
        const stack_t none = {.ss_flags = SS_DISABLE};
        (void)sigaltstack(&none, NULL);
        cei_free(stack);
        stack = NULL;
    }
}

void ce_report_crashes(void)
{
    struct sigaction action = {.sa_handler = report, .sa_flags = SA_ONSTACK};
    cei_crash_use_stack();
    (void)sigemptyset(&action.sa_mask);
    for (size_t index = 0; index < SIGNAL_COUNT; index++) {
        (void)sigaddset(&action.sa_mask, signals[index].number);
    }
    for (size_t index = 0; index < SIGNAL_COUNT; index++) {
        (void)sigaction(signals[index].number, &action, NULL);
    }
}
