/*
 * node.c: making, checking and poisoning nodes of the lineage, and preparing them for a job.
 *
 * A node that has no context to live in is static: poisoned, without a scope.
 */
#include "rdd/node.h"
#include "base/error.h"
#include "shuffle/range.h"
#include <stdarg.h>
#include <stdio.h>

static const ce_type type_of_poison = {.name = "nothing", .kind = CE_KIND_RECORD, .bytes = 1, .align = 1};
static const cei_op op_of_poison = {.name = "rdd"};

static ce_rdd node_without_memory = {.id = -1,
                                     .op = &op_of_poison,
                                     .type = &type_of_poison,
                                     .status = CE_MEMORY,
                                     .error = "out of memory: no lineage node"};
/* ---- scope ---- */

ce_status cei_scope_open(cei_scope *scope, cei_pool *pool)
{
    cei_lock_open(&scope->lock);
    cei_lock_open(&scope->prepare_lock);
    cei_arena_open(&scope->arena, pool, 0);
    return CE_OK;
}

void cei_scope_close(cei_scope *scope)
{
    cei_arena_close(&scope->arena);
    cei_lock_close(&scope->prepare_lock);
    cei_lock_close(&scope->lock);
}

void *cei_scope_alloc(cei_scope *scope, size_t bytes)
{
    cei_lock_take(&scope->lock);
    void *memory = cei_arena_alloc_zeroed(&scope->arena, bytes);
    cei_lock_give(&scope->lock);
    return memory;
}

const ce_type *cei_scope_pair(cei_scope *scope, const ce_type *key, const ce_type *value)
{
    cei_lock_take(&scope->lock);
    const ce_type *type = cei_type_pair(&scope->arena, key, value);
    cei_lock_give(&scope->lock);
    return type;
}

const ce_type *cei_scope_list(cei_scope *scope, const ce_type *element)
{
    cei_lock_take(&scope->lock);
    const ce_type *type = cei_type_list(&scope->arena, element);
    cei_lock_give(&scope->lock);
    return type;
}

const ce_type *cei_scope_option(cei_scope *scope, const ce_type *value)
{
    cei_lock_take(&scope->lock);
    const ce_type *type = cei_type_option(&scope->arena, value);
    cei_lock_give(&scope->lock);
    return type;
}

const ce_type *cei_scope_record(cei_scope *scope, const ce_type *const *types, uint32_t count)
{
    cei_lock_take(&scope->lock);
    const ce_type *type = cei_type_record(&scope->arena, types, count);
    cei_lock_give(&scope->lock);
    return type;
}

void *cei_scope_copy_values(cei_scope *scope, const ce_type *type, const void *values, uint64_t count)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, (size_t)type->bytes, &bytes)) {
        cei_fail(CE_MEMORY, "out of memory: %llu values of %u bytes", (unsigned long long)count, type->bytes);
        return NULL;
    }
    cei_lock_take(&scope->lock);
    char *copy = cei_arena_alloc(&scope->arena, bytes);
    if (copy && bytes) {
        memcpy(copy, values, bytes);
    }
    bool flat = cei_type_is_flat(type);
    for (uint64_t i = 0; copy && !flat && i < count; i++) {
        if (cei_value_own(type, copy + i * type->bytes, &scope->arena) != CE_OK) {
            copy = NULL;
        }
    }
    cei_lock_give(&scope->lock);
    return copy;
}

/* ---- building ---- */

/* A node without a context lives in a table of its own, one for each place in the program that made one; when that is
 * full, a last one without a place serves all others. */
static ce_rdd *node_without_scope(const cei_op *op, ce_site site, const char *why)
{
    enum { PLACES = 32 };
    static struct place {
        ce_rdd node;
        char error[256];
    } places[PLACES];
    static ce_rdd no_place = {.id = -1,
                              .op = &op_of_poison,
                              .type = &type_of_poison,
                              .status = CE_INVALID,
                              .error = "the RDD or the context is NULL"};
    static uint32_t used;
    static cei_lock lock = PTHREAD_MUTEX_INITIALIZER;
    char error[sizeof places->error] = "";
    snprintf(error, sizeof error, "%s:%d: %s: %s", site.file, site.line, op->name, why);
    cei_lock_take(&lock);
    uint32_t i = 0;
    while (i < used && strcmp(places[i].error, error) != 0) {
        i++;
    }
    if (i == used && used < PLACES) {
        struct place *place = &places[used++];
        memcpy(place->error, error, sizeof error);
        place->node = (ce_rdd){
            .id = -1, .op = &op_of_poison, .type = &type_of_poison, .status = CE_INVALID, .error = place->error};
    }
    cei_lock_give(&lock);
    return i < PLACES ? &places[i].node : &no_place;
}

