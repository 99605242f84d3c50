/* Which files each word is in: ce_whole_text_files, ce_distinct, ce_group_by_key, lists. */
#include <cerium/cerium.h>
#include <stdio.h>
#include <stdlib.h>

CE_PAIR(file, ce_str, ce_str);    /* path, content */
CE_PAIR(posting, ce_str, ce_str); /* word, name of a file */
CE_LIST(names, ce_str);

static inline void post_words(file in, ce_emit *out)
{
    ce_str word, name = in.key;
    while (ce_str_next_field(&in.key, '/', &name)) { /* the last part of the path is the file's name */
    }
    while (ce_str_next_word(&in.value, &word)) {
        ce_emit_value(out, posting, {word, name});
    }
}
CE_FLAT_MAP(post_words, file, posting)

static int compare_names(const void *a, const void *b)
{
    return ce_str_compare(*(const ce_str *)a, *(const ce_str *)b);
}

/* The values of a row may not be written to: what is sorted is a copy in the batch's memory. */
static inline names sorted(names in)
{
    ce_str *copy = ce_batch_alloc(in.count * sizeof *copy);
    memcpy(copy, in.at, in.count * sizeof *copy);
    qsort(copy, in.count, sizeof *copy, compare_names);
    return (names){copy, in.count};
}
CE_MAP(sorted, names, names)

int ce_main(ce_context *sc, int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s FOLDER OUT\n", argv[0]);
        return 2;
    }
    ce_rdd *files = ce_whole_text_files(sc, argv[1]);
    ce_rdd *postings = ce_distinct(ce_flat_map(files, post_words));
    ce_rdd *index = ce_map_values(ce_group_by_key(postings), sorted);
    return (int)ce_save_as_text_file(index, argv[2]);
}
