/*
 * key_test.c: two keys have the same cell and text exactly when they compare equal, whatever their type and place, and
 * a cell gives its key back.
 */
#include "base/fault.h"
#include "data/random_test.h"
#include "shuffle/key.h"
#include <stdlib.h>
#include <sys/mman.h>

CE_PAIR(text_pair, ce_str, int64_t);

static uint64_t seed(void)
{
    const char *text = getenv("CERIUM_TEST_SEED");
    return text ? strtoull(text, NULL, 10) : 20240229;
}

static void make(cei_keys *keys, const ce_type *type, const void *values, uint32_t count, cei_buffer *scratch)
{
    keys->slots = NULL;
    keys->mask = keys->slot_bytes = 0;
    assert_int_equal(cei_keys_make(keys, type, cei_key_form_of(type), values, type->bytes, count, scratch), CE_OK);
}

/* The text of key i, empty for a short one. */
static ce_str text_of(const cei_keys *keys, uint32_t i)
{
    for (uint32_t j = 0; j < keys->long_count; j++) {
        if (keys->longs[j] == i) {
            assert_true(cei_cell_is_long(&keys->cells[i]));
            return keys->texts[j];
        }
    }
    assert_false(cei_cell_is_long(&keys->cells[i]));
    return (ce_str){"", 0};
}

static bool same(const cei_keys *keys, uint32_t i, uint32_t j)
{
    const cei_cell *x = &keys->cells[i], *y = &keys->cells[j];
    bool same_cells = x->a == y->a && x->b == y->b;
    bool same_texts = ce_str_equal(text_of(keys, i), text_of(keys, j));
    assert_true(!same_cells || x->hash == y->hash);
    assert_true(!same_cells || same_texts); /* a meeting of 120-bit fingerprints would be a mistake in them */
    return same_cells;
}

static void keys_of_random_types_are_the_same_when_they_compare_equal(void **state)
{
    (void)state;
    enum { COUNT = 60, TYPES = 150 };
    static cei_keys keys;
    cei_random random;
    cei_random_seed(&random, seed());
    cei_pool *pool = cei_pool_open(UINT64_MAX);
    for (int round = 0; round < TYPES; round++) {
        cei_arena arena;
        cei_buffer scratch = {0};
        cei_arena_open(&arena, pool, 0);
        const ce_type *type = test_type(&random, &arena, 3);
        char *values = test_alloc(&arena, (size_t)COUNT * type->bytes);
        for (uint32_t i = 0; i < COUNT; i++) {
            test_value(&random, &arena, type, values + (size_t)i * type->bytes, 1 + (uint32_t)(round % 30));
        }
        make(&keys, type, values, COUNT, &scratch);
        for (uint32_t i = 0; i < COUNT; i++) {
            const char *value = values + (size_t)i * type->bytes;
            assert_true(keys.cells[i].b != 0); /* which would be no key */
            for (uint32_t j = 0; j < i; j++) {
                if (same(&keys, i, j) != cei_value_equal(type, value, values + (size_t)j * type->bytes)) {
                    char a[300], b[300];
                    fail_msg("%s and %s", ce_type_print(type, value, a, sizeof a),
                             ce_type_print(type, values + (size_t)j * type->bytes, b, sizeof b));
                }
            }
            char *back = test_alloc(&arena, type->bytes);
            assert_int_equal(
                cei_key_value(type, cei_key_form_of(type), &keys.cells[i], text_of(&keys, i), back, &arena), CE_OK);
            test_equal(type, back, value);
        }
        cei_buffer_close(&scratch);
        cei_arena_close(&arena);
    }
    cei_pool_close(pool);
}

