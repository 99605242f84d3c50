/*
 * plan.c: a stage as bytes, and back: what lets another process compute a part of a job.
 *
 *     "CEPL" version | node count | index of the output node + 1 | nodes, parents first; the root last
 *     node: operator, type, site, partition count, parents, [shuffle], [function], [create], [merge_combiners],
 *           [environment], [args], partitioner
 *     function: content hash of its module, name
 *     partitioner: kind, count, [function], [range: its number, and when it is a new one: order, key type, functions,
 *                  environment, bounds]
 *
 * A node behind a shuffle is a leaf: its parents belong to another stage. Reading makes nodes as a transformation
 * would have made and prepared them, in memory of the plan.
 */
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/wire.h"
#include "rdd/combined.h"
#include "rdd/module.h"
#include "rdd/shuffle_read.h"
#include "shuffle/range.h"
#include "task/node_task.h"

enum { PLAN_MAGIC = 0x4c504543, PLAN_VERSION = 2, PLAN_NODES_MAX = 1 << 20, PLAN_BATCH_ROWS = 512 };
enum { PLAN_HEADER_BYTES = 4 + 4 + 8 };
/* What a program may build, and the operators that an action puts on top. */
enum { PLAN_DEPTH_MAX = CEI_LINEAGE_DEPTH_MAX + 8 };

struct ce_plan {
    cei_pool *pool;
    cei_arena arena;
    ce_rdd *nodes;
    uint32_t node_count;
    struct plan_range *ranges; /* newest first */
    cei_stage_work work;
};

/* A range of the plan, to which all nodes that are partitioned by it point. */
struct plan_range {
    cei_range range;
    uint32_t number;
    struct plan_range *before;
};

/* ---- writing ---- */

struct writing {
    cei_buffer bytes;
    const ce_rdd **order; /* nodes in the order written; on the heap */
    uint32_t count, room;
    const cei_range **ranges; /* that are written; on the heap */
    uint32_t range_count;
    ce_status status;
};

static void put_function(struct writing *to, const ce_function *f)
{
    uint64_t content = 0;
    cei_wire_put_u8(&to->bytes, f != NULL);
    if (f) {
        ce_status status = cei_module_of(f, &content);
        to->status = to->status == CE_OK ? status : to->status;
        cei_wire_put_u64(&to->bytes, content);
        cei_wire_put_text(&to->bytes, f->name);
    }
}

/* The bounds travel as a list of keys. */
static ce_type bounds_type(const ce_type *key)
{
    return (ce_type){.kind = CE_KIND_LIST, .bytes = sizeof(ce_list), .align = _Alignof(ce_list), .element = key};
}

static void put_range(struct writing *to, const cei_range *range)
{
    uint32_t number = 0;
    while (number < to->range_count && to->ranges[number] != range) {
        number++;
    }
    cei_wire_put_u32(&to->bytes, number);
    if (number < to->range_count) {
        return;
    }
    const cei_range **ranges = cei_realloc(to->ranges, (number + 1) * sizeof *ranges);
    if (!ranges) {
        to->status = CE_MEMORY;
        return;
    }
    to->ranges = ranges;
    to->ranges[to->range_count++] = range;
    const ce_type bounds = bounds_type(range->key);
    cei_wire_put_u8(&to->bytes, range->descending);
    cei_wire_put_type(&to->bytes, range->key);
    put_function(to, range->compare);
    put_function(to, range->derive);
    if (range->derive && range->derive->env) {
        cei_wire_put_value(&to->bytes, range->derive->env, range->derive_env);
    }
    cei_wire_put_value(&to->bytes, &bounds, &(ce_list){range->bounds, range->bound_count});
}

static void put_partitioner(struct writing *to, const cei_partitioner *partitioner)
{
    cei_wire_put_u8(&to->bytes, (uint8_t)partitioner->kind);
    cei_wire_put_u32(&to->bytes, partitioner->count);
    put_function(to, partitioner->function);
    if (partitioner->kind == CEI_PARTITIONER_RANGE) {
        put_range(to, partitioner->range);
    }
}

