# The shipped guests (part of run.sh, which defines report and $work).

prints() { # text, exit status, trapeze arguments...: exactly that output
  local expected=$1 status=$2
  shift 2
  timeout 300 "$TRAPEZE" "$@" </dev/null >"$work/output" 2>"$work/errors"
  local got=$?
  diff -u <(printf '%s\n' "$expected") "$work/output" >"$work/diff" && [ "$got" -eq "$status" ]
}

# ------------------------------------------------------------------- small ones
small() { # name, text, profiles to run it on, virtual
  local profile
  for profile in pg s360 x86 x86-popf pdp10; do
    prints "$2" 0 run "$1" --profile "$profile"
    report $? "$1, bare, $profile"
  done
  for profile in $3; do
    prints "$2" 0 vmm "$1" --profile "$profile"
    report $? "$1, virtual, $profile"
  done
}
all="pg s360 x86 x86-popf pdp10"
small hello "Hello from PG32" "$all"
small timer "500
487
488
487
488
487
488
487
488
487" "$all"
line="100000 ticks by the timer, 100005 by my own clock, 50000 turns: speed 100 percent"
small speed "$line
$line
$line
$line
$line" "pg s360 x86-popf pdp10"
timeout 300 "$TRAPEZE" vmm speed --profile x86 >"$work/output" && ! grep -qxF "$line" "$work/output"
report $? "where rdtick does not trap, speed reads the real machine's clock, x86"
small disk "the block came back as it was written" "$all"
for command in run vmm; do
  prints "this came back from sector 3, and this from sector 4" 0 $command chain --io=channel
  report $? "chain, $command"
  prints "not started" 0 $command chain --io=channel --disk 0
  report $? "chain without a disk, $command"
done
small traps "illegal instruction
system call
breakpoint
hypercall
misaligned address
bus error
privileged instruction
address beyond the bound
system call" "$all"
small popf "the timer came: popf has restored IE" "pg s360 pdp10"
for profile in x86 x86-popf; do
  prints "no timer: popf has not restored IE" 0 vmm popf --profile "$profile"
  report $? "popf goes wrong in a virtual machine, $profile"
done
small ieoff "cli trapped: the user program stays under control" "$all"

for engine in fast unfused step; do
  prints "the kernel is out of reach
pages of the heap touched: 6
pages of the heap written: 5" 0 run paging --mmu paged --engine $engine
  report $? "paging, $engine"
  prints "counted to five and to four in one place; TLB refills: 3" 0 run refill --mmu tlb --engine $engine
  report $? "refill, $engine"
done
prints "this machine has no page tables: --mmu=paged" 0 run paging
report $? "paging says what it needs"
prints "this machine has no TLB to refill: --mmu=tlb" 0 run refill --mmu paged
report $? "refill says what it needs"

hole=./tests/guest/cli-full.profile
timeout 300 "$TRAPEZE" run ieoff --profile $hole --ticks 1000000 >"$work/output" 2>"$work/errors"
[ $? -eq 1 ] && [ ! -s "$work/output" ]
report $? "where cli works in user mode, the kernel under ieoff never runs again"
timeout 300 "$TRAPEZE" vmm ieoff --profile $hole --ticks 1000000 >"$work/output" 2>"$work/errors"
[ $? -eq 1 ] && grep -q 'lost control' "$work/errors"
report $? "and a VMM under it loses control"

# ------------------------------------------------------------------------ minos
# Everything that its programs compute, and how the session ends.
results() { # file: each result that is there is right
  ! grep -a -E '(there are|out of order:|ways to place nine:|folds to|the trace is|wrong words:|refused:)' "$1" |
    grep -a -v -E -e 'below 10000 there are 1229$' -e 'out of order: 0$' -e 'nine: 352$' \
      -e 'folds to 2568430717$' -e 'trace is 2616934400$' -e 'wrong words: 0$' -e 'refused: 13$' >"$work/diff"
}
session_ended() { # status
  [ "$1" -eq 0 ] && results "$work/output" && [ "$(tail -n 1 "$work/output")" = "minos: halted" ]
}
minos() { # run or vmm, arguments...
  timeout 300 "$TRAPEZE" "$1" --ticks 100000000 "${@:2}" >"$work/output" 2>"$work/errors"
  session_ended $?
}
counted() { # name in the statistics, least value
  local value
  value=$(sed -n "s/^  $1  *\([0-9,]*\).*/\1/p" "$work/errors" | head -n 1 | tr -d ,)
  echo "$1: ${value:-none}" >"$work/diff"
  [ -n "$value" ] && [ "$value" -ge "$2" ]
}

