/* Estimates pi by throwing darts at a square: ce_range, ce_map, ce_reduce. */
#include <cerium/cerium.h>
#include <stdio.h>

/* A number in 0..1 that looks random and depends on n alone (splitmix64): a task that runs again throws the same
 * darts. */
static inline double random_of(uint64_t n)
{
    n *= UINT64_C(0x9E3779B97F4A7C15);
    n = (n ^ (n >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    n = (n ^ (n >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (double)((n ^ (n >> 31)) >> 11) / 9007199254740992.0; /* 2^53 */
}

/* 1 when dart number n hits the quarter circle inside the square. */
static inline int64_t hit(int64_t n)
{
    double x = random_of(2 * (uint64_t)n + 1);
    double y = random_of(2 * (uint64_t)n + 2);
    return x * x + y * y < 1.0;
}
CE_MAP(hit, int64_t, int64_t)

static inline int64_t add(int64_t a, int64_t b)
{
    return a + b;
}
CE_REDUCE(add, int64_t)

int ce_main(ce_context *sc, int argc, char **argv)
{
    int64_t dart_count = 10000000;
    if (argc > 2 || (argc == 2 && (!ce_str_to_int64(ce_str_of(argv[1]), &dart_count) || dart_count < 1))) {
        fprintf(stderr, "usage: %s [DARTS]\n", argv[0]);
        return 2;
    }
    ce_rdd *darts = ce_range(sc, 0, dart_count, 1, 0);
    ce_result hits;
    ce_status status = ce_reduce(ce_map(darts, hit), add, &hits);
    if (status == CE_OK) {
        printf("pi is roughly %.6f\n", 4.0 * (double)ce_result_value(&hits, int64_t) / (double)dart_count);
        ce_result_free(&hits);
    }
    return (int)status;
}
