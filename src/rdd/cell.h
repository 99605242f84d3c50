/* cell.h: the rows whose random number falls between two bounds: samples, and the parts of a random split. */
#ifndef CERIUM_RDD_CELL_H
#define CERIUM_RDD_CELL_H

#include "rdd/node.h"

/* Draws one number of [0, 1) for each row of the parent's partition, from that partition's stream of seed, and gives
 * the rows whose number x has low <= x < high. Cells that do not overlap have no row in common, cells that cover [0, 1)
 * have all. */
ce_status cei_cell_open(cei_run *run, const ce_rdd *node, uint32_t partition, double low, double high, uint64_t seed,
                        cei_cursor **cursor);

#endif
