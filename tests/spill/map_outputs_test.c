/*
 * map_outputs_test.c: the budget of tasks, and shuffles that are larger than the memory of their context: the same
 * answer, a damaged spill file named, any call of the system failing; and never a file in the folder.
 */
#include "rdd/cursor.h"
#include "support/files.h"
#include "support/grid.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

CE_PAIR(int_pair, int64_t, int64_t);

static inline int64_t itself(int64_t x)
{
    return x;
}
CE_MAP(itself, int64_t, int64_t)

static inline int64_t value_of(int_pair pair)
{
    return pair.value;
}
CE_MAP(value_of, int_pair, int64_t)

static inline int64_t add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(add, int64_t)

static inline bool is_any(int64_t x)
{
    return x >= 0;
}
CE_FILTER(is_any, int64_t)

/* The numbers below count, each in the partition of its hash. */
static ce_rdd *shuffled(ce_context *sc, int64_t count, uint32_t maps)
{
    return ce_partition_by(ce_key_by(ce_range(sc, 0, count, 1, maps), itself), 4);
}

/* Every number has arrived once. */
static ce_status expect_sum(ce_rdd *rdd, int64_t count)
{
    ce_result sum;
    uint64_t rows;
    GRID_TRY(ce_reduce(ce_map(rdd, value_of), add, &sum));
    assert_int_equal(*(const int64_t *)sum.rows, count * (count - 1) / 2);
    ce_result_free(&sum);
    GRID_TRY(ce_count(rdd, &rows));
    assert_int_equal(rows, count);
    return CE_OK;
}

static bool folder_is_empty(void)
{
    char *listing = test_listing("spill");
    const bool empty = listing[0] == '\0';
    free(listing);
    return empty;
}

/* Calls each for the descriptor of every open file that lies, or lay, in the folder; returns how many. */
static int each_spill_file(void (*each)(int fd))
{
    const char *folder = test_folder("spill");
    int count = 0;
    DIR *all = opendir("/proc/self/fd");
    for (const struct dirent *entry; (entry = readdir(all));) {
        char link[4096], target[4096];
        snprintf(link, sizeof link, "/proc/self/fd/%s", entry->d_name);
        ssize_t bytes = readlink(link, target, sizeof target - 1);
        target[bytes > 0 ? bytes : 0] = '\0';
        if (bytes > 0 && strncmp(target, folder, strlen(folder)) == 0) {
            count++;
            if (each) {
                each(atoi(entry->d_name));
            }
        }
    }
    closedir(all);
    return count;
}

/* What operators of a task may keep, as the task knows it. */
static _Atomic(uint64_t) share_seen;

static inline int64_t looks_at_its_share(int64_t x)
{
    share_seen = cei_current_run->share.bytes_max;
    return x;
}
CE_MAP(looks_at_its_share, int64_t, int64_t)

static void tasks_share_three_quarters_of_the_budget(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[3]", "memory_bytes_max", "16m", NULL);
    uint64_t count;
    assert_int_equal(ce_count(ce_filter(ce_map(ce_range(sc, 0, 9, 1, 2), looks_at_its_share), is_any), &count), CE_OK);
    assert_int_equal(count, 9);
    assert_int_equal(share_seen, 4 << 20);
    ce_context_close(sc);
}

static void see_waiting(const ce_event *event, void *arg)
{
    int64_t *wait_ns = arg;
    *wait_ns += event->kind == CE_EVENT_STAGE_END ? event->metrics->fetch_wait_ns : 0;
}

