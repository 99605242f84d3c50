/*
 * How many partitions files become and what each of them reads, against the rule of Hadoop's FileInputFormat written
 * down plainly, and against the numbers of Spark.
 */
#include "base/random.h"
#include "io/splits.h"
#include "support/expect.h"
#include "support/files.h"
#include <stdio.h>

/* getSplits of FileInputFormat for files of these sizes, empty ones left out. */
static size_t hadoop_splits(const uint64_t *sizes, size_t count, uint64_t least, uint64_t most, uint64_t (*splits)[2])
{
    uint64_t total = 0, made = 0;
    for (size_t i = 0; i < count; i++) {
        total += sizes[i];
    }
    uint64_t goal = total / least, size = goal < most ? goal : most;
    size = size ? size : 1;
    for (size_t i = 0; i < count; i++) {
        uint64_t left = sizes[i];
        for (; (double)left / (double)size > 1.1; left -= size, made++) {
            splits[made][0] = sizes[i] - left, splits[made][1] = size;
        }
        if (left) {
            splits[made][0] = sizes[i] - left, splits[made++][1] = left;
        }
    }
    return made;
}

static const char *sized_file(const char *name, uint64_t bytes)
{
    static const char zeros[4096];
    return test_file(name, zeros, bytes);
}

static ce_status splits_are_hadoops(ce_context *sc, void *arg)
{
    (void)arg;
    cei_random random;
    cei_random_seed(&random, grid_seed());
    ((cei_scope *)(void *)sc)->files_partition_bytes_max = 700;
    for (int round = 0; round < 200; round++) {
        uint64_t sizes[4], splits[5000][2];
        size_t count = 1 + (size_t)cei_random_below(&random, 4);
        test_remove("h");
        for (size_t i = 0; i < count; i++) {
            char name[32];
            snprintf(name, sizeof name, "h/%zu", i);
            sizes[i] = cei_random_below(&random, 3) ? cei_random_below(&random, 3000) : cei_random_below(&random, 3);
            sized_file(name, sizes[i]);
        }
        uint32_t least = 1 + (uint32_t)cei_random_below(&random, 40), partitions;
        size_t want = hadoop_splits(sizes, count, least, 700, splits);
        ce_rdd *lines = ce_text_file_n(sc, test_path("h"), least);
        GRID_TRY(ce_partition_count(lines, &partitions));
        assert_int_equal(partitions, want);
        const cei_files_args *args = lines->args;
        for (size_t i = 0; i < want; i++) {
            assert_int_equal(args->splits.at[i].offset, splits[i][0]);
            assert_int_equal(args->splits.at[i].bytes, splits[i][1]);
        }
    }
    return CE_OK;
}

static void text_is_cut_as_hadoop_cuts_it(void **state)
{
    (void)state;
    expect_once(splits_are_hadoops, NULL);
}

static void expect_count_of(ce_rdd *rdd, const char *golden)
{
    uint32_t count;
    char text[16];
    assert_int_equal(ce_partition_count(rdd, &count), CE_OK);
    snprintf(text, sizeof text, "%u", count);
    assert_string_equal(text, grid_golden_of(golden).value);
}

static void the_numbers_of_partitions_are_sparks(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    expect_count_of(ce_text_file_n(sc, test_text_file("digits", "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n"), 100),
                    "text-digits-min100-partitions");
    expect_count_of(ce_text_file(sc, test_text_file("lf", "a\nbb\nccc\n")), "text-lf-default-partitions");
    expect_count_of(ce_text_file_n(sc, test_folder("nothing"), 2), "text-emptydir-partitions");
    for (int i = 0; i < 4; i++) {
        char name[32];
        snprintf(name, sizeof name, "w4/%d", i);
        test_text_file(name, "123\n");
    }
    expect_count_of(ce_whole_text_files_n(sc, test_path("w4"), 1), "whole-4x4bytes-min1-partitions");
    expect_count_of(ce_whole_text_files_n(sc, test_path("w4"), 2), "whole-4x4bytes-min2-partitions");
    expect_count_of(ce_whole_text_files_n(sc, test_path("w4"), 4), "whole-4x4bytes-min4-partitions");
    expect_count_of(ce_whole_text_files_n(sc, test_path("w4"), 100), "whole-4x4bytes-min100-partitions");
    expect_count_of(ce_binary_records(sc, test_text_file("twelve", "0123456789ab"), 4), "records-12-by-4-partitions");
    ce_context_close(sc);
}

static void one_thread_asks_for_one_partition(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[1]", NULL);
    uint32_t count;
    assert_int_equal(ce_partition_count(ce_text_file(sc, sized_file("one", 4000)), &count), CE_OK);
    assert_int_equal(count, 1);
    ce_context_close(sc);
}

