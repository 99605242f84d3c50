/* word_count FILE OUT THREADS: counts the words of FILE into the directory OUT, as examples/word_count.c does. */
#include "bench.h"

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

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: word_count FILE OUT THREADS\n");
        return 2;
    }
    double begin = bench_seconds();
    ce_context *sc = bench_context(argv[3]);
    ce_rdd *counts = ce_reduce_by_key(ce_flat_map(ce_text_file(sc, argv[1]), split_words), add);
    bench_check(ce_save_as_text_file(counts, argv[2]));
    printf("seconds=%.6f result=0\n", bench_seconds() - begin);
    ce_context_close(sc);
    return 0;
}
