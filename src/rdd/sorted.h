/*
 * sorted.h: what the operators that sort share: the cursor that gives a partition in order, and shuffles by range.
 */
#ifndef CERIUM_RDD_SORTED_H
#define CERIUM_RDD_SORTED_H

#include "rdd/node.h"
#include "shuffle/range.h"
#include "shuffle/sorter.h"

/* The rows of one partition in order (which is copied), in bounded memory: those that come across node->shuffle, or
 * without one those of the parent's partition. */
ce_status cei_sorted_open(cei_run *run, const ce_rdd *node, uint32_t partition, const cei_order *order,
                          cei_cursor **cursor);

/* open and prepare behind a shuffle by a range that the node determines itself: in the order of that range. */
ce_status cei_range_sorted_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor);
ce_status cei_range_prepare(ce_rdd *node);

/* Puts a sound node behind a shuffle by this range (copied to the scope), which its prepare determines. Rows are whole,
 * or pairs that are partitioned by their key then. partitions: at most so many; 0: the parent's number. */
void cei_node_set_range(ce_rdd *node, const cei_range *range, bool pair, uint32_t partitions);

#endif
