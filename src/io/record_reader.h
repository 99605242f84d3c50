/*
 * record_reader.h: the records of one size in a range of a file, for binary_records and binary_file.
 *
 * They are read in pieces that stay in the L2 cache, into one buffer, and handed out batch by batch where they lie.
 * Reading costs less than mapping the file: on the machine of the benchmarks 800 MB of the page cache took two threads
 * 41 ms by reads and 57 ms by a mapping, whose pages have to be entered into a table, and a file that shrinks is an
 * error here where it would be a SIGBUS there.
 */
#ifndef CERIUM_IO_RECORD_READER_H
#define CERIUM_IO_RECORD_READER_H

#include "base/file.h"
#include "io/splits.h"

typedef struct cei_record_reader {
    cei_run *run;
    const cei_split *split;
    uint32_t record_bytes, records_max; /* of the buffer */
    cei_file file;
    char *bytes;      /* from the pool; NULL before the first record and after the last */
    uint64_t at, end; /* of what has not been read into it, in the file */
    const char *next; /* count records are left in it from here */
    uint32_t count;
} cei_record_reader;

/* Nothing is opened, and no memory taken, before the first record is asked for. */
void cei_record_reader_open(cei_record_reader *reader, cei_run *run, const cei_split *split, uint32_t record_bytes);
void cei_record_reader_close(cei_record_reader *reader);

/* CEI_ROWS: *part is 1 to batch_rows records, valid until the next call, aligned to 8 where record_bytes are a multiple
 * of 8 (to less where they are of less). At the end it is closed. */
cei_pull cei_record_reader_next(cei_record_reader *reader, cei_batch *part);

/* Uses up all records, as the count of cursor.h. */
cei_pull cei_record_reader_count(cei_record_reader *reader, uint64_t *rows);

/* Where the record stands in the file that begins at `at` in the newest batch; for messages. */
uint64_t cei_record_reader_offset(const cei_record_reader *reader, const char *at);

/* The prepare of sources over records: finds the files of the node's path and cuts them between records. */
ce_status cei_records_prepare(ce_rdd *node, uint32_t record_bytes);

#endif
