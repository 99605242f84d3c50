/*
 * type.c: types as such: the builtin ones, equality, text, soundness, layout of derived ones; and the order of values.
 *
 * A type is a tree that is walked with recursion. Types that come from outside are at most CEI_TYPE_DEPTH_MAX deep
 * (cei_type_validate), the others as deep as somebody wrote declarations.
 *
 * Interface: ce_type_* (builtin), ce_type_equal, ce_type_text, ce_type_compare, cei_type_builtin, cei_type_is_flat,
 *            cei_type_is_number, cei_type_plain_strings, cei_type_validate, cei_type_pair, cei_type_list, cei_type_copy
 */
#include "base/error.h"
#include "data/value.h"
#include <math.h>
#include <string.h>

const ce_type ce_type_bool = {"bool", CE_KIND_BOOL, sizeof(bool), _Alignof(bool), 0, NULL, NULL};
const ce_type ce_type__Bool = {"bool", CE_KIND_BOOL, sizeof(bool), _Alignof(bool), 0, NULL, NULL};
const ce_type ce_type_int8_t = {"int8", CE_KIND_INT8, 1, 1, 0, NULL, NULL};
const ce_type ce_type_int16_t = {"int16", CE_KIND_INT16, 2, 2, 0, NULL, NULL};
const ce_type ce_type_int32_t = {"int32", CE_KIND_INT32, 4, 4, 0, NULL, NULL};
const ce_type ce_type_int64_t = {"int64", CE_KIND_INT64, 8, 8, 0, NULL, NULL};
const ce_type ce_type_uint8_t = {"uint8", CE_KIND_UINT8, 1, 1, 0, NULL, NULL};
const ce_type ce_type_uint16_t = {"uint16", CE_KIND_UINT16, 2, 2, 0, NULL, NULL};
const ce_type ce_type_uint32_t = {"uint32", CE_KIND_UINT32, 4, 4, 0, NULL, NULL};
const ce_type ce_type_uint64_t = {"uint64", CE_KIND_UINT64, 8, 8, 0, NULL, NULL};
const ce_type ce_type_float = {"float", CE_KIND_FLOAT32, 4, 4, 0, NULL, NULL};
const ce_type ce_type_double = {"double", CE_KIND_FLOAT64, 8, 8, 0, NULL, NULL};
const ce_type ce_type_ce_str = {"str", CE_KIND_STR, sizeof(ce_str), _Alignof(ce_str), 0, NULL, NULL};

/* What stands in memory and in blocks: pointers take 8 bytes, a bool one. */
_Static_assert(sizeof(ce_str) == 16 && sizeof(ce_list) == 16 && sizeof(bool) == 1, "the row layout");
_Static_assert(offsetof(ce_str, at) == 0 && offsetof(ce_list, at) == 0, "the row layout");
_Static_assert(_Alignof(int64_t) == 8 && _Alignof(double) == 8, "the row layout");

const ce_type *cei_type_builtin(ce_kind kind)
{
    static const ce_type *const builtins[] = {
        [CE_KIND_BOOL] = &ce_type_bool,       [CE_KIND_INT8] = &ce_type_int8_t,
        [CE_KIND_INT16] = &ce_type_int16_t,   [CE_KIND_INT32] = &ce_type_int32_t,
        [CE_KIND_INT64] = &ce_type_int64_t,   [CE_KIND_UINT8] = &ce_type_uint8_t,
        [CE_KIND_UINT16] = &ce_type_uint16_t, [CE_KIND_UINT32] = &ce_type_uint32_t,
        [CE_KIND_UINT64] = &ce_type_uint64_t, [CE_KIND_FLOAT32] = &ce_type_float,
        [CE_KIND_FLOAT64] = &ce_type_double,  [CE_KIND_STR] = &ce_type_ce_str,
    };
    return (unsigned)kind < sizeof builtins / sizeof *builtins ? builtins[kind] : NULL;
}

/* ---- questions ---- */

bool cei_type_is_flat(const ce_type *type)
{
    if (type->kind == CE_KIND_STR || type->kind == CE_KIND_LIST) {
        return false;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (!cei_type_is_flat(type->fields[i].type)) {
            return false;
        }
    }
    return true;
}

