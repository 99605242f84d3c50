/* save_binary : rdd(T) -> rdd(T) without rows, T = str or without strings and lists
 *
 * One file per partition (save.c): the values as memory holds them, or the bytes of the strings. A value's bytes that
 * belong to no field, and the value of an absent option, are whatever lay there before: they are written as zeros, so
 * that equal rows make equal files and nothing leaves the program unasked. */
#include "base/error.h"
#include "io/save.h"

static ce_status save_strings(cei_save *save, const cei_batch *in)
{
    const ce_str *rows = (const ce_str *)(const void *)in->rows;
    for (uint32_t i = 0; i < in->count; i++) {
        cei_buffer_append(&save->bytes, rows[i].at, rows[i].bytes);
        if (save->bytes.count >= CEI_SAVE_WRITE_BYTES) {
            CE_TRY(cei_save_write(save));
        }
    }
    return cei_buffer_status(&save->bytes);
}

/* Whether every byte of every value is a field's. */
static bool is_dense(const ce_type *type)
{
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (!is_dense(type->fields[i].type)) {
            return false;
        }
        bytes += type->fields[i].type->bytes;
    }
    return type->kind != CE_KIND_OPTION && (type->field_count == 0 || bytes == type->bytes);
}

/* Copies the fields of a value onto zeros. */
static void copy_fields(const ce_type *type, char *to, const char *from)
{
    if (type->field_count == 0) {
        memcpy(to, from, type->bytes);
    }
    const uint32_t count = type->kind == CE_KIND_OPTION && !*from ? 1 : type->field_count;
    for (uint32_t i = 0; i < count; i++) {
        const ce_field *field = &type->fields[i];
        copy_fields(field->type, to + field->offset, from + field->offset);
    }
}

static ce_status save_dense(cei_save *save, const cei_batch *in)
{
    cei_buffer_append(&save->bytes, in->rows, (size_t)in->count * save->cursor.node->parents[0]->type->bytes);
    return save->bytes.count >= CEI_SAVE_WRITE_BYTES ? cei_save_write(save) : cei_buffer_status(&save->bytes);
}

static ce_status save_sparse(cei_save *save, const cei_batch *in)
{
    const ce_type *type = save->cursor.node->parents[0]->type;
    const size_t bytes = (size_t)in->count * type->bytes;
    if (!cei_buffer_reserve(&save->bytes, bytes)) {
        return cei_buffer_status(&save->bytes);
    }
    char *to = save->bytes.bytes + save->bytes.count;
    memset(to, 0, bytes);
    for (size_t at = 0; at < bytes; at += type->bytes) {
        copy_fields(type, to + at, in->rows + at);
    }
    save->bytes.count += bytes;
    return save->bytes.count >= CEI_SAVE_WRITE_BYTES ? cei_save_write(save) : CE_OK;
}

static ce_status save_binary_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    const ce_type *type = node->parents[0]->type;
    return cei_save_open(run, node, partition, sizeof(cei_save),
                         type->kind == CE_KIND_STR ? save_strings
                         : is_dense(type)          ? save_dense
                                                   : save_sparse,
                         cursor);
}

const cei_op cei_op_save_binary = {.name = "save_binary", .open = save_binary_open};
