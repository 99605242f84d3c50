/*
 * bounded_test.c: every operation over a shuffle with inputs several times larger than its memory, against the naive
 * models of tests/random: keys spread, half of them equal, all equal, in few partitions; hashes that all collide; a row
 * of 20 MB; and calls of the system that fail while rows go to disk. The folder that they go to stays empty.
 */
#include "base/fault.h"
#include "random/wide_steps.h"
#include "shuffle/key.h"
#include "support/files.h"

/* A sanitizer is slow. That of threads sees what happens between threads: failing calls are tried with one. */
#if defined(__SANITIZE_THREAD__)
enum { ROWS = 80000, FAILING_STEP = 1, SHAPE_STEP = 2, TRIES_FAILING = 0 };
#elif defined(__SANITIZE_ADDRESS__)
enum { ROWS = 80000, FAILING_STEP = 1, SHAPE_STEP = 1, TRIES_FAILING = 1 };
#else
enum { ROWS = 150000, FAILING_STEP = 2, SHAPE_STEP = 1, TRIES_FAILING = 1 };
#endif
enum { ROWS_FAILING = 40000, ROWS_COLLIDING = 20000, ROWS_HELD = 1000, LONG_BYTES = 20 << 20 };

typedef enum shape_kind { SPREAD, HALF_EQUAL, ALL_EQUAL, FEW_PARTITIONS, EACH_ONCE, SHAPES } shape_kind;
static const char *const shape_names[] = {"spread", "half equal", "all equal", "in few partitions", "each once"};

CE_RECORD(input, (int64_t, kind), (int64_t, count));

static inline uint64_t mixed(int64_t i)
{
    uint64_t x = ((uint64_t)i + 1) * 0x9E3779B97F4A7C15u;
    return (x ^ x >> 31) * 0xBF58476D1CE4E5B9u >> 20;
}

/* Row i of a shape. Keys meet about four times, but where they are each once. */
static inline pair row_of(int64_t i, const input *of)
{
    int64_t key = (int64_t)(mixed(i) % (uint64_t)(of->count / 4 + 1));
    key = of->kind == ALL_EQUAL || (of->kind == HALF_EQUAL && i % 2) ? 7 : key;
    return (pair){of->kind == EACH_ONCE ? i : key, (int64_t)(mixed(~i) % 65536)};
}
CE_MAP_WITH(row_of, int64_t, pair, input)

static inline bool is_in_few(int64_t i, const input *of)
{
    return of->kind != FEW_PARTITIONS || (i > of->count / 2 && i < of->count * 3 / 4);
}
CE_FILTER_WITH(is_in_few, int64_t, input)

/* No node holds the rows: they are made from their numbers. */
static struct node source(ce_context *sc, shape_kind kind, int64_t count)
{
    struct node node = {.is_pair = true};
    input of = {kind, count};
    for (int64_t i = 0; i < count; i++) {
        if (is_in_few(i, &of)) {
            pair row = row_of(i, &of);
            add_row(&node, row.key, row.value);
        }
    }
    node.rdd = ce_map_with(ce_filter_with(ce_range(sc, 0, count, 1, 12), is_in_few, &of), row_of, &of);
    return node;
}

static ce_context *open_small(const char *master, const char *memory)
{
    return grid_open(master, "memory_bytes_max", memory, "spill_directory", test_folder("spill"), "batch_rows", "64",
                     NULL);
}

static void expect_empty_folder(void)
{
    char *listing = test_listing("spill");
    assert_string_equal(listing, "");
    free(listing);
}

/* The operation of this number: those of one RDD, then those of two, whose right side has each key once. NULL: there
 * are no more. */
