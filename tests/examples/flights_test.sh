#!/usr/bin/env bash
# flights: Python's csv module sums up the same flights: made ones, and those that left New York in 2013.
source "$(dirname "$0")/example.sh"

cat >flights.py <<'PYTHON'
import csv, sys
carriers, routes = {}, {}
for row in csv.DictReader(open(sys.argv[1])):
    for table, name in (carriers, row["carrier"]), (routes, row["origin"] + "," + row["dest"]):
        delays = table.setdefault(name, [0, []])
        delays[0] += 1
        if row["arr_delay"] != "NA":
            delays[1].append(int(row["arr_delay"]))

def show(name, flights, delays):
    print(f"{name}\t{flights}\t{sum(delays) / len(delays) if delays else float('nan'):.2f}")

for name in sorted(carriers):
    show(name, *carriers[name])
for name in sorted(routes, key=lambda name: (-routes[name][0], name))[:10]:
    show(name, *routes[name])
PYTHON

compare() {
    python3 flights.py "$2" | sed 's/-nan/nan/' >want
    run_example "$2" | sed 's/-nan/nan/' >got
    same "$1" want got
    CERIUM_MASTER='local[4]' CERIUM_FILES_PARTITION_BYTES_MAX=${3:-16k} run_example "$2" | sed 's/-nan/nan/' >got
    same "$1 in pieces" want got
}

{
    printf 'year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,carrier,flight,tailnum,'
    printf 'origin,dest,air_time,distance,hour,minute,time_hour\n'
    awk 'BEGIN {
        srand(17)
        split("UA AA B6 DL", carriers, " ")
        split("IAH MIA ORD ATL BOS", places, " ")
        for (i = 0; i < 20000; i++) {
            delay = rand() < 0.03 ? "NA" : int(rand() * 300) - 60
            printf "2013,%d,1,NA,515,2,NA,819,%s,%s,%d,N14228,EWR,%s,NA,1400,5,15,2013-01-01T10:00:00Z\n",
                1 + int(rand() * 12), delay, carriers[1 + int(rand() * 4)], i, places[1 + int(rand() * rand() * 5)]
        }
        # Routes with one flight each, which never arrived: equal counts, and a mean of nothing.
        count = split("AAE AAC AAA AAB AAD", rare, " ")
        for (i = 1; i <= count; i++) {
            printf "2013,1,1,NA,515,2,NA,819,NA,ZZ,1,N14228,EWR,%s,NA,1400,5,15,2013-01-01T10:00:00Z\n", rare[i]
        }
    }'
} >made.csv
compare "made flights" made.csv

if real=$("$CERIUM_SOURCE/script/flights_data"); then
    compare "the flights of 2013" "$real" 1m
else
    echo "flights: the real flights cannot be had here; the made ones were compared"
fi
