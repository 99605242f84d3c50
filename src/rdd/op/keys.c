/* keys : rdd(pair(K, V)) -> rdd(K)
 *
 * Copies one field of each row. The partitioner is dropped: it is one of pairs. */
#include "rdd/narrow.h"

static ce_status keys_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    return cei_field_open(run, node, partition, 0, cursor);
}

const cei_op cei_op_keys = {.name = "keys", .open = keys_open};

ce_rdd *ce_keys_at(ce_rdd *rdd, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_keys, NULL, site, &rdd, 1);
    const ce_type *key, *value;
    if (cei_node_pair(node, rdd ? rdd->type : NULL, &key, &value)) {
        node->type = key;
    }
    return node;
}
