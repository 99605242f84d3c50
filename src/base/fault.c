/*
 * fault.c: counts questions down to the one that fails.
 *
 * The countdown is shared by all threads, so that a test reaches the allocations of worker threads too. The fault is
 * delivered to exactly one of them: whoever takes the countdown from 1 to 0, which also turns it off.
 *
 * Interface: cei_fault_arm, cei_fault_delivered, cei_fault_hit_slow
 */
#include "base/fault.h"
#include <errno.h>

_Atomic int64_t cei_fault_countdown;

static _Atomic unsigned armed_kinds;
static _Atomic bool delivered;

void cei_fault_arm(int64_t nth, unsigned kind_mask)
{
    atomic_store(&cei_fault_countdown, 0); /* nobody counts while the kinds change */
    atomic_store(&armed_kinds, kind_mask);
    atomic_store(&delivered, false);
    atomic_store(&cei_fault_countdown, nth > 0 ? nth : 0);
}

bool cei_fault_delivered(void)
{
    return atomic_load(&delivered);
}

bool cei_fault_hit_slow(cei_fault_kind kind)
{
    if (!(atomic_load(&armed_kinds) & (unsigned)kind)) {
        return false;
    }
    int64_t left = atomic_load(&cei_fault_countdown);
    while (left > 0 && !atomic_compare_exchange_weak(&cei_fault_countdown, &left, left - 1)) {
    }
    if (left != 1) {
        return false;
    }
    atomic_store(&delivered, true);
    errno = kind == CEI_FAULT_ALLOCATION ? ENOMEM : EIO;
    return true;
}
