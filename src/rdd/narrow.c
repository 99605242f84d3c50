/*
 * narrow.c: what narrow operators share. Fields of 4, 8 and 16 bytes, which most keys and values are, move as
 * registers.
 */
#include "rdd/narrow.h"
#include "base/error.h"
#include "rdd/compact.h"

/* ---- intake ---- */

cei_pull cei_intake_pull(cei_intake *in)
{
    if (in->left) {
        return CEI_ROWS;
    }
    cei_batch batch;
    cei_pull pulled = cei_run_is_cancelled(in->from->run) ? CEI_FAILED : in->from->next(in->from, &batch);
    if (pulled == CEI_ROWS) {
        in->rows = batch.rows;
        in->left = batch.count;
    }
    return pulled;
}

cei_pull cei_intake_next(cei_intake *in, size_t row_bytes, uint32_t count_max, cei_batch *part)
{
    cei_pull pulled = cei_intake_pull(in);
    if (pulled == CEI_ROWS) {
        *part = (cei_batch){in->rows, in->left < count_max ? in->left : count_max};
        cei_intake_skip(in, row_bytes, part->count);
    }
    return pulled;
}

cei_pull cei_count_rest(cei_cursor *cursor, uint64_t *rows)
{
    if (cursor->count) {
        return cursor->count(cursor, rows);
    }
    cei_intake in = {.from = cursor};
    cei_pull pulled;
    while ((pulled = cei_intake_pull(&in)) == CEI_ROWS) {
        *rows += in.left;
        in.left = 0;
    }
    return pulled;
}

/* ---- batcher ---- */

static size_t batch_bytes(const cei_cursor *cursor)
{
    return (size_t)cursor->run->batch_rows * cursor->node->type->bytes + CEI_COMPACT_SLACK_BYTES;
}

void cei_batcher_close(cei_cursor *cursor)
{
    cei_batcher *state = (cei_batcher *)cursor;
    cei_pool_give(cursor->run->pool, state->rows, batch_bytes(cursor));
}

ce_status cei_batcher_open(cei_run *run, const ce_rdd *node, uint32_t partition, size_t bytes,
                           cei_pull (*next)(cei_cursor *cursor, cei_batch *batch), cei_cursor **cursor)
{
    cei_batcher *made = cei_cursor_new(run, node, bytes, next);
    if (!made) {
        return CE_MEMORY;
    }
    made->cursor.close = cei_batcher_close;
    made->rows = cei_pool_take(run->pool, batch_bytes(&made->cursor));
    if (!made->rows) {
        return CE_MEMORY;
    }
    memset(made->rows, 0, batch_bytes(&made->cursor));
    if (node->parent_count) {
        CE_TRY(cei_open_parent(run, node, 0, partition, &made->in.from));
    }
    *cursor = &made->cursor;
    return CE_OK;
}

static cei_pull count_input(cei_cursor *cursor, uint64_t *rows)
{
    cei_intake *in = &((cei_batcher *)cursor)->in;
    *rows += in->left;
    in->left = 0;
    return in->from->count(in->from, rows);
}

void cei_batcher_count_as_input(cei_batcher *state)
{
    state->cursor.count = state->in.from->count ? count_input : NULL;
}

/* ---- fields ---- */

__attribute__((always_inline)) static inline void copy_each(char *restrict to, size_t to_stride,
                                                            const char *restrict from, size_t from_stride, size_t bytes,
                                                            uint32_t count)
{
    for (; count > 0; count--, to += to_stride, from += from_stride) {
        memcpy(to, from, bytes);
    }
}

void cei_copy_fields(char *to, size_t to_stride, const char *from, size_t from_stride, size_t bytes, uint32_t count)
{
    if (to_stride == bytes && from_stride == bytes) {
        memcpy(to, from, bytes * count);
    } else if (bytes == 8) {
        copy_each(to, to_stride, from, from_stride, 8, count);
    } else if (bytes == 16) {
        copy_each(to, to_stride, from, from_stride, 16, count);
    } else if (bytes == 4) {
        copy_each(to, to_stride, from, from_stride, 4, count);
    } else {
        copy_each(to, to_stride, from, from_stride, bytes, count);
    }
}

struct field_state {
    cei_batcher base;
    uint32_t pair_bytes, offset;
};

