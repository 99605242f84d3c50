/* Counts the words of text files and shows the lineage: ce_text_file, ce_flat_map, ce_reduce_by_key,
 * ce_to_debug_string, ce_save_as_text_file. */
#include <cerium/cerium.h>
#include <stdio.h>

CE_PAIR(word_count, ce_str, int64_t);

static inline void split_words(ce_str line, ce_emit *out)
{
    ce_str word;
    ce_words words = ce_words_of(line);
    while (ce_words_next(&words, &word)) {
        ce_emit_value(out, word_count, {word, 1});
    }
}
CE_FLAT_MAP(split_words, ce_str, word_count)

static inline int64_t add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(add, int64_t)

int ce_main(ce_context *sc, int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s IN OUT\n", argv[0]);
        return 2;
    }
    ce_rdd *lines = ce_text_file(sc, argv[1]);
    ce_rdd *words = ce_flat_map(lines, split_words);
    ce_rdd *counts = ce_reduce_by_key(words, add);
    char *lineage;
    if (ce_to_debug_string(counts, &lineage) == CE_OK) {
        fputs(lineage, stdout);
        ce_free(lineage);
    }
    return (int)ce_save_as_text_file(counts, argv[2]);
}
