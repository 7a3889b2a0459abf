#!/bin/bash
# Allocation and I/O failure at every point: the command, linked with faults.c, is
# run again and again, and each time another allocation, or another input or
# output, fails; once only, or from there on. Whatever fails, the run
#   - ends with exit status 3 and one message, and leaves no output file behind; or
#   - does without, and comes to the same end with the same output;
# and frees all that it allocated. TAP, one line a command and kind of failure.
#   tests/faults/run.sh           each subcommand, one failure for each place in the
#                                 program: calls with the same innermost callers
#                                 come from one place; of the places a sixth, the
#                                 next one after each commit: FAULT_SEED chooses
#   tests/faults/run.sh --all     every failure
#   ONLY=text                     only commands that contain it
# A failure told as "FAULT_ALLOC=9 FAULT_STICKY=0" is looked at by giving these,
# and FAULT_TRACE=1, to the program that KEEP=file leaves in `file`.
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=$(realpath "${BUILD:-build}")
here=$PWD/tests/faults
all=${1:-} only=${ONLY:-}
seed=${FAULT_SEED:-$(git rev-list --count HEAD 2>/dev/null || echo 1)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
faulty=$work/trapeze
number=0

# faults.c takes the place of malloc, and so do the sanitizers: a build that has
# them is attacked in a plain copy.
if nm "$BUILD/trapeze" | grep -q __asan_init; then
  BUILD=$BUILD/plain
  make -j"$(nproc)" BUILD="$BUILD" OPT=-O1 SAN= all >"$work/build.log" 2>&1 || exit 3
fi
link() { # output, objects…
  local output=$1
  shift
  # shellcheck disable=SC2046 # several words
  ${CC:-cc} -std=gnu11 -g -O1 -rdynamic -Wall -Wextra -Werror -D_GNU_SOURCE -o "$output" \
    "$here/faults.c" "$@" -Wl,--start-group "$BUILD"/lib*.a -Wl,--end-group \
    $(sed -n 's/^LDLIBS *:= *//p' Makefile)
}
link "$faulty" "$BUILD/obj/tools/main.o" || exit 3
link "$work/isagen" "$BUILD"/obj/isa/gen/*.o "$BUILD"/obj/gen/isa/gen/*.o || exit 3
[ -z "${KEEP:-}" ] || cp "$faulty" "$KEEP"
cp isa/pg32.isa "$work"

mkdir "$work/inputs"
cd "$work/inputs" || exit 3
head -c 32768 /dev/zero >disk.img
cp "$here/../cli/echo.s" .
printf '.include "part.inc"\n_start: li t0, X\nhalt\n' >include.s
printf '.equ X, 3\n' >part.inc
printf 'abcq' >typed
printf '100 0x61\n200 0x71\n' >log
printf 'profile mine;\nextends pg;\ntitle "Mine";\nstory "A hole.";\noutside cli = nop;\n' >mine.profile
printf 'profile bad;\nextends pg;\ntitle "Bad";\noutside cli = nap;\nmodes many;\n' >bad.profile
printf 'addd t0, t1\n.include "part.inc"\nli t0, X Y\n' >bad.s
printf '.macro hole\npopf\n.endm\n_start: hole\nhole\nhalt\n' >hole.s
cat >class.dir <<'END'
machine { profile "mine.profile"; disk "disk.img" sectors 64; storage 1M; switch x; }
user a { program "echo.s"; requires bounds; minidisk A first 0 length 9 access cow "a.overlay";
  console shared log "a.log" input "typed"; network switch x peers b; }
user b { program "echo.elf"; minidisk A first 0 length 9 access shared; minidisk B first 9 length 1;
  network switch x; }
END
cat >run.dir <<'END'
machine { disk "disk.img"; }
user a { program "echo.s"; minidisk A first 0 length 9; console input "typed"; }
user b { program "echo.elf"; share 2; minidisk A first 9 length 1 access r;
  minidisk B first 20 length 2; console private input "typed"; }
END
printf 'user a { program none; share 0; timer reel; }\nuser a { program hello }\n' >bad.dir
cat >session.x <<'END'
define twice
  stepi
  stepi
end
document twice
  Two of them.
end
display/x $pc
checkpoint
catch io
continue
why next
commands 1
  why
end
continue
why next
info vcpu
info allocation
backtrace
disassemble
list
set $t0 = 5
type "ab"
twice
restart 1
x/4i $pc
info sensitive
delete
END
echo 'print nothing' >wrong.x
cat >two.dir <<'END'
machine { storage 512K; disk "disk.img" sectors 64; }
user a { program "echo.s"; storage 64K; console shared input "typed"; }
user b { program disk; storage 64K; minidisk A first 0 length 16 access rw; }
END
mkdir gen
"$BUILD/trapeze" asm echo.s -o echo.elf || exit 3
"$BUILD/trapeze" asm echo.s -f raw -o echo.bin || exit 3
"$BUILD/trapeze" vmm popf --profile=x86 --trace=popf.trace --ticks=1050 >/dev/null 2>&1
[ -s popf.trace ] || exit 3
cp "$work/pg32.isa" .
"$BUILD/trapeze" disk make solo.img -n 16 typed || exit 3

# Runs it in a fresh folder; sets status, said, words, and what the report counts.
# The folder is made anew only if the run before changed it.
run_once() { # variables…, then -- and the program and its arguments
  local variables=()
  while [ "$1" != -- ]; do
    variables+=("$1")
    shift
  done
  shift
  files
  if [ "$changes" = yes ] || [ ! -d "$work/run" ] || [ "$now" != "$inputs" ]; then
    rm -rf "$work/run" && cp -r "$work/inputs" "$work/run"
  fi
  { # and the shell's word of how it died
    (
      cd "$work/run" || exit 3
      export "${variables[@]}" FAULT_REPORT=$work/report
      exec "$@" >"$work/out" 2>"$work/err" </dev/null
    )
    status=$?
  } 2>/dev/null
  mapfile -t words <"$work/out"
  mapfile -t said < <(drop_loaders_line <"$work/err")
  read -r allocs ios live <"$work/report"
}

# Where Z3 finds no memory in a thread, the dynamic loader says so before we can.
drop_loaders_line() {
  if [ $solves = yes ]; then
    grep -v '^cannot allocate memory for thread-local data: ABORT$'
  else
    cat
  fi
}

# What lies in the folder, a line each, in `now`: not by a process of its own.
shopt -s nullglob dotglob
files() {
  local IFS=$'\n'
  local -a there=("$work"/run/* "$work"/run/gen/*)
  there=("${there[@]/#"$work/run"/.}")
  now=${there[*]}
}
ln -s inputs "$work/run" && files && inputs=$now && rm "$work/run"

# Prints what is wrong with the last run, if anything.
judge() { # the status of the run that nothing disturbed; its output is in $good
  local errors=0 line
  [ "$live" -le $kept ] || [ $quits = yes ] || [ $solves = yes ] || echo "$live blocks were not freed"
  files
  # Where the solver found no memory, an answer may be known by one route less.
  [ $solves = no ] || [ "$status" != "$1" ] || [ ${#said[@]} != 0 ] || return
  if [ "$status" = "$1" ] && [ "$status" != 3 ] && [ "${words[*]}" = "$good_words" ] &&
    [ "${said[*]}" = "$good_said" ] && diff -r "$work/run" "$work/good"; then
    return # it did without
  fi
  [ "$status" = 3 ] || echo "exit status $status"
  for line in "${said[@]}"; do
    [[ $line == *'error: '* || $line == 'isagen: '* ]] && errors=$((errors + 1))
  done
  # What is wrong with the input may have been said before the host failed.
  if [ "$1" = 2 ]; then
    [ "$errors" -ge 1 ] || echo "no message"
  else
    [ "$errors" = 1 ] || echo "not one message"
    # A note that the undisturbed run prints too is no second message.
    [ $notes = yes ] || [ ${#said[@]} = 1 ] || [ "${said[*]:0:${#said[@]}-1}" = "$good_said" ] || echo "not one line"
  fi
  [ "$now" = "$inputs" ] || diff <(echo "$inputs") <(echo "$now") | sed -n 's/^>/left behind:/p; s/^</lost:/p'
}

report() { # status, name; says what is in $work/wrong
  number=$((number + 1))
  if [ "$1" = 0 ]; then
    echo "ok $number - $2"
  else
    echo "not ok $number - $2"
    sed 's/^/# /' "$work/wrong" | head -n 40
  fi
}

# Prints what is wrong with a run that a signal met: it dies of it, having written
# all of its files or none of them.
judge_interrupted() { # the signal
  [ "$status" = $((128 + $1)) ] || echo "exit status $status"
  grep 'error: ' <<<"${said[*]}"
  files
  [ "$now" = "$inputs" ] || diff -r "$work/run" "$work/good"
}

# A signal before each input and output of a command that writes files.
interrupt() { # arguments
  local signal=15 n wrong ios_before
  [[ "$*" == *"$only"* ]] || return
  changes=no
  rm -rf "$work/run"
  run_once -- "$faulty" "$@"
  ios_before=$ios
  rm -rf "$work/good" && cp -r "$work/run" "$work/good"
  : >"$work/wrong"
  for ((n = 1; n <= ios_before; n++)); do
    run_once FAULT_SIGNAL=$signal FAULT_IO=$n -- "$faulty" "$@"
    wrong=$(judge_interrupted $signal)
    [ -z "$wrong" ] || echo "FAULT_SIGNAL=$signal FAULT_IO=$n: ${wrong//$'\n'/;}" >>"$work/wrong"
  done
  [ ! -s "$work/wrong" ]
  report $? "FAULT_SIGNAL: $ios_before interruptions: $*"
}

# All failures of one kind in one command.
attack() { # FAULT_ALLOC or FAULT_IO, FAULT_STICKY, numbers, the program and its arguments
  local kind=$1 sticky=$2 n wrong tried=0
  local -a numbers=($3)
  shift 3
  : >"$work/wrong"
  for n in "${numbers[@]}"; do
    run_once "$kind=$n" "FAULT_STICKY=$sticky" -- "$@"
    wrong=$(judge "$good_status")
    [ -z "$wrong" ] && continue
    echo "$kind=$n FAULT_STICKY=$sticky: ${wrong//$'\n'/;} ${said[*]:0:3}" >>"$work/wrong"
  done
  [ ! -s "$work/wrong" ]
  report $? "$kind${sticky/0/}: ${#numbers[@]} failures: ${*##*/}"
}

