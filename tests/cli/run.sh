#!/bin/bash
# The command as its users meet it: help, exit statuses, messages, files, the
# console. TAP on standard output.
set -u
cd "$(dirname "$0")/../.." || exit 3
trapeze=$(realpath "$TRAPEZE")
here=$PWD/tests/cli
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$here/../common/jobs.sh"
cd "$work" || exit 3
number=0

# Runs with a time limit, so that a hang is a failure and not a hang.
t() { timeout 100 "$trapeze" "$@"; }

report() { # status, name
  number=$((number + 1))
  if [ "$1" -eq 0 ]; then
    echo "ok $number - $2"
  else
    echo "not ok $number - $2"
    for f in out err; do
      [ -f $f ] && sed "s/^/# $f: /" $f | head -n 20
    done
  fi
}

# expect STATUS 'regex of stdout' 'regex of stderr' NAME -- arguments…
# A regex - means: nothing at all.
expect() {
  local status=$1 out=$2 err=$3 name=$4
  shift 5
  t "$@" >out 2>err
  local got=$?
  local bad=0
  [ $got -eq "$status" ] || { echo "# exit status $got, expected $status"; bad=1; }
  matches "$out" out || bad=1
  matches "$err" err || bad=1
  report $bad "$name"
}
matches() {
  if [ "$1" = - ]; then
    [ ! -s "$2" ] || { echo "# $2 is not empty"; return 1; }
  else
    grep -qE -- "$1" "$2" || { echo "# no '$1' in $2"; return 1; }
  fi
}
check() { # name, command…
  local name=$1
  shift
  rm -f out err
  "$@"
  report $? "$name"
}

exec </dev/null

# ---------------------------------------------------------------- help, usage
commands="asm cc disasm run vmm debug verify compare trace directory disk grade grade-all profiles guests help"
expect 0 '^trapeze [0-9]+\.[0-9]+\.[0-9]+$' - "--version" -- --version
expect 0 '^Usage: trapeze COMMAND' - "--help" -- --help
expect 0 '^Usage: trapeze COMMAND' - "help" -- help
for c in $commands; do
  expect 0 "^Usage: trapeze $c" - "$c --help" -- "$c" --help
  expect 0 "^  $c  +[a-z]" - "--help lists $c" -- --help
  t help "$c" >one 2>&1
  t "$c" --help >two 2>&1
  check "help $c is $c --help" cmp -s one two
  check "$c --help fits 80 columns" test -z "$(awk 'length > 80' two)"
  expect 2 - "unknown option '--nonsense'" "$c --nonsense" -- "$c" --nonsense
  expect 2 - "Try 'trapeze $c --help'" "$c -Q" -- "$c" -Q
done
expect 2 - 'no command given' "no command" --
expect 2 - "unknown command 'veryfi'; did you mean 'verify'" "a mistyped command" -- veryfi minos
expect 2 - "unknown command 'frobnicate'$" "an unknown command" -- frobnicate
expect 2 - "unknown option '--proflie'; did you mean '--profile'" "a mistyped option" -- run --proflie=pg hello
expect 2 - "'--input' could be more than one|'--in' could be more than one" "an ambiguous option" -- run --in=x hello
expect 2 - "option '--stats' takes no value" "a value too many" -- run --stats=yes hello
expect 2 - "option '--memory' needs a value" "a value too few" -- run hello --memory
expect 2 - "option '--memory' needs a value" "a value too few, short option" -- run hello -m
expect 2 - 'a program is missing' "no program" -- run
expect 2 - "unexpected argument 'two'" "two programs" -- run one two
expect 0 'Hello' - "an abbreviated option, after the program" -- run hello --prof pg
expect 0 'Hello' - "-- ends the options" -- run -- hello
expect 2 - "no number of ticks" "ticks that are none" -- run --ticks=soon hello
expect 2 - "no storage size" "too little memory" -- run --memory=4K hello
expect 2 - "no storage size" "memory of half pages" -- run --memory=66K hello
expect 2 - "unknown engine 'warp'" "an unknown engine" -- run --engine=warp hello
expect 2 - "no number of VMMs" "depth 0" -- vmm --depth=0 hello
expect 2 - "no number of VMMs" "depth 100" -- verify --depth=100 hello
expect 2 - "exclude one another" "two inputs" -- run --session --input=x hello
expect 2 - "exclude one another" "two passes only" -- verify --step-only --fast-only hello

