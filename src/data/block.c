/*
 * block.c: packing rows into blocks and reading them again.
 *
 * Most rows are flat, or hold a few strings beside scalars: such are copied by loops over a short list of offsets. Rows
 * with lists or optional strings take the walk over their type. In a writer's piece a trailer stands behind the
 * block that is being made; when the piece itself becomes the block, it says where to give the memory back:
 *
 *     | header | rows >      < parts | trailer |
 *     0               byte_count max ^         piece_bytes
 *
 * Interface: see block.h
 */
#include "data/block.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/value.h"
#include <string.h>

typedef struct piece_trailer {
    cei_pool *pool;
    size_t piece_bytes;
} piece_trailer;

enum { PART_ALIGN = 8, SQUEEZE_FRACTION = 8 };

_Static_assert(sizeof(cei_block_header) == 32, "the header is part of the format");
_Static_assert(sizeof(piece_trailer) % PART_ALIGN == 0, "distances from the end keep the alignment");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && sizeof(void *) == 8, "rows are stored as they are");

static size_t round_up(size_t bytes)
{
    return (bytes + PART_ALIGN - 1) & ~(size_t)(PART_ALIGN - 1);
}

static inline ce_str load_str(const char *at)
{
    ce_str str;
    memcpy(&str, at, sizeof str);
    return str;
}

static inline ce_list load_list(const char *at)
{
    ce_list list;
    memcpy(&list, at, sizeof list);
    return list;
}

/* The pointer stands first in a ce_str and in a ce_list. */
static inline void store_distance(char *value, uint64_t distance)
{
    memcpy(value, &distance, sizeof distance);
}

static inline uint64_t load_distance(const char *value)
{
    uint64_t distance;
    memcpy(&distance, value, sizeof distance);
    return distance;
}

/* The strings of rows that hold at most CEI_BLOCK_STRINGS_MAX of them and no other parts; 0: no such rows, or flat. */
static uint8_t find_strings(const ce_type *type, uint32_t offsets[CEI_BLOCK_STRINGS_MAX])
{
    uint32_t count;
    return cei_type_plain_strings(type, offsets, CEI_BLOCK_STRINGS_MAX, &count) ? (uint8_t)count : 0;
}

/* ---- the owner of a block's bytes ---- */

static void release_piece(ce_block *block)
{
    const piece_trailer trailer = *(const piece_trailer *)block->owner;
    char *end = (char *)block->owner + sizeof trailer;
    cei_pool_give(trailer.pool, end - trailer.piece_bytes, trailer.piece_bytes);
}

static void release_heap(ce_block *block)
{
    cei_free(block->owner);
}

void cei_block_release(ce_block *block)
{
    if (block->release) {
        block->release(block);
    }
    *block = (ce_block){0};
}

ce_status cei_block_alloc(ce_block *block, size_t byte_count, cei_pool *pool)
{
    *block = (ce_block){0};
    const size_t piece_bytes = cei_pool_piece_bytes(byte_count + sizeof(piece_trailer));
    char *piece = cei_pool_take(pool, byte_count + sizeof(piece_trailer));
    if (!piece) {
        return CE_MEMORY;
    }
    piece_trailer *trailer = (piece_trailer *)(void *)(piece + piece_bytes - sizeof *trailer);
    *trailer = (piece_trailer){pool, piece_bytes};
    *block = (ce_block){.bytes = piece, .byte_count = byte_count, .release = release_piece, .owner = trailer};
    return CE_OK;
}

size_t cei_block_memory_bytes(const ce_block *block)
{
    return block->release == release_piece ? ((const piece_trailer *)block->owner)->piece_bytes : 0;
}

/* What the header says is the seed, so that a bit of it that flips is found too. */
static uint64_t checksum_of(const cei_block_header *header, const void *rows)
{
    const uint64_t section = header->flags >> CEI_BLOCK_SECTION_SHIFT;
    const uint64_t seed = section << 48 ^ (uint64_t)header->row_bytes << 32 ^ header->rows;
    return cei_hash_bytes(rows, header->byte_count - sizeof *header, seed);
}

cei_block_header cei_block_header_of(const ce_block *block)
{
    cei_block_header header;
    memcpy(&header, block->bytes, sizeof header);
    if (!(header.flags & CEI_BLOCK_HAS_CHECKSUM)) {
        header.flags |= CEI_BLOCK_HAS_CHECKSUM;
        header.checksum = checksum_of(&header, (const char *)block->bytes + sizeof header);
    }
    return header;
}

