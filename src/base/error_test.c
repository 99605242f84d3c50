/*
 * error_test.c: what a failure leaves behind: the status, and a sentence that belongs to the thread.
 */
#include "base/error.h"
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

static void every_status_has_a_text_of_its_own(void **state)
{
    (void)state;
    for (int status = 0; status < CE_STATUS_COUNT; status++) {
        assert_true(strlen(ce_status_text((ce_status)status)) > 0);
        for (int other = 0; other < status; other++) {
            assert_string_not_equal(ce_status_text((ce_status)status), ce_status_text((ce_status)other));
        }
    }
    assert_string_equal(ce_status_text(CE_OK), "ok");
    assert_string_equal(ce_status_text(CE_NOT_FOUND), "not found");
    assert_string_equal(ce_status_text(CE_STATUS_COUNT), "unknown status");
    assert_string_equal(ce_status_text((ce_status)-1), "unknown status");
}

static void a_failure_stores_its_sentence_and_returns_its_status(void **state)
{
    (void)state;
    cei_error_set(NULL);
    assert_string_equal(ce_last_error(), "");
    assert_int_equal(cei_fail(CE_TYPE, "needs %s, has %d", "str", 7), CE_TYPE);
    assert_string_equal(ce_last_error(), "needs str, has 7");
    cei_error_set("as it stands: %s");
    assert_string_equal(ce_last_error(), "as it stands: %s");
    cei_error_set("");
    assert_string_equal(ce_last_error(), "");
}

static void a_sentence_may_quote_the_stored_one(void **state)
{
    (void)state;
    assert_int_equal(cei_fail(CE_IO, "inner"), CE_IO);
    assert_int_equal(cei_fail(CE_USER, "outer (%s)", ce_last_error()), CE_USER);
    assert_string_equal(ce_last_error(), "outer (inner)");
    cei_error_set(ce_last_error() + 6);
    assert_string_equal(ce_last_error(), "(inner)");
}

static void a_prefix_goes_in_front_of_the_stored_sentence(void **state)
{
    (void)state;
    cei_error_set("no such file");
    assert_int_equal(cei_error_prefix(CE_IO, "%s:%d: ", "main.c", 3), CE_IO);
    assert_string_equal(ce_last_error(), "main.c:3: no such file");
}

static void a_long_sentence_is_cut_at_the_bound(void **state)
{
    (void)state;
    char text[3 * CEI_ERROR_BYTES_MAX];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(cei_fail(CE_USER, "%s", text), CE_USER);
    assert_int_equal(strlen(ce_last_error()), CEI_ERROR_BYTES_MAX - 1);
    assert_int_equal(cei_error_prefix(CE_USER, "front: "), CE_USER);
    assert_int_equal(strlen(ce_last_error()), CEI_ERROR_BYTES_MAX - 1);
    assert_memory_equal(ce_last_error(), "front: xxx", 10);
    assert_int_equal(cei_fail_errno(ENOENT, "%s", text), CE_NOT_FOUND);
    assert_int_equal(strlen(ce_last_error()), CEI_ERROR_BYTES_MAX - 1);
}

static void a_cut_never_splits_a_character(void **state)
{
    (void)state;
    static const char *const characters[] = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x90\x98"};
    for (size_t index = 0; index < 3; index++) {
        const size_t bytes = strlen(characters[index]);
        for (size_t shift = 0; shift < 4; shift++) {
            char text[2 * CEI_ERROR_BYTES_MAX] = "";
            memset(text, 'x', shift);
            for (size_t at = shift; at + bytes < sizeof text; at += bytes) {
                memcpy(text + at, characters[index], bytes);
            }
            assert_int_equal(cei_fail(CE_USER, "%s", text), CE_USER);
            const size_t count = strlen(ce_last_error());
            assert_int_equal((count - shift) % bytes, 0);
            assert_true(count + bytes > CEI_ERROR_BYTES_MAX - 1);
            cei_error_set(text);
            assert_int_equal(strlen(ce_last_error()), count);
        }
    }
}

static void bytes_that_are_no_text_are_cut_anywhere(void **state)
{
    (void)state;
    char text[2 * CEI_ERROR_BYTES_MAX];
    memset(text, 0x80, sizeof text - 1);
    text[sizeof text - 1] = '\0';
    cei_error_set(text);
    assert_int_equal(strlen(ce_last_error()), CEI_ERROR_BYTES_MAX - 1);
}

static void a_reason_of_the_system_chooses_the_status(void **state)
{
    (void)state;
    static const struct {
        int error;
        ce_status status;
    } cases[] = {
        {ENOSPC, CE_NO_SPACE}, {EDQUOT, CE_NO_SPACE}, {ENOENT, CE_NOT_FOUND},
        {EEXIST, CE_EXISTS},   {ENOMEM, CE_MEMORY},   {EACCES, CE_IO},
    };
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        assert_int_equal(cei_fail_errno(cases[index].error, "/data/%s", "part"), cases[index].status);
        char expected[200];
        (void)snprintf(expected, sizeof expected, "/data/part: %s", strerror(cases[index].error));
        assert_string_equal(ce_last_error(), expected);
    }
}

static ce_status forwarded(ce_status status)
{
    CE_TRY(status);
    return cei_fail(CE_EMPTY, "came past");
}

static void a_try_forwards_failures_and_nothing_else(void **state)
{
    (void)state;
    cei_error_set("before");
    assert_int_equal(forwarded(CE_FETCH), CE_FETCH);
    assert_string_equal(ce_last_error(), "before");
    assert_int_equal(forwarded(CE_OK), CE_EMPTY);
    assert_string_equal(ce_last_error(), "came past");
}

static void *fail_elsewhere(void *arg)
{
    const char **seen = arg;
    seen[0] = ce_last_error()[0] == '\0' ? "empty" : "not empty";
    (void)cei_fail(CE_IO, "elsewhere");
    return NULL;
}

static void each_thread_has_a_sentence_of_its_own(void **state)
{
    (void)state;
    const char *seen = NULL;
    cei_error_set("here");
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, &seen), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_string_equal(seen, "empty");
    assert_string_equal(ce_last_error(), "here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_text_of_its_own),
        cmocka_unit_test(a_failure_stores_its_sentence_and_returns_its_status),
        cmocka_unit_test(a_sentence_may_quote_the_stored_one),
        cmocka_unit_test(a_prefix_goes_in_front_of_the_stored_sentence),
        cmocka_unit_test(a_long_sentence_is_cut_at_the_bound),
        cmocka_unit_test(a_cut_never_splits_a_character),
        cmocka_unit_test(bytes_that_are_no_text_are_cut_anywhere),
        cmocka_unit_test(a_reason_of_the_system_chooses_the_status),
        cmocka_unit_test(a_try_forwards_failures_and_nothing_else),
        cmocka_unit_test(each_thread_has_a_sentence_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
