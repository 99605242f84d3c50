/*
 * block_test.c: rows through blocks and back for random types and values, in small pieces and with rows larger than a
 * piece; where blocks live; foreign bytes; shortages.
 */
#include "base/error.h"
#include "base/fault.h"
#include "base/memory.h"
#include "data/block.h"
#include "data/random_test.h"

CE_PAIR(word_count, ce_str, int64_t);
CE_LIST(longs, int64_t);
CE_LIST(words, ce_str);
CE_LIST(word_lists, words);
CE_OPTION(maybe_word, ce_str);
CE_RECORD(row, (bool, flag), (ce_str, name), (word_lists, lists), (maybe_word, note), (longs, numbers));

enum { BLOCKS_MAX = 4000, BATCH = 7 };

typedef struct fixture {
    cei_pool *pool;
    cei_arena arena, batch;
    cei_block_writer writer;
    ce_block blocks[BLOCKS_MAX];
    uint32_t block_count;
} fixture;

static int set_up(void **state)
{
    static fixture test;
    test.block_count = 0;
    test.pool = cei_pool_open(1u << 30);
    cei_arena_open(&test.arena, test.pool, 0);
    cei_arena_open(&test.batch, test.pool, 0);
    *state = &test;
    return test.pool ? 0 : -1;
}

static void forget_blocks(fixture *test)
{
    while (test->block_count) {
        cei_block_release(&test->blocks[--test->block_count]);
    }
}

static int tear_down(void **state)
{
    fixture *test = *state;
    cei_fault_arm(0, 0);
    forget_blocks(test);
    cei_arena_close(&test->arena);
    cei_arena_close(&test->batch);
    int leaked = cei_pool_used(test->pool).used_bytes != 0;
    cei_pool_close(test->pool);
    return -leaked;
}

static void seal(fixture *test)
{
    ce_block block;
    assert_int_equal(cei_block_writer_seal(&test->writer, &block), CE_OK);
    assert_int_equal(test->writer.rows, 0);
    if (block.rows) {
        assert_int_equal((uintptr_t)block.bytes % 8, 0);
        assert_int_equal(block.byte_count % 8, 0);
        assert_int_equal(cei_block_check(test->writer.type, block.bytes, block.byte_count), CE_OK);
        assert_true(test->block_count < BLOCKS_MAX);
        test->blocks[test->block_count++] = block;
    } else {
        assert_null(block.bytes);
    }
}

static void append(fixture *test, const void *value)
{
    if (!cei_block_writer_append(&test->writer, value)) {
        seal(test);
        assert_int_equal(cei_block_writer_reserve(&test->writer, value), CE_OK);
        assert_true(cei_block_writer_append(&test->writer, value));
    }
}

/* The rows of all blocks must be these. */
static void check_rows(fixture *test, const ce_type *type, const char *rows, uint32_t count)
{
    const char *got;
    uint32_t got_count, seen = 0;
    char *scratch = test_alloc(&test->arena, (size_t)BATCH * type->bytes);
    for (uint32_t i = 0; i < test->block_count; i++) {
        cei_block_reader reader;
        cei_block_reader_open(&reader, type, &test->blocks[i]);
        assert_int_equal(reader.left, test->blocks[i].rows);
        do {
            assert_int_equal(cei_block_reader_next(&reader, BATCH, scratch, &test->batch, &got, &got_count), CE_OK);
            assert_int_equal(got == NULL, got_count == 0);
            assert_true(got_count <= BATCH && seen + got_count <= count);
            for (uint32_t k = 0; k < got_count; k++, seen++) {
                test_equal(type, got + (size_t)k * type->bytes, rows + (size_t)seen * type->bytes);
            }
            cei_arena_reset(&test->batch);
        } while (got);
    }
    assert_int_equal(seen, count);
}

