/*
 * Values as memory holds them: every one in order over all partitions and batches, bools that are none, sizes that do
 * not fit, and files that change.
 */
#include "base/random.h"
#include "support/expect.h"
#include "support/files.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

CE_PAIR(tagged, uint64_t, int64_t);
CE_OPTION(maybe_bool, bool);
CE_RECORD(reading, (int32_t, id), (bool, valid), (maybe_bool, night), (double, value));

enum { VALUES = 20000 };

static ce_status all_values_in_order(ce_rdd *rdd, const tagged *want)
{
    ce_result rows;
    GRID_TRY(ce_collect(rdd, &rows));
    assert_int_equal(rows.count, VALUES);
    assert_memory_equal(rows.rows, want, VALUES * sizeof *want);
    ce_result_free(&rows);
    return expect_count(rdd, VALUES);
}

static void every_value_comes_in_order(void **state)
{
    (void)state;
    tagged *values = malloc(VALUES * sizeof *values);
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (size_t i = 0; i < VALUES; i++) {
        values[i] = (tagged){cei_random_next(&random), (int64_t)i};
    }
    test_file("values", values, VALUES * sizeof *values);
    static const char *const most[] = {"1000", "128m"}, *const batches[] = {"1", "7", "1024", "65536"};
    for (size_t i = 0; i < 8; i++) {
        ce_context *sc =
            grid_open("local[2]", "files_partition_bytes_max", most[i % 2], "batch_rows", batches[i / 2], NULL);
        assert_int_equal(all_values_in_order(ce_binary_file(sc, test_path("values"), tagged), values), CE_OK);
        ce_context_close(sc);
    }
    free(values);
}

static inline ce_str as_text(reading row)
{
    return ce_str_printf("%d %d %d %g", row.id, row.valid, row.night.present ? row.night.value : -1, row.value);
}
CE_MAP(as_text, reading, ce_str)

static ce_status readings_are_read(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *readings = ce_binary_file(sc, test_path("readings"), reading);
    GRID_TRY(expect_parts(ce_map(readings, as_text), "[[7 1 -1 0.5,8 0 1 1.5]]"));
    return expect_count(readings, 2);
}

/* What lies in an absent option is not looked at. */
static void write_readings(const char *name, int offset, char byte)
{
    reading rows[2];
    memset(rows, 0xEE, sizeof rows);
    rows[0].id = 7;
    rows[0].value = 0.5;
    rows[1].id = 8;
    rows[1].value = 1.5;
    char *bytes = (char *)rows;
    bytes[offsetof(reading, valid)] = 1;
    bytes[offsetof(reading, night)] = 0;
    bytes[sizeof(reading) + offsetof(reading, valid)] = 0;
    bytes[sizeof(reading) + offsetof(reading, night)] = 1;
    bytes[sizeof(reading) + offsetof(reading, night) + 1] = 1;
    if (offset >= 0) {
        bytes[offset] = byte;
    }
    test_file(name, rows, sizeof rows);
}

static void records_with_padding_and_options_are_read(void **state)
{
    (void)state;
    write_readings("readings", -1, 0);
    grid_run(readings_are_read, NULL);
}

static void a_bool_that_is_none_is_corrupt_with_its_byte(void **state)
{
    (void)state;
    static const int offsets[] = {4, 5, 20, 21, 22};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        ce_context *sc = grid_open("local[2]", "batch_rows", "1", NULL);
        char want[64];
        snprintf(want, sizeof want, "wrong: byte %d is 2, where a bool is 0 or 1", offsets[i]);
        write_readings("wrong", offsets[i], 2);
        expect_failure(ce_binary_file(sc, test_path("wrong"), reading), CE_CORRUPT, want);
        ce_context_close(sc);
    }
}

static void a_size_that_is_no_multiple_is_corrupt_with_both_sizes(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    test_text_file("ten/ten", "0123456789");
    expect_failure(ce_binary_file(sc, test_path("ten"), int32_t), CE_CORRUPT,
                   "ten/ten: its 10 bytes are no whole number of records of 4 bytes");
    expect_failure(ce_binary_file(sc, test_path("nothing"), int32_t), CE_NOT_FOUND, "nothing");
    ce_context_close(sc);
}

static void a_file_that_shrinks_is_reported(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    uint32_t partitions;
    ce_rdd *values = ce_binary_file(sc, test_text_file("shrinks", "01234567"), int32_t);
    assert_int_equal(ce_partition_count(values, &partitions), CE_OK);
    assert_int_equal(truncate(test_path("shrinks"), 5), 0);
    expect_failure(values, CE_IO, "shrinks: ends at byte 5, though it had 8 bytes: it shrank");
    ce_context_close(sc);
}

static void types_with_pointers_are_refused(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    expect_poisoned(ce_binary_file(sc, "x", ce_str), CE_TYPE, "binary_file",
                    "needs a type without strings and lists, has str");
    expect_poisoned(ce_binary_file_at(sc, "x", NULL, CE_SITE), CE_TYPE, "binary_file", "it is NULL");
    expect_poisoned(ce_binary_file(sc, "", int64_t), CE_INVALID, "binary_file", "the path is empty");
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_comes_in_order),
        cmocka_unit_test(records_with_padding_and_options_are_read),
        cmocka_unit_test(a_bool_that_is_none_is_corrupt_with_its_byte),
        cmocka_unit_test(a_size_that_is_no_multiple_is_corrupt_with_both_sizes),
        cmocka_unit_test(a_file_that_shrinks_is_reported),
        cmocka_unit_test(types_with_pointers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
