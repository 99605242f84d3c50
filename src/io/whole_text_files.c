/* whole_text_files : path -> rdd(pair(str, str))
 *
 * (path, content) of each file, one row at a time: a file must fit into the memory budget, its neighbours need not. */
#include "base/error.h"
#include "io/byte_source.h"
#include "io/splits.h"

CE_PAIR(path_and_text, ce_str, ce_str);

enum { READ_BYTES = 256 << 10, PIECE_BYTES_MIN = 4 << 10 };

struct whole_text_files_state {
    cei_cursor cursor;
    const cei_split *next, *end;
    path_and_text row;
    cei_file_source source;
    char *text; /* of the row, from the pool */
    size_t room;
};

static void whole_text_files_release(cei_cursor *cursor)
{
    struct whole_text_files_state *state = (struct whole_text_files_state *)cursor;
    cei_file_source_close(&state->source);
    cei_pool_give(cursor->run->pool, state->text, state->room);
    state->text = NULL;
    state->room = 0;
}

/* Room for more than `bytes`, with the first count bytes kept. */
static ce_status make_room(struct whole_text_files_state *state, size_t count, size_t bytes)
{
    cei_pool *pool = state->cursor.run->pool;
    if (state->text && bytes < state->room) {
        return CE_OK;
    }
    size_t room = cei_pool_piece_bytes(bytes + 1 > PIECE_BYTES_MIN ? bytes + 1 : PIECE_BYTES_MIN);
    char *text = cei_pool_grow(pool, state->text, state->room, count, room);
    if (!text) {
        return CE_MEMORY;
    }
    state->text = text;
    state->room = room;
    return CE_OK;
}

/* Reads to the end of the file; the size it had, and for compressed files twice that, is a first guess. There is
 * always room for one byte more, so that the read that finds the end finds it without growing. */
static ce_status read_all(struct whole_text_files_state *state, const cei_split *split, size_t *count)
{
    cei_run *run = state->cursor.run;
    *count = 0;
    size_t guess = split->bytes < UINT32_MAX ? (size_t)split->bytes : UINT32_MAX;
    for (size_t got = 1; got > 0; *count += got) {
        if (*count > UINT32_MAX) {
            return cei_fail(CE_UNSUPPORTED, "its text is larger than 4 GiB");
        }
        if (cei_run_is_cancelled(run)) {
            return run->status;
        }
        CE_TRY(make_room(state, *count, *count < guess ? guess : *count));
        size_t most = state->room - *count;
        CE_TRY(state->source.source.read(&state->source.source, state->text + *count,
                                         most < READ_BYTES ? most : READ_BYTES, &got));
    }
    return CE_OK;
}

static ce_status read_file(struct whole_text_files_state *state, const cei_split *split)
{
    cei_run *run = state->cursor.run;
    const char *path = cei_split_path(run, split);
    if (!path) {
        return CE_MEMORY;
    }
    size_t count = 0;
    ce_status status = cei_file_source_open(&state->source, run->pool, path, cei_compression_of(split->path), 0);
    if (status == CE_OK) {
        status = read_all(state, split, &count);
        if (status == CE_UNSUPPORTED || status == CE_MEMORY) {
            cei_error_prefix(status, "%s: ", path);
        }
        run->metrics.bytes_read += state->source.file_at;
        run->metrics.rows_read += status == CE_OK;
    }
    cei_file_source_close(&state->source);
    state->row.key = split->path;
    state->row.value = (ce_str){state->text, (uint32_t)count};
    return status;
}

static cei_pull whole_text_files_next(cei_cursor *cursor, cei_batch *batch)
{
    struct whole_text_files_state *state = (struct whole_text_files_state *)cursor;
    if (state->next == state->end) {
        whole_text_files_release(cursor);
        return CEI_END;
    }
    ce_status status = read_file(state, state->next++);
    *batch = (cei_batch){(const char *)&state->row, 1};
    return status == CE_OK ? CEI_ROWS : cei_run_fail(cursor->run, status);
}

static ce_status whole_text_files_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct whole_text_files_state *state = cei_cursor_new(run, node, sizeof *state, whole_text_files_next);
    if (!state) {
        return CE_MEMORY;
    }
    const cei_files_args *args = node->args;
    state->cursor.close = whole_text_files_release;
    state->next = args->splits.at + args->firsts.at[partition];
    state->end = args->splits.at + args->firsts.at[partition + 1];
    *cursor = &state->cursor;
    return CE_OK;
}

static ce_status whole_text_files_prepare(ce_rdd *node)
{
    cei_found_files found;
    ce_status status = cei_files_find(node, &found);
    if (status == CE_OK) {
        status = cei_files_group(node, &found);
        cei_found_files_close(&found);
    }
    return status;
}

const cei_op cei_op_whole_text_files = {
    .name = "whole_text_files", .open = whole_text_files_open, .prepare = whole_text_files_prepare};

ce_rdd *ce_whole_text_files_at(ce_context *sc, const char *path, uint32_t min_partitions, ce_site site)
{
    ce_rdd *node = cei_files_node(&cei_op_whole_text_files, sc, path, min_partitions, site);
    if (cei_node_is_sound(node)) {
        node->type = &ce_type_path_and_text;
    }
    return node;
}
