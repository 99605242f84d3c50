/*
 * flat_map_test.c: flat_map gives all rows that f emits, in order: none, one, or far more than a batch holds.
 */
#include "base/random.h"
#include "support/grid.h"
#include <stdlib.h>
#include <string.h>

/* x rows: x, x - 1, ... 1 */
static inline void count_down(int64_t x, ce_emit *out)
{
    for (; x > 0; x--) {
        ce_emit_value(out, int64_t, x);
    }
}
CE_FLAT_MAP(count_down, int64_t, int64_t)

static inline void split_at(ce_str line, ce_emit *out, const ce_str *env)
{
    ce_str field;
    while (ce_str_next_field(&line, env->at[0], &field)) {
        ce_emit_value(out, ce_str, field);
    }
}
CE_FLAT_MAP_WITH(split_at, ce_str, ce_str, ce_str)

static ce_status counts_down(ce_context *sc, void *arg)
{
    const int64_t *sizes = arg;
    uint64_t total = 0, at = 0;
    for (int i = 0; i < 8; i++) {
        total += (uint64_t)sizes[i];
    }
    ce_result rows;
    GRID_TRY(ce_collect(ce_flat_map(ce_parallelize(sc, int64_t, sizes, 8, 3), count_down), &rows));
    assert_int_equal(rows.count, total);
    for (int i = 0; i < 8; i++) {
        for (int64_t x = sizes[i]; x > 0; x--) {
            assert_int_equal(ce_result_rows(&rows, int64_t)[at++], x);
        }
    }
    ce_result_free(&rows);
    return CE_OK;
}

static void flat_map_gives_every_emitted_row_in_order(void **state)
{
    (void)state;
    int64_t sizes[8];
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (int i = 0; i < 8; i++) {
        sizes[i] = (int64_t)cei_random_below(&random, 10);
    }
    grid_run(counts_down, sizes);
}

static void one_row_may_emit_more_than_a_batch(void **state)
{
    (void)state;
    int64_t sizes[8] = {0, 100000, 0, 0, 1, 5000, 0, 0};
    grid_run_topologies(counts_down, sizes);
}

static ce_status splits_lines(ce_context *sc, void *arg)
{
    (void)arg;
    ce_str lines[] = {ce_str_of("a,b,,a field of more than sixteen bytes"), ce_str_of(""), ce_str_of(","),
                      ce_str_of("last")};
    ce_str separator = ce_str_of(",");
    ce_result rows;
    GRID_TRY(ce_collect(ce_flat_map_with(ce_parallelize(sc, ce_str, lines, 4, 2), split_at, &separator), &rows));
    char *text = grid_text(&rows, 0);
    assert_string_equal(text, "[a,b,\"\",a field of more than sixteen bytes,\"\",\"\",\"\",last]");
    free(text);
    ce_result_free(&rows);
    return CE_OK;
}

static void rows_may_point_into_their_input(void **state)
{
    (void)state;
    grid_run(splits_lines, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flat_map_gives_every_emitted_row_in_order),
        cmocka_unit_test(one_row_may_emit_more_than_a_batch),
        cmocka_unit_test(rows_may_point_into_their_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
