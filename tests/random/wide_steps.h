/*
 * wide_steps.h: steps of random lineages over a shuffle. Each is a line of a table and a function that builds the RDD
 * and gives the model's rows.
 */
#ifndef CERIUM_TESTS_WIDE_STEPS_H
#define CERIUM_TESTS_WIDE_STEPS_H

#include "random/lineage.h"

/* ---- wide steps of one RDD: each sets to->rdd and the model's rows ---- */

static inline void keep_rows(struct node *to, const struct node *from)
{
    for (uint32_t i = 0; i < from->count; i++) {
        add_row(to, from->rows[i].key, from->rows[i].value);
    }
}

/* (key, both(sum, count)) */
static inline void sum_keys(struct node *to, const struct node *from)
{
    pair *rows = sorted(from->rows, from->count);
    for (uint32_t i = 0, end; i < from->count; i = end) {
        int64_t sum = 0;
        for (end = i; end < from->count && rows[end].key == rows[i].key; end++) {
            sum = plus(sum, rows[end].value);
        }
        add_row(to, rows[i].key, both(sum, end - i));
    }
    free(rows);
}

static inline void run_repartition(struct node *to, struct node *from, uint32_t n)
{
    to->rdd = ce_repartition(from->rdd, n + 1);
    keep_rows(to, from);
}

static inline void run_distinct(struct node *to, struct node *from, uint32_t n)
{
    pair *rows = sorted(from->rows, from->count);
    to->rdd = ce_distinct_n(from->rdd, n);
    for (uint32_t i = 0; i < from->count; i++) {
        if (i == 0 || by_row(&rows[i - 1], &rows[i]) != 0) {
            add_row(to, rows[i].key, rows[i].value);
        }
    }
    free(rows);
}

static inline void run_reduce_plus(struct node *to, struct node *from, uint32_t n)
{
    to->rdd = ce_reduce_by_key_n(from->rdd, plus, n);
    fold_keys(to, from, plus);
}

static inline void run_reduce_larger(struct node *to, struct node *from, uint32_t n)
{
    to->rdd = ce_reduce_by_key_n(from->rdd, larger, n);
    fold_keys(to, from, larger);
}

static inline void run_reduce_texts(struct node *to, struct node *from, uint32_t n)
{
    to->rdd = ce_map(ce_reduce_by_key_n(ce_map(from->rdd, with_text), plus, n), without_text);
    fold_keys(to, from, plus);
}

static inline void run_distinct_texts(struct node *to, struct node *from, uint32_t n)
{
    run_distinct(to, from, n);
    to->rdd = ce_map(ce_distinct_n(ce_map(from->rdd, with_text), n), without_text);
}

static inline void run_group(struct node *to, struct node *from, uint32_t n)
{
    to->rdd = ce_map(ce_group_by_key_n(from->rdd, n), sum_group);
    fold_keys(to, from, plus);
}

static inline void run_partition_by(struct node *to, struct node *from, uint32_t n)
{
    to->rdd = ce_partition_by(from->rdd, n);
    keep_rows(to, from);
}

static inline void run_partition_texts(struct node *to, struct node *from, uint32_t n)
{
    to->rdd = ce_map(ce_partition_by(ce_map(from->rdd, with_text), n), without_text);
    keep_rows(to, from);
}

static inline void run_combine(struct node *to, struct node *from, uint32_t n)
{
    to->rdd = ce_map(ce_combine_by_key_with(from->rdd, first_sums, add_to_sums, add_sums, n, n % 2), of_key_sums);
    sum_keys(to, from);
}

static inline void run_aggregate(struct node *to, struct node *from, uint32_t n)
{
    static const sums none = {0, 0};
    to->rdd = ce_map(ce_aggregate_by_key_n(from->rdd, &none, add_to_sums, add_sums, n), of_key_sums);
    sum_keys(to, from);
}

static inline void run_fold(struct node *to, struct node *from, uint32_t n)
{
    to->rdd = ce_fold_by_key_n(from->rdd, &(int64_t){-50}, larger, n); /* as often as it enters, the same */
    fold_keys(to, from, larger);
    for (uint32_t i = 0; i < to->count; i++) {
        to->rows[i].value = larger(to->rows[i].value, -50);
    }
}

static inline void run_top(struct node *to, struct node *from, uint32_t n)
{
    pair *rows = sorted(from->rows, from->count);
    to->rdd = ce_map(ce_top_by_key_n(from->rdd, 3, n), sum_group);
    for (uint32_t i = from->count, taken = 0; i > 0; i--) {
        taken = i < from->count && rows[i].key == rows[i - 1].key ? taken + 1 : 0;
        if (taken == 0) {
            add_row(to, rows[i - 1].key, rows[i - 1].value);
        } else if (taken < 3) {
            to->rows[to->count - 1].value = plus(to->rows[to->count - 1].value, rows[i - 1].value);
        }
    }
    free(rows);
}

