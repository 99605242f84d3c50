/*
 * kll.c: the KLL sketch. The room of a level shrinks by a third from one to the next below, down to two values; a
 * compaction happens only when all levels together are full, so that none happens without need.
 */
#include "sketch/kll.h"
#include "base/hash.h"
#include <math.h>
#include <stdlib.h>

enum { END = 2 * CEI_KLL_VALUES_MAX, LEVEL_MIN = 2 };

/* ---- levels ---- */

static inline uint32_t size_of(const cei_kll *sketch, uint32_t level)
{
    return sketch->starts[level + 1] - sketch->starts[level];
}

static inline uint32_t values_in(const cei_kll *sketch)
{
    return END - sketch->starts[0];
}

/* The room of the level below one of that much. */
static inline double room_below(double room)
{
    return room > 1.5 * LEVEL_MIN ? room * (2.0 / 3) : LEVEL_MIN;
}

static uint32_t room_of(uint32_t k, uint32_t level_count)
{
    uint32_t sum = 0;
    double room = k;
    for (uint32_t i = 0; i < level_count; i++, room = room_below(room)) {
        sum += (uint32_t)ceil(room);
    }
    return sum;
}

/* The lowest level that is full, when as many values are kept as all levels have room for. */
static uint32_t full_level(const cei_kll *sketch)
{
    double rooms[CEI_KLL_LEVELS_MAX];
    double room = sketch->k;
    for (uint32_t i = sketch->level_count; i-- > 0; room = room_below(room)) {
        rooms[i] = ceil(room);
    }
    uint32_t level = 0;
    while (size_of(sketch, level) < rooms[level]) {
        level++;
    }
    return level;
}

static void add_level(cei_kll *sketch)
{
    sketch->starts[++sketch->level_count] = END;
    sketch->room = room_of(sketch->k, sketch->level_count);
}

