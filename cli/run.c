/*
 * run.c: `cerium run`: loads a program, opens its context, calls its ce_main, and says how it ended.
 *
 * The first Ctrl-C cancels: running jobs end with CE_CANCELLED, and jobs that the program starts afterwards are
 * cancelled too, by a timer that asks again and again, until ce_main returns. The second Ctrl-C ends the process as if
 * nobody had handled it.
 */
#include "cli.h"
#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const int interrupts[2] = {SIGINT, SIGTERM};

typedef int main_function(ce_context *, int, char **);

struct options {
    const char *master, *name;
    ce_conf *conf;
    const char *file;
    int count; /* of file and what is behind it */
    char **arguments;
};

/* ---- options ---- */

static int set_conf(struct options *options, const char *text)
{
    const char *equals = strchr(text, '=');
    if (!equals) {
        return cli_fail(CLI_USAGE, "--conf needs NAME=VALUE, not %s", text);
    }
    char *name = cli_printf("%.*s", (int)(equals - text), text);
    ce_status status = ce_conf_set(options->conf, name, equals + 1);
    free(name);
    return status == CE_OK ? CLI_OK : cli_fail(CLI_USAGE, "%s", ce_last_error());
}

static int set_option(struct options *options, const char *name, const char *value)
{
    if (strcmp(name, "--conf") == 0) {
        return set_conf(options, value);
    }
    *(strcmp(name, "--master") == 0 ? &options->master : &options->name) = value;
    return CLI_OK;
}

static const char *const option_names[] = {"--master", "--conf", "--name", "--help", "-h", NULL};

/* The known name that text begins with, whole or before "="; NULL: none. */
static const char *option_of(const char *text)
{
    for (const char *const *name = option_names; *name; name++) {
        const size_t bytes = strlen(*name);
        if (strncmp(text, *name, bytes) == 0 && (text[bytes] == '\0' || text[bytes] == '=')) {
            return *name;
        }
    }
    return NULL;
}

static int unknown_option(const char *text)
{
    char *word = cli_printf("%.*s", (int)strcspn(text, "="), text);
    int code = cli_fail(CLI_USAGE, "run has no option %s; the nearest is %s", word, cli_nearest(word, option_names));
    free(word);
    return code;
}

/* Options end at the first argument that is none: the rest is the program's. */
static int parse(struct options *options, int count, char **arguments)
{
    int at = 0;
    while (at < count && arguments[at][0] == '-' && arguments[at][1]) {
        const char *text = arguments[at++];
        if (strcmp(text, "--") == 0) {
            break;
        }
        const char *name = option_of(text);
        if (!name) {
            return unknown_option(text);
        }
        if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
            return CLI_SHOW_HELP;
        }
        const char *value = text[strlen(name)] ? text + strlen(name) + 1 : at < count ? arguments[at++] : NULL;
        if (!value) {
            return cli_fail(CLI_USAGE, "%s needs a value", name);
        }
        int code = set_option(options, name, value);
        if (code != CLI_OK) {
            return code;
        }
    }
    if (at == count) {
        return cli_fail(CLI_USAGE, "run needs a program: cerium run FILE.c [ARGUMENT...]");
    }
    options->file = arguments[at];
    options->count = count - at;
    options->arguments = arguments + at;
    return CLI_OK;
}

/* ---- loading ---- */

static bool ends_with(const char *text, const char *end)
{
    const size_t bytes = strlen(text), end_bytes = strlen(end);
    return bytes > end_bytes && strcmp(text + bytes - end_bytes, end) == 0;
}

/* dlopen, which would look for a name without a slash in the system's folders. */
static void *open_module(const char *file)
{
    char *path = cli_printf("%s%s", strchr(file, '/') ? "" : "./", file);
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    free(path);
    return module;
}

static int load_compiled(const char *file, void **module)
{
    int code = CLI_OK;
    bool gone = true;
    /* Twice, because another run may drop an object from the cache after it was found. */
    for (int tries = 0; tries < 2 && gone && code == CLI_OK; tries++) {
        cli_object object;
        code = cli_compile(file, &object);
        if (code == CLI_OK) {
            *module = open_module(object.path);
            gone = !*module && access(object.path, F_OK) != 0;
        }
        cli_object_close(&object);
    }
    return code;
}

static int load(const char *file, main_function **function)
{
    void *module = NULL;
    if (ends_with(file, ".c")) {
        int code = load_compiled(file, &module);
        if (code != CLI_OK) {
            return code;
        }
    } else if (ends_with(file, ".so")) {
        module = open_module(file);
    } else {
        return cli_fail(CLI_USAGE, "%s: is neither a C source (FILE.c) nor a shared object (FILE.so)", file);
    }
    if (!module) {
        return cli_fail(CLI_FAILED, "%s: cannot be loaded: %s", file, dlerror());
    }
    *(void **)function = dlsym(module, "ce_main");
    if (!*function) {
        return cli_fail(CLI_FAILED, "%s: has no function ce_main(ce_context *, int, char **)", file);
    }
    return CLI_OK;
}

