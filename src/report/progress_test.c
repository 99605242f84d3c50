/*
 * progress_test.c: what the line says at each width, when it is drawn, and that it is gone when a job has ended.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/fault.h"
#include "report/progress.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

enum { SEEN_BYTES = 1 << 16 };

static const int64_t second_ns = 1000000000;

static void assert_drawn(const cei_progress_stage *stages, size_t count, int64_t now_ns, uint32_t columns,
                         const char *wanted)
{
    cei_buffer text = {0};
    cei_progress_draw(&text, stages, count, now_ns, columns, false);
    assert_string_equal(cei_buffer_cstr(&text), wanted);
    cei_buffer_close(&text);
}

static const cei_progress_stage word_count = {
    .stage = 1, .name = "flat_map at word_count.c:14", .total = 32, .ended = 12, .running = 2};

static void the_line_has_stage_bar_tasks_and_time(void **state)
{
    (void)state;
    const int64_t now_ns = 3 * second_ns + second_ns / 100 * 49;
    assert_drawn(&word_count, 1, now_ns, 80,
                 "[stage 1: flat_map at word_count.c:14] ====>       12/32 tasks, 2 running, 3.4 s");
    assert_drawn(&word_count, 1, now_ns, 200,
                 "[stage 1: flat_map at word_count.c:14] ===============>                         "
                 "12/32 tasks, 2 running, 3.4 s");
}

static void a_narrow_line_has_less(void **state)
{
    (void)state;
    assert_drawn(&word_count, 1, 0, 76, "[stage 1: flat_map at word_count.c:14] 12/32 tasks, 2 running, 0.0 s");
    assert_drawn(&word_count, 1, 0, 68, "[stage 1: flat_map at word_count.c:14] 12/32 tasks, 2 running, 0.0 s");
    assert_drawn(&word_count, 1, 0, 67, "[stage 1] 12/32");
    assert_drawn(&word_count, 1, 0, 15, "[stage 1] 12/32");
    assert_drawn(&word_count, 1, 0, 4, "[sta");
    assert_drawn(&word_count, 1, 0, 0, "");
}

static void the_bar_is_full_when_all_tasks_have_ended(void **state)
{
    (void)state;
    cei_progress_stage stage = {.name = "map", .total = 4, .ended = 0};
    assert_drawn(&stage, 1, 0, 54, "[stage 0: map] >           0/4 tasks, 0 running, 0.0 s");
    stage.ended = 4;
    assert_drawn(&stage, 1, 0, 54, "[stage 0: map] =========== 4/4 tasks, 0 running, 0.0 s");
    stage.ended = 9;
    assert_drawn(&stage, 1, 0, 54, "[stage 0: map] =========== 9/4 tasks, 0 running, 0.0 s");
    stage.total = 0;
    assert_drawn(&stage, 1, 0, 54, "[stage 0: map] =========== 9/0 tasks, 0 running, 0.0 s");
}

static void long_times_have_minutes(void **state)
{
    (void)state;
    const cei_progress_stage stage = {.name = "map", .total = 1};
    assert_drawn(&stage, 1, 60 * second_ns - 1, 45, "[stage 0: map] 0/1 tasks, 0 running, 59.9 s");
    assert_drawn(&stage, 1, 725 * second_ns, 50, "[stage 0: map] 0/1 tasks, 0 running, 12 min 5 s");
}

static void stages_share_the_line_and_the_fourth_is_left_out(void **state)
{
    (void)state;
    const cei_progress_stage stages[] = {{.stage = 1, .name = "map", .total = 2, .ended = 1},
                                         {.stage = 2, .name = "filter", .total = 3},
                                         {.stage = 3, .name = "map", .total = 9},
                                         {.stage = 4, .name = "map", .total = 9}};
    assert_drawn(stages, 2, 0, 100,
                 "[stage 1: map] 1/2 tasks, 0 running, 0.0 s [stage 2: filter] 0/3 tasks, 0 running, 0.0 s");
    assert_drawn(stages, 4, 0, 80, "[stage 1] 1/2 [stage 2] 0/3 [stage 3] 0/9");
    assert_drawn(stages, 0, 0, 80, "");
}

static void a_name_counts_in_characters(void **state)
{
    (void)state;
    const cei_progress_stage stage = {.name = "map at zähler.c:1", .total = 1};
    assert_drawn(&stage, 1, 0, 57, "[stage 0: map at zähler.c:1] 0/1 tasks, 0 running, 0.0 s");
    assert_drawn(&stage, 1, 0, 56, "[stage 0: map at zähler.c:1] 0/1 tasks, 0 running, 0.0 s");
    assert_drawn(&stage, 1, 0, 55, "[stage 0] 0/1");
}

static void colours_are_drawn_when_wanted(void **state)
{
    (void)state;
    const cei_progress_stage stage = {.name = "map", .total = 4, .ended = 2};
    cei_buffer text = {0};
    cei_progress_draw(&text, &stage, 1, 0, 54, true);
    assert_string_equal(cei_buffer_cstr(&text),
                        "[stage 0: map] \033[32m=====>\033[0m      2/4 tasks, 0 running, 0.0 s");
    cei_buffer_close(&text);
}

/* ---- with a bus and a thread ---- */

