#!/bin/bash
# Every offender of a profile has a program that shows it, and says so; or it is said why not,
# and then the machines do not part.
#   tests/own/witnesses.sh PROFILE   a line for each that is otherwise; last, how many show it
set -u
profile=$1 trapeze=${TRAPEZE:-build/trapeze}
options='--routes experiment --samples 1000'
scratch=$(mktemp -d) && trap 'rm -rf "$scratch"' EXIT
shown=0 said=0
# shellcheck disable=SC2086
for insn in $("$trapeze" classify "$profile" $options --json 2>/dev/null | jq -r '.theorems[0].offenders[]'); do
  rm -f "$scratch/w.s"
  "$trapeze" classify "$profile" --witness "$insn" -o "$scratch/w.s" $options >"$scratch/out" 2>"$scratch/err"
  status=$?
  "$trapeze" verify "$scratch/w.s" --profile "$profile" --ticks 10k >"$scratch/verified" 2>&1
  verified=$?
  case $status$verified in
  01)
    shown=$((shown + 1))
    grep -qE "virtual machine +executed $insn( in|, and the VMM lost)" "$scratch/verified" ||
      echo "$insn: verify names another instruction" ;;
  10)
    said=$((said + 1))
    grep -qE "'$insn' is sensitive and not privileged, but no (state that a program can|witness makes)" "$scratch/err" ||
      echo "$insn: nothing is said"
    grep -q '^# The bare machine and a virtual one do the same' "$scratch/w.s" || echo "$insn: nothing is said in the program" ;;
  *) echo "$insn: --witness ends with $status, verify with $verified" ;;
  esac
done
echo "# $(basename "$profile"): $shown offenders have a program that shows them, of $said it is said why not"
