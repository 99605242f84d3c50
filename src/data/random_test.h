/*
 * random_test.h: random types and values for the tests of this folder. Same seed, same types and values.
 *
 * What is not part of a value is garbage on purpose: padding, absent options, the pointer of an empty string or list.
 */
#ifndef CERIUM_DATA_RANDOM_TEST_H
#define CERIUM_DATA_RANDOM_TEST_H

#include "base/arena.h"
#include "base/random.h"
#include "data/value.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

static inline void *test_alloc(cei_arena *arena, size_t bytes)
{
    void *memory = cei_arena_alloc(arena, bytes);
    assert_non_null(memory);
    memset(memory, 0x5A, bytes);
    return memory;
}

static inline const ce_type *test_type(cei_random *random, cei_arena *arena, int depth);

static inline ce_type *test_fields(cei_random *random, cei_arena *arena, ce_kind kind, int depth)
{
    uint32_t count = kind == CE_KIND_RECORD ? 1 + (uint32_t)cei_random_below(random, 5) : 2;
    ce_field *fields = test_alloc(arena, count * sizeof *fields);
    ce_type *type = test_alloc(arena, sizeof *type);
    uint32_t end = 0, align = 1;
    for (uint32_t i = 0; i < count; i++) {
        const bool is_present = kind == CE_KIND_OPTION && i == 0;
        const ce_type *field = is_present ? CE_TYPE(bool) : test_type(random, arena, depth - 1);
        end = (end + field->align - 1) / field->align * field->align;
        fields[i] = (ce_field){cei_arena_printf(arena, "field_%u", i), field, end};
        end += field->bytes;
        align = field->align > align ? field->align : align;
    }
    *type = (ce_type){"made", kind, (end + align - 1) / align * align, align, count, fields, NULL};
    return type;
}

/* A type with at most depth levels below it. */
static inline const ce_type *test_type(cei_random *random, cei_arena *arena, int depth)
{
    const ce_kind kind = (ce_kind)(1 + cei_random_below(random, depth > 0 ? CE_KIND_LIST : CE_KIND_STR));
    if (cei_type_builtin(kind)) {
        return cei_type_builtin(kind);
    }
    if (kind == CE_KIND_LIST) {
        return cei_type_list(arena, test_type(random, arena, depth - 1));
    }
    return test_fields(random, arena, kind, depth);
}

static inline void test_scalar(cei_random *random, const ce_type *type, void *value)
{
    static const double doubles[] = {0.0, -0.0, NAN, INFINITY, -INFINITY, 0.1, 1e300, 5e-324, -7.25};
    const uint64_t bits = cei_random_next(random);
    const double wide = doubles[cei_random_below(random, sizeof doubles / sizeof *doubles)];
    const float narrow = wide > 1e30 && !isinf(wide) ? 0.3f : (float)wide;
    if (type->kind == CE_KIND_BOOL) {
        const bool flag = bits & 1;
        memcpy(value, &flag, sizeof flag);
    } else if (type->kind == CE_KIND_FLOAT32) {
        memcpy(value, &narrow, sizeof narrow);
    } else if (type->kind == CE_KIND_FLOAT64) {
        memcpy(value, &wide, sizeof wide);
    } else {
        /* mostly small, so that equal ones occur */
        const uint64_t number = bits % 4 ? (bits >> 8) % 8 - 4 : bits;
        memcpy(value, &number, type->bytes);
    }
}

/* Sets *value, whose memory may hold anything, to a random value; parts in the arena. size bounds strings and lists. */
static inline void test_value(cei_random *random, cei_arena *arena, const ce_type *type, void *value, uint32_t size)
{
    char *at = value;
    if (type->kind == CE_KIND_STR || type->kind == CE_KIND_LIST) {
        const uint32_t count = cei_random_below(random, 4) ? (uint32_t)cei_random_below(random, size + 1) : 0;
        const size_t bytes = type->kind == CE_KIND_STR ? 1 : type->element->bytes;
        char *part = count ? test_alloc(arena, count * bytes) : NULL;
        for (uint32_t i = 0; i < count; i++) {
            if (type->kind == CE_KIND_STR) {
                part[i] = (char)cei_random_next(random);
            } else {
                test_value(random, arena, type->element, part + i * bytes, size);
            }
        }
        const ce_list list = {part, count};
        memcpy(value, &list, sizeof list); /* a ce_str has the same layout */
        return;
    }
    if (type->field_count == 0) {
        test_scalar(random, type, value);
        return;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        test_value(random, arena, type->fields[i].type, at + type->fields[i].offset, size);
        if (type->kind == CE_KIND_OPTION && !*at) {
            memset(at + type->fields[1].offset, 0xA5, type->fields[1].type->bytes);
            return;
        }
    }
}

/* Fails, showing type and values, when two values are not equal. */
static inline void test_equal(const ce_type *type, const void *got, const void *wanted)
{
    if (!cei_value_equal(type, got, wanted)) {
        char name[200], got_text[400], wanted_text[400];
        fail_msg("%s: got %s, wanted %s", ce_type_text(type, name, sizeof name),
                 ce_type_print(type, got, got_text, sizeof got_text),
                 ce_type_print(type, wanted, wanted_text, sizeof wanted_text));
    }
}

#endif
