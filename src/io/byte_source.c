/*
 * byte_source.c: plain files by pread, gzip by zlib (one member after the other, as cat makes them), zstd by its
 * streaming decoder (one frame after the other).
 *
 * Interface: cei_compression_of, cei_file_source_open, cei_file_source_close
 */
#include "io/byte_source.h"
#include "base/error.h"
#include "base/memory.h"
#include <inttypes.h>
#include <limits.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { CHUNK_BYTES = 128 << 10 }; /* what zstd likes to be given */

cei_compression cei_compression_of(ce_str path)
{
    if (ce_str_ends_with(path, ce_str_of(".gz"))) {
        return CEI_COMPRESSION_GZIP;
    }
    return ce_str_ends_with(path, ce_str_of(".zst")) ? CEI_COMPRESSION_ZSTD : CEI_COMPRESSION_NONE;
}

static ce_status read_plain(cei_byte_source *source, void *to, size_t room, size_t *got)
{
    cei_file_source *from = (cei_file_source *)(void *)source;
    CE_TRY(cei_file_read_at(&from->file, to, room, from->file_at, got));
    from->file_at += *got;
    return CE_OK;
}

/* ---- compressed ---- */

/* Refills the used up chunk; *ended when the file has no more. */
static ce_status fill(cei_file_source *from, bool *ended)
{
    from->chunk_at = from->chunk_count = 0;
    CE_TRY(cei_file_read_at(&from->file, from->chunk, CHUNK_BYTES, from->file_at, &from->chunk_count));
    from->file_at += from->chunk_count;
    *ended = from->chunk_count == 0;
    return CE_OK;
}

static ce_status truncated(const cei_file_source *from, const char *format)
{
    return cei_fail(CE_CORRUPT, "%s: truncated %s data at byte %" PRIu64, from->file.path, format, from->file_at);
}

static ce_status corrupt(const cei_file_source *from, const char *format, const char *what)
{
    uint64_t at = from->file_at - (from->chunk_count - from->chunk_at);
    return cei_fail(CE_CORRUPT, "%s: corrupt %s data at byte %" PRIu64 ": %s", from->file.path, format, at, what);
}

static ce_status inflate_failed(const cei_file_source *from, const z_stream *decoder, int result)
{
    if (result == Z_MEM_ERROR) {
        return cei_error_prefix(CE_MEMORY, "%s: ", from->file.path);
    }
    const char *what = result == Z_NEED_DICT ? "it needs a dictionary" : decoder->msg;
    return corrupt(from, "gzip", what ? what : zError(result));
}

static ce_status read_gzip(cei_byte_source *source, void *to, size_t room, size_t *got)
{
    cei_file_source *from = (cei_file_source *)(void *)source;
    z_stream *decoder = from->decoder;
    uInt asked = room < UINT_MAX ? (uInt)room : UINT_MAX;
    decoder->next_out = to;
    decoder->avail_out = asked;
    *got = 0;
    while (decoder->avail_out > 0) {
        if (from->chunk_at == from->chunk_count) {
            bool ended;
            CE_TRY(fill(from, &ended));
            if (ended && from->inside) {
                return truncated(from, "gzip");
            }
            if (ended) {
                break;
            }
        }
        if (!from->inside && inflateReset(decoder) != Z_OK) {
            return cei_fail(CE_INTERNAL, "%s: zlib cannot begin a member", from->file.path);
        }
        from->inside = true;
        decoder->next_in = (Bytef *)from->chunk + from->chunk_at;
        decoder->avail_in = (uInt)(from->chunk_count - from->chunk_at);
        int result = inflate(decoder, Z_NO_FLUSH);
        from->chunk_at = from->chunk_count - decoder->avail_in;
        if (result == Z_STREAM_END) {
            from->inside = false;
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            return inflate_failed(from, decoder, result);
        }
    }
    *got = asked - decoder->avail_out;
    return CE_OK;
}