# From $work/places: the calls to fail, one from each place at which no earlier
# attack on this subcommand has been.
declare -A tried_place
choose_points() { # what tells subcommands apart; sets points_alloc and points_io
  local kind n place
  points_alloc='' points_io=''
  while read -r kind n place; do
    [ "$all" = --all ] || [ -z "${tried_place[$1 $kind $place]:-}" ] || continue
    tried_place[$1 $kind $place]=yes
    [ "$all" = --all ] || [ $(((0x${place: -6} + n + seed) % 6)) -eq 0 ] || continue
    [ "$kind" = alloc ] && points_alloc+=" $n"
    [ "$kind" = io ] && points_io+=" $n"
  done <"$work/places"
}

attack_all() { # the most exit status it may have undisturbed, the program, its arguments
  local most=$1
  shift
  [[ "$*" == *"$only"* ]] || return
  changes=no
  [[ "$*" != *--disk=disk.img* || "$*" == *discard* || "$*" == *verify* ]] || changes=yes
  rm -rf "$work/run"
  run_once FAULT_PLACES="$work/places" -- "$@"
  good_status=$status good_words="${words[*]}" good_said="${said[*]}"
  rm -rf "$work/good" && cp -r "$work/run" "$work/good"
  echo "$status, $live blocks not freed; ${said[*]}" >"$work/wrong"
  [ "$status" -le "$most" ] && [ "$live" -le $kept ]
  report $? "undisturbed: ${*##*/}"
  local points_alloc points_io
  choose_points "$2 $most"
  for sticky in 0 1; do
    [ -z "$points_alloc" ] || attack FAULT_ALLOC $sticky "$points_alloc" "$@"
    [ -z "$points_io" ] || attack FAULT_IO $sticky "$points_io" "$@"
  done
}
trapeze() { attack_all 1 "$faulty" "$@"; }
wrong_input() { attack_all 2 "$faulty" "$@"; }
solver() { # arguments: one call to fail in each 200; with --all, in each 10
  local places n step=200
  [[ "$*" == *"$only"* ]] || return
  [ "$all" != --all ] || step=10
  changes=no solves=yes
  run_once FAULT_PLACES="$work/places" -- "$faulty" "$@" --routes=solver
  good_status=$status good_words="${words[*]}" good_said="${said[*]}"
  rm -rf "$work/good" && cp -r "$work/run" "$work/good"
  # The first of each place; Z3 has thousands.
  places=$(awk '$1 == "alloc" && !seen[$3]++ { print $2 }' "$work/places" | awk "NR % $step == 1")
  for sticky in 0 1; do
    attack FAULT_ALLOC $sticky "$places" "$faulty" "$@" --routes=solver
  done
  solves=no
}
isagen() { # a tool of the build, which leaves it to the host to free its memory
  quits=yes
  attack_all 0 "$work/isagen" "$@"
  quits=no
}
quits=no solves=no kept=0 notes=no

