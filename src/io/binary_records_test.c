/*
 * Records of one size: their bytes in order over all partitions and batches, sizes that do not fit, and files that
 * change.
 */
#include "base/random.h"
#include "support/expect.h"
#include "support/files.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline ce_str hex(ce_str row)
{
    char *text = ce_batch_alloc(2 * (size_t)row.bytes + 1);
    for (uint32_t i = 0; i < row.bytes; i++) {
        text[2 * i] = "0123456789abcdef"[(unsigned char)row.at[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[(unsigned char)row.at[i] & 15];
    }
    return (ce_str){text, 2 * row.bytes};
}
CE_MAP(hex, ce_str, ce_str)

static ce_status records_are_sparks(ce_context *sc, void *arg)
{
    (void)arg;
    GRID_TRY(expect_golden(ce_map(ce_binary_records(sc, test_path("b"), 4), hex), "records-12-by-4"));
    GRID_TRY(expect_golden(ce_map(ce_binary_records(sc, test_path("b"), 12), hex), "records-12-by-12"));
    GRID_TRY(expect_golden(ce_map(ce_binary_records(sc, test_path("b0"), 4), hex), "records-0-by-4"));
    return expect_count(ce_binary_records(sc, test_path("b"), 3), 4);
}

static void records_come_as_in_spark(void **state)
{
    (void)state;
    test_file("b/twelve", "\0\1\2\3\4\5\6\7\10\11\12\13", 12);
    test_text_file("b0/none", "");
    grid_run(records_are_sparks, NULL);
}

static ce_status all_bytes(ce_context *sc, const char *bytes, size_t count, uint32_t record)
{
    ce_result rows;
    ce_rdd *records = ce_binary_records(sc, test_path("random"), record);
    GRID_TRY(ce_collect(records, &rows));
    assert_int_equal(rows.count, count / record);
    for (uint64_t i = 0; i < rows.count; i++) {
        ce_str row = ce_result_rows(&rows, ce_str)[i];
        assert_int_equal(row.bytes, record);
        assert_memory_equal(row.at, bytes + i * record, record);
    }
    ce_result_free(&rows);
    return expect_count(records, count / record);
}

static void every_record_size_gives_all_bytes_in_order(void **state)
{
    (void)state;
    enum { BYTES = 5 * 7 * 9 * 16 * 100 };
    char *bytes = malloc(BYTES);
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (size_t i = 0; i < BYTES; i++) {
        bytes[i] = (char)cei_random_next(&random);
    }
    test_file("random", bytes, BYTES);
    static const uint32_t sizes[] = {5, 7, 16, 1000, 5040, 504000};
    static const char *const most[] = {"1", "10000", "128m"}, *const batches[] = {"1", "7", "1024"};
    for (size_t i = 0; i < 3; i++) {
        ce_context *sc = grid_open("local[2]", "files_partition_bytes_max", most[i], "batch_rows", batches[i], NULL);
        for (size_t j = i ? 0 : 3; j < sizeof sizes / sizeof *sizes; j++) {
            assert_int_equal(all_bytes(sc, bytes, BYTES, sizes[j]), CE_OK);
        }
        ce_context_close(sc);
    }
    free(bytes);
}

static void a_size_that_is_no_multiple_is_corrupt_with_both_sizes(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    test_text_file("b10/ten", "0123456789");
    const char *want = "b10/ten: its 10 bytes are no whole number of records of ";
    expect_failure(ce_binary_records(sc, test_path("b10"), 4), CE_CORRUPT, want);
    expect_failure(ce_binary_records(sc, test_path("b10"), 20), CE_CORRUPT, want);
    ce_context_close(sc);
}

static void a_file_that_shrinks_is_reported(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    uint32_t partitions;
    ce_rdd *records = ce_binary_records(sc, test_text_file("shrinks", "01234567"), 4);
    assert_int_equal(ce_partition_count(records, &partitions), CE_OK);
    assert_int_equal(truncate(test_path("shrinks"), 5), 0);
    expect_failure(records, CE_IO, "shrinks: ends at byte 5, though it had 8 bytes: it shrank");
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_as_in_spark),
        cmocka_unit_test(every_record_size_gives_all_bytes_in_order),
        cmocka_unit_test(a_size_that_is_no_multiple_is_corrupt_with_both_sizes),
        cmocka_unit_test(a_file_that_shrinks_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
