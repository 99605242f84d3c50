/*
 * sort_test.c: sorting more rows than the budget holds: in order, all of them, and through the disk.
 */
#include "support/expect.h"
#include "support/files.h"
#include "support/wide.h"

enum { SORTED_ROWS = 300000 };

/* Scattered over all of 0 .. SORTED_ROWS - 1. */
static inline text_pair scattered(int64_t row)
{
    int64_t number = row * 7919 % SORTED_ROWS;
    return (text_pair){ce_str_printf("a key of a good many bytes, of which the last tell: %08lld", (long long)number),
                       number};
}
CE_MAP(scattered, int64_t, text_pair)

static inline ce_str key_of(text_pair row)
{
    return ce_str_printf("%08lld", (long long)row.value);
}
CE_MAP(key_of, text_pair, ce_str)

static void see_spills(const ce_event *event, void *arg)
{
    _Atomic(uint64_t) *bytes = arg;
    if (event->kind == CE_EVENT_STAGE_END) {
        *bytes += event->metrics->spilled_disk_bytes;
    }
}

CE_RECORD(part_seen, (int64_t, first), (int64_t, last), (int64_t, rows), (int64_t, breaks));

/* The results of a task are memory too: what leaves is whether each row is the next one. */
static inline void look_at(ce_rows *rows, ce_emit *out)
{
    part_seen seen = {0};
    text_pair row;
    for (; ce_rows_next(rows, &row); seen.rows++) {
        seen.first = seen.rows ? seen.first : row.value;
        seen.breaks += seen.rows && row.value != seen.last + 1 && row.value != seen.last - 1;
        seen.last = row.value;
    }
    ce_emit_value(out, part_seen, seen);
}
CE_MAP_PARTITIONS(look_at, text_pair, part_seen)

static void expect_sorted(ce_rdd *sorted, bool descending)
{
    int64_t next = descending ? SORTED_ROWS - 1 : 0, step = descending ? -1 : 1;
    ce_result parts;
    if (ce_collect(ce_map_partitions(sorted, look_at), &parts) != CE_OK) {
        fail_msg("%s", ce_last_error());
    }
    for (uint64_t i = 0; i < parts.count; i++) {
        const part_seen *part = &ce_result_rows(&parts, part_seen)[i];
        assert_int_equal(part->breaks, 0);
        assert_int_equal(part->first, next);
        assert_int_equal(part->last, next + step * (part->rows - 1));
        next = part->last + step;
    }
    assert_int_equal(next, descending ? -1 : SORTED_ROWS);
    ce_result_free(&parts);
}

static void more_rows_than_memory_are_sorted(void **state)
{
    (void)state;
    const char *const masters[] = {"inline", "local[3]"};
    for (int i = 0; i < 2; i++) {
        _Atomic(uint64_t) spilled = 0;
        ce_context *sc = grid_open(masters[i], "memory_bytes_max", "8m", NULL);
        assert_int_equal(ce_add_listener(sc, see_spills, (void *)&spilled), CE_OK);
        ce_rdd *rdd = ce_map(ce_range(sc, 0, SORTED_ROWS, 1, 3), scattered);
        expect_sorted(ce_sort_by_key_n(rdd, true, 3), false);
        expect_sorted(ce_sort_by_n(rdd, key_of, false, 2), true);
        assert_true(spilled > 0);
        ce_remove_listener(sc, see_spills, (void *)&spilled);
        ce_context_close(sc);
    }
}

static void a_sort_that_finds_no_room_on_disk_says_so(void **state)
{
    (void)state;
    ce_context *sc = grid_open("local[2]", "memory_bytes_max", "8m", "spill_directory", test_path("nowhere"), NULL);
    ce_rdd *rdd = ce_map(ce_range(sc, 0, SORTED_ROWS, 1, 3), scattered);
    uint64_t count;
    assert_int_not_equal(ce_count(ce_sort_by_key_n(rdd, true, 3), &count), CE_OK);
    assert_non_null(strstr(ce_last_error(), "nowhere"));
    ce_context_close(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_rows_than_memory_are_sorted),
        cmocka_unit_test(a_sort_that_finds_no_room_on_disk_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
