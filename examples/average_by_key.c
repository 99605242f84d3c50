/* The mean of the numbers of each key, from lines "key,number": records as values, ce_map_values, ce_fail. */
#include <cerium/cerium.h>
#include <stdio.h>

/* A mean cannot be combined with another mean; a sum with its count can. */
CE_RECORD(total, (double, sum), (int64_t, count));
CE_PAIR(key_total, ce_str, total);

static inline key_total parse(ce_str line)
{
    ce_str rest = line, key = line;
    double number = 0;
    if (!ce_str_next_field(&rest, ',', &key) || !ce_str_to_double(rest, &number)) {
        ce_fail("not a line \"key,number\": \"%.*s\"", (int)line.bytes, line.at);
    }
    return (key_total){key, {number, 1}};
}
CE_MAP(parse, ce_str, key_total)

static inline total add(total a, total b)
{
    return (total){a.sum + b.sum, a.count + b.count};
}
CE_REDUCE(add, total)

static inline double mean(total all)
{
    return all.sum / (double)all.count;
}
CE_MAP(mean, total, double)

int ce_main(ce_context *sc, int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s IN OUT\n", argv[0]);
        return 2;
    }
    ce_rdd *numbers = ce_map(ce_text_file(sc, argv[1]), parse);
    ce_rdd *means = ce_map_values(ce_reduce_by_key(numbers, add), mean);
    return (int)ce_save_as_text_file(means, argv[2]);
}