static void a_shuffle_larger_than_memory_gives_every_row_once(void **state)
{
    (void)state;
    enum { ROWS = 1250000 }; /* 20 MB */
    static const char *const masters[] = {"inline", "local[2]", "local[3]"};
    for (size_t i = 0; i < sizeof masters / sizeof *masters; i++) {
        uint64_t bytes, bytes_max;
        int64_t wait_ns = 0;
        ce_context *sc = grid_open(masters[i], "memory_bytes_max", "4m", "spill_directory", test_folder("spill"), NULL);
        assert_int_equal(ce_add_listener(sc, see_waiting, &wait_ns), CE_OK);
        if (expect_sum(shuffled(sc, ROWS, 40), ROWS) != CE_OK) {
            fail_msg("%s", ce_last_error());
        }
        ce_memory_used(sc, &bytes, &bytes_max);
        assert_true(bytes_max <= 4 << 20);
        assert_true(wait_ns > 0);
        assert_int_equal(each_spill_file(NULL), 1); /* of the shuffle, which stays for later jobs */
        assert_true(folder_is_empty());
        ce_context_close(sc);
        assert_int_equal(each_spill_file(NULL), 0);
    }
}

static void damage(int fd)
{
    struct stat info;
    assert_int_equal(fstat(fd, &info), 0);
    assert_true(info.st_size > 10 << 20);
    for (off_t at = 100; at < info.st_size; at += 1000) {
        assert_int_equal(pwrite(fd, "?", 1, at), 1);
    }
}

static void a_damaged_spill_file_ends_the_job_and_is_named(void **state)
{
    (void)state;
    enum { ROWS = 1250000 };
    char want[4096];
    uint64_t count;
    ce_context *sc = grid_open("local[2]", "memory_bytes_max", "4m", "spill_directory", test_folder("spill"), NULL);
    ce_rdd *rdd = shuffled(sc, ROWS, 40), *small = shuffled(sc, 1000, 2);
    assert_int_equal(ce_count(rdd, &count), CE_OK);
    assert_int_equal(each_spill_file(damage), 1);
    assert_int_equal(ce_count(rdd, &count), CE_CORRUPT);
    snprintf(want, sizeof want, "spill file in %s at byte ", test_folder("spill"));
    assert_non_null(strstr(ce_last_error(), want));
    assert_non_null(strstr(ce_last_error(), ": the checksum differs"));
    assert_int_equal(expect_sum(small, 1000), CE_OK); /* the context goes on */
    ce_context_close(sc);
    assert_int_equal(each_spill_file(NULL), 0);
}

static ce_status runs_or_fails(ce_context *sc, void *arg)
{
    enum { ROWS = 60000 }; /* 960 kB in 512 KiB */
    (void)arg;
    assert_true(folder_is_empty());
    ce_status status = expect_sum(shuffled(sc, ROWS, 20), ROWS);
    assert_int_equal(status == CE_OK ? each_spill_file(NULL) : 1, 1);
    assert_true(folder_is_empty());
    return status;
}

static void a_call_that_fails_is_a_clean_error(void **state)
{
    (void)state;
    setenv("CERIUM_MEMORY_BYTES_MAX", "512k", 1);
    setenv("CERIUM_SPILL_DIRECTORY", test_folder("spill"), 1);
    grid_run_failing(runs_or_fails, NULL);
    unsetenv("CERIUM_MEMORY_BYTES_MAX");
    unsetenv("CERIUM_SPILL_DIRECTORY");
    assert_true(folder_is_empty());
    assert_int_equal(each_spill_file(NULL), 0);
}

static void a_folder_that_is_not_there_is_part_of_the_error(void **state)
{
    (void)state;
    enum { ROWS = 1250000 };
    uint64_t count;
    ce_context *sc = grid_open("local[2]", "memory_bytes_max", "4m", "spill_directory", test_path("nowhere"), NULL);
    assert_int_equal(ce_count(shuffled(sc, 1000, 2), &count), CE_OK); /* nobody needs it yet */
    assert_int_equal(ce_count(shuffled(sc, ROWS, 40), &count), CE_MEMORY);
    assert_non_null(strstr(ce_last_error(), "exceed the limit of 4194304; spill file in "));
    assert_non_null(strstr(ce_last_error(), test_path("nowhere")));
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_share_three_quarters_of_the_budget),
        cmocka_unit_test(a_shuffle_larger_than_memory_gives_every_row_once),
        cmocka_unit_test(a_damaged_spill_file_ends_the_job_and_is_named),
        cmocka_unit_test(a_call_that_fails_is_a_clean_error),
        cmocka_unit_test(a_folder_that_is_not_there_is_part_of_the_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
