/*
 * groups.h: what the tests of groups and joins share: inputs that are made where they are read, so that they take no
 * memory of the engine's; sums of rows in which neither the order of rows nor that of lists matters; and plain models.
 *
 *     CE_PAIR(joined, int64_t, int_pair);
 *     TEST_BAG(joined_rows, joined)
 *     ...
 *     test_bag got;
 *     GRID_TRY(test_bag_of(ce_join(a, b), &ce_fn_joined_rows, &got));
 *     test_bag_equal(got, expected);
 */
#ifndef CERIUM_TESTS_GROUPS_H
#define CERIUM_TESTS_GROUPS_H

#include "shuffle/key.h"
#include "support/wide.h"

/* A side of `rows` rows with keys from first on; with a skew, each second row has the key TEST_SKEWED. */
CE_RECORD(test_shape, (int64_t, rows), (int64_t, first), (int64_t, keys), (int64_t, skew), (int64_t, seed));

enum { TEST_SKEWED = 77777, TEST_KEYS_MAX = 100000, TEST_TEXT_MAX = 40 };

/* ---- hashes of values ---- */

static inline uint64_t test_mix(uint64_t a, uint64_t b)
{
    uint64_t x = (a ^ (b + 0x9e3779b97f4a7c15u)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 29) * 0x94d049bb133111ebu;
    return x ^ x >> 32;
}

enum { TEST_NONE = 99 };

static inline uint64_t test_number(int64_t number)
{
    return test_mix(1, (uint64_t)number);
}

static inline uint64_t test_both(uint64_t a, uint64_t b)
{
    return test_mix(test_mix(2, a), b);
}

/* Of the sum of a list's elements. */
static inline uint64_t test_list(uint64_t sum)
{
    return test_mix(3, sum);
}

/* A number as a text of 0 to TEST_TEXT_MAX bytes, and back. */
static inline int test_text_bytes(int64_t number)
{
    return (int)(number % (TEST_TEXT_MAX + 1));
}

static inline ce_str test_text_of(int64_t number)
{
    return number ? ce_str_printf("%0*lld", test_text_bytes(number), (long long)number) : (ce_str){NULL, 0};
}

static inline int64_t test_number_of(ce_str text)
{
    char copy[TEST_TEXT_MAX + 1], again[TEST_TEXT_MAX + 1] = "";
    assert_true(text.bytes <= TEST_TEXT_MAX);
    snprintf(copy, sizeof copy, "%.*s", (int)text.bytes, text.bytes ? text.at : "");
    const int64_t number = strtoll(copy, NULL, 10);
    if (number) {
        snprintf(again, sizeof again, "%0*lld", test_text_bytes(number), (long long)number);
    }
    assert_string_equal(copy, again);
    return number;
}

static inline uint64_t test_hash(const ce_type *type, const char *value)
{
    uint64_t hash = 2;
    if (type->kind == CE_KIND_STR) {
        ce_str text;
        memcpy(&text, value, sizeof text);
        return test_number(test_number_of(text));
    }
    if (type->kind == CE_KIND_INT64) {
        int64_t number;
        memcpy(&number, value, sizeof number);
        return test_number(number);
    }
    if (type->kind == CE_KIND_OPTION) {
        return *value ? test_hash(type->fields[1].type, value + type->fields[1].offset) : TEST_NONE;
    }
    if (type->kind == CE_KIND_LIST) {
        ce_list list;
        memcpy(&list, value, sizeof list);
        uint64_t sum = 0;
        for (uint32_t i = 0; i < list.count; i++) {
            sum += test_hash(type->element, (const char *)list.at + (size_t)i * type->element->bytes);
        }
        return test_list(sum);
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        hash = test_mix(hash, test_hash(type->fields[i].type, value + type->fields[i].offset));
    }
    return hash;
}

/* ---- bags of rows ---- */

CE_RECORD(test_bag, (uint64_t, count), (uint64_t, sum));

static inline test_bag test_bag_merge(test_bag a, test_bag b)
{
    return (test_bag){a.count + b.count, a.sum + b.sum};
}
CE_REDUCE(test_bag_merge, test_bag)

