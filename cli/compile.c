/*
 * compile.c: from a source to a shared object, by the system's compiler or out of the cache.
 *
 * The usual case is that nothing has changed. Then no process is started: the compiler is known by its file's size and
 * time, the processor (-march=native) by its own identification, and the object by a hash of all that.
 */
#include "cli.h"
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

/* The include folder of the source tree, where a build tree finds it. */
#ifndef CERIUM_SOURCE_INCLUDE
#define CERIUM_SOURCE_INCLUDE ""
#endif

extern char **environ;

/* What is needed to compile, put together before it is known whether it must be. */
struct job {
    const char *source;
    cli_text words; /* char *[]: the compiler's arguments, without those that name its outputs */
    char *compiler; /* the compiler's file */
    char *include;  /* the folder that has cerium/cerium.h */
};

/* ---- words ---- */

/* Takes word over. */
static void add_word(cli_text *words, char *word)
{
    cli_text_add(words, &word, sizeof word);
}

static char **words_of(const struct job *job)
{
    return (char **)(void *)job->words.bytes;
}

/* Adds the words of a text as people write flags: blanks part them, quotes of both kinds and backslashes keep them. */
static void add_words(cli_text *words, const char *text)
{
    cli_text word = {0};
    bool any = false;
    char quote = '\0';
    for (; *text; text++) {
        if (*text == '\\' && text[1] && quote != '\'') {
            cli_text_add(&word, ++text, 1);
            any = true;
        } else if (quote ? *text == quote : *text == '"' || *text == '\'') {
            quote = quote ? '\0' : *text;
            any = true;
        } else if (quote || !strchr(" \t\n", *text)) {
            cli_text_add(&word, text, 1);
            any = true;
        } else if (any) {
            add_word(words, cli_printf("%s", word.bytes ? word.bytes : ""));
            word.count = 0;
            any = false;
        }
    }
    if (any) {
        cli_text_add(&word, "", 0);
        add_word(words, cli_printf("%s", word.bytes));
    }
    cli_text_free(&word);
}

/* ---- the compiler ---- */

/* The file that a command's name stands for; NULL when there is none. */
static char *find_program(const char *name)
{
    struct stat info;
    if (strchr(name, '/')) {
        return access(name, X_OK) == 0 ? cli_printf("%s", name) : NULL;
    }
    const char *folders = getenv("PATH");
    while (folders && *folders) {
        const size_t bytes = strcspn(folders, ":");
        char *path = cli_printf("%.*s%s%s", (int)bytes, folders, bytes ? "/" : "", name);
        if (access(path, X_OK) == 0 && stat(path, &info) == 0 && S_ISREG(info.st_mode)) {
            return path;
        }
        free(path);
        folders += bytes + (folders[bytes] == ':');
    }
    return NULL;
}

static int find_compiler(struct job *job)
{
    static const char *const usual[] = {"cc", "gcc", "clang"};
    const char *wanted = getenv("CC");
    if (wanted && wanted[strspn(wanted, " \t")]) {
        add_words(&job->words, wanted);
        const char *name = words_of(job)[0];
        job->compiler = find_program(name);
        return job->compiler ? CLI_OK : cli_fail(CLI_FAILED, "CC names the compiler %s, which is not there", name);
    }
    for (size_t index = 0; index < sizeof usual / sizeof *usual && !job->compiler; index++) {
        job->compiler = find_program(usual[index]);
        if (job->compiler) {
            add_word(&job->words, cli_printf("%s", usual[index]));
        }
    }
    return job->compiler
               ? CLI_OK
               : cli_fail(CLI_FAILED, "no C compiler found: install one with \"apt-get install gcc\" or set CC");
}

/* ---- the headers ---- */

static bool has_headers(const char *folder)
{
    char *header = cli_printf("%s/cerium/cerium.h", folder);
    bool has = *folder && access(header, R_OK) == 0;
    free(header);
    return has;
}

