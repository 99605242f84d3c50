/*
 * spill.c: spill files: blocks in a file without a name, found again by their positions.
 *
 * A position is taken by adding to one counter, so any number of threads write at the same time. What a failed write
 * leaves is a hole. Each lent block has an owner on the heap, which says where its bytes are, and a reference to the
 * file; so does the opener.
 *
 * Interface: cei_spill_open, cei_spill_drop, cei_spill_block, cei_spiller_keep, cei_spill_descriptor
 */
#include "shuffle/spill.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

struct cei_spill_file {
    cei_file file;
    _Atomic(uint64_t) end;
    _Atomic(uint32_t) references;
    char directory[];
};

/* Of a lent block. */
struct place {
    cei_lender lender; /* first */
    cei_spill_file *file;
    uint64_t at;
};

ce_status cei_spill_open(cei_spill_file **file, const char *directory)
{
    *file = NULL;
    directory = directory ? directory : cei_temp_parent();
    const size_t bytes = strlen(directory) + 1;
    cei_spill_file *made = cei_alloc_zeroed(1, sizeof *made + bytes);
    if (!made) {
        return CE_MEMORY;
    }
    memcpy(made->directory, directory, bytes);
    ce_status status = cei_file_create_unnamed(&made->file, made->directory);
    if (status != CE_OK) {
        cei_free(made);
        return cei_error_prefix(status, "spill file in ");
    }
    atomic_store(&made->references, 1);
    *file = made;
    return CE_OK;
}

void cei_spill_drop(cei_spill_file *file)
{
    if (file && atomic_fetch_sub(&file->references, 1) == 1) {
        cei_file_discard(&file->file);
        cei_free(file);
    }
}

int cei_spill_descriptor(const cei_spill_file *file)
{
    return file->file.fd;
}

static void release_place(ce_block *block)
{
    struct place *place = block->owner;
    cei_spill_drop(place->file);
    cei_free(place);
}

static ce_status read_block(const struct place *place, size_t byte_count, void *to)
{
    size_t got;
    ce_status status = cei_file_read_at(&place->file->file, to, byte_count, place->at, &got);
    if (status != CE_OK) {
        return cei_error_prefix(status, "spill file in ");
    }
    status = got < byte_count ? cei_fail(CE_CORRUPT, "it ends behind %zu of %zu bytes", got, byte_count)
                              : cei_block_check_bytes(to, byte_count);
    return status == CE_OK
               ? CE_OK
               : cei_error_prefix(status, "spill file in %s at byte %" PRIu64 ": ", place->file->directory, place->at);
}

static ce_status load(cei_lender *lender, const ce_block *lent, cei_pool *pool, ce_block *loaded)
{
    CE_TRY(cei_block_alloc(loaded, lent->byte_count, pool));
    ce_status status = read_block((struct place *)lender, lent->byte_count, (char *)(uintptr_t)loaded->bytes);
    if (status != CE_OK) {
        cei_block_release(loaded);
        return status;
    }
    loaded->partition = lent->partition;
    loaded->section = lent->section;
    loaded->rows = lent->rows;
    return CE_OK;
}

static void will_load(cei_lender *lender, const ce_block *lent)
{
    const struct place *place = (struct place *)lender;
    cei_file_will_read(&place->file->file, place->at, lent->byte_count);
}

ce_status cei_spill_block(cei_spill_file *file, ce_block *block, uint64_t *written)
{
    if (written) {
        *written = 0;
    }
    if (!block->bytes) {
        return CE_OK;
    }
    struct place *place = cei_alloc(sizeof *place);
    if (!place) {
        return CE_MEMORY;
    }
    *place = (struct place){{load, will_load}, file, atomic_fetch_add(&file->end, block->byte_count)};
    cei_block_header header = cei_block_header_of(block);
    struct iovec parts[] = {{&header, sizeof header},
                            {(char *)(uintptr_t)block->bytes + sizeof header, block->byte_count - sizeof header}};
    ce_status status = cei_file_write_at(&file->file, parts, 2, place->at);
    if (status != CE_OK) {
        cei_free(place);
        return cei_error_prefix(status, "spill file in ");
    }
    if (written) {
        *written = block->byte_count;
    }
    atomic_fetch_add(&file->references, 1);
    const ce_block lent = {block->partition,  block->section, block->rows, NULL,
                           block->byte_count, release_place,  place};
    cei_block_release(block);
    *block = lent;
    return CE_OK;
}

ce_status cei_spiller_keep(cei_spiller *spiller, cei_blocks *list, ce_block *block)
{
    cei_share *share = spiller->share;
    const uint64_t bytes = block->byte_count;
    if (cei_block_is_lent(block)) {
        return cei_blocks_push(list, block);
    }
    if (cei_share_allows(share, spiller->held_bytes + bytes)) {
        spiller->held_bytes += bytes;
        return cei_blocks_push(list, block);
    }
    uint64_t written = 0;
    ce_status status = spiller->file ? CE_OK : cei_spill_open(&spiller->file, share->spill_directory);
    status = status == CE_OK ? cei_spill_block(spiller->file, block, &written) : status;
    if (status != CE_OK) {
        cei_block_release(block);
        return status;
    }
    share->metrics->spilled_memory_bytes += bytes;
    share->metrics->spilled_disk_bytes += written;
    return cei_blocks_push(list, block);
}
