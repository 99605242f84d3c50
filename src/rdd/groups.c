/*
 * groups.c: see groups.h for the picture. A partition is collected, cut into sections, and each section loaded in one
 * of the two ways; then its groups are walked.
 */
#include "rdd/groups.h"
#include "base/error.h"
#include "data/block.h"
#include "rdd/shuffle_read.h"

enum { GROUP_ROWS = CEI_TABLE_BLOCK_ROWS, FIRST_ROOM = 1024 };

/* ---- opening and closing ---- */

static cei_pull next_values(cei_cursor *cursor, cei_batch *batch)
{
    const cei_group_values *values = (const cei_group_values *)(const void *)cursor;
    return cei_groups_piece(values->groups, values->input, batch);
}

static ce_status open_input(cei_groups *groups, uint32_t index, uint32_t partition)
{
    cei_run *run = groups->run;
    const ce_rdd *node = groups->node, *parent = node->parents[index];
    cei_group_input *in = &groups->inputs[index];
    const ce_rdd *shuffled = node->shuffle                                           ? node
                             : parent->op == &cei_op_partition_by && parent->shuffle ? parent
                                                                                     : NULL;
    in->row = node->shuffle ? node->shuffle->type : parent->type;
    in->value = in->row->fields[1].type;
    in->value_offset = in->row->fields[1].offset;
    in->by_block = shuffled != NULL;
    const cei_partitioner *partitioner = shuffled ? &shuffled->shuffle->partitioner : &parent->partitioner;
    cei_sections_open(&in->sections, in->row, groups->key, cei_partitioner_hash_ranges(partitioner), &run->share);
    in->order = (cei_order){.by = CEI_ORDER_BY_HASH, .row = in->row, .key = groups->key};
    in->cursor = (cei_group_values){{.next = next_values, .run = run, .node = node}, groups, index};
    in->piece = cei_arena_alloc_zeroed(&run->arena, (size_t)CEI_GROUP_PIECE * in->value->bytes);
    if (!in->piece) {
        return CE_MEMORY;
    }
    return shuffled ? cei_shuffle_read_open(run, shuffled, partition, &in->from)
                    : cei_open_parent(run, node, index, partition, &in->from);
}

ce_status cei_groups_open(cei_groups *groups, cei_run *run, const ce_rdd *node, uint32_t partition)
{
    groups->run = run;
    groups->node = node;
    groups->input_count = node->shuffle ? 1 : node->parent_count;
    groups->key = (node->shuffle ? node->shuffle->type : node->parents[0]->type)->fields[0].type;
    groups->key_order = (cei_order){.by = CEI_ORDER_BY_HASH, .row = groups->key, .key = groups->key};
    cei_arena_open(&groups->parts, run->pool, 0);
    cei_arena_open(&groups->kept_key, run->pool, 0);
    cei_table_open_for(&groups->table, groups->key, groups->key->bytes, sizeof(uint32_t), run->pool);
    groups->key_copy = cei_arena_alloc_zeroed(&run->arena, groups->key->bytes);
    uint32_t row_bytes = 0;
    ce_status status = groups->key_copy ? CE_OK : CE_MEMORY;
    for (uint32_t i = 0; i < groups->input_count && status == CE_OK; i++) {
        status = open_input(groups, i, partition);
        row_bytes = groups->inputs[i].row->bytes > row_bytes ? groups->inputs[i].row->bytes : row_bytes;
    }
    if (status == CE_OK) {
        groups->scratch = cei_arena_alloc_zeroed(&run->arena, (size_t)GROUP_ROWS * row_bytes);
        status = groups->scratch ? CE_OK : CE_MEMORY;
    }
    return status;
}

