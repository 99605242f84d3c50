/*
 * The rules of tidy. A file is looked at twice: as it stands (columns, blanks, words), and as code, a copy of the same
 * length in which comments and the insides of literals are blank, so that a name in prose is never taken for a call.
 */
#include "tidy_rules.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 120, FILE_LINES_MAX = 1000, SMALL_FILE_LINES_MAX = 400, FUNCTION_LINES_MAX = 70 };

static void __attribute__((format(printf, 5, 6)))
say(tidy_report *report, const char *path, size_t line, const char *rule, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(report->out, "%s:%zu: %s: ", path, line, rule);
    vfprintf(report->out, format, arguments);
    fputc('\n', report->out);
    va_end(arguments);
    report->findings++;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t bytes = strlen(text), end_bytes = strlen(end);
    return bytes >= end_bytes && strcmp(text + bytes - end_bytes, end) == 0;
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Steps over one line: *line is its start, *bytes its length without the newline. false at the end of the text. */
static bool next_line(const char **rest, const char **line, size_t *bytes)
{
    if (!**rest) {
        return false;
    }
    *line = *rest;
    *bytes = strcspn(*rest, "\n");
    *rest += *bytes + ((*rest)[*bytes] == '\n');
    return true;
}

/* --- what a path says --------------------------------------------------------------------------------------------- */

static bool is_c(const char *path)
{
    return ends_with(path, ".c") || ends_with(path, ".h") || ends_with(path, ".inc") || ends_with(path, ".def");
}

int tidy_is_checked(const char *path)
{
    static const char *const endings[] = {".c", ".h", ".inc", ".def", ".sh", ".py", ".java", ".js", ".css"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (ends_with(path, endings[i])) {
            return true;
        }
    }
    const char *slash = strrchr(path, '/');
    return starts_with(path, "script/") || strcmp(slash ? slash + 1 : path, "run") == 0;
}

/* A file beside a source that is never part of the library. */
static bool is_companion(const char *path)
{
    return ends_with(path, "_test.c") || ends_with(path, "_bench.c") || ends_with(path, "_fuzz.c");
}

/* --- text --------------------------------------------------------------------------------------------------------- */

static void check_line(tidy_report *report, const char *path, size_t number, const char *line, size_t bytes)
{
    size_t columns = 0;
    for (size_t i = 0; i < bytes; i++) {
        columns += ((unsigned char)line[i] & 0xC0) != 0x80; /* the later bytes of a UTF-8 character take no column */
    }
    if (columns > COLUMNS_MAX) {
        say(report, path, number, "columns", "has %zu; break the line before column %d", columns, COLUMNS_MAX + 1);
    }
    if (memchr(line, '\t', bytes)) {
        say(report, path, number, "tab", "indent with 4 spaces");
    }
    if (memchr(line, '\r', bytes)) {
        say(report, path, number, "line end", "end lines with LF alone");
    } else if (bytes && (line[bytes - 1] == ' ' || line[bytes - 1] == '\t')) {
        say(report, path, number, "trailing blank", "remove it");
    }
}

static void check_words(tidy_report *report, const char *path, size_t number, const char *line, size_t bytes)
{
    /* In two halves, so that this file passes its own rule. */
    /* clang-format off */
    static const char *const words[] = {"TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK"};
    /* clang-format on */
    for (size_t i = 0; i < bytes;) {
        size_t end = i;
        while (end < bytes && is_name_char(line[end])) {
            end++;
        }
        for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
            if (end - i == strlen(words[w]) && memcmp(line + i, words[w], end - i) == 0) {
                say(report, path, number, "unfinished", "%s: do it, or leave it out", words[w]);
            }
        }
        i = end + (end == i);
    }
}

static void check_text(tidy_report *report, const char *path, const char *text)
{
    bool small = starts_with(path, "src/rdd/op/") || starts_with(path, "src/action/");
    size_t lines_max = small && !is_companion(path) ? SMALL_FILE_LINES_MAX : FILE_LINES_MAX;
    size_t number = 0, bytes;
    const char *line;
    for (const char *rest = text; next_line(&rest, &line, &bytes);) {
        number++;
        check_line(report, path, number, line, bytes);
        check_words(report, path, number, line, bytes);
        if (!*rest && line[bytes] != '\n') {
            say(report, path, number, "line end", "end the last line with LF");
        }
    }
    if (number > lines_max) {
        say(report, path, number, "file size", "has %zu lines of at most %zu; split it by noun", number, lines_max);
    }
}

