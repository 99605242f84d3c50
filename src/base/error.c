/*
 * error.c: the sentence of the newest failure, one per thread.
 *
 * A new sentence is composed in a buffer of its own and copied over the stored one afterwards, because its arguments
 * may point into the stored one. A sentence that is too long is cut between two UTF-8 characters.
 *
 * Interface: cei_fail, cei_fail_errno, cei_error_prefix, cei_error_set, ce_status_text, ce_last_error
 */
#include "base/error.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char stored[CEI_ERROR_BYTES_MAX];

static const char *const status_texts[CE_STATUS_COUNT] = {
#define CE_STATUS_CODE(name, text) [CE_##name] = text,
#include <cerium/status.def>
#undef CE_STATUS_CODE
};

const char *ce_status_text(ce_status status)
{
    return (unsigned)status < CE_STATUS_COUNT ? status_texts[status] : "unknown status";
}

const char *ce_last_error(void)
{
    return stored;
}

/* Half a character at the cut would make the sentence invalid where UTF-8 is expected, such as in an event log. */
static size_t whole_characters(const char *text, size_t count)
{
    size_t start = count;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80) {
        start--;
    }
    if (start == 0) {
        return count;
    }
    unsigned char lead = (unsigned char)text[start - 1];
    size_t needed = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    return count - (start - 1) >= needed ? count : start - 1;
}

/* Appends to the composed sentence; returns its new length. */
static size_t append(char *sentence, size_t count, const char *text)
{
    size_t room = CEI_ERROR_BYTES_MAX - 1 - count;
    size_t length = strlen(text);
    if (length > room) {
        length = whole_characters(text, room);
    }
    memcpy(sentence + count, text, length);
    sentence[count + length] = '\0';
    return count + length;
}

static CE_PRINTF(2, 0) size_t compose(char *sentence, const char *format, va_list arguments)
{
    sentence[0] = '\0';
    int wanted = vsnprintf(sentence, CEI_ERROR_BYTES_MAX, format, arguments);
    if (wanted < 0) {
        return append(sentence, 0, format);
    }
    size_t count = (size_t)wanted;
    if (count >= CEI_ERROR_BYTES_MAX) {
        count = whole_characters(sentence, CEI_ERROR_BYTES_MAX - 1);
        sentence[count] = '\0';
    }
    return count;
}

ce_status cei_fail(ce_status status, const char *format, ...)
{
    char sentence[CEI_ERROR_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    size_t count = compose(sentence, format, arguments);
    va_end(arguments);
    memcpy(stored, sentence, count + 1);
    return status;
}

static ce_status status_of_errno(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return CE_NO_SPACE;
    case ENOENT:
        return CE_NOT_FOUND;
    case EEXIST:
        return CE_EXISTS;
    case ENOMEM:
        return CE_MEMORY;
    default:
        return CE_IO;
    }
}

ce_status cei_fail_errno(int error, const char *format, ...)
{
    char sentence[CEI_ERROR_BYTES_MAX], reason[256];
    va_list arguments;
    va_start(arguments, format);
    size_t count = compose(sentence, format, arguments);
    va_end(arguments);
    count = append(sentence, count, ": ");
    count = append(sentence, count, strerror_r(error, reason, sizeof reason));
    memcpy(stored, sentence, count + 1);
    return status_of_errno(error);
}

ce_status cei_error_prefix(ce_status status, const char *format, ...)
{
    char sentence[CEI_ERROR_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    size_t count = compose(sentence, format, arguments);
    va_end(arguments);
    count = append(sentence, count, stored);
    memcpy(stored, sentence, count + 1);
    return status;
}

void cei_error_set(const char *text)
{
    char sentence[CEI_ERROR_BYTES_MAX];
    size_t count = append(sentence, 0, text ? text : "");
    memcpy(stored, sentence, count + 1);
}
