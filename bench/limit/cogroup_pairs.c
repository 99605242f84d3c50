// The limit of cogroup: cogroup_pairs LEFT RIGHT THREADS [ROUNDS] puts the values of each key of two files of pairs
// into two lists and reads them. Both files are spread over partitions by their hash in the same way, and a partition
// of both is grouped at a time, in the L2 cache. The result is the number of keys and a sum over the keys, the numbers
// and the sums of their values.
#include "groups.h"

typedef struct {
    _Alignas(128) reader in;
    spreader out;
    groups made;
    checksum sum;
} worker;

static struct {
    const char *paths[SIDES];
    int threads;
    source in[SIDES];
    spread rows[SIDES];
    size_t next; // claimed atomically
    worker workers[MAX_THREADS];
} job;

static void spread_pairs(int thread)
{
    worker *w = &job.workers[thread];
    for (int side = 0; side < SIDES; side++) {
        spread_source(&job.in[side], &w->in, &job.rows[side], &w->out, thread);
    }
}

static void group_partitions(int thread)
{
    worker *w = &job.workers[thread];
    for (size_t at; (at = __atomic_fetch_add(&job.next, 1, __ATOMIC_RELAXED)) < 1u << job.rows[0].bits;) {
        groups_make(&w->made, job.rows, SIDES, at, job.threads);
        for (uint32_t group = 0; group < w->made.count; group++) {
            uint32_t a, b;
            const int64_t *left = groups_list(&w->made, 0, group, &a), *right = groups_list(&w->made, 1, group, &b);
            uint64_t both = 31 * sum_of(left, a) + 17 * sum_of(right, b) + 3 * (uint64_t)a + b;
            w->sum.sum += groups_key(&w->made, group) ^ both;
        }
        w->sum.count += w->made.count;
    }
}

static checksum run(void)
{
    checksum sum = {0, 0};
    for (int side = 0; side < SIDES; side++) {
        source_open(&job.in[side], job.paths[side]);
    }
    job.next = 0;
    for (int i = 0; i < job.threads; i++) {
        job.workers[i].sum = sum;
    }
    for (int side = 0; side < SIDES; side++) {
        spread_open(&job.rows[side], group_bits(job.in[0].bytes + job.in[1].bytes), job.threads, job.in[side].bytes);
    }
    on_threads(job.threads, spread_pairs);
    on_threads(job.threads, group_partitions);
    for (int side = 0; side < SIDES; side++) {
        close(job.in[side].fd);
    }
    for (int i = 0; i < job.threads; i++) {
        sum.count += job.workers[i].sum.count;
        sum.sum += job.workers[i].sum.sum;
    }
    return sum;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: cogroup_pairs LEFT RIGHT THREADS [ROUNDS]\n");
        return 2;
    }
    job.paths[0] = argv[1];
    job.paths[1] = argv[2];
    job.threads = number_at(argc, argv, 3, 1);
    job.threads = job.threads < MAX_THREADS ? job.threads : MAX_THREADS;
    return print_best(number_at(argc, argv, 4, 5), run, NULL);
}
