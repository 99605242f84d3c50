/*
 * random_lineage_test.c: random programs over the RDD operators against a naive model that runs the same steps on
 * arrays.
 *
 * A program grows a graph of 5 to 20 nodes over int64 and pair(int64, int64), each from nodes before it, so that nodes
 * are shared as a user's are. The model holds the rows of each node, and their order and partitions as long as these
 * are defined: behind a shuffle only the multiset is, and of a sort that its keys follow each other.
 *
 * Threads, batches, the budget of memory, the cuts of files and the skew of keys are drawn too. A few programs are
 * large: their rows go to disk where the budget is small, and of their results only sums are compared.
 *
 * CERIUM_TEST_SEED is the seed of the first program, CERIUM_SOAK_SECONDS how long to go on (0: one program); see
 * script/soak.
 */
#include "base/clock.h"
#include "random/wide_steps.h"
#include "support/files.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRAMS = 1000 };

/* ---- steps: each builds the node and the model's rows; false when it cannot be used on these nodes ---- */

/* The numbers as lines of a file, which is cut where the settings say. */
static void make_file(struct program *program, struct node *to, const int64_t *values, uint32_t count)
{
    char name[32], *text = malloc((size_t)count * 21 + 22), *at = text;
    for (uint32_t i = 0; i < count; i++) {
        at += snprintf(at, 22, "%lld\n", (long long)values[i]);
        add_row(to, values[i], 0);
    }
    snprintf(name, sizeof name, "numbers-%u", program->count);
    to->rdd = ce_map(ce_text_file(program->sc, test_file(name, text, (size_t)(at - text))), parsed);
    snprintf(to->text, sizeof to->text, "text_file of %u rows", count);
    free(text);
}

