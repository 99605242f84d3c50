/* save_text : rdd(T) -> rdd(T) without rows
 *
 * One file per partition, a line a row. An attempt writes under its own name and becomes the partition's file by a
 * rename, so a file with the partition's name is whole, and attempts side by side do not meet. */
#include "io/save_text.h"
#include "base/error.h"
#include "base/file.h"
#include "io/line_printer.h"

/* Written at once: large enough that system calls do not count, small enough to stay in the L2 cache. */
enum { WRITE_BYTES = 256 << 10 };

struct save_text_state {
    cei_cursor cursor;
    cei_cursor *input;
    cei_line_printer printer;
    cei_buffer text;
    cei_file file;
    const char *attempt_path, *part_path; /* in the run's memory */
    bool started, attempted, done;
};

static ce_status save_text_start(struct save_text_state *state)
{
    cei_run *run = state->cursor.run;
    const cei_save_args *args = state->cursor.node->args;
    int bytes = (int)args->directory.bytes;
    state->started = true;
    state->part_path = cei_arena_printf(&run->arena, "%.*s/" CEI_SAVE_TEMPORARY "/" CEI_SAVE_PART, bytes,
                                        args->directory.at, run->partition);
    if (!state->part_path) {
        return CE_MEMORY;
    }
    state->attempt_path = cei_arena_printf(&run->arena, "%s.attempt-%u", state->part_path, run->attempt);
    if (!state->attempt_path) {
        return CE_MEMORY;
    }
    CE_TRY(cei_file_create(&state->file, state->attempt_path));
    state->attempted = true;
    return CE_OK;
}

static ce_status save_text_write(struct save_text_state *state)
{
    cei_buffer *text = &state->text;
    CE_TRY(cei_buffer_status(text));
    CE_TRY(cei_file_write(&state->file, text->bytes, text->count));
    state->cursor.run->metrics.bytes_written += text->count;
    text->count = 0;
    return CE_OK;
}

static ce_status save_text_rows(struct save_text_state *state, const cei_batch *in)
{
    size_t row_bytes = state->printer.type->bytes;
    for (uint32_t printed = 0; printed < in->count;) {
        printed += cei_line_printer_print(&state->printer, in->rows + printed * row_bytes, in->count - printed,
                                          &state->text, WRITE_BYTES);
        if (state->text.count >= WRITE_BYTES || state->text.failed) {
            CE_TRY(save_text_write(state));
        }
    }
    state->cursor.run->metrics.rows_written += in->count;
    return CE_OK;
}

static ce_status save_text_commit(struct save_text_state *state)
{
    CE_TRY(save_text_write(state));
    CE_TRY(cei_file_close(&state->file));
    CE_TRY(cei_rename(state->attempt_path, state->part_path));
    state->attempted = false;
    state->done = true;
    return CE_OK;
}

static cei_pull save_text_next(cei_cursor *cursor, cei_batch *batch)
{
    struct save_text_state *state = (struct save_text_state *)cursor;
    ce_status status = state->started ? CE_OK : save_text_start(state);
    cei_pull pulled = state->done ? CEI_END : CEI_ROWS;
    while (status == CE_OK && pulled == CEI_ROWS) {
        pulled = state->input->next(state->input, batch);
        if (pulled == CEI_ROWS) {
            if (cei_run_is_cancelled(cursor->run)) {
                return CEI_FAILED;
            }
            status = save_text_rows(state, batch);
        } else if (pulled == CEI_END) {
            status = save_text_commit(state);
        }
    }
    return status == CE_OK ? pulled : cei_run_fail(cursor->run, status);
}

static void save_text_close(cei_cursor *cursor)
{
    struct save_text_state *state = (struct save_text_state *)cursor;
    cei_file_discard(&state->file);
    if (state->attempted) {
        (void)cei_remove(state->attempt_path);
    }
    cei_buffer_close(&state->text);
}

static ce_status save_text_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct save_text_state *state = cei_cursor_new(run, node, sizeof *state, save_text_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = save_text_close;
    state->file.fd = -1;
    cei_line_printer_open(&state->printer, node->parents[0]->type);
    *cursor = &state->cursor;
    return cei_open_parent(run, node, 0, partition, &state->input);
}

const cei_op cei_op_save_text = {.name = "save_text", .open = save_text_open};
