/*
 * Lines against a splitter that goes byte by byte: all cuts of small texts, random reads, texts larger than a read,
 * long lines, and counting from every state.
 */
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "io/line_reader.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
/* cmocka last: it needs the headers above. */
#include <cmocka.h>

/* ---- what is obviously right ---- */

struct span {
    size_t at, bytes;
};

/* The lines of a text; returns how many. */
static size_t split(const char *text, size_t bytes, struct span *lines)
{
    size_t count = 0, start = 0;
    for (size_t i = 0; i < bytes; i++) {
        bool is_pair = text[i] == '\r' && i + 1 < bytes && text[i + 1] == '\n';
        if (text[i] == '\n' || text[i] == '\r') {
            lines[count++] = (struct span){start, i - start};
            i += is_pair;
            start = i + 1;
        }
    }
    if (start < bytes) {
        lines[count++] = (struct span){start, bytes - start};
    }
    return count;
}

/* ---- a text as a source, in reads of any size ---- */

struct text_source {
    cei_byte_source source;
    const char *text;
    size_t bytes, at;
    size_t read_bytes_max; /* 0: no limit */
    cei_random *random;    /* sizes vary */
};

static ce_status read_text(cei_byte_source *source, void *to, size_t room, size_t *got)
{
    struct text_source *from = (struct text_source *)source;
    size_t most = from->read_bytes_max && from->read_bytes_max < room ? from->read_bytes_max : room;
    if (from->random) {
        most = 1 + (size_t)cei_random_below(from->random, most);
    }
    *got = from->bytes - from->at < most ? from->bytes - from->at : most;
    if (*got) {
        memcpy(to, from->text + from->at, *got);
    }
    from->at += *got;
    return CE_OK;
}

static cei_pool *pool;
static cei_run run;

static int open_run(void **state)
{
    (void)state;
    pool = cei_pool_open((uint64_t)2 << 30);
    run = (cei_run){.pool = pool, .batch_rows = 1024};
    cei_arena_open(&run.arena, pool, 0);
    return pool ? 0 : -1;
}

static int close_run(void **state)
{
    (void)state;
    cei_arena_close(&run.arena);
    assert_int_equal(cei_pool_used(pool).used_bytes, 0);
    cei_pool_close(pool);
    return 0;
}

/* How to read a range. */
struct way {
    size_t begin, end; /* end: SIZE_MAX: open */
    uint32_t room;
    size_t read_bytes_max;
    cei_random *random;
    const cei_line_masks *masks; /* NULL: best */
    size_t count_after;          /* lines after which the rest is counted */
};

static void open_reader(cei_line_reader *reader, struct text_source *source, const char *text, size_t bytes,
                        const struct way *way)
{
    *source = (struct text_source){.source.read = read_text, .text = text, .bytes = bytes, .random = way->random};
    source->read_bytes_max = way->read_bytes_max;
    source->at = way->begin;
    uint64_t end = way->end == SIZE_MAX ? CEI_LINE_END_OPEN : way->end;
    cei_line_reader_open(reader, &run, &source->source, "text", way->begin, end);
    if (way->masks) {
        reader->masks = way->masks;
    }
}

/* The lines of the range, whose previous byte is in it, compared as they come; the rest counted. Returns how many
 * there were. */
