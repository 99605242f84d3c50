/* cogroup : rdd(pair(K, V)), rdd(pair(K, W)), ... -> rdd(pair(K, record(list(V), list(W), ...)))
 *
 * Each key of any input once, with its values of each: an empty list where it has none. */
#include "rdd/groups.h"
#include "rdd/lists.h"
#include "rdd/narrow.h"

const cei_op cei_op_cogroup = {.name = "cogroup", .open = cei_lists_open};

ce_rdd *ce_cogroup_at(ce_rdd *const *rdds, uint32_t count, uint32_t partitions, ce_site site)
{
    const ce_type *lists[CEI_GROUPS_INPUTS_MAX] = {NULL};
    if (count == 0 || count > CEI_GROUPS_INPUTS_MAX) {
        ce_rdd *node = cei_node_new(&cei_op_cogroup, NULL, site, count ? rdds : (ce_rdd *[]){NULL}, 1);
        return cei_node_poison(node, CE_INVALID, "takes 1 to %d RDDs, has %u", CEI_GROUPS_INPUTS_MAX, count);
    }
    ce_rdd *node = cei_cogroup_node(&cei_op_cogroup, rdds, count, partitions, site);
    if (!cei_node_is_sound(node)) {
        return node;
    }
    bool made = true;
    for (uint32_t i = 0; i < count; i++) {
        lists[i] = cei_scope_list(node->scope, rdds[i]->type->fields[1].type);
        made = made && lists[i];
    }
    const ce_type *record = made ? cei_scope_record(node->scope, lists, count) : NULL;
    if (!record) {
        return cei_node_poison(node, CE_MEMORY, "out of memory");
    }
    cei_node_gives_pair(node, rdds[0]->type->fields[0].type, record);
    return node;
}
