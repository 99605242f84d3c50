/*
 * range_test.c: partitions of keys against counting the bounds below them one by one, for random types and strings
 * that begin alike; and the choice of bounds against Spark's own example.
 */
#include "base/fault.h"
#include "data/fixture_test.h"
#include "data/random_test.h"
#include "shuffle/key.h"
#include "shuffle/range.h"
#include <stdio.h>
#include <stdlib.h>

static uint64_t seed(void)
{
    const char *text = getenv("CERIUM_TEST_SEED");
    return text ? strtoull(text, NULL, 10) : 20240229;
}

static inline int by_last_digit(int64_t a, int64_t b)
{
    return (int)(a % 10) - (int)(b % 10);
}
CE_COMPARE(by_last_digit, int64_t)

static inline int64_t negative(int64_t row)
{
    return -row;
}
CE_MAP(negative, int64_t, int64_t)

/* ---- the model ---- */

static int compare_values(const void *a, const void *b, void *type)
{
    return ce_type_compare(type, a, b);
}

/* Sorts count keys and leaves each value once; returns how many are left. */
static uint32_t sort_unique(const ce_type *type, char *keys, uint32_t count)
{
    uint32_t kept = 0;
    qsort_r(keys, count, type->bytes, compare_values, (void *)(uintptr_t)type);
    for (uint32_t i = 0; i < count; i++) {
        const char *key = keys + (size_t)i * type->bytes;
        if (kept == 0 || ce_type_compare(type, keys + (size_t)(kept - 1) * type->bytes, key) < 0) {
            memmove(keys + (size_t)kept++ * type->bytes, key, type->bytes);
        }
    }
    return kept;
}

static uint32_t count_below(const cei_range *range, const char *key)
{
    uint32_t below = 0;
    for (uint32_t i = 0; i < range->bound_count; i++) {
        below += ce_type_compare(range->key, range->bounds + (size_t)i * range->key->bytes, key) < 0;
    }
    return range->descending ? range->bound_count - below : below;
}

static void expect_partitions(const cei_range *range, const char *keys, uint32_t count)
{
    uint32_t partitions[CEI_RANGE_KEYS_MAX], alone;
    const cei_partitioner partitioner = {.kind = CEI_PARTITIONER_RANGE, .range = (cei_range *)(uintptr_t)range};
    assert_int_equal(cei_range_partition(range, keys, range->key->bytes, count, NULL, partitions), CE_OK);
    for (uint32_t i = 0; i < count; i++) {
        const char *key = keys + (size_t)i * range->key->bytes;
        if (partitions[i] != count_below(range, key)) {
            char type[200], text[200];
            fail_msg("seed %llu: %s %s among %u bounds: got %u, wanted %u", (unsigned long long)seed(),
                     ce_type_text(range->key, type, sizeof type), ce_type_print(range->key, key, text, sizeof text),
                     range->bound_count, partitions[i], count_below(range, key));
        }
        assert_int_equal(cei_partition_of(&partitioner, range->key, key, &alone), CE_OK);
        assert_int_equal(alone, partitions[i]);
    }
}

/* The bounds are some of the keys. */
static void check_keys(cei_random *random, cei_arena *arena, const ce_type *type, char *keys, uint32_t count)
{
    uint32_t picked = (uint32_t)cei_random_below(random, cei_random_below(random, 2) ? 6 : count + 1);
    picked = picked < count ? picked : count;
    char *bounds = cei_arena_copy(arena, keys, (size_t)picked * type->bytes);
    uint64_t *prefixes = cei_arena_alloc(arena, picked * sizeof *prefixes);
    cei_range range = {.key = type, .descending = cei_random_below(random, 2)};
    cei_range_determine(&range, bounds, sort_unique(type, bounds, picked), prefixes);
    expect_partitions(&range, keys, count);
}