typedef struct caught {
    int usual, read_end;
    char seen[SEEN_BYTES];
    size_t count;
} caught;

/* Standard error becomes a pipe that look() reads. */
static void begin(caught *screen)
{
    int ends[2];
    screen->count = 0;
    screen->seen[0] = '\0';
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    screen->usual = dup(STDERR_FILENO);
    screen->read_end = ends[0];
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    close(ends[1]);
}

static void look(caught *screen)
{
    ssize_t got = read(screen->read_end, screen->seen + screen->count, SEEN_BYTES - 1 - screen->count);
    screen->count += got > 0 ? (size_t)got : 0;
    screen->seen[screen->count] = '\0';
}

static bool wait_for(caught *screen, const char *text)
{
    for (int tries = 0; tries < 1000; tries++) {
        look(screen);
        if (strstr(screen->seen, text)) {
            return true;
        }
        cei_sleep_ms(5);
    }
    return false;
}

static void end(caught *screen)
{
    assert_true(dup2(screen->usual, STDERR_FILENO) >= 0);
    close(screen->usual);
    close(screen->read_end);
}

static cei_progress *open_progress(cei_bus *bus, const char *when, const char *after_ms)
{
    ce_conf *conf = ce_conf_new();
    cei_settings settings;
    cei_progress *progress = NULL;
    assert_non_null(conf);
    assert_int_equal(ce_conf_set(conf, "progress", when), CE_OK);
    assert_int_equal(ce_conf_set(conf, "progress_after_ms", after_ms), CE_OK);
    assert_int_equal(cei_settings_open(&settings, conf), CE_OK);
    cei_bus_open(bus);
    assert_int_equal(cei_progress_open(&progress, bus, &settings), CE_OK);
    cei_settings_close(&settings);
    ce_conf_free(conf);
    return progress;
}

static void post(cei_bus *bus, ce_event event)
{
    cei_bus_post(bus, &event);
}

static void start_stage(cei_bus *bus, int32_t job, int32_t stage, uint32_t task_count)
{
    post(bus, (ce_event){.kind = CE_EVENT_STAGE_START,
                         .job = job,
                         .stage = stage,
                         .name = "map",
                         .site = {"some/where/a.c", 7},
                         .task_count = task_count});
}

static void a_job_is_drawn_counted_and_erased_at_its_end(void **state)
{
    (void)state;
    static caught screen;
    cei_bus bus;
    cei_progress *progress = open_progress(&bus, "always", "0");
    assert_non_null(progress);
    begin(&screen);
    post(&bus, (ce_event){.kind = CE_EVENT_JOB_START, .job = 5, .name = "count"});
    start_stage(&bus, 5, 3, 4);
    assert_true(wait_for(&screen, "\r[stage 3: map at a.c:7] "));
    assert_true(cei_progress_is_drawn());
    for (int task = 0; task < 3; task++) {
        post(&bus, (ce_event){.kind = CE_EVENT_TASK_START, .job = 5, .stage = 3});
    }
    post(&bus, (ce_event){.kind = CE_EVENT_TASK_END, .job = 5, .stage = 3});
    post(&bus, (ce_event){.kind = CE_EVENT_TASK_END, .job = 5, .stage = 3, .status = CE_USER});
    post(&bus, (ce_event){.kind = CE_EVENT_TASK_END, .job = 5, .stage = 99}); /* of a stage that it does not know */
    assert_true(wait_for(&screen, "1/4 tasks, 1 running"));
    post(&bus, (ce_event){.kind = CE_EVENT_STAGE_END, .job = 5, .stage = 3});
    post(&bus, (ce_event){.kind = CE_EVENT_JOB_END, .job = 5});
    assert_false(cei_progress_is_drawn());
    look(&screen);
    assert_string_equal(screen.seen + screen.count - 4, "\r\033[K");
    cei_progress_close(progress);
    cei_bus_close(&bus);
    end(&screen);
    assert_null(strstr(screen.seen, "\033[32m")); /* a pipe has no colours */
}

