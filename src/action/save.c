/* save_as_text_file : rdd(T), path -> files;  save_as_binary_file : rdd(T), path -> files
 *
 * The tasks (save_text, save_binary) leave whole parts in path/_temporary. When all are there they are moved up, and an
 * empty _SUCCESS says so at the very end. Whatever fails before takes away everything that was made, so that nobody
 * finds a directory that looks whole. */
#include "io/save.h"
#include "action/action.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

struct output {
    char *path;        /* without slashes at its end */
    size_t made_bytes; /* of its shortest beginning that is a directory made here; 0: none */
    bool made;         /* the directory itself */
};

/* The name of a part, in the directory or (inside) below it. */
static ce_status name_part(const struct output *output, cei_buffer *name, const char *inside, uint32_t partition)
{
    name->count = 0;
    cei_buffer_printf(name, "%s/%s" CEI_SAVE_PART, output->path, inside, partition);
    return cei_buffer_cstr(name) ? CE_OK : cei_buffer_status(name);
}

static ce_status make_parents(struct output *output)
{
    for (char *at = output->path + 1; *output->path && *at; at++) {
        if (*at != '/' || at[-1] == '/') {
            continue;
        }
        *at = '\0';
        ce_status status = cei_path_exists(output->path) ? CE_EXISTS : cei_make_directory(output->path);
        *at = '/';
        if (status == CE_OK && output->made_bytes == 0) {
            output->made_bytes = (size_t)(at - output->path);
        }
        if (status != CE_OK && status != CE_EXISTS) {
            return status;
        }
    }
    return CE_OK;
}

static ce_status make_directories(struct output *output)
{
    ce_status status = cei_path_exists(output->path) ? CE_EXISTS : make_parents(output);
    if (status == CE_OK) {
        status = cei_make_directory(output->path);
    }
    if (status == CE_EXISTS) {
        return cei_fail(CE_EXISTS, "Output directory %s already exists", output->path);
    }
    CE_TRY(status);
    output->made = true;
    cei_buffer temporary = {0};
    cei_buffer_printf(&temporary, "%s/" CEI_SAVE_TEMPORARY, output->path);
    const char *path = cei_buffer_cstr(&temporary);
    status = path ? cei_make_directory(path) : CE_MEMORY;
    cei_buffer_close(&temporary);
    return status;
}

static ce_status move_parts(const struct output *output, uint32_t count, cei_buffer *from, cei_buffer *to)
{
    for (uint32_t i = 0; i < count; i++) {
        CE_TRY(name_part(output, from, CEI_SAVE_TEMPORARY "/", i));
        CE_TRY(name_part(output, to, "", i));
        CE_TRY(cei_rename(from->bytes, to->bytes));
    }
    from->count = to->count = 0;
    cei_buffer_printf(from, "%s/" CEI_SAVE_TEMPORARY, output->path);
    cei_buffer_printf(to, "%s/_SUCCESS", output->path);
    if (!cei_buffer_cstr(from) || !cei_buffer_cstr(to)) {
        return CE_MEMORY;
    }
    CE_TRY(cei_remove_tree(from->bytes));
    return cei_write_file(to->bytes, "", 0);
}

static ce_status finish(const struct output *output, uint32_t count)
{
    cei_buffer from = {0}, to = {0};
    ce_status status = move_parts(output, count, &from, &to);
    cei_buffer_close(&from);
    cei_buffer_close(&to);
    return status;
}

/* Keeps the sentence that is stored, which says why. */
static void take_away(struct output *output)
{
    char sentence[CEI_ERROR_BYTES_MAX];
    size_t bytes = strlen(ce_last_error());
    memcpy(sentence, ce_last_error(), bytes + 1);
    if (output->made) {
        (void)cei_remove_tree(output->path);
    }
    bool gone = output->made_bytes > 0;
    while (gone) {
        char *slash = strrchr(output->path, '/');
        gone = slash && (size_t)(slash - output->path) >= output->made_bytes;
        if (gone) {
            *slash = '\0';
            ce_status status = cei_remove(output->path); /* what could not be made is gone too */
            gone = status == CE_OK || status == CE_NOT_FOUND;
        }
    }
    cei_error_set(sentence);
}

static ce_status save(ce_rdd *rdd, const cei_op *op, const char *action, struct output *output)
{
    ce_rdd node;
    ce_result none;
    CE_TRY(cei_action_node(&node, op, &rdd));
    cei_save_args args = {ce_str_of(output->path)};
    node.args = &args;
    node.args_type = &ce_type_cei_save_args;
    ce_status status = make_directories(output);
    if (status == CE_OK) {
        status = cei_action_rows(&node, action, &none);
    }
    if (status == CE_OK) {
        ce_result_free(&none);
        status = finish(output, node.partition_count);
    }
    if (status != CE_OK) {
        take_away(output);
    }
    return status;
}

static ce_status save_as(ce_rdd *rdd, const cei_op *op, const char *action, const char *path)
{
    if (!path || !*path) {
        return cei_action_invalid(rdd, action, "the path is %s", path ? "empty" : "NULL");
    }
    struct output output = {.path = cei_strdup(path)};
    if (!output.path) {
        return CE_MEMORY;
    }
    for (size_t bytes = strlen(path); bytes > 1 && output.path[bytes - 1] == '/'; bytes--) {
        output.path[bytes - 1] = '\0';
    }
    ce_status status = save(rdd, op, action, &output);
    cei_free(output.path);
    return status;
}

ce_status ce_save_as_text_file(ce_rdd *rdd, const char *path)
{
    CEI_HOLD(rdd);
    CE_TRY(ce_rdd_status(rdd));
    return save_as(rdd, &cei_op_save_text, "save_as_text_file", path);
}

ce_status ce_save_as_binary_file(ce_rdd *rdd, const char *path)
{
    CEI_HOLD(rdd);
    CE_TRY(ce_rdd_status(rdd));
    if (rdd->type->kind != CE_KIND_STR && !cei_type_is_flat(rdd->type)) {
        char has[256];
        return cei_fail(CE_TYPE, "%s:%d: save_as_binary_file: needs str or a type without strings and lists, has %s",
                        rdd->site.file, rdd->site.line, ce_type_text(rdd->type, has, sizeof has));
    }
    return save_as(rdd, &cei_op_save_binary, "save_as_binary_file", path);
}
