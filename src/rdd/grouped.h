/* grouped.h: a user function over groups: map_groups and map_cogroup. */
#ifndef CERIUM_RDD_GROUPED_H
#define CERIUM_RDD_GROUPED_H

#include "rdd/node.h"

/* open of an operator whose function is a ce_groups_kernel, over one or two inputs. */
ce_status cei_grouped_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor);

/* Whether f takes keys of this type; false: poisoned. */
bool cei_node_takes_key(ce_rdd *node, const ce_function *f, const ce_type *key);

#endif
