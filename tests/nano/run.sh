#!/bin/bash
# nanovmm, the monitor in PG32 assembly: minos in its virtual machine, and itself; its
# virtual machine in lockstep with a bare one; guests that would harm it; wrong monitors.
#   run.sh            what `make check` runs
#   run.sh --long     with the long forms: make soak
set -u
cd "$(dirname "$0")/../.." || exit 3
. tests/common/tap.sh
lockstep=$BUILD/tests/nano/lockstep
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
long=${1:-}
seeds=150
[ -z "$long" ] || seeds=3000

# ------------------------------------------------------------------------- preparing
# A monitor that holds GUEST.elf, out of the sources in FOLDER: NAME.elf.
monitor() { # NAME GUEST [FOLDER] [-D …]
  local name=$1 guest=$2 folder=${3:-guestos}
  printf '.include "nanovmm/monitor.inc"\n.incbin "%s.elf"\nimage_end:\n' "$guest" >"$work/$name.s"
  "$TRAPEZE" asm -I "$folder" "${@:4}" "$work/$name.s" -o "$work/$name.elf" 2>"$work/said"
}
# The same, of a guest in source.
held() { # NAME SOURCE [-D …]
  "$TRAPEZE" asm "$2" "${@:3}" -o "$work/$1.elf" && monitor "m-$1" "$1"
}
printf '_start: halt\n' >"$work/blank.s"
held blank "$work/blank.s" && monitor "m-each" blank guestos -D LONGEST=1
report $? "monitors can be assembled around a guest" "$work/said"

# Storage such that minos has the same under nanovmm as bare does not matter to it; its
# disk does: 64 sectors, with a pattern around them on the real one.
keys=(--input guestos/minos.in --input-rate 1)
blocks() { head -c "$(($2 * 512))" /dev/zero | tr '\0' "$1" >"$3"; }
blocks D 64 "$work/bare.disk"
fresh() { # LEVELS: of nanovmm, each with 8 sectors of its own before the guest's
  blocks M $((8 * $1)) "$work/mine"
  blocks D 64 "$work/guests"
  cat "$work/mine" "$work/guests" >"$work/real.disk"
}
timeout 100 "$TRAPEZE" run minos "${keys[@]}" --disk "$work/bare.disk" --stats >"$work/bare" 2>"$work/bare.stats"
[ $? -eq 0 ] && grep -q 'disk interrupts 286' "$work/bare"
report $? "minos on the bare machine, to compare with" "$work/bare.stats"

same() { # LEVELS NAME COMMAND…: prints what the bare one prints, the disk holds the same
  local levels=$1 name=$2
  shift 2
  fresh "$levels"
  timeout 300 "$TRAPEZE" "$@" "${keys[@]}" --disk "$work/real.disk" >"$work/out" 2>"$work/said" &&
    cmp "$work/bare" "$work/out" >"$work/said" 2>&1
  report $? "$name: minos prints the same bytes, ticks included" "$work/said"
  tail -c +$((8 * levels * 512 + 1)) "$work/real.disk" | cmp - "$work/bare.disk" >"$work/said" 2>&1 &&
    head -c $((8 * levels * 512)) "$work/real.disk" | cmp - "$work/mine" >>"$work/said" 2>&1
  report $? "$name: the mini-disk is the same, and what lies before it untouched" "$work/said"
}

# -------------------------------------------------------------------------- the session
same 1 "nanovmm" run nanovmm
same 1 "nanovmm, every instruction by the stepper" run nanovmm --engine step
for depth in 1 2 4; do
  same 1 "nanovmm on $depth VMMs" vmm nanovmm --depth $depth
done
same 2 "nanovmm on nanovmm" run nanovmm-2
same 2 "nanovmm on nanovmm on a VMM" vmm nanovmm-2
same 3 "three of them" run nanovmm-3
same 1 "nanovmm on s360, without keys" run nanovmm --profile s360
same 2 "nanovmm on riscv, where Theorem 1 holds too" run nanovmm-2 --profile riscv

# However it is typed, the guest is a machine to which it was typed so at some time.
timeout 100 "$TRAPEZE" run nanovmm --session >"$work/out" 2>"$work/said"
[ $? -eq 0 ] && [ "$(tail -n 1 "$work/out")" = "minos: halted" ] &&
  grep -q 'processes 22' "$work/out" && ! grep -a 'wrong words: [1-9]' "$work/out"
report $? "minos in nanovmm, typed to as a person would" "$work/said"

timeout 300 "$TRAPEZE" run nanovmm --ticks 1000000000 </dev/null >"$work/out" 2>"$work/said"
[ $? -eq 1 ] && grep -q 'waits' "$work/said"
report $? "where minos waits for ever, so does nanovmm" "$work/said"