/* Every length up to a page's, right before memory that cannot be read, and again behind other bytes. */
static void strings_are_read_to_their_end_and_no_further(void **state)
{
    (void)state;
    enum { PAGE = 4096, LENGTHS = 60 };
    static cei_keys keys;
    cei_buffer scratch = {0};
    char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), copy[PAGE];
    assert_ptr_not_equal(pages, MAP_FAILED);
    assert_int_equal(mprotect(pages + PAGE, PAGE, PROT_NONE), 0);
    for (int i = 0; i < PAGE; i++) {
        pages[i] = (char)(i % 7 ? i * 31 : 0);
    }
    for (uint32_t bytes = 0; bytes < LENGTHS; bytes++) {
        memset(copy, 0xEE, sizeof copy);
        memcpy(copy + 5, pages + PAGE - bytes, bytes);
        ce_str strs[] = {{pages + PAGE - bytes, bytes},
                         {copy + 5, bytes},
                         {copy + 5, bytes + 1},
                         {pages + PAGE - bytes - 1, bytes + 1}};
        make(&keys, CE_TYPE(ce_str), strs, 4, &scratch);
        assert_true(same(&keys, 0, 1));
        assert_false(same(&keys, 0, 2));
        assert_false(same(&keys, 0, 3));
    }
    const ce_str empty[] = {{NULL, 0}, {pages + PAGE, 0}, {"", 0}};
    make(&keys, CE_TYPE(ce_str), empty, 3, &scratch);
    assert_true(same(&keys, 0, 1) && same(&keys, 0, 2));
    munmap(pages, 2 * PAGE);
}

static void a_text_and_the_same_text_with_zeros_behind_are_two_keys(void **state)
{
    (void)state;
    static cei_keys keys;
    static const char zeros[32];
    ce_str strs[32];
    cei_buffer scratch = {0};
    for (uint32_t i = 0; i < 32; i++) {
        strs[i] = (ce_str){zeros, i};
    }
    make(&keys, CE_TYPE(ce_str), strs, 32, &scratch);
    for (uint32_t i = 0; i < 32; i++) {
        for (uint32_t j = 0; j < i; j++) {
            assert_false(same(&keys, i, j));
        }
    }
}

static void a_key_has_the_same_partition_alone_as_among_others(void **state)
{
    (void)state;
    static cei_keys keys;
    const text_pair pairs[] = {
        {{"", 0}, 1}, {ce_str_of("a text of more than fifteen bytes"), 2}, {ce_str_of("short"), -3}};
    cei_buffer scratch = {0};
    make(&keys, CE_TYPE(text_pair), pairs, 3, &scratch);
    for (uint32_t count = 1; count < 100; count++) {
        cei_partitioner partitioner = {.kind = CEI_PARTITIONER_HASH, .count = count};
        for (uint32_t i = 0; i < 3; i++) {
            uint32_t partition = 1000;
            assert_int_equal(cei_partition_of(&partitioner, CE_TYPE(text_pair), &pairs[i], &partition), CE_OK);
            assert_true(partition < count);
            assert_int_equal(partition, cei_hash_partition(keys.cells[i].hash, count));
        }
    }
    cei_buffer_close(&scratch);
}

static void a_hash_meets_every_partition_of_any_count(void **state)
{
    (void)state;
    assert_int_equal(cei_hash_partition(0, 7), 0);
    assert_int_equal(cei_hash_partition(UINT32_MAX, 7), 6);
    assert_int_equal(cei_hash_partition(UINT32_MAX, UINT32_MAX), UINT32_MAX - 1);
    for (uint32_t count = 1; count < 200; count++) {
        uint32_t last = 0;
        for (uint64_t hash = 0; hash <= UINT32_MAX; hash += UINT32_MAX / 1000) {
            uint32_t partition = cei_hash_partition((uint32_t)hash, count);
            assert_true(partition == last || partition == last + 1);
            last = partition;
        }
        assert_int_equal(last, count - 1);
    }
}

static void short_memory_is_said(void **state)
{
    (void)state;
    static cei_keys keys;
    const text_pair pair = {ce_str_of("a text"), 1};
    cei_buffer scratch = {0};
    cei_fault_arm(1, CEI_FAULT_ALLOCATION);
    ce_status status =
        cei_keys_make(&keys, CE_TYPE(text_pair), CEI_KEY_WIRE, (const char *)&pair, sizeof pair, 1, &scratch);
    assert_true(cei_fault_delivered());
    cei_fault_arm(0, CEI_FAULT_ALLOCATION);
    assert_int_equal(status, CE_MEMORY);
    cei_buffer_close(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_random_types_are_the_same_when_they_compare_equal),
        cmocka_unit_test(strings_are_read_to_their_end_and_no_further),
        cmocka_unit_test(a_text_and_the_same_text_with_zeros_behind_are_two_keys),
        cmocka_unit_test(a_key_has_the_same_partition_alone_as_among_others),
        cmocka_unit_test(a_hash_meets_every_partition_of_any_count),
        cmocka_unit_test(short_memory_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
