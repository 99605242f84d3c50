/*
 * text.c: small tools over text for the command line: growing, hashing, comparing, complaining.
 */
#include "cli.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOM_MIN = 256, READ_BYTES = 65536, NAME_BYTES_MAX = 64 };

/* ---- growing ---- */

static void reserve(cli_text *text, size_t more)
{
    if (text->room - text->count > more) {
        return;
    }
    size_t room = text->room * 2 > ROOM_MIN ? text->room * 2 : ROOM_MIN;
    room = room > text->count + more + 1 ? room : text->count + more + 1;
    char *bytes = realloc(text->bytes, room);
    if (!bytes) {
        exit(cli_fail(CLI_FAILED, "out of memory"));
    }
    text->bytes = bytes;
    text->room = room;
}

void cli_text_add(cli_text *text, const void *bytes, size_t count)
{
    reserve(text, count);
    if (count) {
        memcpy(text->bytes + text->count, bytes, count);
    }
    text->count += count;
    text->bytes[text->count] = '\0';
}

static CE_PRINTF(2, 0) void print(cli_text *text, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int count = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (count < 0) {
        exit(cli_fail(CLI_FAILED, "out of memory"));
    }
    reserve(text, (size_t)count);
    (void)vsnprintf(text->bytes + text->count, (size_t)count + 1, format, arguments);
    text->count += (size_t)count;
}

void cli_text_printf(cli_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print(text, format, arguments);
    va_end(arguments);
}

char *cli_printf(const char *format, ...)
{
    cli_text text = {0};
    va_list arguments;
    va_start(arguments, format);
    print(&text, format, arguments);
    va_end(arguments);
    return text.bytes;
}

void cli_text_free(cli_text *text)
{
    free(text->bytes);
    *text = (cli_text){0};
}

bool cli_read_file(const char *path, cli_text *content)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    ssize_t got;
    do {
        reserve(content, READ_BYTES);
        got = read(file, content->bytes + content->count, READ_BYTES);
        content->count += got > 0 ? (size_t)got : 0;
    } while (got > 0 || (got < 0 && errno == EINTR));
    content->bytes[content->count] = '\0';
    int error = errno;
    (void)close(file);
    errno = error;
    return got == 0;
}

/* ---- hashing ---- */

cli_hash cli_hash_bytes(const void *bytes, size_t count)
{
    __extension__ typedef unsigned __int128 wide;
    const wide prime = ((wide)1 << 88) + 0x13B;
    wide hash = ((wide)0x6C62272E07BB0142u << 64) | 0x62B821756295C58Du;
    for (const unsigned char *at = bytes, *end = at + count; at < end; at++) {
        hash = (hash ^ *at) * prime;
    }
    cli_hash text;
    (void)snprintf(text.digits, sizeof text.digits, "%016llx%016llx", (unsigned long long)(hash >> 64),
                   (unsigned long long)hash);
    return text;
}

/* ---- comparing ---- */

/* Letters to insert, drop or replace to come from one to the other; of a long name the start counts. */
static unsigned distance(const char *from, const char *to)
{
    unsigned row[NAME_BYTES_MAX + 1];
    const size_t columns = strnlen(to, NAME_BYTES_MAX);
    for (unsigned column = 0; column <= columns; column++) {
        row[column] = column;
    }
    for (size_t line = 0; line < NAME_BYTES_MAX && from[line]; line++) {
        unsigned diagonal = row[0];
        row[0]++;
        for (size_t column = 0; column < columns; column++) {
            unsigned best = diagonal + (from[line] != to[column]);
            diagonal = row[column + 1];
            best = best < diagonal + 1 ? best : diagonal + 1;
            row[column + 1] = best < row[column] + 1 ? best : row[column] + 1;
        }
    }
    return row[columns];
}

const char *cli_nearest(const char *word, const char *const *names)
{
    const char *nearest = names[0];
    for (const char *const *name = names + 1; *name; name++) {
        if (distance(word, *name) < distance(word, nearest)) {
            nearest = *name;
        }
    }
    return nearest;
}

/* ---- complaining ---- */

int cli_fail(int exit_code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("cerium: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    return exit_code;
}
