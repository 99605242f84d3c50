/*
 * Bytes of plain, gzip and zstd files: whole, concatenated, cut off at every byte and damaged at every byte.
 */
#include "base/error.h"
#include "base/fault.h"
#include "base/random.h"
#include "io/byte_source.h"
#include "support/files.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
/* cmocka last: it needs the headers above. */
#include <cmocka.h>

static cei_pool *pool;

static int open_pool(void **state)
{
    (void)state;
    pool = cei_pool_open((uint64_t)1 << 30);
    return pool ? 0 : -1;
}

static int close_pool(void **state)
{
    (void)state;
    assert_int_equal(cei_pool_used(pool).used_bytes, 0);
    cei_pool_close(pool);
    return 0;
}

/* ---- making compressed files ---- */

struct bytes {
    char *at;
    size_t count;
};

static void put(struct bytes *to, const void *from, size_t count)
{
    to->at = realloc(to->at, to->count + count + 1);
    memcpy(to->at + to->count, from, count);
    to->count += count;
}

static void put_gzip(struct bytes *to, const void *from, size_t count)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t most = deflateBound(&stream, count) + 64;
    char *packed = malloc(most);
    stream.next_in = (Bytef *)(uintptr_t)from;
    stream.avail_in = (uInt)count;
    stream.next_out = (Bytef *)packed;
    stream.avail_out = (uInt)most;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    put(to, packed, most - stream.avail_out);
    deflateEnd(&stream);
    free(packed);
}

static void put_zstd(struct bytes *to, const void *from, size_t count)
{
    size_t most = ZSTD_compressBound(count);
    char *packed = malloc(most);
    put(to, packed, ZSTD_compress(packed, most, from, count, 3));
    free(packed);
}

typedef void put_packed(struct bytes *to, const void *from, size_t count);

static const struct format {
    const char *name, *file;
    cei_compression compression;
    put_packed *put;
} formats[] = {
    {"gzip", "t.gz", CEI_COMPRESSION_GZIP, put_gzip},
    {"zstd", "t.zst", CEI_COMPRESSION_ZSTD, put_zstd},
};

/* Reads all in pieces of room bytes. */
static ce_status read_all(const char *path, cei_compression compression, uint64_t offset, size_t room,
                          struct bytes *all)
{
    cei_file_source source;
    *all = (struct bytes){0};
    put(all, "", 0);
    char *piece = malloc(room);
    ce_status status = cei_file_source_open(&source, pool, path, compression, offset);
    for (size_t got = 1; status == CE_OK && got > 0;) {
        status = source.source.read(&source.source, piece, room, &got);
        if (status == CE_OK) {
            put(all, piece, got);
        }
    }
    if (status == CE_OK) {
        assert_int_equal(source.file_at, offset + (compression ? source.file_at - offset : all->count));
    }
    cei_file_source_close(&source);
    free(piece);
    return status;
}

static void check(const char *path, cei_compression compression, size_t room, const void *want, size_t count)
{
    struct bytes all;
    ce_status status = read_all(path, compression, 0, room, &all);
    if (status != CE_OK) {
        fail_msg("%s", ce_last_error());
    }
    assert_int_equal(all.count, count);
    assert_memory_equal(all.at, want, count);
    free(all.at);
}

static char *make_text(cei_random *random, size_t count, unsigned kinds)
{
    char *text = malloc(count + 1);
    for (size_t i = 0; i < count; i++) {
        text[i] = (char)('a' + cei_random_below(random, kinds));
    }
    return text;
}

/* ---- tests ---- */

static void a_plain_file_is_read_from_any_byte_on(void **state)
{
    (void)state;
    const char *path = test_text_file("plain", "0123456789");
    for (size_t offset = 0; offset <= 10; offset++) {
        for (size_t room = 1; room < 12; room++) {
            struct bytes all;
            assert_int_equal(read_all(path, CEI_COMPRESSION_NONE, offset, room, &all), CE_OK);
            assert_int_equal(all.count, 10 - offset);
            assert_memory_equal(all.at, &"0123456789"[offset], all.count);
            free(all.at);
        }
    }
}

static void the_end_of_the_name_tells_the_compression(void **state)
{
    (void)state;
    assert_int_equal(cei_compression_of(ce_str_of("a/b.gz")), CEI_COMPRESSION_GZIP);
    assert_int_equal(cei_compression_of(ce_str_of("b.zst")), CEI_COMPRESSION_ZSTD);
    assert_int_equal(cei_compression_of(ce_str_of("b.gz.txt")), CEI_COMPRESSION_NONE);
    assert_int_equal(cei_compression_of(ce_str_of("gz")), CEI_COMPRESSION_NONE);
}

static void members_one_behind_the_other_are_one_text(void **state)
{
    (void)state;
    cei_random random;
    cei_random_seed(&random, 5);
    for (size_t f = 0; f < 2; f++) {
        for (size_t round = 0; round < 12; round++) {
            struct bytes packed = {0}, want = {0};
            put(&packed, "", 0);
            put(&want, "", 0);
            for (size_t member = 0; member < round; member++) {
                size_t count = (size_t)cei_random_below(&random, member % 3 ? 1000 : 700000);
                char *text = make_text(&random, count, member % 2 ? 2 : 26);
                put(&want, text, count);
                formats[f].put(&packed, text, count);
                free(text);
            }
            const char *path = test_file(formats[f].file, packed.at, packed.count);
            check(path, formats[f].compression, 1 + (size_t)cei_random_below(&random, 500000), want.at, want.count);
            check(path, formats[f].compression, 256 << 10, want.at, want.count);
            free(packed.at);
            free(want.at);
        }
    }
}

