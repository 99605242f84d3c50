/*
 * table_test.c: the combine table against a sorted array, for every form of key and value.
 *
 * The model sorts all rows by key with ce_type_compare, which knows nothing of cells and hashes, and folds runs of
 * equal keys.
 */
#include "base/fault.h"
#include "base/random.h"
#include "data/value.h"
#include "shuffle/table.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

CE_PAIR(str_count, ce_str, int64_t);
CE_PAIR(int64_count, int64_t, int64_t);
CE_PAIR(int32_count, int32_t, int64_t);
CE_PAIR(int8_count, int8_t, int64_t);
CE_PAIR(double_count, double, int64_t);
CE_PAIR(float_count, float, int64_t);
CE_PAIR(bool_count, bool, int64_t);
CE_PAIR(named, ce_str, int64_t);
CE_PAIR(named_count, named, int64_t);
CE_LIST(words, ce_str);
CE_PAIR(words_count, words, int64_t);
CE_LIST(longs, int64_t);
CE_PAIR(longs_count, longs, int64_t);
CE_OPTION(maybe, double);
CE_PAIR(maybe_count, maybe, int64_t);
CE_RECORD(wide, (int64_t, a), (int32_t, b), (double, c));
CE_PAIR(wide_count, wide, int64_t);
CE_PAIR(int8_pair, int8_t, uint8_t);
CE_PAIR(int8_pair_count, int8_pair, int64_t);
CE_PAIR(int64_pair, int64_t, int64_t);
CE_PAIR(int64_pair_count, int64_pair, int64_t);
CE_RECORD(three, (int32_t, a), (int16_t, b), (bool, c), (int8_t, d), (uint32_t, e));
CE_PAIR(three_count, three, int64_t);
CE_PAIR(gap, int64_t, int32_t);
CE_PAIR(gap_count, gap, int64_t);
CE_PAIR(uint64_count, uint64_t, int64_t);
CE_PAIR(int64_text, int64_t, ce_str);
CE_PAIR(text_text, ce_str, ce_str);

static inline int64_t add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(add, int64_t)

static inline ce_str greater(ce_str a, ce_str b)
{
    return ce_str_compare(a, b) >= 0 ? a : b;
}
CE_REDUCE(greater, ce_str)

static uint64_t seed(void)
{
    const char *text = getenv("CERIUM_TEST_SEED");
    return text ? strtoull(text, NULL, 10) : 20240229;
}

static cei_combiner combiner_of(const ce_type *row, const ce_function *merge)
{
    cei_combiner combiner = {.row = row, .out = row, .key = row};
    if (merge) {
        combiner.key = row->fields[0].type;
        combiner.value = combiner.accumulator = row->fields[1].type;
        combiner.value_offset = combiner.accumulator_offset = row->fields[1].offset;
        combiner.merge = merge;
    }
    return combiner;
}

/* ---- random keys ---- */

static ce_str random_str(cei_random *random, cei_arena *arena)
{
    static const uint32_t lengths[] = {0, 1, 2, 7, 8, 9, 15, 16, 17, 18, 31, 33, 100};
    uint32_t bytes = lengths[cei_random_below(random, sizeof lengths / sizeof *lengths)];
    char *at = cei_arena_alloc(arena, bytes);
    for (uint32_t i = 0; i < bytes; i++) {
        at[i] = i + 1 < bytes && bytes > 2 ? 'x' : "\0ab\xff"[cei_random_below(random, 4)];
    }
    bool null_when_empty = bytes == 0 && cei_random_below(random, 2);
    return (ce_str){null_when_empty ? NULL : at, bytes};
}

static void random_key(cei_random *random, cei_arena *arena, const ce_type *type, char *key)
{
    static const double doubles[] = {0.0, -0.0, NAN, INFINITY, -INFINITY, 1.5, 5e-324, -1e300};
    if (type->kind == CE_KIND_STR) {
        ce_str str = random_str(random, arena);
        memcpy(key, &str, sizeof str);
    } else if (type->kind == CE_KIND_LIST) {
        uint32_t count = (uint32_t)cei_random_below(random, 4), bytes = type->element->bytes;
        char *elements = cei_arena_alloc_zeroed(arena, (size_t)count * bytes + 1);
        for (uint32_t i = 0; i < count; i++) {
            random_key(random, arena, type->element, elements + (size_t)i * bytes);
        }
        ce_list list = {count ? elements : NULL, count};
        memcpy(key, &list, sizeof list);
    } else if (type->kind == CE_KIND_FLOAT64) {
        double number = doubles[cei_random_below(random, 8)];
        uint64_t other_nan = 0xFFF8000000000123;
        memcpy(key, cei_random_below(random, 9) ? (void *)&number : (void *)&other_nan, 8);
    } else if (type->kind == CE_KIND_FLOAT32) {
        float number = (float)doubles[cei_random_below(random, 6)];
        memcpy(key, &number, 4);
    } else if (type->field_count) {
        for (uint32_t i = 0; i < type->field_count; i++) {
            random_key(random, arena, type->fields[i].type, key + type->fields[i].offset);
        }
    } else {
        uint64_t number =
            type->kind == CE_KIND_BOOL ? cei_random_below(random, 2) : cei_random_below(random, 300) - 150;
        memcpy(key, &number, type->bytes);
    }
}

