// Writes pairs of a uint64 key and an int64 value for the wide workloads: make_pairs OUT PAIRS KEYS SEED KIND.
//   dense      uniform over the keys 0 .. KEYS - 1
//   scattered  uniform over KEYS keys that lie anywhere in 64 bits
//   unique     those keys once each, in an order of no use to anybody; PAIRS is KEYS
// The same arguments give the same bytes. Keys of one number are the same in each file, so that files can be joined.
// Values have 31 bits: their sums over a billion pairs fit an int64, so that all programs can add them without care.
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 1 << 16 };

typedef struct {
    uint64_t key;
    int64_t value;
} pair;

static uint64_t mix(uint64_t x) // MurmurHash3's finalizer: every input has an output of its own
{
    x = (x ^ (x >> 33)) * 0xFF51AFD7ED558CCDu;
    x = (x ^ (x >> 33)) * 0xC4CEB9FE1A85EC53u;
    return x ^ (x >> 33);
}

__extension__ typedef unsigned __int128 wide;

static uint64_t below(uint64_t random, uint64_t bound)
{
    return (uint64_t)((wide)random * bound >> 64);
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    return b ? common_divisor(b, a % b) : a;
}

// A step that visits all numbers below count, far from the one before each time.
static uint64_t coprime_step(uint64_t count)
{
    uint64_t step = (uint64_t)((double)count * 0.6180339887498949) | 1;
    while (common_divisor(step, count) != 1) {
        step++;
    }
    return step;
}

int main(int argc, char **argv)
{
    static pair room[ROOM];
    uint64_t pairs = argc == 6 ? strtoull(argv[2], NULL, 10) : 0, keys = argc == 6 ? strtoull(argv[3], NULL, 10) : 0;
    const char *kind = argc == 6 ? argv[5] : "";
    int unique = strcmp(kind, "unique") == 0, dense = strcmp(kind, "dense") == 0;
    if (keys == 0 || (!unique && !dense && strcmp(kind, "scattered") != 0) || (unique && pairs != keys)) {
        fprintf(stderr, "usage: make_pairs OUT PAIRS KEYS SEED dense|scattered|unique\n");
        return 2;
    }
    FILE *out = fopen(argv[1], "we");
    uint64_t random = mix(strtoull(argv[4], NULL, 10) + 1), at = below(random, keys), step = coprime_step(keys);
    for (uint64_t done = 0; out && done < pairs;) {
        size_t count = pairs - done < ROOM ? (size_t)(pairs - done) : ROOM;
        for (size_t i = 0; i < count; i++) {
            random += 0x9E3779B97F4A7C15u;
            uint64_t number = below(mix(random), keys);
            if (unique) {
                number = at;
                at = (uint64_t)(((wide)at + step) % keys);
            }
            room[i] = (pair){dense ? number : mix(number), (int64_t)(mix(random ^ 0xD1B54A32D192ED03u) >> 33)};
        }
        if (fwrite(room, sizeof *room, count, out) != count) {
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