ce_status cei_block_add_checksum(ce_block *block)
{
    cei_block_header header;
    if (block->byte_count < sizeof header) {
        return CE_OK;
    }
    memcpy(&header, block->bytes, sizeof header);
    if (header.flags & CEI_BLOCK_HAS_CHECKSUM) {
        return CE_OK;
    }
    if (block->release != release_piece && block->release != release_heap) { /* memory that may not be written */
        ce_block copy = *block;
        copy.owner = cei_alloc(block->byte_count);
        if (!copy.owner) {
            return CE_MEMORY;
        }
        copy.bytes = memcpy(copy.owner, block->bytes, block->byte_count);
        copy.release = release_heap;
        cei_block_release(block);
        *block = copy;
    }
    header = cei_block_header_of(block);
    memcpy((char *)(uintptr_t)block->bytes, &header, sizeof header);
    return CE_OK;
}

/* ---- lent blocks ---- */

ce_status cei_block_load(ce_block *block, cei_pool *pool)
{
    if (!cei_block_is_lent(block)) {
        return CE_OK;
    }
    cei_lender *lender = block->owner;
    ce_block loaded;
    CE_TRY(lender->load(lender, block, pool, &loaded));
    cei_block_release(block);
    *block = loaded;
    return CE_OK;
}

void cei_block_will_load(const ce_block *block)
{
    if (cei_block_is_lent(block)) {
        cei_lender *lender = block->owner;
        if (lender->will_load) {
            lender->will_load(lender, block);
        }
    }
}

/* ---- writing ---- */

void cei_block_writer_open(cei_block_writer *writer, const ce_type *type, cei_pool *pool)
{
    *writer = (cei_block_writer){.type = type, .pool = pool, .flat = cei_type_is_flat(type)};
    writer->string_count = find_strings(type, writer->string_offsets);
}

/* Empty, without a piece: an append finds no room then. */
static void forget_piece(cei_block_writer *writer)
{
    writer->piece = NULL;
    writer->piece_bytes = writer->row_at = writer->part_at = 0;
    writer->rows = 0;
}

void cei_block_writer_close(cei_block_writer *writer)
{
    cei_pool_give(writer->pool, writer->piece, writer->piece_bytes);
    forget_piece(writer);
}

/* Where the block in a piece ends at most. */
static inline size_t end_of(const cei_block_writer *writer)
{
    return writer->piece_bytes - sizeof(piece_trailer);
}

/* The usual lengths without a call. */
static inline void copy_row(char *restrict to, const char *restrict from, size_t bytes)
{
    switch (bytes) {
    case 16:
        memcpy(to, from, 16);
        break;
    case 24:
        memcpy(to, from, 24);
        break;
    case 32:
        memcpy(to, from, 32);
        break;
    default:
        memcpy(to, from, bytes);
        break;
    }
}

static inline bool append_strings(cei_block_writer *writer, const char *row)
{
    const size_t row_bytes = writer->type->bytes, string_count = writer->string_count;
    size_t need = row_bytes;
    for (size_t i = 0; i < string_count; i++) {
        need += load_str(row + writer->string_offsets[i]).bytes;
    }
    if (need > writer->part_at - writer->row_at) {
        return false;
    }
    char *piece = writer->piece, *to = piece + writer->row_at;
    const size_t end = end_of(writer);
    size_t part_at = writer->part_at;
    copy_row(to, row, row_bytes);
    for (size_t i = 0; i < string_count; i++) {
        const uint32_t offset = writer->string_offsets[i];
        const ce_str str = load_str(row + offset);
        if (str.bytes) {
            part_at -= str.bytes;
            memcpy(piece + part_at, str.at, str.bytes);
        }
        store_distance(to + offset, str.bytes ? end - part_at : 0);
    }
    writer->part_at = part_at;
    writer->row_at += row_bytes;
    writer->rows++;
    return true;
}

static bool pack(cei_block_writer *writer, const ce_type *type, char *value);

static bool pack_str(cei_block_writer *writer, char *value)
{
    const ce_str str = load_str(value);
    if (str.bytes > writer->part_at - writer->row_at) {
        return false;
    }
    if (str.bytes) {
        writer->part_at -= str.bytes;
        memcpy(writer->piece + writer->part_at, str.at, str.bytes);
    }
    store_distance(value, str.bytes ? end_of(writer) - writer->part_at : 0);
    return true;
}

