/* parallelize : T, T, ... -> rdd(T)
 *
 * The node owns a copy of the values; a partition hands them out where they are. Partition i of n is [i * count / n,
 * (i + 1) * count / n). */
#include "rdd/narrow.h"

struct parallelize_state {
    cei_cursor cursor;
    const char *next;
    uint64_t left;
};

static cei_pull parallelize_next(cei_cursor *cursor, cei_batch *batch)
{
    struct parallelize_state *state = (struct parallelize_state *)cursor;
    uint32_t count = cursor->run->batch_rows;
    count = state->left < count ? (uint32_t)state->left : count;
    *batch = (cei_batch){state->next, count};
    state->next += (size_t)count * cursor->node->type->bytes;
    state->left -= count;
    return count ? CEI_ROWS : CEI_END;
}

static cei_pull parallelize_count(cei_cursor *cursor, uint64_t *rows)
{
    struct parallelize_state *state = (struct parallelize_state *)cursor;
    *rows += state->left;
    state->left = 0;
    return CEI_END;
}

static ce_status parallelize_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct parallelize_state *state = cei_cursor_new(run, node, sizeof *state, parallelize_next);
    if (!state) {
        return CE_MEMORY;
    }
    const ce_list *values = node->args;
    uint64_t first = (uint64_t)partition * values->count / node->partition_count;
    uint64_t end = ((uint64_t)partition + 1) * values->count / node->partition_count;
    state->cursor.count = parallelize_count;
    state->left = end - first;
    if (state->left) {
        state->next = (const char *)values->at + first * node->type->bytes;
    }
    *cursor = &state->cursor;
    return CE_OK;
}

const cei_op cei_op_parallelize = {.name = "parallelize", .open = parallelize_open, .prepare = cei_prepare_nothing};

ce_rdd *ce_parallelize_at(ce_context *sc, const ce_type *type, const void *values, uint64_t count, uint32_t partitions,
                          ce_site site)
{
    cei_scope *scope = (cei_scope *)(void *)sc;
    ce_rdd *node = cei_node_new(&cei_op_parallelize, scope, site, NULL, 0);
    const char *why = "it is NULL";
    if (!type || !cei_type_validate(type, &why)) {
        return cei_node_poison(node, CE_TYPE, "the element type cannot be used: %s", why);
    }
    if (count && !values) {
        return cei_node_poison(node, CE_INVALID, "the values are NULL");
    }
    if (count > UINT32_MAX) {
        return cei_node_poison(node, CE_INVALID, "%llu values are more than %u", (unsigned long long)count, UINT32_MAX);
    }
    if (partitions > INT32_MAX) {
        return cei_node_poison(node, CE_INVALID, "Positive number of partitions required");
    }
    const ce_type *list = cei_node_is_sound(node) ? cei_scope_list(scope, type) : NULL;
    void *copy = list && count ? cei_scope_copy_values(scope, type, values, count) : NULL;
    if (!list || (count && !copy)) {
        return cei_node_poison(node, CE_MEMORY, "out of memory");
    }
    ce_list *args = cei_node_args(node, list);
    if (args) {
        *args = (ce_list){copy, (uint32_t)count};
        node->type = type;
        node->partition_count = partitions ? partitions : scope->default_parallelism;
    }
    return node;
}
