/*
 * writer_test.c: every row goes into a block of the partition that its partitioner says, in order, and nothing is lost
 * when blocks fill up or memory is short.
 */
#include "base/fault.h"
#include "shuffle/writer.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

CE_PAIR(int_pair, int64_t, int64_t);
CE_PAIR(text_text, ce_str, ce_str);

enum { PARTITIONS = 5, ROWS = 30000, KEYS = 1000 };

static inline int64_t add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(add, int64_t)

static inline uint32_t last_digit(int64_t key, uint32_t count)
{
    return (uint32_t)(key % 10) % count;
}
CE_PARTITIONER(last_digit, int64_t)

static inline uint32_t too_far(int64_t key, uint32_t count)
{
    return key == 17 ? count : 0;
}
CE_PARTITIONER(too_far, int64_t)

struct run {
    cei_pool *pool;
    cei_arena arena;
    cei_share share;
    ce_task_metrics metrics;
    cei_writer writer;
};

static cei_shuffle shuffle_of(cei_partitioner_kind kind, const ce_function *function, const ce_function *combine)
{
    const ce_type *type = &ce_type_int_pair;
    bool keyed = kind == CEI_PARTITIONER_HASH || kind == CEI_PARTITIONER_FUNCTION;
    return (cei_shuffle){.partitioner = {.kind = kind, .count = PARTITIONS, .function = function},
                         .type = type,
                         .key = keyed ? type->fields[0].type : NULL,
                         .value = keyed ? type->fields[1].type : NULL,
                         .value_offset = type->fields[1].offset,
                         .combines = combine != NULL,
                         .combiner = {.row = type,
                                      .out = type,
                                      .key = type->fields[0].type,
                                      .value = type->fields[1].type,
                                      .accumulator = type->fields[1].type,
                                      .value_offset = type->fields[1].offset,
                                      .accumulator_offset = type->fields[1].offset,
                                      .merge = combine}};
}

/* As a task does it: all rows, and what the writer has to do in between. */
static ce_status push_all(cei_writer *writer, const void *rows, size_t row_bytes, uint32_t count)
{
    ce_status status = CE_OK;
    for (const char *at = rows; status == CE_OK && count;) {
        uint32_t taken = 0;
        status = cei_writer_works(writer) ? cei_writer_work(writer) : cei_writer_push(writer, at, count, &taken);
        at += taken * row_bytes;
        count -= taken;
    }
    return status;
}

static ce_status end(cei_writer *writer)
{
    ce_status status = CE_OK;
    while (status == CE_OK && cei_writer_works(writer)) { /* what was begun before */
        status = cei_writer_work(writer);
    }
    cei_writer_end(writer);
    while (status == CE_OK && cei_writer_works(writer)) {
        status = cei_writer_work(writer);
    }
    return status;
}

static struct run *open_run_with(const cei_shuffle *shuffle, const ce_type *type, uint32_t map, uint64_t share_bytes)
{
    struct run *run = calloc(1, sizeof *run);
    run->pool = cei_pool_open(UINT64_MAX);
    run->share = (cei_share){.pool = run->pool, .bytes_max = share_bytes, .metrics = &run->metrics};
    cei_arena_open(&run->arena, run->pool, 0);
    assert_int_equal(cei_writer_open(&run->writer, shuffle, type, map, &run->arena, run->pool, &run->share), CE_OK);
    return run;
}

static struct run *open_run(const cei_shuffle *shuffle, const ce_type *type, uint32_t map)
{
    return open_run_with(shuffle, type, map, UINT64_MAX);
}

static void close_run(struct run *run)
{
    cei_writer_close(&run->writer);
    cei_arena_close(&run->arena);
    assert_int_equal(cei_pool_used(run->pool).used_bytes, 0);
    cei_pool_close(run->pool);
    free(run);
}

/* Calls each for every row of every block that is ready. */
static uint64_t take_all(struct run *run, const ce_type *type,
                         void (*each)(uint32_t partition, const void *row, void *arg), void *arg)
{
    ce_block block;
    uint64_t rows_taken = 0;
    while (cei_writer_take(&run->writer, &block)) {
        cei_arena parts;
        cei_block_reader reader;
        char *scratch = malloc((size_t)100 * type->bytes);
        const char *rows;
        uint32_t count = 1;
        assert_true(block.rows > 0);
        assert_int_equal(cei_block_check(type, block.bytes, block.byte_count), CE_OK);
        cei_arena_open(&parts, run->pool, 0);
        cei_block_reader_open(&reader, type, &block);
        for (; count; rows_taken += count) {
            assert_int_equal(cei_block_reader_next(&reader, 100, scratch, &parts, &rows, &count), CE_OK);
            for (uint32_t i = 0; i < count; i++) {
                each(block.partition, rows + (size_t)i * type->bytes, arg);
            }
        }
        cei_arena_close(&parts);
        cei_block_release(&block);
        free(scratch);
    }
    return rows_taken;
}

