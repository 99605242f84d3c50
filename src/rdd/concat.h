/*
 * concat.h: several partitions of the parents, one after the other, as one: what coalesce and union over equal
 * partitioners give.
 */
#ifndef CERIUM_RDD_CONCAT_H
#define CERIUM_RDD_CONCAT_H

#include "rdd/node.h"

typedef struct cei_part {
    uint32_t parent, partition;
} cei_part;

/* parts (in the run's arena) stays in use. */
ce_status cei_concat_open(cei_run *run, const ce_rdd *node, const cei_part *parts, uint32_t count, cei_cursor **cursor);

#endif
