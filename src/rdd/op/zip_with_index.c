/* zip_with_index : rdd(T) -> rdd(pair(T, int64))
 *
 * A partition's first number is how many rows stand in the partitions before it. A job counts them once, when the node
 * is first needed; with one partition there is nothing to count. */
#include "base/error.h"
#include "rdd/narrow.h"

CE_LIST(zip_starts, int64_t); /* of the partitions 1, 2, ... */

static ce_status zip_with_index_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    const zip_starts *starts = node->args;
    return cei_numbered_open(run, node, partition, partition ? starts->at[partition - 1] : 0, 1, cursor);
}

static ce_status zip_with_index_prepare(ce_rdd *node)
{
    ce_rdd *rdd = node->parents[0];
    zip_starts *starts = node->args;
    uint32_t count = rdd->partition_count > 1 ? rdd->partition_count - 1 : 0;
    if (count) {
        uint64_t *rows = cei_scope_alloc(node->scope, count * sizeof *rows);
        int64_t *at = rows ? cei_scope_alloc(node->scope, count * sizeof *at) : NULL;
        if (!at) {
            return CE_MEMORY;
        }
        CE_TRY(node->scope->count_rows(rdd, count, rows));
        int64_t before = 0;
        for (uint32_t i = 0; i < count; i++) {
            before += (int64_t)rows[i];
            at[i] = before;
        }
        *starts = (zip_starts){at, count};
    }
    node->partition_count = rdd->partition_count;
    return CE_OK;
}

const cei_op cei_op_zip_with_index = {
    .name = "zip_with_index", .open = zip_with_index_open, .prepare = zip_with_index_prepare, .prepares_late = true};

ce_rdd *ce_zip_with_index_at(ce_rdd *rdd, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_zip_with_index, NULL, site, &rdd, 1);
    if (cei_node_args(node, CE_TYPE(zip_starts))) {
        cei_node_gives_pair(node, rdd->type, CE_TYPE(int64_t));
    }
    return node;
}
