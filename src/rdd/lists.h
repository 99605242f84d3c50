/* lists.h: groups as rows with their values in lists: group_by_key and cogroup. */
#ifndef CERIUM_RDD_LISTS_H
#define CERIUM_RDD_LISTS_H

#include "rdd/node.h"

/* open of an operator that gives pair(K, list(V)), or pair(K, record of lists) with one for each input. A group that
 * does not fit in memory is CE_MEMORY, and the sentence says what takes groups of any size. */
ce_status cei_lists_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor);

#endif
