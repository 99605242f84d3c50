/*
 * range.c: the partition of a key among sorted bounds. A key's prefix (order.h) decides nearly always; whole keys are
 * compared only among bounds with the same prefix. The search halves without a branch, so its cost does not depend on
 * the data.
 *
 * Interface: cei_range_determine, cei_range_partition, cei_range_compare, cei_range_equal,
 *            cei_range_choose
 */
#include "shuffle/range.h"
#include "base/error.h"
#include "shuffle/order.h"
#include <stdlib.h>
#include <string.h>

int cei_range_compare(const cei_range *range, const void *a, const void *b)
{
    return range->compare ? range->compare->compare(a, b) : ce_type_compare(range->key, a, b);
}

/* ---- prefixes ---- */

/* Where the string lies that keys of this type are compared by first, if it is a string. */
static bool begins_with_str(const ce_type *key, uint32_t *offset)
{
    *offset = 0;
    while (key->kind == CE_KIND_RECORD || key->kind == CE_KIND_PAIR) {
        *offset += key->fields[0].offset;
        key = key->fields[0].type;
    }
    return key->kind == CE_KIND_STR;
}

static ce_str load_str(const char *at)
{
    ce_str str;
    memcpy(&str, at, sizeof str);
    return str;
}

static inline bool is_common(const char *at, ce_str common)
{
    uint64_t differs = 0, a, b;
    uint32_t i = 0;
    for (; i + sizeof a <= common.bytes; i += sizeof a) {
        memcpy(&a, at + i, sizeof a);
        memcpy(&b, common.at + i, sizeof b);
        differs |= a ^ b;
    }
    differs |= cei_str_prefix(at + i, common.bytes - i) ^ cei_str_prefix(common.at + i, common.bytes - i);
    return differs == 0;
}

/* A string that does not begin as all bounds do is below or above all of them; what it shares its prefix with then is
 * told by the comparison of whole keys. */
static inline uint64_t prefix_behind(ce_str str, ce_str common)
{
    if (str.bytes < common.bytes || !is_common(str.at, common)) {
        uint32_t shared = str.bytes < common.bytes ? str.bytes : common.bytes;
        return shared && memcmp(str.at, common.at, shared) > 0 ? UINT64_MAX : 0;
    }
    return cei_str_prefix(str.at + common.bytes, str.bytes - common.bytes);
}

/* Strings that all begin alike are told apart by what stands behind that. */
static void make_prefixes(const cei_range *range, const char *keys, size_t stride, uint32_t count, uint64_t *prefixes)
{
    uint32_t offset;
    if (range->common.bytes == 0) {
        cei_key_prefixes(range->key, keys, stride, count, prefixes);
    } else if (begins_with_str(range->key, &offset)) {
        for (uint32_t i = 0; i < count; i++, keys += stride) {
            prefixes[i] = prefix_behind(load_str(keys + offset), range->common);
        }
    }
}

/* ---- bounds ---- */

/* What the strings of all bounds begin with: between two strings in order lie only strings that begin as both do. */
static ce_str common_of(const cei_range *range)
{
    uint32_t offset, bytes = 0;
    if (!begins_with_str(range->key, &offset)) {
        return (ce_str){0};
    }
    ce_str first = load_str(range->bounds + offset);
    ce_str last = load_str(range->bounds + (size_t)(range->bound_count - 1) * range->key->bytes + offset);
    while (bytes < first.bytes && bytes < last.bytes && first.at[bytes] == last.at[bytes]) {
        bytes++;
    }
    return (ce_str){first.at, bytes};
}

void cei_range_determine(cei_range *range, const void *bounds, uint32_t count, uint64_t *prefixes)
{
    range->bounds = bounds;
    range->bound_count = count;
    range->prefixes = NULL;
    if (count && !range->compare) {
        range->common = common_of(range);
        make_prefixes(range, bounds, range->key->bytes, count, prefixes);
        range->prefixes = prefixes;
    }
    atomic_store_explicit(&range->determined, true, memory_order_release);
}

bool cei_range_equal(const cei_range *a, const cei_range *b)
{
    if (a == b) {
        return true;
    }
    if (!cei_range_is_determined(a) || !cei_range_is_determined(b) || a->bound_count != b->bound_count ||
        a->compare != b->compare || a->descending != b->descending || a->derive || b->derive ||
        !ce_type_equal(a->key, b->key)) {
        return false;
    }
    for (uint32_t i = 0; i < a->bound_count; i++) {
        const size_t at = (size_t)i * a->key->bytes;
        if (cei_range_compare(a, a->bounds + at, b->bounds + at) != 0) {
            return false;
        }
    }
    return true;
}