static void put_shuffle(struct writing *to, const cei_shuffle *shuffle)
{
    cei_wire_put_u8(&to->bytes, shuffle != NULL);
    if (shuffle) {
        cei_wire_put_u32(&to->bytes, (uint32_t)shuffle->id);
        put_partitioner(to, &shuffle->partitioner);
        cei_wire_put_type(&to->bytes, shuffle->type);
        cei_wire_put_u8(&to->bytes, shuffle->value ? 2 : shuffle->key ? 1 : 0);
        cei_wire_put_u8(&to->bytes, shuffle->combines);
    }
}

static uint32_t index_of(const struct writing *to, const ce_rdd *node)
{
    uint32_t index = 0;
    while (index < to->count && to->order[index] != node) {
        index++;
    }
    return index;
}

static void put_node(struct writing *to, const ce_rdd *node, bool is_output)
{
    bool is_leaf = is_output || node->shuffle;
    for (uint32_t i = 0; !is_leaf && i < node->parent_count; i++) {
        if (index_of(to, node->parents[i]) == to->count) {
            put_node(to, node->parents[i], false);
        }
    }
    if (to->count == to->room) {
        uint32_t room = to->room ? 2 * to->room : 16;
        const ce_rdd **order = cei_realloc(to->order, room * sizeof *order);
        if (!order) {
            to->status = CE_MEMORY;
            return;
        }
        to->order = order;
        to->room = room;
    }
    cei_buffer *bytes = &to->bytes;
    cei_wire_put_text(bytes, node->op->name);
    cei_wire_put_type(bytes, node->type);
    cei_wire_put_text(bytes, node->site.file);
    cei_wire_put_u32(bytes, (uint32_t)node->site.line);
    cei_wire_put_u32(bytes, node->partition_count);
    cei_wire_put_u32(bytes, is_leaf ? 0 : node->parent_count);
    for (uint32_t i = 0; !is_leaf && i < node->parent_count; i++) {
        cei_wire_put_u32(bytes, index_of(to, node->parents[i]));
    }
    put_shuffle(to, node->shuffle);
    put_function(to, node->function);
    put_function(to, node->create);
    put_function(to, node->merge_combiners);
    cei_wire_put_u8(bytes, node->env != NULL);
    if (node->env) {
        cei_wire_put_value(bytes, node->function->env, node->env);
    }
    cei_wire_put_u8(bytes, node->args != NULL);
    if (node->args) {
        cei_wire_put_type(bytes, node->args_type);
        cei_wire_put_value(bytes, node->args_type, node->args);
    }
    put_partitioner(to, &node->partitioner);
    to->order[to->count++] = node;
}

ce_status ce_plan_encode(ce_rdd *rdd, bool map_side, void **bytes, size_t *count)
{
    *bytes = NULL;
    *count = 0;
    CE_TRY(cei_node_prepare(rdd));
    if (map_side && !rdd->shuffle) {
        return cei_fail(CE_INVALID, "%s has no shuffle below it, so it has no map side", cei_node_name(rdd));
    }
    struct writing body = {0};
    put_node(&body, map_side ? rdd->parents[0] : rdd, false);
    if (map_side) {
        put_node(&body, rdd, true);
    }
    cei_buffer plan = {0};
    cei_wire_put_u32(&plan, PLAN_MAGIC);
    cei_wire_put_u32(&plan, PLAN_VERSION);
    cei_wire_put_u64(&plan, 0);
    cei_wire_put_u32(&plan, body.count);
    cei_wire_put_u32(&plan, map_side ? body.count : 0);
    cei_buffer_append(&plan, body.bytes.bytes, body.bytes.count);
    if (cei_buffer_status(&plan) == CE_OK) {
        uint64_t checksum = cei_hash_bytes(plan.bytes + PLAN_HEADER_BYTES, plan.count - PLAN_HEADER_BYTES, 0);
        memcpy(plan.bytes + PLAN_HEADER_BYTES - sizeof checksum, &checksum, sizeof checksum);
    }
    ce_status status = body.status != CE_OK ? body.status : cei_buffer_status(&body.bytes);
    status = status != CE_OK ? status : cei_buffer_status(&plan);
    cei_buffer_close(&body.bytes);
    cei_free(body.order);
    cei_free(body.ranges);
    if (status != CE_OK) {
        cei_buffer_close(&plan);
        return status;
    }
    *bytes = plan.bytes;
    *count = plan.count;
    return CE_OK;
}

