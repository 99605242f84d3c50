#!/usr/bin/env bash
# The code in README.md and docs/ does what the text says. docs_test.py has the rules.
set -euo pipefail
: "${CERIUM_BUILD:?the build folder}" "${CERIUM_SOURCE:?the source folder}"
exec python3 "$CERIUM_SOURCE/tests/docs/docs_test.py" "$@"