static void rows_of_every_type_come_back(void **state)
{
    fixture *test = *state;
    cei_random random;
    for (uint64_t seed = 100; seed < 1100; seed++) {
        cei_random_seed(&random, seed);
        const ce_type *type = test_type(&random, &test->arena, 3);
        const uint32_t count = 1 + (uint32_t)cei_random_below(&random, 60), size = seed % 50 == 0 ? 40 : 5;
        char *rows = test_alloc(&test->arena, (size_t)count * type->bytes);
        cei_block_writer_open(&test->writer, type, test->pool);
        for (uint32_t i = 0; i < count; i++) {
            char *value = rows + (size_t)i * type->bytes;
            test_value(&random, &test->arena, type, value, size);
            append(test, value);
        }
        seal(test);
        seal(test); /* nothing left */
        check_rows(test, type, rows, count);
        cei_block_writer_close(&test->writer);
        forget_blocks(test);
        cei_arena_reset(&test->arena);
    }
}

static void many_rows_fill_ever_larger_blocks(void **state)
{
    fixture *test = *state;
    enum { ROWS = 200000 };
    static char text[40];
    word_count *rows = test_alloc(&test->arena, ROWS * sizeof *rows);
    cei_block_writer_open(&test->writer, CE_TYPE(word_count), test->pool);
    for (int64_t i = 0; i < ROWS; i++) {
        rows[i] = (word_count){{text, (uint32_t)(i * 7919 % 40)}, i};
        append(test, &rows[i]);
    }
    seal(test);
    check_rows(test, CE_TYPE(word_count), (const char *)rows, ROWS);
    assert_in_range(test->block_count, 10, 40);
    for (uint32_t i = 0; i < test->block_count; i++) {
        assert_in_range(test->blocks[i].byte_count, 1, CEI_BLOCK_LAST_BYTES);
        assert_true(i == 0 || i + 1 == test->block_count ||
                    test->blocks[i].byte_count + 64 >= test->blocks[i - 1].byte_count);
    }
}

static void flat_rows_are_appended_in_bulk_and_read_in_place(void **state)
{
    fixture *test = *state;
    enum { ROWS = 100000 };
    int32_t *rows = test_alloc(&test->arena, ROWS * sizeof *rows);
    for (int32_t i = 0; i < ROWS; i++) {
        rows[i] = i;
    }
    cei_block_writer_open(&test->writer, CE_TYPE(int32_t), test->pool);
    assert_int_equal(cei_block_writer_append_rows(&test->writer, rows, 10), 0); /* no piece yet */
    for (uint32_t done = 0; done < ROWS;) {
        done += cei_block_writer_append_rows(&test->writer, rows + done, ROWS - done);
        if (done < ROWS) {
            append(test, rows + done++);
        }
    }
    seal(test);
    check_rows(test, CE_TYPE(int32_t), (const char *)rows, ROWS);
    cei_block_reader reader;
    const char *got;
    uint32_t count;
    cei_block_reader_open(&reader, CE_TYPE(int32_t), &test->blocks[0]);
    assert_int_equal(cei_block_reader_next(&reader, 10, NULL, NULL, &got, &count), CE_OK);
    assert_ptr_equal(got, (const char *)test->blocks[0].bytes + sizeof(cei_block_header));
}

static void a_row_larger_than_a_piece_gets_a_piece_of_its_size(void **state)
{
    fixture *test = *state;
    const uint32_t bytes = 3 << 20;
    char *text = test_alloc(&test->arena, bytes);
    int64_t *numbers = test_alloc(&test->arena, bytes);
    words list = {&(ce_str){text, bytes - 3}, 1};
    row rows[] = {{true, {"a", 1}, {NULL, 0}, {false, {NULL, 9}}, {NULL, 0}},
                  {false, {text, 7}, {&list, 1}, {true, {text, bytes}}, {numbers, bytes / 8}},
                  {true, {"", 0}, {NULL, 0}, {true, {"x", 1}}, {NULL, 0}}};
    cei_block_writer_open(&test->writer, CE_TYPE(row), test->pool);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3; i++) {
            append(test, &rows[i]);
        }
    }
    seal(test);
    for (int i = 3; i > 0; i--) {
        row *all = test_alloc(&test->arena, 9 * sizeof *all);
        for (int k = 0; k < 9; k++) {
            all[k] = rows[k % 3];
        }
        check_rows(test, CE_TYPE(row), (const char *)all, 9);
    }
}