/* ---- reading ---- */

/* Laid out as a C compiler would: without more padding than alignment asks for. A type that claims more would make a
 * few bytes of a plan take gigabytes. */
static bool is_compact(const ce_type *type)
{
    if (type->kind == CE_KIND_LIST) {
        return is_compact(type->element);
    }
    uint64_t end = 0;
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (type->fields[i].offset >= end + 8 || !is_compact(type->fields[i].type)) {
            return false;
        }
        end = (uint64_t)type->fields[i].offset + type->fields[i].type->bytes;
    }
    return type->field_count == 0 || type->bytes < end + 8;
}

static ce_status get_type(cei_wire_reader *from, const ce_type **type)
{
    *type = cei_wire_get_type(from);
    if (from->failed) {
        return from->status;
    }
    return is_compact(*type) ? CE_OK : cei_fail(CE_CORRUPT, "the plan has a type that is larger than its fields");
}

static ce_status get_function(cei_wire_reader *from, const ce_function **f)
{
    *f = NULL;
    if (!cei_wire_get_u8(from) || from->failed) {
        return CE_OK;
    }
    uint64_t content = cei_wire_get_u64(from);
    const char *name = cei_wire_get_text(from);
    return from->failed || !name ? CE_OK : cei_module_find(content, name, f);
}

static ce_status get_value(struct ce_plan *plan, cei_wire_reader *from, const ce_type *type, void **value)
{
    *value = NULL;
    if (from->failed) {
        return from->status;
    }
    *value = cei_arena_alloc_zeroed(&plan->arena, type->bytes);
    if (!*value) {
        return CE_MEMORY;
    }
    cei_wire_get_value(from, type, *value);
    return from->failed ? from->status : CE_OK;
}

static ce_status get_new_range(struct ce_plan *plan, cei_wire_reader *from, cei_range *range)
{
    range->descending = cei_wire_get_u8(from) != 0;
    CE_TRY(get_type(from, &range->key));
    CE_TRY(get_function(from, &range->compare));
    CE_TRY(get_function(from, &range->derive));
    const ce_function *compare = range->compare, *derive = range->derive;
    if ((compare && (compare->kind != CE_FUNCTION_COMPARE || !ce_type_equal(compare->in, range->key))) ||
        (derive && (derive->kind != CE_FUNCTION_MAP || !ce_type_equal(derive->out, range->key)))) {
        return cei_fail(CE_CORRUPT, "the plan has an unsound range");
    }
    void *env = NULL, *list;
    if (derive && derive->env) {
        CE_TRY(get_value(plan, from, derive->env, &env));
    }
    range->derive_env = env;
    const ce_type type = bounds_type(range->key);
    CE_TRY(get_value(plan, from, &type, &list));
    const ce_list *bounds = list;
    uint64_t *prefixes = cei_arena_alloc(&plan->arena, bounds->count * sizeof *prefixes);
    if (!prefixes) {
        return CE_MEMORY;
    }
    cei_range_determine(range, bounds->at, bounds->count, prefixes);
    return CE_OK;
}

static ce_status get_range(struct ce_plan *plan, cei_wire_reader *from, cei_range **range)
{
    const uint32_t number = cei_wire_get_u32(from), known = plan->ranges ? plan->ranges->number + 1 : 0;
    for (struct plan_range *at = plan->ranges; at; at = at->before) {
        if (at->number == number) {
            *range = &at->range;
            return CE_OK;
        }
    }
    if (from->failed || number != known) {
        return cei_fail(CE_CORRUPT, "the plan has an unknown range");
    }
    struct plan_range *made = cei_arena_alloc_zeroed(&plan->arena, sizeof *made);
    if (!made) {
        return CE_MEMORY;
    }
    made->number = number;
    made->before = plan->ranges;
    CE_TRY(get_new_range(plan, from, &made->range));
    plan->ranges = made;
    *range = &made->range;
    return CE_OK;
}

