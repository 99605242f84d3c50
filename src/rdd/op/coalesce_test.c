/*
 * coalesce_test.c: neighbours become one partition, never more than before, over sources, shuffles and other coalesces.
 */
#include "support/expect.h"
#include <stdio.h>

static inline int64_t same(int64_t row)
{
    return row;
}
CE_MAP(same, int64_t, int64_t)

static inline void words_of(int64_t row, ce_emit *out)
{
    for (int64_t i = 0; i < row % 3; i++) {
        ce_emit_value(out, ce_str, ce_str_printf("word-%lld-of-number-%lld", (long long)i, (long long)row));
    }
}
CE_FLAT_MAP(words_of, int64_t, ce_str)

static ce_status groups(ce_context *sc, void *arg)
{
    (void)arg;
    static const uint32_t counts[] = {1, 2, 3, 4, 7, 10, 20};
    ce_rdd *ten = numbers(sc, 10, 10);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        char name[32];
        snprintf(name, sizeof name, "coalesce-10-to-%u", counts[i]);
        GRID_TRY(expect_golden(ce_coalesce(ten, counts[i]), name));
        GRID_TRY(expect_golden(ce_coalesce(ce_map(ten, same), counts[i]), name));
        GRID_TRY(expect_count(ce_coalesce(ten, counts[i]), 10));
        GRID_TRY(expect_count(ce_coalesce(ce_map(ten, same), counts[i]), 10));
    }
    return expect_parts(ce_coalesce(ce_empty(sc, int64_t), 3), "[]");
}

static void neighbours_become_one_partition(void **state)
{
    (void)state;
    grid_run(groups, NULL);
}

static ce_status nested(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *inner = ce_flat_map(ce_coalesce(ce_map(numbers(sc, 10, 10), same), 5), words_of);
    ce_rdd *both = ce_zip(ce_coalesce(inner, 2), ce_coalesce(inner, 2));
    GRID_TRY(expect_count(both, 10));
    return expect_parts(ce_coalesce(ce_keys(both), 1),
                        "[[word-0-of-number-1,word-0-of-number-2,word-1-of-number-2,word-0-of-number-4,"
                        "word-0-of-number-5,word-1-of-number-5,word-0-of-number-7,word-0-of-number-8,"
                        "word-1-of-number-8,word-0-of-number-10]]");
}

static void one_coalesce_may_stand_on_another(void **state)
{
    (void)state;
    grid_run(nested, NULL);
}

static ce_status shuffled(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *spread = ce_repartition(words(sc, 7, 2), 5);
    return expect_bags(ce_coalesce(spread, 1), "[[1,2,4,5,7,a-word-of-many-letters-3,a-word-of-many-letters-6]]");
}

static void partitions_of_a_shuffle_can_be_joined(void **state)
{
    (void)state;
    grid_run(shuffled, NULL);
}

/* Parts that have ended are closed: many of them need no more memory than a few. */
static ce_status memory(ce_context *sc, void *arg)
{
    (void)arg;
    uint64_t used, few_max, many_max;
    GRID_TRY(expect_count(ce_coalesce(ce_flat_map(numbers(sc, 1000, 10), words_of), 1), 1000));
    ce_memory_used(sc, &used, &few_max);
    GRID_TRY(expect_count(ce_coalesce(ce_flat_map(numbers(sc, 1000, 500), words_of), 1), 1000));
    ce_memory_used(sc, &used, &many_max);
    assert_true(many_max < few_max + 1024 * 1024);
    return CE_OK;
}

static void a_part_that_has_ended_gives_its_memory_back(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", "batch_rows", "4096", NULL);
    assert_int_equal(memory(sc, NULL), CE_OK);
    ce_context_close(sc);
}

CE_PAIR(numbered, int64_t, int64_t);

static inline numbered twice(int64_t row)
{
    return (numbered){row, row};
}
CE_MAP(twice, int64_t, numbered)

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    ce_rdd *rows = numbers(sc, 10, 2);
    assert_false(ce_rdd_has_partitioner(ce_coalesce(ce_partition_by(ce_map(rows, twice), 2), 1)));
    expect_poisoned(ce_coalesce(rows, 0), CE_INVALID, "coalesce", "Number of partitions (0) must be positive.");
    expect_poisoned(ce_coalesce(rows, (uint32_t)-1), CE_INVALID, "coalesce",
                    "Number of partitions (-1) must be positive.");
    expect_poisoned(ce_coalesce(NULL, 1), CE_INVALID, "", "NULL");
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
        cmocka_unit_test(neighbours_become_one_partition),
        cmocka_unit_test(one_coalesce_may_stand_on_another),
        cmocka_unit_test(partitions_of_a_shuffle_can_be_joined),
        cmocka_unit_test(a_part_that_has_ended_gives_its_memory_back),
        cmocka_unit_test(wrong_use_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
