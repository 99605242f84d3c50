/* zip_partitions : rdd(A), rdd(B), (rows(A), rows(B) -> 0..n U) -> rdd(U)
 *
 * map_partitions over two inputs, which need the same number of partitions and not of rows. */
#include "rdd/narrow.h"
#include "rdd/whole.h"

const cei_op cei_op_zip_partitions = {.name = "zip_partitions", .open = cei_whole_open, .prepare = cei_zip_prepare};

ce_rdd *ce_zip_partitions_at(ce_rdd *a, ce_rdd *b, const ce_function *f, const void *env, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_zip_partitions, NULL, site, (ce_rdd *[]){a, b}, 2);
    if (!cei_node_takes(node, f, CE_FUNCTION_ZIP_PARTITIONS, a ? a->type : NULL, env) || !cei_node_zips(node)) {
        return node;
    }
    if (!ce_type_equal(f->second, b->type)) {
        char needs[256], has[256];
        return cei_node_poison(node, CE_TYPE, "%s takes %s as second, has %s", f->name,
                               ce_type_text(f->second, needs, sizeof needs), ce_type_text(b->type, has, sizeof has));
    }
    node->type = f->out;
    return node;
}
