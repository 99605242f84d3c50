/*
 * plan_test.c: plans that travel. Each kind of node goes through its bytes and computes what a job of the context
 * computes, a word count runs in child processes of this program that know nothing but plan bytes and blocks, and
 * bytes that are no plan are refused.
 */
#include "base/random.h"
#include "data/wire.h"
#include "rdd/module.h"
#include "support/plan_host.h"
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

CE_PAIR(count_of_word, ce_str, int64_t);
CE_PAIR(int_pair, int64_t, int64_t);
CE_LIST(str_list, ce_str);
CE_OPTION(maybe_str, ce_str);
CE_RECORD(split_env, (ce_str, prefix), (int32_t, letters_min), (str_list, stop_words), (maybe_str, suffix));

static inline void split(ce_str line, ce_emit *out, const split_env *env)
{
    ce_str word;
    while (ce_str_next_word(&line, &word)) {
        bool stops = word.bytes < (uint32_t)env->letters_min;
        for (uint32_t i = 0; i < env->stop_words.count; i++) {
            stops |= ce_str_equal(word, env->stop_words.at[i]);
        }
        if (!stops) {
            ce_str key = ce_str_printf("%.*s%.*s%.*s", (int)env->prefix.bytes, env->prefix.at, (int)word.bytes, word.at,
                                       env->suffix.present ? (int)env->suffix.value.bytes : 0, env->suffix.value.at);
            ce_emit_value(out, count_of_word, {key, 1});
        }
    }
}
CE_FLAT_MAP_WITH(split, ce_str, count_of_word, split_env)

static inline int64_t add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(add, int64_t)

static inline int64_t plus(int64_t x, const int64_t *env)
{
    return x + *env;
}
CE_MAP_WITH(plus, int64_t, int64_t, int64_t)

static inline bool is_above(int64_t x, const int64_t *env)
{
    return x > *env;
}
CE_FILTER_WITH(is_above, int64_t, int64_t)

static inline int64_t mod3(int64_t x)
{
    return x % 3;
}
CE_MAP(mod3, int64_t, int64_t)

static inline void up_to(int64_t x, ce_emit *out)
{
    for (int64_t i = 0; i < x % 4; i++) {
        ce_emit_value(out, int64_t, i);
    }
}
CE_FLAT_MAP(up_to, int64_t, int64_t)

static inline void sum_rows_of(uint32_t partition, ce_rows *rows, ce_emit *out, const int64_t *env)
{
    int64_t row, sum = *env + partition;
    while (ce_rows_next(rows, &row)) {
        sum += row;
    }
    ce_emit_value(out, int64_t, sum);
}
CE_MAP_PARTITIONS_WITH_INDEX_WITH(sum_rows_of, int64_t, int64_t, int64_t)

static inline void weave(ce_rows *a, ce_rows *b, ce_emit *out)
{
    int64_t x, y;
    bool more = true;
    while (more) {
        more = ce_rows_next(a, &x);
        if (more) {
            ce_emit_value(out, int64_t, x);
        }
        if (ce_rows_next(b, &y)) {
            ce_emit_value(out, int64_t, -y);
            more = true;
        }
    }
}
CE_ZIP_PARTITIONS(weave, int64_t, int64_t, int64_t)

static inline uint32_t by_parity(int64_t key, uint32_t count)
{
    return (uint32_t)(key & 1) % count;
}
CE_PARTITIONER(by_parity, int64_t)

CE_RECORD(labelled, (ce_str, label), (int64_t, sum));

static inline labelled label(int64_t x)
{
    return (labelled){ce_str_printf("from %d", (int)(x % 2)), x};
}
CE_MAP(label, int64_t, labelled)

static inline labelled add_to_labelled(labelled all, int64_t x)
{
    return (labelled){all.label, all.sum + x};
}
CE_AGGREGATE(add_to_labelled, labelled, int64_t)

static inline labelled add_labelled(labelled a, labelled b)
{
    return (labelled){ce_str_compare(a.label, b.label) < 0 ? a.label : b.label, a.sum + b.sum};
}
CE_REDUCE(add_labelled, labelled)

