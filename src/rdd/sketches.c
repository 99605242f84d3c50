/*
 * sketches.c: sketches as values of an RDD. A damaged one, which can only come from outside, fails the task.
 */
#include "rdd/sketches.h"
#include "base/error.h"
#include <math.h>

static inline ce_str cei_merge_hll(ce_str into, ce_str more)
{
    if (!cei_hll_is_sound(into) || !cei_hll_is_sound(more) ||
        cei_hll_precision_of(into) != cei_hll_precision_of(more)) {
        ce_fail("a sketch of distinct values is damaged");
        return into;
    }
    uint64_t bytes = cei_hll_merge_bytes(into, more);
    char *room = bytes ? ce_batch_alloc(bytes) : NULL;
    return bytes && !room ? into : cei_hll_merge(into, more, room);
}
CE_REDUCE(cei_merge_hll, ce_str)

const ce_function *const cei_merge_counts = &ce_fn_cei_merge_hll;

static inline int64_t cei_count_hll(ce_str sketch)
{
    if (!cei_hll_is_sound(sketch)) {
        ce_fail("a sketch of distinct values is damaged");
        return 0;
    }
    return llround(cei_hll_estimate(sketch));
}
CE_MAP(cei_count_hll, ce_str, int64_t)

const ce_function *const cei_count_of = &ce_fn_cei_count_hll;

/* Most sketches that come are of one value, for which the first has room. */
static inline ce_str cei_merge_kll(ce_str into, ce_str more)
{
    cei_kll a, b;
    bool sound = cei_kll_is_sound(into) && cei_kll_is_sound(more);
    if (sound) {
        cei_kll_read(&b, more);
        if (b.count == 1 && cei_kll_add_in_place(into, b.min)) {
            return into;
        }
        cei_kll_read(&a, into);
    }
    if (!sound || a.k != b.k || !cei_kll_merge(&a, &b)) {
        ce_fail("a sketch of quantiles is damaged");
        return into;
    }
    char *room = ce_batch_alloc(cei_kll_bytes(&a));
    return room ? cei_kll_write(&a, room) : into;
}
CE_REDUCE(cei_merge_kll, ce_str)

const ce_function *const cei_merge_quantiles = &ce_fn_cei_merge_kll;

ce_status cei_check_probabilities(const double *probabilities, uint32_t count)
{
    if (count == 0 || !probabilities) {
        return cei_fail(CE_INVALID, "there are no probabilities");
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!(probabilities[i] >= 0 && probabilities[i] <= 1)) {
            return cei_fail(CE_INVALID, "probability %g must be in [0, 1]", probabilities[i]);
        }
    }
    return CE_OK;
}

void cei_hasher_open(cei_hasher *hasher, const ce_type *type)
{
    hasher->type = type;
    hasher->form = cei_key_form_of(type);
    hasher->scratch = (cei_buffer){0};
    hasher->keys.slots = NULL;
    hasher->keys.mask = hasher->keys.slot_bytes = 0;
}

ce_status cei_hasher_hash(cei_hasher *hasher, const char *from, size_t stride, uint32_t count, uint64_t *hashes)
{
    CE_TRY(cei_keys_make(&hasher->keys, hasher->type, hasher->form, from, stride, count, &hasher->scratch));
    for (uint32_t i = 0; i < count; i++) {
        hashes[i] = cei_cell_random(&hasher->keys.cells[i]);
    }
    return CE_OK;
}
