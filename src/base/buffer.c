/*
 * buffer.c: bytes that grow, and numbers printed into them.
 *
 * Integers are written two digits at a time. A double is printed with the fewest digits that read back as the same
 * double; most doubles that people meet (12.5, 0.07) are whole thousandths or millionths and need no trial: up to 15
 * digits, different decimals are different doubles, so a decimal that reads back is the only one, and the shortest.
 *
 * Interface: cei_buffer_close, cei_buffer_reserve, cei_buffer_printf, cei_buffer_status, cei_buffer_int64,
 *            cei_buffer_uint64, cei_buffer_double, cei_buffer_cstr
 */
#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROOM_MIN = 64, DIGITS_MAX = 17 };

void cei_buffer_close(cei_buffer *buffer)
{
    cei_free(buffer->bytes);
    *buffer = (cei_buffer){0};
}

/* Leaves no room, so that every later append comes back to cei_buffer_reserve and is refused there. */
static bool fail(cei_buffer *buffer)
{
    buffer->failed = true;
    buffer->room = buffer->count;
    return false;
}

bool cei_buffer_reserve(cei_buffer *buffer, size_t more)
{
    if (buffer->failed) {
        return false;
    }
    if (buffer->room - buffer->count >= more) {
        return true;
    }
    size_t room = 0;
    if (__builtin_add_overflow(buffer->count, more, &room)) {
        (void)cei_fail(CE_MEMORY, "out of memory: a buffer cannot grow by %zu bytes", more);
        return fail(buffer);
    }
    if (room < buffer->room * 2) {
        room = buffer->room * 2;
    }
    if (room < ROOM_MIN) {
        room = ROOM_MIN;
    }
    char *bytes = cei_realloc(buffer->bytes, room);
    if (!bytes) {
        return fail(buffer);
    }
    buffer->bytes = bytes;
    buffer->room = room;
    return true;
}

void cei_buffer_printf(cei_buffer *buffer, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const size_t room = buffer->room - buffer->count;
    char *at = room ? buffer->bytes + buffer->count : NULL;
    int count = vsnprintf(at, room, format, arguments);
    va_end(arguments);
    if (count < 0) {
        (void)fail(buffer);
    } else if ((size_t)count < room) {
        buffer->count += (size_t)count;
    } else if (cei_buffer_reserve(buffer, (size_t)count + 1)) {
        (void)vsnprintf(buffer->bytes + buffer->count, (size_t)count + 1, format, again);
        buffer->count += (size_t)count;
    }
    va_end(again);
}

ce_status cei_buffer_status(const cei_buffer *buffer)
{
    return buffer->failed ? CE_MEMORY : CE_OK;
}

