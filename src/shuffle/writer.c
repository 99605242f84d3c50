/*
 * writer.c: the map side of a shuffle. See writer.h for the picture.
 */
#include "shuffle/writer.h"
#include "base/error.h"
#include "data/value.h"
#include "shuffle/range.h"
#include "shuffle/sections.h"

/* A table that is larger than a cache must make its rows this many times fewer to be worth its misses. */
enum { REDUCES_TIMES = 3 };
static const uint64_t cheap_table_bytes = 8 << 20;

/* The other half is the table's. */
static uint64_t lanes_budget(const cei_writer *writer)
{
    return cei_share_part(writer->share) / 2;
}

static ce_status open_lanes(cei_writer *writer, const ce_type *type, uint32_t bits)
{
    return cei_lanes_open(&writer->lanes, type, writer->partition_count << bits, bits, lanes_budget(writer),
                          writer->pool);
}

ce_status cei_writer_open(cei_writer *writer, const cei_shuffle *shuffle, const ce_type *type, uint32_t map_partition,
                          cei_arena *arena, cei_pool *pool, cei_share *share)
{
    *writer = (cei_writer){.shuffle = shuffle, .pool = pool, .share = share, .map_partition = map_partition};
    writer->partition_count = shuffle ? shuffle->partitioner.count : 1;
    cei_arena_open(&writer->strings, pool, 0);
    share->holders++;
    CE_TRY(open_lanes(writer, shuffle ? shuffle->type : type, 0));
    if (!shuffle) {
        return CE_OK;
    }
    writer->form = shuffle->key ? cei_key_form_of(shuffle->key) : CEI_KEY_WORDS;
    if (shuffle->combines) {
        const cei_combiner *combiner = &shuffle->combiner;
        writer->has_table = true;
        writer->may_pass = !combiner->create && !combiner->zero;
        cei_table_open(&writer->table, combiner, pool);
        writer->rows = cei_arena_alloc_zeroed(arena, (size_t)CEI_WRITER_ROWS * shuffle->type->bytes);
        if (!writer->rows) {
            return CE_MEMORY;
        }
    }
    if (shuffle->partitioner.kind == CEI_PARTITIONER_ROUND) {
        /* Like Spark: each map partition starts somewhere else, or the first reduce partitions would get all small
         * ones. */
        cei_random random;
        cei_random_seed(&random, map_partition);
        writer->round = (uint32_t)cei_random_below(&random, writer->partition_count);
    }
    return CE_OK;
}

void cei_writer_close(cei_writer *writer)
{
    cei_lanes_close(&writer->lanes);
    cei_lanes_close(&writer->before);
    if (writer->has_table) {
        cei_table_close(&writer->table);
        writer->has_table = false;
    }
    cei_buffer_close(&writer->scratch);
    cei_arena_close(&writer->strings);
}

/* ---- partitioning ---- */

/* From now on blocks are cut into sections, when there is a key and room for that many lanes. */
static ce_status cut_sections(cei_writer *writer)
{
    const uint64_t budget = lanes_budget(writer);
    uint32_t bits = 0;
    while (writer->partition_count << (bits + 1) <= CEI_WRITER_LANES_MAX && bits < CEI_BLOCK_SECTION_BITS_MAX &&
           (uint64_t)(writer->partition_count << (bits + 1)) * 4 * CEI_BLOCK_FIRST_BYTES <= budget) {
        bits++;
    }
    if (bits == 0 || writer->lanes.section_bits) {
        return CE_OK;
    }
    CE_TRY(cei_lanes_seal(&writer->lanes));
    writer->before = writer->lanes;
    writer->lanes = (cei_lanes){0};
    return open_lanes(writer, writer->shuffle->type, bits);
}

static ce_status targets_by_hash(cei_writer *writer, const char *rows, uint32_t count, uint32_t *targets)
{
    const cei_shuffle *shuffle = writer->shuffle;
    CE_TRY(cei_key_hashes(shuffle->key, writer->form, rows, shuffle->type->bytes, count, targets, &writer->scratch));
    const uint64_t lanes = writer->lanes.count;
    for (uint32_t i = 0; i < count; i++) {
        targets[i] = (uint32_t)((targets[i] * lanes) >> 32);
    }
    return CE_OK;
}

/* The partition as the partitioner says it; then the section, by hash. */
static ce_status targets_by_partition(cei_writer *writer, const char *rows, uint32_t count, uint32_t *targets)
{
    const cei_shuffle *shuffle = writer->shuffle;
    const cei_partitioner *partitioner = &shuffle->partitioner;
    const uint32_t bits = writer->lanes.section_bits;
    if (partitioner->kind == CEI_PARTITIONER_RANGE) {
        return cei_range_partition(partitioner->range, rows, shuffle->type->bytes, count, &writer->scratch, targets);
    }
    uint32_t hashes[CEI_WRITER_ROWS];
    if (bits) {
        CE_TRY(cei_key_hashes(shuffle->key, writer->form, rows, shuffle->type->bytes, count, hashes, &writer->scratch));
    }
    for (uint32_t i = 0; i < count; i++, rows += shuffle->type->bytes) {
        if (partitioner->kind == CEI_PARTITIONER_ROUND) {
            targets[i] = writer->round;
            writer->round = writer->round + 1 == partitioner->count ? 0 : writer->round + 1;
        } else if (partitioner->kind == CEI_PARTITIONER_INDEX) {
            targets[i] = writer->map_partition % partitioner->count;
        } else {
            CE_TRY(cei_partition_of(partitioner, shuffle->key, rows, &targets[i]));
        }
        if (bits) {
            targets[i] = targets[i] << bits | cei_hash_section(hashes[i], 1, bits);
        }
    }
    return CE_OK;
}

