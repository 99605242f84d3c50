/*
 * writer.c: the map side of a shuffle. See writer.h for the picture.
 */
#include "shuffle/writer.h"
#include "base/error.h"
#include "data/value.h"

enum { SCAN_ROWS = 256 };

ce_status cei_writer_open(cei_writer *writer, const cei_shuffle *shuffle, const ce_type *type, uint32_t map_partition,
                          cei_arena *arena, cei_pool *pool)
{
    *writer = (cei_writer){.shuffle = shuffle, .pool = pool, .map_partition = map_partition};
    writer->partition_count = shuffle ? shuffle->partitioner.count : 1;
    writer->partitions = cei_arena_alloc_zeroed(arena, writer->partition_count * sizeof *writer->partitions);
    if (!writer->partitions) {
        writer->partition_count = 0;
        return CE_MEMORY;
    }
    for (uint32_t i = 0; i < writer->partition_count; i++) {
        cei_block_writer_open(&writer->partitions[i], type, pool);
    }
    if (!shuffle) {
        return CE_OK;
    }
    writer->has_table = shuffle->combines;
    if (writer->has_table) {
        cei_table_open(&writer->table, shuffle, shuffle->value ? shuffle->value->bytes : 0, pool);
    }
    writer->form = shuffle->key ? cei_key_form_of(shuffle->key) : CEI_KEY_NUMBER;
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
    for (uint32_t i = 0; i < writer->partition_count; i++) {
        cei_block_writer_close(&writer->partitions[i]);
    }
    if (writer->has_table) {
        cei_table_close(&writer->table);
    }
    cei_blocks_close(&writer->ready);
    cei_buffer_close(&writer->scratch);
    writer->partition_count = 0;
}

static ce_status seal(cei_writer *writer, uint32_t partition)
{
    ce_block block = {0};
    CE_TRY(cei_block_writer_seal(&writer->partitions[partition], &block));
    if (block.rows == 0) {
        return CE_OK;
    }
    block.partition = partition;
    writer->rows += block.rows;
    writer->bytes += block.byte_count;
    return cei_blocks_push(&writer->ready, &block);
}

static ce_status append_slowly(cei_writer *writer, uint32_t partition, const char *row)
{
    CE_TRY(seal(writer, partition));
    CE_TRY(cei_block_writer_reserve(&writer->partitions[partition], row));
    if (!cei_block_writer_append(&writer->partitions[partition], row)) {
        return cei_fail(CE_INTERNAL, "a row does not fit into the block that was made for it");
    }
    return CE_OK;
}

static inline ce_status append(cei_writer *writer, uint32_t partition, const char *row)
{
    if (__builtin_expect(cei_block_writer_append(&writer->partitions[partition], row), 1)) {
        return CE_OK;
    }
    return append_slowly(writer, partition, row);
}

static ce_status push_plain(cei_writer *writer, const char *rows, uint32_t count)
{
    cei_block_writer *to = &writer->partitions[0];
    size_t row_bytes = to->type->bytes;
    for (uint32_t i = 0; i < count;) {
        if (to->flat) {
            i += cei_block_writer_append_flat(to, rows + i * row_bytes, count - i);
            if (i == count) {
                break;
            }
        }
        CE_TRY(append(writer, 0, rows + i * row_bytes));
        i++;
    }
    return CE_OK;
}

/* hashes: of the keys, when known. */
static ce_status push_partitioned(cei_writer *writer, const char *rows, uint32_t count, const uint32_t *hashes)
{
    const cei_shuffle *shuffle = writer->shuffle;
    const cei_partitioner *partitioner = &shuffle->partitioner;
    size_t row_bytes = shuffle->type->bytes;
    cei_keys keys;
    keys.slots = NULL;
    keys.mask = keys.slot_bytes = 0;
    while (count) {
        uint32_t n = count < SCAN_ROWS ? count : SCAN_ROWS;
        if (partitioner->kind == CEI_PARTITIONER_HASH && !hashes) {
            CE_TRY(cei_keys_make(&keys, shuffle->key, writer->form, rows, row_bytes, n, &writer->scratch));
        }
        for (uint32_t i = 0; i < n; i++, rows += row_bytes) {
            uint32_t partition = 0;
            if (partitioner->kind == CEI_PARTITIONER_HASH) {
                partition = cei_hash_partition(hashes ? *hashes++ : keys.cells[i].hash, partitioner->count);
            } else if (partitioner->kind == CEI_PARTITIONER_FUNCTION) {
                CE_TRY(cei_partition_of(partitioner, shuffle->key, rows, &partition));
            } else if (partitioner->kind == CEI_PARTITIONER_ROUND) {
                partition = writer->round;
                writer->round = partition + 1 == partitioner->count ? 0 : partition + 1;
            } else {
                partition = writer->map_partition % partitioner->count;
            }
            CE_TRY(append(writer, partition, rows));
        }
        count -= n;
    }
    return CE_OK;
}

ce_status cei_writer_push(cei_writer *writer, const char *rows, uint32_t count)
{
    if (!writer->shuffle) {
        return push_plain(writer, rows, count);
    }
    if (writer->has_table) {
        return cei_table_push(&writer->table, rows, count);
    }
    return push_partitioned(writer, rows, count, NULL);
}

static ce_status flush_table(cei_writer *writer, cei_arena *arena)
{
    uint64_t position = 0;
    uint32_t hashes[SCAN_ROWS], count;
    cei_arena batch;
    char *rows = cei_arena_alloc_zeroed(arena, (size_t)SCAN_ROWS * writer->shuffle->type->bytes);
    if (!rows) {
        return CE_MEMORY;
    }
    cei_arena_open(&batch, writer->pool, 0);
    ce_status status = CE_OK;
    do {
        cei_arena_reset(&batch);
        status = cei_table_scan(&writer->table, &position, SCAN_ROWS, rows, hashes, &batch, &count);
        if (status == CE_OK) {
            status = push_partitioned(writer, rows, count, hashes);
        }
    } while (status == CE_OK && count);
    cei_arena_close(&batch);
    return status;
}

ce_status cei_writer_finish(cei_writer *writer, cei_arena *arena)
{
    if (writer->has_table) {
        writer->keys = writer->table.used;
        CE_TRY(flush_table(writer, arena));
        cei_table_close(&writer->table);
        writer->has_table = false;
    }
    for (uint32_t i = 0; i < writer->partition_count; i++) {
        CE_TRY(seal(writer, i));
    }
    return CE_OK;
}

bool cei_writer_take(cei_writer *writer, ce_block *block)
{
    if (writer->taken == writer->ready.count) {
        return false;
    }
    *block = writer->ready.blocks[writer->taken];
    writer->ready.blocks[writer->taken++] = (ce_block){0};
    if (writer->taken == writer->ready.count) {
        writer->taken = writer->ready.count = 0;
    }
    return true;
}
