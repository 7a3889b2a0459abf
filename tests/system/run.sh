#!/bin/bash
# System directories, run: what each user writes and leaves on its disk is the same as
# alone on a bare machine, whoever its neighbours are and however time is cut; the
# terminal, logs and input; what is refused. TAP on standard output.
set -u
cd "$(dirname "$0")/../.." || exit 3
trapeze=$(realpath "${TRAPEZE:-${BUILD:-build}/trapeze}")
top=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 3
export LC_ALL=C.UTF-8
number=0
t() { timeout 100 "$trapeze" "$@"; }

report() { # STATUS NAME
  number=$((number + 1))
  if [ "$1" -eq 0 ]; then
    echo "ok $number - $2"
  else
    echo "not ok $number - $2"
    for f in out err diff; do
      [ -f $f ] && sed "s/^/# $f: /" $f | head -n 20
    done
  fi
  rm -f diff
}
check() { # NAME COMMAND…
  local name=$1
  shift
  "$@"
  report $? "$name"
}
# expect STATUS 'regex of stdout' 'regex of stderr' NAME -- arguments…; - means nothing
expect() {
  local status=$1 out=$2 err=$3 name=$4 bad=0
  shift 5
  t "$@" >out 2>err
  local got=$?
  [ $got -eq "$status" ] || { echo "# exit status $got, expected $status"; bad=1; }
  matches "$out" out && matches "$err" err || bad=1
  report $bad "$name"
}
matches() {
  if [ "$1" = - ]; then
    [ ! -s "$2" ] || { echo "# $2 is not empty"; return 1; }
  else
    grep -qE -- "$1" "$2" || { echo "# no '$1' in $2"; return 1; }
  fi
}
exec </dev/null

# ------------------------------------------------------------------ eight guests
cp "$top"/guestos/minos.in session.in
cp "$top"/guestos/solo.in solo.in
printf 'ps\nprimes\ndisk\nuptime\nhalt\n' >short.in
printf 'echo\nto and fro\n\nhalt\n' >echo.in
seq 100000 | head -c $((600 * 512)) >blank.img
t disk make --example --sectors 90 solo.img >out 2>err || sed 's/^/# /' err
dd if=solo.img of=blank.img bs=512 seek=400 conv=notrunc status=none

# The users: name, program, storage in KiB, first sector, sectors, input.
cat >users <<'END'
alice minos 256 0 128 session.in
bob minos 320 128 100 short.in
carol disk 64 228 64 -
dave timer 64 292 4 -
erin traps 128 300 10 -
frank arith.s 64 310 1 -
grace minos 192 320 70 echo.in
heidi solo 192 400 90 solo.in
END

directory() { # FILE_OF_USERS [LINE…]: those users, on class.img
  local users=$1 name program memory first sectors input
  shift
  echo "machine { disk \"class.img\"; $* }"
  while read -r name program memory first sectors input; do
    case $program in *.s) program="\"$top/tests/guest/$program\"" ;; esac
    echo "user $name { program $program; storage ${memory}K; share $((1 + ${#name} % 3));"
    echo "  minidisk A first $first length $sectors;"
    [ "$input" = - ] && echo "  console log \"$name.log\"; }" ||
      echo "  console log \"$name.log\" input \"$input\"; }"
  done <"$users"
}

alone() { # FILE_OF_USERS: each of them on a bare machine
  local name program memory first sectors input
  while read -r name program memory first sectors input; do
    dd if=blank.img of="$name.img" bs=512 skip="$first" count="$sectors" status=none
    [ "$input" = - ] && input=/dev/null
    case $program in *.s) program=$top/tests/guest/$program ;; esac
    t run "$program" --memory "${memory}K" --disk "$name.img" --input "$input" --ticks 20M \
      >"$name.out" 2>"$name.err" || echo "# $name alone ended with status $?"
  done <"$1"
}
alone users

