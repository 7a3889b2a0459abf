#!/bin/bash
# minos-paravirt against minos: the same sessions, on every profile; what it saves; what it
# says where nobody answers. TAP on standard output.
set -u
cd "$(dirname "$0")/../.." || exit 3
here=$PWD/tests/paravirt
TRAPEZE=$(realpath "${TRAPEZE:-build/trapeze}")
. tests/common/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp guestos/minos.in "$work/session.in"
cp -r guestos "$work/guestos"
cd "$work" || exit 3
t() { timeout 100 "$TRAPEZE" "$@"; }
check() { # NAME COMMAND…: holds
  local name=$1
  shift
  "$@" >"$work/check.log" 2>&1
  report $? "$name" "$work/check.log"
}
refuse() { ! "$@"; }

# What is counted in ticks differs, and so does who was interrupted when: their digits go, the
# rows of `ps`, and for minos.in, whose programs run side by side, the order of lines.
normalize() { # FILE [sorted]
  sed -E '/^ +[0-9]+  (ready|running|on disk|wants input|wants disk|ended) /d
    s/(ticks|preemptions|disk interrupts|the time is) [0-9]+/\1 N/g' "$1" | if [ "${2:-}" ]; then sort; else cat; fi
}
same() { # FILE FILE [sorted]
  normalize "$1" "${3:-}" >a.norm && normalize "$2" "${3:-}" >b.norm && [ -s a.norm ] && diff a.norm b.norm
}
blank() { head -c 32768 /dev/zero >"$1"; }
native() { # NAME PROFILE SESSION: bare
  blank "$1.img"
  t run minos --profile "$2" --disk "$1.img" --input "$3" >"$1.out" 2>"$1.err"
}
hyper() { # NAME PROFILE SESSION OPTION…
  local name=$1 profile=$2 session=$3
  shift 3
  blank "$name.img"
  t vmm "${guest:-minos-paravirt}" --technique paravirt --profile "$profile" --disk "$name.img" \
    --input "$session" "$@" >"$name.out" 2>"$name.err"
}

# ------------------------------------------------------- as minos, on every machine
profiles=$(t profiles | sed -n 's/^\([a-z][^ ]*\) .*/\1/p')
check "there are 14 profiles at least" test "$(wc -w <<<"$profiles")" -ge 14
for profile in $profiles; do
  native bare "$profile" "$here/io.in"
  hyper virtual "$profile" "$here/io.in"
  check "$profile: console and disk: what minos prints bare" same bare.out virtual.out
  check "$profile: and writes to the disk" cmp bare.img virtual.img
  check "$profile: without a word of the VMM's" cmp virtual.err /dev/null
  native bare "$profile" session.in
  hyper virtual "$profile" session.in
  check "$profile: the usual session" same bare.out virtual.out sorted
  check "$profile: and its disk" cmp bare.img virtual.img
done
check "the disk was written" test "$(tr -d '\0' <bare.img | wc -c)" -gt 1000
native bare pg "$here/io.in"
for options in "--depth 2" "--engine step" "--io mmio" "--io channel"; do
  # shellcheck disable=SC2086
  hyper other x86 "$here/io.in" $options
  check "x86 $options: as minos" same bare.out other.out
done
hyper once x86 "$here/io.in"
hyper twice x86 "$here/io.in" --engine step
check "to the tick by every engine" cmp once.out twice.out

# ---------------------------------------------------------------- more than rings hold
cp "$here/flood.s" guestos/flood.s
awk 'BEGIN { for (i = 0; i < 699; i++) printf "%c", 97 + i % 26; print "" }' >typed
awk 'BEGIN { c = 33; for (i = 0; i < 6000; i++) { printf "%c", c; c = (c + 1) % 64 + 33 } }' >flood.right
cat typed >>flood.right
for profile in pg x86; do
  for rate in 3 100 3000; do
    guest=guestos/flood.s hyper flood "$profile" typed --input-rate "$rate" --stats
    check "$profile: more than the rings hold, a key in $rate ticks" cmp flood.right flood.out
    check "and the exit status" grep -q '^    exit status  *7  ' flood.err
  done
done

# ------------------------------------------------------------- the oracle can condemn
wrong() { # WHAT SED-SCRIPT [flood]
  sed "$2" guestos/hyper.inc >hyper.inc.new
  check "$1: is another guest" refuse cmp -s guestos/hyper.inc hyper.inc.new
  cp -r guestos wrong && cp hyper.inc.new wrong/hyper.inc
  if [ "${3:-}" ]; then
    guest=wrong/flood.s hyper wrong pg typed --input-rate 3 --ticks 8000000
    check "caught: $1" refuse cmp flood.right wrong.out
  else
    guest=wrong/minos-paravirt.s hyper wrong pg "$here/io.in" --ticks 8000000
    check "caught: $1" refuse same bare.out wrong.out
  fi
  rm -rf wrong
}
wrong "nobody asks for events that were masked" 's/^        hcall   HYPER_EVENTS/        nop/'
wrong "the ring is not looked at when it is full" 's/andi    t1, t1, HYPER_OUT_SIZE$/li t1, 0/' flood
wrong "nobody asks for the input that found no room" 's/^        beqz    t2, .Ldone/        j .Ldone/' flood
wrong "a request goes to the next sector" 's/sw      \\count, hyper_disk + 12/sw      \\count, hyper_disk + 4/'