static inline void run_sort(struct node *to, struct node *from, uint32_t n)
{
    to->rdd = ce_sort_by_key_n(from->rdd, n % 2, n);
    to->sorted = n % 2 ? 1 : -1;
    keep_rows(to, from);
}

static inline void run_sort_by(struct node *to, struct node *from, uint32_t n)
{
    (void)n;
    to->rdd = from->is_pair ? ce_sort_by(from->rdd, negated_key) : ce_sort_by(from->rdd, negated);
    to->sorted = -1;
    keep_rows(to, from);
}

static inline void run_filter_by_range(struct node *to, struct node *from, uint32_t n)
{
    static const int64_t low = -3, high = 40;
    to->rdd = ce_filter_by_range(n % 2 ? from->rdd : ce_sort_by_key_n(from->rdd, true, n), &low, &high);
    to->sorted = n % 2 ? 0 : 1;
    for (uint32_t i = 0; i < from->count; i++) {
        if (from->rows[i].key >= low && from->rows[i].key <= high) {
            add_row(to, from->rows[i].key, from->rows[i].value);
        }
    }
}

/* One partition is in order. */
static inline void run_repartition_and_sort(struct node *to, struct node *from, uint32_t n)
{
    to->rdd = ce_repartition_and_sort_within_partitions(from->rdd, n % 2 ? 1 : n);
    to->sorted = n % 2 ? 1 : 0;
    keep_rows(to, from);
}

static inline void sum_values(int64_t key, ce_rows *values, ce_emit *out)
{
    sums all = {0, 0};
    for (int64_t value; ce_rows_next(values, &value);) {
        all = add_to_sums(all, value);
    }
    ce_emit_value(out, pair, {key, both(all.sum, all.count)});
}
CE_MAP_GROUPS(sum_values, int64_t, int64_t, pair)

static inline void run_map_groups(struct node *to, struct node *from, uint32_t n)
{
    to->rdd = ce_map_groups_n(from->rdd, sum_values, n);
    sum_keys(to, from);
}

static const struct wide {
    const char *name;
    void (*run)(struct node *to, struct node *from, uint32_t n); /* n: 0 is the default */
    bool of_numbers;
    bool holds_groups; /* a whole group must fit into memory */
} wides[] = {
    {"repartition", run_repartition, true, false},
    {"distinct", run_distinct, true, false},
    {"reduce_by_key(plus)", run_reduce_plus, false, false},
    {"reduce_by_key(larger)", run_reduce_larger, false, false},
    {"reduce_by_key of texts", run_reduce_texts, false, false},
    {"distinct texts", run_distinct_texts, false, false},
    {"group_by_key, sum", run_group, false, true},
    {"partition_by", run_partition_by, false, false},
    {"partition_by of texts", run_partition_texts, false, false},
    {"combine_by_key", run_combine, false, false},
    {"aggregate_by_key", run_aggregate, false, false},
    {"fold_by_key", run_fold, false, false},
    {"top_by_key", run_top, false, false},
    {"sort_by_key", run_sort, false, false},
    {"sort_by", run_sort_by, true, false},
    {"filter_by_range", run_filter_by_range, false, false},
    {"repartition_and_sort_within_partitions", run_repartition_and_sort, false, false},
    {"map_groups", run_map_groups, false, false},
};

static inline bool make_wide(struct program *program, struct node *to, struct node *from)
{
    uint32_t n = (uint32_t)below(program, 6);
    const struct wide *wide = &wides[below(program, sizeof wides / sizeof *wides)];
    if ((!from->is_pair && !wide->of_numbers) || (wide->holds_groups && program->is_short && from->count > ROWS_MAX)) {
        return false;
    }
    to->is_pair = from->is_pair;
    to->parts = n;
    wide->run(to, from, n);
    snprintf(to->text, sizeof to->text, "%s to %u", wide->name, n);
    return true;
}

/* ---- wide steps of two RDDs: false when the result would be too large ---- */

/* Where in sorted rows those of a key begin and end. */
struct run {
    uint32_t first, end;
};

static inline struct run run_of(const pair *rows, uint32_t count, int64_t key)
{
    struct run run = {0, count};
    while (run.first < run.end) { /* the first that is not smaller */
        uint32_t middle = (run.first + run.end) / 2;
        run = rows[middle].key < key ? (struct run){middle + 1, run.end} : (struct run){run.first, middle};
    }
    while (run.end < count && rows[run.end].key == key) {
        run.end++;
    }
    return run;
}

/* The rows of both, sorted. */
struct sides {
    pair *a, *b;
    uint32_t a_count, b_count, rows_max;
};

