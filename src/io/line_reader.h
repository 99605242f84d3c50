/*
 * line_reader.h: lines of a range of bytes: where they end, and how many there are.
 *
 * A line ends with \n, \r\n or a lone \r, or where the bytes end. It belongs to the range that holds the byte before
 * it, and the first line to the range that begins at 0: Hadoop's rule. So a reader whose range begins elsewhere skips
 * the first line end, and every reader reads on behind its range for the rest of its last line; ranges that cover a
 * file give every line once, whatever the cuts.
 *
 * Lines point into the reader's memory: one piece of the pool, refilled when its lines have been handed over. What is
 * left of an unfinished line is moved in front of the place where bytes are read to; a longer one stays and the piece
 * grows around it.
 *
 *     | room for the unfinished line |  bytes as read, from a page's start  | 64 bytes |
 *                            ^ line           ^ scan                 ^ stop
 */
#ifndef CERIUM_IO_LINE_READER_H
#define CERIUM_IO_LINE_READER_H

#include "io/byte_source.h"
#include "io/line_masks.h"
#include "rdd/cursor.h"

/* One read: small enough to stay in the L2 cache until its lines are used. */
enum { CEI_LINE_READ_BYTES = 256 << 10 };

/* What is searched at a time: the places of its line ends stay in the L1 cache. A block may write a few more than it
 * has. */
enum { CEI_LINE_WINDOW_BLOCKS = 64, CEI_LINE_WINDOW_ENDS = 64 * CEI_LINE_WINDOW_BLOCKS + 4 };

/* The end of a range that goes as far as its source. */
#define CEI_LINE_END_OPEN UINT64_MAX

typedef struct cei_line_reader {
    cei_run *run;
    cei_byte_source *source;
    const char *path; /* for sentences; borrowed */
    uint64_t end;     /* of the range */
    uint64_t offset;  /* of `stop` */
    bool skip;        /* the next line end only says where the first line begins */
    bool ended;       /* the source has no more */
    char *piece;      /* NULL: not yet */
    size_t piece_bytes;
    char *line, *scan, *stop; /* start of the unfinished line; up to where it was searched; end of the bytes */

    const cei_line_masks *masks;
    char *window;                        /* what was searched last; ends count from here */
    uint32_t next_end, end_count;        /* line ends whose lines have not been made */
    uint16_t ends[CEI_LINE_WINDOW_ENDS]; /* the last byte of each */
} cei_line_reader;

/* A reader of [begin, end): source stands at begin. end: CEI_LINE_END_OPEN, or not behind the source's end, which is
 * checked: CE_IO when the source ends earlier. Nothing is read yet. */
void cei_line_reader_open(cei_line_reader *reader, cei_run *run, cei_byte_source *source, const char *path,
                          uint64_t begin, uint64_t end);
/* Gives the memory back. Zeroed memory is a closed reader. */
void cei_line_reader_close(cei_line_reader *reader);

/* Up to room (> 0) lines. They are valid until the next call. CEI_WANT when the source is waiting. */
cei_pull cei_line_reader_next(cei_line_reader *reader, ce_str *lines, uint32_t room, uint32_t *count);

/* Counts the lines that are left without making them, and uses them up: CEI_END or CEI_FAILED. Not for sources that
 * wait. */
cei_pull cei_line_reader_count(cei_line_reader *reader, uint64_t *count);

#endif
