/* order_rows.h: the k smallest rows of an RDD, in order: what take_ordered, top, min and max share. */
#ifndef CERIUM_ACTION_ORDER_ROWS_H
#define CERIUM_ACTION_ORDER_ROWS_H

#include "action/action.h"

typedef struct cei_row_order {
    const ce_function *compare; /* of CE_COMPARE; NULL: the type's natural order, and then not checked */
    bool natural;
    bool reversed; /* the largest first */
} cei_row_order;

/* The first count rows in that order; of equal ones those that come first in the RDD. */
ce_status cei_take_ordered(ce_rdd *rdd, const char *action, uint64_t count, cei_row_order order, ce_result *rows);

#endif
