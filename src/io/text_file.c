/* text_file : path -> rdd(str)
 *
 * The lines of files. A partition is a byte range of a file, or a whole compressed file. The file is open and memory
 * is held from the first pull to the last row, not longer: an operator above may hold many partitions that wait for
 * their turn. A byte order mark at the start of a file is not part of its first line. */
#include "io/line_reader.h"
#include "io/splits.h"

struct text_file_state {
    cei_cursor cursor;
    const cei_split *split;
    bool started, done;
    cei_file_source source;
    cei_line_reader reader;
    ce_str *lines; /* batch_rows, from the pool; NULL while only counting */
    uint64_t told; /* bytes of the file that bytes_read has */
};

static size_t lines_bytes(const cei_run *run)
{
    return run->batch_rows * sizeof(ce_str);
}

static void text_file_release(cei_cursor *cursor)
{
    struct text_file_state *state = (struct text_file_state *)cursor;
    cei_line_reader_close(&state->reader);
    cei_file_source_close(&state->source);
    cei_pool_give(cursor->run->pool, state->lines, lines_bytes(cursor->run));
    state->lines = NULL;
}

static ce_status text_file_start(struct text_file_state *state)
{
    cei_run *run = state->cursor.run;
    const cei_split *split = state->split;
    state->started = true;
    const char *path = cei_split_path(run, split);
    if (!path) {
        return CE_MEMORY;
    }
    cei_compression compression = cei_compression_of(split->path);
    uint64_t end = compression == CEI_COMPRESSION_NONE ? split->offset + split->bytes : CEI_LINE_END_OPEN;
    state->told = split->offset;
    cei_line_reader_open(&state->reader, run, &state->source.source, path, split->offset, end);
    return cei_file_source_open(&state->source, run->pool, path, compression, split->offset);
}

static void text_file_drop_mark(ce_str *line)
{
    const ce_str mark = ce_str_of("\xEF\xBB\xBF");
    if (ce_str_starts_with(*line, mark)) {
        line->at += mark.bytes;
        line->bytes -= mark.bytes;
    }
}

/* What was read of the range: the bytes of all partitions add up to the file's. */
static void text_file_tell(struct text_file_state *state)
{
    uint64_t end = state->split->offset + state->split->bytes;
    uint64_t at = state->source.file_at < end ? state->source.file_at : end;
    if (at > state->told) {
        state->cursor.run->metrics.bytes_read += at - state->told;
        state->told = at;
    }
}

/* Before each pull: CEI_ROWS when there is something to read. */
static cei_pull text_file_ready(struct text_file_state *state)
{
    if (!state->started) {
        ce_status status = text_file_start(state);
        if (status != CE_OK) {
            return cei_run_fail(state->cursor.run, status);
        }
    }
    return state->done ? CEI_END : CEI_ROWS;
}

static cei_pull text_file_next(cei_cursor *cursor, cei_batch *batch)
{
    struct text_file_state *state = (struct text_file_state *)cursor;
    cei_run *run = cursor->run;
    cei_pull pulled = text_file_ready(state);
    if (pulled != CEI_ROWS) {
        return pulled;
    }
    if (!state->lines) {
        state->lines = cei_pool_take(run->pool, lines_bytes(run));
        if (!state->lines) {
            return cei_run_fail(run, CE_MEMORY);
        }
        memset(state->lines, 0, lines_bytes(run));
    }
    bool is_first = state->source.file_at == 0;
    uint32_t count;
    pulled = cei_line_reader_next(&state->reader, state->lines, run->batch_rows, &count);
    text_file_tell(state);
    if (pulled == CEI_ROWS) {
        if (is_first) {
            text_file_drop_mark(state->lines);
        }
        run->metrics.rows_read += count;
        *batch = (cei_batch){(const char *)state->lines, count};
    } else {
        state->done = true;
        text_file_release(cursor);
    }
    return pulled;
}

static cei_pull text_file_count(cei_cursor *cursor, uint64_t *rows)
{
    struct text_file_state *state = (struct text_file_state *)cursor;
    cei_pull pulled = text_file_ready(state);
    if (pulled == CEI_ROWS) {
        uint64_t count;
        pulled = cei_line_reader_count(&state->reader, &count);
        text_file_tell(state);
        cursor->run->metrics.rows_read += count;
        *rows += count;
        state->done = true;
        text_file_release(cursor);
    }
    return pulled;
}

static ce_status text_file_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct text_file_state *state = cei_cursor_new(run, node, sizeof *state, text_file_next);
    if (!state) {
        return CE_MEMORY;
    }
    const cei_files_args *args = node->args;
    state->cursor.close = text_file_release;
    state->cursor.count = text_file_count;
    state->split = &args->splits.at[partition];
    *cursor = &state->cursor;
    return CE_OK;
}

static ce_status text_file_prepare(ce_rdd *node)
{
    cei_found_files found;
    ce_status status = cei_files_find(node, &found);
    if (status == CE_OK) {
        status = cei_files_cut(node, &found, 1, true);
        cei_found_files_close(&found);
    }
    return status;
}

const cei_op cei_op_text_file = {.name = "text_file", .open = text_file_open, .prepare = text_file_prepare};

ce_rdd *ce_text_file_at(ce_context *sc, const char *path, uint32_t min_partitions, ce_site site)
{
    return cei_files_node(&cei_op_text_file, sc, path, min_partitions, site);
}