static void a_key_goes_behind_the_bounds_below_it_whatever_its_type(void **state)
{
    fixture *test = *state;
    cei_random random;
    cei_random_seed(&random, seed());
    for (int round = 0; round < 600; round++) {
        const ce_type *type = test_type(&random, &test->arena, round % 4);
        uint32_t count = 1 + (uint32_t)cei_random_below(&random, 200);
        char *keys = test_alloc(&test->arena, (size_t)count * type->bytes);
        for (uint32_t i = 0; i < count; i++) {
            test_value(&random, &test->arena, type, keys + (size_t)i * type->bytes, 12);
        }
        check_keys(&random, &test->arena, type, keys, count);
        cei_arena_reset(&test->arena);
    }
}

static void strings_that_begin_alike_are_told_apart(void **state)
{
    fixture *test = *state;
    cei_random random;
    cei_random_seed(&random, seed());
    for (int round = 0; round < 300; round++) {
        const uint32_t count = 1 + (uint32_t)cei_random_below(&random, CEI_RANGE_KEYS_MAX);
        const uint32_t alike = (uint32_t)cei_random_below(&random, 20);
        ce_str *keys = test_alloc(&test->arena, count * sizeof *keys);
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t bytes = (uint32_t)cei_random_below(&random, 30);
            char *text = test_alloc(&test->arena, bytes);
            for (uint32_t j = 0; j < bytes; j++) {
                const bool strays = cei_random_below(&random, 200) == 0;
                text[j] = j < alike && !strays ? 'w' : "\0\x01v\xff"[cei_random_below(&random, 4)];
            }
            keys[i] = (ce_str){text, bytes};
        }
        check_keys(&random, &test->arena, CE_TYPE(ce_str), (char *)keys, count);
        cei_arena_reset(&test->arena);
    }
}

static void whole_numbers_of_all_widths_are_in_order(void **state)
{
    fixture *test = *state;
    const ce_type *const types[] = {CE_TYPE(int8_t),  CE_TYPE(int16_t),  CE_TYPE(int32_t),  CE_TYPE(int64_t),
                                    CE_TYPE(uint8_t), CE_TYPE(uint16_t), CE_TYPE(uint32_t), CE_TYPE(uint64_t)};
    cei_random random;
    cei_random_seed(&random, seed());
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        for (uint32_t count = 1; count <= CEI_RANGE_KEYS_MAX; count = 2 * count + 1) {
            char *keys = test_alloc(&test->arena, (size_t)count * types[t]->bytes);
            for (size_t i = 0; i < (size_t)count * types[t]->bytes; i++) {
                keys[i] = (char)cei_random_next(&random);
            }
            check_keys(&random, &test->arena, types[t], keys, count);
            cei_arena_reset(&test->arena);
        }
    }
}

static void the_users_functions_compare_and_derive(void **state)
{
    fixture *test = *state;
    const int64_t bounds[] = {12, 25, 58}, rows[] = {91, 2, 33, 45, 48, 9};
    uint64_t prefixes[3];
    uint32_t partitions[6];
    cei_range digits = {.key = CE_TYPE(int64_t), .compare = &ce_fn_by_last_digit};
    cei_range_determine(&digits, bounds, 3, prefixes);
    assert_int_equal(cei_range_partition(&digits, (const char *)rows, 8, 6, &test->bytes, partitions), CE_OK);
    const uint32_t by_digit[] = {0, 0, 1, 1, 2, 3};
    assert_memory_equal(partitions, by_digit, sizeof by_digit);

    cei_range derived = {.key = CE_TYPE(int64_t), .derive = &ce_fn_negative, .descending = true};
    cei_range_determine(&derived, (const int64_t[]){-40, -9}, 2, prefixes);
    assert_int_equal(cei_range_partition(&derived, (const char *)rows, 8, 6, &test->bytes, partitions), CE_OK);
    const uint32_t by_negative[] = {2, 0, 1, 2, 2, 1};
    assert_memory_equal(partitions, by_negative, sizeof by_negative);
}

