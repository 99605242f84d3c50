/*
 * bus_test.c: who gets which event, in which order, and what a listener may do while it is called.
 */
#include "base/error.h"
#include "base/fault.h"
#include "event/bus.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

enum { THREADS = 4, POSTS = 5000 };

typedef struct seen {
    cei_bus *bus;
    int32_t jobs[64];
    uint32_t count;
    char *order; /* each call appends its letter */
    char letter;
} seen;

static void note(const ce_event *event, void *arg)
{
    seen *notes = arg;
    assert_true(event->time_ms > 0);
    notes->jobs[notes->count++ % 64] = event->job;
    if (notes->order) {
        notes->order[strlen(notes->order)] = notes->letter;
    }
}

static void post(cei_bus *bus, int32_t job)
{
    ce_event event = {.kind = CE_EVENT_JOB_START, .job = job};
    cei_bus_post(bus, &event);
}

static void every_listener_gets_every_event_in_order_of_adding(void **state)
{
    (void)state;
    cei_bus bus;
    char order[16] = "";
    seen first = {.order = order, .letter = 'a'}, second = {.order = order, .letter = 'b'};
    cei_bus_open(&bus);
    assert_false(cei_bus_has_listeners(&bus));
    post(&bus, 1);
    assert_int_equal(cei_bus_add(&bus, note, &first), CE_OK);
    assert_true(cei_bus_has_listeners(&bus));
    post(&bus, 2);
    assert_int_equal(cei_bus_add(&bus, note, &second), CE_OK);
    post(&bus, 3);
    assert_string_equal(order, "aab");
    assert_int_equal(first.count, 2);
    assert_int_equal(first.jobs[0], 2);
    assert_int_equal(first.jobs[1], 3);
    assert_int_equal(second.jobs[0], 3);
    cei_bus_remove(&bus, note, &first);
    post(&bus, 4);
    assert_string_equal(order, "aabb");
    cei_bus_remove(&bus, note, &first); /* not there: nothing happens */
    cei_bus_remove(&bus, note, &second);
    assert_false(cei_bus_has_listeners(&bus));
    cei_bus_close(&bus);
}

static void a_listener_that_was_added_twice_is_removed_once(void **state)
{
    (void)state;
    cei_bus bus;
    seen notes = {0};
    cei_bus_open(&bus);
    assert_int_equal(cei_bus_add(&bus, note, &notes), CE_OK);
    assert_int_equal(cei_bus_add(&bus, note, &notes), CE_OK);
    post(&bus, 1);
    assert_int_equal(notes.count, 2);
    cei_bus_remove(&bus, note, &notes);
    post(&bus, 2);
    assert_int_equal(notes.count, 3);
    cei_bus_close(&bus);
}

static void remove_itself(const ce_event *event, void *arg)
{
    seen *notes = arg;
    note(event, arg);
    cei_bus_remove(notes->bus, remove_itself, arg);
}

static void add_another(const ce_event *event, void *arg)
{
    seen *notes = arg;
    note(event, arg);
    if (notes->count == 1) {
        assert_int_equal(cei_bus_add(notes->bus, note, arg), CE_OK);
    }
}

static void a_listener_may_remove_itself_and_no_other_is_left_out(void **state)
{
    (void)state;
    cei_bus bus;
    char order[16] = "";
    seen once = {.bus = &bus, .order = order, .letter = 'o'}, always = {.order = order, .letter = 'a'};
    cei_bus_open(&bus);
    assert_int_equal(cei_bus_add(&bus, remove_itself, &once), CE_OK);
    assert_int_equal(cei_bus_add(&bus, note, &always), CE_OK);
    post(&bus, 1);
    post(&bus, 2);
    assert_string_equal(order, "oaa");
    cei_bus_close(&bus);
}

static void a_listener_that_is_added_by_another_gets_the_event_of_that_moment(void **state)
{
    (void)state;
    cei_bus bus;
    seen notes = {.bus = &bus};
    cei_bus_open(&bus);
    assert_int_equal(cei_bus_add(&bus, add_another, &notes), CE_OK);
    post(&bus, 1);
    assert_int_equal(notes.count, 2);
    post(&bus, 2);
    assert_int_equal(notes.count, 4);
    cei_bus_close(&bus);
}

static void many_listeners_fit_and_too_many_are_refused(void **state)
{
    (void)state;
    cei_bus bus;
    seen notes = {0};
    cei_bus_open(&bus);
    assert_int_equal(cei_bus_add(&bus, NULL, NULL), CE_INVALID);
    for (int index = 0; index < 1024; index++) {
        assert_int_equal(cei_bus_add(&bus, note, &notes), CE_OK);
    }
    assert_int_equal(cei_bus_add(&bus, note, &notes), CE_INVALID);
    assert_string_equal(ce_last_error(), "a context has at most 1024 listeners");
    post(&bus, 1);
    assert_int_equal(notes.count, 1024);
    cei_bus_close(&bus);
}

static void short_memory_leaves_the_list_as_it_was(void **state)
{
    (void)state;
    cei_bus bus;
    seen notes = {0};
    cei_bus_open(&bus);
    cei_fault_arm(1, CEI_FAULT_ALLOCATION);
    assert_int_equal(cei_bus_add(&bus, note, &notes), CE_MEMORY);
    cei_fault_arm(0, 0);
    assert_false(cei_bus_has_listeners(&bus));
    for (int index = 0; index < 4; index++) {
        assert_int_equal(cei_bus_add(&bus, note, &notes), CE_OK);
    }
    cei_fault_arm(1, CEI_FAULT_ALLOCATION);
    assert_int_equal(cei_bus_add(&bus, note, &notes), CE_MEMORY);
    cei_fault_arm(0, 0);
    post(&bus, 1);
    assert_int_equal(notes.count, 4);
    cei_bus_close(&bus);
}

static void *post_many(void *arg)
{
    for (int32_t job = 0; job < POSTS; job++) {
        post(arg, job);
    }
    return NULL;
}

static void count_plainly(const ce_event *event, void *arg)
{
    (void)event;
    ++*(uint64_t *)arg; /* no atomic: events come one at a time */
}

static void events_come_one_at_a_time_while_listeners_come_and_go(void **state)
{
    (void)state;
    cei_bus bus;
    uint64_t count = 0;
    pthread_t threads[THREADS];
    cei_bus_open(&bus);
    assert_int_equal(cei_bus_add(&bus, count_plainly, &count), CE_OK);
    for (int index = 0; index < THREADS; index++) {
        assert_int_equal(pthread_create(&threads[index], NULL, post_many, &bus), 0);
    }
    for (int round = 0; round < 200; round++) {
        uint64_t brief = 0; /* gone after each round: no call may come behind the removal */
        assert_int_equal(cei_bus_add(&bus, count_plainly, &brief), CE_OK);
        cei_bus_remove(&bus, count_plainly, &brief);
    }
    for (int index = 0; index < THREADS; index++) {
        assert_int_equal(pthread_join(threads[index], NULL), 0);
    }
    assert_int_equal(count, THREADS * POSTS);
    cei_bus_close(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_listener_gets_every_event_in_order_of_adding),
        cmocka_unit_test(a_listener_that_was_added_twice_is_removed_once),
        cmocka_unit_test(a_listener_may_remove_itself_and_no_other_is_left_out),
        cmocka_unit_test(a_listener_that_is_added_by_another_gets_the_event_of_that_moment),
        cmocka_unit_test(many_listeners_fit_and_too_many_are_refused),
        cmocka_unit_test(short_memory_leaves_the_list_as_it_was),
        cmocka_unit_test(events_come_one_at_a_time_while_listeners_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
