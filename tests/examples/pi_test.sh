#!/usr/bin/env bash
# pi: the same darts, thrown by Python, hit the same way.
source "$(dirname "$0")/example.sh"

cat >throw.py <<'PYTHON'
import sys
MASK = 2**64 - 1

def random_of(n):
    n = n * 0x9E3779B97F4A7C15 & MASK
    n = (n ^ n >> 30) * 0xBF58476D1CE4E5B9 & MASK
    n = (n ^ n >> 27) * 0x94D049BB133111EB & MASK
    return ((n ^ n >> 31) >> 11) / 2**53

count = int(sys.argv[1])
hits = sum(random_of(2 * n + 1) ** 2 + random_of(2 * n + 2) ** 2 < 1 for n in range(count))
print(f"pi is roughly {4 * hits / count:.6f}")
PYTHON

for count in 1 3 1000 100003; do
    python3 throw.py "$count" >want
    run_example "$count" >got
    same "$count darts" want got
    CERIUM_MASTER='local[4]' run_example "$count" >got
    same "$count darts, four threads" want got
done

run_example | awk '{ off = $NF - 3.141593; exit !(off < 0.002 && off > -0.002) }' || { echo "pi: far off" >&2; exit 1; }
fails 2 usage: 0
fails 2 usage: many