bool cei_type_is_number(const ce_type *type)
{
    return type->kind >= CE_KIND_INT8 && type->kind <= CE_KIND_FLOAT64;
}

static bool find_plain_strings(const ce_type *type, uint32_t base, uint32_t *offsets, uint32_t max, uint32_t *count)
{
    switch (type->kind) {
    case CE_KIND_STR:
        if (*count == max) {
            return false;
        }
        offsets[(*count)++] = base;
        return true;
    case CE_KIND_LIST:
        return false;
    case CE_KIND_OPTION: /* the bytes of an absent value may be anything */
        return cei_type_is_flat(type);
    default:
        for (uint32_t i = 0; i < type->field_count; i++) {
            const ce_field *field = &type->fields[i];
            if (!find_plain_strings(field->type, base + field->offset, offsets, max, count)) {
                return false;
            }
        }
        return true;
    }
}

bool cei_type_plain_strings(const ce_type *type, uint32_t *offsets, uint32_t max, uint32_t *count)
{
    *count = 0;
    return find_plain_strings(type, 0, offsets, max, count);
}

bool ce_type_equal(const ce_type *a, const ce_type *b)
{
    if (a == b) {
        return true;
    }
    if (!a || !b || a->kind != b->kind || a->bytes != b->bytes || a->field_count != b->field_count) {
        return false;
    }
    if (a->kind == CE_KIND_LIST) {
        return ce_type_equal(a->element, b->element);
    }
    for (uint32_t i = 0; i < a->field_count; i++) {
        if (a->fields[i].offset != b->fields[i].offset || !ce_type_equal(a->fields[i].type, b->fields[i].type)) {
            return false;
        }
    }
    return true;
}

/* ---- text ---- */

/* Text that is cut at the end of what was given. */
typedef struct cut_text {
    char *at, *end; /* the NUL has room at end */
} cut_text;

static void put(cut_text *text, const char *word)
{
    size_t bytes = strlen(word), room = (size_t)(text->end - text->at);
    bytes = bytes < room ? bytes : room;
    memcpy(text->at, word, bytes);
    text->at += bytes;
}

static void put_type(cut_text *text, const ce_type *type)
{
    const ce_type *builtin = type ? cei_type_builtin(type->kind) : NULL;
    if (!type || builtin) {
        put(text, type ? builtin->name : "none");
        return;
    }
    switch (type->kind) {
    case CE_KIND_LIST:
        put(text, "list(");
        put_type(text, type->element);
        break;
    case CE_KIND_OPTION:
        put(text, "option(");
        put_type(text, type->fields[1].type);
        break;
    case CE_KIND_PAIR:
    case CE_KIND_RECORD:
        put(text, type->kind == CE_KIND_PAIR ? "pair(" : "record(");
        for (uint32_t i = 0; i < type->field_count; i++) {
            put(text, i ? ", " : "");
            put_type(text, type->fields[i].type);
        }
        break;
    default:
        put(text, "unknown(");
        break;
    }
    put(text, ")");
}

const char *ce_type_text(const ce_type *type, char *text, size_t bytes)
{
    if (bytes) {
        cut_text cut = {text, text + bytes - 1};
        put_type(&cut, type);
        *cut.at = '\0';
    }
    return text;
}

/* ---- order of values ---- */

/* Three-way order of two scalars of one C type. Values are loaded by memcpy: a key may lie anywhere in a buffer. */
#define COMPARE_AS(T, a, b)                                                                                            \
    do {                                                                                                               \
        T x, y;                                                                                                        \
        memcpy(&x, a, sizeof x);                                                                                       \
        memcpy(&y, b, sizeof y);                                                                                       \
        return (x > y) - (x < y);                                                                                      \
    } while (0)

static int compare_doubles(double x, double y)
{
    if (isnan(x) || isnan(y)) {
        return (isnan(x) != 0) - (isnan(y) != 0);
    }
    return (x > y) - (x < y);
}

static double load_float(ce_kind kind, const void *value)
{
    float narrow;
    double wide;
    if (kind == CE_KIND_FLOAT32) {
        memcpy(&narrow, value, sizeof narrow);
        return (double)narrow;
    }
    memcpy(&wide, value, sizeof wide);
    return wide;
}