static void a_row_that_does_not_fit_leaves_no_trace(void **state)
{
    fixture *test = *state;
    static char text[4096];
    const words list = {(const ce_str[]){{text, 3000}, {text, 3000}}, 2};
    const row small = {true, {"a", 1}, {NULL, 0}, {true, {"note", 4}}, {NULL, 0}};
    const row large = {true, {text, 100}, {&list, 1}, {false, {NULL, 0}}, {NULL, 0}};
    cei_block_writer_open(&test->writer, CE_TYPE(row), test->pool);
    append(test, &small);
    const cei_block_writer before = test->writer;
    assert_false(cei_block_writer_append(&test->writer, &large));
    assert_memory_equal(&before, &test->writer, sizeof before);
    assert_int_equal(cei_block_writer_reserve(&test->writer, &large), CE_OK); /* rows wait: nothing happens */
    assert_memory_equal(&before, &test->writer, sizeof before);
    append(test, &large);
    seal(test);
    assert_int_equal(test->block_count, 2);
    check_rows(test, CE_TYPE(row), (const char *)(row[]){small, large}, 2);
}

static void small_blocks_leave_the_pool_and_large_ones_keep_their_piece(void **state)
{
    fixture *test = *state;
    static char text[9000];
    cei_block_writer_open(&test->writer, CE_TYPE(ce_str), test->pool);
    append(test, &(ce_str){text, 10});
    seal(test);
    assert_int_equal(test->blocks[0].byte_count, 32 + 16 + 16);
    assert_int_equal(cei_pool_used(test->pool).used_bytes, 0);
    append(test, &(ce_str){text, 8200});
    seal(test);
    assert_int_equal(cei_pool_used(test->pool).used_bytes, 16384);
    assert_int_equal(test->blocks[1].byte_count, 32 + 16 + 8200); /* squeezed */
    forget_blocks(test);
    assert_int_equal(cei_pool_used(test->pool).used_bytes, 0);
    append(test, &(ce_str){text, 1});
    cei_block_writer_close(&test->writer); /* rows and all */
    assert_int_equal(cei_pool_used(test->pool).used_bytes, 0);
}

static void equal_rows_give_equal_bytes(void **state)
{
    fixture *test = *state;
    static char text[100];
    for (int round = 0; round < 2; round++) {
        char *garbage = cei_pool_take(test->pool, 1 << 14);
        memset(garbage, 17 + round, 1 << 14);
        cei_pool_give(test->pool, garbage, 1 << 14);
        cei_block_writer_open(&test->writer, CE_TYPE(word_count), test->pool);
        test->writer.next_bytes = 1 << 14;
        for (int i = 0; i < 118; i++) {
            append(test, &(word_count){{text, 100}, i});
        }
        seal(test);
    }
    assert_int_equal(test->block_count, 2);
    assert_int_equal(test->blocks[0].byte_count, (1 << 14) - 16); /* the room between was not worth a move */
    assert_int_equal(test->blocks[0].byte_count, test->blocks[1].byte_count);
    const char *first = test->blocks[0].bytes, *final = test->blocks[1].bytes;
    const size_t rows_end = 32 + 118 * sizeof(word_count);
    assert_memory_equal(first, final, 32);
    assert_memory_equal(first + rows_end, final + rows_end, test->blocks[0].byte_count - rows_end);
}

