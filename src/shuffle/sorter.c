/*
 * sorter.c: collecting rows, sorting them in memory, and writing runs when the share is used up. See sorter.h.
 *
 * Rows are not moved: a block stays as it came, and an entry (sort_entries.h) says where a row is. Flat rows are read
 * in place; the structs of others are unpacked once, their strings stay in the block. Memory is counted as the pool
 * gives it. What the last run would hold is merged from memory where that leaves room for the heads of the others.
 */
#include "shuffle/sorter.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/value.h"
#include "shuffle/runs.h"
#include "shuffle/sort_entries.h"

enum { ENTRIES_FIRST = 256, PREFIX_ROWS = 256, GATHER_ROWS = 128, KEY_BYTES_MAX = 4096, AHEAD = 8 };

struct cei_sorter {
    const cei_order *order;
    cei_share *share;
    cei_block_writer pushed; /* rows that came one by one */
    size_t pushed_bytes_max; /* of its pieces; 0: none came */
    cei_blocks blocks;       /* in memory */
    cei_arena rows;          /* unpacked */
    uint64_t block_bytes;
    cei_entry *entries, *spare; /* room for `room` of them, and as many more to sort with; from the pool */
    bool halved;                /* spare is the second half of the piece of entries */
    size_t count, room;
    void *reserve;        /* a piece for the writer of runs: rows go to disk when there are no others; or NULL */
    bool short_of_memory; /* the pool has refused some */
    size_t at;            /* next to be given */
    cei_runs runs;
    cei_merge *merge; /* NULL: all is in memory */
    char *gathered;   /* GATHER_ROWS or what was asked for; on the heap */
    uint32_t gathered_room;
};

ce_status cei_sorter_open(cei_sorter **sorter, const cei_order *order, cei_share *share)
{
    *sorter = NULL;
    if (order->derive && order->key->bytes > KEY_BYTES_MAX) {
        return cei_fail(CE_UNSUPPORTED, "keys of %u bytes: at most %d can be sorted by", order->key->bytes,
                        KEY_BYTES_MAX);
    }
    cei_sorter *made = cei_alloc_zeroed(1, sizeof *made);
    if (!made) {
        return CE_MEMORY;
    }
    share->holders++;
    made->order = order;
    made->share = share;
    cei_block_writer_open(&made->pushed, order->row, share->pool);
    cei_arena_open(&made->rows, share->pool, 0);
    cei_runs_open(&made->runs, order, share);
    *sorter = made;
    return CE_OK;
}

static void give_entries(cei_sorter *sorter)
{
    const size_t bytes = sorter->room * sizeof *sorter->entries;
    cei_pool_give(sorter->share->pool, sorter->entries, sorter->halved ? 2 * bytes : bytes);
    cei_pool_give(sorter->share->pool, sorter->halved ? NULL : sorter->spare, bytes);
    sorter->entries = sorter->spare = NULL;
    sorter->halved = false;
    sorter->room = 0;
}

static void give_reserve(cei_sorter *sorter)
{
    cei_pool_give(sorter->share->pool, sorter->reserve, sorter->runs.block_bytes);
    sorter->reserve = NULL;
}

/* Lets go of all rows in memory. */
static void drop_rows(cei_sorter *sorter)
{
    cei_blocks_close(&sorter->blocks);
    cei_arena_close(&sorter->rows);
    cei_arena_open(&sorter->rows, sorter->share->pool, 0); /* small pieces first again */
    give_entries(sorter);
    give_reserve(sorter);
    sorter->block_bytes = 0;
    sorter->count = 0;
}

void cei_sorter_close(cei_sorter *sorter)
{
    if (!sorter) {
        return;
    }
    cei_merge_close(sorter->merge);
    cei_runs_close(&sorter->runs);
    cei_block_writer_close(&sorter->pushed);
    drop_rows(sorter);
    cei_free(sorter->gathered);
    sorter->share->holders--;
    cei_free(sorter);
}

