/*
 * lanes.c: rows dealt to partitions. See lanes.h for the picture.
 *
 * Flat rows go straight to where their lane's next row stands; the block writer behind a lane is only looked at when
 * its piece is full.
 */
#include "shuffle/lanes.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/value.h"
#include <string.h>

ce_status cei_lanes_open(cei_lanes *lanes, const ce_type *type, uint32_t count, uint32_t section_bits,
                         uint64_t budget_bytes, cei_pool *pool)
{
    *lanes = (cei_lanes){.type = type, .pool = pool, .section_bits = section_bits, .flat = cei_type_is_flat(type)};
    size_t most = CEI_BLOCK_LAST_BYTES;
    while (most > CEI_BLOCK_FIRST_BYTES && most > budget_bytes / count) {
        most /= 2;
    }
    lanes->piece_bytes_max = most;
    lanes->writers = cei_alloc_zeroed(count, sizeof *lanes->writers);
    lanes->lanes = cei_alloc_zeroed(count, sizeof *lanes->lanes);
    if (!lanes->writers || !lanes->lanes) {
        cei_lanes_close(lanes);
        return CE_MEMORY;
    }
    lanes->count = count;
    for (uint32_t i = 0; i < count; i++) {
        cei_block_writer_open(&lanes->writers[i], type, pool);
        cei_block_writer_set_section(&lanes->writers[i], section_bits, i & ((1u << section_bits) - 1));
    }
    return CE_OK;
}

void cei_lanes_close(cei_lanes *lanes)
{
    for (uint32_t i = 0; i < lanes->count; i++) {
        cei_block_writer_close(&lanes->writers[i]);
    }
    cei_free(lanes->writers);
    cei_free(lanes->lanes);
    cei_blocks_close(&lanes->ready);
    *lanes = (cei_lanes){0};
}

/* What was written to the lane's room becomes the block writer's. */
static void settle(cei_lanes *lanes, uint32_t target)
{
    cei_lane *lane = &lanes->lanes[target];
    if (lane->next) {
        cei_block_writer_filled(&lanes->writers[target], lane->next);
    }
    *lane = (cei_lane){0};
}

static ce_status seal(cei_lanes *lanes, uint32_t target)
{
    ce_block block = {0};
    cei_block_writer *writer = &lanes->writers[target];
    settle(lanes, target);
    CE_TRY(cei_block_writer_seal(writer, &block));
    if (block.rows == 0) {
        return CE_OK;
    }
    if (writer->next_bytes > lanes->piece_bytes_max) {
        writer->next_bytes = lanes->piece_bytes_max;
    }
    block.partition = target >> lanes->section_bits;
    lanes->rows += block.rows;
    return cei_blocks_push(&lanes->ready, &block);
}

ce_status cei_lanes_seal(cei_lanes *lanes)
{
    for (uint32_t i = 0; i < lanes->count; i++) {
        CE_TRY(seal(lanes, i));
    }
    return CE_OK;
}

/* Room for this row at least: all lanes are sealed when memory is short, which leaves it to others to write out. */
static ce_status make_room(cei_lanes *lanes, uint32_t target, const char *row)
{
    CE_TRY(seal(lanes, target));
    ce_status status = cei_block_writer_reserve(&lanes->writers[target], row);
    if (status == CE_MEMORY) {
        CE_TRY(cei_lanes_seal(lanes));
        status = cei_block_writer_reserve(&lanes->writers[target], row);
    }
    return status;
}

/* A row that needs more than its part of the budget is a block of its own. */
static ce_status push_deep(cei_lanes *lanes, uint32_t target, const char *row)
{
    cei_block_writer *writer = &lanes->writers[target];
    if (__builtin_expect(cei_block_writer_append(writer, row), 1)) {
        return CE_OK;
    }
    CE_TRY(make_room(lanes, target, row));
    if (!cei_block_writer_append(writer, row)) {
        return cei_fail(CE_INTERNAL, "a row does not fit into the block that was made for it");
    }
    return writer->piece_bytes > lanes->piece_bytes_max ? seal(lanes, target) : CE_OK;
}

static ce_status refill(cei_lanes *lanes, uint32_t target, const char *row)
{
    CE_TRY(make_room(lanes, target, row));
    cei_lane *lane = &lanes->lanes[target];
    cei_block_writer_lend(&lanes->writers[target], &lane->next, &lane->end);
    return CE_OK;
}

static inline __attribute__((always_inline)) ce_status deal(cei_lanes *lanes, const char *rows, uint32_t count,
                                                            const uint32_t *targets, size_t row_bytes)
{
    for (uint32_t i = 0; i < count; i++, rows += row_bytes) {
        cei_lane *lane = &lanes->lanes[targets[i]];
        if (__builtin_expect((size_t)(lane->end - lane->next) < row_bytes, 0)) {
            CE_TRY(refill(lanes, targets[i], rows));
        }
        memcpy(lane->next, rows, row_bytes);
        lane->next += row_bytes;
    }
    return CE_OK;
}

static ce_status push_flat(cei_lanes *lanes, const char *rows, uint32_t count)
{
    const size_t row_bytes = lanes->type->bytes;
    cei_lane *lane = &lanes->lanes[0];
    while (count) {
        size_t fit = (size_t)(lane->end - lane->next) / row_bytes;
        if (fit == 0) {
            CE_TRY(refill(lanes, 0, rows));
            continue;
        }
        uint32_t n = fit < count ? (uint32_t)fit : count;
        memcpy(lane->next, rows, n * row_bytes);
        lane->next += n * row_bytes;
        rows += n * row_bytes;
        count -= n;
    }
    return CE_OK;
}

ce_status cei_lanes_push(cei_lanes *lanes, const char *rows, uint32_t count, const uint32_t *targets)
{
    const size_t row_bytes = lanes->type->bytes;
    if (!lanes->flat) {
        for (uint32_t i = 0; i < count; i++, rows += row_bytes) {
            CE_TRY(push_deep(lanes, targets ? targets[i] : 0, rows));
        }
        return CE_OK;
    }
    if (!targets) {
        return push_flat(lanes, rows, count);
    }
    switch (row_bytes) { /* the usual lengths as constants */
    case 8:
        return deal(lanes, rows, count, targets, 8);
    case 16:
        return deal(lanes, rows, count, targets, 16);
    case 24:
        return deal(lanes, rows, count, targets, 24);
    default:
        return deal(lanes, rows, count, targets, row_bytes);
    }
}

bool cei_lanes_take(cei_lanes *lanes, ce_block *block)
{
    if (lanes->taken == lanes->ready.count) {
        return false;
    }
    *block = lanes->ready.blocks[lanes->taken];
    lanes->ready.blocks[lanes->taken++] = (ce_block){0};
    if (lanes->taken == lanes->ready.count) {
        lanes->taken = lanes->ready.count = 0;
    }
    return true;
}