static inline bool has_row(const struct sides *sides, pair row)
{
    struct run run = run_of(sides->b, sides->b_count, row.key);
    for (uint32_t i = run.first; i < run.end; i++) {
        if (sides->b[i].value == row.value) {
            return true;
        }
    }
    return false;
}

CE_PAIR(joined, int64_t, pair);

static inline pair of_joined(joined row)
{
    return (pair){row.key, both(row.value.key, row.value.value)};
}
CE_MAP(of_joined, joined, pair)

/* Each row of a with each of b that has its key; with alone, rows of a that meet none too. */
static inline bool join_rows(struct node *to, const struct sides *sides, bool alone)
{
    for (uint32_t i = 0; i < sides->a_count && to->count <= sides->rows_max; i++) {
        pair row = sides->a[i];
        struct run run = run_of(sides->b, sides->b_count, row.key);
        for (uint32_t j = run.first; j < run.end && to->count <= sides->rows_max; j++) {
            add_row(to, row.key, both(row.value, sides->b[j].value));
        }
        if (alone && run.first == run.end) {
            add_row(to, row.key, both(row.value, MISSING));
        }
    }
    return to->count <= sides->rows_max;
}

static inline bool run_join(struct node *to, ce_rdd *a, ce_rdd *b, const struct sides *sides)
{
    to->rdd = ce_map(ce_join(a, b), of_joined);
    return join_rows(to, sides, false);
}

CE_OPTION(maybe, int64_t);
CE_PAIR(value_maybe, int64_t, maybe);
CE_PAIR(maybe_value, maybe, int64_t);
CE_PAIR(maybe_maybe, maybe, maybe);
CE_PAIR(left_joined, int64_t, value_maybe);
CE_PAIR(right_joined, int64_t, maybe_value);
CE_PAIR(full_joined, int64_t, maybe_maybe);

static inline int64_t or_missing(maybe value)
{
    return value.present ? value.value : MISSING;
}

static inline pair of_left(left_joined row)
{
    return (pair){row.key, both(row.value.key, or_missing(row.value.value))};
}
CE_MAP(of_left, left_joined, pair)

static inline pair of_right(right_joined row)
{
    return (pair){row.key, both(or_missing(row.value.key), row.value.value)};
}
CE_MAP(of_right, right_joined, pair)

static inline pair of_full(full_joined row)
{
    return (pair){row.key, both(or_missing(row.value.key), or_missing(row.value.value))};
}
CE_MAP(of_full, full_joined, pair)

/* The rows of b that meet none of a. */
static inline void add_alone(struct node *to, const struct sides *sides)
{
    for (uint32_t i = 0; i < sides->b_count; i++) {
        struct run run = run_of(sides->a, sides->a_count, sides->b[i].key);
        if (run.first == run.end) {
            add_row(to, sides->b[i].key, both(MISSING, sides->b[i].value));
        }
    }
}

static inline bool run_left(struct node *to, ce_rdd *a, ce_rdd *b, const struct sides *sides)
{
    to->rdd = ce_map(ce_left_outer_join(a, b), of_left);
    return join_rows(to, sides, true);
}

static inline bool run_broadcast(struct node *to, ce_rdd *a, ce_rdd *b, const struct sides *sides)
{
    to->rdd = ce_map(ce_join_broadcast(a, b), of_joined);
    return join_rows(to, sides, false);
}

static inline bool run_left_broadcast(struct node *to, ce_rdd *a, ce_rdd *b, const struct sides *sides)
{
    to->rdd = ce_map(ce_left_outer_join_broadcast(a, b), of_left);
    return join_rows(to, sides, true);
}

static inline bool run_right(struct node *to, ce_rdd *a, ce_rdd *b, const struct sides *sides)
{
    to->rdd = ce_map(ce_right_outer_join(a, b), of_right);
    add_alone(to, sides);
    return join_rows(to, sides, false);
}

static inline bool run_full(struct node *to, ce_rdd *a, ce_rdd *b, const struct sides *sides)
{
    to->rdd = ce_map(ce_full_outer_join(a, b), of_full);
    add_alone(to, sides);
    return join_rows(to, sides, true);
}

CE_RECORD(two_lists, (longs, left), (longs, right));
CE_PAIR(cogrouped, int64_t, two_lists);

static inline int64_t sum_list(longs list)
{
    int64_t sum = list.count;
    for (uint32_t i = 0; i < list.count; i++) {
        sum = plus(sum, list.at[i]);
    }
    return sum;
}

static inline pair of_cogrouped(cogrouped row)
{
    return (pair){row.key, both(sum_list(row.value.left), sum_list(row.value.right))};
}
CE_MAP(of_cogrouped, cogrouped, pair)

