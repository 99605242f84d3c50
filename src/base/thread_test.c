/*
 * thread_test.c: locks that exclude, conditions that wake, threads that leave signals alone, and limits that are read
 * right.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/thread.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

enum { THREADS = 4, ROUNDS = 20000 };

struct shared {
    cei_lock lock;
    cei_condition changed;
    int64_t count;
};

static void open_shared(struct shared *shared)
{
    cei_lock_open(&shared->lock);
    cei_condition_open(&shared->changed);
    shared->count = 0;
}

static void close_shared(struct shared *shared)
{
    cei_condition_close(&shared->changed);
    cei_lock_close(&shared->lock);
}

static void *count_up(void *arg)
{
    struct shared *shared = arg;
    for (int round = 0; round < ROUNDS; round++) {
        cei_lock_take(&shared->lock);
        shared->count++;
        cei_lock_give(&shared->lock);
    }
    return NULL;
}

static void a_lock_lets_one_thread_in_at_a_time(void **state)
{
    (void)state;
    struct shared shared;
    cei_thread threads[THREADS];
    open_shared(&shared);
    for (int index = 0; index < THREADS; index++) {
        assert_int_equal(cei_thread_start(&threads[index], "counter", count_up, &shared), CE_OK);
    }
    for (int index = 0; index < THREADS; index++) {
        cei_thread_join(&threads[index]);
    }
    assert_int_equal(shared.count, THREADS * ROUNDS);
    close_shared(&shared);
}

/* Answers each odd count with the next even one. */
static void *answer(void *arg)
{
    struct shared *shared = arg;
    cei_lock_take(&shared->lock);
    while (shared->count < 200) {
        if (shared->count % 2) {
            shared->count++;
            cei_condition_signal(&shared->changed);
        } else {
            cei_condition_wait(&shared->changed, &shared->lock);
        }
    }
    cei_lock_give(&shared->lock);
    return NULL;
}

static void a_signal_wakes_the_one_who_waits(void **state)
{
    (void)state;
    struct shared shared;
    cei_thread thread;
    open_shared(&shared);
    assert_int_equal(cei_thread_start(&thread, "answer", answer, &shared), CE_OK);
    cei_lock_take(&shared.lock);
    while (shared.count < 200) {
        shared.count++;
        cei_condition_signal(&shared.changed);
        while (shared.count % 2) {
            cei_condition_wait(&shared.changed, &shared.lock);
        }
    }
    cei_lock_give(&shared.lock);
    cei_thread_join(&thread);
    assert_int_equal(shared.count, 200);
    close_shared(&shared);
}

static void *wait_for_start(void *arg)
{
    struct shared *shared = arg;
    cei_lock_take(&shared->lock);
    while (shared->count == 0) {
        cei_condition_wait(&shared->changed, &shared->lock);
    }
    shared->count++;
    cei_lock_give(&shared->lock);
    return NULL;
}

static void a_broadcast_wakes_all_who_wait(void **state)
{
    (void)state;
    struct shared shared;
    cei_thread threads[THREADS];
    open_shared(&shared);
    for (int index = 0; index < THREADS; index++) {
        assert_int_equal(cei_thread_start(&threads[index], "waiter", wait_for_start, &shared), CE_OK);
    }
    cei_sleep_ms(10);
    cei_lock_take(&shared.lock);
    shared.count = 1;
    cei_condition_broadcast(&shared.changed);
    cei_lock_give(&shared.lock);
    for (int index = 0; index < THREADS; index++) {
        cei_thread_join(&threads[index]);
    }
    assert_int_equal(shared.count, 1 + THREADS);
    close_shared(&shared);
}

static void a_wait_without_a_signal_ends_after_its_time(void **state)
{
    (void)state;
    struct shared shared;
    open_shared(&shared);
    cei_lock_take(&shared.lock);
    const int64_t start = cei_clock_ns();
    while (cei_condition_wait_for(&shared.changed, &shared.lock, 20000000)) { /* a wait may end for no reason */
    }
    assert_true(cei_clock_ns() - start >= 20000000);
    while (cei_condition_wait_for(&shared.changed, &shared.lock, -1)) {
    }
    cei_lock_give(&shared.lock);
    close_shared(&shared);
}

