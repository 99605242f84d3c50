/*
 * Each rule of tidy with a text that breaks it and one that keeps it.
 */
#include "tidy_rules.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OPENING "/*\n * A source.\n */\n"

static char *printed;
static size_t printed_bytes;

static tidy_report open_report(void)
{
    return (tidy_report){.out = open_memstream(&printed, &printed_bytes)};
}

static void close_report(tidy_report *report, const char *wanted)
{
    fclose(report->out);
    assert_string_equal(printed, wanted);
    size_t lines = 0;
    for (size_t i = 0; i < printed_bytes; i++) {
        lines += printed[i] == '\n';
    }
    assert_int_equal(report->findings, lines);
    free(printed);
}

/* What the rules say about a file must be exactly wanted: "" is a clean file. */
static void expect(const char *path, const char *text, const char *wanted)
{
    tidy_report report = open_report();
    tidy_layers layers;
    tidy_layers_parse(&layers, &report, "tools/layers.txt",
                      "# a comment\nbase 0\nconf 1\ndata 1 # beside conf\nrdd 3\nrdd/op 4\naction 7\n\n");
    tidy_check_file(&report, &layers, path, text);
    close_report(&report, wanted);
}

static void expect_tested(char **paths, size_t count, const char *list, const char *wanted)
{
    tidy_report report = open_report();
    tidy_check_tested(&report, paths, count, "tools/untested.txt", list);
    close_report(&report, wanted);
}

/* head, then piece count times, then tail. The caller frees it. */
static char *repeated(const char *head, const char *piece, size_t count, const char *tail)
{
    size_t head_bytes = strlen(head), piece_bytes = strlen(piece), tail_bytes = strlen(tail);
    char *text = malloc(head_bytes + piece_bytes * count + tail_bytes + 1);
    assert_non_null(text);
    memcpy(text, head, head_bytes);
    for (size_t i = 0; i < count; i++) {
        memcpy(text + head_bytes + i * piece_bytes, piece, piece_bytes);
    }
    memcpy(text + head_bytes + count * piece_bytes, tail, tail_bytes + 1);
    return text;
}

static void expect_repeated(const char *path, const char *head, const char *piece, size_t count, const char *tail,
                            const char *wanted)
{
    char *text = repeated(head, piece, count, tail);
    expect(path, text, wanted);
    free(text);
}

static void a_line_has_at_most_120_columns(void **state)
{
    (void)state;
    expect_repeated("bench/x.c", "", "x", 120, "\n", "");
    expect_repeated("bench/x.c", "", "x", 121, "\n",
                    "bench/x.c:1: columns: has 121; break the line before column 121\n");
    expect_repeated("bench/x.c", "// ", "\xC3\xA9", 117, "\n", "");
}

static void blanks_are_spaces_and_end_no_line(void **state)
{
    (void)state;
    expect("tests/x.sh", "a b\n    c\n", "");
    expect("tests/x.sh", "a\n\tb\n", "tests/x.sh:2: tab: indent with 4 spaces\n");
    expect("tests/x.sh", "a \n", "tests/x.sh:1: trailing blank: remove it\n");
    expect("tests/x.sh", "a\r\n", "tests/x.sh:1: line end: end lines with LF alone\n");
    expect("tests/x.sh", "a\nb", "tests/x.sh:2: line end: end the last line with LF\n");
}

static void unfinished_work_is_named(void **state)
{
    (void)state;
    /* In two halves, as in the rule. */
    /* clang-format off */
    expect("bench/x.c", "// TO" "DO later\n", "bench/x.c:1: unfinished: TO" "DO: do it, or leave it out\n");
    expect("bench/x.c", "// x FIX" "ME\n", "bench/x.c:1: unfinished: FIX" "ME: do it, or leave it out\n");
    expect("bench/x.c", "// (XX" "X)\n", "bench/x.c:1: unfinished: XX" "X: do it, or leave it out\n");
    expect("bench/x.c", "// HA" "CK\n", "bench/x.c:1: unfinished: HA" "CK: do it, or leave it out\n");
    /* clang-format on */
    expect("bench/x.c", "// /tmp/run.XXXXXX, TODOS, hackney\n", "");
}

