/*
 * sort_by_test.c: rows in the order of keys that are made where they are needed, and never cross the shuffle.
 */
#include "support/expect.h"
#include "support/wide.h"
#include <math.h>

/* ---- as in Spark ---- */

CE_RECORD(which_field, (int64_t, index));

static inline ce_str field_of(ce_str row, const which_field *which)
{
    ce_str field = {0};
    for (int64_t i = 0; i <= which->index; i++) {
        ce_str_next_field(&row, '|', &field);
    }
    return ce_str_printf("%.*s", (int)field.bytes, field.at); /* a key of the batch's memory */
}
CE_MAP_WITH(field_of, ce_str, ce_str, which_field)

static ce_status goldens(ce_context *sc, void *arg)
{
    (void)arg;
    const ce_str records[] = {ce_str_of("5|50|A"), ce_str_of("4|60|C"), ce_str_of("6|40|B")};
    const which_field fields[] = {{0}, {1}, {2}};
    ce_rdd *rdd = ce_parallelize(sc, ce_str, records, 3, 2);
    GRID_TRY(expect_golden(ce_sort_by_with(rdd, field_of, true, 2, &fields[0]), "sortby-field0"));
    GRID_TRY(expect_golden(ce_sort_by_with(rdd, field_of, true, 2, &fields[1]), "sortby-field1"));
    GRID_TRY(expect_golden(ce_sort_by_with(rdd, field_of, true, 2, &fields[2]), "sortby-field2"));
    GRID_TRY(expect_golden(ce_sort_by_with(rdd, field_of, false, 2, &fields[0]), "sortby-descending"));
    GRID_TRY(expect_golden(ce_sort_by_with(ce_empty(sc, ce_str), field_of, true, 2, fields), "sortby-norows0"));
    ce_rdd *none = ce_parallelize(sc, ce_str, NULL, 0, 3);
    return expect_golden(ce_sort_by_with(none, field_of, true, 2, fields), "sortby-norows3");
}

static void records_are_sorted_by_any_field(void **state)
{
    (void)state;
    grid_run(goldens, NULL);
}

static inline int64_t remainder_of_3(int64_t row)
{
    return ((row % 3) + 3) % 3;
}
CE_MAP(remainder_of_3, int64_t, int64_t)

static inline int64_t same(int64_t row)
{
    return row;
}
CE_MAP(same, int64_t, int64_t)

static inline ce_str same_text(ce_str row)
{
    return row;
}
CE_MAP(same_text, ce_str, ce_str)

static inline double same_double(double row)
{
    return row;
}
CE_MAP(same_double, double, double)

static ce_status more_goldens(ce_context *sc, void *arg)
{
    (void)arg;
    const int64_t nine[] = {3, -1, 2, 2, 0, 10, -7, 5, 3};
    const double doubles[] = {NAN, 0.5, INFINITY, -INFINITY, 1.5, NAN, -2.5};
    const ce_str words[] = {ce_str_of("b"),
                            ce_str_of(""),
                            ce_str_of("a"),
                            ce_str_of("\u00e4"),
                            ce_str_of("ab"),
                            ce_str_of("B"),
                            ce_str_of("a key of more than fifteen bytes"),
                            ce_str_of("\u20ac"),
                            ce_str_of("aa"),
                            ce_str_of("a key of more than fifteen byte")};
    ce_rdd *rdd = ce_parallelize(sc, int64_t, nine, 9, 3), *texts = ce_parallelize(sc, ce_str, words, 10, 3);
    for (int descending = 0; descending < 2; descending++) {
        for (uint32_t partitions = 1; partitions <= 4; partitions *= 2) {
            char name[64], how[32];
            snprintf(how, sizeof how, "%s-to%u", descending ? "desc" : "asc", partitions);
            ce_rdd *by_remainder = ce_sort_by_n(rdd, remainder_of_3, !descending, partitions);
            snprintf(name, sizeof name, "sortby-same-%s", how);
            GRID_TRY(expect_golden(ce_sort_by_n(rdd, same, !descending, partitions), name));
            snprintf(name, sizeof name, "sortby-mod3-%s", how);
            GRID_TRY(expect_golden(ce_map(by_remainder, remainder_of_3), name));
            snprintf(name, sizeof name, "sortby-mod3-rows-%s", how);
            GRID_TRY(expect_golden(by_remainder, name));
        }
    }
    GRID_TRY(expect_golden(ce_sort_by_n(texts, same_text, true, 2), "sortby-words"));
    GRID_TRY(expect_golden(ce_sort_by_n(texts, same_text, false, 3), "sortby-words-desc"));
    ce_rdd *reals = ce_parallelize(sc, double, doubles, 7, 3);
    return expect_golden(ce_sort_by_n(reals, same_double, false, 2), "sortby-doubles-desc");
}

