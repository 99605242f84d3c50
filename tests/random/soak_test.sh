#!/usr/bin/env bash
# A short soak ends well and says what it ran; the program of one seed can be run again.
set -euo pipefail
: "${CERIUM_BUILD:?the build folder}" "${CERIUM_SOURCE:?the source folder}"

said=$("$CERIUM_SOURCE/script/soak" 3 2>&1) || { echo "$said"; exit 1; }
seed=$(sed -n 's/.* programs from seed \([0-9]*\)$/\1/p' <<<"$said")
[ -n "$seed" ] || { echo "no seed in: $said"; exit 1; }

said=$("$CERIUM_SOURCE/script/soak" --seed "$seed" 2>&1) || { echo "$said"; exit 1; }
grep -q "^1 programs from seed $seed$" <<<"$said" || { echo "not the program of $seed: $said"; exit 1; }
