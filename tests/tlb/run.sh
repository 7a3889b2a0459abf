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
"$BUILD/tests/tlb/torture" --seeds "${SEEDS:-20}" --from "${FROM:-0}" >"$log" 2>&1
report $? "random guests, bare and virtual, at every tick: exact" "$log"
grep '^# ' "$log"
"$BUILD/tests/tlb/torture" --memory disco --seeds "${SEEDS:-20}" --from "${FROM:-0}" >"$log" 2>&1
report $? "random guests do the same in less time: disco" "$log"
grep '^# ' "$log"

echo "1..$number"
exit "$failed"