/* --- code --------------------------------------------------------------------------------------------------------- */

static const char *skip_comment(const char *at)
{
    if (at[1] == '/') {
        return at + strcspn(at, "\n");
    }
    const char *end = strstr(at + 2, "*/");
    return end ? end + 2 : at + strlen(at);
}

/* From an opening quote to its closing one, or to the end of the line: an apostrophe in #error opens nothing. */
static const char *skip_literal(const char *at)
{
    char quote = *at++;
    while (*at && *at != '\n' && *at != quote) {
        at += at[0] == '\\' && at[1] ? 2 : 1;
    }
    return at;
}

static void make_blank(char *from, const char *end)
{
    for (; from < end; from++) {
        if (*from != '\n') {
            *from = ' ';
        }
    }
}

/* A copy of text with comments and the insides of literals made blank; newlines stay. The caller frees it. */
static char *code_of(const char *text)
{
    char *code = strdup(text);
    if (!code) {
        fputs("tidy: out of memory\n", stderr);
        exit(2);
    }
    for (const char *at = text; *at;) {
        if (at[0] == '/' && (at[1] == '/' || at[1] == '*')) {
            const char *end = skip_comment(at);
            make_blank(code + (at - text), code + (end - text));
            at = end;
        } else if (*at == '"' || *at == '\'') {
            const char *end = skip_literal(at);
            make_blank(code + (at + 1 - text), code + (end - text));
            at = end + (*end == *at);
        } else {
            at++;
        }
    }
    return code;
}

static void check_opening(tidy_report *report, const char *path, const char *text)
{
    bool two_lines = false;
    if (starts_with(text, "/*")) {
        const char *end = skip_comment(text);
        two_lines = memchr(text, '\n', (size_t)(end - text)) != NULL;
    } else if (starts_with(text, "//")) {
        const char *end = skip_comment(text);
        two_lines = starts_with(end, "\n//");
    }
    if (!two_lines) {
        say(report, path, 1, "opening", "open with a comment of two lines or more: what this file is, and why");
    }
}

static bool ends_in_brace(const char *line, size_t bytes)
{
    while (bytes && line[bytes - 1] == ' ') {
        bytes--;
    }
    return bytes > 3 && memcmp(line + bytes - 3, ") {", 3) == 0;
}

static bool opens_type(const char *line)
{
    return starts_with(line, "struct ") || starts_with(line, "union ") || starts_with(line, "enum ") ||
           starts_with(line, "typedef ");
}

static void check_functions(tidy_report *report, const char *path, const char *code)
{
    size_t number = 0, start = 0, bytes;
    const char *line;
    for (const char *rest = code; next_line(&rest, &line, &bytes);) {
        number++;
        if (line[0] == '{') {
            start = number;
        } else if (line[0] == '}' && start) {
            size_t lines = number - start + 1;
            if (lines > FUNCTION_LINES_MAX) {
                say(report, path, start, "function size", "has %zu lines of at most %d; move a step of it out", lines,
                    FUNCTION_LINES_MAX);
            }
            start = 0;
        } else if (is_name_char(line[0]) && ends_in_brace(line, bytes) && !opens_type(line)) {
            say(report, path, number, "brace", "put a function's opening brace on a line of its own");
        }
    }
}

/* --- calls -------------------------------------------------------------------------------------------------------- */

