/*
 * cli.h: what the files of the command line share.
 *
 * The command is a program like any other that uses Cerium: it sees the public headers only. Short memory ends it.
 */
#ifndef CERIUM_CLI_H
#define CERIUM_CLI_H

#include <cerium/cerium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Exit codes, as shells use them. */
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_SIGNAL = 128, CLI_SHOW_HELP = -1 };

/* ---- text.c ---- */

/* Bytes that grow, with a NUL behind them. Zeroed is empty; bytes is NULL then. */
typedef struct cli_text {
    char *bytes;
    size_t count, room;
} cli_text;

void cli_text_add(cli_text *text, const void *bytes, size_t count);
void cli_text_printf(cli_text *text, const char *format, ...) CE_PRINTF(2, 3);
char *cli_printf(const char *format, ...) CE_PRINTF(1, 2); /* a text that the caller frees */
void cli_text_free(cli_text *text);

/* A file's content, or false with errno set. */
bool cli_read_file(const char *path, cli_text *content);

/* 32 hexadecimal digits of FNV-1a with 128 bits: what content is known by. */
typedef struct cli_hash {
    char digits[33];
} cli_hash;

cli_hash cli_hash_bytes(const void *bytes, size_t count);

/* The name that takes the fewest changed letters to come from word; names ends with NULL and has one at least. */
const char *cli_nearest(const char *word, const char *const *names);

/* Prints "cerium: " and the sentence to standard error; returns exit_code. */
int cli_fail(int exit_code, const char *format, ...) CE_PRINTF(2, 3);

/* ---- cache.c: shared objects by what they were made of ---- */

/* Where it is ($CERIUM_CACHE, $XDG_CACHE_HOME/cerium, ~/.cache/cerium), there or not; NULL: there is no such place. */
char *cli_cache_directory(void);
/* Creates it with its parents; false when it cannot be written. */
bool cli_cache_create(const char *directory);

/* The path of the shared object of that key, when every file that went into it is still the same; else NULL. */
char *cli_cache_find(const char *directory, cli_hash key);

/*
 * Moves a shared object into the cache; its path there, or NULL when it cannot be kept. depends: the file that the
 * compiler wrote with -MD. started_ns: what has changed since may not be what the compiler read: nothing is kept.
 */
char *cli_cache_keep(const char *directory, cli_hash key, const char *object, const char *depends, int64_t started_ns);

/* ---- compile.c ---- */

/* What to load, and what to remove as soon as it is loaded. */
typedef struct cli_object {
    char *path;
    bool is_temporary;
    char *temporary_folder; /* a folder to remove after it; NULL: none */
} cli_object;

/* Compiles a source, or finds it compiled. CLI_OK, or an exit code: the reason has been printed. */
int cli_compile(const char *source, cli_object *object);
/* Removes what is temporary, and frees. */
void cli_object_close(cli_object *object);

/* ---- run.c ---- */

/* `cerium run`: arguments are those behind "run". Returns the exit code, or CLI_SHOW_HELP. */
int cli_run(int count, char **arguments);

#endif