static size_t check_range(const char *text, size_t bytes, const struct span *lines, size_t line_count,
                          const struct way *way)
{
    struct text_source source;
    cei_line_reader reader;
    open_reader(&reader, &source, text, bytes, way);
    size_t first = 0, last = line_count, seen = 0;
    while (way->begin && first < line_count && lines[first].at <= way->begin) {
        first++;
    }
    while (last > first && lines[last - 1].at > way->end) {
        last--;
    }
    static ce_str batch[4096];
    uint32_t count;
    cei_pull pulled = CEI_ROWS;
    while (seen < way->count_after && (pulled = cei_line_reader_next(&reader, batch, way->room, &count)) == CEI_ROWS) {
        assert_in_range(count, 1, way->room);
        for (uint32_t i = 0; i < count; i++, seen++) {
            if (first + seen >= last) {
                fail_msg("line %zu of [%zu, %zu) is one too many", seen, way->begin, way->end);
            }
            struct span want = lines[first + seen];
            if (batch[i].bytes != want.bytes || memcmp(batch[i].at, text + want.at, want.bytes) != 0) {
                fail_msg("line %zu of [%zu, %zu) in %zu bytes, reads of %zu, room %u: got %u bytes, wanted %zu at %zu",
                         seen, way->begin, way->end, bytes, way->read_bytes_max, way->room, batch[i].bytes, want.bytes,
                         want.at);
            }
        }
    }
    uint64_t left;
    assert_int_equal(cei_line_reader_count(&reader, &left), CEI_END);
    assert_true(pulled == CEI_ROWS || left == 0);
    if (seen + left != last - first) {
        fail_msg("[%zu, %zu) of %zu bytes, reads of %zu, room %u: %zu lines seen, %llu counted, wanted %zu", way->begin,
                 way->end, bytes, way->read_bytes_max, way->room, seen, (unsigned long long)left, last - first);
    }
    assert_int_equal(cei_line_reader_next(&reader, batch, 1, &count), CEI_END);
    cei_line_reader_close(&reader);
    return last - first;
}

static size_t random_text(cei_random *random, char *text, size_t bytes, uint64_t ends_in_16)
{
    for (size_t i = 0; i < bytes; i++) {
        uint64_t draw = cei_random_below(random, 16);
        text[i] = draw < ends_in_16 ? "\n\r"[cei_random_below(random, 2)] : (char)('a' + draw);
        if (i && text[i - 1] == '\r' && cei_random_below(random, 2)) {
            text[i] = '\n';
        }
    }
    return bytes;
}

/* ---- tests ---- */

static void every_cut_at_every_byte_gives_each_line_once(void **state)
{
    (void)state;
    cei_random random;
    cei_random_seed(&random, 1);
    char text[80];
    struct span lines[80];
    for (int round = 0; round < 300; round++) {
        size_t bytes =
            random_text(&random, text, (size_t)cei_random_below(&random, 20), 1 + cei_random_below(&random, 12));
        size_t line_count = split(text, bytes, lines);
        for (size_t a = 0; a <= bytes; a++) {
            for (size_t b = a; b <= bytes; b++) {
                size_t cuts[] = {0, a, b, bytes}, total = 0;
                for (int part = 0; part < 3; part++) {
                    if (cuts[part] < cuts[part + 1]) {
                        struct way way = {cuts[part], cuts[part + 1], 1 + (uint32_t)(a % 3), 0, NULL, NULL, SIZE_MAX};
                        total += check_range(text, bytes, lines, line_count, &way);
                    }
                }
                assert_int_equal(total, line_count);
            }
        }
    }
}

static void lines_do_not_depend_on_how_much_is_read_at_once(void **state)
{
    (void)state;
    cei_random random;
    cei_random_seed(&random, 2);
    static char text[3000];
    static struct span lines[3000];
    for (int round = 0; round < 200; round++) {
        size_t bytes = random_text(&random, text, (size_t)cei_random_below(&random, sizeof text), (uint64_t)round % 13);
        size_t line_count = split(text, bytes, lines);
        for (size_t read_bytes_max = 1; read_bytes_max < 140; read_bytes_max = read_bytes_max * 3 / 2 + 1) {
            struct way way = {0,    SIZE_MAX, 1 + (uint32_t)cei_random_below(&random, 70), read_bytes_max, NULL,
                              NULL, SIZE_MAX};
            way.random = round % 2 ? &random : NULL;
            way.count_after = round % 3 ? SIZE_MAX : (size_t)cei_random_below(&random, line_count + 1);
            check_range(text, bytes, lines, line_count, &way);
        }
    }
}

