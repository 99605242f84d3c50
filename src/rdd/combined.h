/*
 * combined.h: one row per key: the reduce side of combine_by_key and all that is made of it.
 */
#ifndef CERIUM_RDD_COMBINED_H
#define CERIUM_RDD_COMBINED_H

#include "rdd/node.h"

/* How node combines rows of this type: pair(K, V) by its functions, beginning with `create`, with its arguments as
 * zero, or with the first value; rows of a node without functions are whole keys. */
cei_combiner cei_combiner_of(const ce_rdd *node, const ce_type *row);

/* Whether the functions of a node fit such rows, or (NULL) what its shuffle has combined already: for what was read
 * from bytes. */
bool cei_combines_soundly(const ce_rdd *node, const ce_type *row);

/* Completes a node whose type and functions are set: its shuffle, when rdd is not partitioned as wanted already.
 * map_side: equal keys are combined before they cross. */
ce_rdd *cei_combine_by_key(ce_rdd *node, ce_rdd *rdd, uint32_t partitions, bool map_side);

/* Combines by the node's functions what its shuffle has combined already or, where the map side does not combine or
 * there is no shuffle, the rows as they come. */
ce_status cei_combined_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor);

#endif
