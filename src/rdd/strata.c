/*
 * strata.c: the rates are sorted once, when the node is built, and a row's is found by halving.
 */
#include "rdd/strata.h"
#include "base/error.h"
#include <math.h>
#include <stdlib.h>

cei_strata cei_strata_of(const ce_rdd *node)
{
    const ce_list *rates = node->args;
    return (cei_strata){.type = node->args_type->fields[0].type->element,
                        .rates = rates->at,
                        .count = rates->count,
                        .sampling = (const void *)((const char *)node->args + node->args_type->fields[1].offset)};
}

static inline const char *rate_at(const cei_strata *strata, uint32_t stratum)
{
    return strata->rates + (size_t)stratum * strata->type->bytes;
}

double cei_strata_rate(const cei_strata *strata, uint32_t stratum)
{
    double rate;
    memcpy(&rate, rate_at(strata, stratum) + strata->type->fields[1].offset, sizeof rate);
    return rate;
}

ce_status cei_strata_find(cei_strata *strata, const ce_rdd *node, const void *key, uint32_t *stratum)
{
    const ce_type *type = strata->type->fields[0].type;
    char place[256], text[256];
    uint32_t first = 0, end = strata->count, at = strata->last;
    while (first < end) {
        int order = ce_type_compare(type, rate_at(strata, at), key);
        if (order == 0) {
            *stratum = strata->last = at;
            return CE_OK;
        }
        first = order < 0 ? at + 1 : first;
        end = order < 0 ? end : at;
        at = first + (end - first) / 2;
    }
    return cei_fail(CE_NOT_FOUND, "%s: key not found: %s", cei_node_place(node, place, sizeof place),
                    ce_type_print(type, key, text, sizeof text));
}

/* ---- sampling ---- */

/* A row points into its input's batch, so what is there is handed over before the input is pulled again. */
static cei_pull strata_next(cei_cursor *cursor, cei_batch *batch)
{
    cei_strata_state *state = (cei_strata_state *)cursor;
    cei_intake *in = &state->base.in;
    size_t row_bytes = cursor->node->type->bytes;
    uint32_t count = 0, room = cursor->run->batch_rows;
    while (count < room) {
        uint32_t copies = state->copies < room - count ? (uint32_t)state->copies : room - count;
        cei_copy_fields(state->base.rows + count * row_bytes, row_bytes, state->row, 0, row_bytes, copies);
        count += copies;
        state->copies -= copies;
        if (state->copies || (in->left == 0 && count)) {
            break;
        }
        cei_pull pulled = cei_intake_pull(in);
        if (pulled != CEI_ROWS) {
            return pulled;
        }
        uint32_t stratum;
        ce_status status = cei_strata_find(&state->strata, cursor->node, in->rows, &stratum);
        if (status != CE_OK) {
            return cei_run_fail(cursor->run, status);
        }
        state->row = in->rows;
        state->copies = state->draw(state, stratum);
        cei_intake_skip(in, row_bytes, 1);
    }
    *batch = (cei_batch){state->base.rows, count};
    return CEI_ROWS;
}

ce_status cei_strata_open(cei_run *run, const ce_rdd *node, uint32_t partition, size_t bytes,
                          uint64_t (*draw)(cei_strata_state *state, uint32_t stratum), cei_cursor **cursor)
{
    CE_TRY(cei_batcher_open(run, node, partition, bytes, strata_next, cursor));
    cei_strata_state *state = (cei_strata_state *)*cursor;
    state->strata = cei_strata_of(node);
    state->draw = draw;
    cei_random_seed(&state->random, cei_random_stream_seed(state->strata.sampling->seed, partition));
    return CE_OK;
}

/* ---- building ---- */

static int compare_keys(const void *a, const void *b, void *type)
{
    return ce_type_compare(type, a, b);
}

static void check_rates(ce_rdd *node, const cei_strata *strata)
{
    char text[256];
    const ce_type *key = strata->type->fields[0].type;
    for (uint32_t i = 0; i < strata->count; i++) {
        double rate = cei_strata_rate(strata, i);
        if (!(rate >= 0)) {
            cei_node_poison(node, CE_INVALID, "Negative sampling rates.");
        } else if (isinf(rate)) {
            cei_node_poison(node, CE_INVALID, "Sampling rates must be finite.");
        } else if (i > 0 && ce_type_compare(key, rate_at(strata, i - 1), rate_at(strata, i)) == 0) {
            cei_node_poison(node, CE_INVALID, "two sampling rates for the key %s",
                            ce_type_print(key, rate_at(strata, i), text, sizeof text));
        }
    }
}

/* The arguments: pair(list(pair(K, double)), cei_sampling). */
static void set_args(ce_rdd *node, const cei_strata_wish *wish)
{
    cei_scope *scope = node->scope;
    const ce_type *list = cei_scope_list(scope, wish->rate_type);
    const ce_type *type = list ? cei_scope_pair(scope, list, CE_TYPE(cei_sampling)) : NULL;
    char *args = type ? cei_node_args(node, type) : NULL;
    char *rates = args ? cei_scope_copy_values(scope, wish->rate_type, wish->rates, wish->count) : NULL;
    if (!rates) {
        cei_node_poison(node, CE_MEMORY, "%s", ce_last_error());
        return;
    }
    if (wish->count > 1) {
        qsort_r(rates, wish->count, wish->rate_type->bytes, compare_keys, (void *)wish->rate_type->fields[0].type);
    }
    *(ce_list *)(void *)args = (ce_list){rates, wish->count};
    cei_sampling *sampling = (cei_sampling *)(void *)(args + type->fields[1].offset);
    sampling->seed = wish->seed;
    sampling->with_replacement = wish->with_replacement;
    cei_strata strata = cei_strata_of(node);
    check_rates(node, &strata);
}

ce_rdd *cei_strata_new(const cei_op *op, ce_rdd *rdd, const cei_strata_wish *wish, ce_site site)
{
    ce_rdd *node = cei_node_new(op, NULL, site, &rdd, 1);
    const ce_type *key, *value;
    char needs[256], has[256];
    if (!cei_node_pair(node, rdd ? rdd->type : NULL, &key, &value)) {
        return node;
    }
    const ce_type *rate = cei_scope_pair(node->scope, key, CE_TYPE(double));
    if (!rate) {
        return cei_node_poison(node, CE_MEMORY, "out of memory");
    }
    if (!ce_type_equal(rate, wish->rate_type)) {
        return cei_node_poison(node, CE_TYPE, "needs rates %s, has %s", ce_type_text(rate, needs, sizeof needs),
                               ce_type_text(wish->rate_type, has, sizeof has));
    }
    set_args(node, wish);
    if (cei_node_is_sound(node)) {
        node->type = rdd->type;
        node->partitioner = rdd->partitioner;
    }
    return node;
}
