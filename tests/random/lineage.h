/*
 * lineage.h: what the steps of random lineages share: the functions, which the engine calls and, row by row, the model;
 * nodes with their rows; and what a model does with rows.
 */
#ifndef CERIUM_TESTS_LINEAGE_H
#define CERIUM_TESTS_LINEAGE_H

#include "base/random.h"
#include "support/grid.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES_MAX = 24, ROWS_MAX = 4000, ROWS_MAX_LARGE = 100000, MISSING = 1000003 };

CE_PAIR(pair, int64_t, int64_t);
CE_LIST(longs, int64_t);
CE_PAIR(group, int64_t, longs);
CE_PAIR(word_count, ce_str, int64_t);
CE_RECORD(sums, (int64_t, sum), (int64_t, count));
CE_PAIR(key_sums, int64_t, sums);
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

static inline int64_t both(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * 31 + (uint64_t)b);
}

/* Texts that fit into a key's two words, and some that do not. */
static inline word_count with_text(pair row)
{
    const char *tail = row.key % 3 ? "" : " of more than fifteen bytes";
    return (word_count){ce_str_printf("%lld%s", (long long)row.key, tail), row.value};
}
CE_MAP(with_text, pair, word_count)

static inline int64_t parsed(ce_str text)
{
    int64_t number = 0;
    uint32_t digits = 0;
    while (digits < text.bytes && text.at[digits] != ' ') {
        digits++;
    }
    if (!ce_str_to_int64((ce_str){text.at, digits}, &number)) {
        ce_fail("not a number");
    }
    return number;
}
CE_MAP(parsed, ce_str, int64_t)

static inline pair without_text(word_count row)
{
    return (pair){parsed(row.key), row.value};
}
CE_MAP(without_text, word_count, pair)

static inline sums add_to_sums(sums all, int64_t value)
{
    return (sums){plus(all.sum, value), all.count + 1};
}
CE_AGGREGATE(add_to_sums, sums, int64_t)

static inline sums add_sums(sums a, sums b)
{
    return (sums){plus(a.sum, b.sum), a.count + b.count};
}
CE_REDUCE(add_sums, sums)

static inline sums first_sums(int64_t value)
{
    return (sums){value, 1};
}
CE_MAP(first_sums, int64_t, sums)

static inline pair of_key_sums(key_sums row)
{
    return (pair){row.key, both(row.value.sum, row.value.count)};
}
CE_MAP(of_key_sums, key_sums, pair)

static inline int64_t negated(int64_t x)
{
    return (int64_t)(0 - (uint64_t)x);
}
CE_MAP(negated, int64_t, int64_t)

static inline int64_t negated_key(pair row)
{
    return negated(row.key);
}
CE_MAP(negated_key, pair, int64_t)

/* What is compared of many rows: a sum that forgets their order. */
static inline int64_t digest(pair row)
{
    uint64_t mixed = (uint64_t)row.key * 0x9E3779B97F4A7C15u ^ (uint64_t)row.value * 0xC2B2AE3D27D4EB4Fu;
    return (int64_t)((mixed ^ mixed >> 29) * 0xBF58476D1CE4E5B9u);
}
CE_MAP(digest, pair, int64_t)

static inline pair with_zero(int64_t x)
{
    return (pair){x, 0};
}
CE_MAP(with_zero, int64_t, pair)

/* ---- the model: rows as pairs; a number is a pair's key with value 0 ---- */

struct node {
    ce_rdd *rdd;
    bool is_pair, ordered; /* ordered: partitions and order are known */
    int sorted;            /* 1, -1: keys go up, down; 0: no order is known */
    pair *rows;
    uint32_t count;
    uint32_t parts;   /* known when ordered, or after a wide operator with a number */
    uint32_t *starts; /* parts + 1, when ordered */
    char text[160];
};

struct program {
    ce_context *sc;
    cei_random random;
    uint32_t rows_max;
    bool is_short;   /* of memory */
    bool is_tight;   /* so short that the buffers of readers count */
    char where[160]; /* its settings */
    struct node nodes[NODES_MAX];
    uint32_t count;
};