# nanovmm is itself a guest: tick by tick, bare and in a virtual machine.
ticks=1500k
[ -z "$long" ] || ticks=1G
timeout 900 "$TRAPEZE" verify nanovmm "${keys[@]}" --ticks $ticks >"$work/said" 2>&1
report $? "verify nanovmm: the same state after each of $ticks ticks, or to its halt" "$work/said"
timeout 900 "$TRAPEZE" verify nanovmm --session --fast-only >"$work/said" 2>&1
report $? "verify nanovmm, to its halt: the same hashes" "$work/said"
[ -z "$long" ] && ticks=15M
timeout 900 "$TRAPEZE" verify nanovmm-2 "${keys[@]}" --fast-only --ticks $ticks --depth 2 >"$work/said" 2>&1
report $? "verify nanovmm-2 on two VMMs, $ticks ticks or to its halt: the same hashes" "$work/said"

# -------------------------------------------------- the C VMM on its own virtual machines
for depth in 1 2 3 4; do
  timeout 900 "$TRAPEZE" verify minos --session --fast-only --depth $depth --json >"$work/said" 2>&1 &&
    jq -e --argjson d $depth '.holds and ([.efficiency[].traps.privileged] | length == $d and unique == [.[0]])' \
      "$work/said" >/dev/null
  report $? "verify minos on $depth VMMs: equal, and each meets the same traps" "$work/said"
  [ -z "$long" ] && ticks=200k || ticks=1G
  timeout 900 "$TRAPEZE" verify minos --session --depth $depth --ticks $ticks >"$work/said" 2>&1
  report $? "and tick by tick, $ticks ticks or to its halt" "$work/said"
done

# ------------------------------------------------------------------------------ lockstep
agrees() { # NAME ARGUMENT…
  timeout 1000 "$lockstep" "${@:2}" >"$work/said" 2>&1
  report $? "$1" "$work/said"
}
agrees "$seeds random kernels, wherever nanovmm lends the processor" random "$work/m-blank.elf" --seeds $seeds
agrees "$seeds random kernels, after every tick" random "$work/m-each.elf" --seeds $seeds --from 5000
[ -z "$long" ] || for profile in mips riscv vtx m68010; do
  agrees "$seeds random kernels on $profile" random "$work/m-each.elf" --seeds $seeds --profile $profile
done
for guest in timer traps disk speed popf solo minos; do
  held $guest $guest
  agrees "$guest in nanovmm and bare" guest "$work/m-$guest.elf" "$work/$guest.elf" --input guestos/minos.in
done
"$TRAPEZE" asm nanovmm -o "$work/nano.elf" && "$TRAPEZE" asm nanovmm-2 -o "$work/nano2.elf"
agrees "nanovmm in nanovmm and bare" guest "$work/nano2.elf" "$work/nano.elf" --input guestos/minos.in --ticks 20000000
sed 's/^/# /' "$work/said"

# ------------------------------------------------------------------------ hostile guests
# Whatever they do it is to them as on a bare machine, and of nanovmm's storage and of the
# sectors that are not theirs nothing has changed: lockstep looks at both.
for guest in store dma net storm cli traploop double; do
  held $guest tests/nano/hostile/$guest.s
  agrees "hostile: $guest" guest "$work/m-$guest.elf" "$work/$guest.elf" --ticks 300000
done
for variant in ODD WRAP; do
  held $variant tests/nano/hostile/double.s -D $variant=1
  agrees "hostile: double, $variant" guest "$work/m-$variant.elf" "$work/$variant.elf"
done
says() { # TEXT ARGUMENT…: nanovmm has stopped its guest, and says so
  timeout 100 "$TRAPEZE" run "${@:2}" >"$work/out" 2>"$work/said"
  [ $? -eq 0 ] && grep -q "^\.*nanovmm: the guest is stopped: $1" "$work/out"
  report $? "it says: $1" "$work/out"
}
says "double fault" "$work/m-double.elf"
monitor m-m-double m-double
says "double fault" "$work/m-m-double.elf"
says "no room for a virtual machine" nanovmm --memory 96K
held key tests/nano/hostile/key.s
says "an instruction of the guest's has no routine" "$work/m-key.elf" --profile s360

# --------------------------------------------------------------- where Theorem 1 fails
# popf in user mode leaves the virtual IE alone and says nothing. nanovmm has no popf of
# its own: it is right, as a guest; what it offers is not.
hole=./tests/guest/cli-full.profile
timeout 100 "$TRAPEZE" run nanovmm "${keys[@]}" --profile x86-popf --ticks 12M >"$work/out" 2>"$work/said"
[ $? -eq 1 ] && grep -q '^minos> ' "$work/out" && ! grep -q -e 'done$' -e 'nine:' "$work/out"
report $? "x86-popf: minos in nanovmm is deaf, as it is in the C VMM" "$work/out"
timeout 100 "$TRAPEZE" vmm minos "${keys[@]}" --profile x86-popf --ticks 6M >"$work/c" 2>/dev/null
cmp "$work/out" "$work/c" >"$work/said" 2>&1
report $? "x86-popf: and says just what it says there" "$work/said"
timeout 100 "$TRAPEZE" verify nanovmm --profile x86-popf "${keys[@]}" --ticks 1M >"$work/said" 2>&1
report $? "x86-popf: nanovmm itself is the same, bare and virtual" "$work/said"
parts() { # NAME TEXT ARGUMENT…: lockstep finds it
  timeout 1000 "$lockstep" "${@:3}" >"$work/said" 2>&1
  [ $? -eq 1 ] && grep -q "$2" "$work/said"
  report $? "$1" "$work/said"
}
parts "x86-popf: lockstep sees IE differ" "psw is" \
  guest "$work/m-popf.elf" "$work/popf.elf" --profile x86-popf
