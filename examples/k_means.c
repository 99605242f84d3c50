/* Finds K clusters of points, from lines "x,y": a list as environment, ce_take, ce_take_ordered, a job per round. */
#include <cerium/cerium.h>
#include <stdio.h>

/* The middle of some points, and how many they are. A point is the middle of itself. */
CE_RECORD(cluster, (double, x), (double, y), (int64_t, count));
CE_LIST(clusters, cluster);
CE_PAIR(member, uint32_t, cluster); /* number of a cluster, points of it */

static inline cluster parse(ce_str line)
{
    ce_str rest = line, x = line;
    cluster point = {0, 0, 1};
    if (!ce_str_next_field(&rest, ',', &x) || !ce_str_to_double(x, &point.x) || !ce_str_to_double(rest, &point.y)) {
        ce_fail("not a line \"x,y\": \"%.*s\"", (int)line.bytes, line.at);
    }
    return point;
}
CE_MAP(parse, ce_str, cluster)

static inline double distance(cluster a, cluster b)
{
    return (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y);
}

static inline member assign(cluster point, const clusters *centres)
{
    uint32_t nearest = 0;
    for (uint32_t i = 1; i < centres->count; i++) {
        nearest = distance(point, centres->at[i]) < distance(point, centres->at[nearest]) ? i : nearest;
    }
    return (member){nearest, point};
}
CE_MAP_WITH(assign, cluster, member, clusters)

static inline cluster join(cluster a, cluster b)
{
    double part = (double)b.count / (double)(a.count + b.count);
    return (cluster){a.x + part * (b.x - a.x), a.y + part * (b.y - a.y), a.count + b.count};
}
CE_REDUCE(join, cluster)

int ce_main(ce_context *sc, int argc, char **argv)
{
    int64_t k = 0, rounds = 0;
    if (argc != 4 || !ce_str_to_int64(ce_str_of(argv[2]), &k) || !ce_str_to_int64(ce_str_of(argv[3]), &rounds)) {
        fprintf(stderr, "usage: %s POINTS K ROUNDS\n", argv[0]);
        return 2;
    }
    ce_rdd *points = ce_map(ce_text_file(sc, argv[1]), parse);
    ce_result found;
    ce_status status = ce_take(points, (uint64_t)k, &found);
    for (; status == CE_OK && found.count > 0 && rounds > 0; rounds--) {
        /* Building the node copies the centres. A cluster that no point is nearest to is given up. */
        clusters centres = {ce_result_rows(&found, cluster), (uint32_t)found.count};
        ce_rdd *members = ce_map_with(points, assign, &centres);
        ce_result_free(&found);
        status = ce_take_ordered(ce_values(ce_reduce_by_key(members, join)), (uint64_t)k, &found);
    }
    for (uint64_t i = 0; status == CE_OK && i < found.count; i++) {
        cluster row = ce_result_rows(&found, cluster)[i];
        printf("%.6f\t%.6f\t%lld\n", row.x, row.y, (long long)row.count);
    }
    ce_result_free(&found);
    return (int)status;
}