/* What src/base stands in for. The command line sees no header of src/, so that for it only the unsafe calls count. */
static const struct forbidden_call {
    const char *name, *instead;
    bool unsafe;
} forbidden_calls[] = {
    {"malloc", "use cei_alloc (base/memory.h) or an arena", false},
    {"calloc", "use cei_alloc_zeroed (base/memory.h) or an arena", false},
    {"realloc", "use cei_realloc (base/memory.h) or cei_buffer", false},
    {"aligned_alloc", "use the pool (base/pool.h)", false},
    {"posix_memalign", "use the pool (base/pool.h)", false},
    {"free", "use cei_free (base/memory.h)", false},
    {"strdup", "use cei_strdup (base/memory.h)", false},
    {"strndup", "use cei_arena_copy (base/arena.h)", false},
    {"asprintf", "use cei_buffer_printf (base/buffer.h)", false},
    {"vasprintf", "use cei_buffer_printf (base/buffer.h)", false},
    {"open", "use cei_file_open_read or cei_file_create (base/file.h)", false},
    {"openat", "use cei_file_open_read or cei_file_create (base/file.h)", false},
    {"creat", "use cei_file_create (base/file.h)", false},
    {"read", "use cei_file_read (base/file.h)", false},
    {"pread", "use cei_file_read_at (base/file.h)", false},
    {"write", "use cei_file_write (base/file.h)", false},
    {"pwrite", "use cei_file_write (base/file.h)", false},
    {"close", "use cei_file_close (base/file.h)", false},
    {"fsync", "use cei_file_sync (base/file.h)", false},
    {"fopen", "use cei_file_open_read, cei_read_file or cei_write_file (base/file.h)", false},
    {"rename", "use cei_rename (base/file.h)", false},
    {"unlink", "use cei_remove (base/file.h)", false},
    {"rmdir", "use cei_remove (base/file.h)", false},
    {"remove", "use cei_remove (base/file.h)", false},
    {"mkdir", "use cei_make_directory (base/file.h)", false},
    {"mkdtemp", "use cei_temp_directory (base/file.h)", false},
    {"mkstemp", "use cei_temp_directory (base/file.h)", false},
    {"opendir", "use the directory calls of base/file.h", false},
    {"stat", "use cei_path_info (base/file.h)", false},
    {"lstat", "use cei_path_info (base/file.h)", false},
    {"access", "use cei_path_exists (base/file.h)", false},
    {"fork", "use cei_process_start (base/process.h)", false},
    {"vfork", "use cei_process_start (base/process.h)", false},
    {"execvp", "use cei_process_start (base/process.h)", false},
    {"posix_spawn", "use cei_process_start (base/process.h)", false},
    {"posix_spawnp", "use cei_process_start (base/process.h)", false},
    {"popen", "use cei_process_start (base/process.h)", false},
    {"system", "use cei_process_start (base/process.h)", false},
    {"waitpid", "use cei_process_wait (base/process.h)", false},
    {"pthread_create", "use cei_thread_start (base/thread.h)", false},
    {"pthread_join", "use cei_thread_join (base/thread.h)", false},
    {"pthread_mutex_lock", "use cei_lock_take (base/thread.h)", false},
    {"pthread_mutex_unlock", "use cei_lock_give (base/thread.h)", false},
    {"pthread_cond_wait", "use cei_condition_wait (base/thread.h)", false},
    {"pthread_cond_timedwait", "use cei_condition_wait_for (base/thread.h)", false},
    {"clock_gettime", "use cei_clock_ns, cei_clock_wall_ms or cei_clock_cpu_ns (base/clock.h)", false},
    {"gettimeofday", "use cei_clock_wall_ms (base/clock.h)", false},
    {"time", "use cei_clock_wall_ms (base/clock.h)", false},
    {"clock", "use cei_clock_cpu_ns (base/clock.h)", false},
    {"sleep", "use cei_sleep_ms (base/clock.h)", false},
    {"usleep", "use cei_sleep_ms (base/clock.h)", false},
    {"nanosleep", "use cei_sleep_ms (base/clock.h)", false},
    {"rand", "use cei_random_next with a seed (base/random.h)", false},
    {"srand", "use cei_random_seed (base/random.h)", false},
    {"random", "use cei_random_next with a seed (base/random.h)", false},
    {"drand48", "use cei_random_double with a seed (base/random.h)", false},
    {"abort", "return a ce_status with cei_fail (base/error.h), or assert a programmer's error", false},
    {"exit", "return a ce_status with cei_fail (base/error.h): the program belongs to its owner", false},
    {"sprintf", "use snprintf or cei_buffer_printf (base/buffer.h)", true},
    {"vsprintf", "use vsnprintf or cei_buffer_printf (base/buffer.h)", true},
    {"strcpy", "use memcpy with a known length, or cei_buffer_text (base/buffer.h)", true},
    {"strcat", "use snprintf, or cei_buffer_text (base/buffer.h)", true},
    {"strtok", "use strtok_r, strcspn or memchr: its state is one per process", true},
};

