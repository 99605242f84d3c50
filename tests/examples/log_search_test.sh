#!/usr/bin/env bash
# log_search: grep finds the same lines, in the same order.
source "$(dirname "$0")/example.sh"

want() {
    grep -F -- "$1" "$2" || true
    echo "$(grep -cF -- "$1" "$2" || true) lines"
}

awk 'BEGIN {
    srand(3)
    split("INFO WARN ERROR DEBUG", levels, " ")
    for (i = 0; i < 30000; i++) {
        printf "%d %s disk %d is %d%% full\n", i, levels[1 + int(rand() * 4)], rand() * 50, rand() * 100
    }
}' >app.log

for text in ERROR "disk 7 " "99% full" "" "no such text" "0 "; do
    want "$text" app.log >want
    run_example app.log "$text" >got
    same "\"$text\"" want got
    run_in_pieces app.log "$text" >got
    same "\"$text\" in pieces" want got
done
fails 2 usage: app.log
