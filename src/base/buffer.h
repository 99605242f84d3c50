/*
 * buffer.h: bytes that grow: what text is printed into and plans are written into.
 *
 * Append calls never fail one by one: the first failure sets `failed`, later appends do nothing, and the owner asks
 * once at the end (cei_buffer_status).
 */
#ifndef CERIUM_BASE_BUFFER_H
#define CERIUM_BASE_BUFFER_H

#include <cerium/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct cei_buffer {
    char *bytes; /* on the heap; NULL while empty */
    size_t count, room;
    bool failed;
} cei_buffer;

void cei_buffer_close(cei_buffer *buffer);                /* frees; usable again as if zeroed */
bool cei_buffer_reserve(cei_buffer *buffer, size_t more); /* room for more bytes; false after a failure */
void cei_buffer_printf(cei_buffer *buffer, const char *format, ...) CE_PRINTF(2, 3);
ce_status cei_buffer_status(const cei_buffer *buffer); /* CE_MEMORY after a failure */

static inline void cei_buffer_append(cei_buffer *buffer, const void *bytes, size_t count)
{
    if (count && (buffer->room - buffer->count >= count || cei_buffer_reserve(buffer, count))) {
        memcpy(buffer->bytes + buffer->count, bytes, count);
        buffer->count += count;
    }
}

static inline void cei_buffer_text(cei_buffer *buffer, const char *text)
{
    cei_buffer_append(buffer, text, strlen(text));
}

static inline void cei_buffer_char(cei_buffer *buffer, char c)
{
    cei_buffer_append(buffer, &c, 1);
}

/* The decimal form of value; the shortest form that reads back as the same double, with ".0" for whole numbers and
 * nan, inf, -inf as Spark's Python shell prints them. */
void cei_buffer_int64(cei_buffer *buffer, int64_t value);
void cei_buffer_uint64(cei_buffer *buffer, uint64_t value);
void cei_buffer_double(cei_buffer *buffer, double value);

/* The bytes with a NUL behind (not counted in count); "" when empty; NULL after a failure. */
const char *cei_buffer_cstr(cei_buffer *buffer);

#endif
