/* subtract : rdd(T), rdd(T) -> rdd(T)
 *
 * The rows of the first that the second has not; those that repeat stay so. */
#include "rdd/kept.h"

static ce_status subtract_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    return cei_kept_open(run, node, partition, true, false, cursor);
}

const cei_op cei_op_subtract = {.name = "subtract", .open = subtract_open};

ce_rdd *ce_subtract_at(ce_rdd *a, ce_rdd *b, uint32_t partitions, ce_site site)
{
    return cei_kept_plain_node(&cei_op_subtract, a, b, cei_kept_partitions(a, partitions), site);
}
