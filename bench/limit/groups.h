// groups.h: the groups of one partition of one or two sides: each key has a number, and its values of a side lie in one
// piece, found by counting first and placing then. Everything stays in the L2 cache when the partition does.
#ifndef CERIUM_LIMIT_GROUPS_H
#define CERIUM_LIMIT_GROUPS_H

#include "limit.h"

enum { SIDES = 2, GROUP_BYTES = 1 << 20 };

typedef struct {
    uint64_t key;
    uint64_t group;
} group_slot;

typedef struct {
    room slots, keys, numbers[SIDES], ends[SIDES], values[SIDES];
    uint32_t count, bits;
} groups;

static inline uint32_t group_of(groups *g, uint64_t key, uint32_t shift)
{
    const uint64_t mask = (1ull << g->bits) - 1;
    group_slot *slots = (group_slot *)(void *)g->slots.at;
    uint64_t at = hash_of(key) << shift >> (64 - g->bits);
    for (; slots[at].key != key; at = (at + 1) & mask) {
        if (slots[at].key == EMPTY) {
            slots[at] = (group_slot){key, g->count};
            ((uint64_t *)(void *)g->keys.at)[g->count++] = key;
            break;
        }
    }
    return (uint32_t)slots[at].group;
}

// sides: spread in the same way, by so many bits. Afterwards groups_list gives the values of a group.
static inline void groups_make(groups *g, const spread *sides, int side_count, size_t partition, int threads)
{
    size_t rows[SIDES] = {0, 0}, all = 0, bytes;
    const void *at;
    for (int side = 0; side < side_count; side++) {
        rows[side] = spread_bytes(&sides[side], partition, threads) / sizeof(pair);
        all += rows[side];
    }
    g->count = 0;
    g->bits = bits_for((double)all);
    group_slot *slots = room_of(&g->slots, sizeof(group_slot) << g->bits);
    (void)room_of(&g->keys, (all + 1) * sizeof(uint64_t));
    for (uint64_t i = 0; i < 1ull << g->bits; i++) {
        slots[i].key = EMPTY;
    }
    for (int side = 0; side < side_count; side++) {
        uint32_t *numbers = room_of(&g->numbers[side], (rows[side] + 1) * sizeof(uint32_t));
        uint32_t *ends = room_of(&g->ends[side], (all + 1) * sizeof(uint32_t));
        memset(ends, 0, (all + 1) * sizeof(uint32_t));
        for (spread_walk walk = spread_rows(&sides[side], partition, threads); (bytes = spread_next(&walk, &at));) {
            const pair *pairs = at;
            for (size_t i = 0; i < bytes / sizeof(pair); i++) {
                uint32_t group = group_of(g, pairs[i].key, sides[side].bits);
                *numbers++ = group;
                ends[group + 1]++;
            }
        }
    }
    for (int side = 0; side < side_count; side++) { // ends[group + 1] is where the group begins, then where it ends
        uint32_t *ends = (uint32_t *)(void *)g->ends[side].at, begin = 0;
        for (uint32_t group = 1; group <= g->count; group++) {
            uint32_t count = ends[group];
            ends[group] = begin;
            begin += count;
        }
        const uint32_t *numbers = (const uint32_t *)(const void *)g->numbers[side].at;
        int64_t *values = room_of(&g->values[side], (rows[side] + 1) * sizeof(int64_t));
        for (spread_walk walk = spread_rows(&sides[side], partition, threads); (bytes = spread_next(&walk, &at));) {
            const pair *pairs = at;
            for (size_t i = 0; i < bytes / sizeof(pair); i++) {
                values[ends[*numbers++ + 1]++] = pairs[i].value;
            }
        }
    }
}

static inline uint64_t groups_key(const groups *g, uint32_t group)
{
    return ((const uint64_t *)(const void *)g->keys.at)[group];
}

static inline const int64_t *groups_list(const groups *g, int side, uint32_t group, uint32_t *count)
{
    const uint32_t *ends = (const uint32_t *)(const void *)g->ends[side].at;
    *count = ends[group + 1] - ends[group];
    return (const int64_t *)(const void *)g->values[side].at + ends[group];
}

static inline uint64_t sum_of(const int64_t *values, uint32_t count)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += (uint64_t)values[i];
    }
    return sum;
}

// Partitions, as a power of two, of so many bytes in all.
static inline uint32_t group_bits(size_t bytes)
{
    uint32_t bits = 4;
    while (bits < 11 && bytes >> bits > GROUP_BYTES) {
        bits++;
    }
    return bits;
}

#endif