# ---------------------------------------------------------------------- names
expect 2 - "no shipped guest 'hallo'; did you mean 'hello'" "a mistyped guest" -- run hallo
echo 'x' >program
expect 2 - "for the file write './program'" "a file named like a guest" -- run program
expect 2 - "is text; the name of an assembler source ends in '.s'" "a text that is no source" -- run ./program
printf '# K\303\266nig \342\200\224 ein Programm\n_start: halt\n' >umlaut.asm
expect 2 - "is text; the name of an assembler source ends in '.s'" "a text with letters beyond ASCII" -- run umlaut.asm
printf '# K\366nig\n_start: halt\n' >latin.txt
expect 2 - "is text; the name of an assembler source ends in '.s'" "whatever their encoding" -- run latin.txt
cp umlaut.asm umlaut.s
expect 0 - - "which under the right name runs" -- run umlaut.s
expect 2 - "for the file write './umlaut.s'" "a source named without its ending" -- run umlaut
expect 2 - "^trapeze run: error: cannot open 'nosuch.s': No such file" "a source that is not there" -- run nosuch.s
expect 2 - "^trapeze run: error: there is no mmu 'segments'; this version has: bounds, tlb, paged, nested$" "an MMU that is not there" -- run --mmu=segments hello
printf 'extends pg; profile paged; mmu paged;\n' >paged.profile
expect 0 "^Hello" - "a TLB and a VMM" -- vmm --mmu=tlb hello
expect 0 "^Equivalence +holds" - "a TLB and verify" -- verify --mmu=tlb refill
expect 2 - "^trapeze vmm: error: no virtual machine: shadow page tables need" "shadow tables for a TLB" -- vmm --mmu=tlb --memory-technique=shadow hello
expect 2 - "^trapeze vmm: error: no virtual machine: an emulated TLB needs" "a TLB where there is none" -- vmm --memory-technique=exact hello
expect 0 "Theorem 1  holds" - "pages and the classifier" -- classify ./paged.profile
expect 0 "^the kernel is out of reach$" - "pages bare" -- run --profile=./paged.profile paging
printf '# nothing yet\n' >nothing.s
expect 2 - "'nothing.s' assembles to nothing" "a source without instructions" -- run nothing.s
expect 2 - "cannot open './none.elf': No such file" "a program that is not there" -- run ./none.elf
expect 2 - "x87.*did you mean 'x86'" "a mistyped profile" -- run --profile=x87 hello
expect 2 - "none.profile" "a profile that is not there" -- run --profile=none.profile hello
: >empty.bin
expect 2 - 'empty' "an empty program" -- run empty.bin
printf '\177ELFnonsense' >bad.elf
expect 2 - 'bad.elf' "a broken ELF file" -- run bad.elf