static int compare_scalars(ce_kind kind, const void *a, const void *b)
{
    switch (kind) {
    case CE_KIND_BOOL:
    case CE_KIND_UINT8:
        COMPARE_AS(uint8_t, a, b);
    case CE_KIND_INT8:
        COMPARE_AS(int8_t, a, b);
    case CE_KIND_INT16:
        COMPARE_AS(int16_t, a, b);
    case CE_KIND_INT32:
        COMPARE_AS(int32_t, a, b);
    case CE_KIND_INT64:
        COMPARE_AS(int64_t, a, b);
    case CE_KIND_UINT16:
        COMPARE_AS(uint16_t, a, b);
    case CE_KIND_UINT32:
        COMPARE_AS(uint32_t, a, b);
    case CE_KIND_UINT64:
        COMPARE_AS(uint64_t, a, b);
    case CE_KIND_FLOAT32:
    case CE_KIND_FLOAT64:
        return compare_doubles(load_float(kind, a), load_float(kind, b));
    default:
        return 0;
    }
}

static int compare_lists(const ce_type *element, const void *a, const void *b)
{
    ce_list x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    uint32_t common = x.count < y.count ? x.count : y.count;
    for (size_t i = 0; i < common; i++) {
        size_t offset = i * element->bytes;
        int order = ce_type_compare(element, (const char *)x.at + offset, (const char *)y.at + offset);
        if (order) {
            return order;
        }
    }
    return (x.count > y.count) - (x.count < y.count);
}

int ce_type_compare(const ce_type *type, const void *a, const void *b)
{
    ce_str x, y;
    switch (type->kind) {
    case CE_KIND_STR:
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return ce_str_compare(x, y);
    case CE_KIND_LIST:
        return compare_lists(type->element, a, b);
    case CE_KIND_RECORD:
    case CE_KIND_PAIR:
    case CE_KIND_OPTION:
        for (uint32_t i = 0; i < type->field_count; i++) {
            const ce_field *field = &type->fields[i];
            const char *left = (const char *)a + field->offset, *right = (const char *)b + field->offset;
            int order = ce_type_compare(field->type, left, right);
            if (order) {
                return order;
            }
            if (type->kind == CE_KIND_OPTION && !*left) {
                return 0; /* both absent: what stands behind counts for nothing */
            }
        }
        return 0;
    default:
        return compare_scalars(type->kind, a, b);
    }
}

/* ---- soundness ---- */

static const char *fault_of(const ce_type *type, uint32_t depth);

static const char *fault_of_fields(const ce_type *type, uint32_t depth)
{
    uint64_t end = 0;
    if (type->field_count == 0 || !type->fields) {
        return "a record without fields";
    }
    if (type->kind != CE_KIND_RECORD && type->field_count != 2) {
        return "a pair or an option that has not two fields";
    }
    if (type->field_count > UINT16_MAX) {
        return "a record of more than 65535 fields";
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        const ce_field *field = &type->fields[i];
        const char *fault = fault_of(field->type, depth + 1);
        if (fault) {
            return fault;
        }
        if (field->offset < end || field->offset % field->type->align || field->type->align > type->align) {
            return "a field out of order or out of line";
        }
        end = (uint64_t)field->offset + field->type->bytes;
    }
    if (end > type->bytes) {
        return "a field that ends outside of its record";
    }
    if (type->kind == CE_KIND_OPTION && (type->fields[0].type->kind != CE_KIND_BOOL || type->fields[0].offset)) {
        return "an option that does not begin with a bool";
    }
    return NULL;
}

/* NULL: none. */
static const char *fault_of(const ce_type *type, uint32_t depth)
{
    if (!type) {
        return "a type that is missing";
    }
    if (depth > CEI_TYPE_DEPTH_MAX) {
        return "types nested too deep";
    }
    const ce_type *builtin = cei_type_builtin(type->kind);
    bool is_list = type->kind == CE_KIND_LIST;
    if (builtin || is_list) {
        uint32_t bytes = is_list ? sizeof(ce_list) : builtin->bytes;
        uint32_t align = is_list ? _Alignof(ce_list) : builtin->align;
        if (type->bytes != bytes || type->align != align || type->field_count) {
            return "a type of the wrong size";
        }
        return is_list ? fault_of(type->element, depth + 1) : NULL;
    }
    if (type->kind != CE_KIND_RECORD && type->kind != CE_KIND_PAIR && type->kind != CE_KIND_OPTION) {
        return "a type of no known kind";
    }
    if (type->align != 1 && type->align != 2 && type->align != 4 && type->align != 8) {
        return "an alignment that is not 1, 2, 4 or 8";
    }
    if (type->bytes == 0 || type->bytes % type->align) {
        return "a size that is no multiple of the alignment";
    }
    return fault_of_fields(type, depth);
}