same_as_alone() { # FILE_OF_USERS
  local name program memory first sectors input bad=0
  while read -r name program memory first sectors input; do
    cmp "$name.log" "$name.out" >>"diff" 2>&1 || bad=1
    dd if=class.img bs=512 skip="$first" count="$sectors" status=none | cmp - "$name.img" >>"diff" 2>&1 || bad=1
  done <"$1"
  return $bad
}
together() { # NAME arguments…: run users.dir anew
  local name=$1
  shift
  cp blank.img class.img
  rm -f ./*.log diff
  t vmm users.dir "$@" >out 2>err
  local status=$?
  [ $status -eq 0 ] || echo "# exit status $status"
  same_as_alone users && [ $status -eq 0 ]
  report $? "$name"
}
directory users >users.dir
together "eight guests: output and disks are as alone on a bare machine"
cp out first.out
check "they halted, each told of" test "$(grep -c ': halted at tick' err)" -eq 8
# Everything else on the disk is as it was.
check "no sector of nobody's has changed" cmp -s <(tail -c +$((490 * 512 + 1)) class.img) <(tail -c +$((490 * 512 + 1)) blank.img)
# The comparison can fail: a user's own disk is not another's.
printf X | dd of=carol.img bs=1 seek=100 conv=notrunc status=none
check "a changed byte would be found" eval '! same_as_alone users'
printf X | dd of=class.img bs=1 seek=$((228 * 512 + 100)) conv=notrunc status=none
check "and only that" same_as_alone users
rm -f diff
alone <(grep carol users)
together "the same again, byte for byte"
check "on the terminal too" cmp first.out out
# A quarter of the storage that they have, for all: pages are shared, and come and go.
directory users 'frames 320K; swap 2M "pages.swap"; scan 4;' |
  sed 's/^user [^;]*; /&technique interpret; /' >users.frames
mv users.dir users.kept && cp users.frames users.dir
together "eight guests at four times over-commit" --stats
check "pages were shared" grep -qE 'sharing spares [1-9]' err
check "nothing is left of the swap file" test -f pages.swap -a ! -s pages.swap
sed 's/frames 320K/frames 128K/' users.frames >users.dir
together "with more pages in the swap file than in frames" --stats
check "they were written and read" awk '/^paging/ {p = 1} p && /alice/ {ok = $7 > 9 && $8 > 9} END {exit !ok}' err
# The same of kernels with pages, executed directly: tables and frames, and a balloon that listens.
sed 's/^profile pg;/profile pages;/; s/^mmu  *bounds;/mmu paged;/' "$top/isa/profiles/pg.profile" >pages.profile
{
  echo 'machine { profile "pages.profile"; disk scratch sectors 800; frames 256K; swap 8M; scan 4; }'
  for i in 0 1 2 3 4 5 6 7; do
    echo "user u$i { program $([ $i -lt 6 ] && echo minos-paged || echo 'minos-balloon; hints yes');"
    echo "  storage 512K; minidisk A first $((i * 100)) length 100; console log \"u$i.log\" input \"short.in\"; }"
  done
} >pages.dir
truncate -s $((100 * 512)) pages.img
t run minos-paged --memory 512K --disk pages.img --input short.in >pages.out 2>err
expect 0 . 'paging, in pages' "eight kernels with pages in a sixteenth of their storage" -- vmm pages.dir --stats
cmp u0.log pages.out >diff 2>&1 && cmp u5.log pages.out >>diff 2>&1
report $? "write what one writes alone"
check "a kernel with a balloon goes on too" grep -q 'minos: halted' u6.log
mv users.kept users.dir
together "with quanta of 137 ticks" --quantum 137
together "with quanta of a million ticks" --quantum 1M
together "with a monitor that takes no time" --costs 0
together "with a slow one" --costs 100,200,300,5000
together "by the plain stepper" --engine step
directory users 'storage 4M;' | sed 's/disk "class.img";/disk "class.img" discard;/' >discard.dir
cp blank.img class.img
t vmm discard.dir >out 2>err
check "a disk that is discarded stays as it was" cmp class.img blank.img
check "though a guest has seen what it wrote" cmp -s alice.log alice.out

# A limit ends the run at a tick of the real machine; what was written till then is the
# beginning of what is written in the end.
prefixes() {
  local name
  for name in alice bob grace; do
    cmp -s "$name.log" <(head -c "$(stat -c %s "$name.log")" "$name.out") || return 1
  done
}
for ticks in 1 999 100k 1234567; do
  cp blank.img class.img
  t vmm users.dir --ticks $ticks >out 2>err
  check "stopped after $ticks ticks, status 0" test $? -eq 0
  check "what was written is a beginning" prefixes
done
check "which is said" grep -q 'stopped at the limit of 1,234,567 ticks of the real machine' err

# ----------------------------------------------------------------- the terminal
of_user() { sed -n "s/^$1: //p"; }
for name in alice bob frank; do
  check "lines of $name, without prefix, are what it wrote" \
    cmp -s <(of_user $name <first.out) <(expand "$name.out" | tr -d '\r')
done
check "every line has a prefix" eval '! grep -vqE "^(alice|bob|carol|dave|erin|frank|grace|heidi): " first.out'
cat >odd.s <<'END'
_start: la   t1, text
1:      lbu  t0, 0(t1)
        beqz t0, 2f
        out  t0, 0
        addi t1, t1, 1
        j    1b
2:      halt
text:   .asciz "one\ttwo\n\33[2Jthree\rbob: I am not\nwrong\b\b\b\b\bright\nno end"
END
cat >odd.dir <<'END'
user alice { program "odd.s"; console prefix "a> "; }
user bob { program "odd.s"; console private log "bob.log"; }
END
cat >expected <<'END'
a> one     two
a> ^[[2Jthreebob: I am not
a> right
a> no end
END
t vmm odd.dir >out 2>err
check "controls are shown, not obeyed; a private console is not shown" cmp expected out
check "the log has every byte as it was written" \
  cmp bob.log <(printf 'one\ttwo\n\033[2Jthree\rbob: I am not\nwrong\b\b\b\b\bright\nno end')

# ------------------------------------------------------------- standard input
cp "$top"/tests/cli/echo.s .
cat >in.dir <<'END'
user first { program "echo.s"; console input "first.in"; }
user second { program "echo.s"; }
user third { program "echo.s"; console input "third.in"; }
END
printf 'oneq' >first.in
printf 'threeq' >third.in
printf 'twoq' | t vmm in.dir >out 2>err
check "files and standard input reach their consoles" \
  cmp -s <(sort out) <(printf 'first: oneq\nsecond: twoq\nthird: threeq\n')
t vmm in.dir >out 2>err
check "a guest that waits for input without end: status 1" test $? -eq 1
check "which is said" grep -q '^trapeze vmm: second: waiting for input at tick' err
printf 'twoq' | t vmm in.dir --input-rate 77 --json >out 2>err
check "--input-rate" cmp -s <(grep -c '"state": "halted"' out) <(echo 3)

# ---------------------------------------------------------- a real terminal
seen_soon() { # text, file: within a minute
  for _ in $(seq 600); do
    grep -q -- "$1" "$2" 2>/dev/null && return 0
    sleep 0.1
  done
  echo "# never seen: $1"
  return 1
}
t asm -D GREET echo.s -o greet.elf
cat >live.dir <<'END'
user alice { program "greet.elf"; }
user bob { program "greet.elf"; console prefix "bob> "; }
user carol { program "greet.elf"; console private; }
END
cat >keys <<'END'
alice: >
hel
alice: >hel
lo
alice: >hello
\035
keyboard to:
nob
keyboard to: nob
ody\r
nobody is 'nobody'
bob\r
keyboard is bob's
abc
bob> >abc
\035c\r
carol: >
xq
carol: halted
\035al\r
keyboard is alice's
 again\035\035q
alice: halted
yq
bob: halted
END
type_keys() { # what must have been seen, and what is typed then, in turn
  local want
  while read -r want; do
    seen_soon "$want" "$1" || return
    IFS= read -r keys || break
    # shellcheck disable=SC2059
    printf "$keys"
  done <keys
}
rm -f seen
type_keys seen |
  timeout 100 script -qfec "NO_COLOR=1 $trapeze vmm live.dir; echo status \$?; stty -a | grep -q -e ' -echo ' || echo restored" seen >/dev/null 2>&1
check "the keyboard goes to who is named" grep -q '^status 0' seen
check "and the terminal is as it was" grep -q '^restored' seen
check "the start says how to switch" grep -q 'keyboard is alice.s (Ctrl-\] for another)' seen
check "with NO_COLOR there are no colours" eval '! grep -q "$(printf "\033\\[3[0-9]m")" seen'
rm -f seen
{ seen_soon 'alice: ' seen && printf '\003' && seen_soon 'interrupted at tick' seen; } |
  timeout 100 script -qfec "$trapeze vmm live.dir" seen >/dev/null 2>&1
check "Ctrl-C ends them all and says where" grep -q 'interrupted at tick .* of the real machine' seen
check "prefixes have colours" grep -q "$(printf '\033\\[36malice: ')" seen

# --------------------------------------------------------------- bad neighbours
{
  for name in alice bob grace; do grep "^$name" users; done
} >good.users
bad_neighbours() { # a hostile user for each program
  local n=0 program
  for program in "$top"/tests/hostile/*.s; do
    n=$((n + 1))
    cp "$program" . && echo "user bad$n { program \"$(basename "$program")\"; storage 64K; minidisk A first $((499 + n)) length 1; }"
  done
}
{
  directory good.users
  bad_neighbours
} >bad.dir
cp blank.img class.img
rm -f ./*.log diff
t vmm bad.dir --ticks 40M >out 2>err
check "hostile neighbours do not end the run: the limit does" grep -q 'stopped at the limit' err
check "and change nothing for the others" same_as_alone good.users
check "each one's end is told" eval '[ "$(grep -cE "^trapeze vmm: bad[0-9]+: (halted|double fault|running|waiting.*) at tick" err)" -ge 10 ]'

# --------------------------------------------------------------------- verify
cp blank.img class.img
expect 0 'holds for all compared' - "verify: eight guests, each against its bare machine" -- verify users.dir
check "to the tick at which each halts" grep -qE 'alice +equivalent +6,313,902 ' out
check "nothing was written" cmp class.img blank.img
expect 0 'holds for all compared' - "verify: with other quanta and costs" -- verify users.dir --quantum 137 --costs 0 --checkpoint 33333 --ticks 3M
expect 0 'holds for all compared' - "verify: among hostile neighbours" -- verify bad.dir --ticks 1M
expect 0 'bob +equivalent' - "verify --user" -- verify users.dir --user bob --ticks 1M
check "compares that one" test "$(grep -c 'not compared' out)" -eq 7
expect 2 - "did you mean 'alice'" "verify --user nobody" -- verify users.dir --user alcie
# Devices as words of memory, for both systems.
cat >mmio.dir <<'END'
machine { disk "class.img" discard; }
user alice { program minos-mmio; minidisk A first 0 length 128; console log "alice.log" input "session.in"; }
user heidi { program solo-mmio; storage 192K; minidisk A first 400 length 90; console log "heidi.log" input "solo.in"; }
END
expect 0 '^heidi: solo: halted' 'alice: halted' "--io mmio" -- vmm mmio.dir --io mmio
check "solo writes the same by either style" cmp heidi.log heidi.out
expect 0 'holds for all compared' - "verify: through memory-mapped devices" -- verify mmio.dir --io mmio --ticks 6M
expect 2 - "'cassette'" "--io cassette" -- vmm mmio.dir --io cassette

# It can find differences: on a profile with a hole, and to the instruction.
echo 'user a { program popf; } user b { program hello; timer real; } user c { program hello; }' >hole.dir
cat >techniques.dir <<'END'
machine { profile x86; disk scratch sectors 200; }
user direct { program hello; }
user interpreted { program minos; technique interpret; console input "short.in"; minidisk A first 0 length 64; }
user hybrid { program popf; technique hybrid; }
END
expect 0 'holds for all compared' - "verify: users of several techniques, on x86" -- verify techniques.dir --ticks 4M
expect 0 minos '^  interpreted +interpret +0 +[0-9,]{6,} +0 +0$' "--stats tells them apart" -- \
  vmm techniques.dir --stats --ticks 4M
expect 1 'FAILS for 1 of 2 compared; 1 counts real time' - "verify: caught: a hole" -- verify hole.dir --profile x86
check "at its instruction" grep -qE 'at +pc 0x00001030 \(_start\+0x30, guestos/popf.s:24\)' out
check "and field" grep -qE '^  psw.ie +0 +1 +0 +<$' out
check "and by its profile" grep -q "^  popf is sensitive (control: IE), but on profile x86 it does not trap" out
expect 1 '"holds": false' - "verify --json" -- verify hole.dir --profile x86 --json
# Writes across mini-disks of all kinds, which end where they must.
cat >mixed.s <<'END'
_start: li   s0, 11
1:      addi s0, s0, -1
        out  s0, 0x10
        out  zero, 0x11
        li   t0, 2
        out  t0, 0x12
        li   t0, 2
        out  t0, 0x13
2:      in   t1, 0x14
        andi t2, t1, 1
        bnez t2, 2b
        srli t1, t1, 1
        addi t1, t1, '0'
        out  t1, 0
        bnez s0, 1b
        halt
END
cat >mixed.dir <<'END'
machine { disk "class.img" discard; }
user a { program "mixed.s"; minidisk A first 10 length 3; minidisk B first 40 length 4 access r;
         minidisk C first 20 length 5; console log "mixed.log"; }
user b { program "mixed.s"; minidisk A first 0 length 5; minidisk B first 200 length 100 access shared; }
user c { program "mixed.s"; minidisk B first 250 length 100 access shared; }
END
expect 0 'holds for all compared' - "verify: disks of several extents" -- verify mixed.dir
t vmm mixed.dir >out 2>err
check "each refuses what it must" cmp -s out <(printf 'a: 00003333300\nb: 33333330000\nc: 33333333333\n')
for option in --depth=2 --step-only --fast-only --trace=x --memory=1M --session; do
  expect 2 - 'system directory' "verify ${option%=*} is refused" -- verify odd.dir "$option"
done
expect 2 - 'is for a system directory' "verify --user without a directory" -- verify hello --user bob

# ---------------------------------------------------------- options and errors
expect 2 - 'odd.dir|--memory is for one program' "--memory" -- vmm odd.dir --memory 1M
for option in --disk=10 --input=x --input-log=x --session --record=x --depth=2; do
  expect 2 - 'system directory' "${option%=*} is refused" -- vmm odd.dir "$option"
done
for option in --quantum=5 --costs=0 --json; do
  expect 2 - 'is for a system directory' "${option%=*} is refused without a directory" -- vmm hello "$option"
done
expect 2 - "no quantum" "--quantum 0" -- vmm odd.dir --quantum 0
expect 2 - "are no costs" "--costs of three" -- vmm odd.dir --costs 1,2,3
expect 2 - "are no costs" "--costs of five" -- vmm odd.dir --costs 1,2,3,4,5
expect 2 - "cannot open|No such file" "no directory" -- vmm nowhere.dir
echo 'user alice { program hello; share 0; }' >wrong.dir
expect 2 - '^wrong.dir:1:35: error: ' "a wrong directory" -- vmm wrong.dir
expect 2 - "profile" "no profile" -- vmm odd.dir --profile nowhere
printf 'machine { disk scratch sectors 9; }\nuser a { program hello;\n minidisk A first 0 length 9 access cow; }' >cow.dir
expect 0 'Hello' 'halted' "copy-on-write over a scratch disk" -- vmm cow.dir
expect 0 'Hello' - "another profile" -- vmm hello --profile s360
echo 'user alice { program hello; }' >hello.dir
expect 0 '^alice: Hello' 'alice: halted' "of a directory" -- vmm hello.dir --profile s360
echo 'user alice { program hello; console log "no/where"; }' >log.dir
expect 2 - "cannot create the log 'no/where' of 'alice'" "a log that cannot be" -- vmm log.dir
echo 'user bob { program hello; console log "bob.new"; } user alice { program hello; console log "no/where"; }' >log.dir
expect 2 - "cannot create the log 'no/where'" "another's that can be" -- vmm log.dir
check "is not left behind" test ! -e bob.new
echo 'user bob { program hello; console log "bob.new"; }' >log.dir
expect 2 - "no/where" "a trace that cannot be" -- vmm log.dir --trace no/where
check "leaves no log behind" test ! -e bob.new
echo before >bob.new
expect 2 - "no/where" "nor does it" -- vmm log.dir --trace no/where
check "touch one that was there" test "$(cat bob.new)" = before
expect 0 Hello 'halted' "which a run" -- vmm log.dir --ticks 1M --quantum 999 --costs 0
check "begins anew" test "$(cat bob.new)" = "Hello from PG32"
echo 'user alice { program hello; console log "/dev/full"; }' >full.dir
expect 3 '^alice: Hello' "cannot write the log '/dev/full' of 'alice'" "a full disk under a log" -- vmm full.dir
timeout 60 "$trapeze" vmm hello.dir >/dev/full 2>err
check "lost output: status 3" test $? -eq 3
t vmm hello.dir --stats >out 2>err
check "--stats" grep -q "(the machine)" err
check "in 80 columns" eval "! grep -qE '^.{81}' err"

# --------------------------------------------------------------------- crowds
printf 'primes\nhalt\n' >primes.in
for i in $(seq 200); do
  echo "user u$i { program minos; share $((1 + i % 3)); console input \"primes.in\"; }"
done >busy.dir
t run minos --memory 256K --disk 0 --input primes.in >alone.out 2>err
t vmm busy.dir >out 2>err
check "200 busy guests run to the end" grep -q '200 of 200 users halted' err
expand alone.out | while IFS= read -r line; do for i in $(seq 200); do echo "u$i: $line"; done; done | sort >expected
check "and each writes what it writes alone" cmp -s <(sort out) expected
cat >idle.s <<'END'
_start: la   t0, tick
        sw   t0, 64(zero)
        sti
1:      li   t0, 5000
        mtcr timer, t0
        wfi
        j    1b
tick:   rfe
END
for i in $(seq 1000); do echo "user u$i { program \"idle.s\"; storage 64K; }"; done >idle.dir
(
  nm "$trapeze" | grep -q __asan_init || ulimit -v $((1 << 20)) # the sanitizer reserves terabytes
  t vmm idle.dir --ticks 3M --json >out 2>err
)
check "1,000 idle guests in a gibibyte" grep -q '"end": "limit"' out

# ---------------------------------------------------------------------- trace
expect 0 - 'stopped at the limit' "--trace" -- vmm in.dir --trace in.trace --ticks 2000
t trace in.trace >out 2>err
check "names the real machine and every user" test "$(grep -cE '^# (machine|first|second|third): ' out)" -eq 4
check "shows the processor go from one to the next" \
  test "$(awk '$3 == "enter" { print $2 }' out | uniq | head -n 3 | tr '\n' ' ')" = 'first second third '
for i in $(seq 256); do echo "user u$i { program hello; storage 64K; }"; done >many.dir
expect 2 - 'too many machines' "not of 257 machines" -- vmm many.dir --trace in.trace
check "which leaves the other trace alone" t trace in.trace -o out
sed -i '$d' many.dir
expect 0 '^u255: Hello' '255 of 255 users halted' "of 256" -- vmm many.dir --trace many.trace
t trace many.trace >out 2>err
check "which are all there" test "$(awk '$3 == "deliver" || $3 == "io" { print $2 }' out | sort -u | wc -l)" -eq 255
check "and in the graph" eval 't trace many.trace --picture graph -T dot >out && [ "$(grep -c "guest OS" out)" -ge 255 ]'

# ------------------------------------------------------------- what is shipped
# All eight are in one state in the end: of the pages that two or more have resident all but one
# can be spared, so at most all but those of whoever has most.
t run minos-paged --memory 512K --disk 128 --input "$top/docs/examples/crowd.in" >alone.out 2>err
for name in alice bob carol dave erin frank grace heidi; do sed "s/^/$name: /" alone.out; done >alone.all
(cd "$top"/docs/examples && t vmm crowd.dir --stats) >out 2>err
check "eight at four times over-commit: each writes what it writes alone" \
  cmp <(LC_ALL=C sort out) <(LC_ALL=C sort alone.all)
shares() { # PER CENT: so many of the pages that could be are spared
  awk -v least="$1" '
    /^storage, in pages/ { pages = 1 } /^paging/ { pages = 0 }
    pages && $2 == 128 { all += $3; if ($3 > most) most = $3 }
    pages && match($0, /sharing spares [0-9]+/) { spared = substr($0, RSTART + 15, RLENGTH - 15) }
    END { printf "# %d of %d pages spared\n", spared, all - most; exit !(all > 100 && spared * 100 >= (all - most) * least) }' err
}
check "  at least 80 % of the pages that equal another are spared" shares 80
check "  caught: not more than there are" eval '! shares 101'
check "  and they had to page" awk '/^paging/ { p = 1 } p && $7 + 0 > 9 && $8 + 0 > 9 { n++ } END { exit n != 8 }' err
(cd "$top"/docs/examples && t vmm pair.dir) >out 2>err
check "the pair of the examples halts" test $? -eq 0
check "and does not touch anything there" test -z "$(find "$top"/docs/examples -newer users -type f)"
t directory example >class.dir
printf 'ps\nhalt\n' | t vmm class.dir >out 2>err
check "the example runs; its solo waits for input" test $? -eq 1
check "everybody is told of" test "$(grep -cE '^trapeze vmm: (alice|bob|carol|dave): ' err)" -eq 4
check "and seen, but for who is private" test "$(cut -d: -f1 out | cut -d'>' -f1 | sort -u | tr '\n' ' ')" = 'a bob dave '