static ce_status push_partitioned(cei_writer *writer, const char *rows, uint32_t count)
{
    uint32_t targets[CEI_WRITER_ROWS];
    const cei_partitioner *partitioner = &writer->shuffle->partitioner;
    bool by_hash = partitioner->kind == CEI_PARTITIONER_HASH;
    while (count) {
        uint32_t n = count < CEI_WRITER_ROWS ? count : CEI_WRITER_ROWS;
        if ((by_hash || partitioner->kind == CEI_PARTITIONER_FUNCTION) && !writer->lanes.section_bits &&
            writer->lanes.rows >= CEI_WRITER_SECTIONED_ROWS && !writer->before.count) {
            CE_TRY(cut_sections(writer));
        }
        CE_TRY(by_hash ? targets_by_hash(writer, rows, n, targets) : targets_by_partition(writer, rows, n, targets));
        CE_TRY(cei_lanes_push(&writer->lanes, rows, n, targets));
        rows += n * writer->shuffle->type->bytes;
        count -= n;
    }
    return CE_OK;
}

/* ---- combining ---- */

/* Whether the table should be emptied before it takes count rows: it would grow beyond its part of the budget, or
 * beyond the cache without having made its rows fewer. */
static bool should_empty(cei_writer *writer, uint32_t count)
{
    const cei_table *table = &writer->table;
    uint64_t bytes;
    const bool grows = cei_table_may_grow(table, count, &bytes);
    if (table->used == 0) {
        return false;
    }
    if (!cei_share_allows(writer->share, bytes + cei_lanes_bytes_max(&writer->lanes))) {
        return true;
    }
    return grows && bytes > cheap_table_bytes && writer->may_pass && writer->rows_in < REDUCES_TIMES * table->used;
}

static void start_emptying(cei_writer *writer)
{
    writer->emptying = true;
    writer->position = 0;
}

ce_status cei_writer_push(cei_writer *writer, const char *rows, uint32_t count, uint32_t *taken)
{
    *taken = 0;
    if (writer->has_table) {
        uint32_t n = count < CEI_WRITER_ROWS ? count : CEI_WRITER_ROWS;
        if (should_empty(writer, n)) {
            start_emptying(writer);
            return CE_OK;
        }
        ce_status status = cei_table_push(&writer->table, rows, n);
        *taken = writer->table.pushed;
        writer->rows_in += *taken;
        if (status == CE_MEMORY && writer->table.used && !writer->table.broken) {
            start_emptying(writer); /* the rest comes again */
            return CE_OK;
        }
        return status;
    }
    CE_TRY(writer->shuffle ? push_partitioned(writer, rows, count) : cei_lanes_push(&writer->lanes, rows, count, NULL));
    *taken = count;
    return CE_OK;
}

/* The table is empty: it goes, when it is not needed any more or has not been worth it, or begins again. */
static void settle_table(cei_writer *writer)
{
    bool pays = writer->rows_in >= REDUCES_TIMES * writer->table.used;
    writer->emptying = false;
    if (writer->ends || (writer->may_pass && !pays)) {
        cei_table_close(&writer->table);
        writer->has_table = false;
    } else {
        cei_table_reset(&writer->table);
    }
    writer->rows_in = 0;
}

void cei_writer_end(cei_writer *writer)
{
    writer->ends = true;
    if (writer->has_table) {
        writer->keys = writer->table.used;
        start_emptying(writer);
    }
}

bool cei_writer_works(const cei_writer *writer)
{
    return writer->emptying || (writer->ends && !writer->sealed);
}

ce_status cei_writer_work(cei_writer *writer)
{
    if (!writer->emptying) {
        CE_TRY(cei_lanes_seal(&writer->lanes));
        writer->sealed = true;
        return CE_OK;
    }
    uint32_t count;
    cei_arena_reset(&writer->strings);
    CE_TRY(cei_table_scan(&writer->table, &writer->position, CEI_WRITER_ROWS, writer->rows, &writer->strings, &count));
    if (count == 0) {
        settle_table(writer);
        return CE_OK;
    }
    return push_partitioned(writer, writer->rows, count);
}

bool cei_writer_take(cei_writer *writer, ce_block *block)
{
    return cei_lanes_take(&writer->before, block) || cei_lanes_take(&writer->lanes, block);
}
