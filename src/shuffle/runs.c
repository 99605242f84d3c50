/*
 * runs.c: writing runs, and merging them by a tree of losers.
 *
 *     run 0: | block | block | ...   --> head: block in memory, batch of rows, prefixes \
 *     run 1: | block | ...           --> head                                            > tree --> rows in order
 *     run 2: ...                                                                        /
 *
 * An inner node of the tree holds the head that lost there, so that the next row costs one comparison per level. A
 * batch of rows ends where a head must load its next block: rows given may point into the old one.
 */
#include "shuffle/runs.h"
#include "base/error.h"
#include "base/memory.h"
#include <string.h>

enum { HEAD_ROWS = 64, BLOCK_BYTES_MAX = 128 << 10, FAN_MAX = 256, AHEAD = 8 };

/* ---- writing ---- */

void cei_runs_open(cei_runs *runs, const cei_order *order, cei_share *share)
{
    *runs = (cei_runs){.order = order, .share = share, .block_bytes = BLOCK_BYTES_MAX};
    while (runs->block_bytes > CEI_BLOCK_FIRST_BYTES && runs->block_bytes > cei_share_part(share) / 64) {
        runs->block_bytes /= 2;
    }
    cei_block_writer_open(&runs->writer, order->row, share->pool);
}

void cei_runs_close(cei_runs *runs)
{
    cei_block_writer_close(&runs->writer);
    for (uint32_t i = 0; i < runs->count; i++) {
        cei_blocks_close(&runs->runs[i]);
    }
    cei_free(runs->runs);
    cei_spill_drop(runs->file);
    runs->runs = NULL;
    runs->file = NULL;
    runs->count = runs->room = 0;
}

ce_status cei_runs_begin(cei_runs *runs)
{
    if (!runs->file) {
        CE_TRY(cei_spill_open(&runs->file, runs->share->spill_directory));
    }
    if (runs->count == runs->room) {
        uint32_t room = runs->room ? 2 * runs->room : 8;
        cei_blocks *grown = cei_realloc(runs->runs, room * sizeof *grown);
        if (!grown) {
            return CE_MEMORY;
        }
        runs->runs = grown;
        runs->room = room;
    }
    runs->runs[runs->count++] = (cei_blocks){0};
    return CE_OK;
}

/* Writes the rows that the writer has as a block. */
static ce_status write_block(cei_runs *runs)
{
    ce_block block;
    uint64_t written = 0;
    CE_TRY(cei_block_writer_seal(&runs->writer, &block));
    if (block.rows == 0) {
        return CE_OK;
    }
    ce_status status = cei_spill_block(runs->file, &block, &written);
    if (status != CE_OK) {
        cei_block_release(&block);
        return status;
    }
    runs->share->metrics->spilled_disk_bytes += written;
    return cei_blocks_push(&runs->runs[runs->count - 1], &block);
}

ce_status cei_runs_push(cei_runs *runs, const char *rows, uint32_t count)
{
    for (;;) {
        const uint32_t done = cei_block_writer_append_rows(&runs->writer, rows, count);
        rows += done * (size_t)runs->order->row->bytes;
        count -= done;
        if (count == 0) {
            return CE_OK;
        }
        CE_TRY(write_block(runs));
        runs->writer.next_bytes = runs->block_bytes;
        CE_TRY(cei_block_writer_reserve(&runs->writer, rows));
    }
}

ce_status cei_runs_end(cei_runs *runs)
{
    ce_status status = write_block(runs);
    cei_block_writer_close(&runs->writer);
    return status;
}

/* ---- merging ---- */

struct head {
    cei_blocks *run;          /* NULL: of rows in memory */
    uint32_t next;            /* block */
    const cei_entry *entries; /* in memory, `left` of them */
    size_t left;
    ce_block block;
    cei_block_reader reader;
    char *scratch; /* HEAD_ROWS, where rows are not flat */
    cei_arena parts;
    const char *row; /* of the batch in hand */
    uint32_t at, count;
    bool ended;
    uint64_t prefixes[HEAD_ROWS];
};

struct cei_merge {
    cei_runs *runs;
    uint32_t count; /* heads, on the heap */
    struct head *heads;
    uint32_t *losers;    /* inner nodes 1 .. count - 1 of the tree; 0: the winner */
    bool decided, stale; /* stale: the winner's head has no row in hand */
    char *rows;          /* on the heap */
    uint32_t rows_room;
};

static void head_close(struct head *head)
{
    cei_block_release(&head->block);
    cei_arena_close(&head->parts);
    cei_free(head->scratch);
}

