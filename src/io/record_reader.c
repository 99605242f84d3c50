/*
 * record_reader.c: records of one size, so partitions are cut between records and rows are counted by dividing. As in
 * Spark, a file is not cut before it is larger than files_partition_bytes_max.
 *
 * Interface: cei_record_reader_open, _close, _next, _count, _offset, cei_records_prepare
 */
#include "io/record_reader.h"
#include "base/error.h"
#include <inttypes.h>

/* What one read asks for: large enough that system calls do not count, small enough to stay in the L2 cache. */
enum { READ_BYTES = 256 << 10 };

static size_t reader_room(const cei_record_reader *reader)
{
    return (size_t)reader->records_max * reader->record_bytes;
}

void cei_record_reader_open(cei_record_reader *reader, cei_run *run, const cei_split *split, uint32_t record_bytes)
{
    const uint32_t fit = READ_BYTES / record_bytes;
    *reader = (cei_record_reader){
        .run = run,
        .split = split,
        .record_bytes = record_bytes,
        .records_max = fit ? fit : 1,
        .file = {.fd = -1},
        .at = split->offset,
        .end = split->offset + split->bytes,
    };
}

void cei_record_reader_close(cei_record_reader *reader)
{
    cei_file_discard(&reader->file);
    if (reader->bytes) {
        cei_pool_give(reader->run->pool, reader->bytes, reader_room(reader));
        reader->bytes = NULL;
    }
}

static ce_status reader_start(cei_record_reader *reader)
{
    const char *path = cei_split_path(reader->run, reader->split);
    reader->bytes = path ? cei_pool_take(reader->run->pool, reader_room(reader)) : NULL;
    return reader->bytes ? cei_file_open_read(&reader->file, path) : CE_MEMORY;
}

static ce_status reader_fill(cei_record_reader *reader)
{
    CE_TRY(reader->bytes ? CE_OK : reader_start(reader));
    const uint64_t left = (reader->end - reader->at) / reader->record_bytes;
    const uint32_t count = left < reader->records_max ? (uint32_t)left : reader->records_max;
    size_t bytes = (size_t)count * reader->record_bytes, got;
    CE_TRY(cei_file_read_at(&reader->file, reader->bytes, bytes, reader->at, &got));
    if (got < bytes) {
        return cei_fail(CE_IO, "%s: ends at byte %" PRIu64 ", though it had %" PRIu64 " bytes: it shrank",
                        reader->file.path, reader->at + got, reader->end);
    }
    reader->at += bytes;
    reader->next = reader->bytes;
    reader->count = count;
    reader->run->metrics.bytes_read += bytes;
    return CE_OK;
}

cei_pull cei_record_reader_next(cei_record_reader *reader, cei_batch *part)
{
    if (reader->count == 0) {
        if (reader->at == reader->end) {
            cei_record_reader_close(reader);
            return CEI_END;
        }
        if (cei_run_is_cancelled(reader->run)) {
            return CEI_FAILED;
        }
        ce_status status = reader_fill(reader);
        if (status != CE_OK) {
            return cei_run_fail(reader->run, status);
        }
    }
    const uint32_t count = reader->count < reader->run->batch_rows ? reader->count : reader->run->batch_rows;
    *part = (cei_batch){reader->next, count};
    reader->next += (size_t)count * reader->record_bytes;
    reader->count -= count;
    reader->run->metrics.rows_read += count;
    return CEI_ROWS;
}

cei_pull cei_record_reader_count(cei_record_reader *reader, uint64_t *rows)
{
    const uint64_t count = reader->count + (reader->end - reader->at) / reader->record_bytes;
    reader->run->metrics.rows_read += count;
    reader->at = reader->end;
    reader->count = 0;
    *rows += count;
    return CEI_END;
}

uint64_t cei_record_reader_offset(const cei_record_reader *reader, const char *at)
{
    const char *end = reader->next + (size_t)reader->count * reader->record_bytes; /* of the buffer: what `at` tells */
    return reader->at - (uint64_t)(end - at);
}

static ce_status records_fit(const cei_found_files *found, uint32_t record_bytes)
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

ce_status cei_records_prepare(ce_rdd *node, uint32_t record_bytes)
{
    cei_found_files found;
    CE_TRY(cei_files_find(node, &found));
    ce_status status = records_fit(&found, record_bytes);
    if (status == CE_OK) {
        status = cei_files_cut(node, &found, record_bytes, false);
    }
    cei_found_files_close(&found);
    return status;
}
