/* Prints the lines that contain a text and counts them: ce_filter_with, ce_count, ce_to_local_iterator. */
#include <cerium/cerium.h>
#include <stdio.h>

/* The text is the environment: it is copied when the filter is built and goes where the tasks go. */
static inline bool contains(ce_str line, const ce_str *text)
{
    return ce_str_contains(line, *text);
}
CE_FILTER_WITH(contains, ce_str, ce_str)

/* One partition of lines is in memory at a time, however many match. */
static ce_status print_lines(ce_rdd *lines)
{
    ce_local_iterator *iterator;
    ce_status status = ce_to_local_iterator(lines, &iterator);
    if (status != CE_OK) {
        return status;
    }
    const void *row = NULL;
    while ((status = ce_local_iterator_next(iterator, &row)) == CE_OK && row) {
        const ce_str *line = row;
        fwrite(line->at, 1, line->bytes, stdout);
        putchar('\n');
    }
    ce_local_iterator_free(iterator);
    return status;
}

int ce_main(ce_context *sc, int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s IN TEXT\n", argv[0]);
        return 2;
    }
    ce_str text = ce_str_of(argv[2]);
    ce_rdd *found = ce_filter_with(ce_text_file(sc, argv[1]), contains, &text);
    uint64_t count;
    ce_status status = ce_count(found, &count);
    if (status == CE_OK) {
        status = print_lines(found);
    }
    if (status == CE_OK) {
        printf("%llu lines\n", (unsigned long long)count);
    }
    return (int)status;
}
