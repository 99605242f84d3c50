/*
 * Lines of files through jobs: the partitions of Spark, every byte as a boundary, compressed files, what happens to
 * files between planning and reading, and failing calls.
 */
#include "base/random.h"
#include "support/expect.h"
#include "support/files.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* ---- as Spark ---- */

/* The files of the goldens; see "# file" there. */
static const struct {
    const char *name, *text;
} texts[] = {
    {"lf", "a\nbb\nccc\n"},
    {"crlf", "a\r\nbb\r\nccc\r\n"},
    {"cr", "a\rbb\rccc\r"},
    {"mixed", "a\nb\r\nc\rd\n\re\r\r\nf"},
    {"nonl", "a\nbb\nccc"},
    {"empty", ""},
    {"blank", "\n\n\n"},
    {"blanks-inside", "a\n\n\nb\n"},
    {"one", "abcdefghij\n"},
    {"digits", "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n"},
    {"longline", "aaaaaaaaaaaaaaaaaaaa\nb\nc\n"},
    {"utf8", "\xc3\xa4\xe2\x82\xac\nz\n"},
    {"bom", "\xef\xbb\xbf"
            "a\nb\n"},
    {"onlycrlf", "\r\n"},
};

static ce_status partitions_are_sparks(ce_context *sc, void *arg)
{
    (void)arg;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char name[64];
        snprintf(name, sizeof name, "t/%s", texts[i].name);
        const char *path = test_text_file(name, texts[i].text);
        for (uint32_t least = 1; least <= 3; least++) {
            snprintf(name, sizeof name, "text-%s-min%u", texts[i].name, least);
            GRID_TRY(expect_golden(ce_text_file_n(sc, path, least), name));
        }
    }
    return expect_golden(ce_text_file_n(sc, test_path("t/digits"), 7), "text-digits-min7");
}

static void lines_fall_into_the_partitions_of_spark(void **state)
{
    (void)state;
    grid_run_topologies(partitions_are_sparks, NULL);
}

static ce_status many_files_are_sparks(ce_context *sc, void *arg)
{
    (void)arg;
    char paths[4096];
    test_text_file("d/part-00000", "1\n2\n");
    test_text_file("d/part-00001", "3\n4\n");
    test_text_file("d/part-00002", "");
    test_text_file("d/_SUCCESS", "");
    test_text_file("d/.hidden", "no\n");
    test_text_file("t/lf", "a\nbb\nccc\n");
    test_text_file("t/one", "abcdefghij\n");
    for (uint32_t least = 1; least <= 4; least *= 2) {
        snprintf(paths, sizeof paths, "text-dir-min%u", least);
        GRID_TRY(expect_golden(ce_glom(ce_text_file_n(sc, test_path("d"), least)), paths));
    }
    GRID_TRY(expect_golden(ce_text_file_n(sc, test_path("d/part-0000[01]"), 1), "text-glob"));
    GRID_TRY(expect_golden(ce_text_file_n(sc, test_path("d/part*"), 1), "text-glob-star"));
    GRID_TRY(expect_golden(ce_text_file_n(sc, test_path("t/{lf,one}"), 1), "text-glob-braces"));
    GRID_TRY(expect_golden(ce_text_file_n(sc, test_path("t/{one,lf}"), 1), "text-glob-braces-swapped"));
    GRID_TRY(expect_golden(ce_text_file_n(sc, test_path("t/o?e"), 1), "text-glob-question"));
    GRID_TRY(expect_golden(ce_text_file_n(sc, test_folder("nothing"), 2), "text-emptydir-collect"));
    snprintf(paths, sizeof paths, "%s,%s", test_path("t/one"), test_path("t/lf"));
    return expect_golden(ce_text_file_n(sc, paths, 1), "text-comma");
}

static void directories_globs_and_lists_are_read_as_spark_reads_them(void **state)
{
    (void)state;
    expect_once(many_files_are_sparks, NULL);
}

/* ---- every boundary ---- */

/* The lines with a | behind each, \r and \n gone. */
static char *lines_of(const char *text, size_t bytes)
{
    char *lines = calloc(1, 2 * bytes + 2), *to = lines;
    for (size_t i = 0; i < bytes; i++) {
        bool ends = text[i] == '\n' || text[i] == '\r';
        i += text[i] == '\r' && i + 1 < bytes && text[i + 1] == '\n';
        *to++ = ends ? '|' : text[i];
    }
    if (to > lines && to[-1] != '|' && text[bytes - 1] != '\n') {
        *to++ = '|';
    }
    return lines;
}