static void *raise_count(void *arg)
{
    struct shared *shared = arg;
    cei_sleep_ms(5);
    cei_lock_take(&shared->lock);
    shared->count = 1;
    cei_condition_signal(&shared->changed);
    cei_lock_give(&shared->lock);
    return NULL;
}

static void a_wait_of_any_length_ends_with_a_signal(void **state)
{
    (void)state;
    struct shared shared;
    cei_thread thread;
    open_shared(&shared);
    assert_int_equal(cei_thread_start(&thread, "raiser", raise_count, &shared), CE_OK);
    cei_lock_take(&shared.lock);
    while (shared.count == 0) {
        assert_true(cei_condition_wait_for(&shared.changed, &shared.lock, INT64_MAX));
    }
    cei_lock_give(&shared.lock);
    cei_thread_join(&thread);
    close_shared(&shared);
}

struct seen {
    sigset_t blocked;
    size_t stack_bytes;
    char name[16];
};

static void *look_around(void *arg)
{
    struct seen *seen = arg;
    pthread_attr_t attributes;
    (void)pthread_sigmask(SIG_BLOCK, NULL, &seen->blocked);
    (void)pthread_getattr_np(pthread_self(), &attributes);
    (void)pthread_attr_getstacksize(&attributes, &seen->stack_bytes);
    (void)pthread_attr_destroy(&attributes);
    for (int round = 0; round < 200 && strcmp(seen->name, "a-name-that-is-") != 0; round++) {
        (void)pthread_getname_np(pthread_self(), seen->name, sizeof seen->name);
        cei_sleep_ms(1);
    }
    return NULL;
}

