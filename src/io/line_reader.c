/*
 * line_reader.c: cutting bytes into lines through masks of 64 bytes, so that the cost of a line is a few instructions
 * for its end and not one per byte. Counting needs no line: it adds up the bits of the masks.
 *
 * A \r that is the last byte read so far is not looked at before its successor is there.
 *
 * Interface: cei_line_reader_open, cei_line_reader_close, cei_line_reader_next, cei_line_reader_count
 */
#include "io/line_reader.h"
#include "base/error.h"
#include <inttypes.h>

enum {
    FRONT_BYTES =
        192 << 10,  /* in front of where bytes are read to: the longest line that is moved at a refill, and a guard */
    PAD_BYTES = 64, /* behind the bytes: blocks are looked at whole */
    PIECE_BYTES = 512 << 10,
    BEHIND_BYTES = 16 << 10, /* read at once behind the end of the range */
};

void cei_line_reader_open(cei_line_reader *reader, cei_run *run, cei_byte_source *source, const char *path,
                          uint64_t begin, uint64_t end)
{
    *reader = (cei_line_reader){
        .run = run,
        .source = source,
        .path = path,
        .end = end,
        .offset = begin,
        .skip = begin > 0,
        .masks = cei_line_masks_best(),
    };
}

void cei_line_reader_close(cei_line_reader *reader)
{
    if (reader->piece) {
        cei_pool_give(reader->run->pool, reader->piece, reader->piece_bytes);
    }
    *reader = (cei_line_reader){0};
}

/* Where the unfinished line begins, in the source. */
static uint64_t line_offset(const cei_line_reader *reader)
{
    return reader->offset - (uint64_t)(reader->stop - reader->line);
}

/* ---- reading ---- */

/* What to read next: nothing across the end of the range, so that everything cut before it belongs to the range; and
 * of a file up to a multiple of the read size, so that the copy from the page cache goes page by page. */
static size_t read_bytes(const cei_line_reader *reader)
{
    if (reader->end == CEI_LINE_END_OPEN) {
        return CEI_LINE_READ_BYTES;
    }
    if (reader->offset >= reader->end) {
        return BEHIND_BYTES;
    }
    uint64_t left = reader->end - reader->offset;
    uint64_t aligned = CEI_LINE_READ_BYTES - reader->offset % CEI_LINE_READ_BYTES;
    return (size_t)(left < aligned ? left : aligned);
}

/* Reads to `to`. false: failed, or (source->waiting) nothing there now. */
static bool read_more(cei_line_reader *reader, char *to, size_t *got)
{
    *got = 0;
    if (cei_run_is_cancelled(reader->run)) {
        return false;
    }
    ce_status status = reader->source->read(reader->source, to, read_bytes(reader), got);
    if (status != CE_OK) {
        cei_run_fail(reader->run, status);
        return false;
    }
    if (*got == 0 && reader->source->waiting) {
        return false;
    }
    reader->offset += *got;
    reader->ended = *got == 0;
    if (reader->ended && reader->end != CEI_LINE_END_OPEN && reader->offset < reader->end) {
        cei_run_fail(reader->run,
                     cei_fail(CE_IO, "%s: ends at byte %" PRIu64 ", though it had %" PRIu64 " bytes: it shrank",
                              reader->path, reader->offset, reader->end));
        return false;
    }
    return true;
}

/* Takes a piece and moves the unfinished line to `at` bytes from its start. */
static bool move_to_piece(cei_line_reader *reader, size_t bytes, size_t at)
{
    size_t left = (size_t)(reader->stop - reader->line), scanned = (size_t)(reader->scan - reader->line);
    bytes = cei_pool_piece_bytes(bytes);
    char *piece = cei_pool_take(reader->run->pool, bytes);
    if (!piece) {
        cei_run_fail(reader->run, cei_error_prefix(CE_MEMORY, "%s: the line at byte %" PRIu64 ": ", reader->path,
                                                   line_offset(reader)));
        return false;
    }
    if (left) {
        memcpy(piece + at, reader->line, left);
    }
    cei_pool_give(reader->run->pool, reader->piece, reader->piece_bytes);
    reader->piece = piece;
    reader->piece_bytes = bytes;
    reader->line = piece + at;
    reader->scan = reader->line + scanned;
    reader->stop = reader->line + left;
    return true;
}

/* Moves the unfinished line within the piece. */
static void move_line(cei_line_reader *reader, char *to)
{
    size_t left = (size_t)(reader->stop - reader->line), scanned = (size_t)(reader->scan - reader->line);
    memmove(to, reader->line, left);
    reader->line = to;
    reader->scan = to + scanned;
    reader->stop = to + left;
}

/* Makes room behind an unfinished line that is too long to be moved at every read. Whatever is moved here is moved
 * again only after at least as much has been read. */