static void a_job_that_ends_early_is_never_drawn(void **state)
{
    (void)state;
    static caught screen;
    cei_bus bus;
    cei_progress *progress = open_progress(&bus, "always", "3600000");
    begin(&screen);
    for (int32_t job = 0; job < 1000; job++) {
        post(&bus, (ce_event){.kind = CE_EVENT_JOB_START, .job = job});
        start_stage(&bus, job, job, 1);
        post(&bus, (ce_event){.kind = CE_EVENT_JOB_END, .job = job});
    }
    cei_progress_close(progress);
    cei_bus_close(&bus);
    look(&screen);
    end(&screen);
    assert_int_equal(screen.count, 0);
}

static void jobs_beyond_what_is_kept_do_no_harm(void **state)
{
    (void)state;
    static caught screen;
    cei_bus bus;
    cei_progress *progress = open_progress(&bus, "always", "0");
    begin(&screen);
    for (int32_t job = 0; job < 200; job++) {
        post(&bus, (ce_event){.kind = CE_EVENT_JOB_START, .job = job});
        start_stage(&bus, job, job, 1);
    }
    assert_true(wait_for(&screen, "[stage 0] 0/1 [stage 1] 0/1 [stage 2] 0/1"));
    for (int32_t job = 0; job < 200; job++) {
        post(&bus, (ce_event){.kind = CE_EVENT_JOB_END, .job = job});
    }
    post(&bus, (ce_event){.kind = CE_EVENT_JOB_START, .job = 200});
    start_stage(&bus, 200, 200, 1);
    assert_true(wait_for(&screen, "[stage 200: map at a.c:7]"));
    cei_progress_close(progress); /* in the middle of a job: the line goes all the same */
    look(&screen);
    assert_string_equal(screen.seen + screen.count - 4, "\r\033[K");
    cei_bus_close(&bus);
    end(&screen);
}

static void a_long_name_is_cut_between_two_characters(void **state)
{
    (void)state;
    static caught screen;
    cei_bus bus;
    cei_progress *progress = open_progress(&bus, "always", "0");
    begin(&screen);
    post(&bus, (ce_event){.kind = CE_EVENT_JOB_START});
    post(&bus, (ce_event){.kind = CE_EVENT_STAGE_START,
                          .name = "ää",
                          .site = {"ööööööööööööööööööööööööööööööööööööö.c", 1},
                          .task_count = 1});
    assert_true(wait_for(&screen, "ö] "));
    post(&bus, (ce_event){.kind = CE_EVENT_JOB_END});
    cei_progress_close(progress);
    cei_bus_close(&bus);
    end(&screen);
}

static void nothing_listens_when_nothing_is_to_be_drawn(void **state)
{
    (void)state;
    static caught screen;
    cei_bus bus;
    begin(&screen); /* standard error is no terminal now */
    assert_null(open_progress(&bus, "never", "0"));
    assert_false(cei_bus_has_listeners(&bus));
    cei_bus_close(&bus);
    assert_null(open_progress(&bus, "auto", "0"));
    assert_false(cei_bus_has_listeners(&bus));
    cei_bus_close(&bus);
    cei_progress_close(NULL);
    end(&screen);
}

static void a_terminal_gets_the_line_by_itself_and_a_dumb_one_does_not(void **state)
{
    (void)state;
    static caught screen;
    cei_bus bus;
    begin(&screen);
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0) {
        end(&screen);
        skip(); /* the machine has no pseudo terminals */
    }
    int other_end = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    assert_true(other_end >= 0 && dup2(other_end, STDERR_FILENO) >= 0);
    setenv("TERM", "xterm", 1);
    cei_progress *progress = open_progress(&bus, "auto", "0");
    assert_non_null(progress);
    assert_true(cei_bus_has_listeners(&bus));
    cei_progress_close(progress);
    assert_false(cei_bus_has_listeners(&bus));
    cei_bus_close(&bus);
    setenv("TERM", "dumb", 1);
    assert_null(open_progress(&bus, "auto", "0"));
    cei_bus_close(&bus);
    close(other_end);
    close(terminal);
    end(&screen);
}

