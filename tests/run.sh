#!/bin/bash
# Runs every suite and adds up: each suite prints TAP, this counts its "ok" and
# "not ok" lines. A suite that dies, or that runs no test, is one failure. The
# seconds are the processor's, of the suite and all that it started.
#   tests/run.sh [PATTERN]   only the suites whose name contains PATTERN
set -u
cd "$(dirname "$0")/.." || exit 3
BUILD=${BUILD:-build}
export BUILD TRAPEZE=${TRAPEZE:-$BUILD/trapeze} CMOCKA_MESSAGE_OUTPUT=TAP
# What a person's shell sets is nothing that a test may depend on.
export SHELL=$BASH PATH=$PWD/tests/common/bin:$PATH
unset COLUMNS LINES NO_COLOR POSIXLY_CORRECT CDPATH BASH_ENV ENV GREP_COLORS
pattern=${1:-}
logs=$BUILD/test-logs
rm -rf "$logs" && mkdir -p "$logs"

suites=()
for source in tests/unit/*/test_*.c; do
  [ -e "$source" ] && suites+=("${source%.c}")
done
for script in tests/*/run.sh; do
  [ -e "$script" ] && suites+=("$script")
done

# One suite, its output in a log; the status file says that it is done.
run_suite() {
  local suite=$1 program=$1
  case $suite in tests/unit/*) program=$BUILD/$suite ;; esac
  local log=$logs/${suite//\//_}.log
  local status TIMEFORMAT='%U %S'
  { time "$program" >"$log" 2>&1 </dev/null; } 2>"$log.cpu"
  status=$?
  echo $status >"$log.status.new"
  mv "$log.status.new" "$log.status"
}
export -f run_suite
export logs

# Scripts before unit tests: they take longest, so they start first.
chosen=()
for suite in "${suites[@]}"; do
  [[ $suite == *"$pattern"* ]] && [[ $suite == *run.sh ]] && chosen+=("$suite")
done
for suite in "${suites[@]}"; do
  [[ $suite == *"$pattern"* ]] && [[ $suite != *run.sh ]] && chosen+=("$suite")
done
if [ ${#chosen[@]} -eq 0 ]; then
  echo "tests/run.sh: no suite is named '$pattern': expected part of the name of one, as" \
    "golden, unit/vmm or test_bodies" >&2
  exit 2
fi
# They share no state, so as many run at a time as there are processors.
printf '%s\n' "${chosen[@]}" | xargs -P "${JOBS:-$(nproc)}" -I{} bash -c 'run_suite {}' &
runner=$!
# An end that is asked for: what runs is let go, and nothing is written of it.
trap 'kill $runner 2>/dev/null; exit 130' INT TERM

passed=0 failed=0 failures=()
for suite in "${chosen[@]}"; do
  log=$logs/${suite//\//_}.log
  until [ -e "$log.status" ]; do
    kill -0 "$runner" 2>/dev/null || [ -e "$log.status" ] || echo lost >"$log.status"
    sleep 0.1
  done
  status=$(cat "$log.status")
  ok=$(grep -c '^ok ' "$log")
  bad=$(grep -c '^not ok ' "$log")
  note=
  if [ "$bad" -eq 0 ] && { [ "$status" != 0 ] || [ "$ok" -eq 0 ]; }; then
    bad=1
    note=" (exit status $status)"
  fi
  passed=$((passed + ok)) failed=$((failed + bad))
  cpu=$(awk 'END { printf "%6.1f s", $1 + $2 }' "$log.cpu")
  printf '%-44s %5d passed, %d failed %s%s\n' "$suite" "$ok" "$bad" "$cpu" "$note"
  if [ "$bad" -ne 0 ]; then
    while read -r line; do failures+=("$suite: $line"); done < <(
      grep '^not ok ' "$log" || echo "exit status $status, $ok passed")
    grep -n -A12 '^not ok ' "$log" | head -n 60
    [ -z "$note" ] || tail -n 30 "$log"
    echo "    (whole log: $log)"
  fi
done
# Once more what failed, where the eye and a log cut short both look: at the end.
for line in "${failures[@]}"; do echo "FAILED $line"; done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