# ------------------------------------------------------------------ asm, disasm
cp "$here"/echo.s "$here"/bad.s .
expect 0 - - "asm writes SOURCE.elf" -- asm echo.s
check "which readelf reads" sh -c 'readelf -h echo.elf | grep -q ELF32'
check "and nm" sh -c 'nm echo.elf | grep -q " _start$"'
expect 0 - - "asm -f raw writes SOURCE.bin" -- asm -f raw echo.s
expect 0 - - "asm -o" -- asm echo.s -o named.elf
check "writes the same" cmp echo.elf named.elf
expect 0 'wfi' - "asm --listing=-" -- asm echo.s -o named.elf --listing=-
expect 0 - - "asm --listing=FILE" -- asm echo.s -o named.elf --listing=named.lst
check "writes the listing" grep -q wfi named.lst
expect 2 - '^bad.s:3:[0-9]+: error: ' "asm: an error has file, line, column" -- asm bad.s -o bad.elf.new --listing=bad.lst
check "and leaves no output, no listing, nothing temporary" test ! -e bad.elf.new -a ! -e bad.lst -a -z "$(ls ./*.?????? 2>/dev/null | grep -v '\.s$')"
echo old >kept.elf
expect 2 - 'error' "asm: an error leaves the old output" -- asm bad.s -o kept.elf
check "as it was" test "$(cat kept.elf)" = old
cp echo.s self.s
expect 2 - 'is not overwritten' "asm does not overwrite its source" -- asm self.s -o ./self.s
check "which is as it was" cmp echo.s self.s
expect 2 - 'are both' "asm: output and listing in one file" -- asm echo.s -o same --listing=same
expect 2 - 'is no source' "asm of a binary" -- asm echo.bin
expect 2 - 'cannot create' "asm into a folder that is not there" -- asm echo.s -o none/x.elf
expect 2 - 'unknown format' "asm into an unknown format" -- asm -f coff echo.s
expect 2 - 'is no definition' "asm -D of nonsense" -- asm -D =3 echo.s
printf '.include "sub.inc"\n_start: li t0, VALUE\nout t0, 0\nhalt\n' >include.s
mkdir -p sub && printf '.equ EXTRA, 1\n' >sub/sub.inc
expect 0 - - "asm -I and -D" -- asm -I sub -D VALUE=0x42 include.s
expect 0 '^B' - "arrive" -- run include.elf
expect 2 - 'include.s:1' "asm without -I" -- asm -D VALUE=1 include.s
expect 2 - "looked in the folder of the source, 'none' and among what comes with trapeze" "which says where it looked" -- asm -I none -D VALUE=1 include.s
mkdir shipped && t guests timer >shipped/mine.s
expect 0 '^[0-9]+$' - "a copied guest finds what it includes" -- run shipped/mine.s
t guests minos >shipped/minos.s
expect 0 - - "and one that includes files which include others" -- asm shipped/minos.s
mkdir shipped/minos && printf '.error "mine"\n' >shipped/minos/defs.inc
expect 2 - 'defs.inc:1:[0-9]+: error: mine' "unless there is a file of its own" -- asm shipped/minos.s
expect 0 'pg32.inc +guestos/pg32.inc' - "guests lists what can be included" -- guests
expect 0 'CONSOLE' - "and prints it, by its bare name" -- guests pg32.inc
expect 0 '_start' - "and a guest's file" -- guests hello.s
expect 2 - "did you mean 'pg32.inc'" "a mistyped file" -- guests pg32.ink
expect 0 - - "asm of a shipped guest" -- asm minos -o minos.elf
t disasm echo.bin >again.s
expect 0 - - "what disasm prints assembles" -- asm -f raw again.s -o again.bin
check "to the same bytes" cmp echo.bin again.bin
t disasm echo.elf -o again.s
t asm again.s -o again.elf && t asm -f raw again.s -o again.bin
check "from an ELF file too" cmp echo.bin again.bin
expect 2 - 'is not overwritten' "disasm does not overwrite its program" -- disasm echo.bin -o echo.bin
expect 2 - 'no address' "disasm from nowhere" -- disasm --origin=3 echo.bin

# ------------------------------------------------------------------------- run
for program in hello ./hello.elf ./hello.bin ./hello.s; do
  case $program in
  ./hello.elf) t asm hello ;;
  ./hello.bin) t asm hello -f raw ;;
  ./hello.s) t guests hello >hello.s && t guests guestos/pg32.inc >pg32.inc ;;
  esac
  expect 0 '^Hello from PG32$' - "run $program" -- run $program
  expect 0 '^Hello from PG32$' - "vmm $program" -- vmm $program
  expect 0 'duplicate of the real' - "verify $program" -- verify $program
done
for engine in fast unfused step; do
  expect 0 '^Hello' - "run --engine=$engine" -- run --engine=$engine hello
done
expect 0 '^Hello' - "three VMMs, stacked" -- vmm --depth=3 hello
expect 0 '^Hello' 'instructions completed +85' "run --stats" -- run --stats hello
expect 0 '' 'real traps served ' "vmm --stats tells real traps from the guest's" -- vmm --stats timer
expect 0 '^Hello' 'executed directly' "vmm --stats" -- vmm --stats hello
printf '_start: mtcr vbr, t0\nli t0, -4\nmtcr vbr, t0\nsys 1\n' >double.s
expect 1 - 'double fault at tick 3: .*system call|double fault' "a double fault" -- run double.s
expect 1 - 'double fault' "a double fault in a virtual machine" -- vmm double.s
printf '_start: wfi\nhalt\n' >waits.s
expect 1 - 'waits for an interrupt that cannot come' "waiting forever" -- run waits.s
printf '_start: brk\n' >vectorless.s
expect 1 - 'nothing but trap.*handler at 0x00000000 .*illegal instruction' \
  "a trap without a vector table" -- run vectorless.s