static void a_checksum_is_added_once_and_checked(void **state)
{
    fixture *test = *state;
    static char text[9000];
    cei_block_writer_open(&test->writer, CE_TYPE(ce_str), test->pool);
    append(test, &(ce_str){text, 10});
    seal(test);
    append(test, &(ce_str){text, 9000});
    seal(test);
    for (uint32_t i = 0; i < test->block_count; i++) {
        ce_block *block = &test->blocks[i];
        const void *bytes = block->bytes;
        ce_block lent = {0, 0, block->rows, bytes, block->byte_count, NULL, NULL};
        assert_int_equal(cei_block_add_checksum(&lent), CE_OK); /* of a copy */
        assert_ptr_not_equal(lent.bytes, bytes);
        assert_int_equal(((const cei_block_header *)bytes)->flags, 0);
        assert_int_equal(cei_block_add_checksum(block), CE_OK);
        assert_ptr_equal(block->bytes, bytes);
        assert_memory_equal(block->bytes, lent.bytes, block->byte_count);
        assert_int_equal(cei_block_add_checksum(block), CE_OK);
        assert_int_equal(cei_block_check(CE_TYPE(ce_str), bytes, block->byte_count), CE_OK);
        ((char *)(uintptr_t)lent.bytes)[block->byte_count - 1] ^= 1;
        assert_int_equal(cei_block_check(CE_TYPE(ce_str), lent.bytes, block->byte_count), CE_CORRUPT);
        assert_non_null(strstr(ce_last_error(), "checksum"));
        cei_block_release(&lent);
        assert_null(lent.bytes);
    }
    ce_block lent = {0, 0, 1, test->blocks[0].bytes, test->blocks[0].byte_count, NULL, NULL}, empty = {0};
    assert_int_equal(cei_block_add_checksum(&empty), CE_OK);
    cei_block_release(&empty);
    ((cei_block_header *)(uintptr_t)lent.bytes)->flags = 0;
    cei_fault_arm(1, CEI_FAULT_ALLOCATION);
    assert_int_equal(cei_block_add_checksum(&lent), CE_MEMORY);
    assert_ptr_equal(lent.bytes, test->blocks[0].bytes);
    ((cei_block_header *)(uintptr_t)lent.bytes)->flags = CEI_BLOCK_HAS_CHECKSUM;
}

/* Lends what it points to. */
struct lender {
    cei_lender lender;
    const ce_block *block;
    int hints;
};

static ce_status lend(cei_lender *lender, const ce_block *lent, cei_pool *pool, ce_block *loaded)
{
    const struct lender *from = (struct lender *)lender;
    CE_TRY(cei_block_alloc(loaded, lent->byte_count, pool));
    memcpy((char *)(uintptr_t)loaded->bytes, from->block->bytes, lent->byte_count);
    loaded->partition = lent->partition;
    loaded->rows = lent->rows;
    return CE_OK;
}

static void hint(cei_lender *lender, const ce_block *lent)
{
    (void)lent;
    ((struct lender *)lender)->hints++;
}

static int returned; /* lent blocks that were released */

static void release_lent(ce_block *block)
{
    (void)block;
    returned++;
}

