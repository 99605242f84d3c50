/*
 * thread.c: threads, locks and conditions of POSIX, and what the machine lets this process use.
 *
 * The limits of a control group are looked for from the process's own group up to the root, in every layout that is
 * met: v2 (one tree), v1 (a tree per controller) and both side by side. The smallest counts. What cannot be read
 * limits nothing: inside a container the group's path often names a place that only the host can see, while the root
 * is the container's own group.
 *
 * Interface: cei_lock_*, cei_condition_*, cei_thread_*, cei_cpu_count, cei_memory_limit_bytes, cei_cgroup_*
 */
#include "base/thread.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fault.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STACK_BYTES = 8 << 20, NAME_BYTES = 16, CGROUP_TEXT_BYTES = 4096 };

/* Locks and conditions fail only when they are misused, which is a fault of this program and no state of the world. */
static void must(int result)
{
    assert(result == 0);
    (void)result;
}

void cei_lock_open(cei_lock *lock)
{
    must(pthread_mutex_init(lock, NULL));
}

void cei_lock_close(cei_lock *lock)
{
    must(pthread_mutex_destroy(lock));
}

void cei_lock_take(cei_lock *lock)
{
    must(pthread_mutex_lock(lock));
}

void cei_lock_give(cei_lock *lock)
{
    must(pthread_mutex_unlock(lock));
}

void cei_condition_open(cei_condition *condition)
{
    pthread_condattr_t attributes;
    must(pthread_condattr_init(&attributes));
    must(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
    must(pthread_cond_init(condition, &attributes));
    must(pthread_condattr_destroy(&attributes));
}

void cei_condition_close(cei_condition *condition)
{
    must(pthread_cond_destroy(condition));
}

void cei_condition_wait(cei_condition *condition, cei_lock *lock)
{
    must(pthread_cond_wait(condition, lock));
}

bool cei_condition_wait_for(cei_condition *condition, cei_lock *lock, int64_t wait_ns)
{
    int64_t until_ns;
    if (__builtin_add_overflow(cei_clock_ns(), wait_ns > 0 ? wait_ns : 0, &until_ns)) {
        until_ns = INT64_MAX;
    }
    const struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000), .tv_nsec = (long)(until_ns % 1000000000)};
    int result = pthread_cond_timedwait(condition, lock, &until);
    assert(result == 0 || result == ETIMEDOUT);
    return result != ETIMEDOUT;
}

void cei_condition_signal(cei_condition *condition)
{
    must(pthread_cond_signal(condition));
}

void cei_condition_broadcast(cei_condition *condition)
{
    must(pthread_cond_broadcast(condition));
}

/* All signals but those that a thread raises by its own mistake. */
static void block_signals(sigset_t *before)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    sigset_t blocked;
    (void)sigfillset(&blocked);
    for (size_t index = 0; index < sizeof own / sizeof own[0]; index++) {
        (void)sigdelset(&blocked, own[index]);
    }
    (void)pthread_sigmask(SIG_SETMASK, &blocked, before);
}

