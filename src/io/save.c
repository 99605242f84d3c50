/*
 * save.c: one file per partition. An attempt writes under its own name and becomes the partition's file by a rename, so
 * a file with the partition's name is whole, and attempts side by side do not meet.
 *
 * Interface: cei_save_open, cei_save_write
 */
#include "io/save.h"
#include "base/error.h"

static ce_status save_start(cei_save *save)
{
    cei_run *run = save->cursor.run;
    const cei_save_args *args = save->cursor.node->args;
    int bytes = (int)args->directory.bytes;
    save->started = true;
    save->part_path = cei_arena_printf(&run->arena, "%.*s/" CEI_SAVE_TEMPORARY "/" CEI_SAVE_PART, bytes,
                                       args->directory.at, run->partition);
    if (!save->part_path) {
        return CE_MEMORY;
    }
    save->attempt_path = cei_arena_printf(&run->arena, "%s.attempt-%u", save->part_path, run->attempt);
    if (!save->attempt_path) {
        return CE_MEMORY;
    }
    CE_TRY(cei_file_create(&save->file, save->attempt_path));
    save->attempted = true;
    return CE_OK;
}

ce_status cei_save_write(cei_save *save)
{
    cei_buffer *bytes = &save->bytes;
    CE_TRY(cei_buffer_status(bytes));
    CE_TRY(cei_file_write(&save->file, bytes->bytes, bytes->count));
    save->cursor.run->metrics.bytes_written += bytes->count;
    bytes->count = 0;
    return CE_OK;
}

static ce_status save_commit(cei_save *save)
{
    CE_TRY(cei_save_write(save));
    CE_TRY(cei_file_close(&save->file));
    CE_TRY(cei_rename(save->attempt_path, save->part_path));
    save->attempted = false;
    save->done = true;
    return CE_OK;
}

static cei_pull save_next(cei_cursor *cursor, cei_batch *batch)
{
    cei_save *save = (cei_save *)cursor;
    ce_status status = save->started ? CE_OK : save_start(save);
    cei_pull pulled = save->done ? CEI_END : CEI_ROWS;
    while (status == CE_OK && pulled == CEI_ROWS) {
        pulled = save->input->next(save->input, batch);
        if (pulled == CEI_ROWS) {
            if (cei_run_is_cancelled(cursor->run)) {
                return CEI_FAILED;
            }
            status = save->rows(save, batch);
            cursor->run->metrics.rows_written += batch->count;
        } else if (pulled == CEI_END) {
            status = save_commit(save);
        }
    }
    return status == CE_OK ? pulled : cei_run_fail(cursor->run, status);
}

static void save_close(cei_cursor *cursor)
{
    cei_save *save = (cei_save *)cursor;
    cei_file_discard(&save->file);
    if (save->attempted) {
        (void)cei_remove(save->attempt_path);
    }
    cei_buffer_close(&save->bytes);
}

ce_status cei_save_open(cei_run *run, const ce_rdd *node, uint32_t partition, size_t state_bytes,
                        ce_status (*rows)(cei_save *save, const cei_batch *in), cei_cursor **cursor)
{
    cei_save *save = cei_cursor_new(run, node, state_bytes, save_next);
    if (!save) {
        return CE_MEMORY;
    }
    save->cursor.close = save_close;
    save->rows = rows;
    save->file.fd = -1;
    *cursor = &save->cursor;
    return cei_open_parent(run, node, 0, partition, &save->input);
}