static inline int_pair swapped(int_pair row)
{
    return (int_pair){row.value, row.key};
}
CE_MAP(swapped, int_pair, int_pair)

static inline int by_tens(int64_t a, int64_t b)
{
    return (int)(a / 10 - b / 10);
}
CE_COMPARE(by_tens, int64_t)

static inline ce_str named(int64_t row, const split_env *env)
{
    return ce_str_printf("%.*s%lld", (int)env->prefix.bytes, env->prefix.at, (long long)row);
}
CE_MAP_WITH(named, int64_t, ce_str, split_env)

static inline ce_str named_key(int64_t row)
{
    return ce_str_printf("%lld", (long long)row);
}
CE_MAP(named_key, int64_t, ce_str)

/* ---- the lineages ---- */

static const char *const lines[] = {"to be or not to be",
                                    "that is the question",
                                    "",
                                    "be be be",
                                    "a  b\tc a",
                                    "not_a_short_word_but_a_long_one be not_a_short_word_but_a_long_one"};
enum { LINES = sizeof lines / sizeof *lines };

static ce_rdd *word_counts(ce_context *sc)
{
    ce_str values[LINES];
    for (int i = 0; i < LINES; i++) {
        values[i] = ce_str_of(lines[i]);
    }
    const ce_str stop_words[] = {ce_str_of("the"), ce_str_of("or")};
    split_env env = {.prefix = ce_str_of("<"), .letters_min = 2, .stop_words = {stop_words, 2}};
    env.suffix = (maybe_str){true, ce_str_of(">")};
    return ce_reduce_by_key_n(ce_flat_map_with(ce_parallelize(sc, ce_str, values, LINES, 3), split, &env), add, 4);
}

static ce_rdd *numbers(ce_context *sc, uint32_t partitions)
{
    return ce_range(sc, -20, 30, 1, partitions);
}

static ce_rdd *pairs(ce_context *sc)
{
    return ce_key_by(numbers(sc, 4), mod3);
}

static ce_rdd *joined_partitions(ce_context *sc)
{
    ce_rdd *both = ce_union(ce_reduce_by_key_n(pairs(sc), add, 3), ce_partition_by(pairs(sc), 3));
    return ce_group_by_key(both);
}

