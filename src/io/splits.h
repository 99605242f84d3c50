/*
 * splits.h: what the sources over files share: the arguments of their nodes, and how files are cut into partitions.
 *
 * Everything a partition needs is in the arguments once the node is prepared, so a plan that is read in another
 * process opens its partitions without looking at paths again.
 */
#ifndef CERIUM_IO_SPLITS_H
#define CERIUM_IO_SPLITS_H

#include "io/paths.h"
#include "rdd/node.h"

/* A range of a file. */
CE_RECORD(cei_split, (ce_str, path), (uint64_t, offset), (uint64_t, bytes));
CE_LIST(cei_splits, cei_split);
CE_LIST(cei_indices, uint32_t);

/* path, partitions_min and record_bytes as the user gave them; splits and firsts are set by prepare. Partition i reads
 * split i, or, when firsts is not empty, the splits from firsts[i] up to firsts[i + 1]. */
CE_RECORD(cei_files_args, (ce_str, path), (uint32_t, partitions_min), (uint32_t, record_bytes), (cei_splits, splits),
          (cei_indices, firsts));

/* A source node over files, poisoned when sc or path is NULL or path is empty. */
ce_rdd *cei_files_node(const cei_op *op, ce_context *sc, const char *path, uint32_t partitions_min, ce_site site);

/* Finds the files of the node's path. The caller closes the list. */
ce_status cei_files_find(const ce_rdd *node, cei_found_files *found);

/*
 * Cuts files into splits as Hadoop does: a split has the total size / partitions_min bytes, but no more than
 * files_partition_bytes_max and no less than one unit, to whole units of `unit` bytes; the last one of a file may be a
 * tenth larger. Files without bytes give none, as in Spark. Files whose names say that they are compressed are not cut
 * when text is true. Sets splits and the partition count.
 */
ce_status cei_files_cut(ce_rdd *node, const cei_found_files *found, uint64_t unit, bool text);

/* Puts whole files together so that there are partitions_min partitions at least, when there are so many files. Sets
 * splits, firsts and the partition count. */
ce_status cei_files_group(ce_rdd *node, const cei_found_files *found);

/* The path of a split with a NUL behind, in the run's memory; NULL when memory is short. */
const char *cei_split_path(cei_run *run, const cei_split *split);

#endif
