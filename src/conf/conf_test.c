/*
 * conf_test.c: which values a setting takes, where a value comes from, and what a person is told of a wrong one.
 */
#include "base/error.h"
#include "base/fault.h"
#include "conf/conf.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

static int clean(void **state)
{
    (void)state;
    cei_fault_arm(0, 0);
    unsetenv("CERIUM_BATCH_ROWS");
    unsetenv("CERIUM_APP_NAME");
    unsetenv("CERIUM_PROGRESS");
    return 0;
}

/* The number that key has after name was set to value. */
static int64_t number_of(const char *name, const char *value, cei_conf_key key)
{
    cei_settings settings;
    ce_conf *conf = ce_conf_new();
    assert_non_null(conf);
    assert_int_equal(ce_conf_set(conf, name, value), CE_OK);
    assert_int_equal(cei_settings_open(&settings, conf), CE_OK);
    ce_conf_free(conf);
    int64_t number = cei_setting(&settings, key);
    cei_settings_close(&settings);
    return number;
}

static void assert_refused(const char *name, const char *value, ce_status wanted, const char *sentence)
{
    ce_conf *conf = ce_conf_new();
    assert_non_null(conf);
    assert_int_equal(ce_conf_set(conf, name, value), wanted);
    assert_string_equal(ce_last_error(), sentence);
    ce_conf_free(conf);
}

static void every_default_of_the_table_is_sound(void **state)
{
    (void)state;
    cei_settings settings;
    assert_int_equal(cei_settings_open(&settings, NULL), CE_OK);
    assert_string_equal(settings.texts[CEI_CONF_master], "local[*]");
    assert_string_equal(settings.texts[CEI_CONF_progress], "auto");
    assert_null(settings.texts[CEI_CONF_batch_rows]);
    assert_int_equal(cei_setting(&settings, CEI_CONF_rdd_limit_scale_up_factor), 4);
    assert_int_equal(cei_setting(&settings, CEI_CONF_files_partition_bytes_max), 128 << 20);
    cei_settings_close(&settings);
    cei_settings_close(&settings); /* closing twice is allowed */
}

static void a_suffix_multiplies(void **state)
{
    (void)state;
    assert_int_equal(number_of("batch_rows", "4k", CEI_CONF_batch_rows), 4096);
    assert_int_equal(number_of("memory_bytes_max", "3M", CEI_CONF_memory_bytes_max), 3 << 20);
    assert_int_equal(number_of("memory_bytes_max", "2g", CEI_CONF_memory_bytes_max), (int64_t)2 << 30);
    assert_int_equal(number_of("memory_bytes_max", "+1024G", CEI_CONF_memory_bytes_max), (int64_t)1 << 40);
    assert_int_equal(number_of("memory_bytes_max", "007", CEI_CONF_memory_bytes_max), 7);
}

static void a_number_out_of_its_bounds_is_refused(void **state)
{
    (void)state;
    assert_int_equal(number_of("batch_rows", "1", CEI_CONF_batch_rows), 1);
    assert_int_equal(number_of("batch_rows", "65536", CEI_CONF_batch_rows), 65536);
    assert_refused("batch_rows", "0", CE_INVALID, "batch_rows: must be 1 to 64k rows, not 0");
    assert_refused("batch_rows", "65537", CE_INVALID, "batch_rows: must be 1 to 64k rows, not 65537");
    assert_refused("batch_rows", "-1", CE_INVALID, "batch_rows: must be 1 to 64k rows, not -1");
    assert_refused("memory_bytes_max", "99999999999999999999", CE_INVALID,
                   "memory_bytes_max: must be 0 to 1024g bytes, not 99999999999999999999");
    assert_refused("memory_bytes_max", "99999999999g", CE_INVALID,
                   "memory_bytes_max: must be 0 to 1024g bytes, not 99999999999g");
    assert_refused("rdd_limit_scale_up_factor", "-99999999999999999999", CE_INVALID,
                   "rdd_limit_scale_up_factor: must be 2 to 1000, not -99999999999999999999");
}