#define TEST_BAG(f, T)                                                                                                 \
    static inline test_bag f(test_bag bag, T row)                                                                      \
    {                                                                                                                  \
        return (test_bag){bag.count + 1, bag.sum + test_hash(&ce_type_##T, (const char *)&row)};                       \
    }                                                                                                                  \
    CE_AGGREGATE(f, test_bag, T)

static inline void test_bag_add(test_bag *bag, uint64_t row)
{
    *bag = (test_bag){bag->count + 1, bag->sum + row};
}

static inline ce_status test_bag_of(ce_rdd *rdd, const ce_function *add, test_bag *bag)
{
    const test_bag empty = {0, 0};
    ce_result result;
    ce_status status = ce_aggregate_with(rdd, &empty, add, &ce_fn_test_bag_merge, &result);
    if (status == CE_OK) {
        *bag = ce_result_value(&result, test_bag);
        ce_result_free(&result);
    }
    return status;
}

static inline void test_bag_equal(test_bag got, test_bag expected)
{
    assert_int_equal(got.count, expected.count);
    assert_true(got.sum == expected.sum);
}

/* ---- inputs ---- */

static inline int_pair test_row(int64_t index, const test_shape *shape)
{
    const uint64_t random = test_mix((uint64_t)shape->seed, (uint64_t)index) >> 8;
    const int64_t key = shape->first + (int64_t)(random % (uint64_t)shape->keys);
    return (int_pair){shape->skew && index % 2 ? TEST_SKEWED : key, (int64_t)(random >> 32) % 1000};
}
CE_MAP_WITH(test_row, int64_t, int_pair, test_shape)

static inline text_text test_text_row(int64_t index, const test_shape *shape)
{
    const int_pair row = test_row(index, shape);
    return (text_text){test_text_of(row.key), test_text_of(row.value)};
}
CE_MAP_WITH(test_text_row, int64_t, text_text, test_shape)

static inline ce_rdd *test_side(ce_context *sc, test_shape shape, bool as_texts, uint32_t partitions)
{
    ce_rdd *indices = ce_range(sc, 0, shape.rows, 1, partitions);
    return as_texts ? ce_map_with(indices, test_text_row, &shape) : ce_map_with(indices, test_row, &shape);
}

/* ---- models: arrays of rows, chained by key ---- */

typedef struct test_rows {
    int64_t count, *next;
    int_pair *rows;
    int64_t first[TEST_KEYS_MAX]; /* the first row of each key: -1 where it has none */
} test_rows;

static inline test_rows *test_rows_of(test_shape shape)
{
    test_rows *rows = calloc(1, sizeof *rows);
    rows->count = shape.rows;
    rows->rows = calloc((size_t)shape.rows + 1, sizeof *rows->rows);
    rows->next = calloc((size_t)shape.rows + 1, sizeof *rows->next);
    memset(rows->first, -1, sizeof rows->first);
    for (int64_t i = 0; i < shape.rows; i++) {
        rows->rows[i] = test_row(i, &shape);
        rows->next[i] = rows->first[rows->rows[i].key];
        rows->first[rows->rows[i].key] = i;
    }
    return rows;
}

static inline void test_rows_free(test_rows *rows)
{
    free(rows->rows);
    free(rows->next);
    free(rows);
}

/* The hash of the list of a key's values. */
static inline uint64_t test_values_of(const test_rows *rows, int64_t key)
{
    uint64_t sum = 0;
    for (int64_t i = rows->first[key]; i >= 0; i = rows->next[i]) {
        sum += test_number(rows->rows[i].value);
    }
    return test_list(sum);
}

/* The rows of a join, by loops; with those that have no partner on the other side where they are kept. */
static inline test_bag test_joined(test_shape left, test_shape right, bool keeps_left, bool keeps_right)
{
    test_rows *a = test_rows_of(left), *b = test_rows_of(right);
    test_bag bag = {0, 0};
    for (int64_t i = 0; i < a->count; i++) {
        const uint64_t key = test_number(a->rows[i].key), value = test_number(a->rows[i].value);
        int64_t j = b->first[a->rows[i].key];
        if (j < 0 && keeps_left) {
            test_bag_add(&bag, test_both(key, test_both(value, TEST_NONE)));
        }
        for (; j >= 0; j = b->next[j]) {
            test_bag_add(&bag, test_both(key, test_both(value, test_number(b->rows[j].value))));
        }
    }
    for (int64_t j = 0; keeps_right && j < b->count; j++) {
        if (a->first[b->rows[j].key] < 0) {
            const uint64_t value = test_number(b->rows[j].value);
            test_bag_add(&bag, test_both(test_number(b->rows[j].key), test_both(TEST_NONE, value)));
        }
    }
    test_rows_free(a);
    test_rows_free(b);
    return bag;
}

/* ---- Spark's answers ---- */

CE_PAIR(number_letter, int64_t, ce_str);

/* A text in an initializer. */
#define TEXT(literal)                                                                                                  \
    {                                                                                                                  \
        literal, sizeof(literal) - 1                                                                                   \
    }

/* Compares the rows, as a set, with the golden of that name. */
static inline void test_golden_set(const char *name, ce_rdd *rdd)
{
    char *text = test_set(rdd);
    test_golden(name, text);
    free(text);
}

/* ---- shapes and contexts ---- */

/* Small ones for the grid, and large ones that one megabyte does not hold; each side has keys that the other lacks. */
static const test_shape test_small_left = {300, 0, 40, 0, 1}, test_small_right = {200, 10, 40, 0, 2};
static const test_shape test_large_left = {40000, 0, 20000, 0, 3}, test_large_right = {40000, 5000, 20000, 0, 4};
static const test_shape test_skewed_left = {40000, 0, 9000, 1, 5}, test_skewed_right = {40000, 3000, 9000, 1, 6};

static inline void test_see_spills(const ce_event *event, void *arg)
{
    uint64_t *spilled = arg;
    if (event->kind == CE_EVENT_TASK_END && event->metrics) {
        *spilled += event->metrics->spilled_disk_bytes;
    }
}

/* Runs body where that much is all the memory there is, and says how many bytes its tasks wrote to disk. */
static inline uint64_t test_run_in_memory(const char *memory, grid_body *body, void *arg)
{
    uint64_t spilled = 0;
    ce_context *sc = grid_open("local[2]", "memory_bytes_max", memory, NULL);
    assert_int_equal(ce_add_listener(sc, test_see_spills, &spilled), CE_OK);
    ce_status status = body(sc, arg);
    if (status != CE_OK) {
        fail_msg("in memory of %s: %s", memory, ce_last_error());
    }
    ce_remove_listener(sc, test_see_spills, &spilled);
    ce_context_close(sc);
    return spilled;
}

static inline uint64_t test_run_short_of_memory(grid_body *body, void *arg)
{
    return test_run_in_memory("1m", body, arg);
}

/* Runs body where the hashes of all keys are equal. */
static inline void test_run_with_equal_hashes(grid_body *body, void *arg)
{
    const uint32_t mask = cei_key_hash_mask;
    cei_key_hash_mask = 0;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_status status = body(sc, arg);
    cei_key_hash_mask = mask;
    assert_int_equal(status, CE_OK);
    ce_context_close(sc);
}

#endif
