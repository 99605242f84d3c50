/*
 * keys_test.c: one field of each pair, of every size that is copied in its own way.
 */
#include "support/expect.h"

CE_PAIR(numbered, int64_t, int64_t);
CE_RECORD(point, (double, x), (double, y), (int32_t, colour));

static const numbered rows[] = {{1, 1}, {1, 2}, {1, 3}, {1, 1}, {2, 1}};

static inline bool big(int64_t row)
{
    return row > 2;
}
CE_MAP(big, int64_t, bool)

static inline int32_t small(int64_t row)
{
    return (int32_t)row;
}
CE_MAP(small, int64_t, int32_t)

static inline ce_str as_text(int64_t row)
{
    return ce_str_printf("number-%lld-in-words", (long long)row);
}
CE_MAP(as_text, int64_t, ce_str)

static inline point as_point(int64_t row)
{
    return (point){(double)row, 0.5, (int32_t)-row};
}
CE_MAP(as_point, int64_t, point)

/* rows of 1, 4, 16 and 24 bytes, as the key of pairs whose other field is what it was made of */
static ce_rdd *pairs_of(ce_rdd *made, ce_rdd *rest)
{
    return ce_zip(made, rest);
}

static ce_status sizes(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *three = numbers(sc, 3, 2);
    GRID_TRY(expect_golden(ce_keys(ce_parallelize(sc, numbered, rows, 5, 2)), "keys"));
    GRID_TRY(expect_parts(ce_keys(pairs_of(ce_map(three, big), three)), "[[false],[false,true]]"));
    GRID_TRY(expect_parts(ce_keys(pairs_of(ce_map(three, small), three)), "[[1],[2,3]]"));
    GRID_TRY(expect_parts(ce_keys(pairs_of(ce_map(three, as_text), three)),
                          "[[number-1-in-words],[number-2-in-words,number-3-in-words]]"));
    return expect_parts(ce_keys(pairs_of(ce_map(three, as_point), three)),
                        "[[(1.0,0.5,-1)],[(2.0,0.5,-2),(3.0,0.5,-3)]]");
}

static void fields_of_every_size_come_out(void **state)
{
    (void)state;
    grid_run(sizes, NULL);
}

static ce_status counts(ce_context *sc, void *arg)
{
    (void)arg;
    GRID_TRY(expect_count(ce_keys(ce_parallelize(sc, numbered, rows, 5, 3)), 5)); /* a source that counts */
    return expect_count(ce_keys(ce_key_by(numbers(sc, 7, 3), small)), 7);         /* rows that must be made */
}

static void counting_needs_no_rows_where_the_input_needs_none(void **state)
{
    (void)state;
    grid_run(counts, NULL);
}

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *pairs = ce_partition_by(ce_parallelize(sc, numbered, rows, 5, 2), 2);
    assert_false(ce_rdd_has_partitioner(ce_keys(pairs)));
    expect_poisoned(ce_keys(numbers(sc, 4, 2)), CE_TYPE, "keys", "needs pair(K, V), has int64");
    expect_poisoned(ce_keys(NULL), CE_INVALID, "", "NULL");
    return CE_OK;
}

static void wrong_use_is_told_with_its_place(void **state)
{
    (void)state;
    expect_once(wrong, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_of_every_size_come_out),
        cmocka_unit_test(counting_needs_no_rows_where_the_input_needs_none),
        cmocka_unit_test(wrong_use_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
