#!/usr/bin/env bash
# page_rank: Python ranks the same pages the same way.
source "$(dirname "$0")/example.sh"

cat >page_rank.py <<'PYTHON'
import sys
links = {}
for line in open(sys.argv[1]):
    source, target = line.split()
    links.setdefault(source, set()).add(target)
ranks = dict.fromkeys(links, 1.0)
for _ in range(int(sys.argv[2])):
    sums = dict.fromkeys(ranks, 0.0)
    for source, targets in links.items():
        for target in targets:
            sums[target] = sums.get(target, 0.0) + ranks[source] / len(targets)
    ranks = {page: 0.15 + 0.85 * sum_of for page, sum_of in sums.items()}
for page in sorted(ranks):
    print(f"{page}\t{ranks[page]:.6f}")
PYTHON

printf '%s\n' 'a b' 'a c' 'b c' 'c a' 'd c' 'a b' >small.txt
printf 'c\t1.576597\na\t1.490107\nb\t0.783296\n' >want
run_example small.txt 50 3 >got
close "the best three in order" want got
python3 page_rank.py small.txt 50 >want
run_example small.txt 50 9 | LC_ALL=C sort >got
close "four pages" want got

awk 'BEGIN {
    srand(9)
    for (i = 0; i < 8000; i++) printf "p%d p%d\n", int(rand() * 800), int(rand() * rand() * 1000)
}' >links.txt
for rounds in 0 1 10; do
    python3 page_rank.py links.txt "$rounds" >want
    run_example links.txt "$rounds" 100000 | LC_ALL=C sort >got
    close "$rounds rounds" want got
    run_in_pieces links.txt "$rounds" 100000 | LC_ALL=C sort >got
    close "$rounds rounds in pieces" want got
done
