#!/bin/bash
# Tests at length: what `make check` runs a little of. One command a line below, to
# be run from the top of the tree; all run, as many at a time as there are
# processors; the exit status is 1 if any failed. Not named run.sh, so that
# tests/run.sh does not take it for a suite.
#   tests/soak/soak.sh [PATTERN]   only the commands that contain PATTERN
# SEEDS and FROM, in the environment, say how many random programs and which.
set -u
cd "$(dirname "$0")/../.." || exit 3
export BUILD=${BUILD:-build}
export TRAPEZE=${TRAPEZE:-$BUILD/trapeze}
pattern=${1:-}

commands() {
  cat <<'END'
MUTANTS=all MUTANTS_JOBS=2 tests/mutants/run.sh
MUTANTS=all tests/definition-mutants/run.sh
TRAPEZE_STATES=1000000 $BUILD/tests/unit/machine/test_states
TRAPEZE_STATES=100000 $BUILD/tests/unit/classify/test_terms
TRAPEZE_SEED=${FROM:-1000000} TRAPEZE_SEEDS=10000 $BUILD/tests/unit/machine/test_mapped_random
TRAPEZE_SEED=${FROM:-1000000} TRAPEZE_SEEDS=10000 $BUILD/tests/unit/vmm/test_torture
tests/classify/cvc5.sh --all
tests/faults/run.sh --all
WRONG=all tests/grade/run.sh
tests/builds/run.sh --all
tests/equiv/run.sh --all
tests/c/run.sh --all
tests/pages/run.sh --all
CHECKPOINT=1 tests/isolation/run.sh
$BUILD/tests/random/random --from ${FROM:-1000000} --seeds ${SEEDS:-100000}
$BUILD/tests/random/random --technique interpret --from ${FROM:-1000000} --seeds ${SEEDS:-10000}
$BUILD/tests/random/random --technique hybrid --from ${FROM:-1000000} --seeds ${SEEDS:-10000}
$BUILD/tests/random/random --technique interpret --profile x86 --from ${FROM:-1000000} --seeds ${SEEDS:-10000}
$BUILD/tests/random/random --technique translate --from ${FROM:-1000000} --seeds ${SEEDS:-10000}
$BUILD/tests/random/random --technique translate-all --profile x86 --from ${FROM:-1000000} --seeds ${SEEDS:-10000}
$BUILD/tests/random/random --technique patch --profile x86 --from ${FROM:-1000000} --seeds ${SEEDS:-10000}
tests/compare/run.sh --all
TRAPEZE_SECONDS=0.2 $BUILD/tests/unit/tools/test_timeline
tests/nano/run.sh --long
$BUILD/tests/tlb/torture --strict --from ${FROM:-1000000} --seeds ${SEEDS:-10000}
$BUILD/tests/tlb/torture --memory disco --strict --from ${FROM:-1000000} --seeds ${SEEDS:-10000}
make aarch64
PROGRAMS=10000 FROM=100000 tests/practice/run.sh
HYPERCALLS=2000000 $BUILD/tests/unit/vmm/test_paravirt_hostile
TRAPEZE_TICKS=1000000000 TRAPEZE_SEED=100 $BUILD/tests/unit/vmm/test_hostile_random
TRAPEZE_TICKS=1000000000 TRAPEZE_SEED=200 $BUILD/tests/unit/vmm/test_hostile_random
END
}

run_one() {
  local log
  log=$(mktemp)
  if bash -c "$1" >"$log" 2>&1 </dev/null; then
    echo "passed: $1"
    sed -n '/^# /s/^/    /p' "$log"
  else
    echo "FAILED: $1"
    tail -n 40 "$log" | sed 's/^/    /'
    rm -f "$log"
    exit 1
  fi
  rm -f "$log"
}
export -f run_one

commands | grep -F -- "$pattern" | xargs -d '\n' -P "${JOBS:-$(nproc)}" -I{} bash -c 'run_one "$1"' _ {} || exit 1
