/*
 * share.h: a task's part of the memory budget: how much its operators may keep before they write to disk.
 *
 * The pool (base/pool.h) is the budget: it refuses what goes beyond. A part of it is promised to each task that can run
 * at a time, so that no operator waits for another one's memory, and none starves: an operator that keeps rows asks
 * cei_share_allows before it grows, and spills what it has when the answer is no. What is not promised is for batches
 * and whatever cannot be spilled. Map outputs use what is left over, and make room when the pool asks
 * (cei_pool_on_short).
 */
#ifndef CERIUM_SHUFFLE_SHARE_H
#define CERIUM_SHUFFLE_SHARE_H

#include "base/pool.h"
#include <cerium/event.h>
#include <stdbool.h>

/* Of one task; only its thread looks at it. */
typedef struct cei_share {
    cei_pool *pool;
    uint64_t bytes_max; /* what all holders together may keep in memory; a host that is short lowers it */
    uint32_t holders;   /* operators that keep rows: each adds itself when it opens */
    const char *spill_directory;
    ce_task_metrics *metrics; /* spilled bytes are counted here */
} cei_share;

/* What one holder may keep in all. */
static inline uint64_t cei_share_part(const cei_share *share)
{
    return share->bytes_max / (share->holders ? share->holders : 1);
}

/* Whether a holder may keep bytes in all. */
static inline bool cei_share_allows(const cei_share *share, uint64_t bytes)
{
    return bytes <= cei_share_part(share);
}

/* A holder keeps bytes now: the most is the task's metric. */
static inline void cei_share_note(const cei_share *share, uint64_t bytes)
{
    if (bytes > share->metrics->memory_bytes_max) {
        share->metrics->memory_bytes_max = bytes;
    }
}

#endif
