/*
 * compact_test.c: rows that stay against a loop that copies them one by one, for the widest instructions of this
 * machine and for the portable way, which is compiled in once more.
 */
#include "base/random.h"
#include "rdd/compact.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

uint32_t portable_compact(const char *in, size_t row_bytes, uint32_t count, const uint8_t *keep, char *out);

#define cei_compact portable_compact
#define __builtin_cpu_supports(name) 0
#include "rdd/compact.c"
#undef cei_compact

typedef uint32_t compact_function(const char *in, size_t row_bytes, uint32_t count, const uint8_t *keep, char *out);

static uint32_t naive(const char *in, size_t row_bytes, uint32_t count, const uint8_t *keep, char *out)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (keep[i]) {
            memcpy(out + kept++ * row_bytes, in + i * row_bytes, row_bytes);
        }
    }
    return kept;
}

/* in and keep are memory of exactly their size, so that a sanitizer sees reading behind them; out has the promised
 * slack. */
static void check(compact_function *compact, size_t row_bytes, uint32_t count, uint64_t keep_of_8, cei_random *random)
{
    char *in = malloc(row_bytes * count + 1), *wanted = malloc(row_bytes * count + 1);
    char *out = malloc(row_bytes * count + CEI_COMPACT_SLACK_BYTES + 8);
    uint8_t *keep = malloc(count + 1);
    memset(out, 0x77, row_bytes * count + CEI_COMPACT_SLACK_BYTES + 8);
    for (size_t i = 0; i < row_bytes * count; i++) {
        in[i] = (char)cei_random_next(random);
    }
    for (uint32_t i = 0; i < count; i++) {
        keep[i] = cei_random_below(random, 8) < keep_of_8;
    }
    in = realloc(in, count ? row_bytes * count : 1);
    keep = realloc(keep, count ? count : 1);
    uint32_t kept = naive(in, row_bytes, count, keep, wanted);
    assert_int_equal(compact(in, row_bytes, count, keep, out), kept);
    if (memcmp(out, wanted, kept * row_bytes) != 0) {
        fail_msg("%u rows of %zu bytes: other rows than the naive loop keeps", count, row_bytes);
    }
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(out[row_bytes * count + CEI_COMPACT_SLACK_BYTES + i], 0x77);
    }
    free(in);
    free(out);
    free(wanted);
    free(keep);
}

static void check_all(compact_function *compact)
{
    const char *text = getenv("CERIUM_TEST_SEED");
    cei_random random;
    cei_random_seed(&random, text ? strtoull(text, NULL, 10) : 20240229);
    for (size_t row_bytes = 1; row_bytes <= 40; row_bytes++) {
        for (uint32_t count = 0; count < 70; count++) {
            check(compact, row_bytes, count, cei_random_below(&random, 9), &random);
        }
        for (uint64_t keep_of_8 = 0; keep_of_8 <= 8; keep_of_8++) {
            check(compact, row_bytes, 1000 + (uint32_t)cei_random_below(&random, 50), keep_of_8, &random);
        }
    }
    check(compact, 3000, 20, 4, &random);
}

static void rows_of_every_size_are_kept_as_by_a_plain_loop(void **state)
{
    (void)state;
    check_all(cei_compact);
}

static void the_portable_way_keeps_the_same(void **state)
{
    (void)state;
    check_all(portable_compact);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_every_size_are_kept_as_by_a_plain_loop),
        cmocka_unit_test(the_portable_way_keeps_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