bool cei_sorter_has_spilled(const cei_sorter *sorter)
{
    return sorter->runs.count > 0 || sorter->merge;
}

/* ---- out of memory, to disk ---- */

/* Copies the structs of up to count_max sorted rows to the room for them. */
static uint32_t gather(cei_sorter *sorter, uint32_t count_max, char *to)
{
    const size_t row_bytes = sorter->order->row->bytes, left = sorter->count - sorter->at;
    const uint32_t count = left < count_max ? (uint32_t)left : count_max;
    const cei_entry *entry = sorter->entries + sorter->at;
    const bool strings = !sorter->order->derive && sorter->order->key->kind == CE_KIND_STR;
    for (uint32_t i = 0; i < count; i++, to += row_bytes) {
        if (i + 2 * AHEAD < left) {
            __builtin_prefetch(entry[i + 2 * AHEAD].row);
        }
        if (strings && i + AHEAD < left) {
            ce_str ahead;
            memcpy(&ahead, entry[i + AHEAD].row + sorter->order->key_offset, sizeof ahead);
            __builtin_prefetch(ahead.at);
            __builtin_prefetch(ahead.at + 64);
        }
        memcpy(to, entry[i].row, row_bytes);
    }
    sorter->at += count;
    return count;
}

static ce_status make_gathered(cei_sorter *sorter, uint32_t count)
{
    if (count > sorter->gathered_room) {
        char *grown = cei_realloc(sorter->gathered, (size_t)count * sorter->order->row->bytes);
        if (!grown) {
            return CE_MEMORY;
        }
        sorter->gathered = grown;
        sorter->gathered_room = count;
    }
    return CE_OK;
}

/* What the pool has given, and what pushing may take. */
static uint64_t held_bytes(const cei_sorter *sorter)
{
    const cei_arena *rows = &sorter->rows;
    return sorter->block_bytes + rows->used_bytes + (uint64_t)(rows->end - rows->next) +
           (sorter->spare ? 2 : 1) * sorter->room * sizeof(cei_entry) + sorter->pushed_bytes_max +
           sorter->runs.block_bytes;
}

/* What was needed to sort goes. */
static void sort(cei_sorter *sorter)
{
    cei_sort_entries(sorter->order, sorter->entries, sorter->spare, sorter->count);
    if (!sorter->halved) {
        cei_pool_give(sorter->share->pool, sorter->spare, sorter->room * sizeof *sorter->spare);
        sorter->spare = NULL;
    }
    give_reserve(sorter);
    sorter->at = 0;
}

/* Writes the rows in memory, which are sorted. */
static ce_status write_sorted(cei_sorter *sorter)
{
    const uint64_t held = sorter->block_bytes + sorter->rows.used_bytes + 2 * sorter->room * sizeof(cei_entry);
    CE_TRY(make_gathered(sorter, GATHER_ROWS));
    CE_TRY(cei_runs_begin(&sorter->runs));
    while (sorter->at < sorter->count) {
        const uint32_t count = gather(sorter, GATHER_ROWS, sorter->gathered);
        CE_TRY(cei_runs_push(&sorter->runs, sorter->gathered, count));
    }
    CE_TRY(cei_runs_end(&sorter->runs));
    sorter->share->metrics->spilled_memory_bytes += held;
    drop_rows(sorter);
    return CE_OK;
}

static ce_status write_run(cei_sorter *sorter)
{
    sort(sorter);
    return write_sorted(sorter);
}

/* ---- into memory ---- */

static size_t room_for(const cei_sorter *sorter, uint64_t count)
{
    size_t room = sorter->room ? sorter->room : ENTRIES_FIRST;
    while (room < count) {
        room *= 2;
    }
    return room;
}

/* The old pieces go before the second new one is taken, so that growing never takes more than what it ends with. Where
 * that is refused, the first serves for both. */
