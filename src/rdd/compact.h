/* compact.h: moving together the rows that stay, with the widest instructions that the machine has. */
#ifndef CERIUM_RDD_COMPACT_H
#define CERIUM_RDD_COMPACT_H

#include <stddef.h>
#include <stdint.h>

/* Room that cei_compact may write behind the rows it keeps. */
enum { CEI_COMPACT_SLACK_BYTES = 64 };

/* Copies row i of `in` to `out`, one behind the other, where keep[i] is 1 (it is 0 or 1); returns how many. The ranges
 * do not overlap; out has room for count rows and CEI_COMPACT_SLACK_BYTES more. */
uint32_t cei_compact(const char *in, size_t row_bytes, uint32_t count, const uint8_t *keep, char *out);

#endif