static void drop_section(cei_groups *groups)
{
    for (uint32_t i = 0; i < groups->input_count; i++) {
        cei_group_input *in = &groups->inputs[i];
        if (in->sections.cut && groups->section < 1u << in->sections.bits) {
            cei_blocks_close(&in->sections.cut[groups->section]);
        }
        cei_sorter_close(in->sorter);
        in->sorter = NULL;
        in->count = in->left = 0;
    }
    cei_table_reset(&groups->table);
    cei_arena_reset(&groups->parts);
    groups->group_count = groups->group = 0;
    groups->sorts = false;
}

/* Gives back what a section in memory takes but for its blocks. */
static void give_memory(cei_groups *groups)
{
    cei_pool *pool = groups->run->pool;
    for (uint32_t i = 0; i < groups->input_count; i++) {
        cei_group_input *in = &groups->inputs[i];
        const size_t bytes = in->row ? in->room * in->value->bytes : 0;
        cei_pool_give(pool, in->values, bytes);
        cei_pool_give(pool, in->sorted, bytes);
        cei_pool_give(pool, in->numbers, in->room * sizeof *in->numbers);
        cei_pool_give(pool, in->starts, in->starts_room * sizeof *in->starts);
        in->values = in->sorted = NULL;
        in->numbers = in->starts = NULL;
        in->count = in->room = in->starts_room = 0;
    }
    cei_pool_give(pool, groups->keys, groups->keys_room * groups->key->bytes);
    groups->keys = NULL;
    groups->keys_room = 0;
    groups->group_count = 0;
    cei_table_close(&groups->table);
    cei_table_open_for(&groups->table, groups->key, groups->key->bytes, sizeof(uint32_t), pool);
    cei_arena_reset(&groups->parts);
}

void cei_groups_close(cei_groups *groups)
{
    if (!groups->run) {
        return;
    }
    drop_section(groups);
    for (uint32_t i = 0; i < groups->input_count; i++) {
        if (groups->inputs[i].row) {
            cei_sections_close(&groups->inputs[i].sections);
        }
    }
    give_memory(groups);
    cei_table_close(&groups->table);
    cei_arena_close(&groups->parts);
    cei_arena_close(&groups->kept_key);
}

/* ---- collecting ---- */

/* CEI_END: all of the input is in its sections. */
static cei_pull collect_input(cei_groups *groups, cei_group_input *in)
{
    cei_run *run = groups->run;
    cei_batch batch;
    cei_pull pulled = CEI_ROWS;
    if (in->by_block) {
        pulled = cei_shuffle_collect(in->from, &in->sections);
    }
    while (!in->by_block && (pulled = in->from->next(in->from, &batch)) == CEI_ROWS) {
        if (cei_run_is_cancelled(run)) {
            return CEI_FAILED;
        }
        ce_status status = cei_sections_push(&in->sections, batch.rows, batch.count);
        if (status != CE_OK) {
            return cei_run_fail(run, status);
        }
    }
    in->ended = pulled == CEI_END;
    return pulled;
}

static cei_pull collect(cei_groups *groups)
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < groups->input_count; i++) {
        cei_group_input *in = &groups->inputs[i];
        cei_pull pulled = in->ended ? CEI_END : collect_input(groups, in);
        if (pulled != CEI_END) {
            return pulled;
        }
        const uint32_t own = cei_sections_bits(&in->sections, in->row->bytes + 2 * in->value->bytes + 32);
        bits = own > bits ? own : bits;
    }
    for (uint32_t i = 0; i < groups->input_count; i++) {
        ce_status status = cei_sections_cut(&groups->inputs[i].sections, bits);
        if (status != CE_OK) {
            return cei_run_fail(groups->run, status);
        }
    }
    return CEI_END;
}

/* ---- a section in memory ---- */

