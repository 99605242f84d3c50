// The limit of grouping: group_pairs FILE THREADS [ROUNDS] puts the values of each key of a file of pairs into one list
// and reads it. The pairs are spread over partitions by their hash, which are grouped one by one in the L2 cache. The
// result is the number of keys and a sum over key, number and sum of the values of each.
#include "groups.h"

typedef struct {
    _Alignas(128) reader in;
    spreader out;
    groups made;
    checksum sum;
} worker;

static struct {
    const char *path;
    int threads;
    source in;
    spread rows;
    size_t next; // claimed atomically
    worker workers[MAX_THREADS];
} job;

static void spread_pairs(int thread)
{
    worker *w = &job.workers[thread];
    spread_source(&job.in, &w->in, &job.rows, &w->out, thread);
}

static void group_partitions(int thread)
{
    worker *w = &job.workers[thread];
    for (size_t at; (at = __atomic_fetch_add(&job.next, 1, __ATOMIC_RELAXED)) < 1u << job.rows.bits;) {
        groups_make(&w->made, &job.rows, 1, at, job.threads);
        for (uint32_t group = 0; group < w->made.count; group++) {
            uint32_t count;
            const int64_t *values = groups_list(&w->made, 0, group, &count);
            w->sum.sum += groups_key(&w->made, group) ^ (sum_of(values, count) + count);
        }
        w->sum.count += w->made.count;
    }
}

static checksum run(void)
{
    checksum sum = {0, 0};
    source_open(&job.in, job.path);
    job.next = 0;
    for (int i = 0; i < job.threads; i++) {
        job.workers[i].sum = sum;
    }
    spread_open(&job.rows, group_bits(job.in.bytes), job.threads, job.in.bytes);
    on_threads(job.threads, spread_pairs);
    on_threads(job.threads, group_partitions);
    close(job.in.fd);
    for (int i = 0; i < job.threads; i++) {
        sum.count += job.workers[i].sum.count;
        sum.sum += job.workers[i].sum.sum;
    }
    return sum;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: group_pairs FILE THREADS [ROUNDS]\n");
        return 2;
    }
    job.path = argv[1];
    job.threads = number_at(argc, argv, 2, 1);
    job.threads = job.threads < MAX_THREADS ? job.threads : MAX_THREADS;
    return print_best(number_at(argc, argv, 3, 5), run, NULL);
}
