/*
 * shuffle_read.h: the cursors behind a shuffle: rows out of fed blocks, and equal keys made one.
 */
#ifndef CERIUM_RDD_SHUFFLE_READ_H
#define CERIUM_RDD_SHUFFLE_READ_H

#include "rdd/node.h"

/* Rows of one reduce partition as they come; CEI_WANT while no block is queued and the input has not ended. Registers
 * an input with the run. */
ce_status cei_shuffle_read_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor);

/* The input of a wide operator: across its shuffle, or, where the parent is partitioned as wanted already
 * (node->shuffle NULL), the parent's partition itself. */
ce_status cei_wide_input_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor);

/* One row per key, combined by node->function: the reduce side of reduce_by_key and distinct. */
ce_status cei_combined_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor);

/* What cei_combined_open and the map side need to know of rows of this type: a pair's key and value, or (pair false)
 * the row as key. id and partitioner are left zero. */
cei_shuffle cei_shuffle_of(const ce_type *row, bool pair, const ce_function *combine, bool combines);

/* Sets node->shuffle (a copy in the scope with a fresh id) and node->partitioner. false: poisoned. */
bool cei_node_set_shuffle(ce_rdd *node, cei_shuffle shuffle, cei_partitioner partitioner);

/* The partitioner that combining by key asks for, as in Spark. partitions 0: the parent's own partitioner, else the
 * setting default_parallelism, else as cei_partitioner_for. */
cei_partitioner cei_default_partitioner(ce_rdd *parent, uint32_t partitions);

/* The partitioner that a wide transformation asks for. partitions 0: the number of the parent's, when that is known
 * without looking at files or running a job; otherwise the count stays 0 until cei_wide_prepare. */
cei_partitioner cei_partitioner_for(ce_rdd *parent, cei_partitioner_kind kind, uint32_t partitions);

/* prepare of wide operators: sets a count that was left open to the parent's. */
ce_status cei_wide_prepare(ce_rdd *node);

#endif