static void derived_keys_need_memory(void **state)
{
    (void)state;
    const int64_t bound = 1, row = 2;
    uint64_t prefix;
    uint32_t partition;
    cei_buffer scratch = {0};
    cei_range derived = {.key = CE_TYPE(int64_t), .derive = &ce_fn_negative};
    cei_range_determine(&derived, &bound, 1, &prefix);
    cei_fault_arm(1, CEI_FAULT_ALLOCATION);
    assert_int_equal(cei_range_partition(&derived, (const char *)&row, 8, 1, &scratch, &partition), CE_MEMORY);
    cei_fault_arm(0, 0);
    cei_buffer_close(&scratch);
}

/* ---- choosing ---- */

static void bounds_are_chosen_as_spark_chooses_them(void **state)
{
    (void)state;
    const double keys[] = {0.7, 0.1, 0.4, 0.3, 0.2, 0.5, 1.0};
    const float weights[] = {2, 1, 1, 1, 1, 1, 3};
    cei_range_candidate candidates[7];
    for (int i = 0; i < 7; i++) {
        candidates[i] = (cei_range_candidate){&keys[i], weights[i]};
    }
    const cei_range range = {.key = CE_TYPE(double)};
    assert_int_equal(cei_range_choose(&range, candidates, 7, 3), 2);
    assert_true(*(const double *)candidates[0].key == 0.4);
    assert_true(*(const double *)candidates[1].key == 0.7);
    assert_int_equal(cei_range_choose(&range, candidates, 0, 3), 0);
}

static void equal_candidates_give_one_bound(void **state)
{
    (void)state;
    const int64_t keys[] = {5, 5, 5, 5, 7};
    cei_range_candidate candidates[5];
    for (int i = 0; i < 5; i++) {
        candidates[i] = (cei_range_candidate){&keys[i], 1};
    }
    const cei_range range = {.key = CE_TYPE(int64_t)};
    assert_int_equal(cei_range_choose(&range, candidates, 5, 5), 2);
    assert_int_equal(*(const int64_t *)candidates[0].key, 5);
    assert_int_equal(*(const int64_t *)candidates[1].key, 7);
}

/* ---- equality ---- */

static void ranges_are_equal_when_their_bounds_are(void **state)
{
    (void)state;
    const int64_t bounds[] = {1, 2}, others[] = {1, 3};
    uint64_t prefixes[2][5];
    cei_range a = {.key = CE_TYPE(int64_t)}, b = a, other = a, fewer = a, down = a, open = a;
    down.descending = true;
    cei_range_determine(&a, bounds, 2, prefixes[0]);
    cei_range_determine(&b, (const int64_t[]){1, 2}, 2, prefixes[1]);
    cei_range_determine(&other, others, 2, prefixes[1]);
    cei_range_determine(&fewer, bounds, 1, prefixes[1]);
    cei_range_determine(&down, bounds, 2, prefixes[1]);
    const cei_partitioner range = {.kind = CEI_PARTITIONER_RANGE, .range = &a},
                          same = {.kind = CEI_PARTITIONER_RANGE, .range = &b},
                          hash = {.kind = CEI_PARTITIONER_HASH, .count = 3};
    assert_true(cei_partitioner_equal(range, range));
    assert_true(cei_partitioner_equal(range, same));
    assert_false(cei_partitioner_equal(range, hash));
    assert_false(cei_partitioner_equal(hash, range));
    assert_false(cei_range_equal(&a, &other));
    assert_false(cei_range_equal(&a, &fewer));
    assert_false(cei_range_equal(&a, &down));
    assert_false(cei_range_equal(&a, &open));
    assert_true(cei_range_equal(&open, &open));
}

#define RUN(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(a_key_goes_behind_the_bounds_below_it_whatever_its_type),
        RUN(strings_that_begin_alike_are_told_apart),
        RUN(whole_numbers_of_all_widths_are_in_order),
        RUN(the_users_functions_compare_and_derive),
        RUN(derived_keys_need_memory),
        RUN(bounds_are_chosen_as_spark_chooses_them),
        RUN(equal_candidates_give_one_bound),
        RUN(ranges_are_equal_when_their_bounds_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
