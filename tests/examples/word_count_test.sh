#!/usr/bin/env bash
# word_count: awk counts the same words.
source "$(dirname "$0")/example.sh"

want() {
    cat "$@" | LC_ALL=C awk '{ for (i = 1; i <= NF; i++) counts[$i]++ }
        END { for (word in counts) printf "%s\t%d\n", word, counts[word] }' | LC_ALL=C sort
}

printf 'to be or not to be\n\n  that is\tthe question ' >small.txt
want small.txt >want
run_example small.txt small
saved small >got
same "a small text" want got

mkdir texts
for seed in 1 2 3; do
    awk -v seed="$seed" 'BEGIN {
        srand(seed)
        for (line = 0; line < 20000; line++) {
            words = int(rand() * 12)
            for (i = 0; i < words; i++) printf "%sw%d", i ? " " : "", int(exp(rand() * 9))
            print ""
        }
    }' >"texts/$seed.txt"
done
want texts/* >want
run_example texts out
saved out >got
same "random words" want got
run_in_pieces texts pieces
saved pieces >got
same "random words in pieces" want got

fails 2 usage: small.txt
fails any "exists" small.txt small
fails any "missing.txt" missing.txt new
[ ! -e new ] || { echo "word_count: a failed job left its output" >&2; exit 1; }