static int_pair *some_pairs(void)
{
    int_pair *pairs = calloc(ROWS, sizeof *pairs);
    for (int64_t i = 0; i < ROWS; i++) {
        pairs[i] = (int_pair){i * 7919 % KEYS, i};
    }
    return pairs;
}

static void write_pairs(struct run *run, const int_pair *pairs)
{
    for (uint32_t i = 0, part = 1; i < ROWS; i += part, part = part * 3 % 1000 + 1) {
        uint32_t count = part < ROWS - i ? part : ROWS - i;
        assert_int_equal(push_all(&run->writer, pairs + i, sizeof *pairs, count), CE_OK);
    }
    assert_int_equal(end(&run->writer), CE_OK);
}

struct seen {
    int64_t last[PARTITIONS];
    uint64_t rows[PARTITIONS];
    uint32_t partition_of[KEYS];
    int64_t sums[KEYS];
    bool in_order;
};

static void see(uint32_t partition, const void *row, void *arg)
{
    struct seen *seen = arg;
    int_pair pair;
    memcpy(&pair, row, sizeof pair);
    assert_true(partition < PARTITIONS);
    seen->in_order &= seen->rows[partition] == 0 || pair.value > seen->last[partition];
    seen->last[partition] = pair.value;
    seen->rows[partition]++;
    if (seen->partition_of[pair.key] != UINT32_MAX && seen->partition_of[pair.key] != partition) {
        seen->partition_of[pair.key] = UINT32_MAX - 1; /* in several */
    } else {
        seen->partition_of[pair.key] = partition;
    }
    seen->sums[pair.key] += pair.value;
}

static struct seen write_and_see(const cei_shuffle *shuffle, uint32_t map)
{
    struct seen seen = {.in_order = true};
    memset(seen.partition_of, 0xFF, sizeof seen.partition_of);
    struct run *run = open_run(shuffle, &ce_type_int_pair, map);
    int_pair *pairs = some_pairs();
    write_pairs(run, pairs);
    take_all(run, &ce_type_int_pair, see, &seen);
    for (int64_t i = 0; i < ROWS; i++) {
        seen.sums[pairs[i].key] -= pairs[i].value;
    }
    for (int i = 0; i < KEYS; i++) {
        assert_int_equal(seen.sums[i], 0); /* no row lost, none twice */
    }
    free(pairs);
    close_run(run);
    return seen;
}

static void rows_go_where_the_hash_of_their_key_says_and_keep_their_order(void **state)
{
    (void)state;
    cei_shuffle shuffle = shuffle_of(CEI_PARTITIONER_HASH, NULL, NULL);
    struct seen seen = write_and_see(&shuffle, 0);
    assert_true(seen.in_order);
    for (int64_t key = 0; key < KEYS; key++) {
        uint32_t partition;
        assert_int_equal(cei_partition_of(&shuffle.partitioner, shuffle.key, &key, &partition), CE_OK);
        assert_int_equal(seen.partition_of[key], partition);
    }
}

static void rows_go_where_the_users_function_says(void **state)
{
    (void)state;
    cei_shuffle shuffle = shuffle_of(CEI_PARTITIONER_FUNCTION, &ce_fn_last_digit, NULL);
    struct seen seen = write_and_see(&shuffle, 0);
    assert_true(seen.in_order);
    for (uint32_t key = 0; key < KEYS; key++) {
        assert_int_equal(seen.partition_of[key], key % 10 % PARTITIONS);
    }
}

static void round_robin_is_even_and_starts_elsewhere_for_other_maps(void **state)
{
    (void)state;
    cei_shuffle shuffle = shuffle_of(CEI_PARTITIONER_ROUND, NULL, NULL);
    uint64_t starts = 0;
    for (uint32_t map = 0; map < 20; map++) {
        struct seen seen = write_and_see(&shuffle, map);
        assert_true(seen.in_order);
        for (uint32_t i = 0; i < PARTITIONS; i++) {
            assert_int_equal(seen.rows[i], ROWS / PARTITIONS);
        }
        struct run *run = open_run(&shuffle, &ce_type_int_pair, map);
        assert_true(run->writer.round < PARTITIONS);
        starts |= 1u << run->writer.round;
        close_run(run);
    }
    assert_true(__builtin_popcountll(starts) > 2);
}

static void rows_by_index_go_to_the_map_partitions_number(void **state)
{
    (void)state;
    cei_shuffle shuffle = shuffle_of(CEI_PARTITIONER_INDEX, NULL, NULL);
    for (uint32_t map = 0; map < 12; map += 3) {
        struct seen seen = write_and_see(&shuffle, map);
        assert_int_equal(seen.rows[map % PARTITIONS], ROWS);
    }
}

