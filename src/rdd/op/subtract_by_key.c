/* subtract_by_key : rdd(pair(K, V)), rdd(pair(K, W)) -> rdd(pair(K, V))
 *
 * The rows of the first whose key the second has not. */
#include "rdd/groups.h"
#include "rdd/kept.h"

static ce_status by_key_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    return cei_kept_open(run, node, partition, false, false, cursor);
}

const cei_op cei_op_subtract_by_key = {.name = "subtract_by_key", .open = by_key_open};

ce_rdd *ce_subtract_by_key_at(ce_rdd *a, ce_rdd *b, uint32_t partitions, ce_site site)
{
    ce_rdd *rdds[] = {a, b};
    const bool is_placed = a && a->partitioner.kind != CEI_PARTITIONER_NONE && a->partitioner.count > 0;
    const uint32_t wanted = is_placed ? partitions : cei_kept_partitions(a, partitions);
    ce_rdd *node = cei_cogroup_node_led(&cei_op_subtract_by_key, rdds, 2, 1, wanted, site);
    node->type = cei_node_is_sound(node) ? a->type : node->type;
    return node;
}