/* The first wrong use below stays the one that is told. */
static void check_parents(ce_rdd *node)
{
    bool is_null = false, is_foreign = false;
    for (uint32_t i = 0; i < node->parent_count; i++) {
        const ce_rdd *parent = node->parents[i];
        if (!parent) {
            is_null = true;
            continue;
        }
        if (node->status == CE_OK && parent->status != CE_OK) {
            node->status = parent->status;
            node->error = parent->error;
        }
        is_foreign = is_foreign || parent->scope != node->scope;
        node->depth = node->depth > parent->depth ? node->depth : parent->depth;
        node->late |= parent->late;
    }
    node->depth += node->parent_count > 0;
    node->late |= node->op->prepares_late;
    if (is_null) {
        cei_node_poison(node, CE_INVALID, "the RDD is NULL");
    } else if (is_foreign) {
        cei_node_poison(node, CE_INVALID, "the RDDs belong to different contexts");
    } else if (node->depth > CEI_LINEAGE_DEPTH_MAX) {
        cei_node_poison(node, CE_UNSUPPORTED,
                        "the lineage is deeper than %d operators; collect or save, and start again from the result",
                        CEI_LINEAGE_DEPTH_MAX);
    }
}

ce_rdd *cei_node_new(const cei_op *op, cei_scope *scope, ce_site site, ce_rdd *const *parents, uint32_t parent_count)
{
    ce_rdd *without_scope = NULL;
    for (uint32_t i = 0; i < parent_count && !scope; i++) {
        scope = parents[i] ? parents[i]->scope : NULL;
        without_scope = parents[i] && !scope && !without_scope ? parents[i] : without_scope;
    }
    if (!scope && without_scope) {
        return without_scope;
    }
    if (!scope) {
        return node_without_scope(op, site, parent_count ? "the RDD is NULL" : "the context is NULL");
    }
    ce_rdd *node = cei_scope_alloc(scope, sizeof *node + parent_count * sizeof(ce_rdd *));
    if (!node) {
        return &node_without_memory;
    }
    node->scope = scope;
    node->id = atomic_fetch_add(&scope->next_rdd, 1);
    node->op = op;
    node->site = site;
    node->type = &type_of_poison;
    node->parents = (ce_rdd **)(node + 1);
    node->parent_count = parent_count;
    if (parent_count) {
        memcpy(node->parents, parents, parent_count * sizeof *parents);
    }
    check_parents(node);
    return node;
}

ce_rdd *cei_node_poison(ce_rdd *node, ce_status status, const char *format, ...)
{
    if (node->status != CE_OK) {
        return node;
    }
    char sentence[768];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    cei_lock_take(&node->scope->lock);
    node->error = cei_arena_printf(&node->scope->arena, "%s:%d: %s: %s", node->site.file, node->site.line,
                                   node->op->name, sentence);
    cei_lock_give(&node->scope->lock);
    if (!node->error) {
        node->error = ce_status_text(status);
    }
    node->status = status;
    return node;
}

static const char *kind_text(ce_function_kind kind)
{
    static const char *const texts[] = {
        [CE_FUNCTION_MAP] = "CE_MAP",
        [CE_FUNCTION_FILTER] = "CE_FILTER",
        [CE_FUNCTION_FLAT_MAP] = "CE_FLAT_MAP",
        [CE_FUNCTION_FOLD] = "CE_REDUCE or CE_AGGREGATE",
        [CE_FUNCTION_PARTITIONS] = "CE_MAP_PARTITIONS",
        [CE_FUNCTION_PARTITIONS_WITH_INDEX] = "CE_MAP_PARTITIONS_WITH_INDEX",
        [CE_FUNCTION_ZIP_PARTITIONS] = "CE_ZIP_PARTITIONS",
        [CE_FUNCTION_FOREACH] = "CE_FOREACH",
        [CE_FUNCTION_FOREACH_PARTITION] = "CE_FOREACH_PARTITION",
        [CE_FUNCTION_COMPARE] = "CE_COMPARE",
        [CE_FUNCTION_PARTITION] = "CE_PARTITIONER",
        [CE_FUNCTION_GROUPS] = "CE_MAP_GROUPS",
        [CE_FUNCTION_COGROUPS] = "CE_MAP_COGROUP",
    };
    return kind > 0 && kind < sizeof texts / sizeof *texts ? texts[kind] : "an unknown macro";
}

bool cei_node_takes(ce_rdd *node, const ce_function *f, ce_function_kind kind, const ce_type *in, const void *env)
{
    char needs[256], has[256];
    if (node->status != CE_OK) {
        return false;
    }
    if (!f) {
        cei_node_poison(node, CE_INVALID, "the function is NULL");
    } else if (f->kind != kind) {
        cei_node_poison(node, CE_TYPE, "%s was stamped with %s, needs %s", f->name, kind_text(f->kind),
                        kind_text(kind));
    } else if (in && !ce_type_equal(f->in, in)) {
        cei_node_poison(node, CE_TYPE, "%s takes %s, has %s", f->name, ce_type_text(f->in, needs, sizeof needs),
                        ce_type_text(in, has, sizeof has));
    } else if (f->env && !env) {
        cei_node_poison(node, CE_INVALID, "%s needs an environment: use ce_%s_with", f->name, node->op->name);
    } else if (!f->env && env) {
        cei_node_poison(node, CE_INVALID, "%s takes no environment", f->name);
    } else {
        node->function = f;
        if (env) {
            node->env = cei_scope_copy_values(node->scope, f->env, env, 1);
            if (!node->env) {
                cei_node_poison(node, CE_MEMORY, "out of memory");
            }
        }
    }
    return node->status == CE_OK;
}