static cei_pull field_next(cei_cursor *cursor, cei_batch *batch)
{
    struct field_state *state = (struct field_state *)cursor;
    cei_batch part;
    cei_pull pulled = cei_intake_next(&state->base.in, state->pair_bytes, cursor->run->batch_rows, &part);
    if (pulled == CEI_ROWS) {
        size_t bytes = cursor->node->type->bytes;
        cei_copy_fields(state->base.rows, bytes, part.rows + state->offset, state->pair_bytes, bytes, part.count);
        *batch = (cei_batch){state->base.rows, part.count};
    }
    return pulled;
}

ce_status cei_field_open(cei_run *run, const ce_rdd *node, uint32_t partition, uint32_t field, cei_cursor **cursor)
{
    CE_TRY(cei_batcher_open(run, node, partition, sizeof(struct field_state), field_next, cursor));
    struct field_state *state = (struct field_state *)*cursor;
    const ce_type *pair = node->parents[0]->type;
    state->pair_bytes = pair->bytes;
    state->offset = pair->fields[field].offset;
    cei_batcher_count_as_input(&state->base);
    return CE_OK;
}

/* ---- numbers ---- */

struct numbered_state {
    cei_batcher base;
    int64_t number, step;
};

static cei_pull numbered_next(cei_cursor *cursor, cei_batch *batch)
{
    struct numbered_state *state = (struct numbered_state *)cursor;
    const ce_type *type = cursor->node->type;
    size_t row_bytes = type->fields[0].type->bytes;
    cei_batch part;
    cei_pull pulled = cei_intake_next(&state->base.in, row_bytes, cursor->run->batch_rows, &part);
    if (pulled != CEI_ROWS) {
        return pulled;
    }
    cei_copy_fields(state->base.rows, type->bytes, part.rows, row_bytes, row_bytes, part.count);
    char *to = state->base.rows + type->fields[1].offset;
    for (uint32_t i = 0; i < part.count; i++, to += type->bytes) {
        memcpy(to, &state->number, sizeof state->number);
        state->number += state->step;
    }
    *batch = (cei_batch){state->base.rows, part.count};
    return CEI_ROWS;
}

ce_status cei_numbered_open(cei_run *run, const ce_rdd *node, uint32_t partition, int64_t first, int64_t step,
                            cei_cursor **cursor)
{
    CE_TRY(cei_batcher_open(run, node, partition, sizeof(struct numbered_state), numbered_next, cursor));
    struct numbered_state *state = (struct numbered_state *)*cursor;
    state->number = first;
    state->step = step;
    cei_batcher_count_as_input(&state->base);
    return CE_OK;
}

/* ---- building ---- */

bool cei_node_gives_pair(ce_rdd *node, const ce_type *key, const ce_type *value)
{
    const ce_type *type = cei_node_is_sound(node) ? cei_scope_pair(node->scope, key, value) : NULL;
    if (!type) {
        cei_node_poison(node, CE_MEMORY, "%s", ce_last_error());
        return false;
    }
    node->type = type;
    return true;
}

static const char unequal_counts[] = "Can't zip RDDs with unequal numbers of partitions: List(%u, %u)";

bool cei_node_zips(ce_rdd *node)
{
    if (!cei_node_is_sound(node)) {
        return false;
    }
    ce_rdd *a = node->parents[0], *b = node->parents[1];
    if (cei_node_prepare_early(a) && cei_node_prepare_early(b) && a->partition_count != b->partition_count) {
        cei_node_poison(node, CE_INVALID, unequal_counts, a->partition_count, b->partition_count);
    }
    return cei_node_is_sound(node);
}

ce_status cei_zip_prepare(ce_rdd *node)
{
    const ce_rdd *a = node->parents[0], *b = node->parents[1];
    if (a->partition_count != b->partition_count) {
        return cei_fail(CE_INVALID, unequal_counts, a->partition_count, b->partition_count);
    }
    node->partition_count = a->partition_count;
    return CE_OK;
}

ce_status cei_prepare_nothing(ce_rdd *node)
{
    (void)node;
    return CE_OK;
}

ce_determinism cei_determinism_by_position(const ce_rdd *node)
{
    ce_determinism least = CE_DETERMINATE;
    for (uint32_t i = 0; i < node->parent_count; i++) {
        ce_determinism parent = ce_rdd_determinism(node->parents[i]);
        least = parent > least ? parent : least;
    }
    return least == CE_UNORDERED ? CE_INDETERMINATE : least;
}
