/* random_split : rdd(T), weights -> rdd(T), ...
 *
 * All splits draw the same number for a row, and each has the rows whose number falls into its share of [0, 1):
 * together they have every row once, as long as the rows come in the same order each time. */
#include "base/buffer.h"
#include "base/error.h"
#include "rdd/cell.h"
#include "rdd/narrow.h"
#include <math.h>

CE_RECORD(split_args, (double, low), (double, high), (uint64_t, seed));

static ce_status random_split_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    const split_args *args = node->args;
    return cei_cell_open(run, node, partition, args->low, args->high, args->seed, cursor);
}

const cei_op cei_op_random_split = {
    .name = "random_split", .open = random_split_open, .determinism = cei_determinism_by_position};

/* What is wrong with the weights, or NULL. Sets their sum, and *last to the last one that is not 0. */
static const char *split_check(const double *weights, uint32_t count, double *sum, uint32_t *last)
{
    *sum = 0;
    *last = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!(weights[i] >= 0)) {
            return "Weights must be nonnegative, but got ";
        }
        *sum += weights[i];
        *last = weights[i] > 0 ? i : *last;
    }
    return isinf(*sum) ? "Sum of weights must be finite, but got "
           : *sum > 0  ? NULL
                       : "Sum of weights must be positive, but got ";
}

static void split_poison(ce_rdd *node, const char *wrong, const double *weights, uint32_t count)
{
    cei_buffer text = {0};
    for (uint32_t i = 0; i < count; i++) {
        cei_buffer_text(&text, i ? "," : "[");
        cei_buffer_double(&text, weights[i]);
    }
    cei_buffer_text(&text, "]");
    const char *list = cei_buffer_cstr(&text);
    cei_node_poison(node, CE_INVALID, "%s%s", wrong, list ? list : "");
    cei_buffer_close(&text);
}

void ce_random_split_at(ce_rdd *rdd, const double *weights, uint32_t count, uint64_t seed, ce_rdd **splits,
                        ce_site site)
{
    double sum = 0, before = 0, low = 0;
    uint32_t last = 0;
    const char *wrong = weights ? split_check(weights, count, &sum, &last) : NULL;
    for (uint32_t i = 0; i < count; i++) {
        ce_rdd *node = splits[i] = cei_node_new(&cei_op_random_split, NULL, site, &rdd, 1);
        if (!weights) {
            cei_node_poison(node, CE_INVALID, "the weights are NULL");
        } else if (wrong) {
            split_poison(node, wrong, weights, count);
        }
        split_args *args = cei_node_args(node, CE_TYPE(split_args));
        if (!args) {
            continue;
        }
        before += weights[i];
        double high = i >= last ? 1 : before / sum; /* the sum of shares may miss 1 by rounding; no row may */
        *args = (split_args){low, high, seed};
        low = high;
        node->type = rdd->type;
        node->partitioner = rdd->partitioner;
    }
}
