/*
 * random_lineage_test.c: random programs over the RDD operators against a naive model that runs the same steps on
 * arrays.
 *
 * A program grows a graph of 5 to 20 nodes over int64 and pair(int64, int64), each from nodes before it, so that nodes
 * are shared as a user's are. The model holds the rows of each node, and their order and partitions as long as these
 * are defined: behind a shuffle only the multiset is.
 */
#include "base/random.h"
#include "support/grid.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRAMS = 1000, NODES_MAX = 24, ROWS_MAX = 4000 };

CE_PAIR(pair, int64_t, int64_t);
CE_LIST(longs, int64_t);
CE_PAIR(group, int64_t, longs);
CE_RECORD(parameters, (int64_t, modulus), (int64_t, rest));

/* ---- user functions: used by the engine and, row by row, by the model ---- */

/* Small results, so that keys meet; never negative modulus surprises: C's % on both sides. */
static inline int64_t mangle(int64_t x, const parameters *p)
{
    return (int64_t)((uint64_t)x * 3 + 1) % p->modulus;
}
CE_MAP_WITH(mangle, int64_t, int64_t, parameters)

static inline bool is_kept(int64_t x, const parameters *p)
{
    return x % p->modulus != p->rest;
}
CE_FILTER_WITH(is_kept, int64_t, parameters)

static inline void spread(int64_t x, ce_emit *out)
{
    for (int64_t i = 0; i < (x & 3); i++) {
        ce_emit_value(out, int64_t, x + i);
    }
}
CE_FLAT_MAP(spread, int64_t, int64_t)

static inline pair swap(pair row)
{
    return (pair){row.value, row.key};
}
CE_MAP(swap, pair, pair)

static inline bool pair_is_kept(pair row, const parameters *p)
{
    return (row.key ^ row.value) % p->modulus != p->rest;
}
CE_FILTER_WITH(pair_is_kept, pair, parameters)

static inline int64_t plus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}
CE_REDUCE(plus, int64_t)

static inline int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}
CE_REDUCE(larger, int64_t)

static inline pair sum_group(group row)
{
    pair sum = {row.key, 0};
    for (uint32_t i = 0; i < row.value.count; i++) {
        sum.value = plus(sum.value, row.value.at[i]);
    }
    return sum;
}
CE_MAP(sum_group, group, pair)

static inline int64_t total(int64_t key, int64_t value)
{
    return plus(key, 2 * (value & 0xFFFFFF));
}

static inline int64_t fold_pair(pair row)
{
    return total(row.key, row.value);
}
CE_MAP(fold_pair, pair, int64_t)

/* ---- the model: rows as pairs; a number is a pair's key with value 0 ---- */

struct node {
    ce_rdd *rdd;
    bool is_pair, ordered; /* ordered: partitions and order are known */
    pair *rows;
    uint32_t count;
    uint32_t parts;   /* known when ordered, or after a wide operator with a number */
    uint32_t *starts; /* parts + 1, when ordered */
    char text[160];
};

struct program {
    ce_context *sc;
    cei_random random;
    struct node nodes[NODES_MAX];
    uint32_t count;
};

static uint64_t below(struct program *program, uint64_t bound)
{
    return cei_random_below(&program->random, bound);
}

static void add_row(struct node *node, int64_t key, int64_t value)
{
    if ((node->count & (node->count - 1)) == 0) {
        node->rows = realloc(node->rows, (node->count ? 2 * node->count : 1) * sizeof *node->rows);
    }
    node->rows[node->count++] = (pair){key, value};
}

/* A node of as many partitions as from, filled partition by partition. */
static void begin_parts(struct node *node, uint32_t parts)
{
    node->ordered = true;
    node->parts = 0;
    node->starts = calloc(parts + 1, sizeof *node->starts);
}

static void end_part(struct node *node)
{
    node->starts[++node->parts] = node->count;
}

static uint32_t part_end(const struct node *node, uint32_t part)
{
    return node->ordered ? node->starts[part + 1] : node->count;
}

static uint32_t part_count(const struct node *node)
{
    return node->ordered ? node->parts : 1;
}

