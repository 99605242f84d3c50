/*
 * runs.h: sorted runs of rows on disk, and merging them.
 */
#ifndef CERIUM_SHUFFLE_RUNS_H
#define CERIUM_SHUFFLE_RUNS_H

#include "data/blocks.h"
#include "shuffle/order.h"
#include "shuffle/share.h"
#include "shuffle/sort_entries.h"
#include "shuffle/spill.h"

/* Runs in the order in which their rows came: of equal rows, those of the earlier run are first. */
typedef struct cei_runs {
    const cei_order *order;
    cei_share *share;
    cei_spill_file *file; /* NULL until the first run is begun */
    cei_blocks *runs;     /* on the heap */
    uint32_t count, room;
    cei_block_writer writer;
    size_t block_bytes; /* at most, but for a row that needs more */
} cei_runs;

void cei_runs_open(cei_runs *runs, const cei_order *order, cei_share *share);
void cei_runs_close(cei_runs *runs);

/* Begins a run, adds sorted rows to it, ends it. */
ce_status cei_runs_begin(cei_runs *runs);
ce_status cei_runs_push(cei_runs *runs, const char *rows, uint32_t count);
ce_status cei_runs_end(cei_runs *runs);

typedef struct cei_merge cei_merge;

/* Whether all runs can be merged at once with so many bytes held beside them. */
bool cei_runs_fit(const cei_runs *runs, uint64_t held_bytes);

/* Merges all runs, in several passes when their heads do not fit in the share, and as the last run the sorted rows that
 * are still in memory (count of them, which must outlive the merge). The runs are used up. */
ce_status cei_merge_open(cei_merge **merge, cei_runs *runs, const cei_entry *entries, size_t count);
void cei_merge_close(cei_merge *merge); /* NULL is fine */

/* The next 1 to count_max rows; *count 0 at the end. Valid until the next call. */
ce_status cei_merge_next(cei_merge *merge, uint32_t count_max, const char **rows, uint32_t *count);

#endif
