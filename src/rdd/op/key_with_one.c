/* key_with_one : rdd(pair(K, V)) -> rdd(pair(K, int64)), or rdd(T) -> rdd(pair(T, int64))
 *
 * What a row begins with, which its own type says, and a 1: of a pair the key, else the whole row. For operators and
 * actions that count keys, or look only at what keys there are. */
#include "base/error.h"
#include "rdd/narrow.h"

static cei_pull ones_next(cei_cursor *cursor, cei_batch *batch)
{
    cei_batcher *state = (cei_batcher *)cursor;
    const ce_type *type = cursor->node->type;
    size_t from_bytes = cursor->node->parents[0]->type->bytes;
    cei_batch part;
    cei_pull pulled = cei_intake_next(&state->in, from_bytes, cursor->run->batch_rows, &part);
    if (pulled == CEI_ROWS) {
        cei_copy_fields(state->rows, type->bytes, part.rows, from_bytes, type->fields[0].type->bytes, part.count);
        *batch = (cei_batch){state->rows, part.count};
    }
    return pulled;
}

/* The ones are written once: only keys change from batch to batch. */
static ce_status ones_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    static const int64_t one = 1;
    CE_TRY(cei_batcher_open(run, node, partition, sizeof(cei_batcher), ones_next, cursor));
    cei_copy_fields(((cei_batcher *)*cursor)->rows + node->type->fields[1].offset, node->type->bytes,
                    (const char *)&one, 0, sizeof one, run->batch_rows);
    return CE_OK;
}

const cei_op cei_op_key_with_one = {.name = "key_with_one", .open = ones_open};