trapeze asm echo.s -o new.elf --listing=new.lst
trapeze asm include.s -f raw -o new.bin -D Y=1 -I .
trapeze asm echo.s -l -
wrong_input asm bad.s -o new.elf --listing=new.lst
trapeze disasm echo.elf -o new.s
trapeze disasm echo.bin
trapeze run --profile=mine.profile --input=typed --record=new.log echo.s
trapeze run --input-log=log --stats ./echo.elf
trapeze run --disk=disk.img --memory=64K disk
trapeze run --disk=disk.img,discard --memory=64K disk
wrong_input run --profile=bad.profile hello
trapeze vmm --disk=disk.img disk
trapeze vmm --depth=2 --input=typed --record=new.log echo.bin
trapeze verify --input=typed --memory=64K echo.s
trapeze verify --json --profile=x86 --memory=64K --disk=16 --ticks=5000 popf
trapeze verify --profile=x86 --memory=64K --disk=16 --ticks=5000 popf
trapeze verify --profile=x86 --memory=64K --disk=16 --step-only --ticks=5000 hole.s
trapeze verify --disk=disk.img --memory=64K --ticks=20000 disk
trapeze run --profile=x86 --trace=new.trace popf
trapeze vmm --depth=2 --trace=new.trace --trace-events=all echo.elf --input=typed
trapeze verify --profile=x86 --memory=64K --disk=16 --ticks=5000 --trace=new.trace popf
notes=yes # how each user ended, whose disk may have failed
trapeze vmm two.dir
notes=no
trapeze vmm two.dir --json --ticks=6000
wrong_input trace echo.bin
trapeze trace popf.trace -o new.txt
for format in jsonl html chrome; do
  trapeze trace popf.trace -T $format
