/*
 * Whole files as rows: their paths and contents, compressed and empty ones, the memory they need, and failing calls.
 */
#include "base/fault.h"
#include "support/expect.h"
#include "support/files.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

CE_PAIR(file_text, ce_str, ce_str);

static inline file_text without_folder(file_text row)
{
    while (row.key.bytes && memchr(row.key.at, '/', row.key.bytes)) {
        row.key.at++;
        row.key.bytes--;
    }
    return row;
}
CE_MAP(without_folder, file_text, file_text)

static void put_gzip(const char *name, const char *text)
{
    gzFile file = gzopen(test_text_file(name, ""), "wb");
    assert_int_equal(gzwrite(file, text, (unsigned)strlen(text)), (int)strlen(text));
    gzclose(file);
}

static ce_status contents(ce_context *sc, void *arg)
{
    (void)arg;
    GRID_TRY(expect_golden(ce_map(ce_whole_text_files_n(sc, test_path("w"), 1), without_folder), "whole-dir"));
    GRID_TRY(expect_golden(ce_map(ce_whole_text_files_n(sc, test_path("w/c"), 1), without_folder), "whole-one-file"));
    GRID_TRY(expect_golden(ce_whole_text_files_n(sc, test_path("nothing"), 1), "whole-emptydir"));
    GRID_TRY(expect_parts(ce_map(ce_whole_text_files_n(sc, test_path("{w/?,z}"), 9), without_folder),
                          "[[(a,1\\n2\\n)],[(b,\"\")],[(c,x\\r\\ny)],[(z.gz,packed\\n)]]"));
    ce_rdd *pairs = ce_whole_text_files(sc, test_path("w"));
    char text[64];
    assert_string_equal(ce_type_text(ce_rdd_type(pairs), text, sizeof text), "pair(str, str)");
    return expect_count(pairs, 3);
}

static int make_files(void **state)
{
    (void)state;
    test_text_file("w/a", "1\n2\n");
    test_text_file("w/b", "");
    test_text_file("w/c", "x\r\ny");
    put_gzip("z/z.gz", "packed\n");
    test_folder("nothing");
    return 0;
}

static void paths_and_contents_are_the_rows(void **state)
{
    (void)state;
    grid_run(contents, NULL);
}

static ce_status many_reads(ce_context *sc, void *arg)
{
    const char *text = arg;
    ce_result rows;
    GRID_TRY(ce_collect(ce_whole_text_files_n(sc, test_path("large"), 1), &rows));
    assert_int_equal(rows.count, 2);
    for (int i = 0; i < 2; i++) {
        ce_str value = ce_result_rows(&rows, file_text)[i].value;
        assert_true(ce_str_equal(value, ce_str_of(text)));
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void files_larger_than_a_read_are_whole(void **state)
{
    (void)state;
    const size_t bytes = 3000001;
    char *text = malloc(bytes + 1);
    for (size_t i = 0; i < bytes; i++) {
        text[i] = (char)('a' + i % 26);
    }
    text[bytes] = '\0';
    put_gzip("large/a.gz", text);
    test_text_file("large/b", text);
    expect_once(many_reads, text);
    free(text);
}

static void a_file_larger_than_the_memory_budget_is_a_clean_failure(void **state)
{
    (void)state;
    char *text = calloc(1, 30 << 20);
    test_file("huge", text, 30 << 20);
    free(text);
    ce_context *sc = grid_open("local[2]", "memory_bytes_max", "16m", NULL);
    expect_failure(ce_whole_text_files(sc, test_path("huge")), CE_MEMORY, "huge: ");
    ce_context_close(sc);
}

static void a_damaged_file_fails_with_its_name(void **state)
{
    (void)state;
    test_file("bad.gz", "\x1f\x8b\x08\x00 and then", 12);
    ce_context *sc = grid_open("local[2]", NULL);
    expect_failure(ce_whole_text_files(sc, test_path("bad.gz")), CE_CORRUPT, "bad.gz: ");
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_and_contents_are_the_rows),
        cmocka_unit_test(files_larger_than_a_read_are_whole),
        cmocka_unit_test(a_file_larger_than_the_memory_budget_is_a_clean_failure),
        cmocka_unit_test(a_damaged_file_fails_with_its_name),
    };
    return cmocka_run_group_tests(tests, make_files, NULL);
}
