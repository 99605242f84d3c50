/* filter_by_range : rdd(pair(K, V)), K, K -> rdd(pair(K, V))
 *
 * The rows whose keys lie between two, both included. Behind a range partitioner a partition that cannot hold such keys
 * is empty without being computed. */
#include "base/error.h"
#include "rdd/narrow.h"
#include "shuffle/key.h"
#include "shuffle/range.h"

static int compare_keys(const ce_rdd *node, const void *a, const void *b)
{
    return node->function ? node->function->compare(a, b) : ce_type_compare(node->type->fields[0].type, a, b);
}

static uint32_t copy_between(const ce_rdd *node, const cei_batch *in, char *to)
{
    const size_t row_bytes = node->type->bytes;
    const char *low = node->args, *high = low + node->args_type->fields[1].offset, *row = in->rows;
    uint32_t count = 0;
    for (uint32_t i = 0; i < in->count; i++, row += row_bytes) {
        if (compare_keys(node, low, row) <= 0 && compare_keys(node, row, high) <= 0) {
            memcpy(to + count++ * row_bytes, row, row_bytes);
        }
    }
    return count;
}

static cei_pull between_next(cei_cursor *cursor, cei_batch *batch)
{
    cei_batcher *state = (cei_batcher *)cursor;
    cei_batch part;
    cei_pull pulled;
    while ((pulled = cei_intake_next(&state->in, cursor->node->type->bytes, cursor->run->batch_rows, &part)) ==
           CEI_ROWS) {
        cei_user_begin(cursor->run, cursor->node, NULL);
        *batch = (cei_batch){state->rows, copy_between(cursor->node, &part, state->rows)};
        if (cei_user_end(cursor->run) == CEI_FAILED) {
            return CEI_FAILED;
        }
        if (batch->count > 0) {
            break;
        }
    }
    return pulled;
}

static cei_pull nothing_next(cei_cursor *cursor, cei_batch *batch)
{
    (void)cursor;
    (void)batch;
    return CEI_END;
}

/* Whether a partition can hold keys between the two. */
static ce_status can_hold(cei_run *run, const ce_rdd *node, uint32_t partition, bool *can)
{
    uint32_t first, last;
    const char *low = node->args, *high = low + node->args_type->fields[1].offset;
    *can = true;
    if (node->partitioner.kind != CEI_PARTITIONER_RANGE) {
        return CE_OK;
    }
    cei_user_begin(run, node, NULL);
    ce_status status = cei_partition_of(&node->partitioner, node->type->fields[0].type, low, &first);
    if (status == CE_OK) {
        status = cei_partition_of(&node->partitioner, node->type->fields[0].type, high, &last);
    }
    if (cei_user_end(run) == CEI_FAILED) {
        return run->status;
    }
    *can = status == CE_OK &&
           (first < last ? first <= partition && partition <= last : last <= partition && partition <= first);
    return status;
}

static ce_status between_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    bool can;
    CE_TRY(can_hold(run, node, partition, &can));
    if (can) {
        return cei_batcher_open(run, node, partition, sizeof(cei_batcher), between_next, cursor);
    }
    *cursor = cei_cursor_new(run, node, sizeof **cursor, nothing_next);
    return *cursor ? CE_OK : CE_MEMORY;
}

const cei_op cei_op_filter_by_range = {.name = "filter_by_range", .open = between_open};

ce_rdd *ce_filter_by_range_at(ce_rdd *rdd, const void *low, const void *high, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_filter_by_range, NULL, site, &rdd, 1);
    const ce_type *key, *value;
    if (!cei_node_pair(node, rdd ? rdd->type : NULL, &key, &value)) {
        return node;
    }
    if (!low || !high) {
        return cei_node_poison(node, CE_INVALID, "a bound is NULL");
    }
    const ce_type *pair = cei_scope_pair(node->scope, key, key);
    char *args = pair ? cei_node_args(node, pair) : NULL;
    const void *own_low = args ? cei_scope_copy_values(node->scope, key, low, 1) : NULL;
    const void *own_high = own_low ? cei_scope_copy_values(node->scope, key, high, 1) : NULL;
    if (!own_high) {
        return cei_node_poison(node, CE_MEMORY, "out of memory");
    }
    memcpy(args, own_low, key->bytes);
    memcpy(args + pair->fields[1].offset, own_high, key->bytes);
    node->type = rdd->type;
    node->partitioner = rdd->partitioner;
    if (rdd->partitioner.kind == CEI_PARTITIONER_RANGE) {
        node->function = rdd->partitioner.range->compare;
    }
    return node;
}
