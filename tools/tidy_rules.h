/*
 * tidy_rules.h: the rules of STYLE.md that a program can check, on text in memory.
 *
 * A path is relative to the root of the tree and decides which rules hold for its text. Every finding is one line,
 * "file:line: rule: what to do".
 */
#ifndef CERIUM_TIDY_RULES_H
#define CERIUM_TIDY_RULES_H

#include <stddef.h>
#include <stdio.h>

typedef struct tidy_report {
    FILE *out;
    size_t findings;
} tidy_report;

/* The folders of src/ with their levels, as tools/layers.txt lists them. */
typedef struct tidy_layers {
    struct tidy_layer {
        char folder[64];
        int level;
    } at[64];
    size_t count;
} tidy_layers;

/* Lines are "folder level"; "#" starts a comment. */
void tidy_layers_parse(tidy_layers *layers, tidy_report *report, const char *path, const char *text);

/* All rules for one file. text is NUL-terminated. */
void tidy_check_file(tidy_report *report, const tidy_layers *layers, const char *path, const char *text);

/*
 * Every source of src/ has its test beside it, or a line "path reason" in the list. paths are all files of the tree,
 * list_path and list say which sources need none.
 */
void tidy_check_tested(tidy_report *report, char *const *paths, size_t count, const char *list_path, const char *list);

/* Whether the tree's walk hands a file of this name to tidy_check_file. */
int tidy_is_checked(const char *path);

#endif
