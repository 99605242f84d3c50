/*
 * What one task of save_as_text_file leaves behind: a whole file under the partition's name, or nothing; and a full
 * disk.
 */
#include "io/save.h"
#include "support/expect.h"
#include "support/files.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static ce_status save_to(ce_rdd *rdd, const char *directory)
{
    ce_rdd *node = cei_node_new(&cei_op_save_text, NULL, CE_SITE, &rdd, 1);
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

static ce_status parts_are_whole(ce_context *sc, void *arg)
{
    (void)arg;
    test_remove("a");
    test_folder("a/_temporary");
    ce_status status = save_to(numbers(sc, 5, 2), test_path("a"));
    char *listing = test_listing("a/_temporary");
    if (status == CE_OK) {
        assert_string_equal(listing, "part-00000=1\n2\n;part-00001=3\n4\n5\n;");
    } else {
        assert_null(strstr(listing, ".attempt-"));
    }
    free(listing);
    return status;
}

static void parts_are_whole_or_not_there(void **state)
{
    (void)state;
    grid_run_topologies(parts_are_whole, NULL);
    grid_run_failing(parts_are_whole, NULL);
}

static void rows_larger_than_the_buffer_are_written(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    const size_t bytes = 700000;
    char *text = malloc(bytes);
    memset(text, 'x', bytes);
    ce_str rows[3] = {{text, (uint32_t)bytes}, {"y", 1}, {text, (uint32_t)bytes / 2}};
    test_folder("large/_temporary");
    assert_int_equal(save_to(ce_parallelize(sc, ce_str, rows, 3, 1), test_path("large")), CE_OK);
    size_t count;
    char *content = test_content("large/_temporary/part-00000", &count);
    assert_int_equal(count, bytes + 1 + 2 + bytes / 2 + 1);
    assert_memory_equal(content + bytes - 1, "x\ny\nx", 5);
    free(content);
    free(text);
    ce_context_close(sc);
}

static void a_full_disk_is_named_and_the_attempt_taken_away(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0) {
        skip();
    }
    ce_context *sc = grid_open("local[2]", NULL);
    test_folder("full/_temporary");
    assert_int_equal(symlink("/dev/full", test_path("full/_temporary/part-00000.attempt-0")), 0);
    assert_int_equal(save_to(numbers(sc, 5, 1), test_path("full")), CE_NO_SPACE);
    assert_non_null(
        strstr(ce_last_error(), "full/_temporary/part-00000.attempt-0: cannot write: No space left on device"));
    assert_false(test_exists("full/_temporary/part-00000.attempt-0"));
    ce_context_close(sc);
}

static void add_metrics(const ce_event *event, void *arg)
{
    uint64_t *sums = arg;
    if (event->kind == CE_EVENT_TASK_END) {
        sums[0] += event->metrics->rows_written;
        sums[1] += event->metrics->bytes_written;
    }
}

static void metrics_tell_rows_and_bytes_written(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    uint64_t sums[2] = {0, 0};
    test_folder("metrics/_temporary");
    assert_int_equal(ce_add_listener(sc, add_metrics, sums), CE_OK);
    assert_int_equal(save_to(numbers(sc, 12, 3), test_path("metrics")), CE_OK);
    ce_remove_listener(sc, add_metrics, sums);
    assert_int_equal(sums[0], 12);
    assert_int_equal(sums[1], 27);
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_whole_or_not_there),
        cmocka_unit_test(rows_larger_than_the_buffer_are_written),
        cmocka_unit_test(a_full_disk_is_named_and_the_attempt_taken_away),
        cmocka_unit_test(metrics_tell_rows_and_bytes_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
