// What moving bytes to a file and back costs: disk_bytes FOLDER BYTES writes a file of so many bytes in the folder, in
// writes of 1 MiB, reads it again and prints the time of both. This is the least that a job pays which has to put down
// all of its data once. Nothing is synced, as spill files are not: memory that is free serves as a cache for both.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ONCE = 1 << 20 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    static char room[ONCE], path[4096];
    long long bytes = argc == 3 ? atoll(argv[2]) : 0;
    if (bytes <= 0) {
        fprintf(stderr, "usage: disk_bytes FOLDER BYTES\n");
        return 2;
    }
    snprintf(path, sizeof path, "%s/disk-XXXXXX", argv[1]);
    int file = mkstemp(path);
    if (file < 0 || unlink(path)) {
        perror(path);
        return 1;
    }
    for (size_t i = 0; i < sizeof room; i++) {
        room[i] = (char)(i * 7919 >> 3);
    }
    double began = now(), written;
    for (long long done = 0; done < bytes; done += ONCE) {
        size_t some = bytes - done < ONCE ? (size_t)(bytes - done) : ONCE;
        if (write(file, room, some) != (ssize_t)some) {
            perror("write");
            return 1;
        }
    }
    written = now();
    for (long long done = 0; done < bytes; done += ONCE) {
        size_t some = bytes - done < ONCE ? (size_t)(bytes - done) : ONCE;
        if (pread(file, room, some, (off_t)done) != (ssize_t)some) {
            perror("read");
            return 1;
        }
    }
    double seconds = now() - began;
    printf("seconds=%.6f result=0 write=%.3f read=%.3f\n", seconds, written - began, seconds - (written - began));
    return 0;
}