static ce_status get_partitioner(struct ce_plan *plan, cei_wire_reader *from, cei_partitioner *partitioner)
{
    uint8_t kind = cei_wire_get_u8(from);
    partitioner->count = cei_wire_get_u32(from);
    CE_TRY(get_function(from, &partitioner->function));
    bool by_function = kind == CEI_PARTITIONER_FUNCTION;
    bool has_function = partitioner->function && partitioner->function->kind == CE_FUNCTION_PARTITION;
    if (kind > CEI_PARTITIONER_RANGE || (by_function && !has_function)) {
        return cei_fail(CE_CORRUPT, "the plan has an unknown partitioner");
    }
    partitioner->kind = (cei_partitioner_kind)kind;
    return kind == CEI_PARTITIONER_RANGE ? get_range(plan, from, &partitioner->range) : CE_OK;
}

/* Whether the rows that cross have the keys that a range is over, and there are as many partitions as its bounds make:
 * the writer has no others. */
static bool range_is_sound(const cei_shuffle *shuffle)
{
    const cei_range *range = shuffle->partitioner.range;
    const ce_type *of = range->derive ? shuffle->type : shuffle->key,
                  *in = range->derive ? range->derive->in : range->key;
    return of && ce_type_equal(of, in) && shuffle->partitioner.count == range->bound_count + 1;
}

/* Whether the partitioner fits the rows that cross: it is called with those rows' memory. */
static bool shuffle_is_sound(const cei_shuffle *shuffle)
{
    const cei_partitioner *partitioner = &shuffle->partitioner;
    bool by_key = partitioner->kind == CEI_PARTITIONER_HASH || partitioner->kind == CEI_PARTITIONER_FUNCTION;
    if (partitioner->kind == CEI_PARTITIONER_RANGE && !range_is_sound(shuffle)) {
        return false;
    }
    if (partitioner->kind == CEI_PARTITIONER_NONE || (by_key && !shuffle->key) ||
        (shuffle->combines && !shuffle->key)) {
        return false;
    }
    if (partitioner->kind == CEI_PARTITIONER_FUNCTION && !ce_type_equal(partitioner->function->in, shuffle->key)) {
        return false;
    }
    return true;
}

static ce_status get_shuffle(struct ce_plan *plan, cei_wire_reader *from, ce_rdd *node)
{
    if (!cei_wire_get_u8(from) || from->failed) {
        return CE_OK;
    }
    int32_t id = (int32_t)cei_wire_get_u32(from);
    cei_partitioner partitioner = {0};
    const ce_type *type;
    CE_TRY(get_partitioner(plan, from, &partitioner));
    CE_TRY(get_type(from, &type));
    uint8_t keyed = cei_wire_get_u8(from);
    bool combines = cei_wire_get_u8(from) != 0;
    if (from->failed) {
        return from->status;
    }
    if (keyed > 2 || (keyed == 2 && type->kind != CE_KIND_PAIR)) {
        return cei_fail(CE_CORRUPT, "the plan has an unsound shuffle");
    }
    node->shuffle = cei_arena_alloc(&plan->arena, sizeof *node->shuffle);
    if (!node->shuffle) {
        return CE_MEMORY;
    }
    *node->shuffle = cei_shuffle_of(type, keyed == 2);
    node->shuffle->combines = combines;
    node->shuffle->key = keyed ? node->shuffle->key : NULL;
    node->shuffle->id = id;
    node->shuffle->partitioner = partitioner;
    return shuffle_is_sound(node->shuffle) ? CE_OK : cei_fail(CE_CORRUPT, "the plan has an unsound shuffle");
}