static inline int64_t sum_run(const pair *rows, struct run run)
{
    int64_t sum = run.end - run.first;
    for (uint32_t i = run.first; i < run.end; i++) {
        sum = plus(sum, rows[i].value);
    }
    return sum;
}

static inline bool run_cogroup(struct node *to, ce_rdd *a, ce_rdd *b, const struct sides *sides)
{
    to->rdd = ce_map(ce_cogroup(a, b), of_cogrouped);
    for (uint32_t i = 0, j = 0; i < sides->a_count || j < sides->b_count;) {
        bool of_a = j == sides->b_count || (i < sides->a_count && sides->a[i].key <= sides->b[j].key);
        int64_t key = of_a ? sides->a[i].key : sides->b[j].key;
        struct run left = run_of(sides->a, sides->a_count, key), right = run_of(sides->b, sides->b_count, key);
        add_row(to, key, both(sum_run(sides->a, left), sum_run(sides->b, right)));
        i = left.end > i ? left.end : i;
        j = right.end > j ? right.end : j;
    }
    return true;
}

static inline bool run_subtract_by_key(struct node *to, ce_rdd *a, ce_rdd *b, const struct sides *sides)
{
    to->rdd = ce_subtract_by_key(a, b);
    for (uint32_t i = 0; i < sides->a_count; i++) {
        struct run run = run_of(sides->b, sides->b_count, sides->a[i].key);
        if (run.first == run.end) {
            add_row(to, sides->a[i].key, sides->a[i].value);
        }
    }
    return true;
}

static inline bool run_subtract(struct node *to, ce_rdd *a, ce_rdd *b, const struct sides *sides)
{
    to->rdd = ce_subtract(a, b);
    for (uint32_t i = 0; i < sides->a_count; i++) {
        if (!has_row(sides, sides->a[i])) {
            add_row(to, sides->a[i].key, sides->a[i].value);
        }
    }
    return true;
}

static inline bool run_intersection(struct node *to, ce_rdd *a, ce_rdd *b, const struct sides *sides)
{
    to->rdd = ce_intersection(a, b);
    for (uint32_t i = 0; i < sides->a_count; i++) {
        bool first = i == 0 || by_row(&sides->a[i - 1], &sides->a[i]) != 0;
        if (first && has_row(sides, sides->a[i])) {
            add_row(to, sides->a[i].key, sides->a[i].value);
        }
    }
    return true;
}

/* Behind a shuffle of both, which gives the partitions of the two one partitioner. */
static inline bool run_union(struct node *to, ce_rdd *a, ce_rdd *b, const struct sides *sides)
{
    to->rdd = ce_union(ce_partition_by(a, 3), ce_partition_by(b, 3));
    for (uint32_t i = 0; i < sides->a_count; i++) {
        add_row(to, sides->a[i].key, sides->a[i].value);
    }
    for (uint32_t i = 0; i < sides->b_count; i++) {
        add_row(to, sides->b[i].key, sides->b[i].value);
    }
    return to->count <= sides->rows_max;
}

static const struct wide_of_two {
    const char *name;
    bool (*run)(struct node *to, ce_rdd *a, ce_rdd *b, const struct sides *sides);
    bool of_numbers;
    bool holds_groups;
    bool holds_right; /* all rows of the right side must fit into memory */
} wides_of_two[] = {
    {"union of partitions", run_union, false, false, false},
    {"join", run_join, false, false, false},
    {"left_outer_join", run_left, false, false, false},
    {"right_outer_join", run_right, false, false, false},
    {"full_outer_join", run_full, false, false, false},
    {"join_broadcast", run_broadcast, false, false, true},
    {"left_outer_join_broadcast", run_left_broadcast, false, false, true},
    {"cogroup", run_cogroup, false, true, false},
    {"subtract_by_key", run_subtract_by_key, false, false, false},
    {"subtract", run_subtract, true, false, false},
    {"intersection", run_intersection, true, false, false},
};

static inline bool make_wide_of_two(struct program *program, struct node *to, struct node *a, struct node *b)
{
    const struct wide_of_two *wide = &wides_of_two[below(program, sizeof wides_of_two / sizeof *wides_of_two)];
    if (a->is_pair != b->is_pair || (!a->is_pair && !wide->of_numbers) ||
        (wide->holds_groups && program->is_short && a->count + b->count > ROWS_MAX) ||
        (wide->holds_right && program->is_short && b->count > ROWS_MAX)) {
        return false;
    }
    struct sides sides = {sorted(a->rows, a->count), sorted(b->rows, b->count), a->count, b->count, program->rows_max};
    to->is_pair = a->is_pair;
    bool made = wide->run(to, a->rdd, b->rdd, &sides);
    snprintf(to->text, sizeof to->text, "%s with node %d", wide->name, (int)(b - program->nodes));
    free(sides.a);
    free(sides.b);
    return made;
}

#endif
