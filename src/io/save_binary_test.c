/*
 * What one task of save_as_binary_file writes: the bytes of the rows, with zeros where no field is, in batches and
 * buffers of any size.
 */
#include "base/random.h"
#include "io/save.h"
#include "support/expect.h"
#include "support/files.h"
#include <stdlib.h>
#include <string.h>

CE_OPTION(maybe_int, int32_t);
CE_RECORD(sparse, (uint8_t, tag), (maybe_int, age), (double, value));

static ce_status save_to(ce_rdd *rdd, const char *directory)
{
    ce_rdd *node = cei_node_new(&cei_op_save_binary, NULL, CE_SITE, &rdd, 1);
    cei_save_args *args = cei_node_args(node, &ce_type_cei_save_args);
    ce_result rows;
    if (args) {
        *args = (cei_save_args){ce_str_of(directory)};
        node->type = ce_rdd_type(rdd);
    }
    GRID_TRY(ce_collect(node, &rows));
    assert_int_equal(rows.count, 0);
    ce_result_free(&rows);
    return CE_OK;
}

static void expect_part(const char *name, const void *want, size_t bytes)
{
    size_t count;
    char *content = test_content(name, &count);
    assert_int_equal(count, bytes);
    assert_memory_equal(content, want, bytes);
    free(content);
}

static ce_status parts_are_whole(ce_context *sc, void *arg)
{
    (void)arg;
    const int64_t want[3] = {3, 4, 5};
    test_remove("a");
    test_folder("a/_temporary");
    ce_status status = save_to(numbers(sc, 5, 2), test_path("a"));
    if (status == CE_OK) {
        expect_part("a/_temporary/part-00001", want, sizeof want);
    } else {
        char *listing = test_listing("a/_temporary");
        assert_null(strstr(listing, ".attempt-"));
        free(listing);
    }
    return status;
}

static void parts_are_whole_or_not_there(void **state)
{
    (void)state;
    grid_run_topologies(parts_are_whole, NULL);
    grid_run_failing(parts_are_whole, NULL);
}

static inline sparse dirty(int64_t number)
{
    sparse row;
    memset(&row, (int)number, sizeof row);
    row.tag = (uint8_t)number;
    row.age.present = number % 2 == 0;
    row.value = (double)number;
    return row;
}
CE_MAP(dirty, int64_t, sparse)

static ce_status unused_bytes_are_zeros(ce_context *sc, void *arg)
{
    (void)arg;
    sparse want[4];
    memset(want, 0, sizeof want);
    for (int i = 0; i < 4; i++) {
        want[i].tag = (uint8_t)(i + 1);
        want[i].value = i + 1;
        want[i].age.present = i % 2 == 1;
        want[i].age.value = i % 2 == 1 ? (i + 1) * 0x01010101 : 0;
    }
    test_remove("sparse");
    test_folder("sparse/_temporary");
    GRID_TRY(save_to(ce_map(numbers(sc, 4, 1), dirty), test_path("sparse")));
    expect_part("sparse/_temporary/part-00000", want, sizeof want);
    return CE_OK;
}

static void what_no_field_covers_is_written_as_zeros(void **state)
{
    (void)state;
    grid_run(unused_bytes_are_zeros, NULL);
}

static void many_and_large_rows_are_written(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    const size_t bytes = 700000;
    char *text = malloc(2 * bytes);
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (size_t i = 0; i < 2 * bytes; i++) {
        text[i] = (char)cei_random_next(&random);
    }
    ce_str rows[3] = {{text, (uint32_t)bytes}, {text + bytes, 3}, {text + bytes + 3, (uint32_t)bytes - 3}};
    test_folder("large/_temporary");
    assert_int_equal(save_to(ce_parallelize(sc, ce_str, rows, 3, 1), test_path("large")), CE_OK);
    expect_part("large/_temporary/part-00000", text, 2 * bytes);

    test_folder("many/_temporary");
    const int64_t *values = (const int64_t *)(const void *)text;
    assert_int_equal(save_to(ce_parallelize(sc, int64_t, values, 2 * bytes / 8, 1), test_path("many")), CE_OK);
    expect_part("many/_temporary/part-00000", text, 2 * bytes);
    free(text);
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_whole_or_not_there),
        cmocka_unit_test(what_no_field_covers_is_written_as_zeros),
        cmocka_unit_test(many_and_large_rows_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
