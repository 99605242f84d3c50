/*
 * byte_source.h: where a reader gets its bytes from: a file as it is, from some byte on, or a file that is
 * decompressed on the way.
 *
 * A source is a struct with a read function as its first member, so that others (a program's output) can be one too.
 */
#ifndef CERIUM_IO_BYTE_SOURCE_H
#define CERIUM_IO_BYTE_SOURCE_H

#include "base/file.h"
#include "base/pool.h"
#include <cerium/str.h>

typedef struct cei_byte_source cei_byte_source;
struct cei_byte_source {
    /* Puts at most room (> 0) bytes to `to`. *got is 0 at the end only, or when `waiting` is set by it: there is
     * nothing now. A file gives less than room at its end only. */
    ce_status (*read)(cei_byte_source *source, void *to, size_t room, size_t *got);
    bool waiting;
};

typedef enum cei_compression { CEI_COMPRESSION_NONE, CEI_COMPRESSION_GZIP, CEI_COMPRESSION_ZSTD } cei_compression;

/* By the end of the name: .gz, .zst. */
cei_compression cei_compression_of(ce_str path);

typedef struct cei_file_source {
    cei_byte_source source;
    cei_file file;
    uint64_t file_at; /* bytes of the file from its start up to what was read last */
    cei_compression compression;
    cei_pool *pool;
    void *decoder; /* z_stream or ZSTD_DCtx */
    bool inside;   /* of a gzip member or zstd frame: the end of the file must not come now */
    char *chunk;   /* compressed bytes, from the pool */
    size_t chunk_at, chunk_count;
} cei_file_source;

/* Opens a file. path is borrowed. offset is where reading begins; of a compressed file it must be 0. Memory for
 * compressed bytes comes from the pool, the decoder's own from the heap. The caller closes it, after a failure too.
 *
 * What read says, with the path: CE_CORRUPT "truncated gzip data at byte 512", or the library's sentence about wrong
 * data. A compressed file without any bytes is empty text. */
ce_status cei_file_source_open(cei_file_source *source, cei_pool *pool, const char *path, cei_compression compression,
                               uint64_t offset);
/* Zeroed memory is a closed source. */
void cei_file_source_close(cei_file_source *source);

#endif