static ce_status get_parents(struct ce_plan *plan, cei_wire_reader *from, ce_rdd *node)
{
    uint32_t index = (uint32_t)(node - plan->nodes);
    node->parent_count = cei_wire_get_u32(from);
    if (from->failed || node->parent_count > (size_t)(from->end - from->at) / 4) {
        return cei_fail(CE_CORRUPT, "the plan is cut short");
    }
    node->parents = cei_arena_alloc(&plan->arena, node->parent_count * sizeof *node->parents);
    if (!node->parents) {
        return CE_MEMORY;
    }
    for (uint32_t i = 0; i < node->parent_count; i++) {
        uint32_t parent = cei_wire_get_u32(from);
        if (from->failed || parent >= index) {
            return cei_fail(CE_CORRUPT, "the plan has a node before its parent");
        }
        node->parents[i] = &plan->nodes[parent];
        node->depth = node->depth > node->parents[i]->depth ? node->depth : node->parents[i]->depth;
    }
    node->depth += node->parent_count > 0;
    if (node->depth > PLAN_DEPTH_MAX) {
        return cei_fail(CE_UNSUPPORTED, "the plan is deeper than %d operators", PLAN_DEPTH_MAX);
    }
    return CE_OK;
}

/* Whether the functions of a node that combines fit the rows that it gets: they are called with those rows' memory. */
static bool combining_is_sound(const ce_rdd *node)
{
    const cei_shuffle *shuffle = node->shuffle;
    if (!shuffle) {
        return node->parent_count == 1 && cei_combines_soundly(node, node->parents[0]->type);
    }
    return shuffle->combines ? ce_type_equal(shuffle->type, node->type) && cei_combines_soundly(node, NULL)
                             : cei_combines_soundly(node, shuffle->type);
}

static ce_status get_node(struct ce_plan *plan, cei_wire_reader *from, ce_rdd *node)
{
    const char *name = cei_wire_get_text(from);
    node->id = -1;
    CE_TRY(get_type(from, &node->type));
    node->site.file = cei_wire_get_text(from);
    node->site.line = (int)cei_wire_get_u32(from);
    node->partition_count = cei_wire_get_u32(from);
    atomic_store(&node->prepared, true);
    if (from->failed) {
        return from->status;
    }
    node->op = name ? cei_op_find(name) : NULL;
    if (!node->op) {
        return cei_fail(CE_CORRUPT, "the plan has an unknown operator %s", name ? name : "");
    }
    CE_TRY(get_parents(plan, from, node));
    CE_TRY(get_shuffle(plan, from, node));
    CE_TRY(get_function(from, &node->function));
    CE_TRY(get_function(from, &node->create));
    CE_TRY(get_function(from, &node->merge_combiners));
    void *value;
    if (cei_wire_get_u8(from)) {
        if (!node->function || !node->function->env) {
            return cei_fail(CE_CORRUPT, "the plan has an environment without a function");
        }
        CE_TRY(get_value(plan, from, node->function->env, &value));
        node->env = value;
    }
    if (cei_wire_get_u8(from)) {
        CE_TRY(get_type(from, &node->args_type));
        CE_TRY(get_value(plan, from, node->args_type, &node->args));
    }
    CE_TRY(get_partitioner(plan, from, &node->partitioner));
    if (!from->failed && node->op->open == cei_combined_open && !combining_is_sound(node)) {
        return cei_fail(CE_CORRUPT, "the plan's %s does not fit the rows that it combines", name);
    }
    return from->failed ? from->status : CE_OK;
}

