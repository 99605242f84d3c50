/*
 * sort_entries.h: the sort in memory: rows by their prefixes, and those with equal prefixes by comparison. Stable.
 */
#ifndef CERIUM_SHUFFLE_SORT_ENTRIES_H
#define CERIUM_SHUFFLE_SORT_ENTRIES_H

#include "shuffle/order.h"

typedef struct cei_entry {
    uint64_t prefix;
    const char *row;
} cei_entry;

/* room: for count entries more. Calls the order's functions. */
void cei_sort_entries(const cei_order *order, cei_entry *entries, cei_entry *room, size_t count);

#endif
