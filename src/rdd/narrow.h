/*
 * narrow.h: what narrow operators share: taking an input's batches in parts, a batch of one's own to fill, and moving
 * fields.
 *
 *     struct key_by_state { cei_batcher base; cei_arena strings; };
 *
 * An operator that fills its own batch has batch_rows rows of room, takes no more than that of its input at a time, and
 * may find the rest of the input's batch still there at the next call.
 */
#ifndef CERIUM_RDD_NARROW_H
#define CERIUM_RDD_NARROW_H

#include "rdd/node.h"

/* ---- an input whose batches are used in parts ---- */

typedef struct cei_intake {
    cei_cursor *from;
    const char *rows; /* what is left of the newest batch */
    uint32_t left;
} cei_intake;

/* Pulls when nothing is left, which ends the last batch. CEI_ROWS: left > 0. Answers a cancelled task with
 * CEI_FAILED. */
cei_pull cei_intake_pull(cei_intake *in);

/* Leaves out count of the rows that are left. */
static inline void cei_intake_skip(cei_intake *in, size_t row_bytes, uint32_t count)
{
    in->rows += count * row_bytes;
    in->left -= count;
}

/* CEI_ROWS: *part is 1 to count_max rows. */
cei_pull cei_intake_next(cei_intake *in, size_t row_bytes, uint32_t count_max, cei_batch *part);

/* Adds the number of rows that cursor still has to *rows, the fast way where it has one. As cei_cursor.count. */
cei_pull cei_count_rest(cei_cursor *cursor, uint64_t *rows);

/* ---- an operator that fills its own batch ---- */

typedef struct cei_batcher {
    cei_cursor cursor;
    cei_intake in; /* of the first parent */
    char *rows;    /* batch_rows rows and CEI_COMPACT_SLACK_BYTES, zeroed at first (padding stays so); from the pool */
} cei_batcher;

/* Makes a zeroed state of bytes that begins with a cei_batcher, and opens partition of the first parent, if there is
 * one. Closes with cei_batcher_close, which an operator that has more to give back calls from its own close. *cursor is
 * the state. */
ce_status cei_batcher_open(cei_run *run, const ce_rdd *node, uint32_t partition, size_t bytes,
                           cei_pull (*next)(cei_cursor *cursor, cei_batch *batch), cei_cursor **cursor);
void cei_batcher_close(cei_cursor *cursor);

/* For operators that give one row for each row: counts as the input does, where that can count. */
void cei_batcher_count_as_input(cei_batcher *state);

/* ---- fields ---- */

/* Copies count fields of bytes each, to_stride and from_stride apart. from_stride 0 repeats one. */
void cei_copy_fields(char *to, size_t to_stride, const char *from, size_t from_stride, size_t bytes, uint32_t count);

/* One field of each row of a pair: keys (0) and values (1). */
ce_status cei_field_open(cei_run *run, const ce_rdd *node, uint32_t partition, uint32_t field, cei_cursor **cursor);

/* Each row with a number: first, first + step, ... */
ce_status cei_numbered_open(cei_run *run, const ce_rdd *node, uint32_t partition, int64_t first, int64_t step,
                            cei_cursor **cursor);

/* ---- building ---- */

/* Sets the row type to a pair. false: poisoned. */
bool cei_node_gives_pair(ce_rdd *node, const ce_type *key, const ce_type *value);

/* Poisons a node whose two parents are known to have different partition counts; true when it is sound. */
bool cei_node_zips(ce_rdd *node);
/* prepare of such a node, for counts that were not known then. */
ce_status cei_zip_prepare(ce_rdd *node);

/* prepare where partition_count was set when the node was built. */
ce_status cei_prepare_nothing(ce_rdd *node);

/* determinism of an operator that treats a row by its position: with positions that vary, so do the rows. */
ce_determinism cei_determinism_by_position(const ce_rdd *node);

#endif