static int compare_doubles(const void *a, const void *b)
{
    double x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static void sort(double *values, uint32_t count)
{
    qsort(values, count, sizeof *values, compare_doubles);
}

/* Halves a level into the one above, which stays sorted, and moves those below up to it. An odd value stays. */
static void compact(cei_kll *sketch, uint32_t level)
{
    double *values = sketch->values;
    uint32_t *starts = sketch->starts;
    uint32_t first = starts[level], end = starts[level + 1], odd = (end - first) % 2;
    if (level == 0) {
        sort(values + first, end - first);
    }
    if (level + 1 == sketch->level_count) {
        add_level(sketch);
    }
    sketch->coins = cei_hash_mix(sketch->coins, 0x6B6C6Cull);
    double left = values[first];
    uint32_t half = (end - first) / 2, above_end = starts[level + 2];
    double kept[CEI_KLL_VALUES_MAX];
    for (uint32_t i = 0; i < half; i++) {
        kept[i] = values[first + odd + 2 * i + (sketch->coins >> 63)];
    }
    /* Merged from the front into the room that the half leaves, which ends where the level above begins. */
    uint32_t to = end - half, i = 0, above = end;
    while (i < half) {
        bool take = above == above_end || kept[i] <= values[above];
        values[to++] = take ? kept[i++] : values[above++];
    }
    starts[level + 1] = end - half;
    if (odd) {
        values[end - half - 1] = left;
    }
    memmove(values + starts[0] + half, values + starts[0], (first - starts[0]) * sizeof *values);
    for (uint32_t below = 0; below <= level; below++) {
        starts[below] += half;
    }
}

static void shrink(cei_kll *sketch)
{
    while (values_in(sketch) >= sketch->room) {
        compact(sketch, full_level(sketch));
    }
}

void cei_kll_open(cei_kll *sketch, uint32_t k, uint64_t seed)
{
    sketch->k = k;
    sketch->level_count = 1;
    sketch->room = room_of(k, 1);
    sketch->count = 0;
    sketch->coins = seed;
    sketch->min = INFINITY;
    sketch->max = -INFINITY;
    sketch->starts[0] = sketch->starts[1] = END;
}

void cei_kll_add(cei_kll *sketch, double value)
{
    if (isnan(value) || sketch->count == UINT64_MAX) {
        return;
    }
    sketch->count++;
    sketch->min = value < sketch->min ? value : sketch->min;
    sketch->max = value > sketch->max ? value : sketch->max;
    sketch->values[--sketch->starts[0]] = value;
    shrink(sketch);
}

bool cei_kll_merge(cei_kll *into, const cei_kll *more)
{
    double merged[END];
    uint32_t to = END, levels = into->level_count > more->level_count ? into->level_count : more->level_count;
    uint64_t count;
    if (__builtin_add_overflow(into->count, more->count, &count)) {
        return false;
    }
    into->count = count;
    into->coins = cei_hash_mix(into->coins, more->coins);
    into->min = more->min < into->min ? more->min : into->min;
    into->max = more->max > into->max ? more->max : into->max;
    while (into->level_count < levels) {
        add_level(into);
    }
    uint32_t a_end = END, b_end = END; /* both level lists are walked down from the top, values from the largest */
    for (uint32_t level = levels; level-- > 0;) {
        uint32_t a = into->starts[level], b = level < more->level_count ? more->starts[level] : b_end;
        while (a_end > a || b_end > b) {
            bool take_a = b_end == b || (a_end > a && into->values[a_end - 1] >= more->values[b_end - 1]);
            merged[--to] = take_a ? into->values[--a_end] : more->values[--b_end];
        }
        into->starts[level] = to;
    }
    memcpy(into->values + to, merged + to, (END - to) * sizeof *merged);
    shrink(into);
    return true;
}

/* ---- asking ---- */

struct weighted {
    double value;
    uint64_t weight;
};

void cei_kll_quantiles(const cei_kll *sketch, const double *shares, uint32_t count, double *answers)
{
    struct weighted all[CEI_KLL_VALUES_MAX];
    uint32_t kept = 0;
    for (uint32_t level = 0; level < sketch->level_count; level++) {
        for (uint32_t i = sketch->starts[level]; i < sketch->starts[level + 1]; i++) {
            all[kept++] = (struct weighted){sketch->values[i], 1ull << level};
        }
    }
    qsort(all, kept, sizeof *all, compare_doubles); /* the value comes first */
    for (uint32_t i = 0; i < count; i++) {
        double wanted = ceil(shares[i] * (double)sketch->count);
        uint64_t below = 0;
        uint32_t at = 0;
        while (at < kept && (double)(below += all[at].weight) < wanted) {
            at++;
        }
        bool first = shares[i] <= 0, last = shares[i] >= 1 || at == kept;
        answers[i] = sketch->count == 0 ? (double)NAN : first ? sketch->min : last ? sketch->max : all[at].value;
    }
}

double cei_kll_rank(const cei_kll *sketch, double value)
{
    uint64_t below = 0;
    for (uint32_t level = 0; level < sketch->level_count; level++) {
        for (uint32_t i = sketch->starts[level]; i < sketch->starts[level + 1]; i++) {
            below += sketch->values[i] <= value ? 1ull << level : 0;
        }
    }
    return sketch->count ? (double)below / (double)sketch->count : (double)NAN;
}

/* ---- as bytes ---- */

struct header {
    char magic;
    uint8_t level_count;
    uint16_t k;
    uint32_t free;
    uint64_t count, coins;
    double min, max;
};

static struct header header_of(ce_str bytes)
{
    struct header header;
    memcpy(&header, bytes.at, sizeof header);
    return header;
}

static const char *sizes_at(ce_str bytes)
{
    return bytes.at + sizeof(struct header);
}

static inline uint32_t size_at(ce_str bytes, uint32_t level)
{
    uint32_t size;
    memcpy(&size, sizes_at(bytes) + level * sizeof size, sizeof size);
    return size;
}

bool cei_kll_is_sound(ce_str bytes)
{
    if (bytes.bytes < sizeof(struct header)) {
        return false;
    }
    struct header header = header_of(bytes);
    uint64_t size = sizeof header + header.level_count * sizeof(uint32_t), count = 0, kept = 0;
    if (header.magic != 'K' || header.level_count < 1 || header.level_count > CEI_KLL_LEVELS_MAX ||
        header.k < CEI_KLL_K_MIN || header.k > CEI_KLL_K_MAX || bytes.bytes < size) {
        return false;
    }
    for (uint32_t level = 0; level < header.level_count; level++) {
        uint64_t weight, of_level = size_at(bytes, level);
        kept += of_level;
        if (__builtin_mul_overflow(of_level, 1ull << level, &weight) || __builtin_add_overflow(count, weight, &count)) {
            return false;
        }
    }
    return count == header.count && kept + header.free < room_of(header.k, header.level_count) &&
           bytes.bytes == size + (kept + header.free) * sizeof(double);
}

void cei_kll_read(cei_kll *sketch, ce_str bytes)
{
    struct header header = header_of(bytes);
    sketch->k = header.k;
    sketch->level_count = header.level_count;
    sketch->room = room_of(header.k, header.level_count);
    sketch->count = header.count;
    sketch->coins = header.coins;
    sketch->min = header.min;
    sketch->max = header.max;
    sketch->starts[header.level_count] = END;
    for (uint32_t level = header.level_count; level-- > 0;) {
        sketch->starts[level] = sketch->starts[level + 1] - size_at(bytes, level);
    }
    size_t values_bytes = values_in(sketch) * sizeof(double);
    memcpy(sketch->values + sketch->starts[0], bytes.at + bytes.bytes - values_bytes, values_bytes);
}

static uint32_t free_of(const cei_kll *sketch)
{
    uint32_t kept = values_in(sketch), left = sketch->room - 1 - kept;
    return kept < 2 ? 0 : kept < left ? kept : left;
}

uint32_t cei_kll_bytes(const cei_kll *sketch)
{
    uint32_t values = values_in(sketch) + free_of(sketch);
    return (uint32_t)(sizeof(struct header) + sketch->level_count * sizeof(uint32_t) + values * sizeof(double));
}

ce_str cei_kll_write(const cei_kll *sketch, char *room)
{
    ce_str bytes = {room, cei_kll_bytes(sketch)};
    struct header header = {.magic = 'K',
                            .level_count = (uint8_t)sketch->level_count,
                            .k = (uint16_t)sketch->k,
                            .free = free_of(sketch),
                            .count = sketch->count,
                            .coins = sketch->coins,
                            .min = sketch->min,
                            .max = sketch->max};
    memcpy(room, &header, sizeof header);
    char *to = room + sizeof header;
    for (uint32_t level = 0; level < sketch->level_count; level++, to += sizeof(uint32_t)) {
        uint32_t size = size_of(sketch, level);
        memcpy(to, &size, sizeof size);
    }
    memset(to, 0, header.free * sizeof(double));
    to += header.free * sizeof(double);
    memcpy(to, sketch->values + sketch->starts[0], values_in(sketch) * sizeof(double));
    return bytes;
}

bool cei_kll_add_in_place(ce_str bytes, double value)
{
    char *room = (char *)bytes.at, *sizes = room + sizeof(struct header);
    struct header header = header_of(bytes);
    if (isnan(value)) {
        return true;
    }
    if (header.free == 0 || header.count == UINT64_MAX) {
        return false;
    }
    uint32_t size = size_at(bytes, 0) + 1;
    header.free--;
    header.count++;
    header.min = value < header.min ? value : header.min;
    header.max = value > header.max ? value : header.max;
    memcpy(room, &header, sizeof header);
    memcpy(sizes, &size, sizeof size);
    memcpy(sizes + header.level_count * sizeof size + header.free * sizeof value, &value, sizeof value);
    return true;
}
