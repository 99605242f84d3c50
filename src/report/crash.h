/*
 * crash.h: naming the user function that a crash happened in; ce_report_crashes is declared in <cerium/context.h>.
 *
 * The report is written on an alternate stack, because a thread whose stack has overflowed has no other to write it on.
 * Each thread needs its own: worker threads get one here.
 */
#ifndef CERIUM_REPORT_CRASH_H
#define CERIUM_REPORT_CRASH_H

/* Gives the calling thread an alternate stack, unless it has one. When memory is short it gets none; only the report of
 * a stack overflow is lost then. */
void cei_crash_use_stack(void);

/* Takes it back, before the thread ends. */
void cei_crash_drop_stack(void);

#endif
