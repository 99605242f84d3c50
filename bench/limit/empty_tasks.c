// The limit of handing out work: empty_tasks TASKS THREADS runs TASKS tasks that do nothing. Threads claim task numbers
// from an atomic counter and make one indirect call each, which is the least that a scheduler of closures can do.
// Prints seconds, the number of tasks that ran as the result, and tasks per second.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MAX_THREADS = 256 };

typedef struct {
    uint64_t ran;
} worker;

typedef void task(worker *w, uint64_t index);

static void empty_task(worker *w, uint64_t index)
{
    (void)index;
    w->ran++;
}

static task *volatile task_to_run = empty_task; // volatile: the call stays indirect
static uint64_t tasks;
static _Alignas(64) uint64_t next_task;
static _Alignas(64) uint64_t tasks_ran;

static void *run_tasks(void *arg)
{
    (void)arg;
    worker w = {0};
    for (uint64_t i; (i = __atomic_fetch_add(&next_task, 1, __ATOMIC_RELAXED)) < tasks;) {
        task_to_run(&w, i);
    }
    __atomic_fetch_add(&tasks_ran, w.ran, __ATOMIC_RELAXED);
    return NULL;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    tasks = argc == 3 ? strtoull(argv[1], NULL, 10) : 0;
    int threads = argc == 3 ? atoi(argv[2]) : 0;
    if (threads < 1 || threads > MAX_THREADS) {
        fprintf(stderr, "usage: empty_tasks TASKS THREADS\n");
        return 2;
    }
    pthread_t id[MAX_THREADS];
    double began = now();
    for (int i = 0; i < threads; i++) {
        if (pthread_create(id + i, NULL, run_tasks, NULL)) {
            fprintf(stderr, "empty_tasks: no thread\n");
            return 1;
        }
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(id[i], NULL);
    }
    double seconds = now() - began;
    printf("seconds=%.6f result=%llu tasks/s=%.0f\n", seconds, (unsigned long long)tasks_ran,
           (double)tasks_ran / seconds);
    return 0;
}
