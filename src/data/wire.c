/*
 * wire.c: types and values as portable bytes.
 *
 * Writing and reading are one walk over the type each. The reader trusts nothing: every count is compared with the
 * bytes that are left before memory is taken for it, and the first failure ends all reading.
 *
 * Interface: cei_wire_put_*, cei_wire_reader_open, cei_wire_get_*, cei_wire_view_value
 */
#include "data/wire.h"
#include "base/error.h"
#include "data/value.h"
#include <math.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "scalars are copied as they are");

enum { FIELD_BYTES_MIN = 4 + 4 + 1 + 4 /* name, offset, kind and name of a type */ };

/* ---- writing ---- */

void cei_wire_put_u8(cei_buffer *to, uint8_t value)
{
    cei_buffer_append(to, &value, sizeof value);
}

void cei_wire_put_u32(cei_buffer *to, uint32_t value)
{
    cei_buffer_append(to, &value, sizeof value);
}

void cei_wire_put_u64(cei_buffer *to, uint64_t value)
{
    cei_buffer_append(to, &value, sizeof value);
}

void cei_wire_put_text(cei_buffer *to, const char *text)
{
    size_t bytes = text ? strlen(text) : 0;
    cei_wire_put_u32(to, text ? (uint32_t)bytes + 1 : 0);
    cei_buffer_append(to, text, bytes);
}

void cei_wire_put_type(cei_buffer *to, const ce_type *type)
{
    cei_wire_put_u8(to, (uint8_t)type->kind);
    cei_wire_put_text(to, type->name);
    if (type->kind == CE_KIND_LIST) {
        cei_wire_put_type(to, type->element);
        return;
    }
    if (cei_type_builtin(type->kind)) {
        return;
    }
    uint16_t field_count = (uint16_t)type->field_count;
    cei_wire_put_u32(to, type->bytes);
    cei_wire_put_u32(to, type->align);
    cei_buffer_append(to, &field_count, sizeof field_count);
    for (uint32_t i = 0; i < field_count; i++) {
        cei_wire_put_text(to, type->fields[i].name);
        cei_wire_put_u32(to, type->fields[i].offset);
        cei_wire_put_type(to, type->fields[i].type);
    }
}

/* Equal numbers get equal bytes: 0.0 for -0.0, one NaN for all. */
static void put_float64(cei_buffer *to, const void *at)
{
    double value;
    memcpy(&value, at, sizeof value);
    value = isnan(value) ? (double)NAN : value + 0.0;
    cei_buffer_append(to, &value, sizeof value);
}

static void put_float32(cei_buffer *to, const void *at)
{
    float value;
    memcpy(&value, at, sizeof value);
    value = isnan(value) ? NAN : value + 0.0f;
    cei_buffer_append(to, &value, sizeof value);
}

/* The memory of such values is their encoding: whole lists of them are copied at once. */
static bool is_integer(const ce_type *type)
{
    return type->kind >= CE_KIND_INT8 && type->kind <= CE_KIND_UINT64;
}

static void put_list(cei_buffer *to, const ce_type *element, const void *value)
{
    ce_list list;
    memcpy(&list, value, sizeof list);
    cei_wire_put_u32(to, list.count);
    if (is_integer(element)) {
        cei_buffer_append(to, list.at, (size_t)list.count * element->bytes);
        return;
    }
    for (uint32_t i = 0; i < list.count && !to->failed; i++) {
        cei_wire_put_value(to, element, (const char *)list.at + (size_t)i * element->bytes);
    }
}

static void put_str(cei_buffer *to, const void *value)
{
    ce_str str;
    memcpy(&str, value, sizeof str);
    cei_wire_put_u32(to, str.bytes);
    cei_buffer_append(to, str.at, str.bytes);
}

void cei_wire_put_value(cei_buffer *to, const ce_type *type, const void *value)
{
    const char *at = value;
    switch (type->kind) {
    case CE_KIND_BOOL:
        cei_wire_put_u8(to, *at != 0);
        break;
    case CE_KIND_FLOAT32:
        put_float32(to, value);
        break;
    case CE_KIND_FLOAT64:
        put_float64(to, value);
        break;
    case CE_KIND_STR:
        put_str(to, value);
        break;
    case CE_KIND_LIST:
        put_list(to, type->element, value);
        break;
    case CE_KIND_OPTION:
        cei_wire_put_u8(to, *at != 0);
        if (*at) {
            cei_wire_put_value(to, type->fields[1].type, at + type->fields[1].offset);
        }
        break;
    case CE_KIND_RECORD:
    case CE_KIND_PAIR:
        for (uint32_t i = 0; i < type->field_count; i++) {
            cei_wire_put_value(to, type->fields[i].type, at + type->fields[i].offset);
        }
        break;
    default:
        cei_buffer_append(to, value, type->bytes);
        break;
    }
}