expect 1 - 'first of these traps: breakpoint at pc 0x00001000 \(_start, vectorless.s:1\), tick 0$' "names the first trap" -- run vectorless.s
expect 1 - 'vbr is 0 and there is no vector table there' "and what is missing" -- run vectorless.s
expect 1 - 'first of these traps: breakpoint at pc 0x00001000' "so it does at a limit" -- run -t 1000 vectorless.s
expect 1 - 'first of these traps: breakpoint at pc 0x00001000' "and there in a virtual machine" -- vmm -t 1000 vectorless.s
printf '_start: nop\nadd a0, a0, a0\n' >falls.s
expect 1 - "behind the last instruction of the program" "a program without an end" -- run falls.s
printf '_start: la t0, table\nmtcr vbr, t0\nsys 1\n.data\ntable: .word 0x3000, 0x3000, 0x3000\n' >wrong.s
expect 1 - "vbr is 0x00002000, and the vector of that trap, at 0x00002008, holds 0x00003000" "a vector that leads nowhere" -- run wrong.s
expect 1 - 'nothing but trap' "and in a virtual machine" -- vmm vectorless.s
printf '_start: j _start\n' >loop.s
expect 1 - 'stopped at the limit of 100,000 ticks' "a tick limit" -- run --ticks=100k loop.s
expect 1 - 'stopped at the limit of 100,000 ticks' "a tick limit, virtual" -- vmm --ticks=100k loop.s
expect 0 'double fault' - "verify: a guest's own fault is equivalent" -- verify double.s
expect 0 'waits forever' - "verify: waiting forever is equivalent" -- verify waits.s
expect 0 'to the tick limit' - "verify: running forever is, up to the limit" -- verify --ticks=50000 loop.s
expect 2 - 'bad.s:3:' "run of a source with errors" -- run bad.s
printf '.org 0x40000\n_start: halt\n' >high.s
expect 2 - 'give --memory' "a program larger than the machine" -- run --memory=64K high.s
expect 0 - - "which has room in a larger one" -- run --memory=512K high.s

# --------------------------------------------------------------------- console
same_output() { # expected, file
  printf "$1" | cmp -s - "$2"
}
printf 'abcq' | t run echo.s >piped 2>&1
check "input from a pipe" same_output 'abcq' piped
printf 'abcq' >typed
t run echo.s <typed >piped 2>&1
check "input from a file as standard input" same_output 'abcq' piped
expect 0 '^abcq$' - "--input=FILE" -- run --input=typed echo.s
expect 0 '^abcq$' - "--input=FILE in a virtual machine" -- vmm --input=typed echo.s
expect 1 - 'waits for an interrupt' "no input at all" -- run echo.s
t run echo.s <&- >out 2>err
check "standard input closed: no hang, no input" test $? -eq 1
expect 2 - "cannot open 'none'" "input that is not there" -- run --input=none echo.s
expect 0 '^abcq$' - "--record" -- run --input=typed --input-rate=7 --record=log echo.s
check "writes ticks and bytes" grep -q '^28 0x71 # q$' log
expect 0 '^abcq$' - "--input-log" -- run --input-log=log --record=log2 echo.s
check "repeats it" cmp -s log log2
printf '5 1\n4 1\n' >badlog
expect 2 - '^badlog:2:1: error: ticks must not decrease' "a bad log" -- run --input-log=badlog echo.s
expect 2 - "no console session comes with 'hello'" "--session without one" -- run --session hello
expect 2 - 'no input rate' "--input-rate=0" -- run --input-rate=0 echo.s
t run --session minos --stats >bare 2>stats
check "minos halts" test $? -eq 0
t vmm --session minos >virtual 2>/dev/null
check "and says the same in a virtual machine" cmp -s bare virtual
t run --session --engine=step minos --stats >step 2>stats2
check "and on the stepper" cmp -s bare step
check "with the same statistics" cmp -s stats stats2
t run minos --session --record=log >bare 2>/dev/null
t run minos --input-log=log >again 2>/dev/null
check "and again from its log" cmp -s bare again

# ------------------------------------------------------------------------ disk
dd if=/dev/zero of=disk.img bs=512 count=64 status=none
cp disk.img blank.img
check "verify leaves the image as it was" cmp -s disk.img blank.img
expect 0 'holds' - "verify with a disk image" -- verify --disk=disk.img disk
check "leaves it as it was" cmp -s disk.img blank.img
expect 0 'came back as it was written' - "run --disk=FILE,discard" -- run --disk=disk.img,discard disk
check "leaves it as it was" cmp -s disk.img blank.img
expect 0 '.' - "run --disk=FILE,ro" -- run --disk=disk.img,ro disk
check "leaves it as it was" cmp -s disk.img blank.img
expect 0 'holds' - "verify --disk=FILE,ro" -- verify --disk=disk.img,ro disk
expect 0 'came back as it was written' - "run --disk=FILE" -- run --disk=disk.img disk
check "writes it" test "$(cmp -s disk.img blank.img; echo $?)" -eq 1
cp blank.img other.img
expect 0 'came back as it was written' - "vmm --disk=FILE" -- vmm --disk=other.img disk
check "writes it alike" cmp -s disk.img other.img
expect 2 - 'none.img' "a disk that is not there" -- run --disk=none.img disk
printf 'x' >odd.img
expect 2 - 'odd.img' "half a sector" -- run --disk=odd.img disk
expect 0 '.' - "a blank disk" -- run --disk=64 disk
expect 0 'holds' - "no disk" -- verify --disk=0 disk