static void what_is_no_number_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "-", "k", "many", "1 ", " 1", "1kk", "1.5", "0x10", "1t", "1k0"};
    for (size_t index = 0; index < sizeof wrong / sizeof *wrong; index++) {
        ce_conf *conf = ce_conf_new();
        assert_non_null(conf);
        assert_int_equal(ce_conf_set(conf, "batch_rows", wrong[index]), CE_INVALID);
        assert_non_null(strstr(ce_last_error(), "batch_rows: needs a whole number"));
        assert_non_null(strstr(ce_last_error(), wrong[index]));
        ce_conf_free(conf);
    }
}

static void a_choice_takes_its_values_only(void **state)
{
    (void)state;
    ce_conf *conf = ce_conf_new();
    assert_non_null(conf);
    assert_int_equal(ce_conf_set(conf, "progress", "auto"), CE_OK);
    assert_int_equal(ce_conf_set(conf, "progress", "never"), CE_OK);
    ce_conf_free(conf);
    assert_refused("progress", "alway", CE_INVALID, "progress: must be one of auto, always, never, not \"alway\"");
    assert_refused("progress", "", CE_INVALID, "progress: must be one of auto, always, never, not \"\"");
    assert_refused("progress", "auto, always", CE_INVALID,
                   "progress: must be one of auto, always, never, not \"auto, always\"");
}

static void an_unknown_name_gives_the_nearest(void **state)
{
    (void)state;
    assert_refused("batch_row", "1", CE_NOT_FOUND, "there is no setting batch_row; the nearest name is batch_rows");
    assert_refused("spark.default.parallelism", "1", CE_NOT_FOUND,
                   "there is no setting spark.default.parallelism; the nearest name is default_parallelism");
    assert_refused("Task-Failures-Max", "1", CE_NOT_FOUND,
                   "there is no setting Task-Failures-Max; the nearest name is task_failures_max");
    assert_refused("progres_after", "1", CE_NOT_FOUND,
                   "there is no setting progres_after; the nearest name is progress_after_ms");

    char name[1000];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ce_conf *conf = ce_conf_new();
    assert_non_null(conf);
    assert_int_equal(ce_conf_set(conf, name, "1"), CE_NOT_FOUND);
    assert_int_equal(ce_conf_set(conf, "", "1"), CE_NOT_FOUND);
    ce_conf_free(conf);
}

static void nothing_is_set_without_a_conf_a_name_and_a_value(void **state)
{
    (void)state;
    assert_refused("batch_rows", NULL, CE_INVALID, "ce_conf_set: needs a value, has NULL");
    assert_refused(NULL, "1", CE_INVALID, "ce_conf_set: needs a name, has NULL");
    assert_int_equal(ce_conf_set(NULL, "batch_rows", "1"), CE_INVALID);
    ce_conf_free(NULL);
}

static void the_program_comes_before_the_environment_and_that_before_the_table(void **state)
{
    (void)state;
    cei_settings settings;
    setenv("CERIUM_BATCH_ROWS", "2k", 1);
    setenv("CERIUM_APP_NAME", "from outside", 1);
    assert_int_equal(cei_settings_open(&settings, NULL), CE_OK);
    assert_int_equal(cei_setting(&settings, CEI_CONF_batch_rows), 2048);
    assert_string_equal(settings.texts[CEI_CONF_app_name], "from outside");
    cei_settings_close(&settings);

    ce_conf *conf = ce_conf_new();
    assert_non_null(conf);
    assert_int_equal(ce_conf_set(conf, "batch_rows", "7"), CE_OK);
    assert_int_equal(ce_conf_set(conf, "batch_rows", "8"), CE_OK); /* the last one counts */
    assert_int_equal(ce_conf_set(conf, "batch_rows", "wrong"), CE_INVALID);
    assert_int_equal(cei_settings_open(&settings, conf), CE_OK);
    assert_int_equal(cei_setting(&settings, CEI_CONF_batch_rows), 8);
    cei_settings_close(&settings);
    ce_conf_free(conf);

    setenv("CERIUM_BATCH_ROWS", "", 1); /* as if it was not there */
    setenv("CERIUM_APP_NAME", "", 1);
    assert_int_equal(cei_settings_open(&settings, NULL), CE_OK);
    assert_string_equal(settings.texts[CEI_CONF_app_name], "cerium");
    cei_settings_close(&settings);
}