static void all_instruction_sets_find_the_same_lines_in_texts_larger_than_a_read(void **state)
{
    (void)state;
    enum { BYTES = 3 * CEI_LINE_READ_BYTES + 777 };
    char *text = cei_alloc(BYTES);
    struct span *lines = cei_alloc(BYTES * sizeof *lines);
    cei_random random;
    cei_random_seed(&random, 3);
    for (uint64_t round = 0; round < 4; round++) {
        random_text(&random, text, BYTES, round * 5);
        /* A line end around each read's end. */
        for (size_t at = CEI_LINE_READ_BYTES; at < BYTES; at += CEI_LINE_READ_BYTES) {
            memcpy(text + at - 1, round % 2 ? "\r\n" : "\rx", 2);
        }
        size_t line_count = split(text, BYTES, lines);
        for (const cei_line_masks *const *masks = cei_line_masks_all(); *masks; masks++) {
            struct way way = {0, BYTES, 1024, 0, NULL, *masks, SIZE_MAX};
            check_range(text, BYTES, lines, line_count, &way);
            way.count_after = 0;
            check_range(text, BYTES, lines, line_count, &way);
            way.begin = CEI_LINE_READ_BYTES - 5 + (size_t)cei_random_below(&random, 10);
            way.end = 2 * CEI_LINE_READ_BYTES - 5 + (size_t)cei_random_below(&random, 10);
            check_range(text, BYTES, lines, line_count, &way);
            way.count_after = 1 + (size_t)cei_random_below(&random, 5000);
            check_range(text, BYTES, lines, line_count, &way);
        }
    }
    cei_free(lines);
    cei_free(text);
}

static void long_lines_grow_the_memory_and_give_it_back(void **state)
{
    (void)state;
    const size_t long_bytes = (size_t)100 << 20, bytes = long_bytes + 3000000;
    char *text = cei_alloc(bytes);
    memset(text, 'x', bytes);
    struct span *lines = cei_alloc(400 * sizeof *lines);
    text[5] = text[long_bytes] = '\n';
    text[long_bytes + 1] = '\r';
    for (size_t i = 0; i < 300; i++) {
        text[long_bytes + 100 + i * (i + 60) * 27] = '\n'; /* lines of 1.6 to 18 KB */
    }
    size_t line_count = split(text, bytes, lines);
    struct way way = {0, bytes, 100, 0, NULL, NULL, SIZE_MAX};
    check_range(text, bytes, lines, line_count, &way);
    way.end = 10; /* a short range whose last line is the long one */
    check_range(text, bytes, lines, line_count, &way);
    way = (struct way){10, bytes, 100, 0, NULL, NULL, SIZE_MAX}; /* a range that begins inside it */
    check_range(text, bytes, lines, line_count, &way);
    way = (struct way){0, bytes, 100, 0, NULL, NULL, 2};
    check_range(text, bytes, lines, line_count, &way);
    cei_free(lines);
    cei_free(text);
}

static void a_line_longer_than_the_memory_budget_is_a_clean_failure(void **state)
{
    (void)state;
    cei_run *small = &run;
    cei_pool *before = run.pool;
    small->pool = cei_pool_open(3 << 20);
    const size_t bytes = 8 << 20;
    char *text = cei_alloc(bytes);
    memset(text, 'x', bytes);
    struct text_source source;
    cei_line_reader reader;
    struct way way = {0, bytes, 1, 0, NULL, NULL, SIZE_MAX};
    open_reader(&reader, &source, text, bytes, &way);
    ce_str line;
    uint32_t count;
    assert_int_equal(cei_line_reader_next(&reader, &line, 1, &count), CEI_FAILED);
    assert_int_equal(run.status, CE_MEMORY);
    assert_non_null(strstr(run.error, "text: the line at byte 0: "));
    cei_line_reader_close(&reader);
    cei_free(text);
    cei_pool_close(small->pool);
    run.pool = before;
    run.status = CE_OK;
}