static ce_status decode(struct ce_plan *plan, const void *bytes, size_t count)
{
    cei_wire_reader from;
    cei_wire_reader_open(&from, bytes, count, &plan->arena);
    uint32_t magic = cei_wire_get_u32(&from), version = cei_wire_get_u32(&from);
    uint64_t checksum = cei_wire_get_u64(&from);
    plan->node_count = cei_wire_get_u32(&from);
    uint32_t output = cei_wire_get_u32(&from);
    if (from.failed || magic != PLAN_MAGIC) {
        return cei_fail(CE_CORRUPT, "these bytes are not a plan");
    }
    if (version != PLAN_VERSION) {
        return cei_fail(CE_UNSUPPORTED, "the plan is of version %u, this library reads %d", version, PLAN_VERSION);
    }
    if (checksum != cei_hash_bytes((const char *)bytes + PLAN_HEADER_BYTES, count - PLAN_HEADER_BYTES, 0)) {
        return cei_fail(CE_CORRUPT, "the plan was changed on its way: its checksum differs");
    }
    bool sound = plan->node_count > 0 && plan->node_count <= PLAN_NODES_MAX && plan->node_count <= count;
    sound = sound && (output == 0 || (output == plan->node_count && output > 1));
    if (!sound) {
        return cei_fail(CE_CORRUPT, "the plan has no sound list of nodes");
    }
    plan->nodes = cei_arena_alloc_zeroed(&plan->arena, plan->node_count * sizeof *plan->nodes);
    if (!plan->nodes) {
        return CE_MEMORY;
    }
    for (uint32_t i = 0; i < plan->node_count; i++) {
        CE_TRY(get_node(plan, &from, &plan->nodes[i]));
    }
    if (from.at != from.end) {
        return cei_fail(CE_CORRUPT, "the plan has bytes behind its end");
    }
    plan->work.output = output ? &plan->nodes[output - 1] : NULL;
    plan->work.root = &plan->nodes[plan->node_count - (output ? 2 : 1)];
    if (!plan->work.output) {
        return CE_OK;
    }
    cei_shuffle *shuffle = plan->work.output->shuffle;
    const ce_type *row = plan->work.root->type;
    bool fits = shuffle && ce_type_equal(shuffle->type, row);
    if (shuffle && shuffle->combines) {
        fits = ce_type_equal(shuffle->type, plan->work.output->type) && cei_combines_soundly(plan->work.output, row);
        shuffle->combiner = fits ? cei_combiner_of(plan->work.output, row) : (cei_combiner){0};
    }
    if (!fits || (shuffle->partitioner.count == 0 && plan->work.root->partition_count > 0)) {
        return cei_fail(CE_CORRUPT, "the plan's output node has no shuffle for the rows of its root");
    }
    return CE_OK;
}

ce_status ce_plan_decode(const void *bytes, size_t count, ce_plan **plan)
{
    *plan = NULL;
    ce_plan *made = cei_alloc_zeroed(1, sizeof *made);
    if (!made) {
        return CE_MEMORY;
    }
    made->pool = cei_pool_open(UINT64_MAX);
    if (!made->pool) {
        cei_free(made);
        return CE_MEMORY;
    }
    cei_arena_open(&made->arena, made->pool, 0);
    ce_status status = decode(made, bytes, count);
    if (status != CE_OK) {
        ce_plan_free(made);
        return status;
    }
    *plan = made;
    return CE_OK;
}

void ce_plan_free(ce_plan *plan)
{
    if (plan) {
        cei_arena_close(&plan->arena);
        cei_pool_close(plan->pool);
        cei_free(plan);
    }
}

uint32_t ce_plan_partitions(const ce_plan *plan)
{
    return plan->work.root->partition_count;
}

uint32_t ce_plan_output_partitions(const ce_plan *plan)
{
    return plan->work.output ? plan->work.output->shuffle->partitioner.count : 1;
}

ce_status ce_task_open(const ce_plan *plan, uint32_t partition, uint32_t attempt, const ce_host *host, ce_task **task)
{
    *task = NULL;
    if (partition >= ce_plan_partitions(plan)) {
        return cei_fail(CE_INVALID, "the plan has no partition %u: it has %u", partition, ce_plan_partitions(plan));
    }
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    if (!pool) {
        return CE_MEMORY;
    }
    cei_task_options options = {.pool = pool,
                                .share_bytes = UINT64_MAX,
                                .batch_rows = PLAN_BATCH_ROWS,
                                .partition = partition,
                                .attempt = attempt,
                                .host = host};
    ce_status status = cei_task_open_node(&plan->work, &options, task);
    if (status != CE_OK) {
        cei_pool_close(pool);
        return status;
    }
    cei_task_own_pool(*task);
    return CE_OK;
}