static void a_file_has_at_most_1000_lines_and_an_operator_400(void **state)
{
    (void)state;
    expect_repeated("bench/x.c", "", "\n", 1000, "", "");
    expect_repeated("bench/x.c", "", "\n", 1001, "",
                    "bench/x.c:1001: file size: has 1001 lines of at most 1000; split it by noun\n");
    expect_repeated("src/rdd/op/x.c", OPENING, "\n", 397, "", "");
    expect_repeated("src/rdd/op/x.c", OPENING, "\n", 398, "",
                    "src/rdd/op/x.c:401: file size: has 401 lines of at most 400; split it by noun\n");
    expect_repeated("src/action/x.c", OPENING, "\n", 398, "",
                    "src/action/x.c:401: file size: has 401 lines of at most 400; split it by noun\n");
    expect_repeated("src/action/x_test.c", OPENING, "\n", 398, "", "");
}

static void a_function_has_at_most_70_lines(void **state)
{
    (void)state;
    expect_repeated("bench/x.c", "int f(void)\n{\n", "    g();\n", 68, "}\n", "");
    expect_repeated("bench/x.c", "int f(void)\n{\n", "    g();\n", 69, "}\n",
                    "bench/x.c:2: function size: has 71 lines of at most 70; move a step of it out\n");
    expect_repeated("bench/x.c", "static const int list[] = {\n", "    1,\n", 100, "};\n", "");
}

static void a_function_opens_on_a_line_of_its_own(void **state)
{
    (void)state;
    expect("bench/x.c", "int f(void) {\n}\n",
           "bench/x.c:1: brace: put a function's opening brace on a line of its own\n");
    expect("bench/x.c", "static int f(void) { return 1; }\nstruct __attribute__((packed)) x {\n};\n", "");
}

static void a_source_opens_with_an_essay(void **state)
{
    (void)state;
    static const char wanted[] =
        "src/base/x.c:1: opening: open with a comment of two lines or more: what this file is, and why\n";
    expect("src/base/x.c", OPENING, "");
    expect("src/base/x.c", "// A source,\n// and why.\n", "");
    expect("src/base/x.c", "/* A source. */\nint x;\n", wanted);
    expect("src/base/x.c", "// A source.\nint x;\n", wanted);
    expect("src/base/x.c", "int x;\n", wanted);
    expect("src/base/x.h", "int x;\n", "");
}

static void system_calls_go_through_base(void **state)
{
    (void)state;
    static const char call[] = OPENING "static void f(void) { x = malloc(1); }\n";
    expect("src/rdd/x.c", call, "src/rdd/x.c:4: call: malloc: use cei_alloc (base/memory.h) or an arena\n");
    expect("src/base/x.c", call, "");
    expect("src/rdd/x_test.c", call, "");
    expect("cli/x.c", "static void f(void) { x = malloc(1); }\n", "");
    expect("cli/x.c", "static void f(void) { strcpy(a, b); }\n",
           "cli/x.c:1: call: strcpy: use memcpy with a known length, or cei_buffer_text (base/buffer.h)\n");
    expect("src/rdd/x.c", OPENING "int f(void)\n{\n    return time\n        (0) + my_time(0);\n}\n",
           "src/rdd/x.c:6: call: time: use cei_clock_wall_ms (base/clock.h)\n");
}

static void a_name_in_prose_or_in_a_struct_is_no_call(void **state)
{
    (void)state;
    expect("src/rdd/x.c",
           OPENING "// malloc(1)\n"
                   "/* free(x),\n   read(x) */\n"
                   "static const char *s = \"open(\\\"write(1)\";\n"
                   "static char c = '\\'', d = '\"'; // close(1)\n"
                   "static void f(struct op *op) { op->open(op); op->at.close(op); op-> read(op); int free = time; }\n",
           "");
    expect("src/rdd/x.c", OPENING "static char c = '\"';\nstatic void f(void) { free(\"\"); }\n",
           "src/rdd/x.c:5: call: free: use cei_free (base/memory.h)\n");
}

static void includes_go_downward(void **state)
{
    (void)state;
    expect("src/rdd/op/x.c",
           OPENING "#include \"x.h\"\n#include \"rdd/op/y.h\"\n#include \"rdd/node.h\"\n#include <stdio.h>\n"
                   "#include <cerium/rdd.h>\n// #include \"action/job.h\"\n",
           "");
    expect("src/rdd/x.c", OPENING "#include \"rdd/op/y.h\"\n",
           "src/rdd/x.c:4: layers: rdd (level 3) cannot see \"rdd/op/y.h\" (level 4); "
           "move what both need into a lower folder, or pass it in from above\n");
    expect("src/conf/x.h", "#  include <data/y.h>\n",
           "src/conf/x.h:1: layers: conf (level 1) cannot see \"data/y.h\" (level 1); "
           "move what both need into a lower folder, or pass it in from above\n");
    expect("src/conf/x.h", "#include \"other/y.h\"\n",
           "src/conf/x.h:1: layers: \"other/y.h\": write \"folder/name.h\" with a folder of tools/layers.txt\n");
    expect("src/conf/x_test.c", OPENING "#include \"support/y.h\"\n", "");
    expect("src/news/x.h", "#include \"base/y.h\"\n",
           "src/news/x.h:1: layers: add the folder with its level to tools/layers.txt\n");
}

