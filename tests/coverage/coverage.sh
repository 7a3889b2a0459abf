#!/bin/bash
# Branch coverage of the rooms whose code the guest, the user's files and the
# other rooms reach, and of the reader of system directories. Runs the suites below
# on a build made with --coverage, prints gcovr's table for each room, and is red if
# a room has less than $MIN per cent.
# docs/coverage.md says what is left out and why.
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=${BUILD:-build-coverage}
MIN=${MIN:-90}
# Not: builds, install, rules, mutants (they run no code of this build), equiv (long);
# and random tests at a size that meets every behaviour, not every state.
suites=(unit/isa unit/asm unit/machine unit/vmm unit/classify golden cli guest/ hostile/ isagen profiles/
  directory/ system/ network/ paravirt/)

# gcovr's helpers write here, and leave it there when they are stopped.
trap 'rm -f -- *.gcov' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

export TRAPEZE_STATES=${TRAPEZE_STATES:-20000} TRAPEZE_TICKS=${TRAPEZE_TICKS:-200000}
find "$BUILD" -name '*.gcda' -delete
for suite in "${suites[@]}"; do
  BUILD=$BUILD tests/run.sh "$suite" >"$BUILD/coverage.log" || {
    cat "$BUILD/coverage.log"
    echo "coverage: the tests in $suite fail" >&2
    exit 1
  }
done

# Left out: what flex and bison write, and branches of what cannot happen.
report() {
  gcovr --root . --object-directory "$BUILD/obj" -j "$(nproc)" \
    --filter '(isa|asm|machine|vmm|classify|tools/directory)/' --exclude '.*\.[ly]$' \
    --gcov-ignore-parse-errors --exclude-unreachable-branches --exclude-throw-branches \
    --exclude-branches-by-pattern '.*\b(assert|_Static_assert|__builtin_unreachable)\(.*' \
    "$@" "$BUILD/obj"
}
report --branches --print-summary --csv "$BUILD/coverage.csv" || exit 3
echo
awk -F, -v min="$MIN" '
  NR > 1 {
    split($1, path, "/")
    room = $1 ~ /^(isa\/gen|tools\/directory)\// ? path[1] "/" path[2] : path[1]
    all[room] += $5
    taken[room] += $6
  }
  END {
    n = split("isa isa/gen asm machine vmm classify tools/directory", rooms, " ")
    for (i = 1; i <= n; i++) {
      r = rooms[i]
      percent = all[r] ? 100 * taken[r] / all[r] : 0
      low = percent < min && r != "tools/directory" # docs/coverage.md says why
      bad += low
      printf "%-15s %5d of %5d branches  %5.1f %%%s\n", r, taken[r], all[r], percent, low ? "  too low" : ""
    }
    exit bad > 0
  }' "$BUILD/coverage.csv"