static void a_thread_that_cannot_start_leaves_jobs_alone(void **state)
{
    (void)state;
    static caught screen;
    cei_bus bus;
    cei_progress *progress = open_progress(&bus, "always", "0");
    begin(&screen);
    cei_fault_arm(1, CEI_FAULT_SYSTEM_CALL);
    post(&bus, (ce_event){.kind = CE_EVENT_JOB_START});
    assert_true(cei_fault_delivered());
    cei_fault_arm(0, 0);
    start_stage(&bus, 0, 0, 1);
    post(&bus, (ce_event){.kind = CE_EVENT_JOB_END});
    look(&screen);
    assert_int_equal(screen.count, 0);
    post(&bus, (ce_event){.kind = CE_EVENT_JOB_START, .job = 1}); /* the next one is drawn */
    start_stage(&bus, 1, 1, 1);
    assert_true(wait_for(&screen, "[stage 1"));
    cei_progress_close(progress);
    cei_bus_close(&bus);
    end(&screen);
}

static void a_closed_standard_error_changes_no_error_of_the_job(void **state)
{
    (void)state;
    static caught screen;
    cei_bus bus;
    cei_progress *progress = open_progress(&bus, "always", "0");
    begin(&screen);
    post(&bus, (ce_event){.kind = CE_EVENT_JOB_START});
    start_stage(&bus, 0, 0, 1);
    assert_true(wait_for(&screen, "[stage 0"));
    cei_error_set("the job's own");
    close(screen.read_end);
    post(&bus, (ce_event){.kind = CE_EVENT_JOB_END}); /* a broken pipe, and no SIGPIPE */
    assert_string_equal(ce_last_error(), "the job's own");
    cei_progress_close(progress);
    cei_bus_close(&bus);
    screen.read_end = -1;
    end(&screen);
}

static void short_memory_is_an_error_of_opening(void **state)
{
    (void)state;
    for (int64_t nth = 1; nth <= 2; nth++) {
        cei_bus bus;
        cei_settings settings;
        cei_progress *progress;
        assert_int_equal(setenv("CERIUM_PROGRESS", "always", 1), 0);
        assert_int_equal(cei_settings_open(&settings, NULL), CE_OK);
        cei_bus_open(&bus);
        cei_fault_arm(nth, CEI_FAULT_ALLOCATION);
        assert_int_equal(cei_progress_open(&progress, &bus, &settings), CE_MEMORY);
        cei_fault_arm(0, 0);
        assert_null(progress);
        assert_false(cei_bus_has_listeners(&bus));
        cei_bus_close(&bus);
        cei_settings_close(&settings);
        unsetenv("CERIUM_PROGRESS");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_has_stage_bar_tasks_and_time),
        cmocka_unit_test(a_narrow_line_has_less),
        cmocka_unit_test(the_bar_is_full_when_all_tasks_have_ended),
        cmocka_unit_test(long_times_have_minutes),
        cmocka_unit_test(stages_share_the_line_and_the_fourth_is_left_out),
        cmocka_unit_test(a_name_counts_in_characters),
        cmocka_unit_test(colours_are_drawn_when_wanted),
        cmocka_unit_test(a_job_is_drawn_counted_and_erased_at_its_end),
        cmocka_unit_test(a_job_that_ends_early_is_never_drawn),
        cmocka_unit_test(jobs_beyond_what_is_kept_do_no_harm),
        cmocka_unit_test(a_long_name_is_cut_between_two_characters),
        cmocka_unit_test(nothing_listens_when_nothing_is_to_be_drawn),
        cmocka_unit_test(a_terminal_gets_the_line_by_itself_and_a_dumb_one_does_not),
        cmocka_unit_test(a_thread_that_cannot_start_leaves_jobs_alone),
        cmocka_unit_test(a_closed_standard_error_changes_no_error_of_the_job),
        cmocka_unit_test(short_memory_is_an_error_of_opening),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