static void compressed_files_are_not_cut(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", "files_partition_bytes_max", "10", NULL);
    sized_file("c/a.gz", 1000);
    sized_file("c/b.zst", 1000);
    sized_file("c/c.txt", 30);
    uint32_t count;
    assert_int_equal(ce_partition_count(ce_text_file_n(sc, test_path("c"), 50), &count), CE_OK);
    assert_int_equal(count, 5);
    ce_context_close(sc);
}

static void records_are_never_cut(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", "files_partition_bytes_max", "100", NULL);
    const char *path = sized_file("records", 49 * 70);
    for (uint32_t record = 7; record <= 490; record *= 7) {
        ce_rdd *rows = ce_binary_records(sc, path, record);
        uint32_t count;
        assert_int_equal(ce_partition_count(rows, &count), CE_OK);
        const cei_files_args *args = rows->args;
        uint64_t at = 0;
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(args->splits.at[i].offset, at);
            assert_int_equal(args->splits.at[i].bytes % record, 0);
            at += args->splits.at[i].bytes;
        }
        assert_int_equal(at, 49 * 70);
        assert_true(count >= (record < 100 ? 31 : 49 * 70 / record));
    }
    ce_context_close(sc);
}

static void whole_files_make_the_partitions_that_were_asked_for(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", "files_partition_bytes_max", "1000", NULL);
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int round = 0; round < 100; round++) {
        uint32_t files = 1 + (uint32_t)cei_random_below(&random, 12),
                 least = 1 + (uint32_t)cei_random_below(&random, 15), count;
        test_remove("g");
        for (uint32_t i = 0; i < files; i++) {
            char name[32];
            snprintf(name, sizeof name, "g/%02u", i);
            sized_file(name, cei_random_below(&random, cei_random_below(&random, 4) ? 900 : 3));
        }
        ce_rdd *texts = ce_whole_text_files_n(sc, test_path("g"), least);
        assert_int_equal(ce_partition_count(texts, &count), CE_OK);
        const cei_files_args *args = texts->args;
        assert_true(count >= (least < files ? least : files));
        assert_int_equal(args->firsts.count, count + 1);
        assert_int_equal(args->firsts.at[0], 0);
        assert_int_equal(args->firsts.at[count], files);
        for (uint32_t i = 0; i < count; i++) {
            uint64_t bytes = 0;
            assert_true(args->firsts.at[i] < args->firsts.at[i + 1]);
            for (uint32_t f = args->firsts.at[i]; f < args->firsts.at[i + 1]; f++) {
                bytes += args->splits.at[f].bytes;
            }
            assert_true(bytes <= 1000 || args->firsts.at[i + 1] - args->firsts.at[i] == 1);
        }
    }
    ce_context_close(sc);
}

static void wrong_paths_poison_with_the_place_of_the_call(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    expect_poisoned(ce_text_file(sc, NULL), CE_INVALID, "splits_test.c", "text_file: the path is NULL");
    expect_poisoned(ce_text_file(sc, ""), CE_INVALID, "splits_test.c", "text_file: the path is empty");
    expect_poisoned(ce_whole_text_files(sc, NULL), CE_INVALID, "whole_text_files", "the path is NULL");
    expect_poisoned(ce_binary_records(sc, "", 4), CE_INVALID, "binary_records", "the path is empty");
    expect_poisoned(ce_binary_records(sc, "x", 0), CE_INVALID, "binary_records", "records of 0 bytes");
    assert_int_equal(ce_rdd_status(ce_text_file(NULL, "x")), CE_INVALID);
    ce_context_close(sc);
}

static void missing_paths_are_found_when_a_job_needs_them(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    char paths[4096];
    expect_failure(ce_text_file(sc, test_path("none")), CE_NOT_FOUND, "text_file: Input path does not exist: ");
    expect_failure(ce_whole_text_files(sc, test_path("absent*")), CE_NOT_FOUND, "matches no files");
    snprintf(paths, sizeof paths, "%s,%s", sized_file("there", 3), test_path("not-there"));
    expect_failure(ce_text_file(sc, paths), CE_NOT_FOUND, "not-there");
    /* What was missing may be there for the next job. */
    ce_rdd *lines = ce_text_file(sc, test_path("later"));
    expect_failure(lines, CE_NOT_FOUND, "later");
    test_text_file("later", "a\n");
    assert_int_equal(expect_count(lines, 1), CE_OK);
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_cut_as_hadoop_cuts_it),
        cmocka_unit_test(the_numbers_of_partitions_are_sparks),
        cmocka_unit_test(one_thread_asks_for_one_partition),
        cmocka_unit_test(compressed_files_are_not_cut),
        cmocka_unit_test(records_are_never_cut),
        cmocka_unit_test(whole_files_make_the_partitions_that_were_asked_for),
        cmocka_unit_test(wrong_paths_poison_with_the_place_of_the_call),
        cmocka_unit_test(missing_paths_are_found_when_a_job_needs_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