/* Every kind of node, with and without environments, arguments and shuffles. */
static uint32_t build_all(ce_context *sc, ce_rdd **all)
{
    const int64_t five = 5, one_two_three[] = {1, 2, 3};
    const double weights[] = {1, 2};
    const labelled zero = {ce_str_of("a label that does not fit into a cell"), 1000};
    ce_rdd *splits[2];
    uint32_t n = 0;
    ce_random_split(numbers(sc, 3), weights, 2, 99, splits);
    all[n++] = word_counts(sc);
    all[n++] = numbers(sc, 7);
    all[n++] = ce_parallelize(sc, int64_t, one_two_three, 3, 5);
    all[n++] = ce_parallelize(sc, str_list, (const str_list *)NULL, 0, 2);
    all[n++] = ce_empty(sc, int_pair);
    all[n++] = ce_map_with(numbers(sc, 3), plus, &five);
    all[n++] = ce_filter_with(numbers(sc, 3), is_above, &five);
    all[n++] = ce_flat_map(numbers(sc, 3), up_to);
    all[n++] = ce_map_values_with(pairs(sc), plus, &five);
    all[n++] = ce_flat_map_values(pairs(sc), up_to);
    all[n++] = ce_keys(pairs(sc));
    all[n++] = ce_values(pairs(sc));
    all[n++] = ce_map(pairs(sc), swapped);
    all[n++] = ce_glom(numbers(sc, 3));
    all[n++] = ce_union(numbers(sc, 2), ce_union(numbers(sc, 1), ce_empty(sc, int64_t)));
    all[n++] = ce_zip(numbers(sc, 3), ce_map_with(numbers(sc, 3), plus, &five));
    all[n++] = ce_zip_partitions(numbers(sc, 3), ce_filter_with(numbers(sc, 3), is_above, &five), weave);
    all[n++] = ce_zip_with_index(numbers(sc, 3));
    all[n++] = ce_zip_with_unique_id(numbers(sc, 3));
    all[n++] = ce_cartesian(numbers(sc, 2), ce_coalesce(numbers(sc, 3), 2));
    all[n++] = ce_sample(numbers(sc, 3), false, 0.5, 7);
    all[n++] = ce_sample(numbers(sc, 3), true, 1.5, 7);
    all[n++] = splits[0];
    all[n++] = splits[1];
    all[n++] = ce_map_partitions_with_index_with(numbers(sc, 3), sum_rows_of, &five);
    all[n++] = ce_map_partitions_with_index_with(ce_repartition(numbers(sc, 3), 2), sum_rows_of, &five);
    all[n++] = ce_repartition(numbers(sc, 3), 5);
    all[n++] = ce_partition_by(pairs(sc), 3);
    all[n++] = ce_partition_by_with(pairs(sc), by_parity, 3);
    all[n++] = ce_distinct(ce_flat_map(numbers(sc, 3), up_to));
    all[n++] = ce_distinct_n(ce_group_by_key(pairs(sc)), 2);
    all[n++] = ce_reduce_by_key(ce_partition_by(pairs(sc), 3), add);
    all[n++] = ce_combine_by_key(pairs(sc), label, add_to_labelled, add_labelled);
    all[n++] = ce_combine_by_key_with(pairs(sc), label, add_to_labelled, add_labelled, 3, false);
    all[n++] = ce_combine_by_key(ce_partition_by(pairs(sc), 3), label, add_to_labelled, add_labelled);
    all[n++] = ce_aggregate_by_key_n(pairs(sc), &zero, add_to_labelled, add_labelled, 3);
    all[n++] = ce_fold_by_key_n(pairs(sc), &five, add, 2);
    all[n++] = joined_partitions(sc);
    all[n++] = ce_coalesce(ce_group_by_key(ce_map(ce_reduce_by_key(pairs(sc), add), swapped)), 2);
    all[n++] = ce_zip_partitions(ce_repartition(numbers(sc, 3), 2), ce_repartition(numbers(sc, 4), 2), weave);
    const split_env env = {.prefix = ce_str_of("number ")};
    const ce_str low = ce_str_of("-1"), high = ce_str_of("12");
    ce_rdd *sorted = ce_sort_by_key(ce_key_by(numbers(sc, 4), named_key));
    all[n++] = sorted;
    all[n++] = ce_filter_by_range(sorted, &low, &high);
    all[n++] = ce_reduce_by_key(ce_union(sorted, ce_map_values_with(sorted, plus, &five)), add);
    all[n++] = ce_sort_by_key_with(ce_map(pairs(sc), swapped), by_tens, false, 3);
    all[n++] = ce_sort_by_with(numbers(sc, 4), named, false, 3, &env);
    all[n++] = ce_repartition_and_sort_within_partitions_with(pairs(sc), by_parity, 2);
    all[n++] = ce_repartition_and_sort_within_partitions(ce_partition_by(pairs(sc), 3), 3);
    assert_true(n <= 64);
    return n;
}

static void every_kind_of_node_computes_the_same_from_its_bytes(void **state)
{
    (void)state;
    for (test_feeding feeding = TEST_FEED_FIRST; feeding <= TEST_FEED_ON_WANT; feeding++) {
        ce_context *sc = grid_open("local[2]", NULL);
        test_host host = {.feeding = feeding};
        ce_rdd *all[64];
        uint32_t count = build_all(sc, all);
        for (uint32_t i = 0; i < count; i++) {
            if (ce_rdd_status(all[i]) != CE_OK) {
                fail_msg("lineage %u: %s", i, ce_last_error());
            }
            char *by_job = grid_parts_text(all[i], 1), *by_plan = test_parts_by_plan(&host, all[i], 1);
            assert_non_null(by_job);
            if (strcmp(by_job, by_plan) != 0) {
                fail_msg("lineage %u, %s: by a job %s, by plans %s", i, ce_rdd_name(all[i]), by_job, by_plan);
            }
            free(by_job);
            free(by_plan);
        }
        assert_true(feeding == TEST_FEED_FIRST ? host.wants == 0 : host.wants > 0);
        test_host_close(&host);
        ce_context_close(sc);
    }
}