done
for picture in ladder graph modes memory; do
  trapeze trace popf.trace -T dot -p $picture -o new.dot
done
trapeze directory check class.dir
trapeze directory check class.dir -T json
trapeze directory check class.dir -T dot -o new.dot
trapeze directory check class.dir -T svg -o new.svg
trapeze directory example -o new.dir
trapeze vmm run.dir
trapeze vmm run.dir --json --stats --trace=new.trace
trapeze verify run.dir --ticks=30000
trapeze verify run.dir --user=b --profile=x86 --json --ticks=30000
trapeze disk make new.img echo.elf typed -n 16 --type=data
trapeze disk make --example new.img
trapeze disk list solo.img
trapeze disk check solo.img --json
trapeze disk get solo.img typed -o new.txt
wrong_input directory check bad.dir
for options in --routes=exhaustion '--json --routes=experiment' '--all --io=none -T dot -o new.dot --markdown --routes=experiment' \
  '--tables --routes=experiment' '--diff pg --routes=experiment' \
  '--witness=popf -o new.s --routes=experiment' '--explain=POPF --io=mmio --routes=experiment' \
  '-T dot -o new.dot --routes=experiment' \
  '-T svg -o new.svg --routes=experiment'; do
  profile=x86
  [[ $options != *--all* ]] || profile=
  # shellcheck disable=SC2086 # several words
  trapeze classify $options --samples=20 $profile