bool cei_node_pair(ce_rdd *node, const ce_type *type, const ce_type **key, const ce_type **value)
{
    if (node->status != CE_OK) {
        return false;
    }
    if (type->kind != CE_KIND_PAIR) {
        char has[256];
        cei_node_poison(node, CE_TYPE, "needs pair(K, V), has %s", ce_type_text(type, has, sizeof has));
        return false;
    }
    *key = type->fields[0].type;
    *value = type->fields[1].type;
    return true;
}

void *cei_node_args(ce_rdd *node, const ce_type *type)
{
    if (node->status != CE_OK) {
        return NULL;
    }
    node->args = cei_scope_alloc(node->scope, type->bytes);
    node->args_type = type;
    if (!node->args) {
        cei_node_poison(node, CE_MEMORY, "out of memory");
    }
    return node->args;
}

bool cei_node_copy_args(ce_rdd *node, const ce_type *type, const void *value)
{
    if (node->status != CE_OK) {
        return false;
    }
    if (!value) {
        cei_node_poison(node, CE_INVALID, "the zero value is NULL");
        return false;
    }
    node->args = cei_scope_copy_values(node->scope, type, value, 1);
    node->args_type = type;
    if (!node->args) {
        cei_node_poison(node, CE_MEMORY, "out of memory");
    }
    return node->args != NULL;
}

bool cei_node_gives(ce_rdd *node, const ce_function *f, const ce_type *type)
{
    char gives[256], needs[256];
    if (node->status == CE_OK && !ce_type_equal(f->out, type)) {
        cei_node_poison(node, CE_TYPE, "%s gives %s, needs to give %s", f->name,
                        ce_type_text(f->out, gives, sizeof gives), ce_type_text(type, needs, sizeof needs));
    }
    return node->status == CE_OK;
}

/* ---- using ---- */

static ce_status prepare_locked(ce_rdd *node)
{
    if (atomic_load_explicit(&node->prepared, memory_order_acquire)) {
        return CE_OK;
    }
    for (uint32_t i = 0; i < node->parent_count; i++) {
        CE_TRY(prepare_locked(node->parents[i]));
    }
    if (node->shuffle && node->shuffle->partitioner.kind == CEI_PARTITIONER_RANGE) {
        ce_rdd *determiner = node->shuffle->partitioner.range->determiner;
        if (determiner && determiner != node) { /* shuffled by the range of an RDD that may not stand below it */
            CE_TRY(prepare_locked(determiner));
        }
    }
    if (node->op->prepare) {
        ce_status status = node->op->prepare(node);
        if (status != CE_OK) {
            char place[256];
            return cei_error_prefix(status, "%s: ", cei_node_place(node, place, sizeof place));
        }
    } else if (node->shuffle) {
        node->partition_count = node->shuffle->partitioner.count;
    } else {
        node->partition_count = node->parent_count ? node->parents[0]->partition_count : 0;
    }
    atomic_store_explicit(&node->prepared, true, memory_order_release);
    return CE_OK;
}

ce_status cei_node_prepare(ce_rdd *node)
{
    if (!node) {
        return cei_fail(CE_INVALID, "the RDD is NULL");
    }
    if (node->status != CE_OK) {
        return cei_fail(node->status, "%s", node->error);
    }
    if (atomic_load_explicit(&node->prepared, memory_order_acquire)) {
        return CE_OK;
    }
    cei_lock_take(&node->scope->prepare_lock);
    ce_status status = prepare_locked(node);
    cei_lock_give(&node->scope->prepare_lock);
    return status;
}

bool cei_node_prepare_early(ce_rdd *node)
{
    bool waits = node->late && !atomic_load_explicit(&node->prepared, memory_order_acquire);
    return node->status == CE_OK && !waits && cei_node_prepare(node) == CE_OK;
}

const char *cei_node_name(const ce_rdd *node)
{
    const char *name = atomic_load_explicit(&node->name, memory_order_acquire);
    return name ? name : node->op->name;
}

const char *cei_node_place(const ce_rdd *node, char *text, size_t bytes)
{
    if (node->function) {
        snprintf(text, bytes, "%s:%d: %s(%s)", node->site.file, node->site.line, node->op->name, node->function->name);
    } else {
        snprintf(text, bytes, "%s:%d: %s", node->site.file, node->site.line, node->op->name);
    }
    return text;
}

ce_status cei_open_parent(cei_run *run, const ce_rdd *node, uint32_t parent, uint32_t partition, cei_cursor **cursor)
{
    const ce_rdd *below = node->parents[parent];
    return below->op->open(run, below, partition, cursor);
}

static const cei_op *const ops[] = {
#define CEI_OP(name) &cei_op_##name,
#include "rdd/op.def"
#undef CEI_OP
};

const cei_op *cei_op_find(const char *name)
{
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        if (strcmp(ops[i]->name, name) == 0) {
            return ops[i];
        }
    }
    return NULL;
}