static const char *build(ce_context *sc, size_t number, shape_kind kind, int64_t count, struct node *to)
{
    size_t of_one = sizeof wides / sizeof *wides, of_two = sizeof wides_of_two / sizeof *wides_of_two;
    if (number >= 2 * of_one + of_two) {
        return NULL;
    }
    *to = (struct node){.is_pair = true};
    struct node a = source(sc, kind, count), b = {.rows = NULL};
    const char *name;
    if (number < 2 * of_one) {
        const struct wide *wide = &wides[number / 2];
        name = wide->holds_groups && (kind == HALF_EQUAL || kind == ALL_EQUAL) ? "" : wide->name;
        wide->run(to, &a, 4 + (uint32_t)number % 2);
    } else {
        const struct wide_of_two *wide = &wides_of_two[number - 2 * of_one];
        name = wide->holds_groups && (kind == HALF_EQUAL || kind == ALL_EQUAL) ? "" : wide->name;
        b = source(sc, EACH_ONCE, wide->holds_right ? ROWS_HELD : count / 2);
        struct sides sides = {sorted(a.rows, a.count), sorted(b.rows, b.count), a.count, b.count, 2 * (uint32_t)count};
        assert_true(wide->run(to, a.rdd, b.rdd, &sides));
        free(sides.a);
        free(sides.b);
    }
    free(a.rows);
    free(b.rows);
    return name;
}

/* Runs all operations on a shape, what holds whole groups only where these are small. Returns how many went wrong. */
static int run_all(const char *master, const char *memory, shape_kind kind, int64_t count)
{
    struct node node;
    int failures = 0;
    const char *name = "";
    for (size_t number = 0; name; number++) {
        bool same = true;
        uint64_t rows = 0, bytes, bytes_max;
        ce_context *sc = open_small(master, memory);
        name = build(sc, number, kind, count, &node);
        ce_status status = name && name[0] ? compare(&node, &same, &rows) : CE_OK;
        if (status != CE_OK || !same) {
            print_error("%s, keys %s, on %s with %s: %s\n", name, shape_names[kind], master, memory,
                        status == CE_OK ? "other rows" : ce_last_error());
            failures++;
        }
        ce_memory_used(sc, &bytes, &bytes_max);
        assert_true(bytes_max <= strtoull(memory, NULL, 10) << 20);
        ce_context_close(sc);
        expect_empty_folder();
        if (name) {
            free(node.rows);
        }
    }
    return failures;
}

static void every_operation_gives_its_rows_in_a_megabyte(void **state)
{
    (void)state;
    int failures = 0;
    for (shape_kind kind = SPREAD; kind < SHAPES; kind += SHAPE_STEP) {
        failures += kind % 2 ? run_all("inline", "1m", kind, ROWS) : run_all("local[2]", "3m", kind, ROWS);
    }
    assert_int_equal(failures, 0);
}

static void every_operation_gives_its_rows_when_all_hashes_collide(void **state)
{
    (void)state;
    cei_key_hash_mask = 0;
    int failures =
        run_all("local[2]", "3m", SPREAD, ROWS_COLLIDING) + run_all("inline", "1m", ALL_EQUAL, ROWS_COLLIDING);
    cei_key_hash_mask = UINT32_MAX;
    assert_int_equal(failures, 0);
}

/* The nth call fails, for n further and further apart; the first ones all. False when it went wrong. */
static bool run_failing(size_t number, cei_fault_kind kind)
{
    bool delivered = true, sound = true;
    for (int64_t nth = 1; delivered && sound; nth += 1 + nth / FAILING_STEP) {
        struct node node;
        bool same = false;
        uint64_t rows;
        ce_context *sc = open_small("inline", "768k");
        const char *name = build(sc, number, SPREAD, ROWS_FAILING, &node);
        cei_fault_arm(nth, kind);
        ce_status status = compare(&node, &same, &rows);
        delivered = cei_fault_delivered();
        cei_fault_arm(0, kind);
        bool allowed = status == CE_OK ? same : delivered && (status == CE_MEMORY || status == CE_IO);
        if (!allowed || (status != CE_OK && !ce_last_error()[0])) {
            print_error("%s with failure %lld of kind %d: %s: %s\n", name, (long long)nth, (int)kind,
                        ce_status_text(status), status == CE_OK ? "other rows" : ce_last_error());
            sound = false;
        }
        ce_context_close(sc);
        expect_empty_folder();
        free(node.rows);
    }
    return sound;
}

