/*
 * hll_test.c: counts are within three standard errors whatever their size, merging is counting together, in any form
 * and order, and damaged bytes are told.
 */
#include "base/hash.h"
#include "base/random.h"
#include "sketch/hll.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BATCH = 100 };

/* A sketch and the memory it lives in. */
struct owned {
    ce_str sketch;
    char *room;
};

static void owned_close(struct owned *owned)
{
    free(owned->room);
}

static void merge(struct owned *into, ce_str more)
{
    uint64_t bytes = cei_hll_merge_bytes(into->sketch, more);
    char *room = malloc(bytes + 1);
    ce_str merged = cei_hll_merge(into->sketch, more, room);
    assert_true(cei_hll_is_sound(merged));
    if (merged.at == room) {
        assert_true(merged.bytes <= bytes);
        free(into->room);
        into->room = room;
    } else {
        free(room);
    }
    into->sketch = merged;
}

static struct owned empty(uint32_t precision)
{
    struct owned owned = {.room = malloc(CEI_HLL_HEADER_BYTES)};
    owned.sketch = cei_hll_of(NULL, 0, precision, owned.room);
    return owned;
}

/* Numbers first .. first + count - 1 of a stream, each once or more. */
static struct owned sketch_of(uint64_t seed, uint64_t first, uint64_t count, uint32_t precision)
{
    struct owned owned = empty(precision);
    char room[CEI_HLL_HEADER_BYTES + BATCH * CEI_HLL_ENTRY_BYTES];
    uint64_t hashes[BATCH];
    for (uint64_t i = 0; i < count; i += BATCH) {
        uint32_t n = count - i < BATCH ? (uint32_t)(count - i) : BATCH;
        for (uint32_t j = 0; j < n; j++) {
            uint64_t number = first + i + j;
            hashes[j] = cei_hash_bytes(&number, sizeof number, seed);
        }
        merge(&owned, cei_hll_of(hashes, n, precision, room));
    }
    return owned;
}

static void counts_are_within_three_standard_errors(void **state)
{
    (void)state;
    static const uint64_t counts[] = {0, 1, 2, 10, 100, 1000, 5000, 100000, 1000000};
    static const uint32_t precisions[] = {4, 9, 14};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        for (size_t j = 0; j < sizeof precisions / sizeof *precisions; j++) {
            double error = 1.04 / sqrt((double)(1u << precisions[j])), squares = 0;
            int seeds = counts[i] > 50000 ? 6 : 40, outside = 0;
            for (int seed = 0; seed < seeds; seed++) {
                struct owned owned = sketch_of((uint64_t)seed, 0, counts[i], precisions[j]);
                double off = cei_hll_estimate(owned.sketch) / (double)(counts[i] ? counts[i] : 1) - (counts[i] > 0);
                outside += fabs(off) > 3 * error;
                squares += off * off;
                owned_close(&owned);
            }
            if (outside > 1 || sqrt(squares / seeds) > 1.5 * error) {
                fail_msg("%lu values, precision %u: %d of %d outside, error %g, expected %g", counts[i], precisions[j],
                         outside, seeds, sqrt(squares / seeds), error);
            }
        }
    }
}

static void small_counts_are_exact(void **state)
{
    (void)state;
    for (uint64_t count = 0; count <= 100; count++) {
        struct owned owned = sketch_of(count, 7, count, 9);
        assert_int_equal(llround(cei_hll_estimate(owned.sketch)), count);
        owned_close(&owned);
    }
}

static void the_precision_is_that_of_spark(void **state)
{
    (void)state;
    static const struct {
        double relative_sd;
        uint32_t precision;
        ce_status status;
    } cases[] = {{0.05, 9, CE_OK},          {0.01, 14, CE_OK},    {0.9, 4, CE_OK},
                 {INFINITY, 4, CE_OK},      {0.00013, 26, CE_OK}, {0.000018, 4, CE_UNSUPPORTED},
                 {0.000017, 4, CE_INVALID}, {-1, 4, CE_INVALID},  {NAN, 4, CE_INVALID}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t precision;
        assert_int_equal(cei_hll_precision(cases[i].relative_sd, &precision), cases[i].status);
        assert_int_equal(precision, cases[i].precision);
    }
    assert_string_equal(ce_last_error(), "accuracy (nan) must be greater than 0.000017");
}