static bool pack_list(cei_block_writer *writer, const ce_type *element, char *value)
{
    const ce_list list = load_list(value);
    if (list.count == 0) {
        store_distance(value, 0);
        return true;
    }
    const size_t bytes = (size_t)list.count * element->bytes, room = writer->part_at - writer->row_at;
    if (bytes > room) {
        return false;
    }
    const size_t padding = (writer->part_at - bytes) % PART_ALIGN;
    if (padding > room - bytes) {
        return false;
    }
    writer->part_at -= bytes + padding;
    char *elements = writer->piece + writer->part_at;
    memcpy(elements, list.at, bytes);
    memset(elements + bytes, 0, padding);
    store_distance(value, end_of(writer) - writer->part_at);
    if (cei_type_is_flat(element)) {
        return true;
    }
    for (uint32_t i = 0; i < list.count; i++) {
        if (!pack(writer, element, elements + (size_t)i * element->bytes)) {
            return false;
        }
    }
    return true;
}

/* value is a copy in the piece that still points to the original's parts: copies the parts, sets their distances. */
static bool pack(cei_block_writer *writer, const ce_type *type, char *value)
{
    switch (type->kind) {
    case CE_KIND_STR:
        return pack_str(writer, value);
    case CE_KIND_LIST:
        return pack_list(writer, type->element, value);
    case CE_KIND_OPTION:
        if (!*value) {
            memset(value + type->fields[1].offset, 0, type->fields[1].type->bytes);
            return true;
        }
        return pack(writer, type->fields[1].type, value + type->fields[1].offset);
    default:
        for (uint32_t i = 0; i < type->field_count; i++) {
            if (!pack(writer, type->fields[i].type, value + type->fields[i].offset)) {
                return false;
            }
        }
        return true;
    }
}

static bool append_deep(cei_block_writer *writer, const char *row)
{
    const size_t row_at = writer->row_at, part_at = writer->part_at, row_bytes = writer->type->bytes;
    if (row_bytes > part_at - row_at) {
        return false;
    }
    memcpy(writer->piece + row_at, row, row_bytes);
    writer->row_at += row_bytes; /* first: the parts must leave this room */
    if (!pack(writer, writer->type, writer->piece + row_at)) {
        writer->row_at = row_at;
        writer->part_at = part_at;
        return false;
    }
    writer->rows++;
    return true;
}

static uint32_t append_flat(cei_block_writer *writer, const void *rows, uint32_t count)
{
    const size_t row_bytes = writer->type->bytes, room = writer->part_at - writer->row_at;
    if (count * row_bytes > room) {
        count = (uint32_t)(room / row_bytes);
    }
    if (count) {
        memcpy(writer->piece + writer->row_at, rows, count * row_bytes);
        writer->row_at += count * row_bytes;
        writer->rows += count;
    }
    return count;
}

bool cei_block_writer_append(cei_block_writer *writer, const void *row)
{
    if (writer->string_count) {
        return append_strings(writer, row);
    }
    return writer->flat ? append_flat(writer, row, 1) == 1 : append_deep(writer, row);
}

uint32_t cei_block_writer_append_rows(cei_block_writer *writer, const void *rows, uint32_t count)
{
    if (writer->flat) {
        return append_flat(writer, rows, count);
    }
    const char *row = rows;
    uint32_t done = 0;
    while (done < count && cei_block_writer_append(writer, row)) {
        row += writer->type->bytes;
        done++;
    }
    return done;
}

/* The most bytes that the parts of a value take, padding included. */
static size_t bytes_of_parts(const ce_type *type, const char *value)
{
    size_t bytes = 0;
    ce_list list;
    switch (type->kind) {
    case CE_KIND_STR:
        return load_str(value).bytes;
    case CE_KIND_LIST:
        list = load_list(value);
        bytes = (size_t)list.count * type->element->bytes + PART_ALIGN;
        if (cei_type_is_flat(type->element)) {
            return bytes;
        }
        for (uint32_t i = 0; i < list.count; i++) {
            bytes += bytes_of_parts(type->element, (const char *)list.at + (size_t)i * type->element->bytes);
        }
        return bytes;
    case CE_KIND_OPTION:
        return *value ? bytes_of_parts(type->fields[1].type, value + type->fields[1].offset) : 0;
    default:
        for (uint32_t i = 0; i < type->field_count; i++) {
            bytes += bytes_of_parts(type->fields[i].type, value + type->fields[i].offset);
        }
        return bytes;
    }
}