/* ---- table and model ---- */

static int by_key(const void *a, const void *b, void *type)
{
    return ce_type_compare(type, a, b);
}

/* Folds rows of (key, int64) with equal keys; returns how many are left, sorted. */
static uint32_t model(const ce_type *row, char *rows, uint32_t count)
{
    uint32_t left = 0, size = row->bytes;
    qsort_r(rows, count, size, by_key, (void *)(uintptr_t)row->fields[0].type);
    for (uint32_t i = 0; i < count; i++) {
        char *last = rows + (size_t)(left - 1) * size, *at = rows + (size_t)i * size;
        int64_t sum, more;
        memcpy(&more, at + row->fields[1].offset, 8);
        if (left && ce_type_compare(row->fields[0].type, last, at) == 0) {
            memcpy(&sum, last + row->fields[1].offset, 8);
            sum += more;
            memcpy(last + row->fields[1].offset, &sum, 8);
        } else {
            memmove(rows + (size_t)left++ * size, at, size);
        }
    }
    return left;
}

/* All rows of a table in key order, in memory of the caller; strings may point into the table and the arena. */
static char *scan_all(const cei_table *table, cei_random *random, cei_arena *arena, uint32_t *count)
{
    const ce_type *row = table->combiner->out;
    char *rows = calloc(table->used + 1, row->bytes);
    uint32_t n;
    uint64_t position = 0;
    *count = 0;
    do {
        uint32_t most = 1 + (uint32_t)cei_random_below(random, 1000);
        char *to = rows + (size_t)*count * row->bytes;
        assert_int_equal(cei_table_scan(table, &position, most, to, arena, &n), CE_OK);
        assert_true(n <= most);
        *count += n;
        assert_true(*count <= table->used);
    } while (n);
    assert_int_equal(*count, table->used);
    qsort_r(rows, *count, row->bytes, by_key, (void *)(uintptr_t)table->key);
    return rows;
}

static void push_in_parts(cei_table *table, cei_random *random, const char *rows, uint32_t count)
{
    uint32_t bytes = table->combiner->out->bytes;
    for (uint32_t i = 0; i < count;) {
        uint32_t part = 1 + (uint32_t)cei_random_below(random, cei_random_below(random, 2) ? 3 : 2000);
        part = part < count - i ? part : count - i;
        assert_int_equal(cei_table_push(table, rows + (size_t)i * bytes, part), CE_OK);
        i += part;
    }
}

static void assert_same_rows(const ce_type *row, const char *got, uint32_t got_count, const char *wanted,
                             uint32_t count)
{
    char name[200], a[400], b[400];
    if (got_count != count) {
        fail_msg("%s: %u rows instead of %u", ce_type_text(row, name, sizeof name), got_count, count);
    }
    for (uint32_t i = 0; i < count; i++, got += row->bytes, wanted += row->bytes) {
        if (ce_type_compare(row, got, wanted) != 0) {
            fail_msg("%s: row %u is %s instead of %s", ce_type_text(row, name, sizeof name), i,
                     ce_type_print(row, got, a, sizeof a), ce_type_print(row, wanted, b, sizeof b));
        }
    }
}

