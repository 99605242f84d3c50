/* zip_with_unique_id : rdd(T) -> rdd(pair(T, int64))
 *
 * Row j of partition k of n gets j * n + k: different for all rows, without counting any. */
#include "rdd/narrow.h"

static ce_status zip_with_unique_id_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    return cei_numbered_open(run, node, partition, partition, node->parents[0]->partition_count, cursor);
}

const cei_op cei_op_zip_with_unique_id = {.name = "zip_with_unique_id", .open = zip_with_unique_id_open};

ce_rdd *ce_zip_with_unique_id_at(ce_rdd *rdd, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_zip_with_unique_id, NULL, site, &rdd, 1);
    if (cei_node_is_sound(node)) {
        cei_node_gives_pair(node, rdd->type, CE_TYPE(int64_t));
    }
    return node;
}