ce_status cei_block_writer_reserve(cei_block_writer *writer, const void *row)
{
    if (writer->rows) {
        return CE_OK;
    }
    size_t need = sizeof(cei_block_header) + writer->type->bytes + sizeof(piece_trailer);
    need += writer->flat ? 0 : bytes_of_parts(writer->type, row);
    if (need <= writer->piece_bytes) {
        return CE_OK;
    }
    cei_block_writer_close(writer);
    size_t want = writer->next_bytes ? writer->next_bytes : CEI_BLOCK_FIRST_BYTES;
    want = need > want ? need : want;
    char *piece = cei_pool_take(writer->pool, want);
    if (!piece) {
        return CE_MEMORY;
    }
    writer->piece = piece;
    writer->piece_bytes = cei_pool_piece_bytes(want);
    writer->row_at = sizeof(cei_block_header);
    writer->part_at = end_of(writer);
    return CE_OK;
}

void cei_block_writer_set_section(cei_block_writer *writer, uint32_t bits, uint32_t section)
{
    writer->section = bits ? bits | section << 4 : 0;
}

void cei_block_writer_lend(cei_block_writer *writer, char **next, char **end)
{
    *next = writer->piece + writer->row_at;
    *end = writer->piece + writer->part_at;
}

void cei_block_writer_filled(cei_block_writer *writer, const char *next)
{
    size_t row_at = (size_t)(next - writer->piece);
    writer->rows += (uint32_t)((row_at - writer->row_at) / writer->type->bytes);
    writer->row_at = row_at;
}

/* Writes the header into bytes, where rows and parts stand, and zeros between them. */
static void finish_block(const cei_block_writer *writer, char *bytes, size_t byte_count, size_t part_bytes)
{
    cei_block_header header = {
        .magic = CEI_BLOCK_MAGIC,
        .version = CEI_BLOCK_VERSION,
        .flags = (uint16_t)(writer->section << CEI_BLOCK_SECTION_SHIFT),
        .row_bytes = writer->type->bytes,
        .rows = writer->rows,
        .byte_count = byte_count,
    };
    memcpy(bytes, &header, sizeof header);
    memset(bytes + writer->row_at, 0, byte_count - part_bytes - writer->row_at);
}

ce_status cei_block_writer_seal(cei_block_writer *writer, ce_block *block)
{
    *block = (ce_block){0};
    if (writer->rows == 0) {
        return CE_OK;
    }
    char *piece = writer->piece;
    const size_t end = end_of(writer), piece_bytes = writer->piece_bytes, part_bytes = end - writer->part_at;
    const size_t used = round_up(writer->row_at + part_bytes);
    if (used <= CEI_BLOCK_SMALL_BYTES) {
        char *bytes = cei_alloc(used);
        if (!bytes) {
            return CE_MEMORY;
        }
        memcpy(bytes, piece, writer->row_at);
        memcpy(bytes + used - part_bytes, piece + writer->part_at, part_bytes);
        finish_block(writer, bytes, used, part_bytes);
        cei_pool_give(writer->pool, piece, piece_bytes);
        *block = (ce_block){0, writer->section, writer->rows, bytes, used, release_heap, bytes};
    } else {
        const bool squeeze = writer->flat || end - used > piece_bytes / SQUEEZE_FRACTION;
        const size_t byte_count = squeeze ? used : end;
        memmove(piece + byte_count - part_bytes, piece + writer->part_at, part_bytes);
        finish_block(writer, piece, byte_count, part_bytes);
        piece_trailer *trailer = (piece_trailer *)(void *)(piece + end);
        *trailer = (piece_trailer){writer->pool, piece_bytes};
        *block = (ce_block){0, writer->section, writer->rows, piece, byte_count, release_piece, trailer};
    }
    const size_t next_bytes = used >= piece_bytes / 2 ? 2 * piece_bytes : piece_bytes;
    writer->next_bytes = next_bytes < CEI_BLOCK_LAST_BYTES ? next_bytes : CEI_BLOCK_LAST_BYTES;
    forget_piece(writer);
    return CE_OK;
}

/* ---- checking foreign bytes ---- */