static void a_plan_keeps_nothing_of_its_bytes_or_of_the_context(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_plan *plan = test_plan(word_counts(sc), true);
    ce_context_close(sc);
    test_host host = {.feeding = TEST_FEED_FIRST};
    cei_blocks blocks = {0};
    ce_task *task;
    assert_int_equal(ce_plan_partitions(plan), 3);
    assert_int_equal(ce_plan_output_partitions(plan), 4);
    assert_int_equal(ce_task_open(plan, 0, 0, NULL, &task), CE_OK);
    assert_int_equal(ce_task_inputs(task), 0);
    test_run_task(&host, task, &blocks);
    assert_true(blocks.count > 0);
    cei_blocks_close(&blocks);
    ce_plan_free(plan);
}

/* ---- a child process runs a task ---- */

static bool read_all(int fd, void *to, size_t count)
{
    for (size_t at = 0; at < count;) {
        ssize_t n = read(fd, (char *)to + at, count - at);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return false;
        }
        at += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static void write_all(int fd, const void *from, size_t count)
{
    for (size_t at = 0; at < count;) {
        ssize_t n = write(fd, (const char *)from + at, count - at);
        if (n < 0 && errno != EINTR) {
            fprintf(stderr, "a pipe broke: %s\n", strerror(errno));
            _exit(3);
        }
        at += n > 0 ? (size_t)n : 0;
    }
}

/* A message is a kind, a number, and bytes. */
struct message {
    uint32_t kind, number;
    uint64_t bytes;
};
enum { PLAN = 1, INPUT, BLOCK, WANTED, ENDED, FAILED };

static void send(int fd, uint32_t kind, uint32_t number, const void *bytes, size_t count)
{
    struct message message = {kind, number, count};
    write_all(fd, &message, sizeof message);
    write_all(fd, bytes, count);
}

/* The bytes are the caller's, on the heap. */
static bool receive(int fd, struct message *message, void **bytes)
{
    *bytes = NULL;
    if (!read_all(fd, message, sizeof *message)) {
        return false;
    }
    *bytes = aligned_alloc(16, (message->bytes + 16) / 16 * 16);
    return read_all(fd, *bytes, message->bytes);
}

static int child_fails(ce_status status, const char *text)
{
    send(STDOUT_FILENO, FAILED, status, text, strlen(text));
    return 0;
}

/* The child asks for each block when the task wants it, and sends each block of output when it is there. */
static int child_steps(ce_task *task)
{
    for (;;) {
        ce_block block;
        uint32_t wanted;
        struct message message;
        void *bytes;
        const char *text;
        switch (ce_task_step(task, &block, &wanted)) {
        case CE_STEP_BLOCK:
            if (cei_block_add_checksum(&block) != CE_OK) {
                return child_fails(CE_MEMORY, ce_last_error());
            }
            send(STDOUT_FILENO, BLOCK, block.partition, block.bytes, block.byte_count);
            cei_block_release(&block);
            break;
        case CE_STEP_WANT: {
            int32_t input[2];
            uint32_t partition;
            ce_task_input(task, wanted, &input[0], &partition);
            input[1] = (int32_t)partition;
            send(STDOUT_FILENO, WANTED, wanted, input, sizeof input);
            if (!receive(STDIN_FILENO, &message, &bytes)) {
                return 4;
            }
            ce_block view = {.bytes = bytes, .byte_count = message.bytes};
            ce_status status =
                message.kind == ENDED ? ce_task_end_input(task, wanted) : ce_task_feed(task, wanted, &view);
            free(bytes);
            if (status != CE_OK) {
                return child_fails(status, ce_last_error());
            }
            break;
        }
        case CE_STEP_DONE:
            send(STDOUT_FILENO, ENDED, 0, NULL, 0);
            return 0;
        case CE_STEP_FAILED:
            return child_fails(ce_task_error(task, &text), text);
        case CE_STEP_AGAIN:
            break;
        }
    }
}

static int be_the_child(void)
{
    struct message message;
    void *bytes;
    ce_plan *plan;
    ce_task *task;
    if (!receive(STDIN_FILENO, &message, &bytes) || message.kind != PLAN) {
        return 4;
    }
    ce_status status = ce_plan_decode(bytes, message.bytes, &plan);
    free(bytes);
    if (status != CE_OK) {
        return child_fails(status, ce_last_error());
    }
    status = ce_task_open(plan, message.number, 0, NULL, &task);
    int code = status == CE_OK ? child_steps(task) : child_fails(status, ce_last_error());
    ce_task_close(task);
    ce_plan_free(plan);
    return code;
}

static pid_t start_child(int *to_child, int *from_child)
{
    int in[2], out[2];
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        close(in[0]);
        close(in[1]);
        close(out[0]);
        close(out[1]);
        execl("/proc/self/exe", "plan_test", "run-a-task", (char *)NULL);
        _exit(5);
    }
    assert_true(pid > 0);
    close(in[0]);
    close(out[1]);
    *to_child = in[1];
    *from_child = out[0];
    return pid;
}

