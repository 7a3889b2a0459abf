#!/bin/bash
# Theory against practice, on a profile made at random: random kernels part at what the
# classifier lists and at nothing else, on a VMM that traps and emulates and on a hybrid one;
# and begun in the witnesses of an offender each parts, at that.
#   tests/own/practice.sh PROFILE KERNELS WITNESSED   prints what is otherwise
#
# What a behaviour makes harmless:
# - `probe` that executes fully: the map that the VMM composes lets the same addresses through.
#   One that is ignored is not: the guest's register stays as it was.
# - `tio` that executes fully, in the states of its witnesses: they differ by a program of the
#   disk, and these kernels have no disk. Others part at it.
# Every other offender is to blame somewhere, but not in kernels of all kinds: where a guest
# cannot write VBR or enter user mode but by another offender, it parts there, before svbr or
# ldprev can show anything. The witnesses begin after that.
set -u
profile=$1 kernels=$2 witnessed=$3
trapeze=${TRAPEZE:-build/trapeze} BUILD=${BUILD:-build}
scratch=$(mktemp -d) && trap 'rm -rf "$scratch"' EXIT

"$trapeze" classify "$profile" --routes experiment --samples 1000 --json >"$scratch/report" 2>/dev/null
offenders() { # THEOREM
  local list
  list=$(jq -r ".theorems[$1 - 1].offenders | join(\" \")" "$scratch/report")
  echo "${list:--}"
}
fully() { # INSTRUCTION…: those that execute fully outside mode 0
  local list
  list=$(jq -r --arg some "$*" '.instructions[] | select((.instruction | IN($some | split(" ")[])) and .outside == "full") | .instruction' "$scratch/report" | paste -sd' ')
  echo "${list:--}"
}
first=$(offenders 1) third=$(offenders 3)
for technique in trap-and-emulate hybrid; do
  list=$first
  [ $technique = trap-and-emulate ] || list=$third
  "$BUILD/tests/random/random" --profile "$profile" --technique $technique --seeds "$kernels" \
    --offenders "$list" --harmless "$(fully probe)" >"$scratch/log" 2>&1
  # That some offender was in no kernel the first at which they could part is not wrong.
  if [ $? = 2 ] || ! grep -q '^# .* programs,' "$scratch/log"; then
    cat "$scratch/log"
  fi
done
"$BUILD/tests/practice/witnesses" --profile "$profile" --offenders "$first" --hybrid "$third" \
  --harmless "$(fully probe tio)" --seeds "$witnessed" >"$scratch/log" 2>&1 || cat "$scratch/log"
