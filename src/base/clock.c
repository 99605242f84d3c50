/*
 * clock.c: the system's clocks in the units that Cerium uses.
 *
 * Reading these clocks cannot fail on Linux, so nothing here reports.
 *
 * Interface: cei_clock_ns, cei_clock_wall_ms, cei_clock_cpu_ns, cei_sleep_ms
 */
#include "base/clock.h"
#include <errno.h>
#include <time.h>

static int64_t read_ns(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t cei_clock_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

int64_t cei_clock_wall_ms(void)
{
    return read_ns(CLOCK_REALTIME) / 1000000;
}

int64_t cei_clock_cpu_ns(void)
{
    return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* Sleeps towards a point in time, so that signals in between do not lengthen the sleep. */
void cei_sleep_ms(int64_t ms)
{
    if (ms <= 0) {
        return;
    }
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000 * 1000000);
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
    }
}