static void answer_want(const test_host *host, int to_child, uint32_t *fed, const void *input)
{
    int32_t which[2];
    memcpy(which, input, sizeof which);
    const ce_block *block = test_block(host, which[0], (uint32_t)which[1], (*fed)++);
    send(to_child, block ? BLOCK : ENDED, 0, block ? block->bytes : NULL, block ? block->byte_count : 0);
}

/* Runs one task in a child; its blocks are added to *out. CE_OK, or how the child failed, with its sentence in text. */
static ce_status run_in_child(const test_host *host, const void *plan, size_t count, uint32_t partition,
                              cei_blocks *out, char *text, size_t text_bytes)
{
    int to_child, from_child, exit_code;
    uint32_t fed[8] = {0};
    pid_t pid = start_child(&to_child, &from_child);
    struct message message = {.kind = PLAN};
    ce_status status = CE_OK;
    send(to_child, PLAN, partition, plan, count);
    while (message.kind != ENDED && message.kind != FAILED) {
        void *bytes;
        assert_true(receive(from_child, &message, &bytes));
        if (message.kind == BLOCK) {
            cei_block_header header;
            memcpy(&header, bytes, sizeof header);
            assert_true(header.flags & CEI_BLOCK_HAS_CHECKSUM);
            ce_block block = {message.number, 0, header.rows, bytes, message.bytes, test_release, bytes};
            assert_int_equal(cei_blocks_push(out, &block), CE_OK);
            continue;
        }
        if (message.kind == WANTED) {
            assert_true(message.number < 8);
            answer_want(host, to_child, &fed[message.number], bytes);
        } else if (message.kind == FAILED) {
            status = (ce_status)message.number;
            snprintf(text, text_bytes, "%.*s", (int)message.bytes, (const char *)bytes);
        }
        free(bytes);
    }
    close(to_child);
    close(from_child);
    assert_int_equal(waitpid(pid, &exit_code, 0), pid);
    assert_int_equal(exit_code, 0);
    return status;
}

static void count_naively(cei_buffer *text)
{
    /* What split leaves of the lines: words of two letters at least that are not "the" and "or". */
    static const char *const counts[] = {
        "(<be>,6)",       "(<is>,1)",   "(<not>,1)", "(<not_a_short_word_but_a_long_one>,2)",
        "(<question>,1)", "(<that>,1)", "(<to>,2)"};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        cei_buffer_text(text, i ? "," : "[");
        cei_buffer_text(text, counts[i]);
    }
    cei_buffer_char(text, ']');
}

