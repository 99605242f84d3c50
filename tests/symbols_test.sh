#!/usr/bin/env bash
# The shared library exports ce_* alone; inside, what more than one file sees is called ce_* or cei_*.
set -euo pipefail
: "${CERIUM_BUILD:?the build folder}"

# Prints the names that do not match the pattern. A sanitizer's own names are none of ours.
strangers() {
    awk -v own="$1" -v sanitizer='^__(odr_asan|asan|ubsan|tsan|sanitizer)' \
        'NF == 3 && $3 !~ own && $3 !~ sanitizer { print $3 }' | sort -u
}

exported=$(nm -D --defined-only --extern-only "$CERIUM_BUILD/libcerium.so")
visible=$(nm --defined-only --extern-only "$CERIUM_BUILD/libcerium.a" 2>/dev/null)

grep -q ' ce_' <<<"$exported" || { echo "libcerium.so exports no ce_* name"; exit 1; }

wrong=$(strangers '^ce_' <<<"$exported")
if [ -n "$wrong" ]; then
    echo "libcerium.so exports names that do not start with ce_:"
    echo "$wrong"
    exit 1
fi
wrong=$(strangers '^cei?_' <<<"$visible")
if [ -n "$wrong" ]; then
    echo "libcerium.a has names that start with neither ce_ nor cei_ (make them static, or rename them):"
    echo "$wrong"
    exit 1
fi