static void check_sums(const ce_type *row, uint32_t count, cei_random *random)
{
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    cei_arena arena;
    cei_arena_open(&arena, pool, 0);
    cei_combiner combiner = combiner_of(row, &ce_fn_add);
    cei_table table;
    char *rows = calloc(count + 1, row->bytes);
    for (uint32_t i = 0; i < count; i++) {
        int64_t one = 1 + (int64_t)cei_random_below(random, 5);
        random_key(random, &arena, row->fields[0].type, rows + (size_t)i * row->bytes);
        memcpy(rows + (size_t)i * row->bytes + row->fields[1].offset, &one, 8);
    }
    cei_table_open(&table, &combiner, pool);
    push_in_parts(&table, random, rows, count);
    uint32_t got_count, wanted_count = model(row, rows, count);
    char *got = scan_all(&table, random, &arena, &got_count);
    assert_same_rows(row, got, got_count, rows, wanted_count);
    free(got);
    free(rows);
    cei_table_close(&table);
    cei_arena_close(&arena);
    assert_int_equal(cei_pool_used(pool).used_bytes, 0);
    cei_pool_close(pool);
}

static void sums_by_keys_of_every_type_are_those_of_a_sorted_array(void **state)
{
    (void)state;
    static const ce_type *const rows[] = {&ce_type_str_count,       &ce_type_int64_count,      &ce_type_int32_count,
                                          &ce_type_int8_count,      &ce_type_double_count,     &ce_type_float_count,
                                          &ce_type_bool_count,      &ce_type_named_count,      &ce_type_words_count,
                                          &ce_type_longs_count,     &ce_type_maybe_count,      &ce_type_wide_count,
                                          &ce_type_int8_pair_count, &ce_type_int64_pair_count, &ce_type_three_count,
                                          &ce_type_gap_count,       &ce_type_uint64_count};
    cei_random random;
    cei_random_seed(&random, seed());
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (uint32_t count = 0; count < 20000; count = count * 3 + 1) {
            check_sums(rows[i], count, &random);
        }
    }
}

static void keys_that_no_row_has_repeat_are_each_a_row(void **state)
{
    (void)state;
    enum { KEYS = 300000 };
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    cei_arena arena;
    cei_random random;
    cei_random_seed(&random, seed());
    cei_arena_open(&arena, pool, 0);
    cei_combiner combiner = combiner_of(&ce_type_int64_count, &ce_fn_add);
    int64_count *rows = calloc(KEYS, sizeof *rows);
    /* Neighbours, and numbers that differ in high bits only: the table must find a slot for each in reasonable time. */
    for (int shift = 0; shift <= 44; shift += 22) {
        cei_table table;
        cei_table_open(&table, &combiner, pool);
        for (int64_t i = 0; i < KEYS; i++) {
            rows[i] = (int64_count){(int64_t)((uint64_t)i << shift), i};
        }
        push_in_parts(&table, &random, (const char *)rows, KEYS);
        push_in_parts(&table, &random, (const char *)rows, KEYS);
        uint32_t count;
        int64_count *got = (int64_count *)(void *)scan_all(&table, &random, &arena, &count);
        assert_int_equal(count, KEYS);
        qsort_r(rows, KEYS, sizeof *rows, by_key, (void *)(uintptr_t)&ce_type_int64_t);
        for (int64_t i = 0; i < KEYS; i++) {
            assert_int_equal(got[i].key, rows[i].key);
            assert_int_equal(got[i].value, 2 * rows[i].value);
        }
        free(got);
        cei_table_close(&table);
    }
    free(rows);
    cei_arena_close(&arena);
    cei_pool_close(pool);
}

static void strings_at_the_end_of_a_page_are_read_no_further(void **state)
{
    (void)state;
    enum { PAGE = 4096, LENGTH_MAX = 40 };
    char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(pages, MAP_FAILED);
    assert_int_equal(mprotect(pages + PAGE, PAGE, PROT_NONE), 0);
    memset(pages, 'z', PAGE);
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    cei_combiner combiner = combiner_of(&ce_type_str_count, &ce_fn_add);
    cei_table table;
    cei_table_open(&table, &combiner, pool);
    for (uint32_t bytes = 0; bytes <= LENGTH_MAX; bytes++) {
        char elsewhere[64 + LENGTH_MAX];
        memset(elsewhere, 'q', sizeof elsewhere); /* what stands behind a key must not count */
        memset(elsewhere, 'z', bytes);
        const str_count rows[] = {{{pages + PAGE - bytes, bytes}, 1}, {{elsewhere, bytes}, 1}};
        assert_int_equal(cei_table_push(&table, (const char *)rows, 2), CE_OK);
        assert_int_equal(table.used, bytes + 1);
    }
    str_count rows[LENGTH_MAX + 2];
    uint64_t position = 0;
    uint32_t count;
    assert_int_equal(cei_table_scan(&table, &position, LENGTH_MAX + 2, (char *)rows, NULL, &count), CE_OK);
    assert_int_equal(count, LENGTH_MAX + 1);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(rows[i].value, 2);
    }
    cei_table_close(&table);
    cei_pool_close(pool);
    munmap(pages, 2 * PAGE);
}