static ce_status grow_entries(cei_sorter *sorter, uint64_t more)
{
    cei_pool *pool = sorter->share->pool;
    const size_t room = room_for(sorter, sorter->count + more);
    if (room == sorter->room) {
        return CE_OK;
    }
    if (!sorter->reserve) {
        sorter->reserve = cei_pool_take(pool, sorter->runs.block_bytes);
    }
    cei_entry *entries = sorter->reserve ? cei_pool_take(pool, room * sizeof *entries) : NULL;
    if (!entries) {
        return CE_MEMORY;
    }
    if (sorter->count) {
        memcpy(entries, sorter->entries, sorter->count * sizeof *entries);
    }
    give_entries(sorter);
    sorter->entries = entries;
    sorter->spare = cei_pool_take(pool, room * sizeof *entries);
    sorter->halved = !sorter->spare;
    sorter->room = sorter->halved ? room / 2 : room;
    sorter->spare = sorter->halved ? entries + sorter->room : sorter->spare;
    return sorter->halved ? CE_MEMORY : CE_OK;
}

static ce_status add_entries(cei_sorter *sorter, const char *rows, uint64_t count)
{
    const size_t row_bytes = sorter->order->row->bytes;
    uint64_t prefixes[PREFIX_ROWS];
    while (count) {
        const uint32_t n = count < PREFIX_ROWS ? (uint32_t)count : PREFIX_ROWS;
        CE_TRY(cei_order_prefixes(sorter->order, rows, n, prefixes));
        cei_entry *entry = sorter->entries + sorter->count;
        for (uint32_t i = 0; i < n; i++, rows += row_bytes) {
            entry[i] = (cei_entry){prefixes[i], rows};
        }
        sorter->count += n;
        count -= n;
    }
    return CE_OK;
}

/* The rows of a block in memory. */
static ce_status add_rows(cei_sorter *sorter, const ce_block *block)
{
    const ce_type *row = sorter->order->row;
    cei_block_reader reader;
    cei_block_reader_open(&reader, row, block);
    CE_TRY(grow_entries(sorter, reader.left));
    while (reader.left) {
        const uint32_t most = reader.flat || reader.left < PREFIX_ROWS ? reader.left : PREFIX_ROWS;
        char *scratch = reader.flat ? NULL : cei_arena_alloc(&sorter->rows, (size_t)most * row->bytes);
        if (!reader.flat && !scratch) {
            return CE_MEMORY;
        }
        const char *rows;
        uint32_t got;
        CE_TRY(cei_block_reader_next(&reader, most, scratch, &sorter->rows, &rows, &got));
        CE_TRY(add_entries(sorter, rows, got));
    }
    return CE_OK;
}

/* What a block in memory takes, or will take when it is there. */
static uint64_t block_bytes(const ce_block *block)
{
    const size_t bytes = cei_block_memory_bytes(block);
    return bytes ? bytes : cei_block_is_lent(block) ? cei_pool_piece_bytes(block->byte_count) : block->byte_count;
}

/* Keeps a block that is in memory. On failure it is as it was, and so are the rows. */
static ce_status keep_block(cei_sorter *sorter, ce_block *block)
{
    const size_t count = sorter->count;
    const uint64_t bytes = block_bytes(block);
    ce_status status = add_rows(sorter, block);
    if (status == CE_OK) {
        ce_block kept = *block; /* pushing releases it on failure, which is not wanted */
        kept.release = NULL;
        status = cei_blocks_push(&sorter->blocks, &kept);
    }
    if (status != CE_OK) {
        sorter->count = count;
        return status;
    }
    sorter->blocks.blocks[sorter->blocks.count - 1].release = block->release;
    *block = (ce_block){0};
    sorter->block_bytes += bytes;
    return CE_OK;
}