typedef struct part_check {
    const char *end;
    uint64_t used, room; /* bytes of parts seen, and between the rows and the end */
} part_check;

static const char *const broken_part = "a string or list that lies outside of its place";
static const char *const broken_bool = "a bool that is neither 0 nor 1";

/* Whether any bytes are sound values of this type. */
static bool always_sound(const ce_type *type)
{
    if (type->kind == CE_KIND_BOOL || type->kind == CE_KIND_STR || type->kind == CE_KIND_LIST) {
        return false;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (!always_sound(type->fields[i].type)) {
            return false;
        }
    }
    return true;
}

/* Takes the place of a part; each byte is taken once, so hostile lists cannot share elements and blow up the walk. */
static bool claim(part_check *check, uint64_t distance, uint64_t bytes)
{
    if (bytes == 0) {
        return distance == 0;
    }
    if (distance > check->room || distance < check->used || bytes > distance - check->used) {
        return false;
    }
    check->used = distance;
    return true;
}

static const char *fault_of(part_check *check, const ce_type *type, const char *value);

static const char *fault_of_list(part_check *check, const ce_type *element, const char *value)
{
    const uint64_t distance = load_distance(value);
    const uint32_t count = load_list(value).count;
    if (!claim(check, distance, (uint64_t)count * element->bytes) || distance % PART_ALIGN) {
        return broken_part;
    }
    const char *fault = NULL, *elements = check->end - distance;
    if (!always_sound(element)) {
        for (uint32_t i = 0; i < count && !fault; i++) {
            fault = fault_of(check, element, elements + (size_t)i * element->bytes);
        }
    }
    return fault;
}

/* NULL: none. */
static const char *fault_of(part_check *check, const ce_type *type, const char *value)
{
    const char *fault = NULL;
    switch (type->kind) {
    case CE_KIND_BOOL:
        return (unsigned char)*value > 1 ? broken_bool : NULL;
    case CE_KIND_STR:
        return claim(check, load_distance(value), load_str(value).bytes) ? NULL : broken_part;
    case CE_KIND_LIST:
        return fault_of_list(check, type->element, value);
    case CE_KIND_OPTION:
        if ((unsigned char)*value > 1) {
            return broken_bool;
        }
        return *value ? fault_of(check, type->fields[1].type, value + type->fields[1].offset) : NULL;
    default:
        for (uint32_t i = 0; i < type->field_count && !fault; i++) {
            fault = fault_of(check, type->fields[i].type, value + type->fields[i].offset);
        }
        return fault;
    }
}

static const char *fault_of_header(const cei_block_header *header, size_t byte_count)
{
    if (header->magic != CEI_BLOCK_MAGIC) {
        return "it does not begin like one";
    }
    if (header->version != CEI_BLOCK_VERSION) {
        return "a version that this program does not know";
    }
    const uint32_t section = header->flags >> CEI_BLOCK_SECTION_SHIFT, bits = section & 15;
    if (bits > CEI_BLOCK_SECTION_BITS_MAX || section >> 4 >= 1u << bits) {
        return "a section that does not exist";
    }
    if (header->byte_count != byte_count || byte_count % PART_ALIGN) {
        return "a length that is not its own";
    }
    if ((uint64_t)header->rows * header->row_bytes > byte_count - sizeof *header) {
        return "fewer bytes than its rows take";
    }
    return NULL;
}

ce_status cei_block_check_bytes(const void *bytes, size_t byte_count)
{
    cei_block_header header;
    if (byte_count < sizeof header) {
        return cei_fail(CE_CORRUPT, "%zu bytes, fewer than its header takes", byte_count);
    }
    memcpy(&header, bytes, sizeof header);
    const char *fault = fault_of_header(&header, byte_count);
    if (!fault) {
        const bool has = header.flags & CEI_BLOCK_HAS_CHECKSUM;
        const uint64_t checksum = has ? checksum_of(&header, (const char *)bytes + sizeof header) : 0;
        fault = checksum == header.checksum ? NULL : "the checksum differs";
    }
    return fault ? cei_fail(CE_CORRUPT, "%s", fault) : CE_OK;
}