bool cei_type_validate(const ce_type *type, const char **why)
{
    *why = fault_of(type, 1);
    return !*why;
}

/* ---- made types ---- */

/* A pair of pairs of pairs doubles its size each time. Up to here sizes of values add up without an overflow. */
enum { VALUE_BYTES_MAX = 1 << 30 };

static uint32_t round_up(uint32_t bytes, uint32_t align)
{
    return (bytes + align - 1) & ~(align - 1);
}

/* Fields one after the other, each where its alignment allows, as a C struct has them. */
static const ce_type *of_fields(cei_arena *arena, ce_kind kind, const char *const *names, const ce_type *const *types,
                                uint32_t count)
{
    ce_type *made = cei_arena_alloc(arena, sizeof *made);
    ce_field *fields = made ? cei_arena_alloc(arena, count * sizeof *fields) : NULL;
    uint64_t end = 0;
    uint32_t align = 1;
    if (!fields) {
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t offset = (end + types[i]->align - 1) / types[i]->align * types[i]->align;
        end = offset + types[i]->bytes;
        if (end > VALUE_BYTES_MAX) {
            cei_fail(CE_MEMORY, "out of memory: a value of %llu bytes", (unsigned long long)end);
            return NULL;
        }
        align = types[i]->align > align ? types[i]->align : align;
        fields[i] = (ce_field){names[i], types[i], (uint32_t)offset};
    }
    *made = (ce_type){NULL, kind, round_up((uint32_t)end, align), align, count, fields, NULL};
    return made;
}

const ce_type *cei_type_pair(cei_arena *arena, const ce_type *key, const ce_type *value)
{
    return of_fields(arena, CE_KIND_PAIR, (const char *const[]){"key", "value"}, (const ce_type *const[]){key, value},
                     2);
}

const ce_type *cei_type_option(cei_arena *arena, const ce_type *value)
{
    return of_fields(arena, CE_KIND_OPTION, (const char *const[]){"present", "value"},
                     (const ce_type *const[]){&ce_type_bool, value}, 2);
}

const ce_type *cei_type_record(cei_arena *arena, const ce_type *const *types, uint32_t count)
{
    return of_fields(arena, CE_KIND_RECORD, (const char *const[]){"a", "b", "c", "d"}, types, count);
}

const ce_type *cei_type_list(cei_arena *arena, const ce_type *element)
{
    ce_type *list = cei_arena_alloc(arena, sizeof *list);
    if (list) {
        *list = (ce_type){NULL, CE_KIND_LIST, sizeof(ce_list), _Alignof(ce_list), 0, NULL, element};
    }
    return list;
}

static bool copy_name(cei_arena *arena, const char **name)
{
    if (*name) {
        *name = cei_arena_strdup(arena, *name);
        return *name != NULL;
    }
    return true;
}

const ce_type *cei_type_copy(cei_arena *arena, const ce_type *type)
{
    if (type == cei_type_builtin(type->kind)) {
        return type;
    }
    ce_type *copy = cei_arena_copy(arena, type, sizeof *type);
    if (!copy || !copy_name(arena, &copy->name)) {
        return NULL;
    }
    if (type->kind == CE_KIND_LIST) {
        copy->element = cei_type_copy(arena, type->element);
        return copy->element ? copy : NULL;
    }
    if (type->field_count == 0) {
        return copy;
    }
    ce_field *fields = cei_arena_copy(arena, type->fields, type->field_count * sizeof *fields);
    for (uint32_t i = 0; fields && i < type->field_count; i++) {
        fields[i].type = cei_type_copy(arena, fields[i].type);
        if (!fields[i].type || !copy_name(arena, &fields[i].name)) {
            return NULL;
        }
    }
    copy->fields = fields;
    return fields ? copy : NULL;
}