/* ---- signals ---- */

static struct {
    _Atomic(ce_context *) context; /* NULL: there is nothing to cancel */
    _Atomic(int) handling;         /* threads inside a handler: the context is not closed meanwhile */
    _Atomic(int) caught;           /* the first signal */
    timer_t timer;
    bool has_timer;
    bool is_caught[2]; /* interrupts[i] has our handler */
} interruption;

static void cancel(void)
{
    atomic_fetch_add(&interruption.handling, 1);
    ce_context *context = atomic_load(&interruption.context);
    if (context) {
        ce_cancel_all_jobs(context);
    }
    atomic_fetch_sub(&interruption.handling, 1);
}

static void on_timer(int number)
{
    (void)number;
    int error = errno;
    cancel();
    errno = error;
}

static void on_interrupt(int number)
{
    int error = errno, none = 0;
    if (!atomic_compare_exchange_strong(&interruption.caught, &none, number)) {
        struct sigaction usual = {.sa_handler = SIG_DFL};
        (void)sigaction(number, &usual, NULL);
        (void)raise(number);
        return;
    }
    static const struct itimerspec often = {.it_interval.tv_nsec = 20000000, .it_value.tv_nsec = 20000000}; /* 20 ms */
    cancel();
    if (interruption.has_timer) {
        (void)timer_settime(interruption.timer, 0, &often, NULL);
    }
    errno = error;
}

static void catch_interrupts(ce_context *context)
{
    const int timer_signal = SIGRTMAX - 1;
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART}, usual;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = timer_signal};
    atomic_store(&interruption.context, context);
    interruption.has_timer = timer_create(CLOCK_MONOTONIC, &event, &interruption.timer) == 0;
    (void)sigemptyset(&action.sa_mask);
    for (size_t index = 0; index < 2; index++) {
        /* Who starts us with a signal ignored (nohup, a shell's background job) wants it ignored. */
        if (sigaction(interrupts[index], NULL, &usual) == 0 && usual.sa_handler != SIG_IGN) {
            (void)sigaction(interrupts[index], &action, NULL);
            interruption.is_caught[index] = true;
        }
    }
    action.sa_handler = on_timer;
    (void)sigaction(timer_signal, &action, NULL);
}

/* From now on a signal ends the process. The number of the one that came before, or 0. */
static int end_interrupts(void)
{
    struct sigaction usual = {.sa_handler = SIG_DFL};
    for (size_t index = 0; index < 2; index++) {
        if (interruption.is_caught[index]) {
            (void)sigaction(interrupts[index], &usual, NULL);
        }
    }
    atomic_store(&interruption.context, NULL);
    while (atomic_load(&interruption.handling)) {
        (void)sched_yield();
    }
    if (interruption.has_timer) {
        (void)timer_delete(interruption.timer);
    }
    return atomic_load(&interruption.caught);
}

/* ---- running ---- */

/* Output that cannot be written is a failure, also when the program did not look. */
static int flush_output(int code)
{
    if (fflush(stdout) != 0 && code == CLI_OK) {
        return cli_fail(CLI_FAILED, "standard output: cannot be written: %s", strerror(errno));
    }
    return code;
}

static int run_main(const struct options *options, main_function *function)
{
    ce_report_crashes();
    ce_context *context = ce_context_open(options->master, options->name, options->conf);
    if (!context) {
        return cli_fail(CLI_FAILED, "%s", ce_last_error());
    }
    catch_interrupts(context);
    int result = function(context, options->count, options->arguments);
    const int caught = end_interrupts();
    const bool says_why = result > CE_OK && result < CE_STATUS_COUNT && *ce_last_error();
    if (says_why && !caught) {
        (void)cli_fail(result, "%s", ce_last_error());
    }
    ce_context_close(context);
    const int code = result & 255;
    return flush_output(caught ? CLI_SIGNAL + caught : result && !code ? CLI_FAILED : code);
}

int cli_run(int count, char **arguments)
{
    struct options options = {.conf = ce_conf_new()};
    main_function *function = NULL;
    if (!options.conf) {
        return cli_fail(CLI_FAILED, "%s", ce_last_error());
    }
    int code = parse(&options, count, arguments);
    code = code == CLI_OK ? load(options.file, &function) : code;
    code = code == CLI_OK ? run_main(&options, function) : code;
    ce_conf_free(options.conf);
    return code;
}
