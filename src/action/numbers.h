/* numbers.h: rows of any number type as doubles, a batch at a time, for the statistics. */
#ifndef CERIUM_ACTION_NUMBERS_H
#define CERIUM_ACTION_NUMBERS_H

#include <cerium/type.h>

enum { CEI_NUMBERS_AT_ONCE = 512 };

/* The numbers in count <= CEI_NUMBERS_AT_ONCE rows of a number type: the rows themselves where they are doubles, else
 * converted to room[count]. */
const double *cei_numbers(const ce_type *type, const char *rows, uint32_t count, double *room);

#endif
