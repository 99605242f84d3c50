/* range : first, end, step -> rdd(int64)
 *
 * The number of elements is one that 64 bits hold, the products on the way to a partition's bounds are not. Elements
 * are made with unsigned arithmetic, which wraps where the element itself does not. */
#include "base/error.h"
#include "rdd/narrow.h"

__extension__ typedef __int128 wide;

CE_RECORD(range_args, (int64_t, first), (int64_t, step), (uint64_t, count));

struct range_state {
    cei_batcher base;
    uint64_t next, step, left;
};

static inline __attribute__((always_inline)) void range_fill_by(uint64_t *restrict rows, uint64_t first, uint64_t step,
                                                                uint32_t count)
{
    for (uint32_t i = 0; i < count; i++, first += step) {
        rows[i] = first;
    }
}

/* The same loop for the widest registers there are: making numbers costs as much as a light map otherwise. */
#if defined(__x86_64__)
__attribute__((target("avx512f"))) static void range_fill_avx512(uint64_t *rows, uint64_t first, uint64_t step,
                                                                 uint32_t count)
{
    range_fill_by(rows, first, step, count);
}
#endif

static void range_fill(uint64_t *rows, uint64_t first, uint64_t step, uint32_t count)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) {
        range_fill_avx512(rows, first, step, count);
        return;
    }
#endif
    range_fill_by(rows, first, step, count);
}

static cei_pull range_next(cei_cursor *cursor, cei_batch *batch)
{
    struct range_state *state = (struct range_state *)cursor;
    uint32_t count = cursor->run->batch_rows;
    count = state->left < count ? (uint32_t)state->left : count;
    range_fill((uint64_t *)(void *)state->base.rows, state->next, state->step, count);
    state->next += state->step * count;
    state->left -= count;
    *batch = (cei_batch){state->base.rows, count};
    return count ? CEI_ROWS : CEI_END;
}

static cei_pull range_count(cei_cursor *cursor, uint64_t *rows)
{
    struct range_state *state = (struct range_state *)cursor;
    *rows += state->left;
    state->left = 0;
    return CEI_END;
}

static ce_status range_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    const range_args *args = node->args;
    CE_TRY(cei_batcher_open(run, node, partition, sizeof(struct range_state), range_next, cursor));
    struct range_state *state = (struct range_state *)*cursor;
    uint64_t begin = (uint64_t)((wide)args->count * partition / node->partition_count);
    uint64_t end = (uint64_t)((wide)args->count * ((wide)partition + 1) / node->partition_count);
    state->base.cursor.count = range_count;
    state->step = (uint64_t)args->step;
    state->next = (uint64_t)args->first + begin * state->step;
    state->left = end - begin;
    return CE_OK;
}

const cei_op cei_op_range = {.name = "range", .open = range_open, .prepare = cei_prepare_nothing};

static uint64_t range_elements(int64_t first, int64_t end, int64_t step)
{
    wide way = (wide)end - first, each = step;
    if (each < 0) {
        way = -way;
        each = -each;
    }
    return way > 0 ? (uint64_t)((way + each - 1) / each) : 0;
}

ce_rdd *ce_range_at(ce_context *sc, int64_t first, int64_t end, int64_t step, uint32_t partitions, ce_site site)
{
    cei_scope *scope = (cei_scope *)(void *)sc;
    ce_rdd *node = cei_node_new(&cei_op_range, scope, site, NULL, 0);
    if (step == 0) {
        return cei_node_poison(node, CE_INVALID, "step cannot be 0");
    }
    if (partitions > INT32_MAX) {
        return cei_node_poison(node, CE_INVALID, "Positive number of partitions required");
    }
    range_args *args = cei_node_args(node, CE_TYPE(range_args));
    if (args) {
        *args = (range_args){first, step, range_elements(first, end, step)};
        node->type = CE_TYPE(int64_t);
        node->partition_count = partitions ? partitions : scope->default_parallelism;
    }
    return node;
}