/* Runs body for each row, keeping partitions and order. */
#define EACH_ROW(to, from, body)                                                                                       \
    do {                                                                                                               \
        uint32_t row_ = 0, parts_ = part_count(from);                                                                  \
        begin_parts((to), parts_);                                                                                     \
        for (uint32_t part_ = 0; part_ < parts_; part_++) {                                                            \
            for (uint32_t index_ = 0; row_ < part_end((from), part_); row_++, index_++) {                              \
                pair row = (from)->rows[row_];                                                                         \
                uint32_t part = part_, index = index_;                                                                 \
                (void)part;                                                                                            \
                (void)index;                                                                                           \
                body                                                                                                   \
            }                                                                                                          \
            end_part(to);                                                                                              \
        }                                                                                                              \
        (to)->ordered = (from)->ordered;                                                                               \
        (to)->parts = (from)->parts;                                                                                   \
    } while (0)

static int by_row(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    int order = (x->key > y->key) - (x->key < y->key);
    return order ? order : (x->value > y->value) - (x->value < y->value);
}

static pair *sorted(const pair *rows, uint32_t count)
{
    pair *copy = calloc(count + 1, sizeof *copy);
    if (count) {
        memcpy(copy, rows, count * sizeof *copy);
    }
    qsort(copy, count, sizeof *copy, by_row);
    return copy;
}

/* Equal keys become one row. */
static void fold_keys(struct node *to, const struct node *from, int64_t (*f)(int64_t, int64_t))
{
    pair *rows = sorted(from->rows, from->count);
    for (uint32_t i = 0; i < from->count; i++) {
        if (to->count && to->rows[to->count - 1].key == rows[i].key) {
            to->rows[to->count - 1].value = f(to->rows[to->count - 1].value, rows[i].value);
        } else {
            add_row(to, rows[i].key, rows[i].value);
        }
    }
    free(rows);
}

/* ---- steps: each builds the node and the model's rows; false when it cannot be used on these nodes ---- */

static bool make_source(struct program *program, struct node *to)
{
    uint32_t count = (uint32_t)below(program, 4) ? (uint32_t)below(program, 600) : (uint32_t)below(program, 4);
    uint32_t parts = 1 + (uint32_t)below(program, 7);
    int64_t *values = calloc(count + 1, sizeof *values);
    int64_t first = (int64_t)below(program, 50) - 25, step = below(program, 2) ? 3 : -2;
    bool range = below(program, 2);
    uint64_t spread_of = 1 + below(program, 200);
    for (uint32_t i = 0; i < count; i++) {
        values[i] = range ? first + (int64_t)i * step : (int64_t)below(program, spread_of) - 20;
    }
    to->rdd = range ? ce_range(program->sc, first, first + (int64_t)count * step, step, parts)
                    : ce_parallelize(program->sc, int64_t, values, count, parts);
    begin_parts(to, parts);
    for (uint32_t part = 0; part < parts; part++) {
        for (uint64_t i = (uint64_t)part * count / parts; i < ((uint64_t)part + 1) * count / parts; i++) {
            add_row(to, values[i], 0);
        }
        end_part(to);
    }
    free(values);
    snprintf(to->text, sizeof to->text, "%s of %u rows in %u partitions", range ? "range" : "parallelize", count,
             parts);
    return true;
}

