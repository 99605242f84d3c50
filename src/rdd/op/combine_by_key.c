/* combine_by_key : rdd(pair(K, V)), (V -> C), (C, V -> C), (C, C -> C) -> rdd(pair(K, C))
 *
 * A key's first value becomes an accumulator, the others are merged into it, and the accumulators of tasks into one.
 * Without combining on the map side all values cross the shuffle as they are. */
#include "rdd/combined.h"
#include "rdd/narrow.h"
#include "rdd/shuffle_read.h"

const cei_op cei_op_combine_by_key = {.name = "combine_by_key", .open = cei_combined_open, .prepare = cei_wide_prepare};

ce_rdd *ce_combine_by_key_at(ce_rdd *rdd, const ce_function *create, const ce_function *merge_value,
                             const ce_function *merge_combiners, uint32_t partitions, bool map_side_combine,
                             ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_combine_by_key, NULL, site, &rdd, 1);
    const ce_type *key, *value;
    if (!cei_node_pair(node, rdd ? rdd->type : NULL, &key, &value) ||
        !cei_node_takes(node, create, CE_FUNCTION_MAP, value, NULL) ||
        !cei_node_takes(node, merge_combiners, CE_FUNCTION_FOLD, create->out, NULL) ||
        !cei_node_takes(node, merge_value, CE_FUNCTION_FOLD, value, NULL) ||
        !cei_node_gives(node, merge_value, create->out) || !cei_node_gives(node, merge_combiners, create->out) ||
        !cei_node_gives_pair(node, key, create->out)) {
        return node;
    }
    node->create = create;
    node->function = merge_value;
    node->merge_combiners = merge_combiners;
    return cei_combine_by_key(node, rdd, partitions, map_side_combine);
}