static void programs_see_public_headers_only(void **state)
{
    (void)state;
    static const char rest[] =
        ": include <cerium/...> and system headers only; what is missing there belongs into a public header\n";
    char wanted[256];
    expect("cli/x.c", "#include \"x.h\"\n#include <cerium/cerium.h>\n#include <stdio.h>\n", "");
    expect("include/cerium/x.h", "#include \"status.def\"\n#include <stdint.h>\n", "");
    snprintf(wanted, sizeof wanted, "cli/x.c:1: layers: base/x.h%s", rest);
    expect("cli/x.c", "#include \"base/x.h\"\n", wanted);
    snprintf(wanted, sizeof wanted, "examples/x.c:1: layers: x.h%s", rest);
    expect("examples/x.c", "#include \"x.h\"\n", wanted);
    snprintf(wanted, sizeof wanted, "include/cerium/x.h:1: layers: base/x.h%s", rest);
    expect("include/cerium/x.h", "#include <base/x.h>\n", wanted);
}

static void a_layer_is_a_folder_and_a_number(void **state)
{
    (void)state;
    tidy_report report = open_report();
    tidy_layers layers;
    tidy_layers_parse(&layers, &report, "tools/layers.txt", "base\nconf 1 2\ndata 1\n");
    assert_int_equal(layers.count, 1);
    close_report(&report, "tools/layers.txt:1: layers: write a folder and its level\n"
                          "tools/layers.txt:2: layers: write a folder and its level\n");
}

static void a_source_has_a_test_or_a_reason(void **state)
{
    (void)state;
    char *paths[] = {"src/a.c", "src/a_test.c", "src/b.c", "src/b.h", "tests/c.c"};
    expect_tested(paths, 5, "# why\nsrc/b.c is a table\n", "");
    expect_tested(paths, 5, "",
                  "src/b.c:1: untested: write its _test.c beside it, or say in tools/untested.txt why it needs none\n");
    expect_tested(paths, 5, "src/b.c\n", "tools/untested.txt:1: untested: say behind src/b.c why it needs no test\n");
    expect_tested(paths, 5, "src/b.c x\nsrc/a.c x\n",
                  "tools/untested.txt:2: untested: src/a.c has a test; remove the line\n");
    expect_tested(paths, 5, "src/b.c x\nsrc/d.c x\n",
                  "tools/untested.txt:2: untested: src/d.c is gone; remove the line\n");
}

static void data_files_are_left_alone(void **state)
{
    (void)state;
    assert_true(tidy_is_checked("src/base/x.c"));
    assert_true(tidy_is_checked("include/cerium/status.def"));
    assert_true(tidy_is_checked("script/test"));
    assert_true(tidy_is_checked("bench/run"));
    assert_false(tidy_is_checked("tests/golden/rows.txt"));
    assert_false(tidy_is_checked("tests/golden/rows.tsv"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_at_most_120_columns),
        cmocka_unit_test(blanks_are_spaces_and_end_no_line),
        cmocka_unit_test(unfinished_work_is_named),
        cmocka_unit_test(a_file_has_at_most_1000_lines_and_an_operator_400),
        cmocka_unit_test(a_function_has_at_most_70_lines),
        cmocka_unit_test(a_function_opens_on_a_line_of_its_own),
        cmocka_unit_test(a_source_opens_with_an_essay),
        cmocka_unit_test(system_calls_go_through_base),
        cmocka_unit_test(a_name_in_prose_or_in_a_struct_is_no_call),
        cmocka_unit_test(includes_go_downward),
        cmocka_unit_test(programs_see_public_headers_only),
        cmocka_unit_test(a_layer_is_a_folder_and_a_number),
        cmocka_unit_test(a_source_has_a_test_or_a_reason),
        cmocka_unit_test(data_files_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