static void merge_close(cei_merge *merge)
{
    for (uint32_t i = 0; merge->heads && i < merge->count; i++) {
        head_close(&merge->heads[i]);
    }
    cei_free(merge->heads);
    cei_free(merge->losers);
    cei_free(merge->rows);
    cei_free(merge);
}

void cei_merge_close(cei_merge *merge)
{
    if (merge) {
        merge_close(merge);
    }
}

/* The next rows of those in memory. */
static void head_gather(struct head *head, size_t row_bytes)
{
    head->at = 0;
    head->count = head->left < HEAD_ROWS ? (uint32_t)head->left : HEAD_ROWS;
    head->ended = head->count == 0;
    head->row = head->scratch;
    for (uint32_t i = 0; i < head->count; i++) {
        if (i + AHEAD < head->left) {
            __builtin_prefetch(head->entries[i + AHEAD].row);
        }
        memcpy(head->scratch + i * row_bytes, head->entries[i].row, row_bytes);
        head->prefixes[i] = head->entries[i].prefix;
    }
    head->entries += head->count;
    head->left -= head->count;
}

/* Brings the head's next rows to memory. */
static ce_status head_fill(const cei_merge *merge, struct head *head)
{
    const cei_order *order = merge->runs->order;
    if (!head->run) {
        head_gather(head, order->row->bytes);
        return CE_OK;
    }
    for (;;) {
        head->at = head->count = 0;
        if (head->reader.left) {
            cei_arena_reset(&head->parts);
            CE_TRY(
                cei_block_reader_next(&head->reader, HEAD_ROWS, head->scratch, &head->parts, &head->row, &head->count));
            return cei_order_prefixes(order, head->row, head->count, head->prefixes);
        }
        cei_block_release(&head->block);
        if (head->next == head->run->count) {
            head->ended = true;
            return CE_OK;
        }
        ce_block *next = &head->run->blocks[head->next++];
        CE_TRY(cei_block_load(next, merge->runs->share->pool));
        head->block = *next;
        *next = (ce_block){0};
        if (head->next < head->run->count) {
            cei_block_will_load(next + 1);
        }
        cei_block_reader_open(&head->reader, order->row, &head->block);
    }
}

/* Whether head a comes before head b. */
static bool is_before(const cei_merge *merge, uint32_t a, uint32_t b)
{
    const struct head *x = &merge->heads[a], *y = &merge->heads[b];
    if (x->ended || y->ended) {
        return x->ended == y->ended ? a < b : y->ended;
    }
    if (x->prefixes[x->at] != y->prefixes[y->at]) {
        return x->prefixes[x->at] < y->prefixes[y->at];
    }
    int compared = merge->decided ? 0 : cei_order_compare_rest(merge->runs->order, x->row, y->row);
    return compared ? compared < 0 : a < b;
}

/* Plays the matches from the leaf of a head up to the root. */
static void replay(cei_merge *merge, uint32_t winner)
{
    for (uint32_t node = (winner + merge->count) / 2; node > 0; node /= 2) {
        if (is_before(merge, merge->losers[node], winner)) {
            const uint32_t loser = winner;
            winner = merge->losers[node];
            merge->losers[node] = loser;
        }
    }
    merge->losers[0] = winner;
}

/* The winner of the subtree below node, whose losers are stored. Leaves are count .. 2 * count - 1. */
static uint32_t build_tree(cei_merge *merge, uint32_t node)
{
    if (node >= merge->count) {
        return node - merge->count;
    }
    const uint32_t a = build_tree(merge, 2 * node), b = build_tree(merge, 2 * node + 1);
    const bool first = is_before(merge, a, b);
    merge->losers[node] = first ? b : a;
    return first ? a : b;
}

static ce_status open_heads(cei_merge *merge, uint32_t first, uint32_t runs)
{
    const cei_order *order = merge->runs->order;
    for (uint32_t i = 0; i < merge->count; i++) {
        struct head *head = &merge->heads[i];
        head->run = i < runs ? &merge->runs->runs[first + i] : NULL;
        cei_arena_open(&head->parts, merge->runs->share->pool, 0);
        head->scratch = cei_alloc((size_t)HEAD_ROWS * order->row->bytes);
        if (!head->scratch) {
            return CE_MEMORY;
        }
        CE_TRY(head_fill(merge, head));
    }
    merge->losers[0] = merge->count > 1 ? build_tree(merge, 1) : 0;
    return CE_OK;
}

