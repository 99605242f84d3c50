/*
 * histogram_test.c: buckets with given edges and equal buckets hold what Spark's hold.
 */
#include "support/rows.h"
#include <math.h>

#define BASE -0.01, 0, 1, 2, 3, 5, 6, 11.01, 12, 199, 200, 200.1

/* Counts of up to 16 buckets as a golden. */
static void test_counts(const char *name, const char *suffix, const uint64_t *counts, uint32_t count)
{
    ce_result rows = {counts, count, CE_TYPE(uint64_t), NULL};
    char *text = grid_text(&rows, 0);
    test_golden(name, suffix, text);
    free(text);
}

static ce_status counts_between_edges(ce_context *sc, void *arg)
{
    (void)arg;
    static const struct {
        const char *name;
        uint32_t count, buckets;
        double values[16], edges[8];
    } cases[] = {
        {"uneven", 12, 4, {BASE}, {0, 5, 11, 12, 200}},
        {"nan", 13, 5, {BASE, NAN}, {0, 5, 11, 12, 200, NAN}},
        {"nan-value-only", 13, 4, {BASE, NAN}, {0, 5, 11, 12, 200}},
        {"nan-and-inf", 15, 5, {BASE, INFINITY, -INFINITY, NAN}, {0, 5, 11, 12, 200, NAN}},
        {"inf", 15, 5, {BASE, INFINITY, -INFINITY, NAN}, {0, 5, 11, 12, 200, INFINITY}},
        {"both-inf", 3, 2, {10.01, -0.01, NAN}, {-INFINITY, 0, INFINITY}},
        {"out-of-range", 2, 2, {10.01, -0.01}, {0, 5, 10}},
        {"in-range-one", 4, 1, {1, 2, 3, 4}, {0, 10}},
        {"on-exact", 3, 2, {0, 5, 10}, {0, 5, 10}},
        {"norows3", 0, 2, {0}, {0, 5, 10}},
        {"unsorted", 4, 2, {1, 2, 3, 4}, {4, 2, 0}},
        {"duplicate", 4, 3, {1, 2, 3, 4}, {1, 2, 2, 4}},
    };
    uint64_t counts[8];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ce_rdd *rows = ce_parallelize(sc, double, cases[i].values, cases[i].count, 2);
        GRID_TRY(ce_histogram(rows, cases[i].edges, cases[i].buckets, counts));
        test_counts("hist-edges", cases[i].name, counts, cases[i].buckets);
    }
    GRID_TRY(ce_histogram(ce_empty(sc, double), cases[8].edges, 2, counts));
    test_counts("hist-edges", "norows0", counts, 2);
    return CE_OK;
}

static void buckets_between_edges_are_as_in_spark(void **state)
{
    (void)state;
    grid_run(counts_between_edges, NULL);
}

static ce_status counts_even(ce_context *sc, void *arg)
{
    (void)arg;
    static const struct {
        const char *name;
        uint32_t count, buckets;
        double values[8];
    } cases[] = {{"1to4-2", 4, 2, {1, 2, 3, 4}},
                 {"1to4-1", 4, 1, {1, 2, 3, 4}},
                 {"same-1", 4, 1, {1, 1, 1, 1}},
                 {"same-5", 4, 5, {1, 1, 1, 1}},
                 {"skew-4", 6, 4, {1, 1, 1, 2, 3, 3}},
                 {"skew-3", 6, 3, {1, 1, 1, 2, 3, 3}},
                 {"two-10", 2, 10, {1, 2}},
                 {"1to3-7", 3, 7, {1, 2, 3}},
                 {"tenths-3", 4, 3, {0.1, 0.2, 0.3, 0.7}},
                 {"6to99-8", 0, 8, {0}},
                 {"6to99-9", 0, 9, {0}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ce_rdd *rows = cases[i].count ? ce_parallelize(sc, double, cases[i].values, cases[i].count, 2)
                                      : ce_range(sc, 6, 100, 1, 2);
        double edges[11];
        uint64_t counts[10];
        uint32_t used;
        char name[64];
        GRID_TRY(ce_histogram_even(rows, cases[i].buckets, edges, counts, &used));
        snprintf(name, sizeof name, "hist-%s", cases[i].name);
        test_counts(name, "counts", counts, used);
        ce_result of_edges = {edges, used + 1, CE_TYPE(double), NULL};
        char *text = grid_text(&of_edges, 0);
        test_golden(name, "edges", text);
        free(text);
    }
    return CE_OK;
}

static void even_buckets_are_as_in_spark(void **state)
{
    (void)state;
    grid_run(counts_even, NULL);
}

static ce_status counts_a_million(ce_context *sc, void *arg)
{
    (void)arg;
    enum { BUCKETS = 1000000 };
    static double edges[BUCKETS + 1];
    static uint64_t counts[BUCKETS];
    const double values[] = {0, 1e24, 1e30};
    uint32_t used;
    GRID_TRY(ce_histogram_even(ce_parallelize(sc, double, values, 3, 2), BUCKETS, edges, counts, &used));
    test_golden_number("hist-million-edges-size", "", (int64_t)used + 1);
    char text[256] = "[";
    for (uint32_t i = 0; i < used; i++) {
        size_t at = strlen(text);
        if (counts[i]) {
            snprintf(text + at, sizeof text - at, "%s(%u,%u)", at > 1 ? "," : "", i, (unsigned)counts[i]);
        }
    }
    test_golden("hist-million-nonzero", "", strcat(text, "]"));
    return CE_OK;
}

static void a_million_buckets_are_possible(void **state)
{
    (void)state;
    grid_run_failing(counts_a_million, NULL);
}

static ce_status refuses(ce_context *sc, void *arg)
{
    (void)arg;
    static const double values[][2] = {{1, INFINITY}, {1, NAN}, {-INFINITY, 1}};
    static const char *const names[] = {"inf", "nan", "neginf"};
    double edges[3] = {0, 1, 2};
    uint64_t counts[2];
    uint32_t used;
    for (int i = 0; i < 3; i++) {
        test_golden_error("hist-auto", names[i]);
        test_failed(ce_histogram_even(ce_parallelize(sc, double, values[i], 2, 2), 2, edges, counts, &used), CE_INVALID,
                    "histogram_even: the rows have NaN or infinite values");
    }
    test_golden_error("hist-auto-none", "");
    ce_rdd *none = ce_parallelize(sc, double, values[0], 0, 2), *two = ce_range(sc, 0, 2, 1, 2);
    test_failed(ce_histogram_even(none, 2, edges, counts, &used), CE_EMPTY, "histogram_even: empty collection");
    test_failed(ce_histogram_even(ce_empty(sc, double), 2, edges, counts, &used), CE_EMPTY,
                "histogram_even: empty collection");
    test_failed(ce_histogram_even(two, 0, edges, counts, &used), CE_INVALID,
                "histogram_even: needs at least one bucket");
    test_failed(ce_histogram(two, edges, 0, counts), CE_INVALID, "histogram: needs at least one bucket");
    test_failed(ce_histogram(ce_empty(sc, ce_str), edges, 2, counts), CE_TYPE,
                "histogram: needs a number type, has str");
    return CE_OK;
}

static void what_has_no_buckets_is_refused(void **state)
{
    (void)state;
    grid_run_topologies(refuses, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_between_edges_are_as_in_spark),
        cmocka_unit_test(even_buckets_are_as_in_spark),
        cmocka_unit_test(a_million_buckets_are_possible),
        cmocka_unit_test(what_has_no_buckets_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
