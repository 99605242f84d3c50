/* reduce_by_key : rdd(pair(K, V)), (V, V -> V) -> rdd(pair(K, V))
 *
 * Combined in a table on both sides of a hash shuffle. An input that is partitioned by key as wanted is combined in
 * place. */
#include "rdd/combined.h"
#include "rdd/shuffle_read.h"

const cei_op cei_op_reduce_by_key = {.name = "reduce_by_key", .open = cei_combined_open, .prepare = cei_wide_prepare};

ce_rdd *ce_reduce_by_key_at(ce_rdd *rdd, const ce_function *f, uint32_t partitions, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_reduce_by_key, NULL, site, &rdd, 1);
    const ce_type *key, *value;
    char text[256];
    if (!cei_node_pair(node, rdd ? rdd->type : NULL, &key, &value) ||
        !cei_node_takes(node, f, CE_FUNCTION_FOLD, value, NULL)) {
        return node;
    }
    if (!ce_type_equal(f->out, value)) {
        return cei_node_poison(node, CE_TYPE, "%s must give what it takes, gives %s", f->name,
                               ce_type_text(f->out, text, sizeof text));
    }
    node->type = rdd->type;
    return cei_combine_by_key(node, rdd, partitions, true);
}
