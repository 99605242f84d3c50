# What the tests of the examples share; sourced by them. Each one makes input in a folder of its own, runs its example,
# and compares with what another program computes from the same input.
set -euo pipefail
: "${CERIUM_BUILD:?the build folder}" "${CERIUM_SOURCE:?the source folder}"

example=$(basename "$0" _test.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

run_example() {
    "$CERIUM_BUILD/cerium" run "$CERIUM_SOURCE/examples/$example.c" "$@"
}

# The same with four threads over many small partitions, so that rows of a key meet across shuffles.
run_in_pieces() {
    CERIUM_MASTER='local[4]' CERIUM_FILES_PARTITION_BYTES_MAX=16k run_example "$@"
}

# The lines that a run wrote to a folder, sorted. The mark that it is complete must be there.
saved() {
    [ -f "$1/_SUCCESS" ] || { echo "$1 has no _SUCCESS" >&2; return 1; }
    cat "$1"/part-* | LC_ALL=C sort
}

# same TITLE WANT GOT: compares two files.
same() {
    diff -u "$2" "$3" || { echo "$example: $1: what was wanted is above with -, what came with +" >&2; exit 1; }
}

# close TITLE WANT GOT: compares two files whose lines are numbers and texts with a TAB between, and whose numbers may
# differ in the last digits, as sums do when they are added in another order.
close() {
    python3 - "$@" <<'PYTHON' || exit 1
import math, sys
title, want_path, got_path = sys.argv[1:]
want, got = ([line.rstrip("\n").split("\t") for line in open(path, newline="\n")] for path in (want_path, got_path))

def near(a, b):
    try:
        return math.isclose(float(a), float(b), rel_tol=1e-9, abs_tol=2e-6)
    except ValueError:
        return a == b

if len(want) != len(got):
    sys.exit(f"{title}: wanted {len(want)} lines, got {len(got)}")
for number, (a, b) in enumerate(zip(want, got), 1):
    if len(a) != len(b) or not all(map(near, a, b)):
        sys.exit(f"{title}: line {number}: wanted {a}, got {b}")
PYTHON
}

# fails STATUS TEXT ARGUMENTS...: the example must end with that exit status (or any but 0: "any") and say the text.
fails() {
    local wanted=$1 text=$2 status=0 ends_so
    shift 2
    run_example "$@" >said.txt 2>&1 || status=$?
    [ "$wanted" = any ] && ends_so=$((status != 0)) || ends_so=$((status == wanted))
    if [ "$ends_so" -ne 1 ] || ! grep -qF -- "$text" said.txt; then
        echo "$example $*: wanted exit status $wanted with \"$text\", got $status with:" >&2
        cat said.txt >&2
        exit 1
    fi
}
