/* zip : rdd(A), rdd(B) -> rdd(pair(A, B))
 *
 * The batches of the two inputs differ in size: a batch of pairs is as long as the shorter of what is left of both, and
 * an input is pulled only when its batch is used up. The pairs before have been handed out by then, since they may
 * point into it. */
#include "base/error.h"
#include "rdd/narrow.h"

struct zip_state {
    cei_batcher base;
    cei_intake second;
};

static cei_pull zip_next(cei_cursor *cursor, cei_batch *batch)
{
    struct zip_state *state = (struct zip_state *)cursor;
    cei_intake *first = &state->base.in, *second = &state->second;
    const ce_type *type = cursor->node->type;
    cei_pull pulled = cei_intake_pull(first);
    if (pulled == CEI_WANT || pulled == CEI_FAILED) {
        return pulled;
    }
    cei_pull other = cei_intake_pull(second);
    if (other == CEI_WANT || other == CEI_FAILED) {
        return other;
    }
    if (pulled != other) {
        char place[256];
        ce_status status = cei_fail(CE_INVALID, "%s: Can only zip RDDs with same number of elements in each partition",
                                    cei_node_place(cursor->node, place, sizeof place));
        return cei_run_fail(cursor->run, status);
    }
    if (pulled == CEI_END) {
        return CEI_END;
    }
    uint32_t count = cursor->run->batch_rows;
    count = count < first->left ? count : first->left;
    count = count < second->left ? count : second->left;
    size_t first_bytes = type->fields[0].type->bytes, second_bytes = type->fields[1].type->bytes;
    char *rows = state->base.rows;
    cei_copy_fields(rows, type->bytes, first->rows, first_bytes, first_bytes, count);
    cei_copy_fields(rows + type->fields[1].offset, type->bytes, second->rows, second_bytes, second_bytes, count);
    cei_intake_skip(first, first_bytes, count);
    cei_intake_skip(second, second_bytes, count);
    *batch = (cei_batch){rows, count};
    return CEI_ROWS;
}

static ce_status zip_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    CE_TRY(cei_batcher_open(run, node, partition, sizeof(struct zip_state), zip_next, cursor));
    return cei_open_parent(run, node, 1, partition, &((struct zip_state *)*cursor)->second.from);
}

const cei_op cei_op_zip = {.name = "zip", .open = zip_open, .prepare = cei_zip_prepare};

ce_rdd *ce_zip_at(ce_rdd *a, ce_rdd *b, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_zip, NULL, site, (ce_rdd *[]){a, b}, 2);
    if (cei_node_zips(node)) {
        cei_node_gives_pair(node, a->type, b->type);
    }
    return node;
}