static void a_wrong_value_of_the_environment_names_its_variable(void **state)
{
    (void)state;
    cei_settings settings;
    setenv("CERIUM_BATCH_ROWS", "0", 1);
    assert_int_equal(cei_settings_open(&settings, NULL), CE_INVALID);
    assert_string_equal(ce_last_error(),
                        "CERIUM_BATCH_ROWS of the environment: batch_rows: must be 1 to 64k rows, not 0");
    unsetenv("CERIUM_BATCH_ROWS");
    setenv("CERIUM_PROGRESS", "loud", 1);
    assert_int_equal(cei_settings_open(&settings, NULL), CE_INVALID);
    assert_string_equal(ce_last_error(), "CERIUM_PROGRESS of the environment: "
                                         "progress: must be one of auto, always, never, not \"loud\"");
}

static void the_description_has_a_line_for_every_setting(void **state)
{
    (void)state;
    char *text = ce_conf_describe();
    assert_non_null(text);
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    assert_int_equal(lines, CEI_CONF_COUNT);
    assert_non_null(strstr(text, "rdd_limit_initial_partitions  1         partitions that the first round of take "
                                 "scans (1 to 1000000 partitions)\n"));
    assert_non_null(strstr(text, "(auto, always, never)\n"));
    ce_free(text);
}

static void short_memory_is_an_error_and_leaves_nothing_behind(void **state)
{
    (void)state;
    for (int64_t nth = 1;; nth++) {
        cei_settings settings;
        cei_fault_arm(nth, CEI_FAULT_ALLOCATION);
        ce_conf *conf = ce_conf_new();
        ce_status status = conf ? ce_conf_set(conf, "app_name", "a name") : CE_MEMORY;
        if (status == CE_OK) {
            status = cei_settings_open(&settings, conf);
        }
        char *text = status == CE_OK ? ce_conf_describe() : NULL;
        bool delivered = cei_fault_delivered();
        cei_fault_arm(0, 0);
        if (status == CE_OK) {
            cei_settings_close(&settings);
        } else {
            assert_int_equal(status, CE_MEMORY);
        }
        assert_int_equal(delivered, text == NULL);
        ce_free(text);
        ce_conf_free(conf);
        if (!delivered) {
            assert_true(nth > 4);
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_default_of_the_table_is_sound, clean),
        cmocka_unit_test_teardown(a_suffix_multiplies, clean),
        cmocka_unit_test_teardown(a_number_out_of_its_bounds_is_refused, clean),
        cmocka_unit_test_teardown(what_is_no_number_is_refused, clean),
        cmocka_unit_test_teardown(a_choice_takes_its_values_only, clean),
        cmocka_unit_test_teardown(an_unknown_name_gives_the_nearest, clean),
        cmocka_unit_test_teardown(nothing_is_set_without_a_conf_a_name_and_a_value, clean),
        cmocka_unit_test_teardown(the_program_comes_before_the_environment_and_that_before_the_table, clean),
        cmocka_unit_test_teardown(a_wrong_value_of_the_environment_names_its_variable, clean),
        cmocka_unit_test_teardown(the_description_has_a_line_for_every_setting, clean),
        cmocka_unit_test_teardown(short_memory_is_an_error_and_leaves_nothing_behind, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