static void a_lent_block_is_loaded_into_the_pool(void **state)
{
    fixture *test = *state;
    cei_block_writer_open(&test->writer, CE_TYPE(ce_str), test->pool);
    append(test, &(ce_str){"word", 4});
    seal(test);
    ce_block *block = &test->blocks[0];
    const void *bytes = block->bytes;
    struct lender lender = {{lend, hint}, block, 0};
    assert_int_equal(cei_block_load(block, test->pool), CE_OK); /* not lent: as it was */
    cei_block_will_load(block);
    assert_ptr_equal(block->bytes, bytes);
    assert_int_equal(cei_block_memory_bytes(block), 0); /* small: on the heap */
    ce_block lent = {3, 0, 1, NULL, block->byte_count, release_lent, &lender};
    assert_true(cei_block_is_lent(&lent));
    cei_block_will_load(&lent);
    assert_int_equal(lender.hints, 1);
    lender.lender.will_load = NULL;
    cei_block_will_load(&lent);
    cei_fault_arm(1, CEI_FAULT_ALLOCATION);
    assert_int_equal(cei_block_load(&lent, test->pool), CE_MEMORY);
    assert_true(cei_block_is_lent(&lent));
    assert_int_equal(returned, 0);
    assert_int_equal(cei_block_load(&lent, test->pool), CE_OK);
    assert_int_equal(returned, 1);
    assert_int_equal(lent.partition, 3);
    assert_int_equal(cei_block_memory_bytes(&lent), 4096);
    assert_int_equal(cei_block_check(CE_TYPE(ce_str), lent.bytes, lent.byte_count), CE_OK);
    assert_int_equal(cei_block_add_checksum(&lent), CE_OK);
    assert_int_equal(cei_block_check_bytes(lent.bytes, lent.byte_count), CE_OK);
    for (size_t i = 0; i < lent.byte_count; i++) {
        ((char *)(uintptr_t)lent.bytes)[i] ^= 4;
        assert_int_equal(cei_block_check_bytes(lent.bytes, lent.byte_count), CE_CORRUPT);
        ((char *)(uintptr_t)lent.bytes)[i] ^= 4;
    }
    cei_block_release(&lent);
}

static void an_empty_block_has_nothing_to_read(void **state)
{
    fixture *test = *state;
    cei_block_reader reader;
    const char *rows = "";
    uint32_t count = 1;
    ce_block empty = {0};
    cei_block_reader_open(&reader, CE_TYPE(row), &empty);
    assert_int_equal(cei_block_reader_next(&reader, BATCH, NULL, &test->batch, &rows, &count), CE_OK);
    assert_null(rows);
    assert_int_equal(count, 0);
    const cei_block_header header = {
        .magic = CEI_BLOCK_MAGIC, .version = CEI_BLOCK_VERSION, .row_bytes = sizeof(row), .byte_count = sizeof header};
    assert_int_equal(cei_block_check(CE_TYPE(row), &header, sizeof header), CE_OK);
}

static void broken_headers_are_refused_with_a_sentence(void **state)
{
    fixture *test = *state;
    cei_block_writer_open(&test->writer, CE_TYPE(word_count), test->pool);
    append(test, &(word_count){{"word", 4}, 1});
    seal(test);
    const ce_block *block = &test->blocks[0];
    const size_t bytes = block->byte_count;
    _Alignas(8) char copy[256];
    cei_block_header *header = (cei_block_header *)(void *)copy;
#define REFUSE(CHANGE, COUNT, BECAUSE)                                                                                 \
    do {                                                                                                               \
        memcpy(copy, block->bytes, bytes);                                                                             \
        CHANGE;                                                                                                        \
        assert_int_equal(cei_block_check(CE_TYPE(word_count), copy, COUNT), CE_CORRUPT);                               \
        assert_non_null(strstr(ce_last_error(), BECAUSE));                                                             \
    } while (0)
    REFUSE((void)0, 31, "header");
    REFUSE((void)0, 0, "header");
    REFUSE(header->magic ^= 1, bytes, "begin");
    REFUSE(header->version = 2, bytes, "version");
    REFUSE(header->flags = 12 << CEI_BLOCK_SECTION_SHIFT, bytes, "section");
    REFUSE(header->flags = (1 | 2 << 4) << CEI_BLOCK_SECTION_SHIFT, bytes, "section");
    REFUSE(header->row_bytes = 32, bytes, "size");
    REFUSE(header->byte_count += 8, bytes, "length");
    REFUSE(header->byte_count -= 4, bytes - 4, "length");
    REFUSE((void)0, bytes - 8, "length");
    REFUSE(header->rows = 3, bytes, "fewer");
    REFUSE(header->rows = UINT32_MAX, bytes, "fewer");
    REFUSE(header->checksum = 1, bytes, "checksum");
    REFUSE(header->flags = 1, bytes, "checksum");
    REFUSE(copy[32] = 3, bytes, "outside"); /* part shorter than its distance says */
    REFUSE(copy[40] = 0, bytes, "outside"); /* no bytes, yet a distance */
    REFUSE(copy[40] = 5, bytes, "outside"); /* longer than up to the end */
    REFUSE(copy[39] = (char)0x80, bytes, "outside");
    REFUSE(copy[32] = 17, bytes, "outside"); /* inside the row */
    memcpy(copy + 8, block->bytes, bytes);
    assert_int_equal(cei_block_check(CE_TYPE(word_count), copy + 8, bytes), CE_OK);
    memcpy(copy + 4, block->bytes, bytes);
    assert_int_equal(cei_block_check(CE_TYPE(word_count), copy + 4, bytes), CE_CORRUPT);
    assert_non_null(strstr(ce_last_error(), "address"));
}

