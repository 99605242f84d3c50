/*
 * writer.h: the map side of a shuffle: rows in, blocks for the reduce partitions out.
 *
 *     rows --> [combine table] --> partitioner --> lanes (lanes.h) --> sealed blocks
 *
 * Also writes the plain output of a result stage: shuffle NULL, one partition.
 *
 * The table combines as long as that pays. When it has grown large and has not made the rows fewer, it is emptied and
 * rows go to the lanes as they come; when its part of the budget is used up it is emptied and begins again. A writer
 * that has written many rows cuts its partitions into sections (sections.h), for which reduce tasks have tables that
 * fit a cache.
 */
#ifndef CERIUM_SHUFFLE_WRITER_H
#define CERIUM_SHUFFLE_WRITER_H

#include "base/random.h"
#include "shuffle/lanes.h"
#include "shuffle/share.h"
#include "shuffle/table.h"

enum {
    CEI_WRITER_ROWS = 512,               /* a piece of its work */
    CEI_WRITER_SECTIONED_ROWS = 1 << 17, /* written without sections at first */
    CEI_WRITER_LANES_MAX = 512,          /* with sections */
};

typedef struct cei_writer {
    const cei_shuffle *shuffle;
    cei_pool *pool;
    cei_share *share;
    uint32_t partition_count;
    cei_lanes lanes;
    cei_lanes before; /* the lanes without sections, until their blocks are taken */
    cei_key_form form;
    uint32_t map_partition;
    uint32_t round; /* next partition of round robin */
    cei_buffer scratch;

    cei_table table;
    bool has_table, may_pass; /* rows that cross are rows as they come: they may pass by the table */
    bool emptying;            /* the table is being written out, from position */
    bool ends, sealed;        /* no more rows come; all are in blocks */
    uint64_t position;
    uint64_t rows_in; /* since the table was empty */
    uint64_t keys;    /* that the table held at the end, if it held all */
    char *rows;       /* CEI_WRITER_ROWS out of the table */
    cei_arena strings;
} cei_writer;

/* type: of the rows that come. A combining writer's table.expected may be set afterwards. share: of the task; the
 * writer adds itself to its holders. */
ce_status cei_writer_open(cei_writer *writer, const cei_shuffle *shuffle, const ce_type *type, uint32_t map_partition,
                          cei_arena *arena, cei_pool *pool, cei_share *share);
void cei_writer_close(cei_writer *writer);

/* Takes *taken of the rows, when cei_writer_works says no: at least one, or the writer has work of its own then. Calls
 * the user's combine or partition function. */
ce_status cei_writer_push(cei_writer *writer, const char *rows, uint32_t count, uint32_t *taken);

/* No more rows come. */
void cei_writer_end(cei_writer *writer);

/* Whether the writer has work of its own to do before it takes more rows or, after its end, is done: cei_writer_work
 * does a part of it. Between two parts its blocks are taken, so that no more than a few wait. */
bool cei_writer_works(const cei_writer *writer);
ce_status cei_writer_work(cei_writer *writer);

/* Moves the next sealed block to *block; false when there is none. */
bool cei_writer_take(cei_writer *writer, ce_block *block);

#endif
