/*
 * clock_test.c: that time passes, in the right unit, and that a sleep is long enough.
 */
#include "base/clock.h"
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

static void the_monotonic_clock_never_goes_back(void **state)
{
    (void)state;
    int64_t before = cei_clock_ns();
    for (int reading = 0; reading < 10000; reading++) {
        const int64_t after = cei_clock_ns();
        assert_true(after >= before);
        before = after;
    }
}

static void the_wall_clock_counts_milliseconds_since_1970(void **state)
{
    (void)state;
    const int64_t seconds = (int64_t)time(NULL);
    const int64_t wall = cei_clock_wall_ms() / 1000;
    assert_true(wall >= seconds - 1 && wall <= seconds + 5);
}

static void a_sleep_lasts_at_least_as_long_as_asked(void **state)
{
    (void)state;
    static const int64_t sleeps[] = {-5, 0, 1, 20};
    for (int index = 0; index < 4; index++) {
        const int64_t start = cei_clock_ns();
        cei_sleep_ms(sleeps[index]);
        assert_true(cei_clock_ns() - start >= sleeps[index] * 1000000);
    }
}

static void a_sleep_uses_no_processor_time(void **state)
{
    (void)state;
    const int64_t start = cei_clock_cpu_ns();
    cei_sleep_ms(50);
    const int64_t slept = cei_clock_cpu_ns() - start;
    assert_true(slept >= 0 && slept < 40 * 1000000);
    const int64_t busy_until = cei_clock_ns() + 20 * 1000000;
    while (cei_clock_ns() < busy_until) {
    }
    assert_true(cei_clock_cpu_ns() - start > slept);
}

static void ignore_it(int signal)
{
    (void)signal;
}

static void *sleep_a_while(void *arg)
{
    const int64_t start = cei_clock_ns();
    cei_sleep_ms(60);
    *(int64_t *)arg = cei_clock_ns() - start;
    return NULL;
}

static void a_signal_does_not_shorten_a_sleep(void **state)
{
    (void)state;
    struct sigaction before, action = {.sa_handler = ignore_it};
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    int64_t slept = 0;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, sleep_a_while, &slept), 0);
    for (int round = 0; round < 4; round++) {
        cei_sleep_ms(5);
        (void)pthread_kill(thread, SIGUSR1);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
    assert_true(slept >= 60 * 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_monotonic_clock_never_goes_back),
        cmocka_unit_test(the_wall_clock_counts_milliseconds_since_1970),
        cmocka_unit_test(a_sleep_lasts_at_least_as_long_as_asked),
        cmocka_unit_test(a_sleep_uses_no_processor_time),
        cmocka_unit_test(a_signal_does_not_shorten_a_sleep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