static void equal_keys_leave_as_one_row(void **state)
{
    (void)state;
    cei_shuffle shuffle = shuffle_of(CEI_PARTITIONER_HASH, NULL, &ce_fn_add);
    struct seen seen = write_and_see(&shuffle, 0);
    uint64_t rows = 0;
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        rows += seen.rows[i];
    }
    assert_int_equal(rows, KEYS);
    for (int64_t key = 0; key < KEYS; key++) {
        uint32_t partition;
        assert_int_equal(cei_partition_of(&shuffle.partitioner, shuffle.key, &key, &partition), CE_OK);
        assert_int_equal(seen.partition_of[key], partition);
    }
}

static void an_answer_out_of_range_is_refused(void **state)
{
    (void)state;
    cei_shuffle shuffle = shuffle_of(CEI_PARTITIONER_FUNCTION, &ce_fn_too_far, NULL);
    struct run *run = open_run(&shuffle, &ce_type_int_pair, 0);
    const int_pair pairs[] = {{1, 1}, {17, 2}};
    assert_int_equal(push_all(&run->writer, pairs, sizeof *pairs, 1), CE_OK);
    assert_int_equal(push_all(&run->writer, pairs + 1, sizeof *pairs, 1), CE_USER);
    close_run(run);
}

struct texts {
    uint64_t next;
};

static void see_text(uint32_t partition, const void *row, void *arg)
{
    struct texts *seen = arg;
    text_text pair;
    char expected[32];
    memcpy(&pair, row, sizeof pair);
    assert_int_equal(partition, 0);
    int bytes = snprintf(expected, sizeof expected, "%d", (int)seen->next);
    assert_int_equal(pair.key.bytes, bytes);
    assert_memory_equal(pair.key.at, expected, pair.key.bytes);
    assert_int_equal(pair.value.bytes, seen->next % 7 ? seen->next % 50 : 100000 * (seen->next % 30));
    for (uint32_t i = 0; i < pair.value.bytes; i++) {
        assert_int_equal(pair.value.at[i], 'v');
    }
    seen->next++;
}

/* The plain output of a result stage: one partition, rows of every size, some larger than a block. */
static void a_result_keeps_all_rows_in_order_however_large(void **state)
{
    (void)state;
    enum { TEXTS = 500 };
    struct run *run = open_run(NULL, &ce_type_text_text, 3);
    struct texts seen = {0};
    char *value = malloc(3000000);
    memset(value, 'v', 3000000);
    for (uint32_t i = 0; i < TEXTS; i++) {
        char key[32];
        int bytes = snprintf(key, sizeof key, "%u", i);
        const text_text row = {{key, (uint32_t)bytes}, {value, i % 7 ? i % 50 : 100000 * (i % 30)}};
        assert_int_equal(push_all(&run->writer, &row, sizeof row, 1), CE_OK);
    }
    assert_int_equal(end(&run->writer), CE_OK);
    assert_int_equal(take_all(run, &ce_type_text_text, see_text, &seen), TEXTS);
    free(value);
    close_run(run);
}

static void without_rows_there_are_no_blocks(void **state)
{
    (void)state;
    cei_shuffle plain = shuffle_of(CEI_PARTITIONER_HASH, NULL, NULL),
                combining = shuffle_of(CEI_PARTITIONER_HASH, NULL, &ce_fn_add);
    const cei_shuffle *const shuffles[] = {NULL, &plain, &combining};
    for (int i = 0; i < 3; i++) {
        struct run *run = open_run(shuffles[i], &ce_type_int_pair, 0);
        ce_block block;
        assert_int_equal(end(&run->writer), CE_OK);
        assert_false(cei_writer_take(&run->writer, &block));
        close_run(run);
    }
}

struct many {
    uint64_t rows, sum, wrong_section, cut, rows_of_key_zero;
};

static void write_many(const cei_shuffle *shuffle, uint64_t share_bytes, uint32_t rows, uint32_t keys, bool skewed,
                       struct many *many)
{
    struct run *run = open_run_with(shuffle, &ce_type_int_pair, 0, share_bytes);
    ce_block block;
    for (uint32_t at = 0; at < rows;) {
        int_pair batch[500];
        for (uint32_t i = 0; i < 500; i++, at++) {
            batch[i] = (int_pair){(int64_t)(skewed && at % 10 ? at % 7 : at * (uint64_t)2654435761 % keys), 1};
        }
        assert_int_equal(push_all(&run->writer, batch, sizeof *batch, 500), CE_OK);
    }
    assert_int_equal(end(&run->writer), CE_OK);
    while (cei_writer_take(&run->writer, &block)) {
        uint32_t bits, section;
        cei_block_section(&block, &bits, &section);
        const int_pair *pairs = (const int_pair *)(const void *)((const char *)block.bytes + sizeof(cei_block_header));
        for (uint32_t i = 0; i < block.rows; i++) {
            uint32_t partition;
            cei_partitioner finer = {.kind = CEI_PARTITIONER_HASH, .count = (uint32_t)PARTITIONS << bits};
            assert_int_equal(cei_partition_of(&finer, shuffle->key, &pairs[i].key, &partition), CE_OK);
            many->wrong_section += partition != (block.partition << bits | section);
            many->sum += (uint64_t)pairs[i].value;
            many->rows_of_key_zero += pairs[i].key == 0;
        }
        many->rows += block.rows;
        many->cut += bits ? block.rows : 0;
        cei_block_release(&block);
    }
    close_run(run);
}

