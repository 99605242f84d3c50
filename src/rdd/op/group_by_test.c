/*
 * group_by_test.c: rows by what a function says of them: every row is in the group of its key, once.
 */
#include "support/groups.h"

CE_LIST(rows, int_pair);
CE_LIST(text_rows, text_text);
CE_PAIR(rows_of_key, int64_t, rows);
CE_PAIR(text_rows_of_key, ce_str, text_rows);
TEST_BAG(grouped_rows, rows_of_key)
TEST_BAG(text_grouped_rows, text_rows_of_key)

static inline int64_t key_of(int_pair row)
{
    return row.key;
}
CE_MAP(key_of, int_pair, int64_t)

static inline ce_str text_key_of(text_text row)
{
    return row.key;
}
CE_MAP(text_key_of, text_text, ce_str)

static inline int64_t modulo(int64_t number, const int64_t *divisor)
{
    return number % *divisor;
}
CE_MAP_WITH(modulo, int64_t, int64_t, int64_t)

static inline int64_t modulo3(int64_t number)
{
    return number % 3;
}
CE_MAP(modulo3, int64_t, int64_t)

typedef struct group_case {
    test_shape shape;
    bool texts;
} group_case;

static test_bag expected_of(test_shape shape)
{
    test_rows *all = test_rows_of(shape);
    test_bag bag = {0, 0};
    for (int64_t key = 0; key < TEST_KEYS_MAX; key++) {
        uint64_t sum = 0;
        for (int64_t i = all->first[key]; i >= 0; i = all->next[i]) {
            sum += test_both(test_number(key), test_number(all->rows[i].value));
        }
        if (all->first[key] >= 0) {
            test_bag_add(&bag, test_both(test_number(key), test_list(sum)));
        }
    }
    test_rows_free(all);
    return bag;
}

static ce_status rows_are_grouped(ce_context *sc, void *arg)
{
    const group_case *c = arg;
    ce_rdd *side = test_side(sc, c->shape, c->texts, 3);
    ce_rdd *groups = c->texts ? ce_group_by(side, text_key_of) : ce_group_by_n(side, key_of, 2);
    test_bag got;
    GRID_TRY(test_bag_of(groups, c->texts ? &ce_fn_text_grouped_rows : &ce_fn_grouped_rows, &got));
    test_bag_equal(got, expected_of(c->shape));
    return CE_OK;
}

static void every_row_is_in_the_group_of_its_key(void **state)
{
    (void)state;
    grid_run(rows_are_grouped, &(group_case){test_small_left, false});
    grid_run(rows_are_grouped, &(group_case){test_small_left, true});
}

static void rows_may_be_beyond_memory(void **state)
{
    (void)state;
    assert_true(test_run_short_of_memory(rows_are_grouped, &(group_case){test_large_left, true}));
    (void)test_run_short_of_memory(rows_are_grouped, &(group_case){test_large_left, false});
    (void)test_run_in_memory("6m", rows_are_grouped, &(group_case){test_skewed_left, true});
}

static void keys_with_equal_hashes_stay_apart(void **state)
{
    (void)state;
    test_run_with_equal_hashes(rows_are_grouped, &(group_case){test_small_left, false});
    test_run_with_equal_hashes(rows_are_grouped, &(group_case){test_small_left, true});
}

/* The golden's lists are in order, as are those of one partition's rows in memory. */
static void check_golden(const char *name, ce_rdd *rdd)
{
    char *text = test_set(rdd);
    test_golden(name, text);
    free(text);
}

static void it_gives_what_spark_gives(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *ten = ce_range(sc, 1, 11, 1, 1);
    check_golden("groupby-mod3", ce_group_by(ten, modulo3));
    check_golden("groupby-mod3", ce_group_by_with(ten, modulo, &(int64_t){3}));
    check_golden("groupby-mod3-to2-many", ce_group_by_n(ten, modulo3, 2));
    check_golden("groupby-mod3-norows0", ce_group_by(ce_empty(sc, int64_t), modulo3));
    check_golden("groupby-mod3-norows3", ce_group_by(ce_range(sc, 0, 0, 1, 3), modulo3));
    assert_true(ce_rdd_has_partitioner(ce_group_by(ten, modulo3)));
    ce_context_close(sc);
}

static void wrong_uses_poison_with_their_place(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *numbers = ce_range(sc, 0, 5, 1, 2);
    test_poisoned(ce_group_by(numbers, key_of), CE_TYPE, "key_of takes pair(int64, int64), has int64");
    test_poisoned(ce_group_by(numbers, modulo), CE_INVALID, "modulo needs an environment");
    test_poisoned(ce_group_by(NULL, modulo3), CE_INVALID, "the RDD is NULL");
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_in_the_group_of_its_key), cmocka_unit_test(rows_may_be_beyond_memory),
        cmocka_unit_test(keys_with_equal_hashes_stay_apart),    cmocka_unit_test(it_gives_what_spark_gives),
        cmocka_unit_test(wrong_uses_poison_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