static inline uint64_t below(struct program *program, uint64_t bound)
{
    return cei_random_below(&program->random, bound);
}

static inline void add_row(struct node *node, int64_t key, int64_t value)
{
    if ((node->count & (node->count - 1)) == 0) {
        node->rows = realloc(node->rows, (node->count ? 2 * node->count : 1) * sizeof *node->rows);
    }
    node->rows[node->count++] = (pair){key, value};
}

/* A node of as many partitions as from, filled partition by partition. */
static inline void begin_parts(struct node *node, uint32_t parts)
{
    node->ordered = true;
    node->parts = 0;
    node->starts = calloc(parts + 1, sizeof *node->starts);
}

static inline void end_part(struct node *node)
{
    node->starts[++node->parts] = node->count;
}

static inline uint32_t part_end(const struct node *node, uint32_t part)
{
    return node->ordered ? node->starts[part + 1] : node->count;
}

static inline uint32_t part_count(const struct node *node)
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

static inline int by_row(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    int order = (x->key > y->key) - (x->key < y->key);
    return order ? order : (x->value > y->value) - (x->value < y->value);
}

static inline pair *sorted(const pair *rows, uint32_t count)
{
    pair *copy = calloc(count + 1, sizeof *copy);
    if (count) {
        memcpy(copy, rows, count * sizeof *copy);
    }
    qsort(copy, count, sizeof *copy, by_row);
    return copy;
}

/* Equal keys become one row. */
static inline void fold_keys(struct node *to, const struct node *from, int64_t (*f)(int64_t, int64_t))
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

/* ---- comparing ---- */

static inline bool same_rows(const struct node *node, const ce_result *result)
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

/* Of rows in the order of their keys: whether they are so within one partition, and the ends. */
CE_RECORD(ends, (bool, sound), (int64_t, first), (int64_t, last));

static inline void find_ends(ce_rows *rows, ce_emit *out, const int64_t *direction)
{
    pair row;
    if (ce_rows_next(rows, &row)) {
        ends all = {true, row.key, row.key};
        while (ce_rows_next(rows, &row)) {
            all.sound = all.sound && (*direction > 0 ? row.key >= all.last : row.key <= all.last);
            all.last = row.key;
        }
        ce_emit_value(out, ends, all);
    }
}
CE_MAP_PARTITIONS_WITH(find_ends, pair, ends, int64_t)

static inline ce_status keys_follow(ce_rdd *pairs, int direction, bool *sound)
{
    ce_result parts;
    *sound = true;
    GRID_TRY(ce_collect(ce_map_partitions_with(pairs, find_ends, &(int64_t){direction}), &parts));
    const ends *all = ce_result_rows(&parts, ends);
    for (uint64_t i = 0; i < parts.count; i++) {
        bool follows = i == 0 || (direction > 0 ? all[i].first >= all[i - 1].last : all[i].first <= all[i - 1].last);
        *sound = *sound && all[i].sound && follows;
    }
    ce_result_free(&parts);
    return CE_OK;
}

/* Compares the rows, or of many rows their sum; count is what the action of this name gives. */
static inline ce_status compare(const struct node *node, bool *same, uint64_t *count)
{
    ce_rdd *pairs = node->is_pair ? node->rdd : ce_map(node->rdd, with_zero);
    ce_result result = {0};
    bool follows = true;
    *same = false;
    GRID_TRY(ce_count(node->rdd, count));
    if (node->sorted) {
        GRID_TRY(keys_follow(pairs, node->sorted, &follows));
    }
    if (node->count <= ROWS_MAX) {
        GRID_TRY(ce_collect(node->rdd, &result));
        *same = same_rows(node, &result);
    } else {
        int64_t sum = 0;
        GRID_TRY(ce_fold(ce_map(pairs, digest), &(int64_t){0}, plus, &result));
        for (uint32_t i = 0; i < node->count; i++) {
            sum = plus(sum, digest(node->rows[i]));
        }
        *same = sum == *(const int64_t *)result.rows;
    }
    ce_result_free(&result);
    *same = *same && follows && *count == node->count;
    return CE_OK;
}

#endif