static void numbers_and_words_are_sorted_as_in_spark(void **state)
{
    (void)state;
    grid_run_topologies(more_goldens, NULL);
}

/* ---- against qsort ---- */

static inline double distance(int64_t row)
{
    double from = (double)row - 500.5;
    return from < 0 ? -from : from;
}
CE_MAP(distance, int64_t, double)

static int by_distance(const void *a, const void *b)
{
    double x = distance(*(const int64_t *)a), y = distance(*(const int64_t *)b);
    return (x > y) - (x < y);
}

static ce_status numbers_are_sorted(ce_context *sc, void *arg)
{
    const bool *descending = arg;
    int64_t rows[TEST_ROWS];
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int i = 0; i < TEST_ROWS; i++) {
        rows[i] = 2 * i; /* all distances differ */
    }
    for (uint64_t i = TEST_ROWS; i > 1; i--) {
        uint64_t j = cei_random_below(&random, i);
        int64_t row = rows[j];
        rows[j] = rows[i - 1];
        rows[i - 1] = row;
    }
    ce_result got;
    GRID_TRY(
        ce_collect(ce_sort_by_n(ce_parallelize(sc, int64_t, rows, TEST_ROWS, 4), distance, !*descending, 5), &got));
    qsort(rows, TEST_ROWS, sizeof *rows, by_distance);
    assert_int_equal(got.count, TEST_ROWS);
    for (int i = 0; i < TEST_ROWS; i++) {
        assert_int_equal(ce_result_rows(&got, int64_t)[i], rows[*descending ? TEST_ROWS - 1 - i : i]);
    }
    ce_result_free(&got);
    return CE_OK;
}

static void rows_come_out_in_the_order_of_their_keys(void **state)
{
    (void)state;
    bool up = false, down = true;
    grid_run(numbers_are_sorted, &up);
    grid_run_topologies(numbers_are_sorted, &down);
}

/* ---- the rest ---- */

static inline ce_str long_text(int64_t row)
{
    return ce_str_printf("%0100lld", (long long)row);
}
CE_MAP(long_text, int64_t, ce_str)

static void see_bytes(const ce_event *event, void *arg)
{
    uint64_t *bytes = arg;
    if (event->kind == CE_EVENT_STAGE_END) {
        *bytes += event->metrics->shuffle_bytes_written;
    }
}

static void only_rows_cross_the_shuffle(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    uint64_t bytes = 0, count;
    assert_int_equal(ce_add_listener(sc, see_bytes, &bytes), CE_OK);
    ce_rdd *sorted = ce_sort_by(ce_range(sc, 0, 1000, 1, 2), long_text);
    assert_int_equal(ce_count(sorted, &count), CE_OK);
    ce_remove_listener(sc, see_bytes, &bytes);
    assert_int_equal(count, 1000);
    assert_in_range(bytes, 8000, 9000);
    assert_false(ce_rdd_has_partitioner(sorted));
    ce_context_close(sc);
}

static inline int64_t seven_fails(int64_t row)
{
    if (row == 7) {
        ce_fail("seven");
    }
    return row;
}
CE_MAP(seven_fails, int64_t, int64_t)

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *rdd = numbers(sc, 9, 2);
    const which_field which = {1};
    expect_poisoned(ce_sort_by(NULL, distance), CE_INVALID, "sort_by", "NULL");
    expect_poisoned(ce_sort_by(ce_parallelize(sc, ce_str, NULL, 0, 1), distance), CE_TYPE, "sort_by",
                    "distance takes int64, has str");
    expect_poisoned(ce_sort_by(ce_parallelize(sc, ce_str, NULL, 0, 1), field_of), CE_INVALID, "sort_by",
                    "field_of needs an environment: use ce_sort_by_with");
    expect_poisoned(ce_sort_by_with(rdd, distance, true, 2, &which), CE_INVALID, "sort_by", "takes no environment");
    expect_failure(ce_sort_by(rdd, seven_fails), CE_USER, "seven");
    expect_failure(ce_sort_by_n(rdd, seven_fails, true, 1), CE_USER, "seven");
    return CE_OK;
}

static void wrong_uses_say_what_is_wrong(void **state)
{
    (void)state;
    expect_once(wrong, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_sorted_by_any_field),
        cmocka_unit_test(numbers_and_words_are_sorted_as_in_spark),
        cmocka_unit_test(rows_come_out_in_the_order_of_their_keys),
        cmocka_unit_test(only_rows_cross_the_shuffle),
        cmocka_unit_test(wrong_uses_say_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