/* ---- the partition of a key ---- */

/* How many prefixes (there are some) are below this one. The halving is the same for all keys, and its steps are sums,
 * so that several keys are on their way at once. */
static inline uint32_t prefixes_below(const uint64_t *prefixes, uint32_t count, uint64_t prefix)
{
    uint32_t below = 0;
    while (count > 1) {
        uint32_t half = count / 2;
        below += half & -(uint32_t)(prefixes[below + half - 1] < prefix);
        count -= half;
    }
    return below + (prefixes[below] < prefix);
}

/* How many bounds are below the key, of which the first `below` are known to be. prefix: NULL, or the key's. */
static uint32_t bounds_below(const cei_range *range, uint32_t below, const char *key, const uint64_t *prefix)
{
    uint32_t end = range->bound_count;
    while (below < end) {
        uint32_t middle = below + (end - below) / 2;
        bool is_below = !prefix || range->prefixes[middle] == *prefix;
        is_below = is_below && cei_range_compare(range, range->bounds + (size_t)middle * range->key->bytes, key) < 0;
        if (is_below) {
            below = middle + 1;
        } else {
            end = middle;
        }
    }
    return below;
}

static void partition_keys(const cei_range *range, const char *keys, size_t stride, uint32_t count,
                           uint32_t *partitions)
{
    uint64_t prefixes[CEI_RANGE_KEYS_MAX];
    if (range->prefixes) {
        make_prefixes(range, keys, stride, count, prefixes);
        for (uint32_t i = 0; i < count; i++) {
            partitions[i] = prefixes_below(range->prefixes, range->bound_count, prefixes[i]);
        }
    }
    bool is_decided = range->prefixes && cei_prefix_is_key(range->key);
    for (uint32_t i = 0; i < count && !is_decided; i++) {
        uint32_t below = range->prefixes ? partitions[i] : 0;
        if (below < range->bound_count && (!range->prefixes || range->prefixes[below] == prefixes[i])) {
            below = bounds_below(range, below, keys + i * stride, range->prefixes ? &prefixes[i] : NULL);
        }
        partitions[i] = below;
    }
}

ce_status cei_range_partition(const cei_range *range, const char *rows, size_t stride, uint32_t count,
                              cei_buffer *scratch, uint32_t *partitions)
{
    if (range->bound_count == 0) {
        memset(partitions, 0, count * sizeof *partitions);
        return CE_OK;
    }
    if (range->derive) {
        const uint32_t key_bytes = range->key->bytes;
        scratch->count = 0;
        if (!cei_buffer_reserve(scratch, (size_t)count * key_bytes)) {
            return cei_buffer_status(scratch);
        }
        range->derive->map(rows, (uint32_t)stride, scratch->bytes, key_bytes, count, range->derive_env);
        rows = scratch->bytes;
        stride = key_bytes;
    }
    partition_keys(range, rows, stride, count, partitions);
    for (uint32_t i = 0; i < count && range->descending; i++) {
        partitions[i] = range->bound_count - partitions[i];
    }
    return CE_OK;
}

/* ---- choosing bounds ---- */

static int compare_candidates(const void *a, const void *b, void *range)
{
    const cei_range_candidate *left = a, *right = b;
    return cei_range_compare(range, left->key, right->key);
}

uint32_t cei_range_choose(const cei_range *range, cei_range_candidate *candidates, uint32_t count, uint32_t partitions)
{
    qsort_r(candidates, count, sizeof *candidates, compare_candidates, (void *)(uintptr_t)range);
    double sum = 0, before = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += (double)candidates[i].weight;
    }
    const double step = sum / partitions;
    double target = step;
    uint32_t chosen = 0;
    for (uint32_t i = 0; i < count && chosen + 1 < partitions; i++) {
        before += (double)candidates[i].weight;
        bool is_new = chosen == 0 || cei_range_compare(range, candidates[i].key, candidates[chosen - 1].key) > 0;
        if (before >= target && is_new) {
            candidates[chosen++] = candidates[i];
            target += step;
        }
    }
    return chosen;
}