static void a_call_that_fails_while_rows_go_to_disk_is_a_clean_error(void **state)
{
    (void)state;
    int failures = 0;
    for (size_t i = 0;
         TRIES_FAILING && i < 2 * (sizeof wides / sizeof *wides) + sizeof wides_of_two / sizeof *wides_of_two; i++) {
        failures += !run_failing(i, CEI_FAULT_SYSTEM_CALL) + !run_failing(i, CEI_FAULT_ALLOCATION);
    }
    assert_int_equal(failures, 0);
}

/* ---- one row that is large ---- */

CE_PAIR(long_row, int64_t, ce_str);
CE_LIST(texts, ce_str);
CE_PAIR(text_group, int64_t, texts);
CE_RECORD(text_sum, (int64_t, rows), (int64_t, bytes), (int64_t, marks));

static inline long_row long_row_of(int64_t i)
{
    uint32_t bytes = i == 3 ? LONG_BYTES : (uint32_t)i;
    char *text = ce_batch_alloc(bytes + 1);
    memset(text, 'a' + (int)(i % 26), bytes);
    return (long_row){i % 7, {text, bytes}};
}
CE_MAP(long_row_of, int64_t, long_row)

static inline text_sum add_text(text_sum sum, long_row row)
{
    sum.rows++;
    sum.bytes += row.value.bytes;
    sum.marks += row.value.bytes ? row.value.at[0] + row.value.at[row.value.bytes - 1] : 0;
    return sum;
}
CE_AGGREGATE(add_text, text_sum, long_row)

static inline text_sum add_text_sums(text_sum a, text_sum b)
{
    return (text_sum){a.rows + b.rows, a.bytes + b.bytes, a.marks + b.marks};
}
CE_REDUCE(add_text_sums, text_sum)

static inline void ungroup(text_group row, ce_emit *out)
{
    for (uint32_t i = 0; i < row.value.count; i++) {
        ce_emit_value(out, long_row, {row.key, row.value.at[i]});
    }
}
CE_FLAT_MAP(ungroup, text_group, long_row)

static ce_rdd *partition(ce_rdd *rows)
{
    return ce_partition_by(rows, 3);
}

static ce_rdd *spread_evenly(ce_rdd *rows)
{
    return ce_repartition(rows, 3);
}

static ce_rdd *each_once(ce_rdd *rows)
{
    return ce_distinct_n(rows, 3);
}

static ce_rdd *in_groups(ce_rdd *rows)
{
    return ce_flat_map(ce_group_by_key_n(rows, 3), ungroup);
}

static ce_rdd *in_order(ce_rdd *rows)
{
    return ce_sort_by_key_n(rows, true, 3);
}

static void a_row_of_twenty_megabytes_passes(void **state)
{
    (void)state;
    enum { LONG_ROWS = 2000 };
    static ce_rdd *(*const operations[])(ce_rdd * rows) = {
        partition, spread_evenly, each_once, in_groups, in_order,
    };
    text_sum want = {LONG_ROWS, LONG_BYTES - 3, 0};
    for (int64_t i = 0; i < LONG_ROWS; i++) {
        want.bytes += i;
        want.marks += i ? 2 * ('a' + i % 26) : 0;
    }
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        static const text_sum none = {0, 0, 0};
        ce_result sum;
        ce_context *sc = open_small("local[2]", "160m");
        ce_rdd *rows = operations[i](ce_map(ce_range(sc, 0, LONG_ROWS, 1, 4), long_row_of));
        if (ce_aggregate(rows, &none, add_text, add_text_sums, &sum) != CE_OK) {
            fail_msg("operation %zu: %s", i, ce_last_error());
        }
        assert_memory_equal(sum.rows, &want, sizeof want);
        ce_result_free(&sum);
        ce_context_close(sc);
        expect_empty_folder();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_gives_its_rows_in_a_megabyte),
        cmocka_unit_test(every_operation_gives_its_rows_when_all_hashes_collide),
        cmocka_unit_test(a_call_that_fails_while_rows_go_to_disk_is_a_clean_error),
        cmocka_unit_test(a_row_of_twenty_megabytes_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