static void distinct_rows_are_those_of_a_sorted_array(void **state)
{
    (void)state;
    static const ce_type *const types[] = {&ce_type_ce_str, &ce_type_int64_t, &ce_type_double, &ce_type_named,
                                           &ce_type_words,  &ce_type_maybe,   &ce_type_three,  &ce_type_int64_pair};
    enum { COUNT = 5000 };
    cei_random random;
    cei_random_seed(&random, seed() + 1);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        cei_pool *pool = cei_pool_open(UINT64_MAX);
        cei_arena arena;
        cei_table table;
        cei_combiner combiner = combiner_of(types[i], NULL);
        uint32_t size = types[i]->bytes, got_count, wanted = 0;
        char *rows = calloc(COUNT, size);
        cei_arena_open(&arena, pool, 0);
        for (uint32_t j = 0; j < COUNT; j++) {
            random_key(&random, &arena, types[i], rows + (size_t)j * size);
        }
        cei_table_open(&table, &combiner, pool);
        push_in_parts(&table, &random, rows, COUNT);
        qsort_r(rows, COUNT, size, by_key, (void *)(uintptr_t)types[i]);
        for (uint32_t j = 0; j < COUNT; j++) {
            char *at = rows + (size_t)j * size, *last = rows + (size_t)(wanted - 1) * size;
            if (wanted == 0 || ce_type_compare(types[i], last, at) != 0) {
                memmove(rows + (size_t)wanted++ * size, at, size);
            }
        }
        char *got = scan_all(&table, &random, &arena, &got_count);
        assert_same_rows(types[i], got, got_count, rows, wanted);
        free(got);
        free(rows);
        cei_table_close(&table);
        cei_arena_close(&arena);
        cei_pool_close(pool);
    }
}

/* ---- accumulators of another type ---- */

CE_RECORD(mean, (int64_t, sum), (int64_t, count));
CE_PAIR(int32_mean, int32_t, mean);

static inline mean begin(int64_t value)
{
    return (mean){value, 1};
}
CE_MAP(begin, int64_t, mean)

static inline mean merge(mean so_far, int64_t value)
{
    return (mean){so_far.sum + value, so_far.count + 1};
}
CE_AGGREGATE(merge, mean, int64_t)

static void an_accumulator_begins_as_created_or_with_zero(void **state)
{
    (void)state;
    enum { ROWS = 5000, KEYS = 40 };
    static const mean zero = {1000, 0};
    int32_count rows[ROWS];
    for (int i = 0; i < ROWS; i++) {
        rows[i] = (int32_count){i % KEYS - KEYS / 2, i};
    }
    for (int with_zero = 0; with_zero < 2; with_zero++) {
        cei_pool *pool = cei_pool_open(UINT64_MAX);
        cei_combiner combiner = combiner_of(&ce_type_int32_count, &ce_fn_merge);
        combiner.out = &ce_type_int32_mean;
        combiner.accumulator = &ce_type_mean;
        combiner.accumulator_offset = offsetof(int32_mean, value);
        combiner.create = with_zero ? NULL : &ce_fn_begin;
        combiner.zero = with_zero ? &zero : NULL;
        cei_table table;
        int32_mean means[KEYS + 1];
        uint64_t position = 0;
        uint32_t count;
        cei_table_open(&table, &combiner, pool);
        assert_int_equal(cei_table_push(&table, (const char *)rows, ROWS), CE_OK);
        assert_int_equal(cei_table_scan(&table, &position, KEYS + 1, (char *)means, NULL, &count), CE_OK);
        assert_int_equal(count, KEYS);
        for (uint32_t i = 0; i < count; i++) {
            int64_t sum = with_zero ? 1000 : 0;
            for (int j = means[i].key + KEYS / 2; j < ROWS; j += KEYS) {
                sum += j;
            }
            assert_int_equal(means[i].value.sum, sum);
            assert_int_equal(means[i].value.count, ROWS / KEYS);
        }
        cei_table_close(&table);
        cei_pool_close(pool);
    }
}

/* ---- layouts ---- */

