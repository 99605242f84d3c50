/* group_by_key : rdd(pair(K, V)) -> rdd(pair(K, list(V)))
 *
 * Each key once, with all its values. A group is one value of the result, so it must fit in memory; map_groups takes
 * groups of any size. */
#include "rdd/lists.h"
#include "rdd/narrow.h"
#include "rdd/shuffle_read.h"

const cei_op cei_op_group_by_key = {.name = "group_by_key", .open = cei_lists_open, .prepare = cei_wide_prepare};

ce_rdd *ce_group_by_key_at(ce_rdd *rdd, uint32_t partitions, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_group_by_key, NULL, site, &rdd, 1);
    const ce_type *key, *value;
    if (!cei_node_pair(node, rdd ? rdd->type : NULL, &key, &value)) {
        return node;
    }
    const ce_type *list = cei_scope_list(node->scope, value);
    if (!list) {
        return cei_node_poison(node, CE_MEMORY, "out of memory");
    }
    if (!cei_node_gives_pair(node, key, list)) {
        return node;
    }
    cei_partitioner partitioner = cei_default_partitioner(rdd, partitions);
    if (cei_partitioner_equal(rdd->partitioner, partitioner)) {
        node->partitioner = rdd->partitioner;
        return node;
    }
    cei_node_set_shuffle(node, cei_shuffle_of(rdd->type, true), partitioner);
    return node;
}
