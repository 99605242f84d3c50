/*
 * key_by_test.c: a key beside each row, whatever the two are.
 */
#include "support/expect.h"

static inline int64_t odd(int64_t row)
{
    return row % 2;
}
CE_MAP(odd, int64_t, int64_t)

static inline ce_str as_text(int64_t row)
{
    return ce_str_printf("number-%lld-in-words", (long long)row);
}
CE_MAP(as_text, int64_t, ce_str)

static inline bool is_long(ce_str row, const int64_t *bytes)
{
    return row.bytes > *bytes;
}
CE_MAP_WITH(is_long, ce_str, bool, int64_t)

static ce_status keys_beside(ce_context *sc, void *arg)
{
    (void)arg;
    GRID_TRY(expect_golden(ce_key_by(numbers(sc, 5, 2), odd), "keyby"));
    GRID_TRY(expect_parts(ce_key_by(numbers(sc, 2, 2), as_text), "[[(number-1-in-words,1)],[(number-2-in-words,2)]]"));
    int64_t bytes = 1;
    return expect_parts(ce_key_by_with(words(sc, 3, 2), is_long, &bytes),
                        "[[(false,1)],[(false,2),(true,a-word-of-many-letters-3)]]");
}

static void each_row_gets_its_key(void **state)
{
    (void)state;
    grid_run(keys_beside, NULL);
}

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    expect_poisoned(ce_key_by(words(sc, 4, 2), odd), CE_TYPE, "key_by", "odd takes int64, has str");
    expect_poisoned(ce_key_by(NULL, odd), CE_INVALID, "", "NULL");
    assert_false(ce_rdd_has_partitioner(ce_key_by(numbers(sc, 4, 2), odd)));
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
        cmocka_unit_test(each_row_gets_its_key),
        cmocka_unit_test(wrong_use_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
