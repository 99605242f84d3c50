/*
 * parallelize_test.c: slices as Spark cuts them, values that are copied, and wrong use.
 */
#include "support/expect.h"
#include <string.h>

CE_LIST(texts, ce_str);
CE_RECORD(visit, (ce_str, page), (texts, tags), (int32_t, at));

static ce_status slices(ce_context *sc, void *arg)
{
    (void)arg;
    GRID_TRY(expect_golden(ce_glom(numbers(sc, 4, 2)), "basic-glom"));
    GRID_TRY(expect_golden(numbers(sc, 10, 3), "glom-many"));
    GRID_TRY(expect_golden(numbers(sc, 2, 5), "glom-few"));
    GRID_TRY(expect_golden(numbers(sc, 0, 3), "glom-norows3"));
    return expect_count(numbers(sc, 1000, 7), 1000);
}

static void partitions_are_cut_evenly(void **state)
{
    (void)state;
    grid_run(slices, NULL);
}

static ce_status copies(ce_context *sc, void *arg)
{
    (void)arg;
    char page[] = "a-page-with-a-long-name";
    ce_str tags[2] = {ce_str_of("first-of-the-tags"), ce_str_of("x")};
    visit visits[2] = {{ce_str_of(page), {tags, 2}, 7}, {{NULL, 0}, {NULL, 0}, 8}};
    ce_rdd *rdd = ce_parallelize(sc, visit, visits, 2, 1);
    memset(page, 'z', sizeof page);
    memset(tags, 0, sizeof tags);
    memset(visits, 0, sizeof visits);
    return expect_parts(rdd, "[[(a-page-with-a-long-name,[first-of-the-tags,x],7),(\"\",[],8)]]");
}

static void values_are_copied_deep(void **state)
{
    (void)state;
    grid_run(copies, NULL);
}

static ce_status wrong(ce_context *sc, void *arg)
{
    (void)arg;
    int64_t one = 1;
    uint32_t count;
    expect_poisoned(ce_parallelize(sc, int64_t, NULL, 3, 2), CE_INVALID, "parallelize", "the values are NULL");
    expect_poisoned(ce_parallelize_at(sc, NULL, &one, 1, 1, CE_SITE), CE_TYPE, "parallelize", "it is NULL");
    expect_poisoned(ce_parallelize(sc, int64_t, &one, 1, (uint32_t)-1), CE_INVALID, "parallelize",
                    "Positive number of partitions required");
    expect_poisoned(ce_parallelize(sc, int64_t, &one, 1ull << 33, 1), CE_INVALID, "parallelize",
                    "8589934592 values are more than 4294967295");
    expect_poisoned(ce_parallelize(NULL, int64_t, &one, 1, 1), CE_INVALID, "", "NULL");
    GRID_TRY(ce_partition_count(ce_parallelize(sc, int64_t, &one, 1, 0), &count));
    assert_int_equal(count, ce_default_parallelism(sc));
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
        cmocka_unit_test(partitions_are_cut_evenly),
        cmocka_unit_test(values_are_copied_deep),
        cmocka_unit_test(wrong_use_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