# ------------------------------------------------------------ profiles, guests
expect 0 '^x86-popf ' - "profiles" -- profiles
printf 'profile bare;\nextends pg;\noutside cli = nop;\n' >bare.profile
expect 0 '^bare: pg, changed$|^bare$' - "a profile that says nothing about itself" -- profiles bare.profile
check "without empty lines or an empty source" sh -c '"$1" profiles bare.profile | { ! grep -q "^Source: $" ; }' - "$trapeze"
check "nor two empty lines" sh -c '"$1" profiles bare.profile | awk "\$0 == last && last == \"\" && NR > 1 { exit 1 } { last = \$0 }"' - "$trapeze"
check "prose keeps to a narrow terminal" sh -c 'COLUMNS=50 script -qec "$1 guests" /dev/null </dev/null | tr -d "\r" | awk "length > 50 { exit 1 }"' - "$trapeze"
check "not in a pipe" sh -c 'COLUMNS=50 "$1" guests | awk "length > 50 { found = 1 } END { exit !found }"' - "$trapeze"
expect 0 '^\* popf +partial +POPF' - "profiles x86" -- profiles x86
expect 2 - "did you mean 'pdp10'" "profiles pdp1O" -- profiles pdp1O
cat >mine.profile <<'END'
profile mine;
extends pg;
title "Mine";
story "A hole of my own.";
outside cli = nop;
END
expect 0 '^\* cli +nop' - "profiles of a file" -- profiles ./mine.profile
expect 0 'holds' - "verify on a profile of one's own" -- verify --profile=mine.profile hello
expect 0 '^minos ' - "guests" -- guests
expect 0 'popf' - "guests NAME prints the source" -- guests popf
expect 2 - 'no file' "guests of something else" -- guests nothing

# ---------------------------------------------------------------- verify, JSON
expect 1 'popf' - "verify popf on x86" -- verify --profile=x86 popf
cp out report
check "names the source line" grep -q 'guestos/popf.s:[0-9]*:$' report
check "and the profile's" grep -q 'x86.profile:[0-9]*' report
check "in 80 columns" test -z "$(awk 'length > 80' report)"
printf '_start: li sp, 0x2000\npushf # \351 and a tab\there\nhalt\n' >latin.s
t verify --json --profile=x86 --ticks=100 latin.s >json 2>err
check "source that is no UTF-8 does not spoil the JSON" grep -q '"text": "pushf # ? and' json
for how in --step-only --fast-only; do
  expect 1 'FAILS at tick' - "verify $how" -- verify $how --profile=x86 popf
done
expect 1 'FAILS at tick' - "verify --checkpoint=7" -- verify --checkpoint=7 --profile=x86 popf
schema() { # schema, arguments…
  local schema=$1
  shift
  t "$@" >json 2>err
  [ "$(sed -n 2p json)" = "  \"schema\": \"$schema\"," ] && [ "$(head -n 1 json)" = "{" ] &&
    [ "$(tail -n 1 json)" = "}" ] && [ ! -s err ]
}
check "verify --json" schema trapeze-verify/1 verify --json hello
check "verify --json of a divergence" schema trapeze-verify/1 verify --json --profile=x86 popf
check "profiles --json" schema trapeze-profiles/1 profiles --json
check "profiles --json x86" schema trapeze-profile/1 profiles --json x86
check "guests --json" schema trapeze-guests/1 guests --json