/* Whether the name at code[from, end) is called: a parenthesis follows, and no struct of functions comes before it. */
static bool is_call(const char *code, size_t from, size_t end)
{
    if (code[end + strspn(code + end, " \n")] != '(') {
        return false;
    }
    while (from && (code[from - 1] == ' ' || code[from - 1] == '\n')) {
        from--;
    }
    bool dot = from >= 1 && code[from - 1] == '.';
    bool arrow = from >= 2 && code[from - 2] == '-' && code[from - 1] == '>';
    return !dot && !arrow;
}

static void check_calls(tidy_report *report, const char *path, const char *code)
{
    bool in_cli = starts_with(path, "cli/");
    size_t line = 1;
    for (size_t i = 0; code[i];) {
        if (!is_name_char(code[i])) {
            line += code[i++] == '\n';
            continue;
        }
        size_t end = i;
        while (is_name_char(code[end])) {
            end++;
        }
        for (size_t f = 0; f < sizeof forbidden_calls / sizeof *forbidden_calls; f++) {
            const struct forbidden_call *call = &forbidden_calls[f];
            bool named = strlen(call->name) == end - i && memcmp(code + i, call->name, end - i) == 0;
            if (named && (call->unsafe || !in_cli) && is_call(code, i, end)) {
                say(report, path, line, "call", "%s: %s", call->name, call->instead);
            }
        }
        i = end;
    }
}

/* --- includes ----------------------------------------------------------------------------------------------------- */

void tidy_layers_parse(tidy_layers *layers, tidy_report *report, const char *path, const char *text)
{
    layers->count = 0;
    size_t number = 0, bytes;
    const char *line;
    for (const char *rest = text; next_line(&rest, &line, &bytes);) {
        number++;
        struct tidy_layer layer;
        char copy[128], more;
        snprintf(copy, sizeof copy, "%.*s", (int)strcspn(line, "#\n"), line);
        if (!copy[strspn(copy, " ")]) {
            continue;
        }
        if (sscanf(copy, "%63s %d %c", layer.folder, &layer.level, &more) != 2 ||
            layers->count == sizeof layers->at / sizeof *layers->at) {
            say(report, path, number, "layers", "write a folder and its level");
            continue;
        }
        layers->at[layers->count++] = layer;
    }
}

static const struct tidy_layer *find_layer(const tidy_layers *layers, const char *folder, size_t bytes)
{
    for (size_t i = 0; i < layers->count; i++) {
        if (strlen(layers->at[i].folder) == bytes && memcmp(layers->at[i].folder, folder, bytes) == 0) {
            return &layers->at[i];
        }
    }
    return NULL;
}

/* The layer that a path below src/ belongs to, which is that of its folder; NULL when it has none. */
static const struct tidy_layer *layer_of(const tidy_layers *layers, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? find_layer(layers, path, (size_t)(slash - path)) : NULL;
}

struct include {
    const char *path; /* the file that includes */
    size_t line;
    const char *name; /* what it includes */
    bool quoted;
};

static void check_include_of_src(tidy_report *report, const tidy_layers *layers, const struct include *include)
{
    const struct tidy_layer *own = layer_of(layers, include->path + strlen("src/"));
    const struct tidy_layer *other = layer_of(layers, include->name);
    if (!other) {
        bool neighbour = !strchr(include->name, '/');
        bool support = is_companion(include->path) && starts_with(include->name, "support/");
        if (include->quoted && !neighbour && !support && !starts_with(include->name, "cerium/")) {
            say(report, include->path, include->line, "layers",
                "\"%s\": write \"folder/name.h\" with a folder of tools/layers.txt", include->name);
        }
    } else if (own && other != own && other->level >= own->level) {
        say(report, include->path, include->line, "layers", "%s (level %d) cannot see \"%s\" (level %d); %s",
            own->folder, own->level, include->name, other->level,
            "move what both need into a lower folder, or pass it in from above");
    }
}

