#!/bin/bash
# minos with pages, against minos without: the same programs and sessions, whether
# storage is plentiful or short; what processes may not do; what is left of a process
# whose pages the disk does not give back. TAP on standard output.
#   tests/pages/run.sh [--all]   every profile, every engine, virtual machines at every tick
set -u
cd "$(dirname "$0")/../.." || exit 3
here=$PWD/tests/pages
BUILD=$(realpath "${BUILD:-build}")
TRAPEZE=$(realpath "${TRAPEZE:-$BUILD/trapeze}")
. tests/common/tap.sh
all=${1:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r guestos "$work/guestos"
cp "$here"/*.in "$work"
cd "$work" || exit 3
t() { timeout 300 "$TRAPEZE" "$@" </dev/null; }
check() { # NAME COMMAND…: holds
  local name=$1
  shift
  "$@" >check.log 2>&1
  report $? "$name" check.log
}
refuse() { ! "$@"; }
mmu_of() { if [[ $1 == *tlb* ]]; then echo tlb; else echo paged; fi; }

# What is counted in ticks differs, so does who was interrupted when, and what `help` lists.
normalize() { # FILE
  sed -E '/^ +[0-9]+  (ready|running|on disk|wants input|wants disk|ended) /d
    /^  (memory|hog|twins?|poke|deep)\t/d
    s/(ticks|preemptions|disk interrupts|the time is) [0-9]+/\1 N/g' "$1" | sort
}
same() { # FILE FILE
  normalize "$1" >a.norm && normalize "$2" >b.norm && [ -s a.norm ] && diff a.norm b.norm
}
blank() { head -c 524288 /dev/zero >"$1"; }
run() { # GUEST SESSION OPTION…: its output in out, its disk in disk.img
  blank disk.img
  t run "$1" --input "$2" --disk disk.img --ticks 60M "${@:3}" >out 2>err
}
users_disk() { # what processes may write to
  head -c 32768 disk.img | cmp - "$1"
}

# --------------------------------------------------------------- the same as minos
bytes_of() { # ELF: the user programs that all builds have
  local from to
  from=$((16#$(nm "$1" | sed -n 's/ . user_image$//p')))
  to=$((16#$(nm "$1" | sed -n 's/ . rogue_text$//p')))
  objdump -s -j .text --start-address=$from --stop-address=$to "$1" | grep -E '^ ' | cut -d' ' -f3-6
}
t asm minos -o minos.elf && bytes_of minos.elf >minos.user
run minos guestos/minos.in && head -c 32768 disk.img >minos.img && cp out minos.out
profiles=pg
[ "$all" != --all ] || profiles=$(t profiles | sed -n 's/^\([a-z][^ ]*\) .*/\1/p')
for guest in minos-paged minos-tlb; do
  t asm $guest -o $guest.elf && bytes_of $guest.elf >$guest.user
  check "$guest: the user programs are those of minos, bit by bit" cmp minos.user $guest.user
  for profile in $profiles; do
    for options in "" "--memory 152K" "--memory 116K --input-rate 500" ${all:+"--engine step" "--engine unfused"}; do
      [[ $options != *116K* ]] || [ $guest = minos-tlb ] || continue
      # shellcheck disable=SC2086
      check "$guest: the session, on $profile ${options#--}" run $guest guestos/minos.in --profile "$profile" $options
      check "  prints what minos prints" same minos.out out
      check "  writes to the disk what minos writes" users_disk minos.img
    done
  done
done
sed '/sort: of/s/0$/1/' minos.out >wrong.out
check "caught: another result" refuse same minos.out wrong.out

# ------------------------------------------------------------ what the programs show
shows() { # [FREE]: what memory.in makes every program say; then how many frames are free
  [ "$(grep -c 'hog: 16 pages written and read back, wrong words: 0$' out)" -eq 5 ] &&
    grep -q '^twin: my word has 2$' out && grep -q '^twins: mine still has 1$' out &&
    grep -q '(poke) killed: address of the kernel, or not for that, pc 0x[0-9a-f]*, address 0x00005000$' out &&
    grep -q '(deep) killed: address beyond the bound, pc 0x[0-9a-f]*, address 0x000fbffc$' out &&
    grep -q 'sort: of 2000 words out of order: 0$' out && grep -q 'F(2000) folds to 2568430717' out &&
    grep -q 'wrong words: 0$' out && ! grep -a 'wrong words: [^0]' out && [ "$(tail -n 1 out)" = "minos: halted" ]
}
nothing_lost() { # all frames and slots are free in the end
  tail -n 5 out | sed -nE 's/^.*frames ([0-9]+), free \1; swap slots ([0-9]+), free \2$/free/p' | grep -q free
}
swapped() { # at least so many pages out, and in
  local counts
  counts=$(tail -n 5 out | sed -nE 's/.*swapped out ([0-9]+), in ([0-9]+)$/\1 \2/p')
  [ "${counts% *}" -ge "$1" ] && [ "${counts#* }" -ge "$1" ]
}
pressed() { run "$1" memory.in --memory "$2" && shows && nothing_lost && swapped "$3"; }
check "minos-paged: plenty of storage" pressed minos-paged 1M 0
check "minos-paged: ten frames" pressed minos-paged 160K 40
cp out pressed.out
check "minos-paged: eight frames" pressed minos-paged 152K 40
check "minos-tlb: plenty of storage" pressed minos-tlb 1M 0
check "minos-tlb: eight frames" pressed minos-tlb 116K 40
run minos-paged memory.in --memory 148K
check "one less is said" grep -q '^minos: too little storage$' out
t run minos-paged --memory 160K --disk 1024 --input memory.in --lint >out 2>err
check "the lint finds no tlbi missing" grep -q 'without tlbi: 0$' err
t run minos-paged --memory 160K --disk 100 --input memory.in --ticks 15M >out 2>err
check "a swap area that is too small: who wants more is killed" grep -q '(hog) killed: out of memory' out
check "  and nothing is lost" nothing_lost
t run minos-paged --memory 160K --disk 0 --input memory.in --ticks 15M >out 2>err
check "none at all" grep -q '(hog) killed: out of memory' out
check "  and nothing is lost" nothing_lost

# ----------------------------------------------------- kernels of our own making
build() { # GUEST SED-FILE SED-SCRIPT [ASM-OPTION…]: made.elf, of sources changed in one place
  rm -rf made && cp -r guestos made && cp "$here/hostile.inc" made/minos/
  sed -i -E "$3" "made/minos/$2"
  [ "$3" = "" ] || ! cmp -s "guestos/minos/$2" "made/minos/$2" || { echo "nothing changed"; return 1; }
  "$TRAPEZE" asm "made/$1.s" "${@:4}" -o made.elf
}
in_text() { # what the kernel's text is when all is over
  printf 'continue\nx/2048wx 0x8000\n' >script
  t debug --mmu "$(mmu_of "$1")" --memory 160K --disk 1024 --input hostile.in -x script made.elf 2>&1 | grep -E '^0x0*[89]'
}
HOSTILE='/^u_poke:/,/^u_deep:/{/^u_deep:/!d};s/^u_deep:/.include "hostile.inc"\n&/'
hostile() { # GUEST WAY WHAT: the process is killed or refused, and the kernel goes on, the same
  build "$1" memory.inc "$HOSTILE" -D WAY="$2" && run made.elf hostile.in --mmu "$(mmu_of "$1")" --memory 160K || { cat err; return 1; }
  grep -a poke out
  grep -qE "$3" out && grep -q 'twins: mine still has 1' out && grep -q 'hog: .* wrong words: 0' out &&
    grep -q 'sort: of 2000 words out of order: 0' out && [ "$(tail -n 1 out)" = "minos: halted" ]
}
forbidden='\(poke\) killed: address of the kernel, or not for that'
beyond='\(poke\) killed: address beyond the bound'
privileged='\(poke\) killed: (privileged|illegal) instruction'
refused='^poke: answer 4294967295$'
ways=("" "$forbidden" "$forbidden" "$forbidden" "$forbidden" "$forbidden" "$forbidden" "$forbidden"
  "$refused" "$refused" "$refused" "$refused" "$refused" "$refused" "$refused"
  "$privileged" "$privileged" "$privileged" "$beyond" "$forbidden" "$beyond" "$forbidden"
  "$forbidden" "$refused")
for guest in minos-paged minos-tlb; do
  for way in $(seq 1 $((${#ways[@]} - 1))); do
    what=$(sed -n "s/^.*WAY == $way  *# //p" "$here/hostile.inc")
    check "$guest: hostile $way, $what" hostile $guest "$way" "${ways[way]}"
  done
done
build minos-paged memory.inc "$HOSTILE" -D WAY=2 && in_text minos-paged >text.hostile
build minos-paged memory.inc "$HOSTILE" -D WAY=8 && in_text minos-paged >text.harmless
check "the kernel's text is what it was" test "$(wc -l <text.hostile)" -ge 500
check "  in every bit" cmp text.hostile text.harmless

# ----------------------------------------------------------- when the disk fails
# The sector to be read is one that there is not.
failing() { # GUEST SED-SCRIPT
  build "$1" paging.inc "$2" && run made.elf memory.in --mmu "$(mmu_of "$1")" --memory 152K || return 1
  grep -a -E 'killed|halted' out
  grep -qE '\((hog|sort|fib|disk|primes|queens)\) killed: disk error, pc 0x[0-9a-f]{8}, address 0x[0-9a-f]{8}$' out &&
    grep -q '(poke) killed: address of the kernel' out && [ "$(tail -n 1 out)" = "minos: halted" ] && nothing_lost
}
IN='s/^( *)mv( *)s1, s0( *)$/\1li\2s1, 0x100000/'
OUT='s/^( *)mv( *)s1, t0( *)$/\1li\2s1, 0x100000/'
for guest in minos-paged minos-tlb; do
  check "$guest: a page that cannot be read back kills its process, not the kernel" failing $guest "$IN"
  check "$guest: one that cannot be written, who wants its frame" failing $guest "$OUT"
done

# ------------------------------------------------------------ the oracle can condemn
right() { # GUEST: all of the above that tells
  local memory=152K
  [ "$1" = minos-paged ] || memory=116K
  run made.elf memory.in --mmu "$(mmu_of "$1")" --memory $memory && shows && nothing_lost && swapped 20
}
wrong() { # WHAT GUEST FILE SED-SCRIPT
  build "$2" "$3" "$4" >check.log 2>&1
  report $? "$1: can be built" check.log
  check "caught: $1" refuse right "$2"
}
build minos-paged paging.inc "" >/dev/null && check "what is built so, unchanged, is right" right minos-paged
wrong "users may use the kernel's pages" minos-paged pages.inc 's/^(\.equ PTE_KERNEL, )/\1PTE_USER | /'
wrong "a shared page is written, not copied" minos-paged paging.inc 's/PTE_EXECUTE \| PTE_USER \| PTE_SHARED/PTE_EXECUTE | PTE_USER | PTE_WRITE | PTE_SHARED/'
wrong "a new page is as another process left it" minos-paged paging.inc '/# zeros$/,/bltu/s/sw  *zero.*/nop/'
wrong "whatever was written, the page is not" minos-paged paging.inc 's/andi( *)t0, a2, PTE_DIRTY/li\1t0, 0/'
wrong "two pages in one slot" minos-paged paging.inc '/^1: *addi *t0, t0, 1$/,/ret$/s/sb( *)t2, slots/sb\1zero, slots/'
wrong "the frame stays with its old process" minos-paged paging.inc '/^unmap:/,/ret$/s/sw  *t0, 0\(a1\)/nop/'
wrong "slots are not given back" minos-paged paging.inc 's/^4:  *sb  *zero, slots\(t0\)/4:/'
wrong "frames are not given back" minos-paged paging.inc '/PTE_SHARED$/,/F_SLOT/s/call  *frame_free/nop/'
wrong "an address space has another's number" minos-tlb paging.inc 's/sw( *)t1, T_SPACE\(s0\)/sw\1zero, T_SPACE(s0)/'
wrong "the TLB is told of no change" minos-tlb paging.inc 's/^( *)tlbi  *t0, t1.*/\1nop/'
wrong "the refill does not see stores" minos-tlb refill.inc 's/^( *)andi( *)t2, t2, ~PTE_WRITE/\1nop/'
wrong "the refill spoils a register" minos-tlb refill.inc '0,/mtcr  *scr3, a0/s/mtcr  *scr3, a0/nop/'

# ------------------------------------------------------------ in a virtual machine
# Equal wherever theory says so; elsewhere it is the popf of unlock, or cli, that parts them.
verified() { # GUEST PROFILE OPTION…
  t verify "$1" --profile "$2" --ticks 60M "${@:3}" | tee verified | grep -q '^Equivalence  *holds$' &&
    grep -q '^Resource control  *holds$' verified
}
parted() { # GUEST PROFILE INSTRUCTION
  t verify "$1" --profile "$2" --fast-only --json >parted
  [ $? -eq 1 ] && jq -e ".first_divergence.instruction == \"$3\"" parted
}
pressure=(--memory 152K --disk 1024 --input memory.in)
fast=--fast-only
[ "$all" != --all ] || fast=
for guest in minos-paged minos-tlb; do
  # shellcheck disable=SC2086
  check "$guest: in a virtual machine, with eight frames" verified "$guest" pg $fast "${pressure[@]}"
done
t vmm minos-tlb --memory-technique disco --session >out 2>err
check "minos-tlb: as Disco did it, in other ticks, but it prints the same" same minos.out out
check "minos-paged: on x86 popf parts the two" parted minos-paged x86 popf

# The kernel in the segment that is not mapped: right, but a trap for each of its
# instructions; minos-tlb is the same kernel, linked elsewhere.
r4000=$here/r4000.profile
t asm -I guestos "$here/minos-kseg.s" -o kseg.elf && run kseg.elf guestos/minos.in --profile "$r4000"
check "a kernel in the unmapped segment prints what minos prints" same minos.out out
share() { # PROGRAM: per mille of instructions executed directly, if it is equal
  t verify "$1" --profile "$r4000" --input guestos/minos.in --fast-only >verified
  grep -E '^(Equivalence|Efficiency)' verified
  grep -q '^Equivalence  *holds$' verified || return
  sed -nE 's/^Efficiency  *([0-9]+)\.([0-9]).*/\1\2/p' verified >share
}
check "in a virtual machine it is equal" share kseg.elf
check "  but more than a tenth is interpreted" test "$(cat share)" -lt 900
check "linked elsewhere it is equal" share minos-tlb
check "  and nearly all is executed directly" test "$(cat share)" -gt 990

# On every profile, at every tick: profiles.sh.
check "the table of docs/memory.md has every profile, and is right of one" \
  env TRAPEZE="$TRAPEZE" "$here/profiles.sh" --sample
if [ "$all" = --all ]; then
  check "minos-paged: in a virtual machine in a virtual machine" verified minos-paged pg --depth 2 --fast-only
fi

echo "1..$number"
exit "$failed"