static void a_bool_that_is_neither_is_refused(void **state)
{
    fixture *test = *state;
    cei_block_writer_open(&test->writer, CE_TYPE(bool), test->pool);
    append(test, &(bool){true});
    seal(test);
    cei_block_writer_open(&test->writer, CE_TYPE(maybe_word), test->pool);
    append(test, &(maybe_word){true, {"a", 1}});
    seal(test);
    for (uint32_t i = 0; i < 2; i++) {
        ((char *)(uintptr_t)test->blocks[i].bytes)[32] = 2;
        assert_int_equal(
            cei_block_check(i ? CE_TYPE(maybe_word) : CE_TYPE(bool), test->blocks[i].bytes, test->blocks[i].byte_count),
            CE_CORRUPT);
        assert_non_null(strstr(ce_last_error(), "bool"));
    }
}

/* A list of lists whose elements all are the same bytes would take time without end to read. */
static void parts_that_are_shared_are_refused(void **state)
{
    fixture *test = *state;
    static const int64_t number = 7;
    const longs inner = {&number, 1};
    CE_LIST(long_lists, longs);
    const longs twice[] = {inner, inner};
    cei_block_writer_open(&test->writer, CE_TYPE(long_lists), test->pool);
    append(test, &(long_lists){twice, 2});
    seal(test);
    const ce_block *block = &test->blocks[0];
    char *second = (char *)(uintptr_t)block->bytes + block->byte_count - 16, *first = second - 16;
    memcpy(second, first, 8); /* its distance */
    assert_int_equal(cei_block_check(CE_TYPE(long_lists), block->bytes, block->byte_count), CE_CORRUPT);
}

static void random_changes_never_break_the_check_or_the_reader(void **state)
{
    fixture *test = *state;
    cei_random random;
    int good = 0;
    for (uint64_t seed = 5000; seed < 25000; seed++) {
        cei_random_seed(&random, seed);
        const ce_type *type = test_type(&random, &test->arena, 3);
        char *value = test_alloc(&test->arena, type->bytes);
        cei_block_writer_open(&test->writer, type, test->pool);
        for (uint64_t i = 1 + cei_random_below(&random, 4); i > 0; i--) {
            test_value(&random, &test->arena, type, value, 3);
            append(test, value);
        }
        seal(test);
        const size_t count = test->blocks[0].byte_count;
        char *bytes = cei_alloc(count); /* of this size, so that the sanitizer sees a read behind it */
        assert_non_null(bytes);
        memcpy(bytes, test->blocks[0].bytes, count);
        for (uint64_t i = cei_random_below(&random, 5); i > 0; i--) {
            const uint64_t at = cei_random_below(&random, count - 24);
            bytes[at < 8 ? at : at + 24] = (char)(cei_random_next(&random) % 256 >> cei_random_below(&random, 8));
        }
        if (cei_block_check(type, bytes, count) == CE_OK) {
            ce_block block = {0, 0, 0, bytes, count, NULL, NULL};
            cei_block_reader reader;
            const char *rows;
            uint32_t got;
            char *scratch = test_alloc(&test->arena, 8ul * type->bytes), text[100];
            cei_block_reader_open(&reader, type, &block);
            assert_int_equal(cei_block_reader_next(&reader, 8, scratch, &test->batch, &rows, &got), CE_OK);
            for (uint32_t i = 0; i < got; i++) {
                (void)ce_type_print(type, rows + (size_t)i * type->bytes, text, sizeof text);
            }
            good++;
        }
        cei_free(bytes);
        forget_blocks(test);
        cei_arena_reset(&test->batch);
        cei_arena_reset(&test->arena);
    }
    assert_in_range(good, 2000, 19000);
}