static bool make_room_for_long(cei_line_reader *reader)
{
    size_t left = (size_t)(reader->stop - reader->line);
    size_t need = 1 + left + CEI_LINE_READ_BYTES + PAD_BYTES;
    if (need > UINT32_MAX) {
        cei_run_fail(reader->run, cei_fail(CE_UNSUPPORTED, "%s: the line at byte %" PRIu64 " is longer than 4 GiB",
                                           reader->path, line_offset(reader)));
        return false;
    }
    if (reader->piece + reader->piece_bytes - reader->stop >= CEI_LINE_READ_BYTES + PAD_BYTES) {
        return true;
    }
    if (reader->piece_bytes >= 2 * need) {
        move_line(reader, reader->piece + 1);
        return true;
    }
    return move_to_piece(reader, 2 * need, 1);
}

/* CEI_ROWS: there are more bytes, or the source has ended. */
static cei_pull refill(cei_line_reader *reader)
{
    size_t left = (size_t)(reader->stop - reader->line);
    if (left >= FRONT_BYTES) {
        if (!make_room_for_long(reader)) {
            return CEI_FAILED;
        }
    } else if (reader->piece_bytes != PIECE_BYTES) {
        if (!move_to_piece(reader, PIECE_BYTES, FRONT_BYTES - left)) {
            return CEI_FAILED;
        }
    } else {
        move_line(reader, reader->piece + FRONT_BYTES - left);
    }
    reader->line[-1] = '\0'; /* so that nobody takes what was there for the \r of a \r\n */
    size_t got;
    if (!read_more(reader, reader->stop, &got)) {
        return reader->source->waiting && reader->run->status == CE_OK ? CEI_WANT : CEI_FAILED;
    }
    reader->stop += got;
    return CEI_ROWS;
}

/* ---- cutting ---- */

/* The last bytes of the line ends in block i of the window: each \n, and each \r that no \n follows. */
static inline uint64_t ends_of_block(const cei_line_reader *reader, const char *block, uint64_t feeds, uint64_t returns)
{
    if (__builtin_expect(returns == 0, 1)) {
        return feeds;
    }
    uint64_t first_behind = reader->stop - block > 64 && block[64] == '\n';
    return feeds | (returns & ~(feeds >> 1 | first_behind << 63));
}

/* Writes the places of the bits of a mask, counted from `at`, and at least four places: how many there are is not
 * worth a branch that is taken now and then. */
static inline uint16_t *put_ends(uint16_t *to, uint32_t at, uint64_t mask)
{
    uint32_t count = (uint32_t)__builtin_popcountll(mask);
    for (uint32_t i = 0; i < 4; i++) {
        to[i] = (uint16_t)(at + (uint32_t)__builtin_ctzll(mask | (uint64_t)1 << 63));
        mask &= mask - 1;
    }
    for (uint32_t i = 4; __builtin_expect(i < count, 0); i++) {
        to[i] = (uint16_t)(at + (uint32_t)__builtin_ctzll(mask));
        mask &= mask - 1;
    }
    return to + count;
}

/* Finds the line ends in the bytes from scan on. A \r that is the last byte there is stays unsearched until its
 * successor is there. false: nothing was searched. */
static bool look(cei_line_reader *reader)
{
    uint64_t feeds[CEI_LINE_WINDOW_BLOCKS], returns[CEI_LINE_WINDOW_BLOCKS];
    size_t left = (size_t)(reader->stop - reader->scan), most = sizeof feeds * 8;
    size_t bytes = left < most ? left : most;
    if (bytes == left && !reader->ended && bytes && reader->stop[-1] == '\r') {
        bytes--;
    }
    if (bytes == 0) {
        return false;
    }
    size_t blocks = (bytes + 63) / 64;
    reader->window = reader->scan;
    reader->masks->find(reader->window, blocks, feeds, returns);
    if (bytes % 64) {
        uint64_t valid = ~(uint64_t)0 >> (64 - bytes % 64);
        feeds[blocks - 1] &= valid;
        returns[blocks - 1] &= valid;
    }
    uint16_t *end = reader->ends;
    for (size_t i = 0; i < blocks; i++) {
        uint64_t mask = ends_of_block(reader, reader->window + 64 * i, feeds[i], returns[i]);
        end = put_ends(end, (uint32_t)(64 * i), mask);
    }
    reader->next_end = 0;
    reader->end_count = (uint32_t)(end - reader->ends);
    reader->scan = reader->window + bytes;
    return true;
}

