/* coalesce : rdd(T) -> rdd(T), fewer partitions
 *
 * Without a shuffle: partition i of n is the neighbours [i * len / n, (i + 1) * len / n) of len, one after the
 * other. */
#include "base/error.h"
#include "rdd/concat.h"

CE_RECORD(coalesce_args, (uint32_t, partitions));

/* The first of the parent's partitions that belongs to partition i. */
static uint32_t coalesce_first(const ce_rdd *node, uint32_t i)
{
    return (uint32_t)((uint64_t)i * node->parents[0]->partition_count / node->partition_count);
}

static ce_status coalesce_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    uint32_t first = coalesce_first(node, partition), count = coalesce_first(node, partition + 1) - first;
    cei_part *parts = cei_arena_alloc(&run->arena, count * sizeof *parts);
    for (uint32_t i = 0; parts && i < count; i++) {
        parts[i] = (cei_part){0, first + i};
    }
    return parts ? cei_concat_open(run, node, parts, count, cursor) : CE_MEMORY;
}

static ce_status coalesce_prepare(ce_rdd *node)
{
    uint32_t most = ((const coalesce_args *)node->args)->partitions, count = node->parents[0]->partition_count;
    node->partition_count = count < most ? count : most;
    return CE_OK;
}

static ce_status coalesce_hosts(const ce_rdd *node, uint32_t partition, const char *const **hosts, uint32_t *count)
{
    return ce_preferred_locations(node->parents[0], coalesce_first(node, partition), hosts, count);
}

const cei_op cei_op_coalesce = {
    .name = "coalesce", .open = coalesce_open, .prepare = coalesce_prepare, .hosts = coalesce_hosts};

ce_rdd *ce_coalesce_at(ce_rdd *rdd, uint32_t partitions, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_coalesce, NULL, site, &rdd, 1);
    if (partitions == 0 || partitions > INT32_MAX) {
        return cei_node_poison(node, CE_INVALID, "Number of partitions (%d) must be positive.", (int)partitions);
    }
    coalesce_args *args = cei_node_args(node, CE_TYPE(coalesce_args));
    if (args) {
        args->partitions = partitions;
        node->type = rdd->type;
    }
    return node;
}