static void keys_that_leave_the_arrays_range_are_kept_with_all_others(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    cei_combiner combiner = combiner_of(&ce_type_int64_count, &ce_fn_add);
    cei_table table;
    cei_arena arena;
    cei_random random;
    uint32_t count;
    cei_random_seed(&random, seed());
    cei_arena_open(&arena, pool, 0);
    cei_table_open(&table, &combiner, pool);
    const int64_count near[] = {{5, 1}, {0, 1}, {-3, 1}, {40000, 1}}, far[] = {{INT64_MAX, 1}, {0, 1}, {INT64_MIN, 1}};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(cei_table_push(&table, (const char *)&near[i], 1), CE_OK);
        assert_int_equal(table.layout, CEI_TABLE_ARRAY);
    }
    assert_int_equal(cei_table_push(&table, (const char *)near, 4), CE_OK);
    assert_int_equal(cei_table_push(&table, (const char *)far, 3), CE_OK);
    assert_int_equal(table.layout, CEI_TABLE_WORDS);
    int64_count *got = (int64_count *)(void *)scan_all(&table, &random, &arena, &count);
    const int64_count wanted[] = {{INT64_MIN, 1}, {-3, 2}, {0, 3}, {5, 2}, {40000, 2}, {INT64_MAX, 1}};
    assert_int_equal(count, 6);
    assert_memory_equal(got, wanted, sizeof wanted);
    free(got);
    cei_table_reset(&table);
    assert_int_equal(table.used, 0);
    assert_int_equal(cei_table_push(&table, (const char *)far, 3), CE_OK);
    got = (int64_count *)(void *)scan_all(&table, &random, &arena, &count);
    assert_int_equal(count, 3);
    assert_int_equal(got[1].key, 0);
    assert_int_equal(got[1].value, 1);
    free(got);
    cei_table_close(&table);
    cei_arena_close(&arena);
    cei_pool_close(pool);
}

/* Pushes different keys, part by part and all once more, and looks for the sums. */
static void check_keys(const uint64_t *keys, uint32_t count, uint32_t part, cei_table_layout layout)
{
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    cei_combiner combiner = combiner_of(&ce_type_uint64_count, &ce_fn_add);
    cei_table table;
    uint64_count *rows = calloc(count, sizeof *rows), *got = calloc(count + 1, sizeof *got);
    uint64_t position = 0;
    uint32_t got_count;
    cei_table_open(&table, &combiner, pool);
    for (uint32_t i = 0; i < count; i++) {
        rows[i] = (uint64_count){keys[i], i + 1};
    }
    for (uint32_t i = 0; i < count; i += part) {
        assert_int_equal(cei_table_push(&table, (const char *)(rows + i), part < count - i ? part : count - i), CE_OK);
    }
    assert_int_equal(cei_table_push(&table, (const char *)rows, count), CE_OK);
    assert_int_equal(table.layout, layout);
    assert_int_equal(cei_table_scan(&table, &position, count + 1, (char *)got, NULL, &got_count), CE_OK);
    assert_int_equal(got_count, count);
    qsort_r(rows, count, sizeof *rows, by_key, (void *)(uintptr_t)&ce_type_uint64_t);
    qsort_r(got, count, sizeof *got, by_key, (void *)(uintptr_t)&ce_type_uint64_t);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(got[i].key, rows[i].key);
        assert_int_equal(got[i].value, 2 * rows[i].value);
    }
    cei_table_close(&table);
    cei_pool_close(pool);
    free(rows);
    free(got);
}

static void an_array_reaches_up_and_down_and_around_the_end_of_the_range(void **state)
{
    (void)state;
    enum { KEYS = 1 << 16 };
    static uint64_t keys[KEYS + 1];
    static const uint32_t parts[] = {1, 7, 256, KEYS + 1};
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        for (uint64_t i = 0; i <= KEYS; i++) {
            keys[i] = 100 + i;
        }
        check_keys(keys, KEYS, parts[p], CEI_TABLE_ARRAY);
        check_keys(keys, KEYS + 1, parts[p], CEI_TABLE_WORDS);
        for (uint64_t i = 0; i <= KEYS; i++) { /* down, from a little above 0 to a little below 2^64 */
            keys[i] = 1000 - i;
        }
        check_keys(keys, KEYS / 2, parts[p], CEI_TABLE_ARRAY);
        check_keys(keys, KEYS + 1, parts[p], CEI_TABLE_WORDS);
        for (uint64_t i = 0; i < 1000; i++) { /* to both sides in turn */
            keys[i] = i % 2 ? 1ull << 63 | i : (1ull << 63) - i;
        }
        check_keys(keys, 1000, parts[p], CEI_TABLE_ARRAY);
    }
    const uint64_t far[] = {0, UINT64_MAX / 2, 1, UINT64_MAX / 2 + 1, UINT64_MAX};
    check_keys(far, 5, 5, CEI_TABLE_WORDS);
    check_keys(far, 5, 1, CEI_TABLE_WORDS);
}

