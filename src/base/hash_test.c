/*
 * hash_test.c: that hashes are the published ones, and spread.
 */
#include "base/hash.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

static void bytes_hash_as_xxh3_does(void **state)
{
    (void)state;
    /* The empty input's value is published with the algorithm. */
    assert_true(cei_hash_bytes("", 0, 0) == 0x2D06800538D394C2ull);
    assert_true(cei_hash_bytes(NULL, 0, 0) == 0x2D06800538D394C2ull);
}

static void equal_bytes_hash_equal_at_any_address(void **state)
{
    (void)state;
    char first[1100], second[1100];
    for (size_t count = 0; count <= 1000; count += 37) {
        for (size_t shift = 0; shift < 9; shift++) {
            memset(first, 'a', count);
            memset(second + shift, 'a', count);
            assert_true(cei_hash_bytes(first, count, 5) == cei_hash_bytes(second + shift, count, 5));
        }
    }
}

static void length_content_and_seed_all_count(void **state)
{
    (void)state;
    const uint64_t hash = cei_hash_bytes("words", 5, 1);
    assert_false(hash == cei_hash_bytes("words", 4, 1));
    assert_false(hash == cei_hash_bytes("wordt", 5, 1));
    assert_false(hash == cei_hash_bytes("words", 5, 2));
}

static void mixed_words_spread_over_low_and_high_bits(void **state)
{
    (void)state;
    enum { KEYS = 1 << 16, BINS = 1 << 10 };
    static unsigned low[BINS], high[BINS];
    for (uint64_t key = 0; key < KEYS; key++) {
        const uint64_t hash = cei_hash_mix(key, 0);
        low[hash % BINS]++;
        high[hash >> 54]++;
    }
    for (int bin = 0; bin < BINS; bin++) { /* 64 are expected; 8 is a standard deviation */
        assert_in_range(low[bin], 64 - 56, 64 + 56);
        assert_in_range(high[bin], 64 - 56, 64 + 56);
    }
}

static void the_order_of_mixed_words_counts(void **state)
{
    (void)state;
    for (uint64_t a = 0; a < 50; a++) {
        for (uint64_t b = 0; b < a; b++) {
            assert_false(cei_hash_mix(a, b) == cei_hash_mix(b, a));
        }
    }
}

static void wide_hashes_tell_texts_apart_in_either_half(void **state)
{
    (void)state;
    uint64_t lows[1000], highs[1000];
    for (uint32_t i = 0; i < 1000; i++) {
        char text[64];
        int bytes = snprintf(text, sizeof text, "a text that ends in %u", i);
        cei_hash_bytes_wide(text, (size_t)bytes, &lows[i], &highs[i]);
        for (uint32_t j = 0; j < i; j++) {
            assert_false(lows[i] == lows[j]);
            assert_false(highs[i] == highs[j]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_hash_as_xxh3_does),
        cmocka_unit_test(equal_bytes_hash_equal_at_any_address),
        cmocka_unit_test(length_content_and_seed_all_count),
        cmocka_unit_test(mixed_words_spread_over_low_and_high_bits),
        cmocka_unit_test(the_order_of_mixed_words_counts),
        cmocka_unit_test(wide_hashes_tell_texts_apart_in_either_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
