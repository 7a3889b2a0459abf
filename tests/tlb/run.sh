#!/bin/bash
# What an emulated TLB must not get wrong, and what a guest may: kernels that forget to
# invalidate.
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=${BUILD:-build}
TRAPEZE=${TRAPEZE:-$BUILD/trapeze}
. tests/common/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=$work/log

# ------------------------------------------------------------ the missing tlbi
# lint [DEFINE=VALUE]...: what the lint says of tests/tlb/forgets.s, in $log.
lint() {
  "$TRAPEZE" asm -I guestos "${@/#/-D}" -o "$work/forgets.elf" tests/tlb/forgets.s >"$log" 2>&1 &&
    "$TRAPEZE" run --mmu paged --lint "$work/forgets.elf" >"$log" 2>&1
}
# Each WAY has one place, of this name.
way=1
for place in moved gone less clean path; do
  lint WAYS=$way && grep -q "lint: $place: .* there was no tlbi" "$log" &&
    grep -q 'without tlbi: 1$' "$log"
  report $? "a missing tlbi is found: $place" "$log"
  lint WAYS=$way TELLS=1 && grep -q 'without tlbi: 0$' "$log"
  report $? "and none where it is not missing: $place" "$log"
  way=$((way * 2))
done
lint && [ "$(grep -c 'there was no tlbi' "$log")" -eq 5 ]
report $? "all five in one run" "$log"
"$TRAPEZE" run --mmu paged --lint paging >"$log" 2>&1 && grep -q 'without tlbi: 0$' "$log"
report $? "the shipped guest tells" "$log"
"$TRAPEZE" run --lint hello >"$log" 2>&1 && grep -q 'walks no page tables' "$log"
report $? "where there are no page tables it says so" "$log"
"$TRAPEZE" run --mmu paged paging >"$work/plain" 2>/dev/null
"$TRAPEZE" run --mmu paged --lint paging 2>/dev/null | cmp -s - "$work/plain"
report $? "to the guest it makes no difference"

# ------------------------------------------------------------- an emulated TLB
"$TRAPEZE" verify --mmu tlb refill >"$log" 2>&1 && grep -q '^Equivalence *holds' "$log"
report $? "refill is equivalent at every tick: exact" "$log"
"$TRAPEZE" verify --mmu tlb --depth 2 refill >"$log" 2>&1 && grep -q '^Equivalence *holds' "$log"
report $? "… and on two VMMs" "$log"
"$TRAPEZE" verify minos-tlb --session --ticks 200000 >"$log" 2>&1 && grep -q '^Equivalence *holds' "$log"
report $? "minos that refills its TLB is equivalent at every tick" "$log"

# disco: what does not speak of time is the same, and there is less of it.
ticks() { sed -n 's/^  ticks  *\([0-9,]*\)$/\1/p' "$1" | tr -d ,; }
for guest in docs/examples/sweep.s minos-tlb; do
  for memory in exact disco; do
    session=
    [ $guest != minos-tlb ] || session=--session
    "$TRAPEZE" vmm --mmu tlb --memory-technique $memory --stats $session $guest \
      >"$work/$memory" 2>"$work/$memory.stats" </dev/null
  done
  diff <(sed 's/ *[0-9][0-9]*/ N/g' "$work/exact") <(sed 's/ *[0-9][0-9]*/ N/g' "$work/disco") >"$log" &&
    [ "$(ticks "$work/disco.stats")" -lt "$(ticks "$work/exact.stats")" ] && [ -s "$work/exact" ]
  report $? "disco: the same output in fewer ticks: $(basename $guest .s)" "$log"
  echo "# ticks: $(ticks "$work/exact.stats") exact, $(ticks "$work/disco.stats") disco"
done
[ "$("$TRAPEZE" run --mmu tlb --stats docs/examples/sweep.s 2>&1 >"$log" | sed -n 's/^  ticks  *//p')" = 123,355 ]
report $? "sweep takes as long as docs/memory.md says"

# The unmapped segment: right, and slow; the same kernel linked elsewhere is fast.
direct() { # GUEST SHARE: verified, and so much of it executed directly
  "$TRAPEZE" verify --profile docs/examples/r4000.profile "$1" >"$log" 2>&1 &&
    grep -q '^Equivalence *holds' "$log" && grep -q "^Efficiency *$2 % of instructions executed directly" "$log"
}
direct kseg 0.02
report $? "a kernel in the unmapped segment is equivalent, and interpreted" "$log"
direct kseg-mapped 99.89
report $? "linked where its pages are mapped it executes directly" "$log"
for guest in kseg kseg-mapped; do
  for command in run vmm; do
    "$TRAPEZE" $command --profile docs/examples/r4000.profile $guest
  done
done >"$work/said" 2>&1
[ "$(sort "$work/said" | uniq -c | sed 's/^ *//')" = "4 a hundred calls answered" ]
report $? "all four answer the same" "$work/said"
"$TRAPEZE" run --mmu tlb kseg 2>&1 | grep -q '^this machine has no unmapped segment' &&
  "$TRAPEZE" run kseg 2>&1 | grep -q '^this machine has no TLB'
report $? "kseg says what it needs"

"$BUILD/tests/tlb/torture" --seeds "${SEEDS:-20}" --from "${FROM:-0}" >"$log" 2>&1
report $? "random guests, bare and virtual, at every tick: exact" "$log"
grep '^# ' "$log"
"$BUILD/tests/tlb/torture" --memory disco --seeds "${SEEDS:-20}" --from "${FROM:-0}" >"$log" 2>&1
report $? "random guests do the same in less time: disco" "$log"
grep '^# ' "$log"

echo "1..$number"
exit "$failed"
