/*
 * fold_rows_test.c: what a folding function leaves behind does not pile up, however many rows there are and however
 * large the value is.
 */
#include "support/rows.h"

/* A new string of 1000 bytes for each row. */
static inline ce_str rewrite(ce_str value, int64_t row)
{
    char *text = ce_batch_alloc(1000);
    memset(text, 'a' + (int)(row % 26), 1000);
    if (value.bytes) {
        text[0] = value.at[0];
    }
    return (ce_str){text, 1000};
}
CE_AGGREGATE(rewrite, ce_str, int64_t)

static ce_status folds_much(ce_context *sc, void *arg)
{
    (void)arg;
    const ce_str zero = {"zero", 4};
    ce_result value;
    uint64_t bytes, bytes_max;
    GRID_TRY(ce_aggregate(ce_range(sc, 0, 20000, 1, 2), &zero, rewrite, test_concat, &value));
    ce_str got = ce_result_value(&value, ce_str);
    assert_int_equal(got.bytes, 4 + 2 * 1000);
    assert_memory_equal(got.at, "zeroz", 5);
    ce_result_free(&value);
    ce_memory_used(sc, &bytes, &bytes_max);
    assert_in_range(bytes_max, 1, 16 << 20); /* 20 MB were made */
    return CE_OK;
}

static void memory_of_replaced_values_is_used_again(void **state)
{
    (void)state;
    grid_run_topologies(folds_much, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_of_replaced_values_is_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
