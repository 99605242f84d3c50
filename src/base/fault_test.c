/*
 * fault_test.c: which question is answered with a failure, also when several threads ask.
 */
#include "base/fault.h"
#include "base/memory.h"
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

enum { THREADS = 4, QUESTIONS = 10000 };

static void nothing_fails_while_no_fault_is_armed(void **state)
{
    (void)state;
    cei_fault_arm(0, CEI_FAULT_ALLOCATION | CEI_FAULT_SYSTEM_CALL);
    for (int question = 0; question < 100; question++) {
        assert_false(cei_fault_hit(CEI_FAULT_ALLOCATION));
        assert_false(cei_fault_hit(CEI_FAULT_SYSTEM_CALL));
    }
    assert_false(cei_fault_delivered());
}

static void an_armed_fault_fails_the_nth_allocation_only(void **state)
{
    (void)state;
    for (int nth = 1; nth <= 5; nth++) {
        cei_fault_arm(nth, CEI_FAULT_ALLOCATION);
        for (int question = 1; question <= 10; question++) {
            assert_int_equal(cei_fault_delivered(), question > nth);
            void *block = cei_alloc(8);
            assert_int_equal(block == NULL, question == nth);
            cei_free(block);
        }
        assert_true(cei_fault_delivered());
    }
}

static void a_fault_sets_the_reason_of_its_kind(void **state)
{
    (void)state;
    errno = 0;
    cei_fault_arm(1, CEI_FAULT_ALLOCATION);
    assert_true(cei_fault_hit(CEI_FAULT_ALLOCATION));
    assert_int_equal(errno, ENOMEM);
    cei_fault_arm(1, CEI_FAULT_SYSTEM_CALL);
    assert_true(cei_fault_hit(CEI_FAULT_SYSTEM_CALL));
    assert_int_equal(errno, EIO);
}

static void only_questions_of_the_armed_kinds_count(void **state)
{
    (void)state;
    cei_fault_arm(2, CEI_FAULT_SYSTEM_CALL);
    assert_false(cei_fault_hit(CEI_FAULT_ALLOCATION));
    assert_false(cei_fault_hit(CEI_FAULT_SYSTEM_CALL));
    assert_false(cei_fault_hit(CEI_FAULT_ALLOCATION));
    assert_true(cei_fault_hit(CEI_FAULT_SYSTEM_CALL));
    cei_fault_arm(2, CEI_FAULT_ALLOCATION | CEI_FAULT_SYSTEM_CALL);
    assert_false(cei_fault_hit(CEI_FAULT_ALLOCATION));
    assert_true(cei_fault_hit(CEI_FAULT_SYSTEM_CALL));
}

static void arming_again_forgets_the_fault_before(void **state)
{
    (void)state;
    cei_fault_arm(1, CEI_FAULT_ALLOCATION);
    assert_true(cei_fault_hit(CEI_FAULT_ALLOCATION));
    cei_fault_arm(3, CEI_FAULT_ALLOCATION);
    assert_false(cei_fault_delivered());
    cei_fault_arm(-1, CEI_FAULT_ALLOCATION);
    assert_false(cei_fault_hit(CEI_FAULT_ALLOCATION));
}

static void *ask_often(void *arg)
{
    int *hits = arg;
    for (int question = 0; question < QUESTIONS; question++) {
        *hits += cei_fault_hit(CEI_FAULT_ALLOCATION);
    }
    return NULL;
}

static void of_many_threads_exactly_one_gets_the_fault(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    int hits[THREADS] = {0}, sum = 0;
    cei_fault_arm(THREADS * QUESTIONS / 2, CEI_FAULT_ALLOCATION);
    for (int index = 0; index < THREADS; index++) {
        assert_int_equal(pthread_create(&threads[index], NULL, ask_often, &hits[index]), 0);
    }
    for (int index = 0; index < THREADS; index++) {
        assert_int_equal(pthread_join(threads[index], NULL), 0);
        sum += hits[index];
    }
    assert_int_equal(sum, 1);
    assert_true(cei_fault_delivered());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_fails_while_no_fault_is_armed),
        cmocka_unit_test(an_armed_fault_fails_the_nth_allocation_only),
        cmocka_unit_test(a_fault_sets_the_reason_of_its_kind),
        cmocka_unit_test(only_questions_of_the_armed_kinds_count),
        cmocka_unit_test(arming_again_forgets_the_fault_before),
        cmocka_unit_test(of_many_threads_exactly_one_gets_the_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
