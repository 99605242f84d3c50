/*
 * map_test.c: map gives f of each row, in order, whatever the element types, and its wrong uses are found with their
 * place.
 */
#include "base/random.h"
#include "support/grid.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline int64_t twice_and_one(int64_t x)
{
    return 2 * x + 1;
}
CE_MAP(twice_and_one, int64_t, int64_t)

static inline ce_str name_of(int64_t x)
{
    return ce_str_printf("number %lld", (long long)x);
}
CE_MAP(name_of, int64_t, ce_str)

CE_RECORD(shift, (int64_t, by), (ce_str, unit));

static inline ce_str shifted(int64_t x, const shift *env)
{
    return ce_str_printf("%lld %.*s", (long long)(x + env->by), (int)env->unit.bytes, env->unit.at);
}
CE_MAP_WITH(shifted, int64_t, ce_str, shift)

static inline int64_t refuse_seven(int64_t x)
{
    if (x == 7) {
        ce_fail("seven is not allowed");
    }
    return x;
}
CE_MAP(refuse_seven, int64_t, int64_t)

enum { ROWS = 500 };

static ce_status maps_numbers(ce_context *sc, void *arg)
{
    (void)arg;
    int64_t numbers[ROWS];
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int i = 0; i < ROWS; i++) {
        numbers[i] = (int64_t)(cei_random_next(&random) >> 8);
    }
    ce_result rows;
    GRID_TRY(ce_collect(ce_map(ce_parallelize(sc, int64_t, numbers, ROWS, 3), twice_and_one), &rows));
    assert_int_equal(rows.count, ROWS);
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(ce_result_rows(&rows, int64_t)[i], 2 * numbers[i] + 1);
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void map_gives_f_of_each_row_in_order(void **state)
{
    (void)state;
    grid_run(maps_numbers, NULL);
}

static ce_status maps_to_strings(ce_context *sc, void *arg)
{
    (void)arg;
    int64_t numbers[] = {0, -1, INT64_MAX, 5};
    ce_result rows;
    GRID_TRY(ce_collect(ce_map(ce_parallelize(sc, int64_t, numbers, 4, 2), name_of), &rows));
    const char *expected[] = {"number 0", "number -1", "number 9223372036854775807", "number 5"};
    for (int i = 0; i < 4; i++) {
        ce_str name = ce_result_rows(&rows, ce_str)[i];
        assert_int_equal(name.bytes, strlen(expected[i]));
        assert_memory_equal(name.at, expected[i], name.bytes);
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void strings_that_a_function_makes_leave_the_action_whole(void **state)
{
    (void)state;
    grid_run(maps_to_strings, NULL);
}

static ce_status maps_with_environment(ce_context *sc, void *arg)
{
    (void)arg;
    int64_t numbers[] = {1, 2};
    char unit[] = "metres";
    shift env = {40, ce_str_of(unit)};
    ce_rdd *shifts = ce_map_with(ce_parallelize(sc, int64_t, numbers, 2, 1), shifted, &env);
    memset(unit, 'x', strlen(unit)); /* the node has its own copy, strings included */
    env.by = 0;
    ce_result rows;
    GRID_TRY(ce_collect(shifts, &rows));
    assert_memory_equal(ce_result_rows(&rows, ce_str)[0].at, "41 metres", 9);
    assert_memory_equal(ce_result_rows(&rows, ce_str)[1].at, "42 metres", 9);
    ce_result_free(&rows);
    return CE_OK;
}

static void the_environment_is_copied_when_the_node_is_built(void **state)
{
    (void)state;
    grid_run(maps_with_environment, NULL);
}

static void a_user_function_that_fails_is_named_with_its_place(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_result rows;
    ce_rdd *checked = ce_map(ce_range(sc, 0, 10, 1, 2), refuse_seven);
    assert_int_equal(ce_collect(checked, &rows), CE_USER);
    assert_non_null(strstr(ce_last_error(), "map_test.c:"));
    assert_non_null(strstr(ce_last_error(), "map(refuse_seven): seven is not allowed"));
    ce_context_close(sc);
}

static void wrong_uses_poison_with_file_and_line(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *lines = ce_empty(sc, ce_str);
    ce_rdd *wrong = ce_map(lines, twice_and_one);
    char place[64];
    snprintf(place, sizeof place, "map_test.c:%d: map: twice_and_one takes int64, has str", __LINE__ - 2);
    assert_int_equal(ce_rdd_status(wrong), CE_TYPE);
    assert_non_null(strstr(ce_last_error(), place));
    ce_result rows;
    assert_int_equal(ce_collect(ce_map(wrong, twice_and_one), &rows), CE_TYPE); /* the first wrong use is told */
    assert_non_null(strstr(ce_last_error(), place));
    assert_int_equal(ce_rdd_status(ce_map(NULL, twice_and_one)), CE_INVALID);
    assert_int_equal(ce_rdd_status(ce_map_with(ce_range(sc, 0, 1, 1, 1), shifted, NULL)), CE_INVALID);
    assert_non_null(strstr(ce_last_error(), "needs an environment"));
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_gives_f_of_each_row_in_order),
        cmocka_unit_test(strings_that_a_function_makes_leave_the_action_whole),
        cmocka_unit_test(the_environment_is_copied_when_the_node_is_built),
        cmocka_unit_test(a_user_function_that_fails_is_named_with_its_place),
        cmocka_unit_test(wrong_uses_poison_with_file_and_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
