/* binary_records : path, record size -> rdd(str)
 *
 * The records of files that are nothing but records of one size, so partitions are cut between records and rows are
 * counted by dividing. As in Spark, a file is not cut before it is larger than files_partition_bytes_max. */
#include "base/error.h"
#include "base/file.h"
#include "io/splits.h"
#include <inttypes.h>

enum { READ_BYTES = 256 << 10 };

struct binary_records_state {
    cei_cursor cursor;
    const cei_split *split;
    uint32_t record_bytes, records_max; /* of a batch */
    cei_file file;
    uint64_t at, end; /* of what is left, in the file */
    char *bytes;      /* records_max records and as many rows, each from the pool */
    ce_str *rows;
};

static size_t record_room(const struct binary_records_state *state)
{
    return (size_t)state->records_max * state->record_bytes;
}

static void binary_records_release(cei_cursor *cursor)
{
    struct binary_records_state *state = (struct binary_records_state *)cursor;
    cei_file_discard(&state->file);
    cei_pool_give(cursor->run->pool, state->bytes, record_room(state));
    cei_pool_give(cursor->run->pool, state->rows, state->records_max * sizeof *state->rows);
    state->bytes = NULL;
    state->rows = NULL;
}

static ce_status binary_records_start(struct binary_records_state *state)
{
    cei_run *run = state->cursor.run;
    const char *path = cei_split_path(run, state->split);
    state->bytes = cei_pool_take(run->pool, record_room(state));
    state->rows = cei_pool_take(run->pool, state->records_max * sizeof *state->rows);
    if (!path || !state->bytes || !state->rows) {
        return CE_MEMORY;
    }
    for (uint32_t i = 0; i < state->records_max; i++) {
        state->rows[i] = (ce_str){state->bytes + (size_t)i * state->record_bytes, state->record_bytes};
    }
    return cei_file_open_read(&state->file, path);
}

static ce_status binary_records_read(struct binary_records_state *state, uint32_t *count)
{
    uint64_t left = (state->end - state->at) / state->record_bytes;
    *count = left < state->records_max ? (uint32_t)left : state->records_max;
    size_t bytes = (size_t)*count * state->record_bytes, got;
    CE_TRY(cei_file_read_at(&state->file, state->bytes, bytes, state->at, &got));
    if (got < bytes) {
        return cei_fail(CE_IO, "%s: ends at byte %" PRIu64 ", though it had %" PRIu64 " bytes: it shrank",
                        state->file.path, state->at + got, state->end);
    }
    state->at += bytes;
    state->cursor.run->metrics.bytes_read += bytes;
    state->cursor.run->metrics.rows_read += *count;
    return CE_OK;
}

static cei_pull binary_records_next(cei_cursor *cursor, cei_batch *batch)
{
    struct binary_records_state *state = (struct binary_records_state *)cursor;
    if (state->at == state->end) {
        binary_records_release(cursor);
        return CEI_END;
    }
    if (cei_run_is_cancelled(cursor->run)) {
        return CEI_FAILED;
    }
    uint32_t count = 0;
    ce_status status = state->rows ? CE_OK : binary_records_start(state);
    if (status == CE_OK) {
        status = binary_records_read(state, &count);
    }
    *batch = (cei_batch){(const char *)state->rows, count};
    return status == CE_OK ? CEI_ROWS : cei_run_fail(cursor->run, status);
}

static cei_pull binary_records_count(cei_cursor *cursor, uint64_t *rows)
{
    struct binary_records_state *state = (struct binary_records_state *)cursor;
    uint64_t count = (state->end - state->at) / state->record_bytes;
    *rows += count;
    cursor->run->metrics.rows_read += count;
    state->at = state->end;
    return CEI_END;
}

static ce_status binary_records_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct binary_records_state *state = cei_cursor_new(run, node, sizeof *state, binary_records_next);
    if (!state) {
        return CE_MEMORY;
    }
    const cei_files_args *args = node->args;
    uint32_t fit = READ_BYTES / args->record_bytes;
    state->cursor.close = binary_records_release;
    state->cursor.count = binary_records_count;
    state->split = &args->splits.at[partition];
    state->file.fd = -1;
    state->at = state->split->offset;
    state->end = state->split->offset + state->split->bytes;
    state->record_bytes = args->record_bytes;
    state->records_max = fit < 1 ? 1 : fit < run->batch_rows ? fit : run->batch_rows;
    *cursor = &state->cursor;
    return CE_OK;
}

static ce_status binary_records_check(const cei_found_files *found, uint32_t record_bytes)
{
    for (size_t i = 0; i < found->count; i++) {
        const cei_found_file *file = &found->files[i];
        if (file->bytes % record_bytes) {
            return cei_fail(CE_CORRUPT, "%s: its %" PRIu64 " bytes are no whole number of records of %u bytes",
                            file->path, file->bytes, record_bytes);
        }
    }
    return CE_OK;
}

static ce_status binary_records_prepare(ce_rdd *node)
{
    const cei_files_args *args = node->args;
    cei_found_files found;
    CE_TRY(cei_files_find(node, &found));
    ce_status status = binary_records_check(&found, args->record_bytes);
    if (status == CE_OK) {
        status = cei_files_cut(node, &found, args->record_bytes, false);
    }
    cei_found_files_close(&found);
    return status;
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
