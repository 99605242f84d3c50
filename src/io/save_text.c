/* save_text : rdd(T) -> rdd(T) without rows
 *
 * One file per partition (save.c), a line a row. */
#include "base/error.h"
#include "io/line_printer.h"
#include "io/save.h"

struct save_text_state {
    cei_save save;
    cei_line_printer printer;
};

static ce_status save_text_rows(cei_save *save, const cei_batch *in)
{
    const cei_line_printer *printer = &((struct save_text_state *)save)->printer;
    size_t row_bytes = printer->type->bytes;
    for (uint32_t printed = 0; printed < in->count;) {
        printed += cei_line_printer_print(printer, in->rows + printed * row_bytes, in->count - printed, &save->bytes,
                                          CEI_SAVE_WRITE_BYTES);
        if (save->bytes.count >= CEI_SAVE_WRITE_BYTES || save->bytes.failed) {
            CE_TRY(cei_save_write(save));
        }
    }
    return CE_OK;
}

static ce_status save_text_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    CE_TRY(cei_save_open(run, node, partition, sizeof(struct save_text_state), save_text_rows, cursor));
    cei_line_printer_open(&((struct save_text_state *)*cursor)->printer, node->parents[0]->type);
    return CE_OK;
}

const cei_op cei_op_save_text = {.name = "save_text", .open = save_text_open};
