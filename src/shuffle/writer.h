/*
 * writer.h: the map side of a shuffle: rows in, blocks for the reduce partitions out.
 *
 *     rows --> [combine table] --> partitioner --> one block writer per reduce partition --> sealed blocks
 *
 * Also writes the plain output of a result stage: shuffle NULL, one partition.
 */
#ifndef CERIUM_SHUFFLE_WRITER_H
#define CERIUM_SHUFFLE_WRITER_H

#include "base/random.h"
#include "data/block.h"
#include "data/blocks.h"
#include "shuffle/table.h"

typedef struct cei_writer {
    const cei_shuffle *shuffle;
    cei_pool *pool;
    uint32_t partition_count;
    cei_block_writer *partitions;
    cei_table table;
    bool has_table;
    cei_key_form form;
    uint32_t map_partition;
    uint32_t round; /* next partition of round robin */
    cei_blocks ready;
    uint32_t taken;       /* of ready */
    uint64_t rows, bytes; /* in sealed blocks */
    uint64_t keys;        /* that the table held at the end */
    cei_buffer scratch;
} cei_writer;

/* type: of the rows. The partition array is the arena's. A combining writer's table.expected may be set afterwards. */
ce_status cei_writer_open(cei_writer *writer, const cei_shuffle *shuffle, const ce_type *type, uint32_t map_partition,
                          cei_arena *arena, cei_pool *pool);
void cei_writer_close(cei_writer *writer);

/* Takes rows. Calls the user's combine or partition function. */
ce_status cei_writer_push(cei_writer *writer, const char *rows, uint32_t count);

/* No more rows: everything is in blocks then. */
ce_status cei_writer_finish(cei_writer *writer, cei_arena *arena);

/* Moves the next sealed block to *block; false when there is none. */
bool cei_writer_take(cei_writer *writer, ce_block *block);

#endif