done
wrong_input classify bad.profile
solver classify --explain=popf x86
kept=1 # the C library keeps a block of the thread that takes signals
# shellcheck disable=SC2016 # the debugger's $
trapeze debug --nx --batch --profile=x86 --ex 'break 2 if $t0 == 0' --ex continue --ex 'watch $t0' \
  --ex 'info breakpoints' --ex goto\ 2 --ex reverse-stepi --ex 'who-wrote $pc' --ex bt hole.s
trapeze debug --nx --batch --vmm --input=typed -x session.x echo.s
wrong_input debug --nx --batch -x wrong.x echo.s
kept=0
trapeze profiles --json x86
trapeze profiles --json
trapeze profiles pg
trapeze guests hello
trapeze guests
isagen --out gen pg32.isa
isagen --manual pg32.isa

interrupt asm echo.s -o new.elf --listing=new.lst
interrupt asm echo.s -f raw -o new.bin
interrupt disasm echo.elf -o new.s
interrupt run --trace=new.trace echo.s
interrupt trace popf.trace -T html -o new.html
interrupt classify --routes=experiment --samples=20 --witness=popf x86 -o new.s
interrupt run --input=typed --record=new.log echo.s
interrupt disk make new.img typed

# The judge can condemn: a crash, a wrong status, a leak, silence, a file left behind.
changes=no good_words='' good_said=''
run_once FAULT_ALLOC=1 -- "$faulty" run hello
[ -z "$(judge 0)" ]
report $? "judging: status 3 and a message is well"
expect_blame() { # what judge() must say, name
  judge 0 | grep -q "$1"
  report $? "judging: $2 is noticed"
}
for wrong in 139 2 1 142; do
  status=$wrong
  expect_blame "exit status $wrong" "status $wrong"
done
status=3 live=1
expect_blame 'not freed' "a leak"
live=0
echo >"$work/run/new.elf"
expect_blame 'left behind: ./new.elf' "a file left behind"
rm "$work/run/new.elf"
mv "$work/run/log" "$work"
expect_blame 'lost: ./log' "a file lost"
mv "$work/log" "$work/run"
status=143
echo half >"$work/run/new.elf"
[ -n "$(judge_interrupted 15)" ]
report $? "judging: a file half-written by an interrupted run is noticed"
rm "$work/run/new.elf"
said=() status=0
[ -n "$(judge_interrupted 15)" ]
report $? "judging: a signal without effect is noticed"
status=3 said=('trapeze: error: kept')
saved=("${said[@]}") said=()
expect_blame 'not one message' "silence"
said=('error: a' 'error: b')
expect_blame 'not one message' "a second message"
said=("${saved[@]}") status=0 good_words=other
expect_blame 'exit status 0' "another output with the same status"

echo "1..$number"