CE_RECORD(large, (wide, a), (wide, b), (wide, c), (wide, d), (wide, e), (wide, f));
CE_PAIR(int64_large, int64_t, large);

static inline large later(large a, large b)
{
    return b.a.a >= a.a.a ? b : a;
}
CE_REDUCE(later, large)

static void an_array_of_large_values_takes_no_more_than_a_cache(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    cei_combiner combiner = combiner_of(&ce_type_int64_large, &ce_fn_later);
    cei_table table;
    cei_table_open(&table, &combiner, pool);
    const int64_large rows[2] = {{1, {.a = {.a = 5}}}, {60000, {.a = {.a = 6}}}};
    assert_int_equal(cei_table_push(&table, (const char *)rows, 2), CE_OK);
    assert_true(cei_table_bytes(&table) <= 1 << 20);
    assert_int_equal(table.used, 2);
    cei_table_close(&table);
    cei_pool_close(pool);
}

static void keys_are_told_apart_when_all_hashes_are_equal(void **state)
{
    (void)state;
    static const ce_type *const rows[] = {&ce_type_str_count,   &ce_type_int64_count,      &ce_type_double_count,
                                          &ce_type_words_count, &ce_type_int64_pair_count, &ce_type_three_count};
    cei_random random;
    cei_random_seed(&random, seed());
    cei_key_hash_mask = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_sums(rows[i], 3000, &random);
    }
    cei_key_hash_mask = UINT32_MAX;
}

static void look_up_finds_what_is_there_and_makes_nothing(void **state)
{
    (void)state;
    enum { KEYS = 200 };
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    cei_table numbered, texted;
    void *values[KEYS];
    uint8_t is_new[KEYS];
    int64_count numbers[KEYS];
    str_count strings[KEYS];
    char texts[KEYS][40];
    cei_table_open_for(&numbered, &ce_type_int64_t, sizeof *numbers, 8, pool);
    cei_table_open_for(&texted, &ce_type_ce_str, sizeof *strings, 8, pool);
    for (int i = 0; i < KEYS; i++) {
        int bytes = snprintf(texts[i], sizeof texts[i], i % 2 ? "%d" : "%d and more than fits inline", i);
        numbers[i].key = i;
        strings[i].key = (ce_str){texts[i], (uint32_t)bytes};
    }
    assert_int_equal(cei_table_look_up(&numbered, (const char *)numbers, sizeof *numbers, KEYS, values), CE_OK);
    assert_null(values[0]);
    assert_int_equal(cei_table_find(&numbered, (const char *)numbers, KEYS / 2, values, is_new), CE_OK);
    assert_int_equal(cei_table_find(&texted, (const char *)strings, KEYS / 2, values, is_new), CE_OK);
    assert_int_equal(cei_table_look_up(&numbered, (const char *)numbers, sizeof *numbers, KEYS, values), CE_OK);
    for (int i = 0; i < KEYS; i++) {
        assert_int_equal(values[i] != NULL, i < KEYS / 2);
    }
    assert_int_equal(cei_table_look_up(&texted, (const char *)strings, sizeof *strings, KEYS, values), CE_OK);
    for (int i = 0; i < KEYS; i++) {
        assert_int_equal(values[i] != NULL, i < KEYS / 2);
    }
    assert_int_equal(numbered.used, KEYS / 2);
    assert_int_equal(texted.used, KEYS / 2);
    cei_table_close(&numbered);
    cei_table_close(&texted);
    cei_pool_close(pool);
}

/* ---- growing ---- */

/* The capacities that a table has had while keys 0, 1, 2, ... came, as how many different ones. */
static uint32_t capacities(uint64_t keys, uint64_t expected, uint64_t *last)
{
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    cei_combiner combiner = combiner_of(&ce_type_int64_text, &ce_fn_greater);
    cei_table table;
    cei_table_open(&table, &combiner, pool);
    table.expected = expected;
    uint32_t count = 0;
    *last = 0;
    for (uint64_t key = 0; key < keys; key++) {
        int64_text row = {(int64_t)key, ce_str_of("x")};
        assert_int_equal(cei_table_push(&table, (const char *)&row, 1), CE_OK);
        count += table.capacity != *last;
        *last = table.capacity;
    }
    assert_int_equal(table.used, keys);
    cei_table_close(&table);
    cei_pool_close(pool);
    return count;
}

