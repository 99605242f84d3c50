/*
 * line_printer.h: rows as lines of text: cei_value_line and a newline for each, with a direct way for the rows that
 * are printed most: a string or integer, or a record or pair of a few of them.
 */
#ifndef CERIUM_IO_LINE_PRINTER_H
#define CERIUM_IO_LINE_PRINTER_H

#include "data/value.h"

enum { CEI_LINE_FIELDS_MAX = 8 };

typedef struct cei_line_field {
    ce_kind kind; /* an integer's, or CE_KIND_STR */
    uint32_t offset;
} cei_line_field;

typedef struct cei_line_printer {
    const ce_type *type;
    uint32_t field_count; /* of the direct way; 0: there is none */
    cei_line_field fields[CEI_LINE_FIELDS_MAX];
} cei_line_printer;

void cei_line_printer_open(cei_line_printer *printer, const ce_type *type);

/* Appends rows to text until all are printed or it holds bytes_aim bytes; returns how many it printed, at least one of
 * count > 0. What fails shows in text. */
uint32_t cei_line_printer_print(const cei_line_printer *printer, const char *rows, uint32_t count, cei_buffer *text,
                                size_t bytes_aim);

#endif
