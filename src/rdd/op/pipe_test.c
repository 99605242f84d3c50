/*
 * pipe_test.c: rows through programs: as Spark, with more text than pipes hold, with programs that do not read, do
 * not end, fail or are not there.
 */
#include "base/thread.h"
#include "support/expect.h"
#include "support/files.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A script of its own, since a command is cut at blanks. */
static const char *script(const char *name, const char *text)
{
    static char command[4096];
    snprintf(command, sizeof command, "sh %s", test_text_file(name, text));
    return command;
}

static ce_status pipes_are_sparks(ce_context *sc, void *arg)
{
    (void)arg;
    const char *const color[] = {"COLOR=red", NULL};
    const ce_str two[] = {ce_str_of("foo"), ce_str_of("bing")};
    ce_rdd *pairs = numbers(sc, 4, 2), *one = numbers(sc, 1, 1);
    GRID_TRY(expect_golden(ce_pipe(pairs, "cat"), "pipe-cat"));
    GRID_TRY(expect_golden(ce_pipe(pairs, "wc -l"), "pipe-wc-l"));
    GRID_TRY(expect_golden(ce_pipe(ce_parallelize(sc, ce_str, two, 2, 8), "wc -c"), "pipe-wc-c-empty-partitions"));
    GRID_TRY(expect_golden(ce_pipe(ce_empty(sc, int64_t), "cat"), "pipe-norows0"));
    GRID_TRY(expect_golden(ce_pipe(one, " echo\ta  'b c' $HOME |\ncat "), "pipe-no-shell"));
    GRID_TRY(expect_golden(ce_pipe_with(one, "printenv COLOR", color), "pipe-env"));
    GRID_TRY(expect_golden(ce_pipe(one, "printf a\\nb"), "pipe-no-last-newline"));
    GRID_TRY(expect_golden(ce_pipe(one, "printf \\n\\na\\n"), "pipe-blank-lines"));
    GRID_TRY(expect_golden(ce_pipe(one, "printf a\\r\\nb\\rc"), "pipe-cr-in-output"));
    return expect_golden(ce_pipe(numbers(sc, 5, 1), "echo hi"), "pipe-ignores-input");
}

static void pipes_give_what_spark_gives(void **state)
{
    (void)state;
    grid_run_topologies(pipes_are_sparks, NULL);
}

static ce_status through_cat(ce_context *sc, void *arg)
{
    (void)arg;
    return expect_parts(ce_pipe(numbers(sc, 5, 2), "cat"), "[[1,2],[3,4,5]]");
}

static void failing_calls_are_clean_failures(void **state)
{
    (void)state;
    grid_run_failing(through_cat, NULL);
}

static ce_status much_text(ce_context *sc, void *arg)
{
    (void)arg;
    enum { ROWS = 300000 };
    ce_result rows;
    GRID_TRY(ce_collect(ce_pipe(words(sc, ROWS, 2), "cat"), &rows));
    assert_int_equal(rows.count, ROWS);
    for (int64_t i = 1; i <= ROWS; i++) {
        ce_str row = ce_result_rows(&rows, ce_str)[i - 1];
        int64_t number = 0;
        uint32_t letters = i % 3 == 0 ? (uint32_t)strlen("a-word-of-many-letters-") : 0;
        assert_true(ce_str_to_int64((ce_str){row.at + letters, row.bytes - letters}, &number));
        assert_int_equal(number, i);
    }
    ce_result_free(&rows);
    return expect_count(ce_pipe(words(sc, ROWS, 2), "tr a b"), ROWS);
}

static void more_text_than_pipes_hold_flows_both_ways(void **state)
{
    (void)state;
    expect_once(much_text, NULL);
}

static ce_status below_a_shuffle(ce_context *sc, void *arg)
{
    (void)arg;
    char *text = grid_parts_text(ce_pipe(ce_repartition(numbers(sc, 20, 3), 1), "sort -n"), 0);
    assert_non_null(text);
    assert_string_equal(text, "[[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]]");
    free(text);
    return CE_OK;
}

static void rows_may_come_from_a_shuffle(void **state)
{
    (void)state;
    expect_once(below_a_shuffle, NULL);
}

static void a_program_that_stops_reading_is_left_alone(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    assert_int_equal(expect_parts(ce_pipe(numbers(sc, 500000, 1), "head -n 2"), "[[1,2]]"), CE_OK);
    /* One that closes its output and goes on reading gets all rows. */
    const char *command = script("quiet", "exec >&-; wc -l > $COUNTED; true");
    char counted[4096];
    snprintf(counted, sizeof counted, "COUNTED=%s", test_path("counted"));
    assert_int_equal(expect_count(ce_pipe_with(numbers(sc, 100000, 1), command, ((const char *[]){counted, NULL})), 0),
                     CE_OK);
    char *content = test_content("counted", NULL);
    assert_int_equal(atoi(content), 100000);
    free(content);
    ce_context_close(sc);
}

