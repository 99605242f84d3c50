/* lookup : rdd(pair(K, V)), K -> rows(V)
 *
 * Where the RDD is partitioned by key only one partition can hold the key: the job computes that one.
 *
 * In tasks: filter_key : rdd(pair(K, V)), K -> rdd(V). */
#include "action/action.h"
#include "base/error.h"
#include "rdd/narrow.h"
#include "shuffle/key.h"

static uint32_t copy_matches(const ce_rdd *node, const cei_batch *in, char *to)
{
    const ce_type *pair = node->parents[0]->type, *key = pair->fields[0].type;
    uint32_t count = 0;
    for (uint32_t i = 0; i < in->count; i++) {
        const char *row = in->rows + (size_t)i * pair->bytes;
        if (cei_value_equal(key, row, node->args)) {
            memcpy(to + (size_t)count * node->type->bytes, row + pair->fields[1].offset, node->type->bytes);
            count++;
        }
    }
    return count;
}

/* A batch of the input may hold no match at all; one with matches is handed on before the next is pulled. */
static cei_pull lookup_next(cei_cursor *cursor, cei_batch *batch)
{
    cei_batcher *state = (cei_batcher *)cursor;
    size_t from_bytes = cursor->node->parents[0]->type->bytes;
    cei_batch part;
    cei_pull pulled;
    while ((pulled = cei_intake_next(&state->in, from_bytes, cursor->run->batch_rows, &part)) == CEI_ROWS) {
        *batch = (cei_batch){state->rows, copy_matches(cursor->node, &part, state->rows)};
        if (batch->count > 0) {
            break;
        }
    }
    return pulled;
}

static ce_status lookup_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    return cei_batcher_open(run, node, partition, sizeof(cei_batcher), lookup_next, cursor);
}

const cei_op cei_op_filter_key = {.name = "filter_key", .open = lookup_open};

/* The only partition that can hold the key. A user's partitioner runs here, outside of tasks. */
static ce_status partition_of(ce_rdd *node, const ce_rdd *rdd, const ce_type *key_type, const void *key,
                              uint32_t *partition)
{
    cei_driver driver;
    cei_partitioner partitioner = rdd->partitioner;
    partitioner.count = rdd->partition_count; /* it may not have been known when the node was built */
    cei_driver_open(&driver, node);
    cei_user_begin(&driver.run, node, &driver.strings);
    ce_status status = cei_partition_of(&partitioner, key_type, key, partition);
    (void)cei_user_end(&driver.run);
    return cei_driver_close(&driver, status);
}

ce_status ce_lookup(ce_rdd *rdd, const void *key, ce_result *values)
{
    CEI_HOLD(rdd);
    ce_rdd node;
    const ce_type *key_type, *value_type;
    *values = (ce_result){0};
    CE_TRY(cei_action_node(&node, &cei_op_filter_key, &rdd));
    CE_TRY(cei_action_pair(rdd, "lookup", &key_type, &value_type));
    if (!key) {
        return cei_action_invalid(rdd, "lookup", "the key is NULL");
    }
    node.type = value_type;
    node.args = (void *)key; /* only read */
    node.args_type = key_type;
    if (rdd->partitioner.kind == CEI_PARTITIONER_NONE || rdd->partition_count == 0) {
        return cei_action_rows(&node, "lookup", values);
    }
    uint32_t partition;
    CE_TRY(partition_of(&node, rdd, key_type, key, &partition));
    return cei_action_rows_of(&node, "lookup", &partition, 1, values);
}