static ce_status zstd_failed(const cei_file_source *from, size_t result)
{
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_memory_allocation:
        return cei_fail(CE_MEMORY, "%s: out of memory while decompressing", from->file.path);
    case ZSTD_error_frameParameter_windowTooLarge:
        return cei_fail(CE_UNSUPPORTED, "%s: %s", from->file.path, ZSTD_getErrorName(result));
    default:
        return corrupt(from, "zstd", ZSTD_getErrorName(result));
    }
}

/* The decoder may still hold output when its input is used up, so it is asked again before the next chunk is read. */
static ce_status read_zstd(cei_byte_source *source, void *to, size_t room, size_t *got)
{
    cei_file_source *from = (cei_file_source *)(void *)source;
    ZSTD_outBuffer out = {to, room, 0};
    *got = 0;
    while (out.pos < out.size) {
        size_t before = out.pos;
        if (from->inside || from->chunk_at < from->chunk_count) {
            ZSTD_inBuffer in = {from->chunk, from->chunk_count, from->chunk_at};
            size_t result = ZSTD_decompressStream(from->decoder, &out, &in);
            from->chunk_at = in.pos;
            if (ZSTD_isError(result)) {
                return zstd_failed(from, result);
            }
            from->inside = result != 0;
        }
        if (from->chunk_at == from->chunk_count && out.pos == before) {
            bool ended;
            CE_TRY(fill(from, &ended));
            if (ended && from->inside) {
                return truncated(from, "zstd");
            }
            if (ended) {
                break;
            }
        }
    }
    *got = out.pos;
    return CE_OK;
}

/* ---- opening and closing ---- */

static voidpf zlib_alloc(voidpf nothing, uInt count, uInt bytes)
{
    (void)nothing;
    return cei_alloc_zeroed(count, bytes);
}

static void zlib_free(voidpf nothing, voidpf memory)
{
    (void)nothing;
    cei_free(memory);
}

static ce_status open_gzip(cei_file_source *source)
{
    enum { WINDOW_BITS_OF_GZIP = 15 + 16 };
    z_stream *decoder = cei_alloc_zeroed(1, sizeof *decoder);
    if (!decoder) {
        return CE_MEMORY;
    }
    decoder->zalloc = zlib_alloc;
    decoder->zfree = zlib_free;
    if (inflateInit2(decoder, WINDOW_BITS_OF_GZIP) != Z_OK) {
        cei_free(decoder);
        return cei_fail(CE_MEMORY, "out of memory for a gzip decoder");
    }
    source->decoder = decoder;
    source->source.read = read_gzip;
    return CE_OK;
}

static ce_status open_zstd(cei_file_source *source)
{
    source->decoder = ZSTD_createDCtx();
    source->source.read = read_zstd;
    return source->decoder ? CE_OK : cei_fail(CE_MEMORY, "out of memory for a zstd decoder");
}

ce_status cei_file_source_open(cei_file_source *source, cei_pool *pool, const char *path, cei_compression compression,
                               uint64_t offset)
{
    *source = (cei_file_source){.source.read = read_plain, .file.fd = -1, .file_at = offset, .pool = pool};
    CE_TRY(cei_file_open_read(&source->file, path));
    if (compression == CEI_COMPRESSION_NONE) {
        return CE_OK;
    }
    source->compression = compression;
    source->chunk = cei_pool_take(pool, CHUNK_BYTES);
    ce_status status = source->chunk ? CE_OK : CE_MEMORY;
    if (status == CE_OK) {
        status = compression == CEI_COMPRESSION_GZIP ? open_gzip(source) : open_zstd(source);
    }
    return status == CE_OK ? CE_OK : cei_error_prefix(status, "%s: ", path);
}

void cei_file_source_close(cei_file_source *source)
{
    if (!source->source.read) {
        return;
    }
    cei_file_discard(&source->file);
    if (source->decoder && source->compression == CEI_COMPRESSION_GZIP) {
        (void)inflateEnd(source->decoder);
        cei_free(source->decoder);
    } else if (source->decoder) {
        (void)ZSTD_freeDCtx(source->decoder);
    }
    cei_pool_give(source->pool, source->chunk, CHUNK_BYTES);
    *source = (cei_file_source){.file.fd = -1};
}