static void a_source_that_ends_before_its_range_is_reported(void **state)
{
    (void)state;
    struct text_source source;
    cei_line_reader reader;
    struct way way = {0, 10, 8, 0, NULL, NULL, SIZE_MAX};
    ce_str lines[8];
    uint32_t count;
    uint64_t counted;
    for (int counting = 0; counting < 2; counting++) {
        open_reader(&reader, &source, "a\nb", 3, &way);
        if (counting) {
            assert_int_equal(cei_line_reader_count(&reader, &counted), CEI_FAILED);
        } else {
            assert_int_equal(cei_line_reader_next(&reader, lines, 8, &count), CEI_ROWS);
            assert_int_equal(count, 1);
            assert_int_equal(cei_line_reader_next(&reader, lines, 8, &count), CEI_FAILED);
        }
        assert_int_equal(run.status, CE_IO);
        assert_string_equal(run.error, "text: ends at byte 3, though it had 10 bytes: it shrank");
        run.status = CE_OK;
        cei_line_reader_close(&reader);
    }
}

static void a_cancelled_task_stops_at_the_next_read(void **state)
{
    (void)state;
    _Atomic(bool) cancelled = true;
    run.cancelled = &cancelled;
    struct text_source source;
    cei_line_reader reader;
    struct way way = {0, 4, 8, 0, NULL, NULL, SIZE_MAX};
    open_reader(&reader, &source, "a\nb\n", 4, &way);
    ce_str lines[8];
    uint32_t count;
    assert_int_equal(cei_line_reader_next(&reader, lines, 8, &count), CEI_FAILED);
    assert_int_equal(run.status, CE_CANCELLED);
    run.status = CE_OK;
    run.cancelled = NULL;
    cei_line_reader_close(&reader);
}

static ce_status wait_then_read(cei_byte_source *source, void *to, size_t room, size_t *got)
{
    source->waiting = !source->waiting;
    *got = 0;
    return source->waiting ? CE_OK : read_text(source, to, room, got);
}

static void a_waiting_source_is_asked_again(void **state)
{
    (void)state;
    struct text_source source;
    cei_line_reader reader;
    struct way way = {0, SIZE_MAX, 8, 1, NULL, NULL, SIZE_MAX};
    open_reader(&reader, &source, "ab\r\nc", 5, &way);
    source.source.read = wait_then_read;
    ce_str lines[8];
    uint32_t count, wants = 0, seen = 0;
    for (cei_pull pulled; (pulled = cei_line_reader_next(&reader, lines, 8, &count)) != CEI_END;) {
        if (pulled == CEI_WANT) {
            wants++;
            continue;
        }
        assert_int_equal(pulled, CEI_ROWS);
        assert_int_equal(count, 1);
        assert_true(ce_str_equal(lines[0], ce_str_of(seen++ ? "c" : "ab")));
    }
    assert_int_equal(seen, 2);
    assert_int_equal(wants, 6);
    cei_line_reader_close(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_at_every_byte_gives_each_line_once),
        cmocka_unit_test(lines_do_not_depend_on_how_much_is_read_at_once),
        cmocka_unit_test(all_instruction_sets_find_the_same_lines_in_texts_larger_than_a_read),
        cmocka_unit_test(long_lines_grow_the_memory_and_give_it_back),
        cmocka_unit_test(a_line_longer_than_the_memory_budget_is_a_clean_failure),
        cmocka_unit_test(a_source_that_ends_before_its_range_is_reported),
        cmocka_unit_test(a_cancelled_task_stops_at_the_next_read),
        cmocka_unit_test(a_waiting_source_is_asked_again),
    };
    return cmocka_run_group_tests(tests, open_run, close_run);
}
