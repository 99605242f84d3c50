/*
 * sort_entries.c: a radix sort from the highest bits that differ, out of place and back, until a bucket is small enough
 * for an insertion sort; then a merge sort of rows whose prefixes are equal and do not decide.
 *
 * The first pass makes buckets that fit a cache, so that all later passes run there. Input that is sorted already, or
 * strictly backwards, is seen in one pass.
 */
#include "shuffle/sort_entries.h"
#include <string.h>

enum { SMALL = 40, LARGE = 1 << 16, FIRST_BITS = 10, NEXT_BITS = 8 };

static void insertion_sort(cei_entry *entries, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const cei_entry entry = entries[i];
        size_t at = i;
        for (; at > 0 && entries[at - 1].prefix > entry.prefix; at--) {
            entries[at] = entries[at - 1];
        }
        entries[at] = entry;
    }
}

/* Sorts what is in `from`; it ends up there, or (over) in `to`. */
static void radix_sort(cei_entry *from, cei_entry *to, size_t count, bool over)
{
    uint64_t all = UINT64_MAX, any = 0;
    if (count <= SMALL) {
        insertion_sort(from, count);
    } else {
        for (size_t i = 0; i < count; i++) {
            all &= from[i].prefix;
            any |= from[i].prefix;
        }
    }
    const uint64_t differ = any & ~all;
    if (count <= SMALL || differ == 0) {
        if (over) {
            memcpy(to, from, count * sizeof *from);
        }
        return;
    }
    const int top = 64 - __builtin_clzll(differ), bits = count > LARGE ? FIRST_BITS : NEXT_BITS;
    const int shift = top > bits ? top - bits : 0;
    const size_t buckets = (size_t)1 << bits, mask = buckets - 1;
    uint32_t ends[1 << FIRST_BITS] = {0};
    for (size_t i = 0; i < count; i++) {
        ends[from[i].prefix >> shift & mask]++;
    }
    for (size_t i = 0, sum = 0; i < buckets; i++) {
        const uint32_t n = ends[i];
        ends[i] = (uint32_t)sum;
        sum += n;
    }
    for (size_t i = 0; i < count; i++) {
        to[ends[from[i].prefix >> shift & mask]++] = from[i];
    }
    for (size_t i = 0, begin = 0; i < buckets; begin = ends[i++]) {
        const size_t n = ends[i] - begin;
        if (shift > 0 && n > 1) {
            radix_sort(to + begin, from + begin, n, !over);
        } else if (!over) {
            memcpy(from + begin, to + begin, n * sizeof *from);
        }
    }
}

/* Rows whose prefixes are equal. */
static void merge_sort(const cei_order *order, cei_entry *entries, cei_entry *room, size_t count)
{
    if (count <= 8) {
        for (size_t i = 1; i < count; i++) {
            const cei_entry entry = entries[i];
            size_t at = i;
            for (; at > 0 && cei_order_compare_rest(order, entries[at - 1].row, entry.row) > 0; at--) {
                entries[at] = entries[at - 1];
            }
            entries[at] = entry;
        }
        return;
    }
    const size_t half = count / 2;
    merge_sort(order, entries, room, half);
    merge_sort(order, entries + half, room, count - half);
    if (cei_order_compare_rest(order, entries[half - 1].row, entries[half].row) <= 0) {
        return;
    }
    memcpy(room, entries, half * sizeof *entries);
    size_t a = 0, b = half, to = 0;
    while (a < half && b < count) {
        entries[to++] = cei_order_compare_rest(order, room[a].row, entries[b].row) <= 0 ? room[a++] : entries[b++];
    }
    memcpy(entries + to, room + a, (half - a) * sizeof *entries);
}

void cei_sort_entries(const cei_order *order, cei_entry *entries, cei_entry *room, size_t count)
{
    size_t rising = 1, falling = 1;
    for (size_t i = 1; i < count && (rising == i || falling == i); i++) {
        rising += entries[i - 1].prefix <= entries[i].prefix && rising == i;
        falling += entries[i - 1].prefix > entries[i].prefix && falling == i;
    }
    if (rising < count && falling >= count) {
        for (size_t i = 0, j = count - 1; i < j; i++, j--) {
            const cei_entry entry = entries[i];
            entries[i] = entries[j];
            entries[j] = entry;
        }
        return;
    }
    if (rising < count) {
        radix_sort(entries, room, count, false);
    }
    if (cei_order_is_decided(order)) {
        return;
    }
    for (size_t i = 0, n; i < count; i += n) {
        for (n = 1; i + n < count && entries[i + n].prefix == entries[i].prefix;) {
            n++;
        }
        if (n > 1) {
            merge_sort(order, entries + i, room, n);
        }
    }
}