parts "x86-popf: random kernels part" "psw is" random "$work/m-each.elf" --profile x86-popf
timeout 100 "$TRAPEZE" run "$work/m-cli.elf" --profile $hole >"$work/out" 2>"$work/said"
grep -q '^nanovmm: the guest is stopped: lost control' "$work/out"
report $? "where cli works in user mode, nanovmm finds its interrupts off" "$work/out"
timeout 100 "$TRAPEZE" asm ieoff -o "$work/ieoff.elf" && monitor m-ieoff ieoff
timeout 100 "$TRAPEZE" run "$work/m-ieoff.elf" --profile $hole --ticks 3M >"$work/out" 2>"$work/said"
[ $? -eq 1 ] && [ ! -s "$work/out" ]
report $? "and never gets the processor back from who does not trap" "$work/said"

# ------------------------------------------------------------------- what recursion costs
# The tables and the pictures of docs/nanovmm.md are of this build; theory is theory.
[ -z "$long" ] && depth=3 || depth=4
timeout 900 tools/build/recursion.sh $depth "$work/recursion.svg" >"$work/table" 2>"$work/said"
report $? "monitors in monitors, measured to depth $depth" "$work/said"
sed -n '/^<!-- measured/,/^<!-- end/p' docs/nanovmm.md >"$work/shown"
# Within a hundredth: a symbol more in a guest makes its ELF file longer, and its loading.
awk -F'|' 'function rows(line) { return line ~ /^\| [0-9]/ } function value(t) { gsub(/[ ,]/, "", t); return t + 0 }
  FNR == 1 { file++; table = 0 } /^\|---/ { table++ }
  rows($0) && file == 1 { shown[table, value($2)] = $0 }
  rows($0) && file == 2 {
    n = split(shown[table, value($2)], was, "|"); rows_seen++
    for (i = 2; i <= NF || i <= n; i++) {
      a = value($i); b = value(was[i])
      if (a > 1.01 * b || b > 1.01 * a) { print "now:   " $0; print "shown: " shown[table, value($2)]; bad = 1; break }
    }
  }
  END { exit bad || rows_seen < 14 }' "$work/shown" "$work/table" >"$work/said"
report $? "docs/nanovmm.md has these numbers; if not, make recursion" "$work/said"
cmp "$work/recursion-ladder.svg" docs/pictures/recursion-ladder.svg >"$work/said" 2>&1 && [ -s "$work/recursion.svg" ]
report $? "and the picture of one instruction's traps" "$work/said"
awk -F'|' '/^\| monitors under them/ { on = 1; next } /^$/ { on = 0 } on && /[0-9]/ { n++; bad += $3 != $4 }
  END { exit n < 3 || bad }' "$work/table"
report $? "the traps of one privileged instruction are as many as theory says" "$work/table"
awk -F'|' '/^\| monitors under minos/ { on = 1; next } /^$/ { on = 0 } on && $6 + 0 { n++; bad += $6 < 11 || $6 > 12 }
  END { exit n < 2 || bad }' "$work/table"
report $? "those of minos multiply by 11 to 12" "$work/table"

# ------------------------------------------------------------------------ wrong monitors
# One line changed, and lockstep notices: with random kernels, or with what follows.
mutant() { # WHAT FILE SED [ARGUMENTS of lockstep guest]
  local noticed=1 way
  rm -rf "$work/mutant" && cp -r guestos "$work/mutant"
  sed -i "$3" "$work/mutant/nanovmm/$2"
  if ! cmp -s "guestos/nanovmm/$2" "$work/mutant/nanovmm/$2"; then
    monitor wrong "${4:-blank}" "$work/mutant" && monitor wrong-each "${4:-blank}" "$work/mutant" -D LONGEST=1
    [ $? -eq 0 ] && for way in wrong wrong-each; do
      if [ $# -lt 4 ]; then
        timeout 300 "$lockstep" random "$work/$way.elf" --seeds 400 >"$work/said" 2>&1
      else
        timeout 300 "$lockstep" guest "$work/$way.elf" "$work/$4.elf" "${@:5}" >"$work/said" 2>&1
      fi
      [ $? -ne 1 ] || { noticed=0 && break; }
    done
  fi
  report $noticed "noticed: $1" "$work/said"
  [ $noticed -ne 0 ] || head -n 1 "$work/said" | cut -c 1-150 | sed 's/^/#   /'
}
. tests/nano/mutants.sh

echo "1..$number"
[ "$failed" -eq 0 ]