static ce_status every_boundary(ce_context *sc, void *arg)
{
    (void)arg;
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int round = 0; round < 40; round++) {
        char text[40];
        size_t bytes = 1 + (size_t)cei_random_below(&random, sizeof text - 1);
        for (size_t i = 0; i < bytes; i++) {
            text[i] = "abc\n\r\n\r"[cei_random_below(&random, round % 3 ? 7 : 5)];
        }
        char *want = lines_of(text, bytes);
        const char *path = test_file("boundaries", text, bytes);
        for (uint32_t least = 1; least <= bytes + 1; least++) {
            ce_rdd *lines = ce_text_file_n(sc, path, least);
            ce_result rows;
            char got[100] = "", *to = got;
            GRID_TRY(ce_collect(lines, &rows));
            for (uint64_t i = 0; i < rows.count; i++) {
                ce_str line = ce_result_rows(&rows, ce_str)[i];
                memcpy(to, line.at, line.bytes);
                to += line.bytes;
                *to++ = '|';
            }
            assert_string_equal(got, want);
            GRID_TRY(expect_count(lines, rows.count));
            ce_result_free(&rows);
        }
        free(want);
    }
    return CE_OK;
}

static void every_byte_may_be_a_boundary(void **state)
{
    (void)state;
    for (const char *const *rows = (const char *const[]){"1", "3", "1024", NULL}; *rows; rows++) {
        ce_context *sc = grid_open("inline", "batch_rows", *rows, NULL);
        assert_int_equal(every_boundary(sc, NULL), CE_OK);
        ce_context_close(sc);
    }
}

/* ---- larger files, on all topologies, and with failing calls ---- */

enum { NUMBERS = 60000 };

static ce_status sums_up(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *lines = ce_text_file_n(sc, test_path("numbers"), 3);
    GRID_TRY(expect_count(lines, NUMBERS));
    ce_result rows;
    GRID_TRY(ce_collect(lines, &rows));
    assert_int_equal(rows.count, NUMBERS);
    for (int64_t i = 0; i < NUMBERS; i++) {
        int64_t number = -1;
        assert_true(ce_str_to_int64(ce_result_rows(&rows, ce_str)[i], &number));
        assert_int_equal(number, i * i);
    }
    ce_result_free(&rows);
    GRID_TRY(ce_take(lines, 3, &rows));
    assert_int_equal(rows.count, 3);
    ce_result_free(&rows);
    return CE_OK;
}

static void a_file_of_many_reads_is_the_same_everywhere(void **state)
{
    (void)state;
    FILE *file = fopen(test_text_file("numbers", ""), "w");
    for (int64_t i = 0; i < NUMBERS; i++) {
        fprintf(file, i % 2 ? "%lld\r\n" : "%lld\n", (long long)(i * i));
    }
    fclose(file);
    grid_run_topologies(sums_up, NULL);
}

static void put_gzip(const char *name, const char *text)
{
    gzFile file = gzopen(test_text_file(name, ""), "ab");
    assert_int_equal(gzwrite(file, text, (unsigned)strlen(text)), (int)strlen(text));
    gzclose(file);
}

static ce_status small_files(ce_context *sc, void *arg)
{
    (void)arg;
    GRID_TRY(expect_parts(ce_text_file_n(sc, test_path("small"), 2), "[[a,b],[x,y,z]]"));
    return expect_count(ce_text_file_n(sc, test_path("small"), 2), 5);
}

static void failing_calls_are_clean_failures(void **state)
{
    (void)state;
    test_text_file("small/a", "a\nb\n");
    put_gzip("small/b.gz", "x\ny\nz\n");
    grid_run_failing(small_files, NULL);
}

/* ---- compressed ---- */

static ce_status compressed(ce_context *sc, void *arg)
{
    (void)arg;
    put_gzip("z/a.gz", "x\ny\nz\n");
    GRID_TRY(expect_golden(ce_text_file_n(sc, test_path("z/a.gz"), 3), "text-gz"));
    /* Of a frame of zstd: magic, one raw block. */
    static const char frame[] = "\x28\xb5\x2f\xfd\x20\x05\x29\x00\x00"
                                "a\r\nb\r";
    const char *path = test_file("z/b.zst", frame, sizeof frame - 1);
    GRID_TRY(expect_parts(ce_text_file(sc, path), "[[a,b]]"));
    return expect_count(ce_text_file(sc, path), 2);
}

