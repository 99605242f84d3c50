#!/usr/bin/env bash
# inverted_index: Python makes the same index.
source "$(dirname "$0")/example.sh"

cat >index.py <<'PYTHON'
import os, sys
index = {}
for name in os.listdir(sys.argv[1]):
    for word in open(os.path.join(sys.argv[1], name)).read().split():
        index.setdefault(word, set()).add(name)
for word in sorted(index):
    print(f"{word}\t[{', '.join(sorted(index[word]))}]")
PYTHON

mkdir small
printf 'a rose is\na rose\n' >small/stein.txt
printf 'the rose\n' >small/eco.txt
printf 'a\t[stein.txt]\nis\t[stein.txt]\nrose\t[eco.txt, stein.txt]\nthe\t[eco.txt]\n' >want
run_example small small_index
saved small_index >got
same "two files" want got

mkdir texts
awk 'BEGIN {
    srand(11)
    for (file = 0; file < 60; file++) {
        for (i = int(rand() * 3000); i > 0; i--) {
            printf "%s%s", "w" int(exp(rand() * 8)), rand() < 0.1 ? "\n" : " " >("texts/" file ".txt")
        }
    }
}'
python3 index.py texts >want
run_example texts out
saved out >got
same "60 files" want got
run_in_pieces texts pieces
saved pieces >got
same "60 files with four threads" want got