static void data_cut_off_at_any_byte_is_reported_with_its_place(void **state)
{
    (void)state;
    cei_random random;
    cei_random_seed(&random, 6);
    char *text = make_text(&random, 500, 26);
    for (size_t f = 0; f < 2; f++) {
        struct bytes packed = {0};
        formats[f].put(&packed, text, 300);
        size_t first = packed.count;
        formats[f].put(&packed, text + 300, 200);
        for (size_t count = 0; count < packed.count; count++) {
            const char *path = test_file(formats[f].file, packed.at, count);
            struct bytes all;
            ce_status status = read_all(path, formats[f].compression, 0, 1000, &all);
            bool is_whole = count == 0 || count == first;
            assert_int_equal(status, is_whole ? CE_OK : CE_CORRUPT);
            char want[4096];
            snprintf(want, sizeof want, "%s: truncated %s data at byte %zu", path, formats[f].name, count);
            if (!is_whole) {
                assert_string_equal(ce_last_error(), want);
            }
            free(all.at);
        }
        free(packed.at);
    }
    free(text);
}

static void damaged_data_never_passes_as_the_original_without_a_word(void **state)
{
    (void)state;
    cei_random random;
    cei_random_seed(&random, 8);
    char *text = make_text(&random, 400, 26);
    struct bytes packed = {0};
    put_gzip(&packed, text, 400);
    for (size_t at = 0; at < packed.count; at++) {
        packed.at[at] ^= 1;
        const char *path = test_file("damaged.gz", packed.at, packed.count);
        struct bytes all;
        ce_status status = read_all(path, CEI_COMPRESSION_GZIP, 0, 1000, &all);
        if (status == CE_OK) { /* bytes 4 to 9 of the header are a time and the like */
            assert_memory_equal(all.at, text, 400);
            assert_in_range(at, 3, 9);
        } else {
            assert_int_equal(status, CE_CORRUPT);
            assert_non_null(strstr(ce_last_error(), "damaged.gz: "));
        }
        packed.at[at] ^= 1;
        free(all.at);
    }
    free(packed.at);
    free(text);
}

static void what_follows_the_last_member_is_corrupt_with_the_librarys_words(void **state)
{
    (void)state;
    static const char *const words[] = {"incorrect header check", "Unknown frame descriptor"};
    for (size_t f = 0; f < 2; f++) {
        struct bytes packed = {0}, all;
        formats[f].put(&packed, "abc", 3);
        put(&packed, "garbage", 7);
        const char *path = test_file(formats[f].file, packed.at, packed.count);
        assert_int_equal(read_all(path, formats[f].compression, 0, 10, &all), CE_CORRUPT);
        char want[4096];
        snprintf(want, sizeof want, "%s: corrupt %s data at byte ", path, formats[f].name);
        assert_int_equal(strncmp(ce_last_error(), want, strlen(want)), 0);
        assert_non_null(strstr(ce_last_error(), words[f]));
        free(packed.at);
        free(all.at);
    }
}

static void failing_calls_are_reported_and_leave_nothing(void **state)
{
    (void)state;
    for (size_t f = 0; f < 2; f++) {
        struct bytes packed = {0};
        formats[f].put(&packed, "some text", 9);
        const char *path = test_file(formats[f].file, packed.at, packed.count);
        free(packed.at);
        for (unsigned kind = 1; kind <= 2; kind++) {
            bool delivered = true;
            for (int64_t nth = 1; delivered; nth++) {
                struct bytes all;
                cei_fault_arm(nth, kind);
                ce_status status = read_all(path, formats[f].compression, 0, 4, &all);
                delivered = cei_fault_delivered();
                cei_fault_arm(0, kind);
                bool is_memory = status == CE_MEMORY; /* the pool's memory is a system call */
                assert_true(status == CE_OK ? !delivered && all.count == 9
                                            : is_memory || (kind == 2 && status == CE_IO));
                free(all.at);
            }
        }
    }
    cei_file_source source = {0};
    cei_file_source_close(&source);
    assert_int_equal(cei_file_source_open(&source, pool, test_path("none"), CEI_COMPRESSION_NONE, 0), CE_NOT_FOUND);
    cei_file_source_close(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_file_is_read_from_any_byte_on),
        cmocka_unit_test(the_end_of_the_name_tells_the_compression),
        cmocka_unit_test(members_one_behind_the_other_are_one_text),
        cmocka_unit_test(data_cut_off_at_any_byte_is_reported_with_its_place),
        cmocka_unit_test(damaged_data_never_passes_as_the_original_without_a_word),
        cmocka_unit_test(what_follows_the_last_member_is_corrupt_with_the_librarys_words),
        cmocka_unit_test(failing_calls_are_reported_and_leave_nothing),
    };
    return cmocka_run_group_tests(tests, open_pool, close_pool);
}
