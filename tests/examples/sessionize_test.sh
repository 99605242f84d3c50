#!/usr/bin/env bash
# sessionize: Python cuts the same sessions.
source "$(dirname "$0")/example.sh"

cat >sessionize.py <<'PYTHON'
import sys
events = {}
for line in open(sys.argv[1]):
    user, at = line.rstrip("\n").rsplit(",", 1)
    events.setdefault(user, []).append(int(at))
rows = []
for user, times in events.items():
    sessions = []
    for at in sorted(times):
        if not sessions or at - sessions[-1][-1] > 30 * 60 * 1000:
            sessions.append([])
        sessions[-1].append(at)
    rows += [f"{user}\t{s[0]}\t{s[-1]}\t{len(s)}" for s in sessions]
print("\n".join(sorted(rows)))
PYTHON

# A gap of exactly 30 minutes belongs to a session; a millisecond more begins a new one.
printf '%s\n' ann,1800000 bob,5 ann,0 ann,3600001 ann,3600002 >small.csv
printf 'ann\t0\t1800000\t2\nann\t3600001\t3600002\t2\nbob\t5\t5\t1\n' >want
run_example small.csv small
saved small >got
same "five events" want got

awk 'BEGIN {
    srand(13)
    for (i = 0; i < 40000; i++) {
        user = rand() < 0.2 ? 0 : int(rand() * 500)
        printf "user%d,%d\n", user, 1700000000000 + int(rand() * 86400000 * (user ? 2 : 30))
    }
}' >events.csv
python3 sessionize.py events.csv >want
run_example events.csv out
saved out >got
same "random events" want got
run_in_pieces events.csv pieces
saved pieces >got
same "random events in pieces" want got

printf 'ann,now\n' >wrong.csv
fails any 'not a line "user,unix_ms": "ann,now"' wrong.csv new