/* ---- reading ---- */

void cei_wire_reader_open(cei_wire_reader *reader, const void *bytes, size_t count, cei_arena *arena)
{
    const char *at = bytes ? bytes : ""; /* C does not add to a NULL, not even 0 */
    *reader = (cei_wire_reader){.at = at, .end = at + count, .arena = arena};
}

/* The sentence is in place already when status is CE_MEMORY. */
static void fail(cei_wire_reader *from, ce_status status, const char *what)
{
    if (!from->failed) {
        from->failed = true;
        from->status = status == CE_MEMORY ? status : cei_fail(status, "encoded value: %s", what);
    }
}

/* The next bytes, or NULL. */
static const char *take(cei_wire_reader *from, size_t bytes)
{
    if (from->failed || bytes > (size_t)(from->end - from->at)) {
        fail(from, CE_CORRUPT, "ends in the middle");
        return NULL;
    }
    const char *at = from->at;
    from->at += bytes;
    return at;
}

static void take_to(cei_wire_reader *from, void *to, size_t bytes)
{
    const char *at = take(from, bytes);
    if (at) {
        memcpy(to, at, bytes);
    }
}

static void *allocate(cei_wire_reader *from, size_t bytes)
{
    void *memory = from->failed ? NULL : cei_arena_alloc(from->arena, bytes);
    if (!memory) {
        fail(from, CE_MEMORY, NULL);
    }
    return memory;
}

uint8_t cei_wire_get_u8(cei_wire_reader *from)
{
    uint8_t value = 0;
    take_to(from, &value, sizeof value);
    return value;
}

uint32_t cei_wire_get_u32(cei_wire_reader *from)
{
    uint32_t value = 0;
    take_to(from, &value, sizeof value);
    return value;
}

uint64_t cei_wire_get_u64(cei_wire_reader *from)
{
    uint64_t value = 0;
    take_to(from, &value, sizeof value);
    return value;
}

const char *cei_wire_get_text(cei_wire_reader *from)
{
    size_t bytes = cei_wire_get_u32(from);
    if (bytes-- == 0) {
        return NULL;
    }
    const char *at = take(from, bytes);
    if (at && memchr(at, '\0', bytes)) {
        fail(from, CE_CORRUPT, "a NUL inside a text");
    }
    char *text = at ? allocate(from, bytes + 1) : NULL;
    if (text) {
        memcpy(text, at, bytes);
        text[bytes] = '\0';
    }
    return text;
}

static const ce_type *get_type(cei_wire_reader *from, uint32_t depth);

static void get_fields(cei_wire_reader *from, ce_type *type, uint32_t depth)
{
    uint16_t field_count = 0;
    type->bytes = cei_wire_get_u32(from);
    type->align = cei_wire_get_u32(from);
    take_to(from, &field_count, sizeof field_count);
    if (field_count > (size_t)(from->end - from->at) / FIELD_BYTES_MIN) {
        fail(from, CE_CORRUPT, "more fields than bytes for them");
    }
    ce_field *fields = allocate(from, field_count * sizeof *fields);
    for (uint32_t i = 0; i < field_count && !from->failed; i++) {
        fields[i].name = cei_wire_get_text(from);
        fields[i].offset = cei_wire_get_u32(from);
        fields[i].type = get_type(from, depth + 1);
    }
    type->field_count = field_count;
    type->fields = fields;
}