static void a_shortage_changes_nothing_and_can_be_tried_again(void **state)
{
    fixture *test = *state;
    const words list = {(const ce_str[]){{"a", 1}, {"b", 1}}, 2};
    const row value = {true, {"name", 4}, {&list, 1}, {true, {"x", 1}}, {NULL, 0}};
    cei_block_writer_open(&test->writer, CE_TYPE(row), test->pool);
    cei_fault_arm(1, CEI_FAULT_ALLOCATION | CEI_FAULT_SYSTEM_CALL);
    ce_status status = cei_block_writer_reserve(&test->writer, &value);
    assert_int_equal(status, cei_fault_delivered() ? CE_MEMORY : CE_OK);
    cei_fault_arm(0, 0);
    assert_int_equal(cei_block_writer_reserve(&test->writer, &value), CE_OK);
    assert_int_equal(cei_block_writer_reserve(&test->writer, &value), CE_OK); /* there is one already */
    assert_true(cei_block_writer_append(&test->writer, &value));
    ce_block block;
    cei_fault_arm(1, CEI_FAULT_ALLOCATION);
    assert_int_equal(cei_block_writer_seal(&test->writer, &block), CE_MEMORY);
    assert_int_equal(block.rows, 0);
    seal(test);
    cei_pool *pool = cei_pool_open(4096);
    cei_arena small;
    cei_arena_open(&small, pool, 0);
    while (cei_arena_alloc(&small, 16)) {
    }
    cei_block_reader reader;
    row scratch;
    const char *rows;
    uint32_t count;
    cei_block_reader_open(&reader, CE_TYPE(row), &test->blocks[0]);
    assert_int_equal(cei_block_reader_next(&reader, 1, (char *)&scratch, &small, &rows, &count), CE_MEMORY);
    assert_null(rows);
    assert_int_equal(count, 0);
    assert_int_equal(cei_block_reader_next(&reader, 1, (char *)&scratch, &test->batch, &rows, &count), CE_OK);
    test_equal(CE_TYPE(row), rows, &value);
    cei_arena_close(&small);
    cei_block_writer_open(&test->writer, CE_TYPE(row), pool);
    row large = value;
    large.name = (ce_str){test_alloc(&test->arena, 8192), 8192};
    assert_int_equal(cei_block_writer_reserve(&test->writer, &large), CE_MEMORY);
    assert_int_equal(cei_block_writer_reserve(&test->writer, &value), CE_OK);
    cei_block_writer_close(&test->writer);
    cei_pool_close(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_of_every_type_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_rows_fill_ever_larger_blocks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(flat_rows_are_appended_in_bulk_and_read_in_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_larger_than_a_piece_gets_a_piece_of_its_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_that_does_not_fit_leaves_no_trace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(small_blocks_leave_the_pool_and_large_ones_keep_their_piece, set_up, tear_down),
        cmocka_unit_test_setup_teardown(equal_rows_give_equal_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_checksum_is_added_once_and_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lent_block_is_loaded_into_the_pool, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_block_has_nothing_to_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(broken_headers_are_refused_with_a_sentence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bool_that_is_neither_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parts_that_are_shared_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(random_changes_never_break_the_check_or_the_reader, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_shortage_changes_nothing_and_can_be_tried_again, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