static void compressed_files_are_one_partition_of_their_lines(void **state)
{
    (void)state;
    expect_once(compressed, NULL);
}

static void a_cut_off_gzip_file_fails_the_job_with_its_name_and_place(void **state)
{
    (void)state;
    put_gzip("cut.gz", "some lines\nand more\n");
    size_t bytes;
    char *content = test_content("cut.gz", &bytes), want[64];
    test_file("cut.gz", content, bytes - 9);
    snprintf(want, sizeof want, "cut.gz: truncated gzip data at byte %zu", bytes - 9);
    ce_context *sc = grid_open("local[2]", NULL);
    expect_failure(ce_text_file(sc, test_path("cut.gz")), CE_CORRUPT, want);
    uint64_t count;
    assert_int_equal(ce_count(ce_text_file(sc, test_path("cut.gz")), &count), CE_CORRUPT);
    ce_context_close(sc);
    free(content);
}

/* ---- files that change ---- */

static void files_that_shrink_or_go_between_planning_and_reading_are_reported(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    uint32_t partitions;
    uint64_t count;
    ce_rdd *shrunk = ce_text_file(sc, test_text_file("shrunk", "0123456789\n0123456789\n"));
    assert_int_equal(ce_partition_count(shrunk, &partitions), CE_OK);
    assert_int_equal(truncate(test_path("shrunk"), 15), 0);
    expect_failure(shrunk, CE_IO, "shrunk: ends at byte 15, though it had 22 bytes: it shrank");
    assert_int_equal(ce_count(shrunk, &count), CE_IO);
    ce_rdd *gone = ce_text_file(sc, test_text_file("gone", "a\n"));
    assert_int_equal(ce_partition_count(gone, &partitions), CE_OK);
    test_remove("gone");
    expect_failure(gone, CE_NOT_FOUND, "gone: cannot open");
    ce_rdd *grown = ce_text_file_n(sc, test_text_file("grown", "a\nb"), 1);
    assert_int_equal(ce_partition_count(grown, &partitions), CE_OK);
    test_text_file("grown", "a\nbbb\nccc\n"); /* what was not there when the job was planned is not read */
    assert_int_equal(expect_parts(grown, "[[a,bbb]]"), CE_OK);
    assert_int_equal(expect_count(grown, 2), CE_OK);
    ce_context_close(sc);
}

/* ---- metrics ---- */

static void add_metrics(const ce_event *event, void *arg)
{
    uint64_t *sums = arg;
    if (event->kind == CE_EVENT_TASK_END) {
        sums[0] += event->metrics->rows_read;
        sums[1] += event->metrics->bytes_read;
    }
}

static void the_bytes_and_rows_of_all_tasks_are_those_of_the_file(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", "files_partition_bytes_max", "3", NULL);
    const char *path = test_text_file("metrics", "a\nbb\nccc\ndddd\n\neeeee");
    for (int counting = 0; counting < 2; counting++) {
        uint64_t sums[2] = {0, 0}, count;
        ce_result rows;
        assert_int_equal(ce_add_listener(sc, add_metrics, sums), CE_OK);
        if (counting) {
            assert_int_equal(ce_count(ce_text_file(sc, path), &count), CE_OK);
        } else {
            assert_int_equal(ce_collect(ce_text_file(sc, path), &rows), CE_OK);
            ce_result_free(&rows);
        }
        ce_remove_listener(sc, add_metrics, sums);
        assert_int_equal(sums[0], 6);
        assert_int_equal(sums[1], 20);
    }
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_fall_into_the_partitions_of_spark),
        cmocka_unit_test(directories_globs_and_lists_are_read_as_spark_reads_them),
        cmocka_unit_test(every_byte_may_be_a_boundary),
        cmocka_unit_test(a_file_of_many_reads_is_the_same_everywhere),
        cmocka_unit_test(failing_calls_are_clean_failures),
        cmocka_unit_test(compressed_files_are_one_partition_of_their_lines),
        cmocka_unit_test(a_cut_off_gzip_file_fails_the_job_with_its_name_and_place),
        cmocka_unit_test(files_that_shrink_or_go_between_planning_and_reading_are_reported),
        cmocka_unit_test(the_bytes_and_rows_of_all_tasks_are_those_of_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