static void a_thread_has_its_name_stack_and_signals(void **state)
{
    (void)state;
    struct seen seen = {.stack_bytes = 0};
    sigset_t before, after;
    cei_thread thread;
    (void)pthread_sigmask(SIG_BLOCK, NULL, &before);
    assert_int_equal(cei_thread_start(&thread, "a-name-that-is-too-long", look_around, &seen), CE_OK);
    cei_thread_join(&thread);
    (void)pthread_sigmask(SIG_BLOCK, NULL, &after);
    assert_string_equal(seen.name, "a-name-that-is-");
    assert_true(seen.stack_bytes >= 8 << 20);
    static const int blocked[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGUSR1, SIGCHLD, SIGALRM};
    static const int open[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    for (size_t index = 0; index < sizeof blocked / sizeof blocked[0]; index++) {
        assert_true(sigismember(&seen.blocked, blocked[index]));
        assert_int_equal(sigismember(&before, blocked[index]), sigismember(&after, blocked[index]));
    }
    for (size_t index = 0; index < sizeof open / sizeof open[0]; index++) {
        assert_false(sigismember(&seen.blocked, open[index]));
    }
}

static void a_thread_that_cannot_start_is_an_error_with_its_name(void **state)
{
    (void)state;
    cei_thread thread;
    cei_fault_arm(1, CEI_FAULT_SYSTEM_CALL);
    assert_int_equal(cei_thread_start(&thread, "worker-3", count_up, NULL), CE_IO);
    cei_fault_arm(0, 0);
    assert_non_null(strstr(ce_last_error(), "worker-3"));
}

static void a_cpu_quota_is_rounded_up(void **state)
{
    (void)state;
    assert_int_equal(cei_cgroup_cpus("max 100000\n"), 0);
    assert_int_equal(cei_cgroup_cpus("200000 100000\n"), 2);
    assert_int_equal(cei_cgroup_cpus("150000 100000\n"), 2);
    assert_int_equal(cei_cgroup_cpus("1000 100000\n"), 1);
    assert_int_equal(cei_cgroup_cpus("-1\n100000\n"), 0);
    assert_int_equal(cei_cgroup_cpus("50000\n25000\n"), 2);
    assert_int_equal(cei_cgroup_cpus(""), 0);
    assert_int_equal(cei_cgroup_cpus("100000"), 0);
    assert_int_equal(cei_cgroup_cpus("100000 0"), 0);
    assert_int_equal(cei_cgroup_cpus("99999999999999999999 1"), 0);
    assert_int_equal(cei_cgroup_cpus("9223372036854775807 1"), 0);
}

static void a_memory_limit_without_a_bound_is_unlimited(void **state)
{
    (void)state;
    assert_true(cei_cgroup_bytes("1073741824\n") == 1073741824);
    assert_true(cei_cgroup_bytes("max\n") == UINT64_MAX);
    assert_true(cei_cgroup_bytes("9223372036854771712\n") == UINT64_MAX);
    assert_true(cei_cgroup_bytes("-1\n") == UINT64_MAX);
    assert_true(cei_cgroup_bytes("") == UINT64_MAX);
    assert_true(cei_cgroup_bytes("99999999999999999999999") == UINT64_MAX);
}

static void a_controllers_path_is_found_in_the_membership(void **state)
{
    (void)state;
    static const char membership[] =
        "5:cpu,cpuacct:/one\n4:memory:/two/three:four\n3:cpuset:/\nnonsense\n0::/unified\n";
    char path[64];
    assert_true(cei_cgroup_path(membership, "cpu", path, sizeof path));
    assert_string_equal(path, "/one");
    assert_true(cei_cgroup_path(membership, "cpuacct", path, sizeof path));
    assert_string_equal(path, "/one");
    assert_true(cei_cgroup_path(membership, "memory", path, sizeof path));
    assert_string_equal(path, "/two/three:four");
    assert_true(cei_cgroup_path(membership, "", path, sizeof path));
    assert_string_equal(path, "/unified");
    assert_true(cei_cgroup_path("0::/", "", path, sizeof path));
    assert_string_equal(path, "/");
    assert_false(cei_cgroup_path(membership, "cp", path, sizeof path));
    assert_false(cei_cgroup_path(membership, "one", path, sizeof path));
    assert_false(cei_cgroup_path(membership, "memory", path, 8));
    assert_false(cei_cgroup_path("", "", path, sizeof path));
}

/* A tree of control groups: pairs of a path and a content, ended by NULL. */
static void make_tree(char *root, size_t bytes, const char *const *files)
{
    assert_int_equal(cei_temp_directory(root, bytes), CE_OK);
    for (; files[0]; files += 2) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s%s", root, files[0]);
        char *slash = strrchr(path, '/');
        *slash = '\0';
        assert_int_equal(cei_make_directories(path), CE_OK);
        *slash = '/';
        assert_int_equal(cei_write_file(path, files[1], strlen(files[1])), CE_OK);
    }
}

static void assert_limits(const char *const *files, const char *membership, uint32_t cpus, uint64_t bytes)
{
    char root[256];
    make_tree(root, sizeof root, files);
    const cei_cgroup_limits limits = cei_cgroup_read(root, membership);
    assert_int_equal(cei_remove_tree(root), CE_OK);
    assert_int_equal(limits.cpus, cpus);
    assert_true(limits.bytes == bytes);
}

static void the_smallest_limit_on_the_way_up_counts(void **state)
{
    (void)state;
    const char *const files[] = {"/a/cpu.max",
                                 "100000 100000",
                                 "/a/memory.max",
                                 "5000",
                                 "/a/b/cpu.max",
                                 "max 100000",
                                 "/a/b/memory.max",
                                 "max",
                                 "/a/b/c/cpu.max",
                                 "400000 100000",
                                 "/a/b/c/memory.max",
                                 "9000",
                                 "/other/memory.max",
                                 "1",
                                 NULL};
    assert_limits(files, "0::/a/b/c\n", 1, 5000);
    assert_limits(files, "0::/a/b/c/\n", 1, 5000);
    assert_limits(files, "0::/\n", 0, UINT64_MAX);
}

