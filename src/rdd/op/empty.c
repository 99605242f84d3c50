/* empty : -> rdd(T)
 *
 * No partitions, so there is nothing to open. */
#include "base/error.h"
#include "rdd/narrow.h"

static ce_status empty_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    (void)run;
    (void)cursor;
    return cei_fail(CE_INTERNAL, "%s has no partition %u", node->op->name, partition);
}

const cei_op cei_op_empty = {.name = "empty", .open = empty_open, .prepare = cei_prepare_nothing};

ce_rdd *ce_empty_at(ce_context *sc, const ce_type *type, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_empty, (cei_scope *)(void *)sc, site, NULL, 0);
    const char *why = "it is NULL";
    if (!type || !cei_type_validate(type, &why)) {
        return cei_node_poison(node, CE_TYPE, "the element type cannot be used: %s", why);
    }
    if (cei_node_is_sound(node)) {
        node->type = type;
    }
    return node;
}