static void large_outputs_are_cut_into_sections(void **state)
{
    (void)state;
    cei_shuffle shuffle = shuffle_of(CEI_PARTITIONER_HASH, NULL, NULL);
    struct many many = {0};
    write_many(&shuffle, UINT64_MAX, 400000, 400000, false, &many);
    assert_int_equal(many.rows, 400000);
    assert_int_equal(many.wrong_section, 0);
    assert_true(many.cut > 200000 && many.cut < 400000);
}

static void a_table_that_does_not_make_rows_fewer_is_given_up(void **state)
{
    (void)state;
    cei_shuffle shuffle = shuffle_of(CEI_PARTITIONER_HASH, NULL, &ce_fn_add);
    struct many many = {0};
    write_many(&shuffle, UINT64_MAX, 2000000, 1000000, false, &many);
    assert_int_equal(many.sum, 2000000);
    assert_true(many.rows > 1500000); /* in one table they would be 1000000 */
}

static void a_table_beyond_its_share_is_emptied_and_goes_on(void **state)
{
    (void)state;
    cei_shuffle shuffle = shuffle_of(CEI_PARTITIONER_HASH, NULL, &ce_fn_add);
    struct many many = {0};
    write_many(&shuffle, 400000, 2000000, 10000, true, &many);
    assert_int_equal(many.sum, 2000000);
    assert_int_equal(many.wrong_section, 0);
    assert_true(many.rows > 10000 && many.rows < 1000000);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    cei_shuffle plain = shuffle_of(CEI_PARTITIONER_ROUND, NULL, NULL),
                combining = shuffle_of(CEI_PARTITIONER_HASH, NULL, &ce_fn_add);
    const cei_shuffle *const shuffles[] = {NULL, &plain, &combining};
    int_pair *pairs = some_pairs();
    for (int i = 0; i < 3; i++) {
        bool delivered = true;
        for (int64_t nth = 1; delivered; nth++) {
            cei_pool *pool = cei_pool_open(UINT64_MAX);
            cei_arena arena;
            cei_writer writer;
            ce_task_metrics metrics = {0};
            cei_share share = {.pool = pool, .bytes_max = UINT64_MAX, .metrics = &metrics};
            cei_arena_open(&arena, pool, 0);
            cei_fault_arm(nth, CEI_FAULT_ALLOCATION);
            ce_status status = cei_writer_open(&writer, shuffles[i], &ce_type_int_pair, 0, &arena, pool, &share);
            for (uint32_t at = 0; at < ROWS && status == CE_OK; at += 1000) {
                status = push_all(&writer, pairs + at, sizeof *pairs, 1000);
            }
            status = status == CE_OK ? end(&writer) : status;
            delivered = cei_fault_delivered();
            cei_fault_arm(0, CEI_FAULT_ALLOCATION);
            assert_true(status == CE_OK || (delivered && status == CE_MEMORY));
            cei_writer_close(&writer);
            cei_arena_close(&arena);
            assert_int_equal(cei_pool_used(pool).used_bytes, 0);
            cei_pool_close(pool);
        }
    }
    free(pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_go_where_the_hash_of_their_key_says_and_keep_their_order),
        cmocka_unit_test(rows_go_where_the_users_function_says),
        cmocka_unit_test(round_robin_is_even_and_starts_elsewhere_for_other_maps),
        cmocka_unit_test(rows_by_index_go_to_the_map_partitions_number),
        cmocka_unit_test(equal_keys_leave_as_one_row),
        cmocka_unit_test(an_answer_out_of_range_is_refused),
        cmocka_unit_test(a_result_keeps_all_rows_in_order_however_large),
        cmocka_unit_test(without_rows_there_are_no_blocks),
        cmocka_unit_test(large_outputs_are_cut_into_sections),
        cmocka_unit_test(a_table_that_does_not_make_rows_fewer_is_given_up),
        cmocka_unit_test(a_table_beyond_its_share_is_emptied_and_goes_on),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