static void merging_is_counting_together(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {0, 3, 100, 127, 128, 129, 5000};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    for (int i = 0; i < SIZES * SIZES; i++) {
        uint64_t a_count = sizes[i / SIZES], b_count = sizes[i % SIZES], overlap = a_count / 2;
        struct owned a = sketch_of(1, 0, a_count, 9), b = sketch_of(1, a_count - overlap, b_count, 9);
        uint64_t end = a_count - overlap + b_count;
        struct owned both = sketch_of(1, 0, end > a_count ? end : a_count, 9);
        merge(&a, b.sketch);
        assert_true(ce_str_equal(a.sketch, both.sketch));
        struct owned nothing = empty(9);
        merge(&a, nothing.sketch);
        assert_true(ce_str_equal(a.sketch, both.sketch));
        merge(&nothing, b.sketch);
        assert_true(ce_str_equal(nothing.sketch, b.sketch));
        owned_close(&a);
        owned_close(&b);
        owned_close(&both);
        owned_close(&nothing);
    }
}

/* What is added to registers is what a merge adds. */
static void adding_in_place_is_merging(void **state)
{
    (void)state;
    uint64_t hashes[BATCH] = {0, 1, UINT64_MAX, 1ull << 54, 1ull << 55};
    cei_random random;
    cei_random_seed(&random, 3);
    for (int i = 5; i < BATCH; i++) {
        hashes[i] = cei_random_next(&random) >> (i % 64); /* few bits: high ranks */
    }
    for (uint32_t precision = CEI_HLL_PRECISION_MIN; precision <= 14; precision++) {
        char room[CEI_HLL_HEADER_BYTES + BATCH * CEI_HLL_ENTRY_BYTES];
        struct owned added = sketch_of(1, 0, 100000, precision), merged = sketch_of(1, 0, 100000, precision);
        struct owned sparse = empty(precision);
        assert_true(cei_hll_add_in_place(added.sketch, hashes, BATCH));
        assert_false(cei_hll_add_in_place(sparse.sketch, hashes, BATCH));
        merge(&merged, cei_hll_of(hashes, BATCH, precision, room));
        assert_true(ce_str_equal(added.sketch, merged.sketch));
        owned_close(&added);
        owned_close(&merged);
        owned_close(&sparse);
    }
}

static void damaged_bytes_are_no_sketch(void **state)
{
    (void)state;
    struct owned sparse = sketch_of(1, 0, 10, 9), dense = sketch_of(1, 0, 1000, 9);
    assert_true(cei_hll_is_sound(sparse.sketch) && cei_hll_is_sound(dense.sketch));
    for (uint32_t bytes = 0; bytes < dense.sketch.bytes; bytes++) {
        assert_false(cei_hll_is_sound((ce_str){dense.sketch.at, bytes}));
        bool whole = bytes >= 4 && bytes % 4 == 0;
        assert_true(bytes > sparse.sketch.bytes || cei_hll_is_sound((ce_str){sparse.sketch.at, bytes}) == whole);
    }
    static const char *const damaged[] = {"X\x09\0\0", "H\x03\0\0", "H\x1b\0\0", "H\x09\2\0"};
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        assert_false(cei_hll_is_sound((ce_str){damaged[i], 4}));
    }
    owned_close(&sparse);
    owned_close(&dense);
    cei_random random;
    cei_random_seed(&random, 5);
    for (int i = 0; i < 2000; i++) { /* whatever passes is read without harm */
        char bytes[CEI_HLL_HEADER_BYTES + 512];
        for (size_t j = 0; j < sizeof bytes; j++) {
            bytes[j] = (char)cei_random_next(&random);
        }
        memcpy(bytes, i % 2 ? "H\x09\0\0" : "H\x09\1\0", CEI_HLL_HEADER_BYTES);
        struct owned into = sketch_of(1, 0, i % 3 ? 10 : 1000, 9);
        ce_str random_sketch = {bytes, sizeof bytes};
        assert_true(cei_hll_is_sound(random_sketch));
        assert_true(cei_hll_estimate(random_sketch) >= 0);
        merge(&into, random_sketch);
        owned_close(&into);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_within_three_standard_errors),
        cmocka_unit_test(small_counts_are_exact),
        cmocka_unit_test(the_precision_is_that_of_spark),
        cmocka_unit_test(merging_is_counting_together),
        cmocka_unit_test(adding_in_place_is_merging),
        cmocka_unit_test(damaged_bytes_are_no_sketch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
