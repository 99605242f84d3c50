/* intersection : rdd(T), rdd(T) -> rdd(T)
 *
 * Each row that both have, once. */
#include "rdd/kept.h"

static ce_status intersection_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    return cei_kept_open(run, node, partition, true, true, cursor);
}

const cei_op cei_op_intersection = {.name = "intersection", .open = intersection_open};

ce_rdd *ce_intersection_at(ce_rdd *a, ce_rdd *b, uint32_t partitions, ce_site site)
{
    return cei_kept_plain_node(&cei_op_intersection, a, b, partitions, site);
}