minos run minos --session --stats
report $? "minos, its session, bare, pg, fast"
cp "$work/output" "$work/reference"
counted "instructions completed" 5000000
report $? "at least 5 million instructions"
counted "interrupts, timer" 500
report $? "at least 500 timer interrupts"
counted "interrupts, disk" 100
report $? "at least 100 disk interrupts"
for line in 'hello: I am process 5' 'family: a child is born' '\[7\] hello: done' \
  'crash) killed: address beyond the bound, pc 0x[0-9a-f]*, address 0x00100000' \
  'rogue) killed: privileged instruction, pc 0x[0-9a-f]*, instruction 0x[0-9a-f]*' \
  'rogue: requests refused: 13' '\[14\] spin: killed' 'fib: F(2000)' \
  'minos: ticks [0-9]*, processes 22, preemptions [0-9]*, disk interrupts [0-9]*'; do
  grep -q "$line" "$work/reference"
  report $? "its output has '$line'"
done
[ "$(grep -c '^type something, and it comes back$' "$work/reference")" -eq 2 ]
report $? "echo repeats a line"

for profile in s360 x86 x86-popf pdp10; do
  minos run minos --session --profile "$profile" && cmp -s "$work/output" "$work/reference"
  report $? "minos, its session, bare, $profile: the same output"
done
for engine in unfused step; do
  minos run minos --session --engine "$engine" && cmp -s "$work/output" "$work/reference"
  report $? "minos, its session, bare, $engine: the same output"
done
for profile in pg s360 pdp10; do
  minos vmm minos --session --stats --profile "$profile" && cmp -s "$work/output" "$work/reference"
  report $? "minos, its session, virtual, $profile: the same output"
done
direct=$(sed -n 's/^ *executed directly .* \([0-9]*\)\.[0-9]* *%.*/\1/p' "$work/errors" | head -n 1)
[ "${direct:-0}" -ge 99 ]
report $? "at least 99 % of its instructions executed directly"
minos vmm minos --session --depth 2 && cmp -s "$work/output" "$work/reference"
report $? "minos, its session, in a VMM on a VMM: the same output"
minos run minos-juser --input guestos/minos.in
report $? "minos-juser, bare"
minos vmm minos-juser --input guestos/minos.in --profile s360
report $? "minos-juser, virtual, s360"

# Where it goes wrong, everybody can see it.
for profile in x86 x86-popf; do
  timeout 300 "$TRAPEZE" vmm minos --session --profile "$profile" --ticks 6000000 >"$work/output" 2>"$work/errors"
  [ $? -eq 1 ] && grep -q '^minos> ' "$work/output" && ! grep -q -e 'done$' -e 'nine:' "$work/output"
  report $? "minos in a virtual machine on $profile: no process gets any further"
done
timeout 300 "$TRAPEZE" vmm minos-juser --profile pdp10 </dev/null >"$work/output" 2>"$work/errors"
grep -q 'trap in the kernel: illegal instruction' "$work/output"
report $? "minos-juser in a virtual machine on pdp10: the kernel is in the wrong place"

# Without input: four processes, then it waits. And in as little storage as it says.
printf '%s\n' 'minos: booting' 'minos> queens: ways to place nine: 352' '[3] queens: done' \
  'sort: of 2000 words out of order: 0' '[2] sort: done' 'primes: below 10000 there are 1229' \
  '[1] primes: done' 'disk: 64 blocks written and read back, wrong words: 0' '[4] disk: done' >"$work/expected"
timeout 300 "$TRAPEZE" run minos --memory 160K </dev/null >"$work/output" 2>"$work/errors"
[ $? -eq 1 ] && diff -u "$work/expected" "$work/output" >"$work/diff"
report $? "minos without input, in 160 KiB"
timeout 300 "$TRAPEZE" run minos --disk 0 </dev/null 2>"$work/errors" >"$work/output"
grep -q 'disk: error 1' "$work/output" && grep -q 'disk: exit code 1' "$work/output"
report $? "minos without a disk"

# However the keys come: all at once, faster than the shell reads, slowly.
for rate in 1 70 1000 20000; do
  minos run minos --input guestos/minos.in --input-rate $rate
  report $? "minos, a key every $rate ticks"