static bool make_source(struct program *program, struct node *to)
{
    uint32_t most = program->rows_max == ROWS_MAX ? 600 : program->rows_max / 2;
    uint32_t count = (uint32_t)below(program, 4) ? (uint32_t)below(program, most) : (uint32_t)below(program, 4);
    uint32_t parts = 1 + (uint32_t)below(program, 7);
    int64_t *values = calloc(count + 1, sizeof *values);
    int64_t first = (int64_t)below(program, 50) - 25, step = below(program, 2) ? 3 : -2;
    uint64_t kind = below(program, program->is_tight ? 4 : 5); /* 0, 1: a range; 4: a file, which takes buffers */
    kind =
        program->is_tight && program->rows_max == ROWS_MAX_LARGE ? 0 : kind; /* a node that holds rows takes memory */
    uint64_t spread_of = 1 + below(program, below(program, 4) ? 200 : 4 * (uint64_t)count + 1);
    bool skewed = below(program, 4) == 0; /* half of the rows have one key */
    for (uint32_t i = 0; i < count; i++) {
        int64_t drawn = skewed && below(program, 2) ? 7 : (int64_t)below(program, spread_of) - 20;
        values[i] = kind < 2 ? first + (int64_t)i * step : drawn;
    }
    if (kind == 4) {
        make_file(program, to, values, count);
        free(values);
        return true;
    }
    to->rdd = kind < 2 ? ce_range(program->sc, first, first + (int64_t)count * step, step, parts)
                       : ce_parallelize(program->sc, int64_t, values, count, parts);
    begin_parts(to, parts);
    for (uint32_t part = 0; part < parts; part++) {
        for (uint64_t i = (uint64_t)part * count / parts; i < ((uint64_t)part + 1) * count / parts; i++) {
            add_row(to, values[i], 0);
        }
        end_part(to);
    }
    free(values);
    snprintf(to->text, sizeof to->text, "%s of %u rows in %u partitions", kind < 2 ? "range" : "parallelize", count,
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
    if (a->is_pair != b->is_pair || a->count + b->count > program->rows_max) {
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
    uint64_t choice = below(program, 23);
    a = below(program, 2) ? &program->nodes[program->count - 1] : a; /* mostly chains */
    *to = (struct node){.rdd = NULL};
    bool made = choice < 8    ? make_narrow(program, to, a)
                : choice < 10 ? make_numbered(program, to, a)
                : choice < 12 ? make_union(program, to, a, b)
                : choice < 14 ? make_coalesced(program, to, a)
                : choice < 15 ? make_cartesian(program, to, a, b)
                : choice < 20 ? make_wide(program, to, a)
                              : make_wide_of_two(program, to, a, b);
    if (made && to->count <= 2 * program->rows_max) {
        size_t used = strlen(to->text);
        snprintf(to->text + used, sizeof to->text - used, " (of node %d)", (int)(a - program->nodes));
        program->count++;
    } else {
        free(to->rows);
        free(to->starts);
    }
}

/* ---- comparing ---- */

static void report(const struct program *program, uint64_t seed, uint32_t index)
{
    print_error("seed %llu, %s, node %u:\n", (unsigned long long)seed, program->where, index);
    for (uint32_t i = 0; i <= index; i++) {
        print_error("  %2u: %s: %u rows%s\n", i, program->nodes[i].text, program->nodes[i].count,
                    program->nodes[i].ordered ? "" : ", in no order");
    }
}

static void check_node(const struct program *program, uint64_t seed, uint32_t index)
{
    const struct node *node = &program->nodes[index];
    uint32_t parts;
    uint64_t count;
    bool same;
    if (compare(node, &same, &count) != CE_OK || ce_partition_count(node->rdd, &parts) != CE_OK) {
        report(program, seed, index);
        fail_msg("%s", ce_last_error());
    }
    if (!same || (node->ordered && parts != node->parts)) {
        report(program, seed, index);
        fail_msg("other rows: counted %llu in %u partitions instead of %u in %u", (unsigned long long)count, parts,
                 node->count, node->parts);
    }
    if (node->ordered && ce_rdd_determinism(node->rdd) != CE_DETERMINATE) {
        report(program, seed, index);
        fail_msg("a lineage without a shuffle is not called determinate");
    }
}

/* A small budget is for few threads and small batches: what cannot go to disk must fit. */
static void open_program(struct program *program)
{
    static const char *const masters[] = {"inline", "local[1]", "local[2]", "local[4]", "local[8]"};
    static const char *const budgets[] = {"2m", "4m", "8m", "64m"};
    char batch_rows[16], cut_bytes[16];
    uint64_t threads = below(program, 5), size = below(program, 3), budget = below(program, 8);
    const char *memory = budget < 4 ? budgets[budget] : "0";
    program->is_tight = budget < 2;
    threads = program->is_tight && threads > 2 ? 2 : threads;
    snprintf(batch_rows, sizeof batch_rows, "%d",
             (int)(1 + below(program, size == 0                        ? 4
                                      : size == 1 || program->is_tight ? 60
                                                                       : 3000)));
    snprintf(cut_bytes, sizeof cut_bytes, "%d", (int)(200 + below(program, 3000)));
    program->rows_max = below(program, 25) ? ROWS_MAX : ROWS_MAX_LARGE;
    program->is_short = budget < 4;
    if (program->rows_max == ROWS_MAX_LARGE) {
        snprintf(cut_bytes, sizeof cut_bytes, "64k");
    }
    snprintf(program->where, sizeof program->where, "%s with batches of %s, %s bytes of memory and cuts of %s",
             masters[threads], batch_rows, memory, cut_bytes);
    program->sc = grid_open(masters[threads], "batch_rows", batch_rows, "memory_bytes_max", memory,
                            "files_partition_bytes_max", cut_bytes, NULL);
}

static void run_program(uint64_t seed)
{
    struct program program = {.count = 0};
    cei_random_seed(&program.random, seed);
    open_program(&program);
    for (uint64_t sources = 1 + below(&program, 3); sources > 0; sources--) {
        make_source(&program, &program.nodes[program.count]);
        program.count++;
    }
    uint64_t nodes = 5 + below(&program, 16);
    for (int tries = 0; program.count < nodes && tries < 200; tries++) {
        grow(&program);
    }
    check_node(&program, seed, program.count - 1);
    for (int i = 0; i < 3; i++) {
        check_node(&program, seed, (uint32_t)below(&program, program.count));
    }
    ce_context_close(program.sc);
    for (uint32_t i = 0; i < program.count; i++) {
        free(program.nodes[i].rows);
        free(program.nodes[i].starts);
    }
}

/* As many as the test wants, or for as long as a soak lasts. */
static void random_programs_give_what_the_same_steps_give_on_arrays(void **state)
{
    (void)state;
    const char *seconds = getenv("CERIUM_SOAK_SECONDS");
    int64_t end = cei_clock_ns() + (seconds ? strtoll(seconds, NULL, 10) * 1000000000 : 0);
    uint64_t programs = 0;
    do {
        run_program(grid_seed() + programs++);
    } while (seconds ? cei_clock_ns() < end : programs < PROGRAMS);
    print_message("%llu programs from seed %llu\n", (unsigned long long)programs, (unsigned long long)grid_seed());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_programs_give_what_the_same_steps_give_on_arrays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