/* ../include of the folder that this program is in, else that of the source tree. */
static int find_include(struct job *job)
{
    char program[4096];
    ssize_t bytes = readlink("/proc/self/exe", program, sizeof program - 1);
    program[bytes > 0 ? bytes : 0] = '\0';
    for (int up = 0; up < 2; up++) { /* the program's name, then its folder: the rest needs no ".." to be read */
        char *slash = strrchr(program, '/');
        *(slash ? slash : program) = '\0';
    }
    job->include = cli_printf("%s/include", program);
    if (has_headers(job->include)) {
        return CLI_OK;
    }
    if (has_headers(CERIUM_SOURCE_INCLUDE)) {
        free(job->include);
        job->include = cli_printf("%s", CERIUM_SOURCE_INCLUDE);
        return CLI_OK;
    }
    return cli_fail(CLI_FAILED, "cannot find the header cerium/cerium.h in %s: is Cerium installed as a whole?",
                    job->include);
}

/* ---- the key ---- */

static void add_processor(cli_text *key)
{
    struct utsname machine;
    if (uname(&machine) == 0) {
        cli_text_printf(key, "%s\n", machine.machine);
    }
#if defined(__x86_64__) || defined(__i386__)
    /* Leaf 1 has the number of the processor that asks in ebx, which differs from call to call. */
    static const struct {
        unsigned leaf;
        bool skip_ebx;
    } asked[] = {{0, false}, {1, true}, {7, false}, {0x80000001, false}};
    for (size_t index = 0; index < sizeof asked / sizeof *asked; index++) {
        unsigned a = 0, b = 0, c = 0, d = 0;
        (void)__get_cpuid_count(asked[index].leaf, 0, &a, &b, &c, &d);
        cli_text_printf(key, "%x %x %x %x\n", a, asked[index].skip_ebx ? 0 : b, c, d);
    }
#endif
}

