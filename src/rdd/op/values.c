/* values : rdd(pair(K, V)) -> rdd(V)
 *
 * Copies one field of each row. The partitioner is dropped: it is one of pairs. */
#include "rdd/narrow.h"

static ce_status values_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    return cei_field_open(run, node, partition, 1, cursor);
}

const cei_op cei_op_values = {.name = "values", .open = values_open};

ce_rdd *ce_values_at(ce_rdd *rdd, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_values, NULL, site, &rdd, 1);
    const ce_type *key, *value;
    if (cei_node_pair(node, rdd ? rdd->type : NULL, &key, &value)) {
        node->type = value;
    }
    return node;
}
