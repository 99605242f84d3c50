// Writes records of 100 bytes as sort benchmarks use them: make_records OUT RECORDS SEED. A record is a key of 10
// random symbols, a blank, its number in 19 digits, a blank, 68 symbols of filling and a newline, so that the file is
// text too, for programs that sort lines. The symbols are 64 that need no quotes anywhere. Same arguments, same bytes.
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD = 100, KEY = 10, NUMBER = 19, FILL = 68, GROUP = 4, ROOM = 4096 };

static uint64_t state;

static uint64_t next_random(void) // splitmix64
{
    uint64_t x = state += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

static void make_record(char *to, uint64_t number)
{
    static const char symbols[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";
    uint64_t key = next_random();
    for (int i = 0; i < KEY; i++, key >>= 6) {
        *to++ = symbols[key & 63];
    }
    *to++ = ' ';
    for (int i = NUMBER - 1; i >= 0; i--, number /= 10) {
        to[i] = (char)('0' + number % 10);
    }
    to += NUMBER;
    *to++ = ' ';
    uint64_t fill = next_random();
    for (int i = 0; i < FILL / GROUP; i++, fill >>= 3) {
        memset(to, symbols[fill & 63], GROUP);
        to += GROUP;
    }
    *to = '\n';
}

int main(int argc, char **argv)
{
    static char room[ROOM * RECORD];
    if (argc != 4) {
        fprintf(stderr, "usage: make_records OUT RECORDS SEED\n");
        return 2;
    }
    uint64_t records = strtoull(argv[2], NULL, 10);
    state = strtoull(argv[3], NULL, 10);
    FILE *out = fopen(argv[1], "we");
    for (uint64_t done = 0; out && done < records;) {
        size_t count = records - done < ROOM ? (size_t)(records - done) : ROOM;
        for (size_t i = 0; i < count; i++) {
            make_record(room + i * RECORD, done + i);
        }
        if (fwrite(room, RECORD, count, out) != count) {
            break;
        }
        done += count;
    }
    if (!out || ferror(out) || fclose(out) != 0) {
        fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    return 0;
}
