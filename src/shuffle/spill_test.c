/*
 * spill_test.c: blocks come back from a spill file as they went, whoever wrote them; what was damaged is named with its
 * place; a failure leaves the block in memory; no file is left, neither in the folder nor open.
 */
#include "base/error.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/thread.h"
#include "shuffle/spill.h"
#include "support/files.h"
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

CE_PAIR(word_count, ce_str, int64_t);

enum { BLOCKS = 100, THREADS = 2 };

typedef struct fixture {
    cei_pool *pool;
    const char *directory;
    cei_spill_file *file;
    int descriptors; /* open before */
} fixture;

static int count_entries(const char *path)
{
    int count = 0;
    DIR *directory = opendir(path);
    while (readdir(directory)) {
        count++;
    }
    (void)closedir(directory);
    return count;
}

static int set_up(void **state)
{
    static fixture test;
    test.pool = cei_pool_open(1u << 30);
    test.directory = test_folder("spill");
    test.descriptors = count_entries("/proc/self/fd");
    *state = &test;
    return cei_spill_open(&test.file, test.directory) == CE_OK ? 0 : -1;
}

/* By now nobody holds a block. */
static int tear_down(void **state)
{
    fixture *test = *state;
    cei_fault_arm(0, 0);
    cei_spill_drop(test->file);
    bool open = count_entries("/proc/self/fd") != test->descriptors, left = count_entries(test->directory) != 2;
    bool used = cei_pool_used(test->pool).used_bytes != 0;
    cei_pool_close(test->pool);
    return open || left || used ? -1 : 0;
}

/* rows strings of which row i has seed + i % 50 bytes, or flat numbers from seed on. */
static ce_block make_block(cei_pool *pool, bool flat, uint32_t seed, uint32_t rows)
{
    char text[200];
    ce_block block;
    cei_block_writer writer;
    memset(text, 'a' + (int)(seed % 26), sizeof text);
    cei_block_writer_open(&writer, flat ? CE_TYPE(int64_t) : CE_TYPE(word_count), pool);
    writer.next_bytes = 256 << 10;
    for (uint32_t i = 0; i < rows; i++) {
        word_count pair;
        memset(&pair, 0, sizeof pair); /* the room between the fields is compared too */
        pair.key = (ce_str){text, seed % 100 + i % 50};
        pair.value = i;
        const int64_t number = seed + i;
        const void *row = flat ? (const void *)&number : &pair;
        assert_int_equal(cei_block_writer_reserve(&writer, row), CE_OK);
        assert_true(cei_block_writer_append(&writer, row));
    }
    assert_int_equal(cei_block_writer_seal(&writer, &block), CE_OK);
    cei_block_writer_close(&writer);
    block.partition = seed;
    return block;
}

/* The rows of a block are those that make_block made. */
static void assert_rows(cei_pool *pool, const ce_block *block, bool flat, uint32_t seed, uint32_t rows)
{
    ce_block want = make_block(pool, flat, seed, rows);
    assert_int_equal(block->partition, seed);
    assert_int_equal(block->rows, rows);
    assert_int_equal(block->byte_count, want.byte_count);
    assert_int_equal(cei_block_check(flat ? CE_TYPE(int64_t) : CE_TYPE(word_count), block->bytes, block->byte_count),
                     CE_OK);
    assert_int_equal(cei_block_add_checksum(&want), CE_OK);
    assert_memory_equal(block->bytes, want.bytes, want.byte_count);
    cei_block_release(&want);
}

static void rows_come_back_as_they_went(void **state)
{
    fixture *test = *state;
    for (int round = 0; round < 4; round++) {
        const bool flat = round & 1;
        const uint32_t rows = round & 2 ? 2000 : 3; /* from the pool, or the heap */
        ce_block block = make_block(test->pool, flat, 7, rows);
        uint64_t written, more = 1;
        if (round == 0) {
            assert_int_equal(cei_block_add_checksum(&block), CE_OK); /* has one already */
        }
        const size_t bytes = block.byte_count;
        assert_int_equal(cei_spill_block(test->file, &block, &written), CE_OK);
        assert_int_equal(written, bytes);
        assert_true(cei_block_is_lent(&block));
        assert_int_equal(block.rows, rows);
        assert_int_equal(block.byte_count, bytes);
        assert_int_equal(cei_pool_used(test->pool).used_bytes, 0);
        assert_int_equal(count_entries(test->directory), 2);
        const void *owner = block.owner;
        assert_int_equal(cei_spill_block(test->file, &block, &more), CE_OK); /* lent: stays as it is */
        assert_ptr_equal(block.owner, owner);
        assert_int_equal(more, 0);
        cei_block_will_load(&block);
        assert_int_equal(cei_block_load(&block, test->pool), CE_OK);
        assert_true(cei_pool_used(test->pool).used_bytes > 0);
        assert_rows(test->pool, &block, flat, 7, rows);
        cei_block_release(&block);
    }
}