/* Writes the digits so that they end at end; returns where they start. */
static char *digits_before(char *end, uint64_t value)
{
    static const char pairs[] =
        "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
        "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
    while (value >= 100) {
        end -= 2;
        memcpy(end, pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        end -= 2;
        memcpy(end, pairs + value * 2, 2);
    } else {
        *--end = (char)('0' + value);
    }
    return end;
}

void cei_buffer_uint64(cei_buffer *buffer, uint64_t value)
{
    char text[24], *end = text + sizeof text;
    char *start = digits_before(end, value);
    cei_buffer_append(buffer, start, (size_t)(end - start));
}

void cei_buffer_int64(cei_buffer *buffer, int64_t value)
{
    char text[24], *end = text + sizeof text;
    char *start = digits_before(end, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
    if (value < 0) {
        *--start = '-';
    }
    cei_buffer_append(buffer, start, (size_t)(end - start));
}

/* magnitude = whole / 10^places, where places is 0, 3 or 6 and whole has at most 15 digits. */
static void print_decimal(cei_buffer *buffer, uint64_t whole, int places)
{
    static const uint64_t scales[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    uint64_t fraction = whole % scales[places];
    cei_buffer_uint64(buffer, whole / scales[places]);
    cei_buffer_char(buffer, '.');
    char text[8];
    int count = 0;
    do { /* from the first place down to the last that is not zero, at least one */
        places -= places > 0;
        text[count++] = (char)('0' + fraction / scales[places] % 10);
        fraction %= scales[places];
    } while (fraction);
    cei_buffer_append(buffer, text, (size_t)count);
}

/* The neighbours of a power of two are twice as far above it as below, so that the decimal of 16 digits above it may
 * read back when the nearest one, below, does not. Puts that one in place of 17 digits; false when there is none. */
static bool shorten_power_of_two(double magnitude, char digits[DIGITS_MAX], int exponent)
{
    char text[40];
    int at = DIGITS_MAX - 2, unused;
    if (frexp(magnitude, &unused) != 0.5) {
        return false;
    }
    memcpy(text, digits, DIGITS_MAX - 1);
    while (at > 0 && text[at] == '9') {
        text[at--] = '0';
    }
    text[at]++;
    (void)snprintf(text + DIGITS_MAX - 1, sizeof text - DIGITS_MAX + 1, "e%d", exponent - (DIGITS_MAX - 2));
    if (strtod(text, NULL) != magnitude) {
        return false;
    }
    memcpy(digits, text, DIGITS_MAX - 1);
    return true;
}

/* The shortest digits that read back as magnitude, without trailing zeros; returns how many. magnitude is the number
 * with the point behind the first digit, times 10^exponent. The point that the C library prints depends on the
 * locale, so only digits are taken over. */
static int shortest_digits(double magnitude, char digits[DIGITS_MAX], int *exponent)
{
    char text[48];
    /* 15 digits are enough for none fewer to be missed, except where a double has less than its full precision. */
    for (int precision = magnitude < DBL_MIN ? 0 : 14; precision < DIGITS_MAX; precision++) {
        (void)snprintf(text, sizeof text, "%.*e", precision, magnitude);
        if (strtod(text, NULL) == magnitude) {
            break;
        }
    }
    int count = 0;
    const char *at = text;
    for (; *at != 'e'; at++) {
        if (*at >= '0' && *at <= '9' && count < DIGITS_MAX) {
            digits[count++] = *at;
        }
    }
    *exponent = (int)strtol(at + 1, NULL, 10);
    if (count == DIGITS_MAX && shorten_power_of_two(magnitude, digits, *exponent)) {
        count--;
    }
    while (count > 1 && digits[count - 1] == '0') {
        count--;
    }
    return count;
}

static void print_shortest(cei_buffer *buffer, double magnitude)
{
    char digits[DIGITS_MAX] = {'0'}, text[48];
    int exponent;
    const int count = shortest_digits(magnitude, digits, &exponent);
    size_t length = 0;
    if (exponent < -4 || exponent >= 16) {
        text[length++] = digits[0];
        if (count > 1) {
            text[length++] = '.';
            memcpy(text + length, digits + 1, (size_t)count - 1);
            length += (size_t)count - 1;
        }
        cei_buffer_append(buffer, text, length);
        cei_buffer_printf(buffer, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
        return;
    }
    /* Indexes into digits; zeros stand before the first and behind the last. The point follows the one at exponent. */
    const int first = exponent < 0 ? exponent : 0;
    const int final = count - 1 > exponent + 1 ? count - 1 : exponent + 1;
    for (int index = first; index <= final; index++) {
        text[length++] = index >= 0 && index < count ? digits[index] : '0';
        if (index == exponent) {
            text[length++] = '.';
        }
    }
    cei_buffer_append(buffer, text, length);
}

void cei_buffer_double(cei_buffer *buffer, double value)
{
    if (isnan(value)) {
        cei_buffer_text(buffer, "nan");
        return;
    }
    if (signbit(value)) {
        cei_buffer_char(buffer, '-');
        value = -value;
    }
    if (isinf(value)) {
        cei_buffer_text(buffer, "inf");
        return;
    }
    static const double scales[] = {1, 1e3, 1e6};
    for (int step = 0; step < 3; step++) {
        const double whole = value * scales[step];
        if (whole >= 1e15 || (step > 0 && value < 1e-4)) {
            break;
        }
        const uint64_t rounded = (uint64_t)(whole + 0.5);
        if ((double)rounded / scales[step] == value) {
            print_decimal(buffer, rounded, step * 3);
            return;
        }
    }
    print_shortest(buffer, value);
}

const char *cei_buffer_cstr(cei_buffer *buffer)
{
    if (buffer->failed) {
        return NULL;
    }
    if (buffer->count == 0) {
        return "";
    }
    if (!cei_buffer_reserve(buffer, 1)) {
        return NULL;
    }
    buffer->bytes[buffer->count] = '\0';
    return buffer->bytes;
}