static void a_status_that_is_not_zero_fails_with_the_command(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *one = numbers(sc, 1, 1);
    expect_failure(ce_pipe(one, "false  now"), CE_USER, "Subprocess exited with status 1. Command ran: false now");
    expect_failure(ce_pipe(one, script("exit3", "echo a; exit 3")), CE_USER,
                   "Subprocess exited with status 3. Command ran: sh ");
    expect_failure(ce_pipe(one, script("killed", "kill -9 $$")), CE_USER, "Subprocess exited with status 137.");
    expect_failure(ce_pipe(one, "some_nonexistent_command -x"), CE_NOT_FOUND,
                   "Cannot run \"some_nonexistent_command -x\": ");
    /* take does not wait for what comes behind its rows. */
    ce_result rows;
    assert_int_equal(ce_take(ce_pipe(one, script("later", "echo a; echo b; sleep 0.1; exit 2")), 1, &rows), CE_OK);
    assert_true(ce_str_equal(ce_result_value(&rows, ce_str), ce_str_of("a")));
    ce_result_free(&rows);
    ce_context_close(sc);
}

/* Waits for a file with the script's process id. */
static pid_t id_in(const char *name)
{
    pid_t id = 0;
    for (int i = 0; i < 2000 && id <= 0; i++) {
        if (test_exists(name)) {
            char *content = test_content(name, NULL);
            id = (pid_t)atoi(content);
            free(content);
        }
        usleep(5000);
    }
    assert_true(id > 0);
    return id;
}

static void take_kills_a_program_that_does_not_end(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    char place[4096];
    snprintf(place, sizeof place, "PLACE=%s", test_path("id"));
    const char *command = script("endless", "echo $$ > $PLACE; echo first; exec sleep 1000");
    ce_result rows;
    assert_int_equal(ce_take(ce_pipe_with(numbers(sc, 1, 1), command, ((const char *[]){place, NULL})), 1, &rows),
                     CE_OK);
    ce_result_free(&rows);
    assert_int_equal(kill(id_in("id"), 0), -1);
    ce_context_close(sc);
}

static void *cancel_when_it_runs(void *sc)
{
    (void)id_in("cancel-id");
    ce_cancel_all_jobs(sc);
    return NULL;
}

static void cancelling_kills_the_program(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    char place[4096];
    snprintf(place, sizeof place, "PLACE=%s", test_path("cancel-id"));
    const char *command = script("silent", "echo $$ > $PLACE; exec sleep 1000");
    cei_thread thread;
    assert_int_equal(cei_thread_start(&thread, "cancel", cancel_when_it_runs, sc), CE_OK);
    uint64_t count;
    ce_status status = ce_count(ce_pipe_with(numbers(sc, 1, 1), command, ((const char *[]){place, NULL})), &count);
    cei_thread_join(&thread);
    assert_int_equal(status, CE_CANCELLED);
    assert_int_equal(kill(id_in("cancel-id"), 0), -1);
    ce_context_close(sc);
}

static void wrong_commands_poison(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *one = numbers(sc, 1, 1);
    expect_poisoned(ce_pipe(one, NULL), CE_INVALID, "pipe_test.c", "pipe: the command is NULL");
    expect_poisoned(ce_pipe(one, " \t\n"), CE_INVALID, "pipe", "the command is empty");
    expect_poisoned(ce_pipe_with(one, "cat", ((const char *[]){"A=1", "B", NULL})), CE_INVALID, "pipe", "\"B\" is not");
    expect_poisoned(ce_pipe(NULL, "cat"), CE_INVALID, "", "NULL");
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipes_give_what_spark_gives),
        cmocka_unit_test(failing_calls_are_clean_failures),
        cmocka_unit_test(more_text_than_pipes_hold_flows_both_ways),
        cmocka_unit_test(rows_may_come_from_a_shuffle),
        cmocka_unit_test(a_program_that_stops_reading_is_left_alone),
        cmocka_unit_test(a_status_that_is_not_zero_fails_with_the_command),
        cmocka_unit_test(take_kills_a_program_that_does_not_end),
        cmocka_unit_test(cancelling_kills_the_program),
        cmocka_unit_test(wrong_commands_poison),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
