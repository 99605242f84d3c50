#!/usr/bin/env bash
# A crash in a user function: its name, its place, and the signal as the exit status.
source "$(dirname "${BASH_SOURCE[0]}")/common"

cat >crash.c <<'C'
#include <cerium/cerium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline int64_t poke(int64_t x)
{
    if (x == 700) {
        *(volatile char *)8 = 1;
    }
    return x;
}
CE_MAP(poke, int64_t, int64_t)

static inline bool give_up(int64_t x)
{
    if (x == 700) {
        abort();
    }
    return true;
}
CE_FILTER(give_up, int64_t)

static int64_t __attribute__((noinline)) dive(volatile int64_t x)
{
    volatile char room[4096];
    room[x & 4095] = 1;
    return x == -1 ? 0 : dive(x + 1) + room[(x + 1) & 4095];
}
static inline int64_t overflow(int64_t x) { return x == 700 ? dive(1) : x; }
CE_MAP(overflow, int64_t, int64_t)

int ce_main(ce_context *sc, int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    ce_rdd *numbers = ce_range(sc, 0, 1000, 1, 4);
    uint64_t count = 0;
    puts("started");
    fflush(stdout);
    if (strcmp(what, "outside") == 0) {
        *(volatile char *)8 = 1;
    }
    if (strcmp(what, "map") == 0) {
        return ce_count(ce_filter(ce_map(numbers, poke), give_up), &count); /* a count alone may skip a map */
    }
    if (strcmp(what, "overflow") == 0) {
        return ce_count(ce_filter(ce_map(numbers, overflow), give_up), &count);
    }
    return ce_count(ce_filter(numbers, give_up), &count);
}
C

# names SIGNAL CALL FUNCTION: the report has all three; CALL stands on one line of the program.
names() {
    local line
    line=$(grep -nF "$2" crash.c | cut -d: -f1)
    is_err "cerium: $1 in a user function: crash.c:$line: $3, stage 0, partition 2, attempt 0"
}

# Of each crash the shell says a line of its own, too.
for master in inline 'local[3]'; do
    run "$cerium" run --master "$master" crash.c map
    is_code 139
    is_out started
    names SIGSEGV 'ce_map(numbers, poke)' 'map(poke)'

    run "$cerium" run --master "$master" crash.c filter
    is_code 134
    names SIGABRT 'ce_filter(numbers, give_up)' 'filter(give_up)'

    run "$cerium" run --master "$master" crash.c overflow
    is_code 139
    names SIGSEGV 'ce_map(numbers, overflow)' 'map(overflow)'
done

run "$cerium" run crash.c outside
is_code 139
is_err 'cerium: SIGSEGV outside of a task'

finish
