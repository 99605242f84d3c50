#!/usr/bin/env bash
# A program that runs: its arguments, its settings, its exit status, and what is said of its failure.
source "$(dirname "${BASH_SOURCE[0]}")/common"

cat >program.c <<'C'
#include <cerium/cerium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline int64_t twice(int64_t x) { return 2 * x; }
CE_MAP(twice, int64_t, int64_t)

static inline bool is_fine(int64_t x)
{
    if (x == 50) {
        ce_fail("row %d is one too many", (int)x);
    }
    return true;
}
CE_FILTER(is_fine, int64_t)

int ce_main(ce_context *sc, int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "arguments") == 0) {
        for (int i = 0; i < argc; i++) {
            printf("[%s]", argv[i]);
        }
        return 0;
    }
    if (strcmp(what, "exit") == 0) {
        return atoi(argv[2]);
    }
    if (strcmp(what, "parallelism") == 0) {
        printf("%u", ce_default_parallelism(sc));
        return 0;
    }
    uint64_t count = 0;
    ce_rdd *numbers = ce_map(ce_range(sc, 0, 1000, 1, 4), twice);
    if (strcmp(what, "fail") == 0) {
        return ce_count(ce_filter(numbers, is_fine), &count);
    }
    ce_status status = ce_count(numbers, &count);
    printf("%d", (int)count);
    return status;
}
C

for master in inline local 'local[3]' 'local[*]' 'local[2,3]'; do
    run "$cerium" run --master "$master" program.c
    is_code 0
    is_out 1000
    is_err ''
done

# What stands behind the file belongs to the program.
run "$cerium" run --master=local program.c arguments --master x '' 'a b' -- --help
is_code 0
is_out '[program.c][arguments][--master][x][][a b][--][--help]'

run "$cerium" run --name 'a name' --conf batch_rows=2k --conf=default_parallelism=7 program.c parallelism
is_code 0
is_out 7
run env CERIUM_DEFAULT_PARALLELISM=5 "$cerium" run program.c parallelism
is_out 5
run env CERIUM_DEFAULT_PARALLELISM=5 "$cerium" run --conf default_parallelism=6 program.c parallelism
is_out 6
run env CERIUM_MASTER='local[3]' "$cerium" run program.c parallelism
is_out 3

run env CERIUM_BATCH_ROWS=none "$cerium" run program.c
is_code 1
has_err 'cerium: CERIUM_BATCH_ROWS of the environment: batch_rows: needs a whole number'
run "$cerium" run --master spark program.c
is_code 1
has_err 'cerium: master "spark" is none of inline'

# The exit status.
for wanted in 0 1 7 255; do
    run "$cerium" run program.c exit $wanted
    is_code $wanted
done
run "$cerium" run program.c exit -1
is_code 255
run "$cerium" run program.c exit 256
is_code 1
is_err ''

# A status that ce_main passes on comes with its sentence.
run "$cerium" run --master 'local[2]' program.c fail
is_code 10
has_err 'cerium: '
has_err 'row 50 is one too many'
yes [ "$(wc -l <err.txt)" -eq 1 ]

# Output that is lost is no success.
if [ -c /dev/full ]; then
    "$cerium" run program.c >/dev/full 2>err.txt
    code=$?
    err=$(cat err.txt)
    is_code 1
    is_err 'cerium: standard output: cannot be written: No space left on device'
fi

# Ready within 5 ms when nothing has changed: the best of 20, because a busy machine is slower now and then.
best=999999
for _ in $(seq 20); do
    start=$(date +%s%N)
    "$cerium" run --master inline program.c exit 0
    took=$((($(date +%s%N) - start) / 1000))
    [ "$took" -ge "$best" ] || best=$took
done
echo "a warm start takes $best us"
case "$(nm -D "$cerium")" in
*__asan_* | *__tsan_*) ;;
*) [ "$best" -lt 10000 ] || complain "a warm start takes $best us, process and context included" ;;
esac

finish