static void a_table_that_grows_becomes_as_large_as_expected_at_once(void **state)
{
    (void)state;
    uint64_t last, expected_last;
    uint32_t steps = capacities(60000, 0, &last);
    assert_true(capacities(60000, 60000, &expected_last) < steps);
    assert_int_equal(expected_last, last);
    assert_int_equal(capacities(1000, 60000, &expected_last),
                     capacities(1000, 0, &last)); /* one that stays small does not */
    assert_int_equal(expected_last, last);
}

static void a_table_with_reserved_room_does_not_grow_and_keeps_what_it_has(void **state)
{
    (void)state;
    cei_pool *pool = cei_pool_open(16 << 20);
    cei_combiner combiner = combiner_of(&ce_type_int64_pair_count, &ce_fn_add);
    cei_table table;
    cei_table_open(&table, &combiner, pool);
    for (uint64_t capacity = 0, key = 0; key < 50000; key++) {
        int64_pair_count row = {{(int64_t)key, -1}, 1};
        if (key == 1000) {
            assert_int_equal(cei_table_reserve(&table, 1 << 20), CE_MEMORY);
            assert_int_equal(cei_table_reserve(&table, 51000), CE_OK);
            capacity = table.capacity;
        }
        assert_int_equal(cei_table_push(&table, (const char *)&row, 1), CE_OK);
        assert_true(key < 1000 || table.capacity == capacity);
    }
    assert_int_equal(table.used, 50000);
    cei_table_close(&table);
    cei_pool_close(pool);
}

/* ---- values with strings ---- */

static void a_million_superseded_strings_do_not_stay(void **state)
{
    (void)state;
    enum { KEYS = 50, UPDATES = 1000000, BATCH = 1000 };
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    cei_combiner combiner = combiner_of(&ce_type_int64_text, &ce_fn_greater);
    cei_table table;
    cei_table_open(&table, &combiner, pool);
    char texts[BATCH][40];
    int64_text rows[BATCH];
    for (int i = 0; i < UPDATES; i += BATCH) {
        for (int j = 0; j < BATCH; j++) { /* each greater than all before: every update supersedes one */
            int bytes = snprintf(texts[j], sizeof texts[j], "%07d%s", i + j, "-a tail of twenty byt");
            rows[j] = (int64_text){(i + j) % KEYS, {texts[j], (uint32_t)bytes}};
        }
        assert_int_equal(cei_table_push(&table, (const char *)rows, BATCH), CE_OK);
        memset(texts, '!', sizeof texts); /* the table keeps nothing of its input */
    }
    assert_true(cei_pool_used(pool).used_bytes_max < 8 << 20); /* all of them are 28 MB and more */
    uint64_t position = 0;
    uint32_t count;
    assert_int_equal(cei_table_scan(&table, &position, BATCH, (char *)rows, NULL, &count), CE_OK);
    assert_int_equal(count, KEYS);
    for (uint32_t i = 0; i < count; i++) {
        char expected[40];
        int bytes =
            snprintf(expected, sizeof expected, "%07d%s", UPDATES - KEYS + (int)rows[i].key, "-a tail of twenty byt");
        assert_int_equal(rows[i].value.bytes, bytes);
        assert_memory_equal(rows[i].value.at, expected, (size_t)bytes);
    }
    cei_table_close(&table);
    cei_pool_close(pool);
}

static void long_keys_and_values_survive_the_rebuilding(void **state)
{
    (void)state;
    enum { KEYS = 400, ROUNDS = 1500 };
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    cei_combiner combiner = combiner_of(&ce_type_text_text, &ce_fn_greater);
    cei_table table;
    cei_table_open(&table, &combiner, pool);
    char(*texts)[2][64] = calloc(KEYS, sizeof *texts);
    text_text rows[KEYS + 1];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < KEYS; i++) {
            int key = snprintf(texts[i][0], 64, "%s%d", i % 2 ? "a key of more than sixteen bytes " : "", i);
            int value = snprintf(texts[i][1], 64, "%s%06d of %d", "value ", round, i);
            rows[i] = (text_text){{texts[i][0], (uint32_t)key}, {texts[i][1], (uint32_t)value}};
        }
        assert_int_equal(cei_table_push(&table, (const char *)rows, KEYS), CE_OK);
        memset(texts, '?', KEYS * sizeof *texts);
    }
    uint64_t position = 0;
    uint32_t count;
    assert_int_equal(cei_table_scan(&table, &position, KEYS + 1, (char *)rows, NULL, &count), CE_OK);
    assert_int_equal(count, KEYS);
    bool seen[KEYS] = {false};
    for (uint32_t i = 0; i < count; i++) {
        char key[64], value[64], expected[64];
        snprintf(key, sizeof key, "%.*s", (int)rows[i].key.bytes, rows[i].key.at);
        snprintf(value, sizeof value, "%.*s", (int)rows[i].value.bytes, rows[i].value.at);
        int number = atoi(strrchr(key, ' ') ? strrchr(key, ' ') : key);
        assert_false(seen[number]);
        seen[number] = true;
        snprintf(expected, sizeof expected, "value %06d of %d", ROUNDS - 1, number);
        assert_string_equal(value, expected);
    }
    free(texts);
    cei_table_close(&table);
    cei_pool_close(pool);
}

