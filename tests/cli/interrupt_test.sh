#!/usr/bin/env bash
# Ctrl-C and SIGTERM in the middle of a job: the first cancels, the second ends at once.
source "$(dirname "${BASH_SOURCE[0]}")/common"

cat >long.c <<'C'
#include <cerium/cerium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static inline bool wait_a_little(int64_t x)
{
    (void)x;
    usleep(1000);
    return true;
}
CE_FILTER(wait_a_little, int64_t)

int ce_main(ce_context *sc, int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    uint64_t count = 0;
    if (strcmp(what, "again") == 0) { /* starts job after job, whatever becomes of them */
        ce_status status = CE_OK;
        puts("started");
        fflush(stdout);
        for (int i = 0; i < 20 && status == CE_OK; i++) {
            usleep(50000); /* no job runs here */
            status = ce_count(ce_filter(ce_range(sc, 0, 100, 1, 4), wait_a_little), &count);
        }
        puts(status == CE_CANCELLED ? "cancelled" : "not cancelled");
        return 0;
    }
    if (strcmp(what, "compile") == 0) {
        return 0;
    }
    if (strcmp(what, "deaf") == 0) {
        puts("started");
        fflush(stdout);
        for (int i = 0; i < 3000; i++) {
            usleep(10000);
        }
        return 0;
    }
    puts("started");
    fflush(stdout);
    ce_status status = ce_count(ce_filter(ce_range(sc, 0, 100000, 1, 400), wait_a_little), &count);
    puts(status == CE_CANCELLED ? "cancelled" : "not cancelled");
    return status;
}
C
run "$cerium" run long.c compile
is_code 0

until_started() {
    local tries
    for tries in $(seq 1000); do
        if grep -qs started out.txt; then
            return
        fi
        sleep 0.02
    done
}

# interrupt SIGNAL SECONDS ARGUMENTS...: starts the program, sends the signal SECONDS after it has said "started", and
# waits for its end. A job in the background ignores SIGINT; with job control on it does not.
set -m
interrupt() {
    local signal=$1 wait=$2
    shift 2
    : >out.txt
    "$cerium" run "$@" >out.txt 2>err.txt &
    local process=$!
    until_started
    sleep "$wait"
    start=$(date +%s%N)
    kill "-$signal" "$process"
    if [ -n "${second:-}" ]; then
        sleep 0.3
        kill "-$second" "$process"
    fi
    wait "$process" 2>/dev/null
    code=$?
    took=$((($(date +%s%N) - start) / 1000000))
    out=$(cat out.txt)
    err=$(cat err.txt)
}

for master in inline 'local[3]'; do
    interrupt INT 0.2 --master "$master" long.c
    is_code 130
    is_out $'started\ncancelled'
    is_err ''
    yes [ "$took" -lt 5000 ]
done

interrupt TERM 0.2 long.c
is_code 143
is_out $'started\ncancelled'

# Between two jobs: the next one is cancelled.
interrupt INT 0.01 long.c again
is_code 130
is_out $'started\ncancelled'

# A program that does not listen ends with the second one.
second=INT interrupt INT 0.2 long.c deaf
is_code 130
is_out started
yes [ "$took" -lt 5000 ]

# Who is started with SIGINT ignored goes on ignoring it.
set +m
: >out.txt
(
    trap '' INT
    exec "$cerium" run long.c again >out.txt 2>err.txt
) &
process=$!
until_started
kill -INT "$process"
wait "$process"
code=$? out=$(cat out.txt) err=$(cat err.txt)
is_code 0
is_out $'started\nnot cancelled'

finish
