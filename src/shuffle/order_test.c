/*
 * order_test.c: prefixes never contradict the comparison of values, and rows compare as their keys do.
 */
#include "shuffle/order.h"
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

CE_OPTION(maybe, double);
CE_PAIR(named, ce_str, int64_t);
CE_RECORD(place, (int32_t, x), (ce_str, name));
CE_LIST(numbers, int16_t);
CE_PAIR(row, int32_t, double);

static inline int by_parity(int32_t a, int32_t b)
{
    return (a & 1) - (b & 1);
}
CE_COMPARE(by_parity, int32_t)

static inline int64_t negative(row from)
{
    return -(int64_t)from.key;
}
CE_MAP(negative, row, int64_t)

static int sign(int64_t number)
{
    return (number > 0) - (number < 0);
}

/* Every two of the values, both ways. Equal values have equal prefixes; where prefixes decide, equal prefixes mean
 * equal values. */
static void check_pairs(const ce_type *type, const void *values, uint32_t count)
{
    const char *at = values;
    for (int descending = 0; descending < 2; descending++) {
        const cei_order order = {.row = type, .key = type, .descending = descending};
        uint64_t prefixes[64];
        assert_true(count <= 64);
        assert_int_equal(cei_order_prefixes(&order, at, count, prefixes), CE_OK);
        for (uint32_t i = 0; i < count * count; i++) {
            const uint32_t x = i / count, y = i % count;
            const char *a = at + x * type->bytes, *b = at + y * type->bytes;
            const int wanted = sign(ce_type_compare(type, a, b)) * (descending ? -1 : 1);
            const int by_prefix = (prefixes[x] > prefixes[y]) - (prefixes[x] < prefixes[y]);
            int compared;
            assert_int_equal(cei_order_compare(&order, a, b, &compared), CE_OK);
            assert_int_equal(sign(compared), wanted);
            assert_true(by_prefix == wanted || (by_prefix == 0 && !cei_order_is_decided(&order)));
            if (by_prefix == 0) {
                assert_int_equal(sign(cei_order_compare_rest(&order, a, b)), wanted);
            }
        }
    }
}

#define CHECK(TYPE, ...)                                                                                               \
    do {                                                                                                               \
        const TYPE values[] = {__VA_ARGS__};                                                                           \
        check_pairs(CE_TYPE(TYPE), values, sizeof values / sizeof *values);                                            \
    } while (0)

static void prefixes_of_numbers_order_like_the_numbers(void **state)
{
    (void)state;
    CHECK(bool, false, true);
    CHECK(int8_t, 0, 1, -1, INT8_MIN, INT8_MAX);
    CHECK(uint8_t, 0, 1, 127, 128, UINT8_MAX);
    CHECK(int16_t, 0, 1, -1, INT16_MIN, INT16_MAX);
    CHECK(uint16_t, 0, 1, 0x7fff, 0x8000, UINT16_MAX);
    CHECK(int32_t, 0, 1, -1, 256, -256, INT32_MIN, INT32_MAX);
    CHECK(uint32_t, 0, 1, 0x7fffffff, 0x80000000, UINT32_MAX);
    CHECK(int64_t, 0, 1, -1, INT64_MIN, INT64_MIN + 1, INT64_MAX, INT64_MAX - 1);
    CHECK(uint64_t, 0, 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX);
    CHECK(double, 0.0, -0.0, NAN, -NAN, INFINITY, -INFINITY, DBL_MIN, -DBL_MIN, DBL_TRUE_MIN, 1.5, -1.5, DBL_MAX);
    CHECK(float, 0.0f, -0.0f, NAN, -NAN, INFINITY, -INFINITY, FLT_MIN, FLT_TRUE_MIN, -FLT_TRUE_MIN, 1.5f, FLT_MAX);
}

static void prefixes_of_strings_order_like_their_first_bytes(void **state)
{
    (void)state;
    CHECK(ce_str, {"", 0}, {"\0", 1}, {"a", 1}, {"a\0", 2}, {"ab", 2}, {"abcdefgh", 8}, {"abcdefgh\0", 9},
          {"abcdefghi", 9}, {"abcdefgz", 8}, {"\xff", 1}, {"\x7f", 1}, {"\xff\xff\xff\xff\xff\xff\xff\xff", 8});
}

static void prefixes_of_rows_order_like_their_first_field(void **state)
{
    (void)state;
    static const int16_t some[] = {1, -2, 3};
    CHECK(maybe, {false, 0}, {true, 0}, {true, -INFINITY}, {true, NAN}, {true, 1.0}, {true, nextafter(1.0, 2.0)});
    CHECK(named, {{"abcdefghi", 9}, 1}, {{"abcdefghi", 9}, -1}, {{"abcdefgh", 8}, 7}, {{"", 0}, 0});
    CHECK(place, {1, {"a", 1}}, {1, {"b", 1}}, {-1, {"z", 1}}, {INT32_MIN, {"", 0}});
    CHECK(numbers, {NULL, 0}, {some, 1}, {some + 1, 2}, {some, 3});
}

static void a_function_or_a_derived_key_orders_rows(void **state)
{
    (void)state;
    const row rows[] = {{2, 0.5}, {3, 0.25}, {4, 1}};
    cei_order order = {.by = CEI_ORDER_BY_FUNCTION, .row = CE_TYPE(row), .key = CE_TYPE(int32_t)};
    order.compare = &ce_fn_by_parity;
    int compared;
    assert_int_equal(cei_order_compare(&order, (const char *)&rows[0], (const char *)&rows[1], &compared), CE_OK);
    assert_true(compared < 0);
    assert_int_equal(cei_order_compare(&order, (const char *)&rows[0], (const char *)&rows[2], &compared), CE_OK);
    assert_int_equal(compared, 0);
    order = (cei_order){.row = CE_TYPE(row), .key = CE_TYPE(double), .key_offset = offsetof(row, value)};
    assert_int_equal(cei_order_compare(&order, (const char *)&rows[0], (const char *)&rows[1], &compared), CE_OK);
    assert_true(compared > 0);
    order = (cei_order){.row = CE_TYPE(row), .key = CE_TYPE(int64_t), .derive = &ce_fn_negative};
    assert_int_equal(cei_order_compare(&order, (const char *)&rows[0], (const char *)&rows[1], &compared), CE_OK);
    assert_true(compared > 0);
    assert_true(cei_order_compare_rest(&order, (const char *)&rows[0], (const char *)&rows[1]) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes_of_numbers_order_like_the_numbers),
        cmocka_unit_test(prefixes_of_strings_order_like_their_first_bytes),
        cmocka_unit_test(prefixes_of_rows_order_like_their_first_field),
        cmocka_unit_test(a_function_or_a_derived_key_orders_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