/* Its soundness is not looked at, but for what reading it needs. */
static const ce_type *get_type(cei_wire_reader *from, uint32_t depth)
{
    if (depth > CEI_TYPE_DEPTH_MAX) {
        fail(from, CE_CORRUPT, "types nested too deep");
        return NULL;
    }
    ce_kind kind = (ce_kind)cei_wire_get_u8(from);
    const char *name = cei_wire_get_text(from);
    const ce_type *builtin = cei_type_builtin(kind);
    if (from->failed || (builtin && name && strcmp(name, builtin->name) == 0)) {
        return from->failed ? NULL : builtin;
    }
    ce_type *type = allocate(from, sizeof *type);
    if (!type) {
        return NULL;
    }
    *type = (ce_type){.name = name, .kind = kind};
    if (builtin) {
        type->bytes = builtin->bytes;
        type->align = builtin->align;
    } else if (kind == CE_KIND_LIST) {
        type->bytes = sizeof(ce_list);
        type->align = _Alignof(ce_list);
        type->element = get_type(from, depth + 1);
    } else {
        get_fields(from, type, depth);
    }
    return from->failed ? NULL : type;
}

const ce_type *cei_wire_get_type(cei_wire_reader *from)
{
    const char *why;
    const ce_type *type = get_type(from, 1);
    if (type && !cei_type_validate(type, &why)) {
        fail(from, CE_CORRUPT, why);
        return NULL;
    }
    return type;
}

/* ---- reading values: the memory of *value is zeros before ---- */

static void get_value(cei_wire_reader *from, const ce_type *type, char *value, bool view);

static bool get_bool(cei_wire_reader *from)
{
    uint8_t value = cei_wire_get_u8(from);
    if (value > 1) {
        fail(from, CE_CORRUPT, "a bool that is neither 0 nor 1");
    }
    return !from->failed && value;
}

static void get_str(cei_wire_reader *from, char *value, bool view)
{
    ce_str str = {NULL, cei_wire_get_u32(from)};
    str.at = take(from, str.bytes);
    if (str.at && !view) {
        char *copy = str.bytes ? allocate(from, str.bytes) : NULL;
        if (copy) {
            memcpy(copy, str.at, str.bytes);
        }
        str.at = str.bytes ? copy : "";
    }
    if (!from->failed) {
        memcpy(value, &str, sizeof str);
    }
}

static void get_list(cei_wire_reader *from, const ce_type *element, char *value, bool view)
{
    ce_list list = {NULL, cei_wire_get_u32(from)};
    if (list.count > (size_t)(from->end - from->at)) { /* an element takes a byte at least */
        fail(from, CE_CORRUPT, "more elements than bytes for them");
    }
    if (from->failed || list.count == 0) {
        return;
    }
    size_t bytes = (size_t)list.count * element->bytes;
    const char *at = is_integer(element) ? take(from, bytes) : NULL;
    char *elements = allocate(from, bytes);
    if (!elements) {
        return;
    }
    if (at) {
        memcpy(elements, at, bytes);
    } else {
        memset(elements, 0, bytes);
        for (uint32_t i = 0; i < list.count && !from->failed; i++) {
            get_value(from, element, elements + (size_t)i * element->bytes, view);
        }
    }
    if (!from->failed) {
        list.at = elements;
        memcpy(value, &list, sizeof list);
    }
}

static void get_value(cei_wire_reader *from, const ce_type *type, char *value, bool view)
{
    switch (type->kind) {
    case CE_KIND_BOOL:
        *value = get_bool(from);
        break;
    case CE_KIND_STR:
        get_str(from, value, view);
        break;
    case CE_KIND_LIST:
        get_list(from, type->element, value, view);
        break;
    case CE_KIND_OPTION:
        *value = get_bool(from);
        if (*value) {
            get_value(from, type->fields[1].type, value + type->fields[1].offset, view);
        }
        break;
    case CE_KIND_RECORD:
    case CE_KIND_PAIR:
        for (uint32_t i = 0; i < type->field_count && !from->failed; i++) {
            get_value(from, type->fields[i].type, value + type->fields[i].offset, view);
        }
        break;
    default:
        take_to(from, value, type->bytes);
        break;
    }
}

static void get_whole(cei_wire_reader *from, const ce_type *type, void *value, bool view)
{
    memset(value, 0, type->bytes);
    get_value(from, type, value, view);
    if (from->failed) {
        memset(value, 0, type->bytes);
    }
}

void cei_wire_get_value(cei_wire_reader *from, const ce_type *type, void *value)
{
    get_whole(from, type, value, false);
}

void cei_wire_view_value(cei_wire_reader *from, const ce_type *type, void *value)
{
    get_whole(from, type, value, true);
}