static ce_status make_room(cei_groups *groups, cei_group_input *in, uint64_t rows)
{
    cei_pool *pool = groups->run->pool;
    uint64_t room = in->room ? in->room : FIRST_ROOM;
    while (room < rows) {
        room *= 2;
    }
    if (room == in->room) {
        return CE_OK;
    }
    /* What they held is not needed: this is before the first row of a section. On failure all stays as it was. */
    const size_t bytes = in->value->bytes;
    char *values = cei_pool_take(pool, room * bytes), *sorted = values ? cei_pool_take(pool, room * bytes) : NULL;
    uint32_t *numbers = sorted ? cei_pool_take(pool, room * sizeof *numbers) : NULL;
    if (!numbers) {
        cei_pool_give(pool, values, room * bytes);
        cei_pool_give(pool, sorted, room * bytes);
        return CE_MEMORY;
    }
    cei_pool_give(pool, in->values, in->room * bytes);
    cei_pool_give(pool, in->sorted, in->room * bytes);
    cei_pool_give(pool, in->numbers, in->room * sizeof *numbers);
    in->values = values;
    in->sorted = sorted;
    in->numbers = numbers;
    in->room = room;
    return CE_OK;
}

/* Gives each row's key its group and takes the values. */
static ce_status number_rows(cei_groups *groups, cei_group_input *in, const char *rows, uint32_t count)
{
    void *found[GROUP_ROWS];
    uint8_t is_new[GROUP_ROWS];
    const size_t key_bytes = groups->key->bytes, value_bytes = in->value->bytes, row_bytes = in->row->bytes;
    groups->table.row_bytes = in->row->bytes;
    CE_TRY(cei_table_find(&groups->table, rows, count, found, is_new));
    if (groups->group_count + (uint64_t)count > groups->keys_room) {
        const uint64_t room = groups->keys_room ? 2 * groups->keys_room : FIRST_ROOM;
        char *keys = cei_pool_grow(groups->run->pool, groups->keys, groups->keys_room * key_bytes,
                                   groups->group_count * key_bytes, room * key_bytes);
        if (!keys) {
            return CE_MEMORY;
        }
        groups->keys = keys;
        groups->keys_room = room;
    }
    char *value = in->values + in->count * value_bytes;
    for (uint32_t i = 0; i < count; i++, rows += row_bytes, value += value_bytes) {
        uint32_t number = groups->group_count;
        if (is_new[i]) {
            memcpy(found[i], &number, sizeof number);
            cei_value_copy(groups->keys + number * key_bytes, rows, key_bytes);
            groups->group_count++;
        } else {
            memcpy(&number, found[i], sizeof number);
        }
        in->numbers[in->count++] = number;
        cei_value_copy(value, rows + in->value_offset, value_bytes);
    }
    return CE_OK;
}

/* Brings a section's blocks of one input to memory. */
static ce_status load_input(cei_groups *groups, cei_group_input *in)
{
    cei_run *run = groups->run;
    cei_blocks *list = &in->sections.cut[groups->section];
    CE_TRY(make_room(groups, in, cei_sections_rows(&in->sections, groups->section)));
    for (uint32_t b = 0; b < list->count; b++) {
        cei_block_reader reader;
        if (b + 1 < list->count) {
            cei_block_will_load(&list->blocks[b + 1]);
        }
        CE_TRY(cei_input_load(run, &list->blocks[b]));
        cei_block_reader_open(&reader, in->row, &list->blocks[b]);
        while (reader.left) {
            const char *rows;
            uint32_t count;
            CE_TRY(cei_block_reader_next(&reader, GROUP_ROWS, groups->scratch, &groups->parts, &rows, &count));
            CE_TRY(number_rows(groups, in, rows, count));
        }
    }
    return CE_OK;
}