static void children_that_know_only_plans_and_blocks_count_words(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", NULL);
    ce_rdd *counts = word_counts(sc);
    test_host host = {.output_count = 1};
    cei_blocks results = {0};
    char text[512] = "";
    void *plan;
    size_t bytes;
    host.outputs[0].shuffle = counts->shuffle->id;
    assert_int_equal(ce_plan_encode(counts, true, &plan, &bytes), CE_OK);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(run_in_child(&host, plan, bytes, i, &host.outputs[0].blocks, text, sizeof text), CE_OK);
    }
    ce_free(plan);
    assert_true(host.outputs[0].blocks.count > 3);
    assert_int_equal(ce_plan_encode(counts, false, &plan, &bytes), CE_OK);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(run_in_child(&host, plan, bytes, i, &results, text, sizeof text), CE_OK);
    }
    ce_free(plan);

    ce_result by_children, by_job;
    cei_buffer expected = {0};
    count_naively(&expected);
    assert_int_equal(cei_result_from_blocks(&by_children, counts->type, &results, 1), CE_OK);
    assert_int_equal(ce_collect(counts, &by_job), CE_OK);
    char *children_text = grid_text(&by_children, 1), *job_text = grid_text(&by_job, 1);
    assert_string_equal(children_text, cei_buffer_cstr(&expected));
    assert_string_equal(job_text, cei_buffer_cstr(&expected));
    free(children_text);
    free(job_text);
    ce_result_free(&by_children);
    ce_result_free(&by_job);
    cei_buffer_close(&expected);
    cei_blocks_close(&results);
    test_host_close(&host);
    ce_context_close(sc);
}

/* The place of a module's content hash in plan bytes: right in front of a function's name. */
static size_t module_place(const char *plan, size_t count, const char *function)
{
    uint32_t length = (uint32_t)strlen(function) + 1;
    for (size_t i = 8; i + 4 + length <= count; i++) {
        if (memcmp(plan + i, &length, 4) == 0 && memcmp(plan + i + 4, function, length - 1) == 0) {
            return i - 8;
        }
    }
    fail_msg("the plan does not name %s", function);
    return 0;
}

/* Makes the bytes look whole: what is behind the checksum must be refused or read for what it says. */
static void fix_checksum(char *bytes, size_t count)
{
    uint64_t checksum = XXH3_64bits(bytes + 16, count - 16);
    memcpy(bytes + 8, &checksum, sizeof checksum);
}

static void a_child_without_the_module_or_the_function_names_it(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    test_host host = {.output_count = 0};
    cei_blocks none = {0};
    char text[512] = "";
    char *plan;
    void *made;
    size_t count;
    assert_int_equal(ce_plan_encode(word_counts(sc), true, &made, &count), CE_OK);
    plan = made;
    size_t place = module_place(plan, count, "split");
    plan[place] ^= 1;
    fix_checksum(plan, count);
    assert_int_equal(run_in_child(&host, plan, count, 0, &none, text, sizeof text), CE_NOT_FOUND);
    assert_non_null(strstr(text, "the module of function split (content "));
    assert_non_null(strstr(text, "is not loaded"));
    plan[place] ^= 1;
    plan[place + 8 + 4] = 'S';
    fix_checksum(plan, count);
    assert_int_equal(run_in_child(&host, plan, count, 0, &none, text, sizeof text), CE_NOT_FOUND);
    assert_non_null(strstr(text, "has no function Split"));
    assert_int_equal(none.count, 0);
    ce_free(made);
    ce_context_close(sc);
}

static void a_partition_that_the_plan_does_not_have_is_refused_in_the_child(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    test_host host = {.output_count = 0};
    cei_blocks none = {0};
    char text[512] = "";
    void *plan;
    size_t count;
    assert_int_equal(ce_plan_encode(word_counts(sc), true, &plan, &count), CE_OK);
    assert_int_equal(run_in_child(&host, plan, count, 3, &none, text, sizeof text), CE_INVALID);
    assert_string_equal(text, "the plan has no partition 3: it has 3");
    ce_free(plan);
    ce_context_close(sc);
}

