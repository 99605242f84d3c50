/* union : rdd(T), rdd(T), ... -> rdd(T)
 *
 * The partitions of all, in order: a partition is one of a parent's, whose cursor is handed on as it is. Where all that
 * have partitions share one partitioner it is kept, and partition i is each parent's partition i, one after the
 * other. */
#include "base/error.h"
#include "rdd/concat.h"

CE_RECORD(union_args, (bool, by_partition));

/* The parent that a partition of the union belongs to, and which partition of it. */
static cei_part union_part(const ce_rdd *node, uint32_t partition)
{
    cei_part part = {0, partition};
    while (part.partition >= node->parents[part.parent]->partition_count) {
        part.partition -= node->parents[part.parent++]->partition_count;
    }
    return part;
}

static ce_status union_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    if (!((const union_args *)node->args)->by_partition) {
        cei_part part = union_part(node, partition);
        return cei_open_parent(run, node, part.parent, part.partition, cursor);
    }
    cei_part *parts = cei_arena_alloc(&run->arena, node->parent_count * sizeof *parts);
    uint32_t count = 0;
    for (uint32_t i = 0; parts && i < node->parent_count; i++) {
        if (node->parents[i]->partition_count) {
            parts[count++] = (cei_part){i, partition};
        }
    }
    return parts ? cei_concat_open(run, node, parts, count, cursor) : CE_MEMORY;
}

static ce_status union_prepare(ce_rdd *node)
{
    bool by_partition = ((const union_args *)node->args)->by_partition;
    uint64_t all = 0;
    for (uint32_t i = 0; i < node->parent_count; i++) {
        uint32_t count = node->parents[i]->partition_count;
        all = by_partition ? (count ? count : all) : all + count;
    }
    if (all > INT32_MAX) {
        return cei_fail(CE_INVALID, "%llu partitions are more than %d", (unsigned long long)all, INT32_MAX);
    }
    node->partition_count = (uint32_t)all;
    return CE_OK;
}

static ce_status union_hosts(const ce_rdd *node, uint32_t partition, const char *const **hosts, uint32_t *count)
{
    cei_part part = union_part(node, partition);
    return ce_preferred_locations(node->parents[part.parent], part.partition, hosts, count);
}

const cei_op cei_op_union = {.name = "union", .open = union_open, .prepare = union_prepare, .hosts = union_hosts};

/* The partitioner of all that have partitions, or none. Whether an RDD without a partitioner has partitions is looked
 * at only when another has one. */
static cei_partitioner union_partitioner(ce_rdd *const *rdds, uint32_t count)
{
    cei_partitioner shared = {.kind = CEI_PARTITIONER_NONE};
    for (uint32_t i = 0; i < count && shared.kind == CEI_PARTITIONER_NONE; i++) {
        shared = rdds[i]->partitioner;
    }
    for (uint32_t i = 0; i < count && shared.kind != CEI_PARTITIONER_NONE; i++) {
        if (!cei_partitioner_equal(rdds[i]->partitioner, shared) &&
            !(cei_node_prepare_early(rdds[i]) && rdds[i]->partition_count == 0)) {
            shared.kind = CEI_PARTITIONER_NONE;
        }
    }
    return shared.kind == CEI_PARTITIONER_NONE ? (cei_partitioner){.kind = CEI_PARTITIONER_NONE} : shared;
}

ce_rdd *ce_union_all_at(ce_rdd *const *rdds, uint32_t count, ce_site site)
{
    bool is_none = !rdds || count == 0;
    ce_rdd *node = cei_node_new(&cei_op_union, NULL, site, is_none ? (ce_rdd *[]){NULL} : rdds, is_none ? 1 : count);
    for (uint32_t i = 1; cei_node_is_sound(node) && i < count; i++) {
        if (!ce_type_equal(rdds[i]->type, rdds[0]->type)) {
            char first[256], other[256];
            cei_node_poison(node, CE_TYPE, "needs RDDs of one type, has %s and %s",
                            ce_type_text(rdds[0]->type, first, sizeof first),
                            ce_type_text(rdds[i]->type, other, sizeof other));
        }
    }
    union_args *args = cei_node_args(node, CE_TYPE(union_args));
    if (args) {
        node->type = rdds[0]->type;
        node->partitioner = union_partitioner(rdds, count);
        args->by_partition = node->partitioner.kind != CEI_PARTITIONER_NONE;
    }
    return node;
}
