#!/bin/bash
# Allocation and I/O failure at every point: the command, linked with faults.c, is
# run again and again, and each time another allocation, or another input or
# output, fails; once only, or from there on. Whatever fails, the run
#   - ends with exit status 3 and one message, and leaves no output file behind; or
#   - does without, and comes to the same end with the same output;
# and frees all that it allocated. TAP, one line a command and kind of failure.
#   tests/faults/run.sh [--all]   every failure; otherwise, of commands with many
#                                 allocations, every 31st one
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=$(realpath "${BUILD:-build}")
here=$PWD/tests/faults
all=${1:-}
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
${CC:-cc} -std=gnu11 -g -O1 -Wall -Wextra -Werror -D_GNU_SOURCE -o "$faulty" \
  "$here/faults.c" "$BUILD/obj/tools/main.o" \
  "$BUILD"/lib{tools,vmm,asm,machine,isa}.a -lelf -ljansson || exit 3

mkdir "$work/inputs" "$work/run"
cd "$work/inputs" || exit 3
head -c 32768 /dev/zero >disk.img
cp "$here/../cli/echo.s" .
printf '.include "part.inc"\n_start: li t0, X\nhalt\n' >include.s
printf '.equ X, 3\n' >part.inc
printf 'abcq' >typed
printf '100 0x61\n200 0x71\n' >log
printf 'profile mine;\nextends pg;\ntitle "Mine";\nstory "A hole.";\noutside cli = nop;\n' >mine.profile
"$BUILD/trapeze" asm echo.s -o echo.elf || exit 3
"$BUILD/trapeze" asm echo.s -f raw -o echo.bin || exit 3

# Runs the command in a fresh folder; sets status, counts, and what it wrote.
run_once() { # variables…, then -- and arguments
  local variables=()
  while [ "$1" != -- ]; do
    variables+=("$1")
    shift
  done
  shift
  rm -rf "$work/run" && cp -r "$work/inputs" "$work/run"
  (cd "$work/run" && exec env "${variables[@]}" FAULT_REPORT="$work/report" timeout 60 "$faulty" "$@" \
    >"$work/out" 2>"$work/err" </dev/null)
  status=$?
  read -r allocs ios live <"$work/report"
}

# Prints what is wrong with the last run, if anything.
judge() { # the status and a folder with the output of the run that nothing disturbed
  [ "$live" = 0 ] || echo "$live blocks were not freed"
  grep -E 'Sanitizer|runtime error' "$work/err"
  if [ "$status" = "$1" ] && cmp -s "$work/out" "$2/out" && diff -rq "$work/run" "$2/run" &&
    [ "$status" != 3 ]; then
    return # it did without
  fi
  # A disk that the host fails is a disk error to the guest, which says so.
  [ "$status" -le 1 ] && grep -q 'the disk failed' "$work/out" && [ ! -s "$work/err" ] && return
  [ "$status" = 3 ] || echo "exit status $status"
  [ "$(grep -c 'error: ' "$work/err")" = 1 ] || echo "not one message"
  [ "$(wc -l <"$work/err")" = 1 ] || echo "not one line"
  (cd "$work/run" && find . -type f | sort) >"$work/files"
  diff "$work/inputs.files" "$work/files" | sed -n 's/^>/left behind:/p'
}
(cd "$work/inputs" && find . -type f | sort) >"$work/inputs.files"

report() { # status, name; says what is in $work/wrong
  number=$((number + 1))
  if [ "$1" = 0 ]; then
    echo "ok $number - $2"
  else
    echo "not ok $number - $2"
    sed 's/^/# /' "$work/wrong" | head -n 40
  fi
}

# All failures of one kind in one command.
attack() { # FAULT_ALLOC or FAULT_IO, FAULT_STICKY, count, arguments…
  local kind=$1 sticky=$2 count=$3 n said step=1 tried=0
  [ "$count" -gt 40 ] && [ -z "$all" ] && step=31
  shift 3
  : >"$work/wrong"
  for ((n = 1; n <= count; n += step)); do
    tried=$((tried + 1))
    run_once "$kind=$n" "FAULT_STICKY=$sticky" -- "$@"
    said=$(judge "$good_status" "$work/good")
    [ -z "$said" ] && continue
    echo "$kind=$n FAULT_STICKY=$sticky: $(tr '\n' ';' <<<"$said") $(head -n 3 "$work/err")" >>"$work/wrong"
  done
  [ ! -s "$work/wrong" ]
  report $? "$kind${sticky/0/}: $tried of $count failures: $*"
}

attack_all() { # arguments of the command
  run_once -- "$@"
  good_status=$status
  local good_allocs=$allocs good_ios=$ios good_live=$live
  rm -rf "$work/good" && mkdir "$work/good"
  cp -r "$work/out" "$work/run" "$work/good"
  echo "$status, $live blocks not freed; $(cat "$work/err")" >"$work/wrong"
  [ "$status" -le 1 ] && [ "$good_live" = 0 ]
  report $? "undisturbed: $*"
  for sticky in 0 1; do
    attack FAULT_ALLOC $sticky "$good_allocs" "$@"
    attack FAULT_IO $sticky "$good_ios" "$@"
  done
}

attack_all asm echo.s -o new.elf --listing=new.lst
attack_all asm include.s -f raw -o new.bin -D Y=1 -I .
attack_all disasm echo.elf -o new.s
attack_all disasm echo.bin
attack_all run --profile=mine.profile --input=typed --record=new.log echo.s
attack_all run --input-log=log --stats ./echo.elf
attack_all run --disk=disk.img --memory=64K disk
attack_all run --disk=disk.img,discard disk
attack_all vmm --disk=disk.img disk
attack_all vmm --depth=2 --input=typed --record=new.log echo.bin
attack_all verify --input=typed echo.s
attack_all verify --json --profile=x86 --ticks=20000 popf
attack_all verify --profile=x86 --ticks=20000 popf
attack_all verify --disk=disk.img --ticks=20000 disk
attack_all profiles --json x86
attack_all guests hello

# The judge can condemn: a crash, a wrong status, a leak, silence, a file left behind.
run_once FAULT_ALLOC=1 -- run hello
pass() { [ -z "$(judge 0 "$work/good")" ]; }
expect_blame() { # what judge() must say, name
  judge 0 "$work/good" | grep -q "$1"
  report $? "judging: $2 is noticed"
}
pass
report $? "judging: status 3 and a message is well"
for wrong in 139 2 1 124; do
  status=$wrong
  expect_blame "exit status $wrong" "status $wrong"
done
status=3 live=1
expect_blame 'not freed' "a leak"
live=0
echo >"$work/run/new.elf"
expect_blame 'left behind: ./new.elf' "a file left behind"
rm "$work/run/new.elf"
: >"$work/err"
expect_blame 'not one message' "silence"
printf 'error: a\nerror: b\n' >"$work/err"
expect_blame 'not one message' "a second message"

echo "1..$number"