/* Everything but the headers that the object depends on, with a line's end or NUL between. */
static cli_hash key_of(const struct job *job, const cli_text *source)
{
    static const char *const heeded[] = {"CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH", "COMPILER_PATH", "GCC_EXEC_PREFIX"};
    cli_text key = {0};
    struct stat info = {0};
    char *here = getcwd(NULL, 0); /* relative names in the source begin here */
    (void)stat(job->compiler, &info);
    cli_text_printf(&key, "%s\n%s\n%s %lld %lld.%09ld\n%s\n", ce_version(), here ? here : "", job->compiler,
                    (long long)info.st_size, (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec, job->source);
    add_processor(&key);
    for (size_t index = 0; index < sizeof heeded / sizeof *heeded; index++) {
        const char *value = getenv(heeded[index]);
        cli_text_printf(&key, "%s=%s\n", heeded[index], value ? value : "");
    }
    for (size_t index = 0; index < job->words.count / sizeof(char *); index++) {
        const char *word = words_of(job)[index];
        cli_text_add(&key, word, strlen(word) + 1);
    }
    cli_text_add(&key, source->bytes, source->count);
    const cli_hash hash = cli_hash_bytes(key.bytes, key.count);
    cli_text_free(&key);
    free(here);
    return hash;
}

/* ---- compiling ---- */

void cli_object_close(cli_object *object)
{
    if (object->is_temporary && object->path) {
        (void)unlink(object->path);
    }
    if (object->temporary_folder) {
        (void)rmdir(object->temporary_folder);
    }
    free(object->path);
    free(object->temporary_folder);
    *object = (cli_object){0};
}

/* The program's words, then where it puts the object and the list of headers. */
static int run_compiler(const struct job *job, char *object, char *depends)
{
    cli_text words = {0};
    cli_text_add(&words, job->words.bytes, job->words.count);
    static char output[] = "-o", list[] = "-MD", list_file[] = "-MF", target[] = "-MT", target_name[] = "object";
    char *last[] = {list, target, target_name, list_file, depends, output, object, NULL};
    cli_text_add(&words, last, sizeof last);
    pid_t process;
    int status = 0;
    int error = posix_spawn(&process, job->compiler, NULL, NULL, (char **)(void *)words.bytes, environ);
    cli_text_free(&words);
    if (error) {
        return cli_fail(CLI_FAILED, "%s: cannot be started: %s", job->compiler, strerror(error));
    }
    while (waitpid(process, &status, 0) < 0) {
        if (errno != EINTR) {
            return cli_fail(CLI_FAILED, "%s: its end was missed: %s", job->compiler, strerror(errno));
        }
    }
    if (WIFSIGNALED(status)) {
        return cli_fail(CLI_FAILED, "%s: the compiler was ended by a signal: %s", job->source,
                        strsignal(WTERMSIG(status)));
    }
    return status ? cli_fail(CLI_FAILED, "%s: does not compile", job->source) : CLI_OK;
}

/* Where to compile when the cache cannot be written; NULL: nowhere. */
static char *make_temporary_folder(void)
{
    const char *place = getenv("TMPDIR");
    char *folder = cli_printf("%s/cerium-XXXXXX", place && *place ? place : "/tmp");
    if (mkdtemp(folder)) {
        return folder;
    }
    free(folder);
    return NULL;
}

/* An empty file of its own name, and the time at which it was made, by the clock of the file system. */
static char *make_file(const char *folder, int64_t *made_ns)
{
    struct stat info;
    char *path = cli_printf("%s/new-XXXXXX.so", folder);
    int file = mkostemps(path, 3, O_CLOEXEC);
    bool made = file >= 0 && fstat(file, &info) == 0;
    if (file >= 0) {
        (void)close(file);
    }
    if (!made) {
        free(path);
        return NULL;
    }
    *made_ns = (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec;
    return path;
}

static int compile(const struct job *job, const char *cache, cli_hash key, cli_object *object)
{
    int64_t made_ns = 0;
    object->is_temporary = true;
    object->path = cache && cli_cache_create(cache) ? make_file(cache, &made_ns) : NULL;
    const bool keeps = object->path != NULL;
    if (!keeps) {
        object->temporary_folder = make_temporary_folder();
        object->path = object->temporary_folder ? make_file(object->temporary_folder, &made_ns) : NULL;
        if (!object->path) {
            return cli_fail(CLI_FAILED, "no place to compile in: neither the cache nor TMPDIR can be written");
        }
    }
    char *depends = cli_printf("%.*s.d", (int)(strlen(object->path) - 3), object->path);
    int code = run_compiler(job, object->path, depends);
    char *kept = code == CLI_OK && keeps ? cli_cache_keep(cache, key, object->path, depends, made_ns) : NULL;
    if (kept) {
        free(object->path);
        object->path = kept;
        object->is_temporary = false;
    }
    (void)unlink(depends);
    free(depends);
    return code;
}

static int prepare(struct job *job, const char *source)
{
    static const char *const fixed[] = {"-O3", "-march=native", "-std=gnu17", "-fPIC", "-shared", "-g"};
    const char *own = getenv("CERIUM_CFLAGS");
    job->source = source;
    int code = find_compiler(job);
    code = code == CLI_OK ? find_include(job) : code;
    if (code != CLI_OK) {
        return code;
    }
    for (size_t index = 0; index < sizeof fixed / sizeof *fixed; index++) {
        add_word(&job->words, cli_printf("%s", fixed[index]));
    }
    add_word(&job->words, cli_printf("-I%s", job->include));
    /* A source whose name begins with a dash is no option. */
    add_word(&job->words, cli_printf("%s%s", *source == '-' ? "./" : "", source));
    add_words(&job->words, own ? own : ""); /* last: -l belongs behind what needs it, and later flags win */
    return CLI_OK;
}

int cli_compile(const char *source, cli_object *object)
{
    struct job job = {0};
    cli_text content = {0};
    *object = (cli_object){0};
    if (!cli_read_file(source, &content)) {
        int error = errno;
        cli_text_free(&content);
        return cli_fail(CLI_FAILED, "%s: cannot be read: %s", source, strerror(error));
    }
    int code = prepare(&job, source);
    if (code == CLI_OK) {
        const cli_hash key = key_of(&job, &content);
        char *cache = cli_cache_directory();
        object->path = cache ? cli_cache_find(cache, key) : NULL;
        code = object->path ? CLI_OK : compile(&job, cache, key, object);
        free(cache);
    }
    cli_text_free(&content);
    for (size_t index = 0; index < job.words.count / sizeof(char *); index++) {
        free(words_of(&job)[index]);
    }
    cli_text_free(&job.words);
    free(job.compiler);
    free(job.include);
    return code;
}