/* ---- bytes that are no plan ---- */

static void a_function_for_other_rows_than_those_that_are_combined_is_refused(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *const rdds[] = {ce_combine_by_key(pairs(sc), label, add_to_labelled, add_labelled),
                            ce_combine_by_key(ce_partition_by(pairs(sc), 3), label, add_to_labelled, add_labelled)};
    for (int i = 0; i < 3; i++) {
        ce_rdd *rdd = rdds[i / 2];
        const ce_function *const merge_combiners = rdd->merge_combiners;
        ce_plan *plan;
        void *bytes;
        size_t count;
        rdd->merge_combiners = &ce_fn_add;
        assert_int_equal(ce_plan_encode(rdd, i == 0, &bytes, &count), CE_OK);
        rdd->merge_combiners = merge_combiners;
        assert_int_equal(ce_plan_decode(bytes, count, &plan), CE_CORRUPT);
        assert_string_equal(ce_last_error(), "the plan's combine_by_key does not fit the rows that it combines");
        ce_free(bytes);
    }
    ce_context_close(sc);
}

static void what_cannot_be_encoded_is_said(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    void *plan = &plan;
    size_t count = 1;
    assert_int_equal(ce_plan_encode(numbers(sc, 2), true, &plan, &count), CE_INVALID);
    assert_string_equal(ce_last_error(), "range has no shuffle below it, so it has no map side");
    assert_null(plan);
    assert_int_equal(count, 0);
    assert_int_equal(ce_plan_encode(ce_keys(numbers(sc, 2)), false, &plan, &count), CE_TYPE);
    assert_non_null(strstr(ce_last_error(), "needs pair(K, V), has int64"));
    static const ce_function stray = {
        .name = "stray", .kind = CE_FUNCTION_MAP, .in = &ce_type_int64_t, .out = &ce_type_int64_t};
    ce_rdd *strayed = ce_map_at(numbers(sc, 2), &stray, NULL, CE_SITE);
    assert_int_equal(ce_plan_encode(strayed, false, &plan, &count), CE_NOT_FOUND);
    assert_non_null(strstr(ce_last_error(), "stray"));
    assert_null(plan);
    ce_context_close(sc);
}

static bool is_refusal(ce_status status)
{
    return status == CE_CORRUPT || status == CE_NOT_FOUND || status == CE_UNSUPPORTED || status == CE_MEMORY;
}

static void a_plan_that_is_cut_anywhere_is_refused(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *all[64];
    uint32_t lineages = build_all(sc, all);
    for (uint32_t i = 0; i < lineages; i++) {
        void *bytes;
        size_t count;
        assert_int_equal(ce_plan_encode(all[i], false, &bytes, &count), CE_OK);
        for (size_t cut = 0; cut < count; cut++) {
            char *part = malloc(cut + 1); /* its own memory, so that reading behind the end is seen */
            ce_plan *plan;
            memcpy(part, bytes, cut);
            part = realloc(part, cut ? cut : 1);
            ce_status status = ce_plan_decode(part, cut, &plan);
            if (status != CE_CORRUPT) {
                fail_msg("%s cut at %zu of %zu: %s", ce_rdd_name(all[i]), cut, count, ce_status_text(status));
            }
            assert_null(plan);
            free(part);
        }
        char *longer = malloc(count + 1);
        ce_plan *plan;
        memcpy(longer, bytes, count);
        longer[count] = 0;
        assert_int_equal(ce_plan_decode(longer, count + 1, &plan), CE_CORRUPT);
        free(longer);
        ce_free(bytes);
    }
    ce_context_close(sc);
}