static void a_block_of_someone_else_is_not_written_to(void **state)
{
    fixture *test = *state;
    ce_block block = make_block(test->pool, true, 1, 10), view = block;
    view.release = NULL;
    view.owner = NULL;
    assert_int_equal(cei_spill_block(test->file, &view, NULL), CE_OK);
    assert_int_equal(((const cei_block_header *)block.bytes)->flags, 0);
    assert_int_equal(cei_block_load(&view, test->pool), CE_OK);
    assert_rows(test->pool, &view, true, 1, 10);
    cei_block_release(&view);
    cei_block_release(&block);
}

struct writing {
    fixture *test;
    uint32_t first;
    ce_block blocks[BLOCKS / THREADS];
    bool failed;
};

static void *write_blocks(void *arg)
{
    struct writing *writing = arg;
    for (uint32_t i = 0; i < BLOCKS / THREADS; i++) {
        writing->failed |= cei_spill_block(writing->test->file, &writing->blocks[i], NULL) != CE_OK;
    }
    return NULL;
}

static void threads_write_side_by_side_and_the_file_lives_as_long_as_its_blocks(void **state)
{
    fixture *test = *state;
    static struct writing writing[THREADS];
    cei_thread threads[THREADS];
    for (uint32_t t = 0; t < THREADS; t++) {
        writing[t] = (struct writing){test, t * BLOCKS / THREADS, {{0}}, false};
        for (uint32_t i = 0; i < BLOCKS / THREADS; i++) {
            const uint32_t seed = writing[t].first + i;
            writing[t].blocks[i] = make_block(test->pool, seed % 2, seed, 1 + seed * 17);
        }
    }
    for (uint32_t t = 0; t < THREADS; t++) {
        assert_int_equal(cei_thread_start(&threads[t], "spill", write_blocks, &writing[t]), CE_OK);
    }
    for (uint32_t t = 0; t < THREADS; t++) {
        cei_thread_join(&threads[t]);
        assert_false(writing[t].failed);
    }
    cei_spill_drop(test->file);
    test->file = NULL;
    assert_int_equal(count_entries("/proc/self/fd"), test->descriptors + 1);
    for (uint32_t seed = 0; seed < BLOCKS; seed++) {
        ce_block *block = &writing[seed / (BLOCKS / THREADS)].blocks[seed % (BLOCKS / THREADS)];
        assert_int_equal(cei_block_load(block, test->pool), CE_OK);
        assert_rows(test->pool, block, seed % 2, seed, 1 + seed * 17);
        cei_block_release(block);
    }
    assert_int_equal(count_entries("/proc/self/fd"), test->descriptors);
}

