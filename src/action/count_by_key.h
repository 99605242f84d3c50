/* count_by_key.h: rows per key: what count_by_key and count_by_value share. */
#ifndef CERIUM_ACTION_COUNT_BY_KEY_H
#define CERIUM_ACTION_COUNT_BY_KEY_H

#include "action/action.h"

/* Rows pair(key, int64), sorted by key. key: the type at the start of each row, a pair's key or the row itself.
 * partitioner: how rdd is partitioned by that key, or none. */
ce_status cei_count_by_key(ce_rdd *rdd, const char *action, const ce_type *key, cei_partitioner partitioner,
                           ce_result *counts);

#endif