static bool make_narrow(struct program *program, struct node *to, struct node *from)
{
    parameters p = {2 + (int64_t)below(program, 60), 0};
    p.rest = (int64_t)below(program, (uint64_t)p.modulus);
    uint64_t choice = below(program, from->is_pair ? 6 : 4);
    static const char *const names[2][6] = {{"map", "filter", "flat_map", "key_by"},
                                            {"map(swap)", "filter", "keys", "values", "map(fold)", "map_values"}};
    snprintf(to->text, sizeof to->text, "%s, modulus %d, rest %d", names[from->is_pair][choice], (int)p.modulus,
             (int)p.rest);
    if (!from->is_pair && choice == 0) {
        to->rdd = ce_map_with(from->rdd, mangle, &p);
        EACH_ROW(to, from, { add_row(to, mangle(row.key, &p), 0); });
    } else if (!from->is_pair && choice == 1) {
        to->rdd = ce_filter_with(from->rdd, is_kept, &p);
        EACH_ROW(to, from, { is_kept(row.key, &p) ? add_row(to, row.key, 0) : (void)0; });
    } else if (!from->is_pair && choice == 2) {
        to->rdd = ce_flat_map(from->rdd, spread);
        EACH_ROW(to, from, {
            for (int64_t i = 0; i < (row.key & 3); i++) {
                add_row(to, row.key + i, 0);
            }
        });
    } else if (!from->is_pair) {
        to->is_pair = true;
        to->rdd = ce_key_by_with(from->rdd, mangle, &p);
        EACH_ROW(to, from, { add_row(to, mangle(row.key, &p), row.key); });
    } else if (choice == 0) {
        to->is_pair = true;
        to->rdd = ce_map(from->rdd, swap);
        EACH_ROW(to, from, { add_row(to, row.value, row.key); });
    } else if (choice == 1) {
        to->is_pair = true;
        to->rdd = ce_filter_with(from->rdd, pair_is_kept, &p);
        EACH_ROW(to, from, { pair_is_kept(row, &p) ? add_row(to, row.key, row.value) : (void)0; });
    } else if (choice == 2) {
        to->rdd = ce_keys(from->rdd);
        EACH_ROW(to, from, { add_row(to, row.key, 0); });
    } else if (choice == 3) {
        to->rdd = ce_values(from->rdd);
        EACH_ROW(to, from, { add_row(to, row.value, 0); });
    } else if (choice == 4) {
        to->rdd = ce_map(from->rdd, fold_pair);
        EACH_ROW(to, from, { add_row(to, total(row.key, row.value), 0); });
    } else {
        to->is_pair = true;
        to->rdd = ce_map_values_with(from->rdd, mangle, &p);
        EACH_ROW(to, from, { add_row(to, row.key, mangle(row.value, &p)); });
    }
    return true;
}

static bool make_numbered(struct program *program, struct node *to, struct node *from)
{
    if (from->is_pair || !from->ordered) {
        return false;
    }
    int64_t number = 0;
    bool unique = below(program, 2);
    to->is_pair = true;
    to->rdd = unique ? ce_zip_with_unique_id(from->rdd) : ce_zip_with_index(from->rdd);
    EACH_ROW(to, from, {
        add_row(to, row.key, unique ? (int64_t)index * from->parts + part : number);
        number++;
    });
    snprintf(to->text, sizeof to->text, "%s", unique ? "zip_with_unique_id" : "zip_with_index");
    return true;
}

static bool make_union(struct program *program, struct node *to, struct node *a, struct node *b)
{
    (void)program;
    if (a->is_pair != b->is_pair || a->count + b->count > ROWS_MAX) {
        return false;
    }
    bool both_ordered = a->ordered && b->ordered;
    to->is_pair = a->is_pair;
    to->rdd = ce_union(a->rdd, b->rdd);
    begin_parts(to, part_count(a) + part_count(b));
    for (const struct node *from = a; from; from = from == a ? b : NULL) {
        uint32_t row = 0;
        for (uint32_t part = 0; part < part_count(from); part++, end_part(to)) {
            for (; row < part_end(from, part); row++) {
                add_row(to, from->rows[row].key, from->rows[row].value);
            }
        }
        if (a == b && from == a) { /* the same node twice */
            row = 0;
            for (uint32_t part = 0; part < part_count(from); part++, end_part(to)) {
                for (; row < part_end(from, part); row++) {
                    add_row(to, from->rows[row].key, from->rows[row].value);
                }
            }
            break;
        }
    }
    to->ordered = both_ordered;
    snprintf(to->text, sizeof to->text, "union");
    return true;
}

