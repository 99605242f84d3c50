/*
 * node.h: struct ce_rdd, a node of the lineage, and struct cei_op, what an operator is.
 *
 * A node says what to compute: an operator, a user function with its environment, the operator's own arguments,
 * parents. It is built by a transformation, never changes afterwards (but for `prepare`, see below), and knows nothing
 * of threads or schedulers: this folder cannot see them. Everything in a node can be written to bytes (task/plan.c),
 * which is why arguments are a value with a ce_type and functions have names.
 *
 * An operator is one file in rdd/op with one constant table at its end, listed in op.def.
 */
#ifndef CERIUM_RDD_NODE_H
#define CERIUM_RDD_NODE_H

#include "base/arena.h"
#include "base/thread.h"
#include "data/value.h"
#include "rdd/cursor.h"
#include "shuffle/shuffle.h"
#include <cerium/rdd.h>
#include <stdatomic.h>

typedef struct cei_op {
    const char *name; /* as the user spells it, without ce_ */

    /* Makes the cursor that computes one partition; its memory is run->arena. */
    ce_status (*open)(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor);

    /* Called once, before the first job that needs the node, parents first: sets node->partition_count, and may
     * complete node->args (which files there are, say). NULL: the first parent's count. */
    ce_status (*prepare)(ce_rdd *node);

    /* prepare looks at files or runs a job, so it waits for an action. */
    bool prepares_late;

    /* NULL: the least determinate parent; behind a shuffle CE_UNORDERED. */
    ce_determinism (*determinism)(const ce_rdd *node);

    /* Hosts that hold partition's data; NULL: the first parent's, or anywhere. */
    ce_status (*hosts)(const ce_rdd *node, uint32_t partition, const char *const **hosts, uint32_t *count);
} cei_op;

/*
 * The longest way from a node down to a source. Preparing, planning, opening and pulling go down the lineage by
 * recursion, which takes up to 1 KiB of stack a node in a build with sanitizers: 5000 nodes fit the 8 MiB that a thread
 * has, with room for what user functions need.
 */
enum { CEI_LINEAGE_DEPTH_MAX = 5000 };

struct ce_rdd {
    struct cei_scope *scope;
    int32_t id; /* -1: read from a plan, or a static node: see node.c */
    const cei_op *op;
    const ce_type *type; /* of a row */
    ce_site site;
    _Atomic(const char *) name; /* set by the user; NULL: op->name */

    ce_rdd **parents;
    uint32_t parent_count;
    uint32_t depth;       /* 1 + the deepest parent's; 0 for a source */
    bool late;            /* it, or one below it, prepares late */
    cei_shuffle *shuffle; /* not NULL: parents[0] is the only parent, and across this shuffle */

    const ce_function *function;        /* of combining: merges a value into an accumulator */
    const ce_function *create;          /* of combining: an accumulator from a key's first value, or NULL */
    const ce_function *merge_combiners; /* of combining: merges two accumulators, or NULL: as function */
    const void *env;                    /* of function->env, or NULL */
    void *args;                         /* of args_type, or NULL */
    const ce_type *args_type;

    cei_partitioner partitioner; /* kind CEI_PARTITIONER_NONE: not known */

    ce_status status;  /* not CE_OK: poisoned */
    const char *error; /* "file:line: operator: what is wrong" */

    _Atomic(bool) prepared; /* under scope->prepare_lock until true */
    uint32_t partition_count;
};

struct ce_result; /* cerium/action.h */

/* Where nodes live and what they need of the context, of which it is the first member. */
typedef struct cei_scope {
    cei_lock lock;         /* arena, ids */
    cei_lock prepare_lock; /* one thread prepares at a time; taken before lock */
    cei_arena arena;
    _Atomic(int32_t) next_rdd, next_shuffle;
    uint32_t default_parallelism; /* partitions of parallelize and range */
    uint32_t default_partitions;  /* of combining by key; 0: as many as the parent has */
    uint64_t files_partition_bytes_max;
    /* Runs a job that counts the rows of partitions 0 .. count-1 of rdd: for zip_with_index. Set by the context. */
    ce_status (*count_rows)(ce_rdd *rdd, uint32_t count, uint64_t *rows);
    /* Runs jobs that sample the keys of a prepared rdd, and determines the range: at most so many partitions. name is
     * for people. Set by the context. */
    ce_status (*sample_bounds)(ce_rdd *rdd, cei_range *range, uint32_t partitions, const char *name);
    /* Runs a job over all partitions of a prepared node and gives all rows: for operators whose prepare needs to know
     * what is in their input. Set by the context. */
    ce_status (*collect)(ce_rdd *node, const char *action, struct ce_result *rows);
} cei_scope;