static void a_damaged_byte_is_named_with_its_place(void **state)
{
    fixture *test = *state;
    char want[1000];
    ce_block first = make_block(test->pool, true, 0, 5), block = make_block(test->pool, false, 2, 20);
    const size_t at = first.byte_count, bytes = block.byte_count;
    assert_int_equal(cei_spill_block(test->file, &first, NULL), CE_OK);
    assert_int_equal(cei_spill_block(test->file, &block, NULL), CE_OK);
    snprintf(want, sizeof want, "spill file in %s at byte %zu: ", test->directory, at);
    for (size_t i = 0; i < bytes; i++) {
        char byte;
        assert_int_equal(pread(cei_spill_descriptor(test->file), &byte, 1, (off_t)(at + i)), 1);
        byte ^= (char)(1 << i % 8);
        assert_int_equal(pwrite(cei_spill_descriptor(test->file), &byte, 1, (off_t)(at + i)), 1);
        assert_int_equal(cei_block_load(&block, test->pool), CE_CORRUPT);
        assert_int_equal(strncmp(ce_last_error(), want, strlen(want)), 0);
        assert_true(cei_block_is_lent(&block));
        byte ^= (char)(1 << i % 8);
        if (i + 1 < bytes) { /* the last one stays damaged */
            assert_int_equal(pwrite(cei_spill_descriptor(test->file), &byte, 1, (off_t)(at + i)), 1);
        }
    }
    assert_int_equal(cei_block_load(&block, test->pool), CE_CORRUPT);
    assert_string_equal(ce_last_error() + strlen(want), "the checksum differs");
    assert_int_equal(ftruncate(cei_spill_descriptor(test->file), (off_t)(at + 40)), 0);
    assert_int_equal(cei_block_load(&block, test->pool), CE_CORRUPT);
    assert_non_null(strstr(ce_last_error(), "it ends behind 40 of "));
    assert_int_equal(cei_block_load(&first, test->pool), CE_OK); /* others are not touched by it */
    cei_block_release(&first);
    cei_block_release(&block);
}

static void a_failure_leaves_the_block_as_it_was(void **state)
{
    fixture *test = *state;
    ce_block block = make_block(test->pool, true, 3, 2000), before = block;
    uint64_t written = 1;
    cei_fault_arm(1, CEI_FAULT_SYSTEM_CALL);
    assert_int_equal(cei_spill_block(test->file, &block, &written), CE_IO);
    assert_non_null(strstr(ce_last_error(), "spill file in "));
    assert_non_null(strstr(ce_last_error(), test->directory));
    assert_memory_equal(&block, &before, sizeof block);
    assert_int_equal(written, 0);
    cei_fault_arm(1, CEI_FAULT_ALLOCATION);
    assert_int_equal(cei_spill_block(test->file, &block, NULL), CE_MEMORY);
    assert_memory_equal(&block, &before, sizeof block);
    assert_int_equal(cei_spill_block(test->file, &block, NULL), CE_OK); /* behind the hole */
    before = block;
    cei_fault_arm(1, CEI_FAULT_ALLOCATION);
    assert_int_equal(cei_block_load(&block, test->pool), CE_MEMORY);
    cei_pool_give(test->pool, cei_pool_take(test->pool, block.byte_count), block.byte_count);
    cei_fault_arm(1, CEI_FAULT_SYSTEM_CALL); /* the pool has an idle piece, so this is the reading */
    assert_int_equal(cei_block_load(&block, test->pool), CE_IO);
    assert_non_null(strstr(ce_last_error(), "spill file in "));
    assert_memory_equal(&block, &before, sizeof block);
    assert_int_equal(cei_block_load(&block, test->pool), CE_OK);
    assert_rows(test->pool, &block, true, 3, 2000);
    cei_block_release(&block);
}

static void a_folder_that_is_not_there_is_named(void **state)
{
    fixture *test = *state;
    cei_spill_file *file;
    const char *missing = test_path("no such folder");
    assert_int_equal(cei_spill_open(&file, missing), CE_NOT_FOUND);
    assert_null(file);
    assert_non_null(strstr(ce_last_error(), missing));
    for (int64_t nth = 1; nth < 4; nth++) {
        cei_fault_arm(nth, CEI_FAULT_ALLOCATION | CEI_FAULT_SYSTEM_CALL);
        ce_status status = cei_spill_open(&file, test->directory);
        assert_true(status == CE_OK || (status == CE_MEMORY && !file));
        cei_spill_drop(file);
    }
    cei_fault_arm(0, 0);
    assert_int_equal(setenv("TMPDIR", test->directory, 1), 0);
    assert_int_equal(cei_spill_open(&file, NULL), CE_OK);
    cei_spill_drop(file);
    assert_int_equal(setenv("TMPDIR", missing, 1), 0);
    assert_int_equal(cei_spill_open(&file, NULL), CE_NOT_FOUND);
    assert_int_equal(unsetenv("TMPDIR"), 0);
    cei_spill_drop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_come_back_as_they_went, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_block_of_someone_else_is_not_written_to, set_up, tear_down),
        cmocka_unit_test_setup_teardown(threads_write_side_by_side_and_the_file_lives_as_long_as_its_blocks, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_byte_is_named_with_its_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_leaves_the_block_as_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_is_not_there_is_named, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
