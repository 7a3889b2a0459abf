#!/bin/bash
# Every shipped profile with another MMU, in both models: the three routes say the same of each
# question, every no is proved and every yes is a state that was run. And a few with the
# unmapped segment, by which all of storage is seen twice. For `make soak`.
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=$(realpath "${BUILD:-build}")
trapeze=$(realpath "${TRAPEZE:-$BUILD/trapeze}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 3
number=0 failed=0

# Answers that are not as they should be; how many there are to be at least.
odd() { # FILTER of answers, LEAST
  jq -r "[$1 | \"\(.how) \(.routes | [.[]] | unique | join(\" or \"))\"] |
    (group_by(.)[] | select(.[0] != \"proved no\" and .[0] != \"witnessed yes\") | \"\(length): \(.[0])\"),
    (select(length < $2) | \"only \(length) answers\")"
}
report() { # STATUS NAME
  number=$((number + 1))
  if [ "$1" = 0 ] && [ ! -s odd ]; then
    echo "ok $number - $2"
  else
    echo "not ok $number - $2"
    sed 's/^/# /' odd err | head -n 20
    failed=1
  fi
}

for mmu in paged tlb nested; do
  "$trapeze" classify --all --mmu "$mmu" --json >out 2>err
  status=$?
  odd '.profiles[].verdicts[][].answers[]' 14000 <out >odd
  report $status "14 profiles with $mmu, in both models"
done
for machine in 'x86 paged' 'vax tlb' 'pdp11 nested' 'riscv nested io channel; outside sio = full;'; do
  read -r profile mmu rest <<<"$machine"
  printf 'extends %s; profile segment; mmu %s; kseg; %s\n' "$profile" "$mmu" "$rest" >segment.profile
  for model in paper extended; do
    "$trapeze" classify segment.profile -m "$model" --json >out 2>err
    status=$?
    odd '.instructions[].answers[]' 500 <out >odd
    report $((status > 1)) "$profile with $mmu and the unmapped segment, in the $model model${rest:+ ($rest)}"
  done
done
echo "1..$number"
exit $failed
