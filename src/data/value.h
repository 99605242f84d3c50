/*
 * value.h: what can be done with a value when only its type is known: copy deep, compare, print, turn into key bytes.
 *
 * A type is flat when its values hold no pointers; a flat value is copied by memcpy. The other values hold ce_str and
 * ce_list pointers at places that the type tells.
 *
 * Interface: cei_type_builtin, cei_type_is_flat, cei_type_is_number, cei_type_plain_strings, cei_type_validate,
 *            cei_type_pair, cei_type_list, cei_type_copy,
 *            cei_value_own, cei_value_equal, cei_value_print, cei_value_line, cei_number_double
 */
#ifndef CERIUM_DATA_VALUE_H
#define CERIUM_DATA_VALUE_H

#include "base/arena.h"
#include "base/buffer.h"
#include <cerium/type.h>

/* The ce_type_* object of a scalar or of ce_str; NULL for the other kinds and for numbers that are no kind. */
const ce_type *cei_type_builtin(ce_kind kind);

/* No ce_str and no list inside. */
bool cei_type_is_flat(const ce_type *type);

/*
 * For loops without recursion: true when the pointers in a value are at most max strings, always there, none in a list
 * or an option. Their offsets are stored then, in order of offset. false leaves *count and offsets undefined.
 */
bool cei_type_plain_strings(const ce_type *type, uint32_t *offsets, uint32_t max, uint32_t *count);

bool cei_type_is_number(const ce_type *type); /* a scalar that is not bool */

enum { CEI_TYPE_DEPTH_MAX = 32 }; /* bounds the recursion over a foreign type */

/* A type's soundness, for types that come from outside: known kind, fields inside bytes and in order, aligned to at
 * most 8, depth at most CEI_TYPE_DEPTH_MAX. On false *why says what is wrong (a static text). NULL is unsound. */
bool cei_type_validate(const ce_type *type, const char **why);

/* Derived types, laid out as the C compiler lays out the structs of CE_PAIR and CE_LIST. In the arena, and they point
 * to the types that they are made of; NULL when memory is short. */
const ce_type *cei_type_pair(cei_arena *arena, const ce_type *key, const ce_type *value);
const ce_type *cei_type_list(cei_arena *arena, const ce_type *element);
const ce_type *cei_type_option(cei_arena *arena, const ce_type *value);
const ce_type *cei_type_record(cei_arena *arena, const ce_type *const *types, uint32_t count);

/* A deep copy of the description itself, names included. NULL when memory is short. */
const ce_type *cei_type_copy(cei_arena *arena, const ce_type *type);

/* Makes *value own its parts: strings and lists in it (recursively) are copied to the arena and the pointers in *value
 * changed. What an absent option holds is not looked at. CE_MEMORY leaves *value as it was or half moved: drop
 * it then. */
ce_status cei_value_own(const ce_type *type, void *value, cei_arena *arena);

/* A shallow copy of a value whose size is not known to the compiler, for loops over many: the usual sizes without a
 * call. */
static inline void cei_value_copy(void *restrict to, const void *restrict from, size_t bytes)
{
    if (__builtin_expect(bytes == 8, 1)) {
        memcpy(to, from, 8);
    } else if (bytes == 16) {
        memcpy(to, from, 16);
    } else if (bytes == 4) {
        memcpy(to, from, 4);
    } else {
        memcpy(to, from, bytes);
    }
}

/* By structure, as ce_type_compare() == 0: NaN equals NaN, and 0.0 equals -0.0. */
static inline bool cei_value_equal(const ce_type *type, const void *a, const void *b)
{
    return ce_type_compare(type, a, b) == 0;
}

/* The form of Spark's shell: (a,1), [1, 2], None or the value of an option, true. Strings as they are. */
void cei_value_print(const ce_type *type, const void *value, cei_buffer *text);

/* The text form of save_as_text_file: the fields of the outermost record or pair with a TAB between, otherwise as
 * printed. */
void cei_value_line(const ce_type *type, const void *value, cei_buffer *text);

/* The number in a scalar of any kind but bool, as a double. */
double cei_number_double(const ce_type *type, const void *value);

#endif
