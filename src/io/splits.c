/*
 * splits.c: cutting files into partitions. Sizes follow Hadoop's FileInputFormat, so that a program finds the number
 * of partitions that it had with Spark.
 *
 * Interface: cei_files_node, cei_files_find, cei_files_cut, cei_files_group, cei_split_path
 */
#include "io/splits.h"
#include "base/error.h"
#include "io/byte_source.h"

ce_rdd *cei_files_node(const cei_op *op, ce_context *sc, const char *path, uint32_t partitions_min, ce_site site)
{
    cei_scope *scope = (cei_scope *)(void *)sc;
    ce_rdd *node = cei_node_new(op, scope, site, NULL, 0);
    if (cei_node_is_sound(node) && !path) {
        return cei_node_poison(node, CE_INVALID, "the path is NULL");
    }
    if (cei_node_is_sound(node) && !*path) {
        return cei_node_poison(node, CE_INVALID, "the path is empty");
    }
    cei_files_args *args = cei_node_args(node, &ce_type_cei_files_args);
    if (args) {
        /* With the NUL, for prepare. */
        size_t bytes = strlen(path);
        char *copy = bytes < UINT32_MAX ? cei_scope_alloc(scope, bytes + 1) : NULL;
        if (!copy) {
            return cei_node_poison(node, CE_MEMORY, "out of memory");
        }
        memcpy(copy, path, bytes + 1);
        args->path = (ce_str){copy, (uint32_t)bytes};
        args->partitions_min = partitions_min;
        node->type = &ce_type_ce_str;
    }
    return node;
}

ce_status cei_files_find(const ce_rdd *node, cei_found_files *found)
{
    const cei_files_args *args = node->args;
    return cei_paths_resolve(args->path.at, found);
}

/* Spark's default is two, so that there is something to do side by side. */
static uint64_t partitions_min(const ce_rdd *node)
{
    const cei_files_args *args = node->args;
    if (args->partitions_min) {
        return args->partitions_min;
    }
    return node->scope->default_parallelism < 2 ? 1 : 2;
}

static uint64_t split_bytes(const ce_rdd *node, uint64_t total, uint64_t unit)
{
    uint64_t goal = total / partitions_min(node), most = node->scope->files_partition_bytes_max;
    uint64_t bytes = (goal < most ? goal : most) / unit * unit;
    return bytes ? bytes : unit;
}

/* Bytes of the next split of a file that has left bytes more. */
static uint64_t next_split(uint64_t left, uint64_t bytes)
{
    return (double)left / (double)bytes > 1.1 ? bytes : left;
}

static bool is_cut(const cei_found_file *file, bool text)
{
    return !text || cei_compression_of(ce_str_of(file->path)) == CEI_COMPRESSION_NONE;
}

static bool copy_path(const ce_rdd *node, const char *path, ce_str *copy)
{
    size_t bytes = strlen(path);
    char *memory = cei_scope_alloc(node->scope, bytes + 1);
    if (memory) {
        memcpy(memory, path, bytes + 1);
        *copy = (ce_str){memory, (uint32_t)bytes};
    }
    return memory;
}

ce_status cei_files_cut(ce_rdd *node, const cei_found_files *found, uint64_t unit, bool text)
{
    const uint64_t bytes = split_bytes(node, found->bytes, unit);
    uint64_t count = 0;
    for (size_t i = 0; i < found->count; i++) {
        count += is_cut(&found->files[i], text) ? found->files[i].bytes / bytes + 1 : 1;
    }
    if (count > INT32_MAX) {
        return cei_fail(CE_INVALID, "%s: %llu partitions of %llu bytes are too many", found->files[0].path,
                        (unsigned long long)count, (unsigned long long)bytes);
    }
    cei_split *splits = cei_scope_alloc(node->scope, count * sizeof *splits);
    if (!splits) {
        return CE_MEMORY;
    }
    uint32_t made = 0;
    for (size_t i = 0; i < found->count; i++) {
        const cei_found_file *file = &found->files[i];
        const uint64_t most = is_cut(file, text) ? bytes : file->bytes;
        ce_str path;
        if (file->bytes && !copy_path(node, file->path, &path)) {
            return CE_MEMORY;
        }
        for (uint64_t at = 0, part; at < file->bytes; at += part) {
            part = next_split(file->bytes - at, most);
            splits[made++] = (cei_split){path, at, part};
        }
    }
    cei_files_args *args = node->args;
    args->splits = (cei_splits){splits, made};
    node->partition_count = made;
    return CE_OK;
}

ce_status cei_files_group(ce_rdd *node, const cei_found_files *found)
{
    if (found->count >= INT32_MAX) {
        return cei_fail(CE_INVALID, "%zu files are too many", found->count);
    }
    cei_split *splits = cei_scope_alloc(node->scope, found->count * sizeof *splits);
    uint32_t *firsts = cei_scope_alloc(node->scope, (found->count + 1) * sizeof *firsts);
    if (!splits || !firsts) {
        return CE_MEMORY;
    }
    const uint64_t aim = split_bytes(node, found->bytes, 1);
    const uint64_t least = partitions_min(node) < found->count ? partitions_min(node) : found->count;
    uint64_t group_bytes = 0;
    uint32_t groups = 0;
    for (uint32_t i = 0; i < found->count; i++) {
        const cei_found_file *file = &found->files[i];
        bool is_full = group_bytes + file->bytes > aim;
        bool is_needed = groups + (found->count - i) <= least; /* from here on, each file is a partition */
        if (i == 0 || is_full || is_needed) {
            firsts[groups++] = i;
            group_bytes = 0;
        }
        group_bytes += file->bytes;
        splits[i] = (cei_split){.bytes = file->bytes};
        if (!copy_path(node, file->path, &splits[i].path)) {
            return CE_MEMORY;
        }
    }
    firsts[groups] = (uint32_t)found->count;
    cei_files_args *args = node->args;
    args->splits = (cei_splits){splits, (uint32_t)found->count};
    args->firsts = (cei_indices){firsts, groups + 1};
    node->partition_count = groups;
    return CE_OK;
}

const char *cei_split_path(cei_run *run, const cei_split *split)
{
    char *path = cei_arena_alloc(&run->arena, (size_t)split->path.bytes + 1);
    if (path) {
        memcpy(path, split->path.at, split->path.bytes);
        path[split->path.bytes] = '\0';
    }
    return path;
}