/* What rows in memory take, with this block. */
static uint64_t bytes_with(const cei_sorter *sorter, const ce_block *block)
{
    const cei_arena *rows = &sorter->rows;
    const uint64_t unpacked =
        cei_type_is_flat(sorter->order->row) ? 0 : (uint64_t)block->rows * sorter->order->row->bytes;
    const uint64_t left = (uint64_t)(rows->end - rows->next), piece = rows->piece_bytes;
    const uint64_t pieces = unpacked > left ? (unpacked - left + piece - 1) / piece * piece : 0;
    const uint64_t room = room_for(sorter, sorter->count + block->rows);
    return held_bytes(sorter) + block_bytes(block) + pieces + 2 * (room - sorter->room) * sizeof(cei_entry);
}

static ce_status take_block(cei_sorter *sorter, ce_block *block)
{
    if (sorter->count && !cei_share_allows(sorter->share, bytes_with(sorter, block))) {
        CE_TRY(write_run(sorter));
    }
    ce_status status = cei_block_load(block, sorter->share->pool);
    status = status == CE_OK ? keep_block(sorter, block) : status;
    if (status == CE_MEMORY && sorter->count) {
        sorter->short_of_memory = true;
        CE_TRY(write_run(sorter));
        CE_TRY(cei_block_load(block, sorter->share->pool));
        status = keep_block(sorter, block);
    }
    cei_share_note(sorter->share, held_bytes(sorter));
    return status;
}

ce_status cei_sorter_push_block(cei_sorter *sorter, ce_block *block)
{
    ce_status status = block->rows ? take_block(sorter, block) : CE_OK;
    cei_block_release(block);
    return status;
}

static ce_status take_pushed(cei_sorter *sorter)
{
    ce_block block;
    CE_TRY(cei_block_writer_seal(&sorter->pushed, &block));
    return cei_sorter_push_block(sorter, &block);
}

/* A piece for this row at least. */
static ce_status make_room(cei_sorter *sorter, const char *row)
{
    cei_block_writer *writer = &sorter->pushed;
    CE_TRY(take_pushed(sorter));
    if (writer->next_bytes > sorter->pushed_bytes_max) {
        writer->next_bytes = sorter->pushed_bytes_max;
    }
    ce_status status = cei_block_writer_reserve(writer, row);
    if (status == CE_MEMORY && sorter->count) {
        sorter->short_of_memory = true;
        CE_TRY(write_run(sorter));
        status = cei_block_writer_reserve(writer, row);
    }
    return status;
}

ce_status cei_sorter_push(cei_sorter *sorter, const char *rows, uint32_t count)
{
    const cei_share *share = sorter->share;
    if (!sorter->pushed_bytes_max) {
        sorter->pushed_bytes_max = CEI_BLOCK_LAST_BYTES;
        while (sorter->pushed_bytes_max > CEI_BLOCK_FIRST_BYTES &&
               !cei_share_allows(share, 8 * sorter->pushed_bytes_max)) {
            sorter->pushed_bytes_max /= 2;
        }
    }
    for (;;) {
        const uint32_t done = cei_block_writer_append_rows(&sorter->pushed, rows, count);
        rows += done * (size_t)sorter->order->row->bytes;
        count -= done;
        if (count == 0) {
            return CE_OK;
        }
        CE_TRY(make_room(sorter, rows));
    }
}

ce_status cei_sorter_finish(cei_sorter *sorter)
{
    CE_TRY(take_pushed(sorter));
    sorter->pushed_bytes_max = 0;
    sort(sorter);
    if (!sorter->runs.count) {
        return CE_OK;
    }
    if (sorter->count && (sorter->short_of_memory || !cei_runs_fit(&sorter->runs, held_bytes(sorter)))) {
        CE_TRY(write_sorted(sorter));
    }
    return cei_merge_open(&sorter->merge, &sorter->runs, sorter->entries, sorter->count);
}

ce_status cei_sorter_next(cei_sorter *sorter, uint32_t count_max, const char **rows, uint32_t *count)
{
    if (sorter->merge) {
        return cei_merge_next(sorter->merge, count_max, rows, count);
    }
    CE_TRY(make_gathered(sorter, count_max));
    *count = gather(sorter, count_max, sorter->gathered);
    *rows = sorter->gathered;
    return CE_OK;
}