ce_status cei_scope_open(cei_scope *scope, cei_pool *pool);
void cei_scope_close(cei_scope *scope);

/* Zeroed memory of the scope, or NULL. Any thread. */
void *cei_scope_alloc(cei_scope *scope, size_t bytes);
/* pair and list types in the scope; NULL when memory is short. */
const ce_type *cei_scope_pair(cei_scope *scope, const ce_type *key, const ce_type *value);
const ce_type *cei_scope_list(cei_scope *scope, const ce_type *element);
const ce_type *cei_scope_option(cei_scope *scope, const ce_type *value);
const ce_type *cei_scope_record(cei_scope *scope, const ce_type *const *types, uint32_t count);
/* A deep copy of count values that lives as long as the scope, or NULL. */
void *cei_scope_copy_values(cei_scope *scope, const ce_type *type, const void *values, uint64_t count);

/* ---- building: what a transformation does, in order ----
 *
 *     ce_rdd *node = cei_node_new(&cei_op_map, rdd->scope, site, (ce_rdd *[]){rdd}, 1);
 *     if (cei_node_takes(node, f, CE_FUNCTION_MAP, rdd->type, env)) {
 *         node->type = f->out;
 *     }
 *     return node;
 *
 * cei_node_new never returns NULL: with a NULL or poisoned parent, above too deep a lineage, for a source without a
 * context, or without memory it returns a poisoned node, and the other calls do nothing to a poisoned node. */
ce_rdd *cei_node_new(const cei_op *op, cei_scope *scope, ce_site site, ce_rdd *const *parents, uint32_t parent_count);

/* Poisons: the sentence gets "file:line: operator: " in front. The first one stays. Returns node. */
ce_rdd *cei_node_poison(ce_rdd *node, ce_status status, const char *format, ...) CE_PRINTF(3, 4);

/* Checks kind and input type of f and that env is there exactly when f takes one, copies env deep, sets function and
 * env. false: poisoned. in NULL: not checked. */
bool cei_node_takes(ce_rdd *node, const ce_function *f, ce_function_kind kind, const ce_type *in, const void *env);

/* The key and value types of a pair RDD, or false: poisoned with "needs pair(K, V), has str". */
bool cei_node_pair(ce_rdd *node, const ce_type *type, const ce_type **key, const ce_type **value);

/* Sets args to a zeroed value of this type in the scope. NULL: poisoned. */
void *cei_node_args(ce_rdd *node, const ce_type *type);

/* Sets args to a deep copy of a value of this type. false: poisoned. */
bool cei_node_copy_args(ce_rdd *node, const ce_type *type, const void *value);

/* false: f gives another type, and the node is poisoned. */
bool cei_node_gives(ce_rdd *node, const ce_function *f, const ce_type *type);

static inline bool cei_node_is_sound(const ce_rdd *node)
{
    return node->status == CE_OK;
}

/* Prepares node and everything below it. What poisoned any of them is returned as the failure. */
ce_status cei_node_prepare(ce_rdd *node);

/* As cei_node_prepare where nothing that prepares late is below; false where there is, or on failure (an action will
 * say it). */
bool cei_node_prepare_early(ce_rdd *node);

/* The name a person sees. */
const char *cei_node_name(const ce_rdd *node);

/* "word_count.c:14: flat_map(split_words)", cut to bytes; for messages. */
const char *cei_node_place(const ce_rdd *node, char *text, size_t bytes);

/* Opens the cursor of a parent's partition, for an operator's open. */
ce_status cei_open_parent(cei_run *run, const ce_rdd *node, uint32_t parent, uint32_t partition, cei_cursor **cursor);

/* By name, for plans: NULL when there is none. */
const cei_op *cei_op_find(const char *name);

#define CEI_OP(name) extern const cei_op cei_op_##name;
#include "rdd/op.def"
#undef CEI_OP

#endif
