/* whole.h: a user function over a whole partition: map_partitions, map_partitions_with_index, zip_partitions. */
#ifndef CERIUM_RDD_WHOLE_H
#define CERIUM_RDD_WHOLE_H

#include "rdd/node.h"

/* open of an operator whose function is a ce_partitions_kernel, over the same partition of one or two parents. */
ce_status cei_whole_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor);

#endif
