/* binary_records : path, record size -> rdd(str)
 *
 * The records of files that are nothing but records of one size; each row is where its record was read to. */
#include "io/record_reader.h"

struct binary_records_state {
    cei_cursor cursor;
    cei_record_reader reader;
    ce_str *rows; /* batch_rows, from the pool */
};

static void binary_records_release(cei_cursor *cursor)
{
    struct binary_records_state *state = (struct binary_records_state *)cursor;
    cei_record_reader_close(&state->reader);
    cei_pool_give(cursor->run->pool, state->rows, cursor->run->batch_rows * sizeof *state->rows);
    state->rows = NULL;
}

static cei_pull binary_records_next(cei_cursor *cursor, cei_batch *batch)
{
    struct binary_records_state *state = (struct binary_records_state *)cursor;
    const uint32_t bytes = state->reader.record_bytes;
    cei_pull pulled = cei_record_reader_next(&state->reader, batch);
    if (pulled != CEI_ROWS) {
        binary_records_release(cursor);
        return pulled;
    }
    if (!state->rows) {
        state->rows = cei_pool_take(cursor->run->pool, cursor->run->batch_rows * sizeof *state->rows);
        if (!state->rows) {
            return cei_run_fail(cursor->run, CE_MEMORY);
        }
        memset(state->rows, 0, cursor->run->batch_rows * sizeof *state->rows); /* padding stays so */
    }
    ce_str *rows = state->rows;
    const char *at = batch->rows;
    for (uint32_t i = 0; i < batch->count; i++, at += bytes) {
        rows[i] = (ce_str){at, bytes};
    }
    batch->rows = (const char *)rows;
    return CEI_ROWS;
}

static cei_pull binary_records_count(cei_cursor *cursor, uint64_t *rows)
{
    return cei_record_reader_count(&((struct binary_records_state *)cursor)->reader, rows);
}

static ce_status binary_records_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct binary_records_state *state = cei_cursor_new(run, node, sizeof *state, binary_records_next);
    if (!state) {
        return CE_MEMORY;
    }
    const cei_files_args *args = node->args;
    cei_record_reader_open(&state->reader, run, &args->splits.at[partition], args->record_bytes);
    state->cursor.close = binary_records_release;
    state->cursor.count = binary_records_count;
    *cursor = &state->cursor;
    return CE_OK;
}

static ce_status binary_records_prepare(ce_rdd *node)
{
    const cei_files_args *args = node->args;
    return cei_records_prepare(node, args->record_bytes);
}

const cei_op cei_op_binary_records = {
    .name = "binary_records", .open = binary_records_open, .prepare = binary_records_prepare};

ce_rdd *ce_binary_records_at(ce_context *sc, const char *path, uint32_t record_bytes, ce_site site)
{
    ce_rdd *node = cei_files_node(&cei_op_binary_records, sc, path, 1, site);
    if (cei_node_is_sound(node) && record_bytes == 0) {
        return cei_node_poison(node, CE_INVALID, "records of 0 bytes");
    }
    if (cei_node_is_sound(node)) {
        cei_files_args *args = node->args;
        args->record_bytes = record_bytes;
    }
    return node;
}