static bool make_coalesced(struct program *program, struct node *to, struct node *from)
{
    uint32_t wanted = 1 + (uint32_t)below(program, 8);
    to->is_pair = from->is_pair;
    to->rdd = ce_coalesce(from->rdd, wanted);
    snprintf(to->text, sizeof to->text, "coalesce to %u", wanted);
    EACH_ROW(to, from, { add_row(to, row.key, row.value); });
    if (from->ordered && wanted < from->parts) {
        for (uint32_t i = 0; i <= wanted; i++) {
            to->starts[i] = from->starts[(uint64_t)i * from->parts / wanted];
        }
        to->parts = wanted;
    }
    return true;
}

static bool make_wide(struct program *program, struct node *to, struct node *from)
{
    uint32_t n = (uint32_t)below(program, 6); /* 0: the default */
    uint64_t choice = below(program, from->is_pair ? 6 : 2);
    to->is_pair = from->is_pair;
    to->parts = n;
    if (choice == 0) {
        to->parts = n = n + 1;
        to->rdd = ce_repartition(from->rdd, n);
    } else if (choice == 1) {
        to->rdd = ce_distinct_n(from->rdd, n);
    } else if (choice == 2) {
        to->rdd = ce_reduce_by_key_n(from->rdd, plus, n);
        fold_keys(to, from, plus);
    } else if (choice == 3) {
        to->rdd = ce_reduce_by_key_n(from->rdd, larger, n);
        fold_keys(to, from, larger);
    } else if (choice == 4) {
        to->rdd = ce_map(ce_group_by_key_n(from->rdd, n), sum_group);
        fold_keys(to, from, plus);
    } else {
        to->rdd = ce_partition_by(from->rdd, n);
    }
    static const char *const names[] = {"repartition",           "distinct",          "reduce_by_key(plus)",
                                        "reduce_by_key(larger)", "group_by_key, sum", "partition_by"};
    snprintf(to->text, sizeof to->text, "%s to %u", names[choice], n);
    pair *rows = sorted(from->rows, from->count);
    for (uint32_t i = 0; i < from->count && (choice < 2 || choice == 5); i++) {
        if (choice != 1 || i == 0 || by_row(&rows[i - 1], &rows[i]) != 0) {
            add_row(to, rows[i].key, rows[i].value);
        }
    }
    free(rows);
    return true;
}

static bool make_cartesian(struct program *program, struct node *to, struct node *a, struct node *b)
{
    (void)program;
    if (a->is_pair || b->is_pair || (uint64_t)a->count * b->count > ROWS_MAX || part_count(a) * part_count(b) > 60) {
        return false;
    }
    to->is_pair = true;
    to->rdd = ce_cartesian(a->rdd, b->rdd);
    begin_parts(to, part_count(a) * part_count(b));
    for (uint32_t i = 0; i < part_count(a); i++) {
        for (uint32_t j = 0; j < part_count(b); j++, end_part(to)) {
            for (uint32_t x = a->ordered ? a->starts[i] : 0; x < part_end(a, i); x++) {
                for (uint32_t y = b->ordered ? b->starts[j] : 0; y < part_end(b, j); y++) {
                    add_row(to, a->rows[x].key, b->rows[y].key);
                }
            }
        }
    }
    to->ordered = a->ordered && b->ordered;
    snprintf(to->text, sizeof to->text, "cartesian");
    return true;
}

static void grow(struct program *program)
{
    struct node *to = &program->nodes[program->count];
    struct node *a = &program->nodes[below(program, program->count)],
                *b = &program->nodes[below(program, program->count)];
    uint64_t choice = below(program, 20);
    a = below(program, 2) ? &program->nodes[program->count - 1] : a; /* mostly chains */
    *to = (struct node){.rdd = NULL};
    bool made = choice < 8    ? make_narrow(program, to, a)
                : choice < 10 ? make_numbered(program, to, a)
                : choice < 12 ? make_union(program, to, a, b)
                : choice < 14 ? make_coalesced(program, to, a)
                : choice < 15 ? make_cartesian(program, to, a, b)
                              : make_wide(program, to, a);
    if (made && to->count <= 2 * ROWS_MAX) {
        size_t used = strlen(to->text);
        snprintf(to->text + used, sizeof to->text - used, " (of node %d)", (int)(a - program->nodes));
        program->count++;
    } else {
        free(to->rows);
        free(to->starts);
    }
}

