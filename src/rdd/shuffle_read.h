/*
 * shuffle_read.h: the cursors behind a shuffle: rows out of fed blocks, and equal keys made one.
 */
#ifndef CERIUM_RDD_SHUFFLE_READ_H
#define CERIUM_RDD_SHUFFLE_READ_H

#include "rdd/node.h"
#include "shuffle/sections.h"

/* Rows of one reduce partition as they come; CEI_WANT while no block is queued and the input has not ended. Registers
 * an input with the run. */
ce_status cei_shuffle_read_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor);

/* For operators that work on whole blocks: the number of the input that such a cursor reads; nobody pulls it then. */
uint32_t cei_shuffle_read_input(const cei_cursor *cursor);

/* The next block of an input, lent or not, which is the caller's then: CEI_ROWS, CEI_WANT or CEI_END. */
cei_pull cei_input_take(cei_run *run, uint32_t input, ce_block *block);
/* Adds the blocks that a cursor of cei_shuffle_read_open would read to sections: CEI_END when all are there, CEI_WANT
 * or CEI_FAILED. */
cei_pull cei_shuffle_collect(const cei_cursor *read, cei_sections *sections);
/* Brings a lent block to memory; the time that takes is counted. */
ce_status cei_input_load(cei_run *run, ce_block *block);

/* The input of a wide operator: across its shuffle, or, where the parent is partitioned as wanted already
 * (node->shuffle NULL), the parent's partition itself. */
ce_status cei_wide_input_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor);

/* A shuffle of rows of this type: by a pair's key, or (pair false) by the row as key. Nothing is combined; id and
 * partitioner are left zero. */
cei_shuffle cei_shuffle_of(const ce_type *row, bool pair);

/* Sets node->shuffle (a copy in the scope with a fresh id) and node->partitioner. false: poisoned. */
bool cei_node_set_shuffle(ce_rdd *node, cei_shuffle shuffle, cei_partitioner partitioner);

/* The partitioner that combining by key asks for, as in Spark. partitions 0: the parent's own partitioner, else the
 * setting default_parallelism, else as cei_partitioner_for. */
cei_partitioner cei_default_partitioner(ce_rdd *parent, uint32_t partitions);

/* The partitioner that a wide transformation asks for. partitions 0: the number of the parent's, when that is known
 * without looking at files or running a job; otherwise the count stays 0 until cei_wide_prepare. */
cei_partitioner cei_partitioner_for(ce_rdd *parent, cei_partitioner_kind kind, uint32_t partitions);

/* The partitioner that operators over several inputs ask for, as in Spark: that of the input which has one of the most
 * partitions, unless it has ten times fewer than another input and fewer than the default; else by hash into the
 * default number, which is the setting default_partitions or the most that an input has. partitions not 0: by hash into
 * so many. Where an input's count is not known without a job, default_parallelism stands for it. */
cei_partitioner cei_default_partitioner_of(ce_rdd *const *rdds, uint32_t count, uint32_t partitions);

/* rdd partitioned by its key as wanted: itself, or a node behind a shuffle. */
ce_rdd *cei_partitioned(ce_rdd *rdd, cei_partitioner partitioner, ce_site site);

/* prepare of wide operators: sets a count that was left open to the parent's, or to what a range's bounds say. */
ce_status cei_wide_prepare(ce_rdd *node);

#endif
