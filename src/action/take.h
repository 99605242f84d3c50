/* take.h: the scan of take, which first and is_empty share. */
#ifndef CERIUM_ACTION_TAKE_H
#define CERIUM_ACTION_TAKE_H

#include "action/action.h"

/* The first count rows. action is the name that people see. */
ce_status cei_take(ce_rdd *rdd, const char *action, uint64_t count, ce_result *rows);

#endif