/* A counting sort by group. */
static ce_status sort_input(cei_groups *groups, cei_group_input *in)
{
    const uint64_t starts = (uint64_t)groups->group_count + 2;
    const size_t value_bytes = in->value->bytes;
    if (starts > in->starts_room) {
        uint64_t room = in->starts_room ? in->starts_room : FIRST_ROOM;
        while (room < starts) {
            room *= 2;
        }
        const size_t bytes = sizeof *in->starts;
        uint32_t *grown = cei_pool_grow(groups->run->pool, in->starts, in->starts_room * bytes, 0, room * bytes);
        if (!grown) {
            return CE_MEMORY;
        }
        in->starts = grown;
        in->starts_room = room;
    }
    /* next[g]: first the number of values, then where the next one goes, at last where the group ends, which is where
     * group g + 1 begins. */
    uint32_t *next = in->starts + 1;
    memset(in->starts, 0, starts * sizeof *in->starts);
    for (uint64_t i = 0; i < in->count; i++) {
        next[in->numbers[i]]++;
    }
    uint32_t sum = 0;
    for (uint32_t g = 0; g < groups->group_count; g++) {
        const uint32_t n = next[g];
        next[g] = sum;
        sum += n;
    }
    const char *value = in->values;
    for (uint64_t i = 0; i < in->count; i++, value += value_bytes) {
        cei_value_copy(in->sorted + (size_t)next[in->numbers[i]]++ * value_bytes, value, value_bytes);
    }
    return CE_OK;
}

/* ---- a section by sorters ---- */

static ce_status fill_sorter(cei_groups *groups, cei_group_input *in)
{
    const cei_blocks *list = &in->sections.cut[groups->section];
    CE_TRY(cei_sorter_open(&in->sorter, &in->order, &groups->run->share));
    for (uint32_t b = 0; b < list->count; b++) {
        CE_TRY(cei_sorter_push_block(in->sorter, &list->blocks[b]));
    }
    return cei_sorter_finish(in->sorter);
}

/* ---- loading ---- */

/* What a row in memory takes beside its block, at most: its value twice, its key, its group and a slot of a table that
 * is a quarter full, all in pieces that may be twice as large. */
static uint32_t work_bytes(const cei_groups *groups, const cei_group_input *in)
{
    return 4 * in->value->bytes + 2 * groups->key->bytes + 6 * groups->table.slot_bytes + 24;
}

static bool fits(const cei_groups *groups)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < groups->input_count; i++) {
        const cei_group_input *in = &groups->inputs[i];
        const cei_blocks *list = &in->sections.cut[groups->section];
        for (uint32_t b = 0; b < list->count; b++) {
            bytes += list->blocks[b].byte_count + list->blocks[b].rows * work_bytes(groups, in);
        }
    }
    return cei_share_allows(&groups->run->share, bytes);
}

static ce_status load_in_memory(cei_groups *groups)
{
    for (uint32_t i = 0; i < groups->input_count; i++) {
        CE_TRY(load_input(groups, &groups->inputs[i]));
    }
    for (uint32_t i = 0; i < groups->input_count; i++) {
        CE_TRY(sort_input(groups, &groups->inputs[i]));
    }
    for (uint32_t i = 0; i < groups->input_count; i++) {
        if (cei_type_is_flat(groups->inputs[i].row)) {
            cei_blocks_close(&groups->inputs[i].sections.cut[groups->section]); /* nothing points into them */
        }
    }
    return CE_OK;
}

static ce_status load_section(cei_groups *groups)
{
    groups->sorts = !fits(groups);
    if (!groups->sorts) {
        ce_status status = load_in_memory(groups);
        if (status != CE_MEMORY) {
            return status;
        }
        give_memory(groups);
        groups->sorts = true;
    }
    for (uint32_t i = 0; i < groups->input_count; i++) {
        CE_TRY(fill_sorter(groups, &groups->inputs[i]));
    }
    return CE_OK;
}

/* ---- walking ---- */

/* The row at the head of a sorted input, or NULL at its end. */
static ce_status head_of(cei_group_input *in, const char **row)
{
    if (in->left == 0) {
        CE_TRY(cei_sorter_next(in->sorter, CEI_GROUP_PIECE, &in->rows, &in->left));
    }
    *row = in->left ? in->rows : NULL;
    return CE_OK;
}

