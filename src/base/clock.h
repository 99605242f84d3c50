/* clock.h: the one source of time. Monotonic for durations, wall for what a person reads. */
#ifndef CERIUM_BASE_CLOCK_H
#define CERIUM_BASE_CLOCK_H

#include <stdint.h>

int64_t cei_clock_ns(void);      /* monotonic */
int64_t cei_clock_wall_ms(void); /* since 1970-01-01 UTC */
int64_t cei_clock_cpu_ns(void);  /* CPU time of the calling thread */
void cei_sleep_ms(int64_t ms);

#endif