static void decode_mutated(const char *bytes, size_t count, bool is_known)
{
    ce_plan *plan;
    ce_status status = ce_plan_decode(bytes, count, &plan);
    if (status == CE_OK) {
        assert_true(is_known);
        ce_plan_free(plan);
        return;
    }
    assert_true(is_refusal(status));
    assert_true(ce_last_error()[0] != '\0');
    assert_null(plan);
}

static void a_plan_that_was_changed_anywhere_never_crashes_its_reader(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_rdd *all[64];
    uint32_t lineages = build_all(sc, all);
    cei_random random;
    cei_random_seed(&random, grid_seed());
    for (uint32_t i = 0; i < lineages; i++) {
        void *bytes;
        size_t count;
        assert_int_equal(ce_plan_encode(all[i], i % 2 && all[i]->shuffle, &bytes, &count), CE_OK);
        char *mutated = malloc(count);
        for (int round = 0; round < 1000; round++) {
            memcpy(mutated, bytes, count);
            for (uint64_t changes = 1 + cei_random_below(&random, 4); changes > 0; changes--) {
                static const unsigned char ends[] = {0, 1, 0x7F, 0x80, 0xFF};
                uint64_t choice = cei_random_below(&random, 10);
                unsigned char byte = choice < 5 ? ends[choice] : (unsigned char)cei_random_next(&random);
                mutated[cei_random_below(&random, count)] = (char)byte;
            }
            bool same = memcmp(mutated, bytes, count) == 0;
            decode_mutated(mutated, count, same);
            fix_checksum(mutated, count);
            decode_mutated(mutated, count, true);
        }
        free(mutated);
        ce_free(bytes);
    }
    ce_context_close(sc);
}

static void foreign_bytes_and_other_versions_are_told_apart(void **state)
{
    (void)state;
    ce_context *sc = grid_open("inline", NULL);
    ce_plan *plan;
    void *bytes;
    size_t count;
    assert_int_equal(ce_plan_decode("", 0, &plan), CE_CORRUPT);
    assert_int_equal(ce_plan_decode("not a plan, by far not one", 26, &plan), CE_CORRUPT);
    assert_string_equal(ce_last_error(), "these bytes are not a plan");
    assert_int_equal(ce_plan_encode(numbers(sc, 2), false, &bytes, &count), CE_OK);
    ((char *)bytes)[4]++;
    assert_int_equal(ce_plan_decode(bytes, count, &plan), CE_UNSUPPORTED);
    assert_non_null(strstr(ce_last_error(), "version 3"));
    ce_free(bytes);
    ce_context_close(sc);
}

static ce_status encodes_and_decodes(ce_context *sc, void *arg)
{
    (void)arg;
    ce_plan *plan;
    void *bytes;
    size_t count;
    GRID_TRY(ce_plan_encode(word_counts(sc), true, &bytes, &count));
    ce_status status = ce_plan_decode(bytes, count, &plan);
    ce_free(bytes);
    GRID_TRY(status);
    assert_int_equal(ce_plan_partitions(plan), 3);
    ce_plan_free(plan);
    return CE_OK;
}

static void short_memory_fails_a_plan_cleanly(void **state)
{
    (void)state;
    grid_run_failing(encodes_and_decodes, NULL);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "run-a-task") == 0) {
        return be_the_child();
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_node_computes_the_same_from_its_bytes),
        cmocka_unit_test(a_plan_keeps_nothing_of_its_bytes_or_of_the_context),
        cmocka_unit_test(children_that_know_only_plans_and_blocks_count_words),
        cmocka_unit_test(a_child_without_the_module_or_the_function_names_it),
        cmocka_unit_test(a_partition_that_the_plan_does_not_have_is_refused_in_the_child),
        cmocka_unit_test(what_cannot_be_encoded_is_said),
        cmocka_unit_test(a_function_for_other_rows_than_those_that_are_combined_is_refused),
        cmocka_unit_test(a_plan_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(a_plan_that_was_changed_anywhere_never_crashes_its_reader),
        cmocka_unit_test(foreign_bytes_and_other_versions_are_told_apart),
        cmocka_unit_test(short_memory_fails_a_plan_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