ce_status cei_thread_start(cei_thread *thread, const char *name, void *(*run)(void *), void *arg)
{
    if (cei_fault_hit(CEI_FAULT_SYSTEM_CALL)) {
        return cei_fail_errno(errno, "cannot start the thread %s", name);
    }
    pthread_attr_t attributes;
    int result = pthread_attr_init(&attributes);
    if (result == 0) {
        sigset_t before;
        (void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
        block_signals(&before); /* a new thread inherits the mask, so no signal can come before it is set */
        result = pthread_create(&thread->id, &attributes, run, arg);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        (void)pthread_attr_destroy(&attributes);
    }
    if (result != 0) {
        return cei_fail_errno(result, "cannot start the thread %s", name);
    }
    char shown[NAME_BYTES];
    (void)snprintf(shown, sizeof shown, "%s", name);
    (void)pthread_setname_np(thread->id, shown); /* a thread that is at its end already has no name to set */
    return CE_OK;
}

void cei_thread_join(cei_thread *thread)
{
    must(pthread_join(thread->id, NULL));
}

uint32_t cei_cgroup_cpus(const char *text)
{
    char *end;
    errno = 0;
    long long quota = strtoll(text, &end, 10);
    if (end == text || errno || quota <= 0) {
        return 0; /* "max", and -1 in v1 */
    }
    long long period = strtoll(end, NULL, 10);
    if (period <= 0) {
        return 0;
    }
    long long cpus = quota / period + (quota % period != 0);
    return cpus > UINT32_MAX ? 0 : (uint32_t)cpus;
}

uint64_t cei_cgroup_bytes(const char *text)
{
    char *end;
    errno = 0;
    unsigned long long bytes = strtoull(text, &end, 10);
    /* v1 says "no limit" with the largest multiple of a page that fits 63 bits. */
    return end == text || errno || *text == '-' || bytes >= 1ull << 62 ? UINT64_MAX : bytes;
}

bool cei_cgroup_path(const char *membership, const char *controller, char *path, size_t bytes)
{
    const size_t length = strlen(controller);
    for (const char *line = membership; *line;) {
        size_t line_bytes = strcspn(line, "\n");
        const char *list = memchr(line, ':', line_bytes);
        const char *end = list ? memchr(list + 1, ':', line_bytes - (size_t)(list + 1 - line)) : NULL;
        for (const char *item = list ? list + 1 : NULL; end && item <= end;) {
            size_t item_bytes = strcspn(item, ",:");
            if (item_bytes == length && memcmp(item, controller, length) == 0) {
                int count = snprintf(path, bytes, "%.*s", (int)(line + line_bytes - (end + 1)), end + 1);
                return count >= 0 && (size_t)count < bytes;
            }
            item += item_bytes + 1;
        }
        line += line_bytes + (line[line_bytes] == '\n');
    }
    return false;
}

static bool read_text(const char *path, char *text, size_t bytes)
{
    int fd = cei_fault_hit(CEI_FAULT_SYSTEM_CALL) ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    size_t count = 0;
    for (ssize_t got = 1; got > 0 && count<bytes - 1; count += got> 0 ? (size_t)got : 0) {
        got = read(fd, text + count, bytes - 1 - count);
    }
    (void)close(fd);
    text[count] = '\0';
    return count > 0;
}

static void lower(cei_cgroup_limits *limits, uint32_t cpus, uint64_t bytes)
{
    if (cpus && (!limits->cpus || cpus < limits->cpus)) {
        limits->cpus = cpus;
    }
    if (bytes < limits->bytes) {
        limits->bytes = bytes;
    }
}

/* Reads the limits of one group, in the files of either version. */
static void read_group(const char *group, cei_cgroup_limits *limits)
{
    char path[CGROUP_TEXT_BYTES + 64], text[256], both[600];
    (void)snprintf(path, sizeof path, "%s/cpu.max", group);
    if (read_text(path, text, sizeof text)) {
        lower(limits, cei_cgroup_cpus(text), UINT64_MAX);
    }
    (void)snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", group);
    if (read_text(path, both, 256)) {
        (void)snprintf(path, sizeof path, "%s/cpu.cfs_period_us", group);
        size_t count = strlen(both);
        if (read_text(path, both + count, sizeof both - count)) {
            lower(limits, cei_cgroup_cpus(both), UINT64_MAX);
        }
    }
    static const char *const memory_files[] = {"memory.max", "memory.limit_in_bytes"};
    for (size_t index = 0; index < 2; index++) {
        (void)snprintf(path, sizeof path, "%s/%s", group, memory_files[index]);
        if (read_text(path, text, sizeof text)) {
            lower(limits, 0, cei_cgroup_bytes(text));
        }
    }
}

/* From the group at root/below/path up to root/below. path is the group's path as /proc/self/cgroup names it. */
static void walk_up(const char *root, const char *below, const char *path, cei_cgroup_limits *limits)
{
    char group[CGROUP_TEXT_BYTES];
    int count = snprintf(group, sizeof group, "%s%s", root, below);
    if (count < 0 || (size_t)count >= sizeof group) {
        return;
    }
    const size_t top = (size_t)count;
    count = snprintf(group + top, sizeof group - top, "%s", path);
    if (count < 0 || (size_t)count >= sizeof group - top) {
        group[top] = '\0';
    }
    for (;;) {
        size_t length = strlen(group);
        while (length > top && group[length - 1] == '/') {
            group[--length] = '\0';
        }
        read_group(group, limits);
        if (length <= top) {
            return;
        }
        *strrchr(group, '/') = '\0';
    }
}

cei_cgroup_limits cei_cgroup_read(const char *root, const char *membership)
{
    static const struct {
        const char *controller, *below;
    } places[] = {
        {"", ""}, {"", "/unified"}, {"cpu", "/cpu"}, {"cpu", "/cpu,cpuacct"}, {"memory", "/memory"},
    };
    cei_cgroup_limits limits = {.cpus = 0, .bytes = UINT64_MAX};
    char path[CGROUP_TEXT_BYTES];
    for (size_t index = 0; index < sizeof places / sizeof places[0]; index++) {
        if (cei_cgroup_path(membership, places[index].controller, path, sizeof path)) {
            walk_up(root, places[index].below, path, &limits);
        }
    }
    return limits;
}

static cei_cgroup_limits own_limits(void)
{
    char membership[CGROUP_TEXT_BYTES];
    if (!read_text("/proc/self/cgroup", membership, sizeof membership)) {
        return (cei_cgroup_limits){.cpus = 0, .bytes = UINT64_MAX};
    }
    return cei_cgroup_read("/sys/fs/cgroup", membership);
}

/* The mask of a machine with many processors does not fit a plain cpu_set_t; the call says so, and is asked again. */
static uint32_t affinity_count(void)
{
    for (size_t processors = CPU_SETSIZE; processors <= (size_t)64 * CPU_SETSIZE; processors *= 4) {
        cpu_set_t *mask = CPU_ALLOC(processors);
        if (!mask) {
            return 1;
        }
        const size_t bytes = CPU_ALLOC_SIZE(processors);
        const bool fits = sched_getaffinity(0, bytes, mask) == 0;
        const int count = fits ? CPU_COUNT_S(bytes, mask) : 0;
        const bool larger = !fits && errno == EINVAL;
        CPU_FREE(mask);
        if (!larger) {
            return count > 0 ? (uint32_t)count : 1;
        }
    }
    return 1;
}

uint32_t cei_cpu_count(void)
{
    const uint32_t count = affinity_count();
    const uint32_t quota = own_limits().cpus;
    return quota && quota < count ? quota : count;
}

uint64_t cei_memory_limit_bytes(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    const uint64_t physical = pages > 0 && page_bytes > 0 ? (uint64_t)pages * (uint64_t)page_bytes : UINT64_MAX;
    const uint64_t limit = own_limits().bytes;
    return limit < physical ? limit : physical;
}