static bool is_in_hand(const cei_groups *groups, const char *row)
{
    return ce_type_compare(groups->key, groups->at, row) == 0;
}

/* Leaves out what was not taken of the group in hand. */
static ce_status skip_rest(cei_groups *groups)
{
    for (uint32_t i = 0; i < groups->input_count; i++) {
        cei_group_input *in = &groups->inputs[i];
        for (;;) {
            const char *row;
            CE_TRY(head_of(in, &row));
            if (!row || !is_in_hand(groups, row)) {
                break;
            }
            in->rows += in->row->bytes;
            in->left--;
        }
    }
    return CE_OK;
}

/* The least key at the heads; *found false: all inputs have ended. */
static ce_status next_sorted(cei_groups *groups, bool *found)
{
    const char *least = NULL;
    if (groups->at) {
        CE_TRY(skip_rest(groups));
    }
    for (uint32_t i = 0; i < groups->input_count; i++) {
        const char *row;
        int compared = 0;
        CE_TRY(head_of(&groups->inputs[i], &row));
        if (row && least) {
            CE_TRY(cei_order_compare(&groups->key_order, row, least, &compared));
        }
        least = row && (!least || compared < 0) ? row : least;
    }
    *found = least != NULL;
    groups->at = NULL;
    if (least) {
        cei_arena_reset(&groups->kept_key);
        memcpy(groups->key_copy, least, groups->key->bytes);
        groups->at = groups->key_copy;
        CE_TRY(cei_value_own(groups->key, groups->key_copy, &groups->kept_key));
    }
    return CE_OK;
}

/* CEI_END: the section has no more groups. */
static cei_pull give(cei_groups *groups)
{
    bool found = groups->group < groups->group_count;
    ce_status status = CE_OK;
    if (groups->sorts) {
        status = next_sorted(groups, &found);
    } else if (found) {
        groups->at = groups->keys + (size_t)groups->group++ * groups->key->bytes;
        for (uint32_t i = 0; i < groups->input_count; i++) {
            groups->inputs[i].given = 0;
        }
    }
    return status != CE_OK ? cei_run_fail(groups->run, status) : found ? CEI_ROWS : CEI_END;
}

cei_pull cei_groups_next(cei_groups *groups)
{
    for (;;) {
        if (groups->phase == CEI_GROUPS_COLLECT) {
            cei_pull pulled = collect(groups);
            if (pulled != CEI_END) {
                return pulled;
            }
            groups->phase = CEI_GROUPS_LOAD;
        }
        if (groups->phase == CEI_GROUPS_LOAD) {
            if (groups->section == 1u << groups->inputs[0].sections.bits) {
                return CEI_END;
            }
            if (cei_run_is_cancelled(groups->run)) {
                return CEI_FAILED;
            }
            groups->at = NULL;
            ce_status status = load_section(groups);
            if (status != CE_OK) {
                return cei_run_fail(groups->run, status);
            }
            groups->phase = CEI_GROUPS_GIVE;
        }
        cei_pull pulled = give(groups);
        if (pulled != CEI_END) {
            return pulled;
        }
        drop_section(groups);
        groups->section++;
        groups->phase = CEI_GROUPS_LOAD;
    }
}

/* ---- values ---- */

static ce_status sorted_piece(cei_groups *groups, cei_group_input *in, uint32_t *count)
{
    const char *row;
    const size_t bytes = in->value->bytes;
    *count = 0;
    CE_TRY(head_of(in, &row)); /* what was given before is not needed any more */
    while (in->left && *count < CEI_GROUP_PIECE) {
        if (!is_in_hand(groups, in->rows)) {
            break;
        }
        memcpy(in->piece + (*count)++ * bytes, in->rows + in->value_offset, bytes);
        in->rows += in->row->bytes;
        in->left--;
    }
    return CE_OK;
}

