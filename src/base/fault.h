/*
 * fault.h: the one place where a test makes the Nth allocation or system call fail.
 *
 * Every allocation and every system call that can fail asks cei_fault_hit() first. Outside tests the counter is off
 * and the question costs one relaxed load.
 */
#ifndef CERIUM_BASE_FAULT_H
#define CERIUM_BASE_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum cei_fault_kind { CEI_FAULT_ALLOCATION = 1, CEI_FAULT_SYSTEM_CALL = 2 } cei_fault_kind;

extern _Atomic int64_t cei_fault_countdown; /* 0 = off */

/* From now on the nth (1 = the next) question of a kind in the mask answers true, once. n = 0 turns it off. */
void cei_fault_arm(int64_t nth, unsigned kind_mask);

/* True when an armed fault has been delivered since the last cei_fault_arm. */
bool cei_fault_delivered(void);

bool cei_fault_hit_slow(cei_fault_kind kind);

/* True where the caller must fail as if the system had refused; errno is set then, to ENOMEM for allocations and EIO
 * for system calls. */
static inline bool cei_fault_hit(cei_fault_kind kind)
{
    return __builtin_expect(atomic_load_explicit(&cei_fault_countdown, memory_order_relaxed) != 0, 0) &&
           cei_fault_hit_slow(kind);
}

#endif
