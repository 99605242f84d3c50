/* Delays by airline and on the busiest routes of flights.csv (nycflights13): options for values that may be missing. */
#include <cerium/cerium.h>
#include <stdio.h>

CE_OPTION(minutes, int64_t);
CE_RECORD(flight, (ce_str, carrier), (ce_str, route), (minutes, delay));
CE_RECORD(summary, (int64_t, flights), (int64_t, landed), (int64_t, delay_sum));
CE_PAIR(named_summary, ce_str, summary);

enum { ARR_DELAY = 8, CARRIER = 9, ORIGIN = 12, DEST = 13, COLUMNS = 19 };

/* A flight that never arrived has NA as its delay. The first line of the file has the names of the columns. */
static inline void parse(ce_str line, ce_emit *out)
{
    ce_str column[COLUMNS];
    int count = 0;
    while (count < COLUMNS && ce_str_next_field(&line, ',', &column[count])) {
        count++;
    }
    if (count == COLUMNS && !ce_str_equal(column[CARRIER], ce_str_of("carrier"))) {
        minutes delay = {false, 0};
        delay.present = ce_str_to_int64(column[ARR_DELAY], &delay.value);
        /* The places are neighbours, so that a route is a part of the line, such as "EWR,IAH". */
        ce_str route = {column[ORIGIN].at, column[ORIGIN].bytes + 1 + column[DEST].bytes};
        ce_emit_value(out, flight, {column[CARRIER], route, delay});
    }
}
CE_FLAT_MAP(parse, ce_str, flight)

static inline named_summary by_carrier(flight in)
{
    return (named_summary){in.carrier, {1, in.delay.present, in.delay.present ? in.delay.value : 0}};
}
CE_MAP(by_carrier, flight, named_summary)

static inline named_summary by_route(flight in)
{
    return (named_summary){in.route, by_carrier(in).value};
}
CE_MAP(by_route, flight, named_summary)

static inline summary add(summary a, summary b)
{
    return (summary){a.flights + b.flights, a.landed + b.landed, a.delay_sum + b.delay_sum};
}
CE_REDUCE(add, summary)

static inline int busiest_first(named_summary a, named_summary b)
{
    int order = (a.value.flights < b.value.flights) - (a.value.flights > b.value.flights);
    return order ? order : ce_str_compare(a.key, b.key);
}
CE_COMPARE(busiest_first, named_summary)

static void print(ce_result *rows)
{
    for (uint64_t i = 0; i < rows->count; i++) {
        named_summary row = ce_result_rows(rows, named_summary)[i];
        double mean = (double)row.value.delay_sum / (double)row.value.landed;
        printf("%.*s\t%lld\t%.2f\n", (int)row.key.bytes, row.key.at, (long long)row.value.flights, mean);
    }
    ce_result_free(rows);
}

int ce_main(ce_context *sc, int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FLIGHTS_CSV\n", argv[0]);
        return 2;
    }
    ce_rdd *flights = ce_flat_map(ce_text_file(sc, argv[1]), parse);
    ce_result rows;
    ce_status status = ce_collect_as_map(ce_reduce_by_key(ce_map(flights, by_carrier), add), &rows);
    print(&rows);
    if (status == CE_OK) {
        status = ce_take_ordered_by(ce_reduce_by_key(ce_map(flights, by_route), add), 10, busiest_first, &rows);
        print(&rows);
    }
    return (int)status;
}