cei_pull cei_groups_piece(cei_groups *groups, uint32_t input, cei_batch *values)
{
    cei_group_input *in = &groups->inputs[input];
    ce_list list;
    if (cei_groups_list(groups, input, &list)) {
        const uint64_t given = in->given;
        in->given = list.count;
        *values = (cei_batch){list.at, list.count};
        return list.count > given ? CEI_ROWS : CEI_END;
    }
    uint32_t count;
    ce_status status = sorted_piece(groups, in, &count);
    if (status != CE_OK) {
        return cei_run_fail(groups->run, status);
    }
    *values = (cei_batch){in->piece, count};
    return count ? CEI_ROWS : CEI_END;
}

ce_status cei_groups_collect(cei_groups *groups, uint32_t input, ce_list *list, cei_arena *arena)
{
    cei_group_input *in = &groups->inputs[input];
    if (cei_groups_list(groups, input, list)) {
        return CE_OK;
    }
    const size_t bytes = in->value->bytes;
    uint64_t count = 0, room = 0;
    uint32_t n;
    char *all = NULL;
    for (;;) {
        CE_TRY(sorted_piece(groups, in, &n));
        if (n == 0) {
            break;
        }
        if (count + n > room) {
            const uint64_t grown = room ? 2 * room : CEI_GROUP_PIECE;
            char *more = cei_arena_alloc(arena, grown * bytes);
            if (!more || grown > UINT32_MAX) {
                return CE_MEMORY;
            }
            if (count) {
                memcpy(more, all, count * bytes);
            }
            all = more;
            room = grown;
        }
        memcpy(all + count * bytes, in->piece, n * bytes);
        for (uint32_t i = 0; i < n; i++) {
            CE_TRY(cei_value_own(in->value, all + (count + i) * bytes, arena));
        }
        count += n;
    }
    *list = (ce_list){all, (uint32_t)count};
    return CE_OK;
}

ce_rows *cei_groups_rows(cei_groups *groups, uint32_t input, ce_status (*before_refill)(void *owner), void *owner)
{
    cei_group_input *in = &groups->inputs[input];
    const bool whole = groups->run->whole_inputs;
    cei_rows_open(&in->iterator, &in->cursor.cursor, in->value);
    groups->run->whole_inputs = whole; /* nothing of the task's inputs is pulled by it */
    in->iterator.before_refill = before_refill;
    in->iterator.owner = owner;
    return &in->iterator.rows;
}

/* ---- building ---- */

ce_rdd *cei_cogroup_node(const cei_op *op, ce_rdd *const *rdds, uint32_t count, uint32_t partitions, ce_site site)
{
    return cei_cogroup_node_led(op, rdds, count, count, partitions, site);
}

ce_rdd *cei_cogroup_node_led(const cei_op *op, ce_rdd *const *rdds, uint32_t count, uint32_t leading,
                             uint32_t partitions, ce_site site)
{
    ce_rdd *node = cei_node_new(op, NULL, site, rdds, count), *alike[CEI_GROUPS_INPUTS_MAX];
    const ce_type *key, *other, *value;
    if (!cei_node_pair(node, rdds[0] ? rdds[0]->type : NULL, &key, &value)) {
        return node;
    }
    for (uint32_t i = 1; i < count; i++) {
        char first[256], has[256];
        if (!cei_node_pair(node, rdds[i]->type, &other, &value)) {
            return node;
        }
        if (!ce_type_equal(key, other)) {
            return cei_node_poison(node, CE_TYPE, "keys of %s meet keys of %s", ce_type_text(key, first, sizeof first),
                                   ce_type_text(other, has, sizeof has));
        }
    }
    const cei_partitioner partitioner = cei_default_partitioner_of(rdds, leading, partitions);
    for (uint32_t i = 0; i < count; i++) {
        alike[i] = cei_partitioned(rdds[i], partitioner, site);
    }
    node = cei_node_new(op, NULL, site, alike, count);
    node->partitioner = partitioner;
    return node;
}