/* Where only the public headers are seen. Files of include/ and cli/ have neighbours. */
static void check_include_of_public(tidy_report *report, const tidy_layers *layers, const struct include *include)
{
    bool neighbour = include->quoted && !strchr(include->name, '/') && !starts_with(include->path, "examples/");
    bool support = is_companion(include->path) && starts_with(include->name, "support/");
    if (layer_of(layers, include->name) || (include->quoted && !neighbour && !support)) {
        say(report, include->path, include->line, "layers",
            "%s: include <cerium/...> and system headers only; what is missing there belongs into a public header",
            include->name);
    }
}

static void check_includes(tidy_report *report, const tidy_layers *layers, const char *path, const char *text,
                           const char *code)
{
    bool in_src = starts_with(path, "src/");
    if (in_src && !layer_of(layers, path + strlen("src/"))) {
        say(report, path, 1, "layers", "add the folder with its level to tools/layers.txt");
    }
    size_t number = 0, bytes;
    const char *line;
    for (const char *rest = code; next_line(&rest, &line, &bytes);) {
        number++;
        const char *at = line + strspn(line, " ");
        if (*at++ != '#' || !starts_with(at += strspn(at, " "), "include")) {
            continue;
        }
        at += strlen("include");
        at += strspn(at, " ");
        if (*at != '"' && *at != '<') {
            continue; /* a macro names it */
        }
        char name[256];
        const char *written = text + (at + 1 - code); /* code has the insides of quotes blank */
        snprintf(name, sizeof name, "%.*s", (int)strcspn(written, "\">\n"), written);
        struct include include = {path, number, name, *at == '"'};
        if (in_src) {
            check_include_of_src(report, layers, &include);
        } else {
            check_include_of_public(report, layers, &include);
        }
    }
}

/* --- a file, the tree --------------------------------------------------------------------------------------------- */

void tidy_check_file(tidy_report *report, const tidy_layers *layers, const char *path, const char *text)
{
    check_text(report, path, text);
    if (!is_c(path)) {
        return;
    }
    char *code = code_of(text);
    bool in_src = starts_with(path, "src/"), in_cli = starts_with(path, "cli/");
    check_functions(report, path, code);
    if (in_src && ends_with(path, ".c")) {
        check_opening(report, path, text);
    }
    if ((in_src && !starts_with(path, "src/base/") && !is_companion(path)) || (in_cli && !is_companion(path))) {
        check_calls(report, path, code);
    }
    if (in_src || in_cli || starts_with(path, "include/") || starts_with(path, "examples/")) {
        check_includes(report, layers, path, text, code);
    }
    free(code);
}

static bool has_path(char *const *paths, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(paths[i], path) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_test(char *const *paths, size_t count, const char *source)
{
    char test[1024];
    snprintf(test, sizeof test, "%.*s_test.c", (int)(strlen(source) - strlen(".c")), source);
    return has_path(paths, count, test);
}

static bool is_listed(const char *list, const char *path)
{
    size_t bytes;
    const char *line;
    for (const char *rest = list; next_line(&rest, &line, &bytes);) {
        if (strcspn(line, " \n") == strlen(path) && starts_with(line, path)) {
            return true;
        }
    }
    return false;
}

void tidy_check_tested(tidy_report *report, char *const *paths, size_t count, const char *list_path, const char *list)
{
    for (size_t i = 0; i < count; i++) {
        const char *path = paths[i];
        bool source = starts_with(path, "src/") && ends_with(path, ".c") && !is_companion(path);
        if (source && !has_test(paths, count, path) && !is_listed(list, path)) {
            say(report, path, 1, "untested", "write its _test.c beside it, or say in %s why it needs none", list_path);
        }
    }
    size_t number = 0, bytes;
    const char *line;
    for (const char *rest = list; next_line(&rest, &line, &bytes);) {
        number++;
        if (!bytes || line[0] == '#') {
            continue;
        }
        char path[1024];
        size_t path_bytes = strcspn(line, " \n");
        snprintf(path, sizeof path, "%.*s", (int)path_bytes, line);
        if (!has_path(paths, count, path)) {
            say(report, list_path, number, "untested", "%s is gone; remove the line", path);
        } else if (!ends_with(path, ".c") || has_test(paths, count, path)) {
            say(report, list_path, number, "untested", "%s has a test; remove the line", path);
        } else if (path_bytes + strspn(line + path_bytes, " ") >= bytes) {
            say(report, list_path, number, "untested", "say behind %s why it needs no test", path);
        }
    }
}
