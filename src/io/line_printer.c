/*
 * line_printer.c: printing rows. The direct way asks for room once a row, for the most that its numbers can take and
 * what its strings do take, and then writes without looking at the room again.
 *
 * Interface: cei_line_printer_open, cei_line_printer_print
 */
#include "io/line_printer.h"

enum { INTEGER_BYTES_MAX = 20, SEPARATOR_BYTES = 1 };

static bool is_direct(ce_kind kind)
{
    return kind == CE_KIND_STR || (kind >= CE_KIND_INT8 && kind <= CE_KIND_UINT64);
}

void cei_line_printer_open(cei_line_printer *printer, const ce_type *type)
{
    *printer = (cei_line_printer){.type = type};
    if (is_direct(type->kind)) {
        printer->fields[0] = (cei_line_field){type->kind, 0};
        printer->field_count = 1;
        return;
    }
    bool has_fields = type->kind == CE_KIND_RECORD || type->kind == CE_KIND_PAIR;
    if (!has_fields || type->field_count > CEI_LINE_FIELDS_MAX) {
        return;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        const ce_field *field = &type->fields[i];
        if (!is_direct(field->type->kind)) {
            return;
        }
        printer->fields[i] = (cei_line_field){field->type->kind, field->offset};
    }
    printer->field_count = type->field_count;
}

/* ---- the direct way ---- */

static inline uint32_t digit_count(uint64_t value)
{
    static const uint64_t powers[] = {
        0,
        10,
        100,
        1000,
        10000,
        100000,
        1000000,
        10000000,
        100000000,
        1000000000,
        10000000000,
        100000000000,
        1000000000000,
        10000000000000,
        100000000000000,
        1000000000000000,
        10000000000000000,
        100000000000000000,
        1000000000000000000,
        10000000000000000000u,
    };
    /* Bits times log10(2) is the number of digits or one too many. */
    uint32_t bits = 64 - (uint32_t)__builtin_clzll(value | 1), count = bits * 1233 >> 12;
    return count + (value >= powers[count]);
}

static inline char *put_unsigned(char *to, uint64_t value)
{
    static const char pairs[] = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940"
                                "4142434445464748495051525354555657585960616263646566676869707172737475767778798081"
                                "828384858687888990919293949596979899";
    char *end = to + digit_count(value), *at = end;
    while (value >= 100) {
        at -= 2;
        memcpy(at, pairs + 2 * (value % 100), 2);
        value /= 100;
    }
    if (value >= 10) {
        memcpy(at - 2, pairs + 2 * value, 2);
    } else {
        at[-1] = (char)('0' + value);
    }
    return end;
}

static inline char *put_signed(char *to, int64_t value)
{
    *to = '-';
    return put_unsigned(to + (value < 0), value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

static inline char *put_field(char *to, ce_kind kind, const char *at)
{
    switch (kind) {
    case CE_KIND_INT8:
        return put_signed(to, *(const int8_t *)at);
    case CE_KIND_INT16:
        return put_signed(to, *(const int16_t *)(const void *)at);
    case CE_KIND_INT32:
        return put_signed(to, *(const int32_t *)(const void *)at);
    case CE_KIND_INT64:
        return put_signed(to, *(const int64_t *)(const void *)at);
    case CE_KIND_UINT8:
        return put_unsigned(to, *(const uint8_t *)at);
    case CE_KIND_UINT16:
        return put_unsigned(to, *(const uint16_t *)(const void *)at);
    case CE_KIND_UINT32:
        return put_unsigned(to, *(const uint32_t *)(const void *)at);
    case CE_KIND_UINT64:
        return put_unsigned(to, *(const uint64_t *)(const void *)at);
    default: {
        const ce_str *str = (const ce_str *)(const void *)at;
        if (str->bytes) {
            memcpy(to, str->at, str->bytes);
        }
        return to + str->bytes;
    }
    }
}

static size_t room_for(const cei_line_printer *printer, const char *row)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < printer->field_count; i++) {
        const cei_line_field *field = &printer->fields[i];
        bytes += field->kind == CE_KIND_STR ? ((const ce_str *)(const void *)(row + field->offset))->bytes
                                            : INTEGER_BYTES_MAX;
        bytes += SEPARATOR_BYTES;
    }
    return bytes;
}

static bool print_direct(const cei_line_printer *printer, const char *row, cei_buffer *text)
{
    size_t room = room_for(printer, row);
    if (text->room - text->count < room && !cei_buffer_reserve(text, room)) {
        return false;
    }
    char *to = text->bytes + text->count;
    for (uint32_t i = 0; i < printer->field_count; i++) {
        to = put_field(to, printer->fields[i].kind, row + printer->fields[i].offset);
        *to++ = '\t';
    }
    to[-1] = '\n'; /* over the last separator */
    text->count = (size_t)(to - text->bytes);
    return true;
}

uint32_t cei_line_printer_print(const cei_line_printer *printer, const char *rows, uint32_t count, cei_buffer *text,
                                size_t bytes_aim)
{
    uint32_t printed = 0;
    do {
        const char *row = rows + (size_t)printed * printer->type->bytes;
        if (printer->field_count == 0) {
            cei_value_line(printer->type, row, text);
            cei_buffer_char(text, '\n');
        } else if (!print_direct(printer, row, text)) {
            return count;
        }
        printed++;
    } while (printed < count && text->count < bytes_aim);
    return text->failed ? count : printed;
}