done
# More at once than the ring holds; lines too long; backspace; control-X.
{
  for i in $(seq 30); do echo "hello"; echo "uptime"; done
  printf '%0200d\n' 0
  printf 'upp\btimm\177e\n'
  printf 'run nonsense\nkill nonsense\nkill\nrun\n   \nhellop\n'
  printf 'halt\n'
} >"$work/keys"
minos run minos --input "$work/keys" --input-rate 1
report $? "minos, 700 keys at once"
[ "$(grep -a -c 'hello: I am' "$work/output")" -eq 30 ] && [ "$(grep -a -c '^minos: ticks' "$work/output")" -eq 32 ] &&
  [ "$(grep -a -c 'no such' "$work/output")" -eq 6 ]
report $? "none of them lost, and what they say understood"
# (the long pause is made of backspaces at an empty prompt)
{ printf 'spin\n'; printf '\b%.0s' $(seq 50); printf '\030uptime\nhalt\n'; } >"$work/keys"
minos run minos --input "$work/keys" && grep -q '^\[5\] spin: killed' "$work/output"
report $? "control-X ends what is in the foreground"

# ------------------------------------------------------- variants and wrong ones
# Many processes that begin and end: run queue and table are always busy. No line
# that the shell prints under its lock may be broken by another.
{ for i in $(seq 200); do echo 'hello &'; [ $((i % 4)) -ne 0 ] || echo family; done; echo halt; } >"$work/many"
intact() { # regular expression, how many lines end so
  [ "$(grep -a -c "$1\$" "$work/output")" -eq "$2" ]
}
# Short quanta put the timer everywhere: between any two instructions that matter.
variant() { # source, quantum, quantum of the shell, ring
  "$TRAPEZE" asm "$1" -D QUANTUM="$2" -D SHELL_QUANTUM="$3" -D RING_SIZE="$4" -o "$work/variant.elf" 2>"$work/errors" &&
    minos run "$work/variant.elf" --input guestos/minos.in --input-rate 30 --ticks 40000000 &&
    minos run "$work/variant.elf" --input "$work/many" --input-rate 30 --ticks 40000000 &&
    intact '\[[0-9]*\] started' 200 && intact 'hello: I am process [0-9]*' 300 && intact '\[[0-9]*\] hello: done' 300
}
settings=("151 200 16" "151 251 16" "211 200 16" "211 400 4" "151 151 256" "163 157 4" "211 263 16"
  "307 199 256" "1009 157 4" "157 300 4" "50000 50000 256")
for quanta in "${settings[@]}"; do
  # shellcheck disable=SC2086
  variant minos $quanta
  report $? "minos with quanta and ring of $quanta"
done

# Wrong kernels, each with one line changed, and these checks notice; a race may
# need several settings until it is lost.
mutant() { # what is wrong, file, sed command
  local quanta noticed=1
  rm -rf "$work/mutant" && cp -r guestos "$work/mutant"
  sed -i "$3" "$work/mutant/$2"
  if ! cmp -s "guestos/$2" "$work/mutant/$2" &&
    "$TRAPEZE" asm "$work/mutant/minos.s" -o "$work/variant.elf" 2>"$work/errors"; then
    for quanta in "${settings[@]}"; do
      # shellcheck disable=SC2086
      variant "$work/mutant/minos.s" $quanta || { noticed=0 && break; }
    done
  fi
  report $noticed "noticed: $1"
}
mutant "a register is not saved" minos/defs.inc '/sw  *t2, T_T2/d'
mutant "the flags are not saved" minos/trap.inc '/sw  *t1, T_PSW/d'
mutant "unlock does not restore IE" minos/thread.inc 's/^        popf/        addi sp, sp, 4/'
mutant "lock does not keep interrupts out" minos/thread.inc 's/^        cli/        nop/'
mutant "a process that waited for the disk is not woken" minos/devices.inc '/a0, disk_user$/,/make_ready/s/call  *make_ready/nop/'
mutant "who found the disk busy is not woken" minos/devices.inc '/li  *a0, WANTS_DISK/,/wake_all/s/call  *wake_all/nop/'
mutant "a buffer may end beyond the bound" minos/calls.inc 's/sub  *t0, t0, a1/nop/'
mutant "the kernel does not look at what user code hands it" minos/calls.inc '/^user_buffer:/,/ret/s/bltu .*//'
mutant "the end of the queue is forgotten" minos/thread.inc 's/^2: .*sw  *a0, ready_tail/2:/'
mutant "the timer is not set for the next thread" minos/thread.inc 's/set_cr  *timer, t0/nop/'
