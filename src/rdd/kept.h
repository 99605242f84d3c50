/*
 * kept.h: rows of a first input that are kept for what a second one has: subtract, subtract_by_key and intersection.
 */
#ifndef CERIUM_RDD_KEPT_H
#define CERIUM_RDD_KEPT_H

#include "rdd/node.h"

/* open of a node of cei_cogroup_node over two inputs: the values of the first whose key the second lacks or, with
 * intersects, one for each key that both have. plain: rows are keys, without a value. */
ce_status cei_kept_open(cei_run *run, const ce_rdd *node, uint32_t partition, bool plain, bool intersects,
                        cei_cursor **cursor);

/* As many partitions as the first has, where that is known and no other number is asked for. */
uint32_t cei_kept_partitions(ce_rdd *a, uint32_t partitions);

/* A node over plain rows: each is a key. */
ce_rdd *cei_kept_plain_node(const cei_op *op, ce_rdd *a, ce_rdd *b, uint32_t partitions, ce_site site);

#endif
