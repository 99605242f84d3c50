/*
 * str.c: what one does with a ce_str and is too long for the header: find, trim, numbers.
 *
 * Numbers come from text files by the million, so the common forms are read here digit by digit; strtod reads the rest.
 * A decimal of up to 2^53 in digits, times or by a power of ten up to 10^22, is exact in both parts, so one rounding
 * gives the nearest double, the one that strtod gives.
 *
 * Interface: ce_str_find, ce_str_trim, ce_str_to_int64, ce_str_to_double
 */
#include "base/memory.h"
#include <cerium/str.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { POWERS = 23, DIGITS_MAX = 18, COPY_BYTES = 128 };

int64_t ce_str_find(ce_str str, ce_str part)
{
    if (part.bytes == 0) {
        return 0;
    }
    if (part.bytes > str.bytes) {
        return -1;
    }
    const char *found =
        part.bytes == 1 ? memchr(str.at, *part.at, str.bytes) : memmem(str.at, str.bytes, part.at, part.bytes);
    return found ? found - str.at : -1;
}

ce_str ce_str_trim(ce_str str)
{
    while (str.bytes && (unsigned char)*str.at <= ' ') {
        str.at++;
        str.bytes--;
    }
    while (str.bytes && (unsigned char)str.at[str.bytes - 1] <= ' ') {
        str.bytes--;
    }
    return str;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool ce_str_to_int64(ce_str str, int64_t *value)
{
    if (str.bytes == 0) {
        return false;
    }
    const char *at = str.at, *end = at + str.bytes;
    bool negative = *at == '-';
    at += *at == '-' || *at == '+';
    if (at == end) {
        return false;
    }
    uint64_t whole = 0, limit = (uint64_t)INT64_MAX + negative;
    for (; at < end; at++) {
        if (!is_digit(*at) || __builtin_mul_overflow(whole, 10u, &whole) ||
            __builtin_add_overflow(whole, (uint64_t)(*at - '0'), &whole)) {
            return false;
        }
    }
    if (whole > limit) {
        return false;
    }
    *value = negative ? (int64_t)(0 - whole) : (int64_t)whole;
    return true;
}

/* ---- doubles ---- */

/* [+-] digits [. digits] [e [+-] digits], where all is exact. false: some other form, or not exact. */
static bool read_exact(const char *at, const char *end, double *value)
{
    static const double powers[POWERS] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                          1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    bool negative = *at == '-';
    at += *at == '-' || *at == '+';
    uint64_t whole = 0;
    int digits = 0, exponent = 0, point = 0;
    for (; at < end && (is_digit(*at) || (*at == '.' && !point)); at++) {
        if (*at == '.') {
            point = 1;
            continue;
        }
        whole = whole * 10 + (uint64_t)(*at - '0');
        exponent -= point;
        if (++digits > DIGITS_MAX) {
            return false;
        }
    }
    if (digits && at < end && (*at == 'e' || *at == 'E')) {
        at++;
        bool down = at < end && *at == '-';
        at += at < end && (*at == '-' || *at == '+');
        int shift = 0, shift_digits = 0;
        for (; at < end && is_digit(*at) && shift_digits < 4; at++, shift_digits++) {
            shift = shift * 10 + (*at - '0');
        }
        if (!shift_digits) {
            return false;
        }
        exponent += down ? -shift : shift;
    }
    if (!digits || at < end || whole > (uint64_t)1 << 53 || exponent <= -POWERS || exponent >= POWERS) {
        return false;
    }
    double result = exponent < 0 ? (double)whole / powers[-exponent] : (double)whole * powers[exponent];
    *value = negative ? -result : result;
    return true;
}

/* The C locale as an object; made once, for all threads, and kept. */
static locale_t c_locale(void)
{
    static _Atomic(locale_t) kept;
    locale_t locale = atomic_load_explicit(&kept, memory_order_acquire);
    if (!locale) {
        locale_t none = (locale_t)0;
        locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
        if (locale && !atomic_compare_exchange_strong(&kept, &none, locale)) {
            freelocale(locale);
            locale = none;
        }
    }
    return locale;
}

/* text: a copy of the whole string with a NUL behind. */
static bool read_any(const char *text, size_t bytes, double *value)
{
    char *end = NULL;
    int kept_errno = errno;
    locale_t locale = c_locale();
    errno = 0;
    double result = locale ? strtod_l(text, &end, locale) : strtod(text, &end);
    bool too_large = errno == ERANGE && isinf(result); /* ERANGE without is a number so small that it was rounded */
    errno = kept_errno;
    if (end != text + bytes || too_large) {
        return false;
    }
    *value = result;
    return true;
}

bool ce_str_to_double(ce_str str, double *value)
{
    if (str.bytes == 0 || (unsigned char)*str.at <= ' ') {
        return false; /* strtod skips blanks */
    }
    if (read_exact(str.at, str.at + str.bytes, value)) {
        return true;
    }
    char small[COPY_BYTES], *copy = str.bytes < sizeof small ? small : cei_alloc((size_t)str.bytes + 1);
    if (!copy) {
        return false;
    }
    memcpy(copy, str.at, str.bytes);
    copy[str.bytes] = '\0';
    bool read = read_any(copy, str.bytes, value);
    if (copy != small) {
        cei_free(copy);
    }
    return read;
}
