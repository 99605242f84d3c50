/* stats.h: the moments of numbers in one pass, which stats, mean, variance and histogram_even share. */
#ifndef CERIUM_ACTION_STATS_H
#define CERIUM_ACTION_STATS_H

#include "action/action.h"

CE_RECORD(cei_moments, (uint64_t, count), (double, mean), (double, squares), (double, min), (double, max));

/* Of all rows, merged in the order of the partitions. CE_TYPE unless rows are numbers; CE_EMPTY without partitions. */
ce_status cei_moments_of(ce_rdd *rdd, const char *action, cei_moments *moments);

#endif
