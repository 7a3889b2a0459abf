#!/bin/bash
# Tests at length: what `make check` runs a little of. The commands are below, one a line,
# to be run from the top of the tree, the longest first; all run, JOBS at a time (the number
# of processors). A line says when each begins and when it ends; the last line adds up.
# Before it stands, of each that failed, the command to run again: every size and seed
# is in it. Its whole output is in BUILD/soak/N.log. Exit status 0, or 1 if any failed.
#   tests/soak/soak.sh [PATTERN]   only the commands that contain PATTERN
#   SHARE=n        an n-th of all that is counted, or what it takes (--all and the like stay whole)
#   FROM=n         random programs from number n on
#   SOAK_LIST=f    the commands of another file
set -u
cd "$(dirname "$0")/../.." || exit 3
export BUILD=${BUILD:-build}
export TRAPEZE=${TRAPEZE:-$BUILD/trapeze} CMOCKA_MESSAGE_OUTPUT=TAP
# As in tests/run.sh; and commands that make something have other CC, OPT and SAN.
export SHELL=$BASH PATH=$PWD/tests/common/bin:$PATH
unset COLUMNS LINES NO_COLOR POSIXLY_CORRECT CDPATH BASH_ENV ENV GREP_COLORS
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
FROM=${FROM:-1000000} SHARE=${SHARE:-1}
pattern=${1:-}
logs=$BUILD/soak

commands() {
  cat "${SOAK_LIST:-/dev/stdin}" <<'END'
tests/faults/run.sh --all
LONG=1 PROFILES=$(n 150) FROM=$FROM tests/own/run.sh
MUTANTS=all MUTANTS_JOBS=2 tests/mutants/run.sh
$BUILD/tests/random/random --from $FROM --seeds $(n 100000)
TRAPEZE_TICKS=$(n 1000000000) TRAPEZE_SEED=100 $BUILD/tests/unit/vmm/test_hostile_random
TRAPEZE_TICKS=$(n 1000000000) TRAPEZE_SEED=200 $BUILD/tests/unit/vmm/test_hostile_random
MUTANTS=all tests/definition-mutants/run.sh
TRAPEZE_STATES=$(n 1000000) $BUILD/tests/unit/machine/test_states
TRAPEZE_STATES=$(n 100000) $BUILD/tests/unit/classify/test_terms
TRAPEZE_SEED=$FROM TRAPEZE_SEEDS=$(n 10000) $BUILD/tests/unit/machine/test_mapped_random
TRAPEZE_SEED=$FROM TRAPEZE_SEEDS=$(n 20000 100) $BUILD/tests/unit/vmm/test_torture
tests/pages/profiles.sh
TRAPEZE_SEED=$FROM TRAPEZE_SEEDS=$(n 10000 200) $BUILD/tests/unit/vmm/test_paravirt_torture
tests/classify/cvc5.sh --all
tests/classify/mmus.sh
TRAPEZE_PROFILES=all $BUILD/tests/unit/classify/test_exhaust
TRAPEZE_PROFILES=all $BUILD/tests/unit/classify/test_experiment
WRONG=all tests/grade/run.sh
tests/builds/run.sh --all
tests/equiv/run.sh --all
tests/c/run.sh --all
tests/pages/run.sh --all
CHECKPOINT=1 tests/isolation/run.sh
$BUILD/tests/random/random --technique interpret --from $FROM --seeds $(n 10000)
$BUILD/tests/random/random --technique hybrid --from $FROM --seeds $(n 10000)
$BUILD/tests/random/random --technique interpret --profile x86 --from $FROM --seeds $(n 10000)
$BUILD/tests/random/random --technique translate --from $FROM --seeds $(n 10000)
$BUILD/tests/random/random --technique hybrid --profile x86 --offenders 'pushf rdpsw svbr probe rdtick cpuid' --harmless probe --from $FROM --seeds $(n 20000 3000)
$BUILD/tests/random/random --technique translate --profile x86 --offenders 'pushf rdpsw svbr probe rdtick cpuid' --harmless - --from $FROM --seeds $(n 20000 3000)
$BUILD/tests/random/random --technique translate-all --profile x86 --from $FROM --seeds $(n 10000)
$BUILD/tests/random/random --technique patch --profile x86 --from $FROM --seeds $(n 10000)
tests/compare/run.sh --all
TRAPEZE_SECONDS=0.2 $BUILD/tests/unit/tools/test_timeline
tests/nano/run.sh --long
tests/bench/run.sh --all
$BUILD/tests/tlb/torture --strict --from $FROM --seeds $(n 10000 100)
$BUILD/tests/tlb/torture --memory disco --strict --from $FROM --seeds $(n 10000 100)
make aarch64
PROGRAMS=$(n 10000 1500) FROM=100000 tests/practice/run.sh
HYPERCALLS=$(n 2000000) $BUILD/tests/unit/vmm/test_paravirt_hostile
END
}