/* Merges count runs from first on, and what is in memory. */
static ce_status merge_open(cei_merge **merge, cei_runs *runs, uint32_t first, uint32_t count, const cei_entry *entries,
                            size_t left)
{
    cei_merge *made = cei_alloc_zeroed(1, sizeof *made);
    *merge = NULL;
    if (!made) {
        return CE_MEMORY;
    }
    made->runs = runs;
    made->count = count + (left > 0);
    made->decided = cei_order_is_decided(runs->order);
    made->heads = cei_alloc_zeroed(made->count, sizeof *made->heads);
    made->losers = cei_alloc_zeroed(made->count, sizeof *made->losers);
    if (made->heads && left) {
        made->heads[count].entries = entries;
        made->heads[count].left = left;
    }
    ce_status status = made->heads && made->losers ? open_heads(made, first, count) : CE_MEMORY;
    if (status != CE_OK) {
        merge_close(made);
        return status;
    }
    *merge = made;
    return CE_OK;
}

ce_status cei_merge_next(cei_merge *merge, uint32_t count_max, const char **rows, uint32_t *count)
{
    const size_t row_bytes = merge->runs->order->row->bytes;
    *rows = NULL;
    *count = 0;
    if (merge->rows_room < count_max) {
        char *grown = cei_realloc(merge->rows, count_max * row_bytes);
        if (!grown) {
            return CE_MEMORY;
        }
        merge->rows = grown;
        merge->rows_room = count_max;
    }
    *rows = merge->rows;
    for (char *to = merge->rows; *count < count_max; to += row_bytes) {
        uint32_t winner = merge->losers[0];
        struct head *head = &merge->heads[winner];
        if (merge->stale) {
            if (*count) {
                break; /* what was given may point into the block that goes */
            }
            CE_TRY(head_fill(merge, head));
            merge->stale = false;
            if (merge->count > 1) {
                replay(merge, winner);
            }
            head = &merge->heads[merge->losers[0]];
        }
        if (head->ended) {
            break;
        }
        memcpy(to, head->row, row_bytes);
        ++*count;
        head->row += row_bytes;
        if (++head->at == head->count) {
            merge->stale = true;
        } else if (merge->count > 1) {
            replay(merge, merge->losers[0]);
        }
    }
    return CE_OK;
}

/* Merges the runs first .. first + count - 1 to one, which stands in their place. */
static ce_status merge_to_run(cei_runs *runs, uint32_t first, uint32_t count)
{
    cei_merge *merge;
    CE_TRY(cei_runs_begin(runs));
    ce_status status = merge_open(&merge, runs, first, count, NULL, 0);
    while (status == CE_OK) {
        const char *rows;
        uint32_t got;
        status = cei_merge_next(merge, HEAD_ROWS, &rows, &got);
        if (status != CE_OK || got == 0) {
            break;
        }
        status = cei_runs_push(runs, rows, got);
    }
    cei_merge_close(merge);
    CE_TRY(status);
    CE_TRY(cei_runs_end(runs));
    for (uint32_t i = 0; i < count; i++) {
        cei_blocks_close(&runs->runs[first + i]);
    }
    runs->runs[first] = runs->runs[--runs->count];
    runs->count -= count - 1;
    memmove(runs->runs + first + 1, runs->runs + first + count, (runs->count - first - 1) * sizeof *runs->runs);
    return CE_OK;
}

/* How many runs can be merged at once: of each one block is in memory, and parts of its rows. */
static uint32_t fan_beside(const cei_runs *runs, uint64_t held_bytes)
{
    const uint64_t all = cei_share_part(runs->share), left = all > held_bytes ? all - held_bytes : 0;
    const uint64_t fan = left / (2 * runs->block_bytes);
    return fan < 2 ? 2 : fan > FAN_MAX ? FAN_MAX : (uint32_t)fan;
}

bool cei_runs_fit(const cei_runs *runs, uint64_t held_bytes)
{
    return cei_share_allows(runs->share, held_bytes + 2 * runs->block_bytes * runs->count) &&
           runs->count <= fan_beside(runs, held_bytes);
}

/* Neighbours become one run, the oldest first, until no more are left than can be merged at once. */
ce_status cei_merge_open(cei_merge **merge, cei_runs *runs, const cei_entry *entries, size_t count)
{
    const uint32_t fan = fan_beside(runs, 0);
    *merge = NULL;
    for (uint32_t first = 0; runs->count > fan; first = first + 2 < runs->count ? first + 1 : 0) {
        const uint32_t over = runs->count - fan + 1, left = runs->count - first;
        const uint32_t most = over < fan ? over : fan;
        CE_TRY(merge_to_run(runs, first, left < most ? left : most));
    }
    return merge_open(merge, runs, 0, runs->count, entries, count);
}
