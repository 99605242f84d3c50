/*
 * value.c: values of any type: owning their parts, printing, numbers as doubles.
 *
 * Each operation is one walk over the type beside the value. Values are loaded by memcpy, so that they may lie
 * anywhere.
 *
 * Interface: cei_value_own, cei_value_print, cei_value_line, cei_number_double, ce_type_print
 */
#include "data/value.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- owning ---- */

static ce_status own_str(void *value, cei_arena *arena)
{
    ce_str str;
    memcpy(&str, value, sizeof str);
    str.at = str.bytes ? cei_arena_copy(arena, str.at, str.bytes) : "";
    if (!str.at) {
        return CE_MEMORY;
    }
    memcpy(value, &str, sizeof str);
    return CE_OK;
}

static ce_status own_list(const ce_type *element, void *value, cei_arena *arena)
{
    ce_list list;
    memcpy(&list, value, sizeof list);
    char *elements = NULL;
    if (list.count) {
        elements = cei_arena_copy(arena, list.at, (size_t)list.count * element->bytes);
        if (!elements) {
            return CE_MEMORY;
        }
    }
    list.at = elements;
    memcpy(value, &list, sizeof list);
    if (cei_type_is_flat(element)) {
        return CE_OK;
    }
    ce_status status = CE_OK;
    for (uint32_t i = 0; i < list.count && status == CE_OK; i++) {
        status = cei_value_own(element, elements + (size_t)i * element->bytes, arena);
    }
    return status;
}

ce_status cei_value_own(const ce_type *type, void *value, cei_arena *arena)
{
    char *at = value;
    ce_status status = CE_OK;
    switch (type->kind) {
    case CE_KIND_STR:
        return own_str(value, arena);
    case CE_KIND_LIST:
        return own_list(type->element, value, arena);
    case CE_KIND_OPTION:
        return *at ? cei_value_own(type->fields[1].type, at + type->fields[1].offset, arena) : CE_OK;
    default:
        for (uint32_t i = 0; i < type->field_count && status == CE_OK; i++) {
            status = cei_value_own(type->fields[i].type, at + type->fields[i].offset, arena);
        }
        return status;
    }
}

/* ---- numbers ---- */

#define LOAD_AS(T, at)                                                                                                 \
    __extension__({                                                                                                    \
        T loaded_;                                                                                                     \
        memcpy(&loaded_, at, sizeof loaded_);                                                                          \
        loaded_;                                                                                                       \
    })

static int64_t load_signed(ce_kind kind, const void *value)
{
    switch (kind) {
    case CE_KIND_INT8:
        return LOAD_AS(int8_t, value);
    case CE_KIND_INT16:
        return LOAD_AS(int16_t, value);
    case CE_KIND_INT32:
        return LOAD_AS(int32_t, value);
    default:
        return LOAD_AS(int64_t, value);
    }
}

static uint64_t load_unsigned(ce_kind kind, const void *value)
{
    switch (kind) {
    case CE_KIND_UINT8:
        return LOAD_AS(uint8_t, value);
    case CE_KIND_UINT16:
        return LOAD_AS(uint16_t, value);
    case CE_KIND_UINT32:
        return LOAD_AS(uint32_t, value);
    default:
        return LOAD_AS(uint64_t, value);
    }
}

double cei_number_double(const ce_type *type, const void *value)
{
    if (type->kind == CE_KIND_FLOAT64) {
        return LOAD_AS(double, value);
    }
    if (type->kind == CE_KIND_FLOAT32) {
        return (double)LOAD_AS(float, value);
    }
    return type->kind <= CE_KIND_INT64 ? (double)load_signed(type->kind, value)
                                       : (double)load_unsigned(type->kind, value);
}

/* ---- printing ---- */

/* The decimal with the fewest digits that reads back as the same float, read as a double, prints as those digits. The
 * locale's decimal point is written and read here, so it does not show. */
static void print_float(cei_buffer *text, float value)
{
    double shown = (double)value;
    for (int digits = 1; digits <= 9; digits++) {
        char decimal[32];
        (void)snprintf(decimal, sizeof decimal, "%.*g", digits, (double)value);
        if (strtof(decimal, NULL) == value) {
            shown = strtod(decimal, NULL);
            break;
        }
    }
    cei_buffer_double(text, shown);
}

static void print_fields(const ce_type *type, const char *value, cei_buffer *text, const char *between)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        cei_buffer_text(text, i ? between : "");
        cei_value_print(type->fields[i].type, value + type->fields[i].offset, text);
    }
}

static void print_list(const ce_type *element, const void *value, cei_buffer *text)
{
    ce_list list = LOAD_AS(ce_list, value);
    cei_buffer_char(text, '[');
    for (uint32_t i = 0; i < list.count && !text->failed; i++) {
        cei_buffer_text(text, i ? ", " : "");
        cei_value_print(element, (const char *)list.at + (size_t)i * element->bytes, text);
    }
    cei_buffer_char(text, ']');
}

static void print_str(ce_str str, cei_buffer *text)
{
    cei_buffer_append(text, str.at, str.bytes);
}

void cei_value_print(const ce_type *type, const void *value, cei_buffer *text)
{
    switch (type->kind) {
    case CE_KIND_BOOL:
        cei_buffer_text(text, LOAD_AS(char, value) ? "true" : "false");
        break;
    case CE_KIND_INT8:
    case CE_KIND_INT16:
    case CE_KIND_INT32:
    case CE_KIND_INT64:
        cei_buffer_int64(text, load_signed(type->kind, value));
        break;
    case CE_KIND_UINT8:
    case CE_KIND_UINT16:
    case CE_KIND_UINT32:
    case CE_KIND_UINT64:
        cei_buffer_uint64(text, load_unsigned(type->kind, value));
        break;
    case CE_KIND_FLOAT32:
        print_float(text, LOAD_AS(float, value));
        break;
    case CE_KIND_FLOAT64:
        cei_buffer_double(text, LOAD_AS(double, value));
        break;
    case CE_KIND_STR:
        print_str(LOAD_AS(ce_str, value), text);
        break;
    case CE_KIND_LIST:
        print_list(type->element, value, text);
        break;
    case CE_KIND_OPTION:
        if (LOAD_AS(char, value)) {
            cei_value_print(type->fields[1].type, (const char *)value + type->fields[1].offset, text);
        } else {
            cei_buffer_text(text, "None");
        }
        break;
    case CE_KIND_RECORD:
    case CE_KIND_PAIR:
        cei_buffer_char(text, '(');
        print_fields(type, value, text, ",");
        cei_buffer_char(text, ')');
        break;
    }
}

void cei_value_line(const ce_type *type, const void *value, cei_buffer *text)
{
    if (type->kind == CE_KIND_RECORD || type->kind == CE_KIND_PAIR) {
        print_fields(type, value, text, "\t");
    } else {
        cei_value_print(type, value, text);
    }
}

const char *ce_type_print(const ce_type *type, const void *value, char *text, size_t bytes)
{
    cei_buffer printed = {0};
    cei_value_print(type, value, &printed);
    if (bytes) {
        size_t count = printed.count < bytes - 1 ? printed.count : bytes - 1;
        if (count) {
            memcpy(text, printed.bytes, count);
        }
        text[count] = '\0';
    }
    cei_buffer_close(&printed);
    return text;
}
