// Writes deterministic Zipf text: make_text BYTES OUT [WORDS] [SEED].
// The word of rank r comes with weight 1/r. Words have 3 to 18 letters, 9.5 on average weighted by use, so that a word
// and its separator take about 10.5 bytes; about one distinct word in 32 is longer than 16 letters, the size at which
// word tables stop keeping keys inline. Lines have 5 to 15 words. The same arguments give the same bytes everywhere:
// all arithmetic that decides a byte is on integers, or is a single correctly rounded operation.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORD_ROOM = 24, MIN_LETTERS = 3, MAX_LETTERS = 18, BUFFER = 1 << 20, MAX_WORDS = 1 << 22 };

typedef struct {
    char letters[WORD_ROOM - 1]; // the word and its separator, copied whole, whatever the length
    uint8_t bytes;
} word;

// Walker's alias table: cell i is drawn uniformly and stands for word i below the threshold, else for `other`.
typedef struct {
    uint32_t threshold, other;
} cell;

static uint64_t random_state;

static uint64_t next_random(void)
{
    uint64_t z = random_state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static uint32_t below(uint32_t limit)
{
    return (uint32_t)(((next_random() >> 32) * limit) >> 32);
}

static void *must_allocate(size_t count, size_t size)
{
    void *p = calloc(count, size);
    if (!p) {
        fprintf(stderr, "make_text: out of memory\n");
        exit(1);
    }
    return p;
}

static uint64_t weight_of_rank(uint32_t rank)
{
    return ((uint64_t)1 << 32) / rank;
}

// A handful of first words makes a third of the text, so lengths left to chance would make the mean depend on the seed:
// a length that would pull the running mean away from 9.5 is mirrored at 9.5.
static uint32_t next_length(int64_t *excess_halves, uint64_t weight)
{
    uint32_t letters = below(32) == 0 ? 17 + below(2) : MIN_LETTERS + below(14);
    if (letters <= 16 && *excess_halves != 0 && (letters > 9) == (*excess_halves > 0)) {
        letters = 19 - letters;
    }
    *excess_halves += (int64_t)(weight >> 12) * ((int64_t)letters * 2 - 19);
    return letters;
}

static uint64_t hash_of(const word *w)
{
    uint64_t hash = w->bytes;
    for (uint32_t i = 0; i < w->bytes; i++) {
        hash = (hash ^ (uint8_t)w->letters[i]) * 0x100000001B3u;
    }
    return hash ^ (hash >> 29);
}

// Adds w to the set unless an equal word is there.
static int add_distinct(uint32_t *set, uint32_t mask, const word *words, uint32_t index)
{
    const word *w = words + index;
    for (uint32_t i = (uint32_t)hash_of(w) & mask;; i = (i + 1) & mask) {
        if (!set[i]) {
            set[i] = index + 1;
            return 1;
        }
        const word *known = words + set[i] - 1;
        if (known->bytes == w->bytes && memcmp(known->letters, w->letters, w->bytes) == 0) {
            return 0;
        }
    }
}

static word *make_words(uint32_t count)
{
    word *words = must_allocate(count, sizeof *words);
    uint32_t room = 1;
    while (room < count * 2) {
        room *= 2;
    }
    uint32_t *set = must_allocate(room, sizeof *set);
    int64_t excess_halves = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t letters = next_length(&excess_halves, weight_of_rank(i + 1)), tries = 0;
        do {
            if (tries++ > 8 && letters < MAX_LETTERS) { // the short words are used up
                letters++;
            }
            words[i].bytes = (uint8_t)letters;
            for (uint32_t k = 0; k < letters; k++) {
                words[i].letters[k] = (char)('a' + below(26));
            }
        } while (!add_distinct(set, room - 1, words, i));
        words[i].letters[letters] = ' ';
    }
    free(set);
    return words;
}

static cell *make_cells(uint32_t count)
{
    cell *cells = must_allocate(count, sizeof *cells);
    uint64_t *scaled = must_allocate(count, sizeof *scaled), total = 0;
    uint32_t *small = must_allocate(count, sizeof *small), *large = must_allocate(count, sizeof *large);
    uint32_t smalls = 0, larges = 0;
    for (uint32_t i = 0; i < count; i++) {
        total += weight_of_rank(i + 1);
    }
    for (uint32_t i = 0; i < count; i++) {
        scaled[i] = weight_of_rank(i + 1) * count;
        if (scaled[i] < total) {
            small[smalls++] = i;
        } else {
            large[larges++] = i;
        }
        cells[i] = (cell){UINT32_MAX, i};
    }
    while (smalls && larges) {
        uint32_t less = small[--smalls], more = large[larges - 1];
        cells[less] = (cell){(uint32_t)((double)scaled[less] / (double)total * 4294967295.0), more};
        scaled[more] -= total - scaled[less];
        if (scaled[more] < total) {
            small[smalls++] = more;
            larges--;
        }
    }
    free(scaled);
    free(small);
    free(large);
    return cells;
}

static void write_all(int fd, const char *bytes, size_t count)
{
    while (count) {
        ssize_t done = write(fd, bytes, count);
        if (done <= 0) {
            perror("make_text: write");
            exit(1);
        }
        bytes += done;
        count -= (size_t)done;
    }
}

static void write_text(int fd, uint64_t left, const word *words, const cell *cells, uint32_t count)
{
    char *buffer = must_allocate(BUFFER + WORD_ROOM, 1);
    size_t used = 0;
    uint32_t words_left = 0;
    while (left) {
        while (used < BUFFER) {
            uint64_t random = next_random();
            uint32_t index = (uint32_t)(((random >> 32) * count) >> 32);
            const cell *c = cells + index;
            const word *w = words + ((uint32_t)random <= c->threshold ? index : c->other);
            if (!words_left) {
                words_left = 5 + below(11);
            }
            memcpy(buffer + used, w->letters, WORD_ROOM - 1);
            used += w->bytes + 1u;
            if (!--words_left) {
                buffer[used - 1] = '\n';
            }
        }
        size_t part = left < BUFFER ? (size_t)left : BUFFER;
        left -= part;
        if (!left) {
            buffer[part - 1] = '\n';
        }
        write_all(fd, buffer, part);
        used -= part;
        if (left) {
            memmove(buffer, buffer + part, used);
        } else {
            used = 0;
        }
    }
    free(buffer);
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 5) {
        fprintf(stderr, "usage: make_text BYTES OUT [WORDS=100000] [SEED=1]\n");
        return 2;
    }
    uint64_t bytes = strtoull(argv[1], NULL, 10), count = argc > 3 ? strtoull(argv[3], NULL, 10) : 100000;
    random_state = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;
    if (count < 1 || count > MAX_WORDS) {
        fprintf(stderr, "make_text: WORDS must be 1 to %d\n", MAX_WORDS);
        return 2;
    }
    word *words = make_words((uint32_t)count);
    cell *cells = make_cells((uint32_t)count);
    int fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) {
        perror(argv[2]);
        return 1;
    }
    write_text(fd, bytes, words, cells, (uint32_t)count);
    if (close(fd)) {
        perror(argv[2]);
        return 1;
    }
    free(words);
    free(cells);
    return 0;
}
