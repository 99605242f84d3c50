#!/usr/bin/env bash
# average_by_key: awk computes the same means; a line that is none fails the job.
source "$(dirname "$0")/example.sh"

want() {
    LC_ALL=C awk -F, '{ sums[$1] += $2; counts[$1]++ }
        END { for (key in sums) printf "%s\t%.17g\n", key, sums[key] / counts[key] }' "$1" | LC_ALL=C sort
}

printf '%s\n' oslo,-3 rome,14.5 oslo,5 rome,15.5 cairo,1e3 >small.csv
printf 'cairo\t1000.0\noslo\t1.0\nrome\t15.0\n' >want
run_example small.csv small
saved small >got
same "a small file" want got

awk 'BEGIN {
    srand(7)
    for (i = 0; i < 50000; i++) printf "k%d,%.3f\n", int(rand() * 997), rand() * 200 - 100
}' >big.csv
want big.csv >want
run_example big.csv out
saved out >got
close "random numbers" want got
run_in_pieces big.csv pieces
saved pieces >got
close "random numbers in pieces" want got

printf 'a,1\nb\n' >wrong.csv
fails any 'not a line "key,number": "b"' wrong.csv new
[ ! -e new ] || { echo "average_by_key: a failed job left its output" >&2; exit 1; }