# ----------------------------------------------------- output, colour, terminal
t run hello >/dev/full 2>err
check "output that cannot be written is status 3" test $? -eq 3
t profiles >/dev/full 2>err
check "of any command" test $? -eq 3
t asm hello -o /dev/full 2>err
check "files too" test $? -eq 3
escapes() { grep -q $'\033' "$1"; }
t verify popf --profile=x86 >report 2>&1
check "no colour in a file" eval '! escapes report'
terminal() { timeout 100 script -qec "$1" /dev/null; }
terminal "$trapeze verify popf --profile=x86" >report 2>&1
check "colour on a terminal" escapes report
terminal "NO_COLOR=1 $trapeze verify popf --profile=x86 2>/dev/null" >report 2>&1
check "but not with NO_COLOR" eval '! escapes report'

# Keys typed while the machine runs; the guest echoes and the terminal does not.
# Each step waits for what the last one brought, not for time to pass.
t asm -D GREET echo.s -o greet.elf
t asm -D GREET -D BUSY echo.s -o busy.elf
{ soon grep -q '>' seen && printf 'hel' && soon grep -q '>hel' seen && printf 'lo\rq'; } |
  timeout 100 script -qfec "$trapeze run greet.elf --record=keys; echo status \$?; stty -a | grep -q -e ' -echo ' || echo restored" seen >/dev/null 2>&1
check "keys from a terminal, echoed once" grep -q '^>hello' seen
check "and the terminal is as it was" grep -q '^restored' seen
check "halted is status 0" grep -q 'status 0' seen
check "the keys were recorded" grep -q '# q$' keys
expect 0 '^q' - "and repeat the run" -- run --input-log=keys greet.elf
rm -f seen
{ soon grep -q '>' seen && printf 'he' && soon grep -q '>he' seen && printf '\003' && soon grep -q tick seen; } |
  timeout 100 script -qfec "$trapeze run greet.elf" seen >/dev/null 2>&1
check "Ctrl-C stops the machine and says where" grep -q 'interrupted at tick' seen
stopped_by() { # signal, arguments…
  local signal=$1
  shift
  rm -f seen
  job "$trapeze" "$@" >seen 2>&1
  job_signal "$signal" grep -q '>' seen
  [ $? -eq $((128 + $(kill -l "$signal"))) ] && grep -q 'interrupted at tick' seen
}
for signal in TERM INT HUP QUIT; do
  check "SIG$signal stops an endless run, which dies by it" stopped_by $signal run busy.elf
  check "in a virtual machine too" stopped_by $signal vmm busy.elf
done

# ------------------------------------------------------- manual and completion
root=$here/../..
for c in $commands; do
  for option in $(t "$c" --help | sed -nE 's/^ +(-[a-zA-Z], )?--([a-z-]+).*/\2/p' | grep -v help); do
    grep -qE -- "Fl (. , )?-$option( |\$)|Fl .*-$option" "$root/docs/trapeze.1" ||
      echo "$c --$option" >>undocumented
  done
  grep -q "^\.It Cm $c" "$root/docs/trapeze.1" || echo "$c" >>undocumented
done
[ -e undocumented ] && sed 's/^/# not in the manual: /' undocumented
check "the manual has every command and option" test ! -e undocumented
complete_words() { # words…: what completion offers for the last one
  bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _trapeze; echo "${COMPREPLY[*]}"' \
    "$root/tools/completion/trapeze.bash" "$@"
}
completes() { # expected, words…
  local expected=$1
  shift
  [ "$(complete_words "$trapeze" "$@")" = "$expected" ] || {
    echo "# $*: offered '$(complete_words "$trapeze" "$@")', expected '$expected'"
    return 1
  }
}
check "completion of commands" completes 'vmm verify' v
check "of options" completes --depth= verify --dep
check "of profiles" completes 'x86-popf x86' run --profile = x8
check "of profiles, short option" completes 'pdp10 pdp11' run -p pd
check "of guests" completes 'minos-balloon minos-channel minos-juser minos-mmio minos-paged minos-paravirt minos-tlb' run minos-
check "of what directory does" completes check directory ch
check "of what disk does" completes 'list' disk li
check "of a file's type" completes program disk put x.img --type prog
check "of its formats" completes 'json' directory check -T j
check "of a classifier's model" completes 'paper extended' classify -m ''
check "after a letter without a value" completes 'pdp10 pdp11' classify -t pd
check "and not for a machine's storage" completes '' run -m ''
check "of routes" completes solver classify --routes = so
check "of an instruction" completes popf classify -e pop
check "of pictures" completes graph trace -p g
check "no option twice" test "$(complete_words "$trapeze" run - | tr ' ' '\n' | sort | uniq -d)" = ""
check "of files" completes 'mine.profile' run mine

echo "1..$number"