/* ---- short memory ---- */

static ce_status fill(cei_pool *pool, const text_text *rows, uint32_t count, uint64_t *used)
{
    cei_combiner combiner = combiner_of(&ce_type_text_text, &ce_fn_greater);
    cei_table table;
    cei_table_open(&table, &combiner, pool);
    ce_status status = CE_OK;
    for (uint32_t i = 0; i < count && status == CE_OK; i += 100) {
        status = cei_table_push(&table, (const char *)(rows + i), 100);
    }
    *used = table.used;
    cei_table_close(&table);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    enum { ROWS = 8000 };
    static char texts[ROWS][64];
    text_text *rows = calloc(ROWS, sizeof *rows);
    for (int i = 0; i < ROWS; i++) {
        int bytes = snprintf(texts[i], 64, "a text that is long enough to be kept: %d", i % 3000 + i);
        rows[i] = (text_text){{texts[i], (uint32_t)bytes}, {texts[i], (uint32_t)bytes}};
    }
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    bool delivered = true;
    for (int64_t nth = 1; delivered; nth++) {
        uint64_t used;
        cei_fault_arm(nth, CEI_FAULT_ALLOCATION);
        ce_status status = fill(pool, rows, ROWS, &used);
        delivered = cei_fault_delivered();
        cei_fault_arm(0, CEI_FAULT_ALLOCATION);
        assert_int_equal(status, delivered ? CE_MEMORY : CE_OK);
        assert_int_equal(cei_pool_used(pool).used_bytes, 0);
        assert_true(nth < 10000);
    }
    cei_pool_close(pool);
    free(rows);
}

static void a_limit_is_kept(void **state)
{
    (void)state;
    enum { KEYS = 100000 };
    cei_pool *pool = cei_pool_open(1 << 20);
    cei_combiner combiner = combiner_of(&ce_type_int64_count, &ce_fn_add);
    cei_table table;
    cei_table_open(&table, &combiner, pool);
    ce_status status = CE_OK;
    for (int64_t i = 0; i < KEYS && status == CE_OK; i++) {
        int64_count row = {i, 1};
        status = cei_table_push(&table, (const char *)&row, 1);
    }
    assert_int_equal(status, CE_MEMORY);
    assert_true(cei_pool_used(pool).used_bytes_max <= 1 << 20);
    cei_table_close(&table);
    cei_pool_close(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_by_keys_of_every_type_are_those_of_a_sorted_array),
        cmocka_unit_test(keys_that_no_row_has_repeat_are_each_a_row),
        cmocka_unit_test(strings_at_the_end_of_a_page_are_read_no_further),
        cmocka_unit_test(an_accumulator_begins_as_created_or_with_zero),
        cmocka_unit_test(keys_that_leave_the_arrays_range_are_kept_with_all_others),
        cmocka_unit_test(an_array_reaches_up_and_down_and_around_the_end_of_the_range),
        cmocka_unit_test(an_array_of_large_values_takes_no_more_than_a_cache),
        cmocka_unit_test(keys_are_told_apart_when_all_hashes_are_equal),
        cmocka_unit_test(look_up_finds_what_is_there_and_makes_nothing),
        cmocka_unit_test(a_table_that_grows_becomes_as_large_as_expected_at_once),
        cmocka_unit_test(a_table_with_reserved_room_does_not_grow_and_keeps_what_it_has),
        cmocka_unit_test(distinct_rows_are_those_of_a_sorted_array),
        cmocka_unit_test(a_million_superseded_strings_do_not_stay),
        cmocka_unit_test(long_keys_and_values_survive_the_rebuilding),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_limit_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
