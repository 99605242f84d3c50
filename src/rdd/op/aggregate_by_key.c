/* aggregate_by_key : rdd(pair(K, V)), zero C, (C, V -> C), (C, C -> C) -> rdd(pair(K, C))
 *
 * As combine_by_key, where each accumulator begins as a copy of zero: once for each key in each map partition. */
#include "rdd/combined.h"
#include "rdd/narrow.h"
#include "rdd/shuffle_read.h"

const cei_op cei_op_aggregate_by_key = {
    .name = "aggregate_by_key", .open = cei_combined_open, .prepare = cei_wide_prepare};

ce_rdd *ce_aggregate_by_key_at(ce_rdd *rdd, const void *zero, const ce_function *seq, const ce_function *comb,
                               uint32_t partitions, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_aggregate_by_key, NULL, site, &rdd, 1);
    const ce_type *key, *value;
    if (!cei_node_pair(node, rdd ? rdd->type : NULL, &key, &value) ||
        !cei_node_takes(node, comb, CE_FUNCTION_FOLD, NULL, NULL) ||
        !cei_node_takes(node, seq, CE_FUNCTION_FOLD, value, NULL) || !cei_node_gives(node, comb, seq->out) ||
        !cei_node_gives(node, seq, comb->in) || !cei_node_gives_pair(node, key, seq->out)) {
        return node;
    }
    if (!cei_node_copy_args(node, seq->out, zero)) {
        return node;
    }
    node->function = seq;
    node->merge_combiners = comb;
    return cei_combine_by_key(node, rdd, partitions, true);
}
