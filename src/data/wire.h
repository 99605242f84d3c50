/*
 * wire.h: types and values as portable bytes, for plans and for keys.
 *
 * Little-endian fixed-size integers, lengths before contents, fields in order: equal values give equal bytes (NaNs are
 * made one, -0.0 becomes 0.0), and no encoding is a prefix of another. Writing cannot fail one by one (cei_buffer);
 * reading checks every length against what is left.
 *
 *     bool, ints, floats: their bytes      str: u32 bytes, bytes      record, pair: fields
 *     option: u8 present, [value]          list: u32 count, elements
 *     text: u32 0 for NULL, or its bytes + 1, then its bytes
 *     type: u8 kind, text name, and
 *           of a list: type of the elements
 *           of a record, pair, option: u32 bytes, u32 align, u16 fields {text name, u32 offset, type}
 */
#ifndef CERIUM_DATA_WIRE_H
#define CERIUM_DATA_WIRE_H

#include "base/arena.h"
#include "base/buffer.h"
#include <cerium/type.h>

void cei_wire_put_u8(cei_buffer *to, uint8_t value);
void cei_wire_put_u32(cei_buffer *to, uint32_t value);
void cei_wire_put_u64(cei_buffer *to, uint64_t value);
void cei_wire_put_text(cei_buffer *to, const char *text); /* NULL and "" are told apart */
void cei_wire_put_type(cei_buffer *to, const ce_type *type);
void cei_wire_put_value(cei_buffer *to, const ce_type *type, const void *value);

typedef struct cei_wire_reader {
    const char *at, *end;
    cei_arena *arena; /* where strings, lists and types are made */
    bool failed;      /* sticky: a length did not fit, a type is unsound (CE_CORRUPT stored), or memory is short */
    ce_status status; /* of the first failure */
} cei_wire_reader;

void cei_wire_reader_open(cei_wire_reader *reader, const void *bytes, size_t count, cei_arena *arena);
uint8_t cei_wire_get_u8(cei_wire_reader *from); /* 0 after a failure, and so on */
uint32_t cei_wire_get_u32(cei_wire_reader *from);
uint64_t cei_wire_get_u64(cei_wire_reader *from);
const char *cei_wire_get_text(cei_wire_reader *from);
const ce_type *cei_wire_get_type(cei_wire_reader *from); /* NULL after a failure */

/* Strings are copied to the arena. All bytes of *value are set: padding, absent options and failures are zeros. */
void cei_wire_get_value(cei_wire_reader *from, const ce_type *type, void *value);
/* As cei_wire_get_value, but strings point into the bytes read. */
void cei_wire_view_value(cei_wire_reader *from, const ce_type *type, void *value);

#endif