/* ---- comparing ---- */

static void report(const struct program *program, uint64_t seed, const char *where, uint32_t index)
{
    print_error("seed %llu, %s, node %u:\n", (unsigned long long)seed, where, index);
    for (uint32_t i = 0; i <= index; i++) {
        print_error("  %2u: %s: %u rows%s\n", i, program->nodes[i].text, program->nodes[i].count,
                    program->nodes[i].ordered ? "" : ", in no order");
    }
}

static bool same_rows(const struct node *node, const ce_result *result)
{
    pair *got = calloc(result->count + 1, sizeof *got);
    for (uint64_t i = 0; i < result->count; i++) {
        got[i] = node->is_pair ? ce_result_rows(result, pair)[i] : (pair){ce_result_rows(result, int64_t)[i], 0};
    }
    pair *wanted = node->ordered ? NULL : sorted(node->rows, node->count);
    if (wanted) {
        qsort(got, result->count, sizeof *got, by_row);
    }
    const pair *expected = wanted ? wanted : node->rows;
    bool same =
        result->count == node->count && (node->count == 0 || memcmp(got, expected, node->count * sizeof *got) == 0);
    free(wanted);
    free(got);
    return same;
}

static void check_node(const struct program *program, uint64_t seed, const char *where, uint32_t index)
{
    const struct node *node = &program->nodes[index];
    ce_result rows;
    uint32_t parts;
    uint64_t count;
    if (ce_collect(node->rdd, &rows) != CE_OK || ce_partition_count(node->rdd, &parts) != CE_OK ||
        ce_count(node->rdd, &count) != CE_OK) {
        report(program, seed, where, index);
        fail_msg("%s", ce_last_error());
    }
    bool parts_fit = node->ordered ? parts == node->parts : true;
    if (!same_rows(node, &rows) || count != node->count || !parts_fit) {
        report(program, seed, where, index);
        fail_msg("got %llu rows (counted %llu) in %u partitions instead of %u in %u", (unsigned long long)rows.count,
                 (unsigned long long)count, parts, node->count, node->parts);
    }
    if (node->ordered && ce_rdd_determinism(node->rdd) != CE_DETERMINATE) {
        report(program, seed, where, index);
        fail_msg("a lineage without a shuffle is not called determinate");
    }
    ce_result_free(&rows);
}

static void run_program(uint64_t seed)
{
    static const char *const masters[] = {"inline", "local[1]", "local[2]", "local[4]"};
    struct program program = {.count = 0};
    char where[64], batch_rows[16];
    cei_random_seed(&program.random, seed);
    const char *master = masters[below(&program, 4)];
    uint64_t size = below(&program, 3);
    snprintf(batch_rows, sizeof batch_rows, "%d", (int)(1 + below(&program, size == 0 ? 4 : size == 1 ? 60 : 3000)));
    snprintf(where, sizeof where, "%s with batches of %s", master, batch_rows);
    program.sc = grid_open(master, "batch_rows", batch_rows, NULL);
    for (uint64_t sources = 1 + below(&program, 3); sources > 0; sources--) {
        make_source(&program, &program.nodes[program.count++]);
    }
    uint64_t nodes = 5 + below(&program, 16);
    for (int tries = 0; program.count < nodes && tries < 200; tries++) {
        grow(&program);
    }
    check_node(&program, seed, where, program.count - 1);
    for (int i = 0; i < 3; i++) {
        check_node(&program, seed, where, (uint32_t)below(&program, program.count));
    }
    ce_context_close(program.sc);
    for (uint32_t i = 0; i < program.count; i++) {
        free(program.nodes[i].rows);
        free(program.nodes[i].starts);
    }
}

static void random_programs_give_what_the_same_steps_give_on_arrays(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < PROGRAMS; i++) {
        run_program(grid_seed() + i);
    }
    print_message("%d programs from seed %llu\n", PROGRAMS, (unsigned long long)grid_seed());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_programs_give_what_the_same_steps_give_on_arrays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
