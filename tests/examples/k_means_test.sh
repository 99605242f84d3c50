#!/usr/bin/env bash
# k_means: Python goes the same rounds and finds the same middles.
source "$(dirname "$0")/example.sh"

cat >k_means.py <<'PYTHON'
import sys
points = [tuple(map(float, line.split(","))) for line in open(sys.argv[1])]
centres = points[:int(sys.argv[2])]
sizes = [1] * len(centres)
for _ in range(int(sys.argv[3])):
    members = {}
    for x, y in points:
        near = min(range(len(centres)), key=lambda i: (x - centres[i][0]) ** 2 + (y - centres[i][1]) ** 2)
        members.setdefault(near, []).append((x, y))
    rows = sorted((sum(p[0] for p in m) / len(m), sum(p[1] for p in m) / len(m), len(m)) for m in members.values())
    centres, sizes = [row[:2] for row in rows], [row[2] for row in rows]
for (x, y), size in zip(centres, sizes):
    print(f"{x:.6f}\t{y:.6f}\t{size}")
PYTHON

printf '%s\n' 0,0 10,10 1,0 11,10 0,1 10,11 >small.csv
printf '0.333333\t0.333333\t3\n10.333333\t10.333333\t3\n' >want
run_example small.csv 2 5 >got
same "two corners" want got

awk 'BEGIN {
    srand(5)
    for (i = 0; i < 20000; i++) {
        c = int(rand() * 6)
        printf "%.4f,%.4f\n", 10 * (c % 3) + rand() + rand() + rand(), 8 * int(c / 3) + rand() + rand() + rand()
    }
}' >points.csv
for rounds in 0 1 8; do
    python3 k_means.py points.csv 6 "$rounds" >want
    run_example points.csv 6 "$rounds" >got
    close "$rounds rounds" want got
    run_in_pieces points.csv 6 "$rounds" >got
    close "$rounds rounds in pieces" want got
done

printf '1,2\nthree,4\n' >wrong.csv
fails any 'not a line "x,y": "three,4"' wrong.csv 2 1
