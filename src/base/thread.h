/*
 * thread.h: threads, locks and conditions. Creating a lock or a condition cannot fail, so that only starting a thread
 * is fallible (and asks base/fault.h).
 */
#ifndef CERIUM_BASE_THREAD_H
#define CERIUM_BASE_THREAD_H

#include <cerium/status.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef pthread_mutex_t cei_lock;
typedef pthread_cond_t cei_condition; /* waits by the monotonic clock */
typedef struct cei_thread {
    pthread_t id;
} cei_thread;

void cei_lock_open(cei_lock *lock);
void cei_lock_close(cei_lock *lock);
void cei_lock_take(cei_lock *lock);
void cei_lock_give(cei_lock *lock);

void cei_condition_open(cei_condition *condition);
void cei_condition_close(cei_condition *condition);
void cei_condition_wait(cei_condition *condition, cei_lock *lock);
/* false when wait_ns passed without a signal. */
bool cei_condition_wait_for(cei_condition *condition, cei_lock *lock, int64_t wait_ns);
void cei_condition_signal(cei_condition *condition);
void cei_condition_broadcast(cei_condition *condition);

/* All signals but SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT are blocked in the new thread: a host program's
 * handlers run on its own threads. The name (15 bytes are shown) appears in debuggers. */
ce_status cei_thread_start(cei_thread *thread, const char *name, void *(*run)(void *), void *arg);
void cei_thread_join(cei_thread *thread);

/* Processors this process may use: the affinity mask, cut by the cgroup's CPU quota (v2 and v1), rounded up; at least
 * 1. */
uint32_t cei_cpu_count(void);
/* Bytes this process may use: physical memory, cut by the cgroup's limit (v2 and v1). */
uint64_t cei_memory_limit_bytes(void);

/* What the control groups of a process allow. */
typedef struct cei_cgroup_limits {
    uint32_t cpus;  /* rounded up; 0 = unlimited */
    uint64_t bytes; /* UINT64_MAX = unlimited */
} cei_cgroup_limits;

/* The limits under root (such as /sys/fs/cgroup) for a membership (the text of /proc/self/cgroup). */
cei_cgroup_limits cei_cgroup_read(const char *root, const char *membership);
/* Its parts: a quota and a period ("150000 100000" is 2 CPUs, "max 100000" and "-1 100000" are 0), a number of bytes,
 * and the path of the group of a v1 controller ("" = v2); false when there is none. */
uint32_t cei_cgroup_cpus(const char *text);
uint64_t cei_cgroup_bytes(const char *text);
bool cei_cgroup_path(const char *membership, const char *controller, char *path, size_t bytes);

#endif