# ------------------------------------------------------- where nobody answers
for command in "run" "run --io mmio" "vmm" "vmm --profile x86" "vmm --technique interpret" "vmm --technique hybrid" "vmm --io mmio"; do
  # shellcheck disable=SC2086
  t $command minos-paravirt --input /dev/null --ticks 100000 >said 2>errors
  check "$command: says what it misses" test "$(cat said errors)" = \
    "This guest was made for a VMM with --technique=paravirt, and no such VMM answers."
done

# ------------------------------------------------------------- the same user programs
bytes_of() { # ELF: from user_image to user_image_end
  local from to
  from=$((16#$(nm "$1" | sed -n 's/ . user_image$//p')))
  to=$((16#$(nm "$1" | sed -n 's/ . user_image_end$//p')))
  objdump -s -j .text --start-address=$from --stop-address=$to "$1" | grep -E '^ ' | cut -d' ' -f3-6
}
t asm minos -o minos.elf && t asm minos-paravirt -o hyper.elf
bytes_of minos.elf >minos.user
bytes_of hyper.elf >hyper.user
check "the user programs are the same, bit by bit" cmp minos.user hyper.user
check "and more than nothing" test "$(wc -l <minos.user)" -gt 100

# ------------------------------------------------------------------ what it saves
cd "$here/../.." || exit 3
TRAPEZE=$TRAPEZE "$here/measure.sh" --raw >"$work/raw"
at_least() { # SESSION COLUMN TIMES: native against minos-paravirt on x86
  awk -v session="$1" -v n="$2" -v times="$3" '
    $1 == session { value[$2] = $n; print }
    END { exit !(value["x86"] > 0 && value["native"] >= times * value["x86"]) }' "$work/raw"
}
check "console and disk: 5 times fewer ticks of the VMM" at_least io 6 5
check "console and disk: 5 times fewer traps" at_least io 4 5
check "console and disk: 5 times fewer traps per instruction" at_least io 5 5
check "the usual session: 5 times fewer ticks of the VMM" at_least minos 6 5
check "caught: a hundred times would be too much" refuse at_least io 6 100
TRAPEZE=$TRAPEZE "$here/measure.sh" >"$work/table"
sed -n '/<!-- measured -->/,/<!-- end -->/p' docs/paravirt.md | sed '1d;$d' >"$work/shown"
check "docs/paravirt.md shows what is measured (make paravirt)" diff "$work/shown" "$work/table"
{ echo '```diff' && "$here/measure.sh" --diff && echo '```'; } >"$work/diff"
sed -n '/<!-- diff -->/,/<!-- end -->/p' docs/paravirt.md | sed '1d;$d' >"$work/shown"
check "and the lines of minos that are others" diff "$work/shown" "$work/diff"
lines=$(grep -c '^+' "$work/diff")
check "as many as it says" grep -q "in $lines lines" docs/paravirt.md
cd "$work" || exit 3

# ------------------------------------------------------------- numbers in three places
page() { # name offset, of the page's words
  case $1 in
    *.inc) sed -nE 's/^\.equ hyper_([a-z_]+), *hyper_page \+ (0x[0-9a-f]+).*/\1 \2/p' "$1" ;;
    *) sed -nE 's/^ *HYPER_PAGE_([A-Z_]+) = (0x[0-9a-f]+).*/\L\1 \2/p' "$1" ;;
  esac | sed 's/^pc /epc /;s/^psw /epsw /;s/^value /badva /;s/^insn /einsn /;s/0x0*/0x/' | grep -v scr0 | sort
}
page "$here/../../vmm/techniques/paravirt.h" >c.page
page guestos/hyper.inc >s.page
check "the page is the same to the VMM and to the guest" diff c.page s.page
check "all of it" test "$(wc -l <c.page)" -ge 24
for name in VERSION REGISTER IRET EVENTS KICK TIME TIMER WAIT YIELD HALT; do
  n=$(sed -nE "s/^\.equ HYPER_$name, *([0-9]+).*/\1/p" guestos/hyper.inc)
  check "$name is $n in docs/paravirt.md" grep -q "^| $n | $name |" "$here/../../docs/paravirt.md"
done

# -------------------------------------------------------------- going back in time
t debug minos-paravirt --technique paravirt --session --batch -nx -q \
  -e 'goto 400000' -e 'x/1024xw 0x5000' -e 'info registers' -e 'goto 900000' -e 'goto 200000' \
  -e 'stepi 3000' -e 'goto 400000' -e 'x/1024xw 0x5000' -e 'info registers' >back 2>&1
grep -E '^(0x0000[0-9a-f]{4} <|[a-z0-9]{2,4} +[0-9a-f]{8})' back | tr -d '* ' >states
check "the state is the same when one comes back to it" \
  cmp <(head -n $(($(wc -l <states) / 2)) states) <(tail -n $(($(wc -l <states) / 2)) states)
check "and shows the page" grep -q '<hyper_page>' states

# --------------------------------------------------------------- in a directory
cat >two.dir <<'END'
machine { profile x86; disk scratch sectors 128; }
user plain { program hello; }
user knows { program minos-paravirt; technique paravirt; minidisk A first 0 length 64; console log "knows.log" input "session.in"; }
user other { program minos-paravirt; technique paravirt; minidisk A first 64 length 64; console log "other.log" input "session.in"; }
user without { program minos-paravirt; }
END
t vmm two.dir >said 2>&1
check "beside one another on x86" test "$(grep -c ': halted at tick' said)" -eq 4
check "alike" cmp knows.log other.log
native bare x86 session.in
check "as minos bare" same bare.out knows.log sorted
check "who may not ask says so" grep -q '^without: This guest was made for a VMM' said

echo "1..$number"
exit $failed
