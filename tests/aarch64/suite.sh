#!/bin/bash
# The suite under qemu-user, of what tools/build/aarch64.sh has built: every unit test, the
# golden tests, the guests, and verify on both outcomes. What is stated natively must come out on
# the other architecture, to the last byte; what tests with seeds count, too: the same seed makes the
# same program everywhere, whatever order a compiler takes arguments in. TAP. Not named run.sh:
# `make aarch64` runs it, and soak.
set -u
cd "$(dirname "$0")/../.." || exit 3
out=${BUILD:-build}-aarch64
run=$(realpath "$out/qemu/run")
. tests/common/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
file "$out/trapeze" 2>/dev/null | grep -q 'ARM aarch64' || readelf -h "$out/trapeze" | grep -q AArch64
report $? "the program is one for aarch64"

one() { # TEST: its output, and its status as a word
  (ulimit -t 7200 && exec "$run" "$1") >"$work/$(basename "$1").log" 2>&1 </dev/null
  echo "$1 $?"
}
export -f one
export run work
find "$out/tests/unit" -type f -name 'test_*' -perm /1 | sort |
  xargs -P "${JOBS:-2}" -I{} bash -c 'one {}' | sort >"$work/ended"
# But for what a test says of its host, as how much storage a process takes there.
counts() { grep -a '^# ' "$1" | grep -v '^# of the host: '; }
counted=0
while read -r test status; do
  name=$(basename "$(dirname "$test")")/$(basename "$test")
  report "$status" "$name" "$work/$(basename "$test").log"
  counts "$work/$(basename "$test").log" >"$work/here" || continue
  counted=$((counted + 1))
  "${out%-aarch64}/tests/unit/$name" >"$work/native.log" 2>&1 </dev/null &&
    diff <(counts "$work/native.log") "$work/here" >"$work/diff"
  report $? "… and counts what it counts natively" <(cat "$work/diff" 2>&- || tail -n 20 "$work/native.log")
  rm -f "$work/diff"
done <"$work/ended"
[ $counted -ge 5 ]
report $? "five tests or more count something"

export TRAPEZE=$PWD/$out/qemu/trapeze BUILD=$out
for suite in golden guest; do
  tests/$suite/run.sh >"$work/$suite" 2>&1 </dev/null
  ! grep -q '^not ok' "$work/$suite" && grep -q '^ok' "$work/$suite"
  report $? "the suite $suite, $(grep -c '^ok' "$work/$suite") tests" <(grep -A9 '^not ok' "$work/$suite")
done
for profile in pg x86; do
  for where in "$TRAPEZE" "${out%-aarch64}/trapeze"; do
    "$where" verify minos --profile $profile --ticks 200000 >"$work/$(basename "$(dirname "$where")")" 2>&1 </dev/null
  done
  diff "$work/qemu" "$work/$(basename "${out%-aarch64}")" >"$work/diff"
  report $? "verify minos on $profile says what it says natively" "$work/diff"
done
echo "1..$number"
exit $failed