n() { # N [LEAST]: an n-th of it, or one more; but as many as it takes to meet everything
  local least=${2:-1} part=$((($1 + SHARE - 1) / SHARE))
  echo $((part > least ? part : least))
}

# Suites of TAP need not end with a status other than 0 when a test fails, and what dies
# prints no line: both are looked at. What says nothing at all has tried nothing.
run_one() { # INDEX OF COMMAND
  local index=$1 of=$2 command=$3 log=$logs/$1.log verdict=passed status bad tests= TIMEFORMAT='%U %S'
  echo "began  $index/$of: $command"
  { time BUILD=$BUILD bash -c "$command" >"$log" 2>&1 </dev/null; } 2>"$log.cpu"
  status=$?
  bad=$(grep -c '^not ok ' "$log")
  [ "$status" -eq 0 ] && [ "$bad" -eq 0 ] && grep -qE '^(ok|#) ' "$log" || verdict=FAILED
  {
    echo "$verdict $index/$of: $command"
    ! grep -qE '^(not )?ok ' "$log" || tests="$(grep -c '^ok ' "$log") tests passed, $bad failed, "
    echo "    ${tests}exit status $status, $(awk 'END { printf "%.0f", $1 + $2 }' "$log.cpu") s of processor time"
    if [ $verdict = passed ]; then
      sed -n '/^# /s/^/    /p' "$log" | tail -n 20
    else
      grep -A12 '^not ok ' "$log" | head -n 60 | sed 's/^/    /'
      tail -n 30 "$log" | sed 's/^/    /'
      echo "    (whole log: $log)"
    fi
  } >"$log.told"
  cat "$log.told" # at once, so that two that end together do not mix
  echo "$verdict $command" >"$log.ended"
}
export -f run_one
export logs

expand() { # a command as it would be typed
  local line=$1
  line=${line//\$BUILD/$BUILD} line=${line//\$FROM/$FROM}
  while [[ $line =~ \$\(n\ ([0-9]+)( [0-9]+)?\) ]]; do
    line=${line//"${BASH_REMATCH[0]}"/$(n "${BASH_REMATCH[1]}" ${BASH_REMATCH[2]})}
  done
  echo "$line"
}

chosen=()
while read -r line; do
  line=$(expand "$line")
  [[ $line != *"$pattern"* ]] || chosen+=("$line")
done < <(commands)
if [ ${#chosen[@]} -eq 0 ]; then
  echo "tests/soak/soak.sh: no command contains '$pattern': expected part of one of these" >&2
  commands >&2
  exit 2
fi
rm -rf "$logs" && mkdir -p "$logs"
start=$SECONDS
for index in "${!chosen[@]}"; do
  printf '%s\0%s\0%s\0' $((index + 1)) ${#chosen[@]} "${chosen[$index]}"
done | xargs -0 -n 3 -P "${JOBS:-$(nproc)}" bash -c 'run_one "$@"' _

passed=0 failed=0
for index in "${!chosen[@]}"; do
  ended=$(cat "$logs/$((index + 1)).log.ended" 2>/dev/null || echo "FAILED ${chosen[$index]}")
  case $ended in
    passed*) passed=$((passed + 1)) ;;
    *) failed=$((failed + 1)) && echo "again: BUILD=$BUILD $(sed 's/^FAILED //' <<<"$ended")" ;;
  esac
done
echo "soak: $passed of ${#chosen[@]} commands passed, $failed failed, in $((SECONDS - start)) s"
[ "$failed" -eq 0 ]
