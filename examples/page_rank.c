/* Ranks pages by who links to them, from lines "from to": lists in records, iteration, ce_take_ordered_by. */
#include <cerium/cerium.h>
#include <stdio.h>
#include <stdlib.h>

CE_LIST(links, ce_str);
CE_RECORD(page, (double, rank), (links, to));
CE_PAIR(link, ce_str, ce_str);
CE_PAIR(named_page, ce_str, page);

static inline void parse(ce_str line, ce_emit *out)
{
    ce_str from, to;
    if (ce_str_next_word(&line, &from) && ce_str_next_word(&line, &to)) {
        ce_emit_value(out, link, {from, to});
    }
}
CE_FLAT_MAP(parse, ce_str, link)

static inline page first_rank(links to)
{
    return (page){1.0, to};
}
CE_MAP(first_rank, links, page)

/* A page sends its links to itself and shares its rank among the pages that it links to. Both are parts of a page, so
 * that adding up all parts gives the pages of the next round, with no join. */
static inline void send(named_page from, ce_emit *out)
{
    const links *to = &from.value.to;
    ce_emit_value(out, named_page, {from.key, {0, *to}});
    for (uint32_t i = 0; i < to->count; i++) {
        ce_emit_value(out, named_page, {to->at[i], {from.value.rank / to->count, {NULL, 0}}});
    }
}
CE_FLAT_MAP(send, named_page, named_page)

static inline page add(page a, page b)
{
    return (page){a.rank + b.rank, a.to.count ? a.to : b.to};
}
CE_REDUCE(add, page)

static inline page damp(page sum)
{
    return (page){0.15 + 0.85 * sum.rank, sum.to};
}
CE_MAP(damp, page, page)

/* The highest rank first; of equal ranks the page whose name comes first. */
static inline int by_rank(named_page a, named_page b)
{
    int order = (a.value.rank < b.value.rank) - (a.value.rank > b.value.rank);
    return order ? order : ce_str_compare(a.key, b.key);
}
CE_COMPARE(by_rank, named_page)

int ce_main(ce_context *sc, int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s LINKS ROUNDS PAGES\n", argv[0]);
        return 2;
    }
    ce_rdd *known_links = ce_distinct(ce_flat_map(ce_text_file(sc, argv[1]), parse));
    ce_rdd *pages = ce_map_values(ce_group_by_key(known_links), first_rank);
    for (int rounds = atoi(argv[2]); rounds > 0; rounds--) {
        pages = ce_map_values(ce_reduce_by_key(ce_flat_map(pages, send), add), damp);
    }
    ce_result best;
    ce_status status = ce_take_ordered_by(pages, strtoull(argv[3], NULL, 10), by_rank, &best);
    for (uint64_t i = 0; status == CE_OK && i < best.count; i++) {
        named_page row = ce_result_rows(&best, named_page)[i];
        printf("%.*s\t%.6f\n", (int)row.key.bytes, row.key.at, row.value.rank);
    }
    ce_result_free(&best);
    return (int)status;
}