ce_status cei_block_check(const ce_type *type, const void *bytes, size_t byte_count)
{
    cei_block_header header;
    const char *start = bytes, *rows = start + sizeof header, *fault = NULL;
    if ((uintptr_t)start % PART_ALIGN) {
        return cei_fail(CE_CORRUPT, "block of rows: it stands at an address that is no multiple of %d", PART_ALIGN);
    }
    if (cei_block_check_bytes(bytes, byte_count) != CE_OK) {
        return cei_error_prefix(CE_CORRUPT, "block of rows: ");
    }
    memcpy(&header, start, sizeof header);
    if (header.row_bytes != type->bytes) {
        fault = "rows of another size";
    } else if (!always_sound(type)) {
        const uint64_t row_bytes = (uint64_t)header.rows * type->bytes;
        part_check check = {start + byte_count, 0, byte_count - sizeof header - row_bytes};
        for (uint32_t i = 0; i < header.rows && !fault; i++) {
            fault = fault_of(&check, type, rows + (size_t)i * type->bytes);
        }
    }
    return fault ? cei_fail(CE_CORRUPT, "block of rows: %s", fault) : CE_OK;
}

/* ---- reading ---- */

void cei_block_reader_open(cei_block_reader *reader, const ce_type *type, const ce_block *block)
{
    *reader = (cei_block_reader){.type = type, .flat = cei_type_is_flat(type)};
    reader->string_count = find_strings(type, reader->string_offsets);
    if (block->byte_count >= sizeof(cei_block_header)) {
        cei_block_header header;
        memcpy(&header, block->bytes, sizeof header);
        reader->rows = (const char *)block->bytes + sizeof header;
        reader->end = (const char *)block->bytes + block->byte_count;
        reader->left = header.rows;
    }
}

static inline void point_to_part(char *value, const char *end)
{
    const char *part = end - load_distance(value);
    memcpy(value, &part, sizeof part);
}

/* The distances at one offset of all rows become pointers. */
static void point_to_strings(char *restrict at, size_t row_bytes, uint32_t count, const char *end)
{
    for (uint32_t i = 0; i < count; i++, at += row_bytes) {
        point_to_part(at, end);
    }
}

static ce_status unpack(const ce_type *type, char *value, const char *end, cei_arena *arena);

static ce_status unpack_list(const ce_type *element, char *value, const char *end, cei_arena *arena)
{
    point_to_part(value, end);
    const ce_list list = load_list(value);
    if (list.count == 0 || cei_type_is_flat(element)) {
        return CE_OK;
    }
    char *elements = cei_arena_copy(arena, list.at, (size_t)list.count * element->bytes);
    if (!elements) {
        return CE_MEMORY;
    }
    memcpy(value, &elements, sizeof elements);
    for (uint32_t i = 0; i < list.count; i++) {
        CE_TRY(unpack(element, elements + (size_t)i * element->bytes, end, arena));
    }
    return CE_OK;
}

/* value is a copy with distances: they become pointers. */
static ce_status unpack(const ce_type *type, char *value, const char *end, cei_arena *arena)
{
    switch (type->kind) {
    case CE_KIND_STR:
        point_to_part(value, end);
        return CE_OK;
    case CE_KIND_LIST:
        return unpack_list(type->element, value, end, arena);
    case CE_KIND_OPTION:
        return *value ? unpack(type->fields[1].type, value + type->fields[1].offset, end, arena) : CE_OK;
    default:
        for (uint32_t i = 0; i < type->field_count; i++) {
            CE_TRY(unpack(type->fields[i].type, value + type->fields[i].offset, end, arena));
        }
        return CE_OK;
    }
}

ce_status cei_block_reader_next(cei_block_reader *reader, uint32_t count_max, char *scratch, cei_arena *arena,
                                const char **rows, uint32_t *count)
{
    const uint32_t given = reader->left < count_max ? reader->left : count_max;
    const size_t row_bytes = reader->type->bytes;
    *rows = NULL;
    *count = 0;
    if (given == 0) {
        return CE_OK;
    }
    if (!reader->flat) {
        memcpy(scratch, reader->rows, given * row_bytes);
    }
    for (uint32_t i = 0; i < reader->string_count; i++) {
        point_to_strings(scratch + reader->string_offsets[i], row_bytes, given, reader->end);
    }
    for (uint32_t i = 0; !reader->flat && !reader->string_count && i < given; i++) {
        CE_TRY(unpack(reader->type, scratch + i * row_bytes, reader->end, arena));
    }
    *rows = reader->flat ? reader->rows : scratch;
    *count = given;
    reader->rows += given * row_bytes;
    reader->left -= given;
    return CE_OK;
}
