/*
 * sections.c: a reduce partition cut by hash into sections. See sections.h for the picture.
 *
 * Blocks that are cut as finely as wanted only move from one list to another; the rows of the others are dealt to
 * lanes, one per section. What is in memory keeps within the share: beyond it blocks go to disk.
 */
#include "shuffle/sections.h"
#include "base/error.h"
#include "base/memory.h"

enum { DEAL_ROWS = 512, SECTION_WORK_BYTES = 512 << 10, UNCUT_WORK_BYTES = 2 << 20 };

void cei_sections_open(cei_sections *sections, const ce_type *row, const ce_type *key, uint32_t partition_count,
                       cei_share *share)
{
    *sections = (cei_sections){.row = row, .key = key, .partition_count = partition_count, .spiller = {.share = share}};
    share->holders++;
}

void cei_sections_close(cei_sections *sections)
{
    cei_blocks_close(&sections->blocks);
    for (uint32_t i = 0; sections->cut && i < 1u << sections->bits; i++) {
        cei_blocks_close(&sections->cut[i]);
    }
    cei_free(sections->cut);
    cei_lanes_close(&sections->pushed);
    cei_spill_drop(sections->spiller.file);
    sections->cut = NULL;
    sections->spiller.file = NULL;
}

ce_status cei_sections_add(cei_sections *sections, ce_block *block)
{
    uint32_t bits, section;
    cei_block_section(block, &bits, &section);
    sections->bits = bits > sections->bits ? bits : sections->bits;
    sections->rows += block->rows;
    return cei_spiller_keep(&sections->spiller, &sections->blocks, block);
}

static ce_status add_pushed(cei_sections *sections)
{
    ce_block block;
    while (cei_lanes_take(&sections->pushed, &block)) {
        CE_TRY(cei_sections_add(sections, &block));
    }
    return CE_OK;
}

ce_status cei_sections_push(cei_sections *sections, const char *rows, uint32_t count)
{
    if (!sections->pushed.count) {
        CE_TRY(cei_lanes_open(&sections->pushed, sections->row, 1, 0, sections->spiller.share->bytes_max / 16,
                              sections->spiller.share->pool));
    }
    CE_TRY(cei_lanes_push(&sections->pushed, rows, count, NULL));
    return add_pushed(sections);
}

uint32_t cei_sections_bits(const cei_sections *sections, uint32_t work_bytes)
{
    const uint64_t work = sections->rows * work_bytes;
    uint32_t bits = sections->bits;
    if (bits || work <= UNCUT_WORK_BYTES) {
        return bits;
    }
    while (bits < CEI_BLOCK_SECTION_BITS_MAX && work >> bits > SECTION_WORK_BYTES &&
           cei_share_allows(sections->spiller.share, (uint64_t)4 * CEI_BLOCK_FIRST_BYTES << (bits + 1))) {
        bits++;
    }
    return bits;
}

/* ---- cutting ---- */

struct dealing {
    cei_sections *sections;
    cei_lanes lanes;
    cei_key_form form;
    cei_buffer scratch;
    cei_arena parts;
    char *rows; /* DEAL_ROWS, where they are not flat; from the pool */
};

static ce_status take_dealt(struct dealing *dealing)
{
    ce_block block;
    while (cei_lanes_take(&dealing->lanes, &block)) {
        CE_TRY(cei_spiller_keep(&dealing->sections->spiller, &dealing->sections->cut[block.section >> 4], &block));
    }
    return CE_OK;
}

/* The rows of one block that is cut more coarsely. */
static ce_status deal(struct dealing *dealing, ce_block *block)
{
    cei_sections *sections = dealing->sections;
    cei_block_reader reader;
    uint32_t targets[DEAL_ROWS], count;
    const char *rows;
    const bool counted = !cei_block_is_lent(block);
    const uint64_t bytes = block->byte_count;
    CE_TRY(cei_block_load(block, sections->spiller.share->pool));
    cei_block_reader_open(&reader, sections->row, block);
    for (;;) {
        cei_arena_reset(&dealing->parts);
        CE_TRY(cei_block_reader_next(&reader, DEAL_ROWS, dealing->rows, &dealing->parts, &rows, &count));
        if (count == 0) {
            break;
        }
        CE_TRY(cei_key_hashes(sections->key, dealing->form, rows, sections->row->bytes, count, targets,
                              &dealing->scratch));
        for (uint32_t i = 0; i < count; i++) {
            targets[i] = cei_hash_section(targets[i], sections->partition_count, sections->bits);
        }
        CE_TRY(cei_lanes_push(&dealing->lanes, rows, count, targets));
        CE_TRY(take_dealt(dealing));
    }
    cei_block_release(block);
    sections->spiller.held_bytes -= counted ? bytes : 0;
    return CE_OK;
}

static ce_status deal_all(struct dealing *dealing)
{
    cei_sections *sections = dealing->sections;
    bool opened = false;
    for (uint32_t i = 0; i < sections->blocks.count; i++) {
        ce_block *block = &sections->blocks.blocks[i];
        uint32_t bits, section;
        cei_block_section(block, &bits, &section);
        if (bits == sections->bits) {
            CE_TRY(cei_blocks_push(&sections->cut[section], block));
            continue;
        }
        if (!opened) {
            cei_share *share = sections->spiller.share;
            CE_TRY(cei_lanes_open(&dealing->lanes, sections->row, 1u << sections->bits, sections->bits,
                                  share->bytes_max / 2 / share->holders, share->pool));
            dealing->rows = cei_pool_take(share->pool, (size_t)DEAL_ROWS * sections->row->bytes);
            if (!dealing->rows) {
                return CE_MEMORY;
            }
            opened = true;
        }
        CE_TRY(deal(dealing, block));
    }
    CE_TRY(cei_lanes_seal(&dealing->lanes));
    return take_dealt(dealing);
}

ce_status cei_sections_cut(cei_sections *sections, uint32_t bits)
{
    if (sections->pushed.count) {
        CE_TRY(cei_lanes_seal(&sections->pushed));
        CE_TRY(add_pushed(sections));
        cei_lanes_close(&sections->pushed);
    }
    sections->bits = bits;
    sections->cut = cei_alloc_zeroed((size_t)1 << bits, sizeof *sections->cut);
    if (!sections->cut) {
        return CE_MEMORY;
    }
    if (bits == 0) {
        sections->cut[0] = sections->blocks;
        sections->blocks = (cei_blocks){0};
        return CE_OK;
    }
    struct dealing dealing = {.sections = sections, .form = cei_key_form_of(sections->key)};
    cei_pool *pool = sections->spiller.share->pool;
    cei_arena_open(&dealing.parts, pool, 0);
    ce_status status = deal_all(&dealing);
    cei_pool_give(pool, dealing.rows, (size_t)DEAL_ROWS * sections->row->bytes);
    cei_lanes_close(&dealing.lanes);
    cei_arena_close(&dealing.parts);
    cei_buffer_close(&dealing.scratch);
    cei_blocks_close(&sections->blocks);
    return status;
}

uint64_t cei_sections_rows(const cei_sections *sections, uint32_t section)
{
    const cei_blocks *list = &sections->cut[section];
    uint64_t rows = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        rows += list->blocks[i].rows;
    }
    return rows;
}
