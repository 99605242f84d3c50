/* sort_by_key : rdd(pair(K, V)), [(K, K -> int)] -> rdd(pair(K, V))
 *
 * A shuffle by range puts the keys of each partition above those of the one before; each partition is sorted behind it.
 * The bounds come from a sample of the keys, which a job takes when the first action needs them. */
#include "rdd/sorted.h"

const cei_op cei_op_sort_by_key = {
    .name = "sort_by_key", .open = cei_range_sorted_open, .prepare = cei_range_prepare, .prepares_late = true};

ce_rdd *ce_sort_by_key_at(ce_rdd *rdd, const ce_function *compare, bool ascending, uint32_t partitions, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_sort_by_key, NULL, site, &rdd, 1);
    const ce_type *key, *value;
    if (!cei_node_pair(node, rdd ? rdd->type : NULL, &key, &value)) {
        return node;
    }
    if (compare && !cei_node_takes(node, compare, CE_FUNCTION_COMPARE, key, NULL)) {
        return node;
    }
    node->type = rdd->type;
    cei_node_set_range(node, &(cei_range){.key = key, .compare = compare, .descending = !ascending}, true, partitions);
    return node;
}
