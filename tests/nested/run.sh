#!/bin/bash
# Nested paging: the real machine walks a guest's tables and the VMM's below them. What must hold is
# what holds everywhere: the same state as on a bare machine at every tick.
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=${BUILD:-build}
TRAPEZE=${TRAPEZE:-$BUILD/trapeze}
. tests/common/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=$work/log

# verifies NAME [OPTION]...
verifies() {
  "$TRAPEZE" verify --mmu nested "${@:2}" >"$log" 2>&1 &&
    grep -q '^Equivalence  *holds' "$log" && grep -q '^Resource control  *holds' "$log"
  report $? "$1" "$log"
}

for io in ports mmio channel; do
  verifies "at every tick, io $io" paging --profile vtx --ticks 20k --io "$io"
done
for profile in pg vax riscv itanium; do
  verifies "at every tick, profile $profile" paging --profile "$profile"
done
# (and the whole session: tests/pages/profiles.sh)
verifies "200,000 ticks of an operating system, one by one" minos-paged --session --profile vtx --ticks 200k
verifies "a VMM in a virtual machine of it has shadow tables" paging --profile vtx --depth 2
verifies "shadow tables on such a machine" paging --profile vtx --memory-technique shadow
verifies "more than one table of the second level" paging --profile vtx --memory 9M
verifies "a guest without pages" minos --session --profile vtx --ticks 60k

"$TRAPEZE" verify --mmu nested --profile vtx paging >"$log" 2>&1
grep -q 'nested_store' "$log" && ! grep -q 'load_fault 2' "$log"
report $? "nested faults are the VMM's, and the guest's are its own" "$log"
"$TRAPEZE" verify --mmu paged --memory-technique nested paging >"$log" 2>&1
grep -q "nested paging needs a machine of 'mmu nested'" "$log"
report $? "without a second level it is refused" "$log"

echo "1..$number"
exit "$failed"