static void a_group_that_cannot_be_seen_leaves_the_root(void **state)
{
    (void)state;
    const char *const files[] = {"/cpu.max", "300000 100000", "/memory.max", "7000", NULL};
    assert_limits(files, "0::/docker/0123456789\n", 3, 7000);
    assert_limits(files, "0::/../..\n", 3, 7000);
    assert_limits(files, "", 0, UINT64_MAX);
}

static void the_older_layouts_are_read_too(void **state)
{
    (void)state;
    const char *const files[] = {"/cpu/x/cpu.cfs_quota_us",
                                 "250000\n",
                                 "/cpu/x/cpu.cfs_period_us",
                                 "100000\n",
                                 "/memory/y/memory.limit_in_bytes",
                                 "6000\n",
                                 "/memory/memory.limit_in_bytes",
                                 "9223372036854771712\n",
                                 "/unified/z/memory.max",
                                 "5000\n",
                                 NULL};
    assert_limits(files, "2:cpu,cpuacct:/x\n1:memory:/y\n", 3, 6000);
    assert_limits(files, "2:cpu,cpuacct:/x\n1:memory:/y\n0::/z\n", 3, 5000);
    assert_limits(files, "1:memory:/\n", 0, UINT64_MAX);
    const char *const joined[] = {"/cpu,cpuacct/cpu.cfs_quota_us", "100000\n", "/cpu,cpuacct/cpu.cfs_period_us",
                                  "50000\n", NULL};
    assert_limits(joined, "2:cpu,cpuacct:/\n", 2, UINT64_MAX);
    const char *const no_period[] = {"/cpu/cpu.cfs_quota_us", "100000\n", NULL};
    assert_limits(no_period, "2:cpu:/\n", 0, UINT64_MAX);
}

static void a_path_that_is_too_long_limits_nothing(void **state)
{
    (void)state;
    char membership[6000] = "0::/";
    memset(membership + 4, 'x', 5500);
    const cei_cgroup_limits limits = cei_cgroup_read("/nowhere", membership);
    assert_int_equal(limits.cpus, 0);
    assert_true(limits.bytes == UINT64_MAX);
}

static void the_machine_has_processors_and_memory(void **state)
{
    (void)state;
    assert_in_range(cei_cpu_count(), 1, (uint32_t)sysconf(_SC_NPROCESSORS_CONF));
    assert_true(cei_memory_limit_bytes() > 1 << 20);
    assert_true(cei_memory_limit_bytes() <= (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE));
}

static void limits_that_cannot_be_read_limit_nothing(void **state)
{
    (void)state;
    const uint64_t physical = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    cei_fault_arm(1, CEI_FAULT_SYSTEM_CALL);
    assert_true(cei_memory_limit_bytes() == physical);
    assert_true(cei_fault_delivered());
    cei_fault_arm(1, CEI_FAULT_SYSTEM_CALL);
    assert_true(cei_cpu_count() >= 1);
    cei_fault_arm(0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lock_lets_one_thread_in_at_a_time),
        cmocka_unit_test(a_signal_wakes_the_one_who_waits),
        cmocka_unit_test(a_broadcast_wakes_all_who_wait),
        cmocka_unit_test(a_wait_without_a_signal_ends_after_its_time),
        cmocka_unit_test(a_wait_of_any_length_ends_with_a_signal),
        cmocka_unit_test(a_thread_has_its_name_stack_and_signals),
        cmocka_unit_test(a_thread_that_cannot_start_is_an_error_with_its_name),
        cmocka_unit_test(a_cpu_quota_is_rounded_up),
        cmocka_unit_test(a_memory_limit_without_a_bound_is_unlimited),
        cmocka_unit_test(a_controllers_path_is_found_in_the_membership),
        cmocka_unit_test(the_smallest_limit_on_the_way_up_counts),
        cmocka_unit_test(a_group_that_cannot_be_seen_leaves_the_root),
        cmocka_unit_test(the_older_layouts_are_read_too),
        cmocka_unit_test(a_path_that_is_too_long_limits_nothing),
        cmocka_unit_test(the_machine_has_processors_and_memory),
        cmocka_unit_test(limits_that_cannot_be_read_limit_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