/* Cuts up to room lines that end in front of stop. */
static uint32_t cut(cei_line_reader *reader, ce_str *lines, uint32_t room)
{
    uint32_t count = 0;
    while (count < room) {
        if (reader->next_end == reader->end_count) {
            if (!look(reader)) {
                break;
            }
            continue;
        }
        uint32_t found = reader->end_count - reader->next_end;
        uint32_t now = found < room - count ? found : room - count;
        const uint16_t *ends = reader->ends + reader->next_end;
        char *line = reader->line, *window = reader->window;
        for (uint32_t i = 0; i < now; i++) {
            char *end = window + ends[i];
            uint32_t of_end = (*end == '\n') & (end[-1] == '\r');
            lines[count + i].at = line; /* field by field, so that padding stays as the caller made it */
            lines[count + i].bytes = (uint32_t)(end - line) - of_end;
            line = end + 1;
        }
        reader->line = line;
        reader->next_end += now;
        count += now;
    }
    return count;
}

cei_pull cei_line_reader_next(cei_line_reader *reader, ce_str *lines, uint32_t room, uint32_t *count)
{
    for (;;) {
        if (!reader->skip && line_offset(reader) > reader->end) {
            return CEI_END;
        }
        /* Bytes behind the range are only there for its last line. */
        uint32_t cut_lines = cut(reader, lines, reader->skip || reader->offset > reader->end ? 1 : room);
        if (cut_lines && !reader->skip) {
            *count = cut_lines;
            return CEI_ROWS;
        }
        reader->skip = reader->skip && !cut_lines;
        if (cut_lines) {
            continue;
        }
        /* Without a line end in the range, the next line belongs to a later one. */
        bool none_begins = reader->skip && reader->offset >= reader->end && reader->scan == reader->stop;
        if (none_begins || (reader->ended && (reader->skip || reader->line == reader->stop))) {
            return CEI_END;
        }
        if (reader->ended) {
            lines[0].at = reader->line;
            lines[0].bytes = (uint32_t)(reader->stop - reader->line);
            reader->line = reader->stop;
            *count = 1;
            return CEI_ROWS;
        }
        cei_pull pulled = refill(reader);
        if (pulled != CEI_ROWS) {
            return pulled;
        }
    }
}

/* ---- counting ----
 *
 * As many lines are left as line starts: that of the unfinished line, and the byte behind each line end in the range.
 * So the ends are counted, a \r\n at its \r. What stands at the end of the range needs a look at the byte behind it:
 * no line begins at the end of the file, or in the middle of a \r\n.
 */

struct ends {
    uint64_t count, after_return;
    char last; /* byte */
    bool any;  /* bytes */
};

static void count_ends(const cei_line_reader *reader, const char *at, size_t bytes, struct ends *ends)
{
    if (bytes == 0) {
        return;
    }
    ends->any = true;
    ends->last = at[bytes - 1];
    ends->count += reader->masks->count(at, bytes / 64, &ends->after_return);
    if (bytes % 64) {
        char rest[64] = {0};
        memcpy(rest, at + bytes / 64 * 64, bytes % 64);
        ends->count += reader->masks->count(rest, 1, &ends->after_return);
        ends->after_return = ends->last == '\r';
    }
}

/* The byte behind the range; -1 when there is none. */
static cei_pull peek_behind(cei_line_reader *reader, int *byte)
{
    *byte = -1;
    if (reader->offset == reader->end && !reader->ended) {
        reader->line = reader->scan = reader->stop;
        cei_pull pulled = refill(reader);
        if (pulled != CEI_ROWS) {
            return pulled;
        }
    }
    if (reader->offset > reader->end) {
        *byte = (unsigned char)*(reader->stop - (reader->offset - reader->end));
    }
    return CEI_ROWS;
}

cei_pull cei_line_reader_count(cei_line_reader *reader, uint64_t *count)
{
    *count = 0;
    struct ends ends = {0};
    bool skip = reader->skip, done = !skip && line_offset(reader) > reader->end;
    if (!done) {
        uint64_t behind = reader->offset > reader->end ? reader->offset - reader->end : 0;
        count_ends(reader, reader->line, (size_t)(reader->stop - reader->line) - (size_t)behind, &ends);
    }
    while (!reader->ended && reader->offset < reader->end) {
        reader->line = reader->scan = reader->stop;
        if (refill(reader) != CEI_ROWS) {
            return CEI_FAILED;
        }
        count_ends(reader, reader->line, (size_t)(reader->stop - reader->line), &ends);
    }
    bool at_end = ends.any && (ends.last == '\n' || ends.last == '\r');
    int behind = 0;
    if (!done && (at_end || !ends.any) && peek_behind(reader, &behind) != CEI_ROWS) {
        return CEI_FAILED;
    }
    if (!done) {
        bool over = at_end && (behind < 0 || (ends.last == '\r' && behind == '\n'));
        *count = ends.count - over + (!skip && (ends.any || behind >= 0));
    }
    reader->skip = false;
    reader->ended = true;
    reader->line = reader->scan = reader->stop;
    reader->next_end = reader->end_count;
    return CEI_END;
}
