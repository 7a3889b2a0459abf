#!/bin/bash
# trapeze cc: every program of programs/ prints the same when the host's compiler has made
# it and when PG32 executes it, and its own checks hold; what is wrong gets one message.
# Of the programs a quarter, the next one after each commit, and each at one level of
# optimisation: LEVEL chooses; --all, in make soak, takes all at all, and each as a process of
# minos besides.
set -u
cd "$(dirname "$0")/../.." || exit 3
. tests/common/tap.sh
BUILD=$(realpath "${BUILD:-build}")
trapeze=$(realpath "${TRAPEZE:-$BUILD/trapeze}")
top=$PWD/tests/c
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 3
levels=(0 1 2 s)
commits=${LEVEL:-$(git -C "$top" rev-list --count HEAD 2>/dev/null || echo 1)}

# What it prints, natively and on PG32, and whether these are the same.
compare() { # program, level
  local name=$1 level=$2
  "${CC:-cc}" -w -O1 -I "$top" -o "$name.native" "$top/programs/$name.c" >"$name.why" 2>&1 &&
    ./"$name.native" >"$name.want" &&
    grep -q '^passed$' "$name.want" &&
    "$trapeze" cc -O "$level" -I "$top" -o "$name-$level.elf" "$top/programs/$name.c" >>"$name.why" 2>&1 &&
    "$trapeze" run --ticks 50M "$name-$level.elf" >"$name-$level.got" 2>>"$name.why" &&
    diff "$name.want" "$name-$level.got" >>"$name.why"
}
# The same as a process of minos, whose own programs have been killed: what stands between its
# name, typed, and the next prompt. After compare().
compare_process() { # program, level
  local name=$1 level=$2
  printf '%s\n' 'kill disk' 'kill primes' 'kill sort' 'kill queens' ''{,,,,,,,,,,,,,,,} "$name" halt >"$name.keys"
  "$trapeze" cc --for minos --heap 64K --stack 64K -O "$level" -I "$top" -o "$name.elf" "$top/programs/$name.c" >"$name.why" 2>&1 &&
    "$trapeze" run --memory 4M --ticks 100M --input "$name.keys" "$name.elf" >"$name.console" 2>>"$name.why" &&
    sed -n "/^minos> $name\$/,/^minos> halt\$/{/^minos> /!p}" "$name.console" >"$name.got" &&
    diff "$name.want" "$name.got" >>"$name.why"
}
programs=()
for program in "$top"/programs/*.c; do programs+=("$(basename "$program" .c)"); done
number_of_program=0
for name in "${programs[@]}"; do
  number_of_program=$((number_of_program + 1))
  chosen=("${levels[(number_of_program + commits) / 4 % ${#levels[@]}]}")
  if [ "${1:-}" = --all ]; then
    chosen=("${levels[@]}" 3 g)
  elif [ $(((number_of_program + commits) % 4)) -ne 0 ]; then
    continue
  fi
  for level in "${chosen[@]}"; do
    compare "$name" "$level"
    report $? "$name, -O$level" "$name.why"
  done
  if [ "${1:-}" = --all ]; then
    level=${levels[number_of_program % ${#levels[@]}]}
    compare_process "$name" "$level"
    report $? "$name, -O$level, a process of minos" "$name.why"
  fi
done
[ "${#programs[@]}" -ge 75 ]
report $? "there are 75 programs at least"

# The comparison can fail: of a program that knows where it is, and of one that fails itself.
mkdir -p wrong/programs
sed 's/printf("%d\\n", fib(15))/printf("%d\\n", (int)sizeof(long))/' "$top/programs/recursion-fibonacci.c" >wrong/programs/where.c
sed 's/610/611/' "$top/programs/recursion-fibonacci.c" >wrong/programs/fails.c
cp "$top/check.h" wrong
for name in where fails; do
  ! (top=$PWD/wrong && compare "$name" 1)
  report $? "caught: a program that differs ($name)"
done

# The kernels of make bench-kernels; one of them, the next one after each commit, with pages.
kernels=$(realpath "$top/../bench/kernels")
number_of_program=0
for kernel in sieve matrix fibonacci crc quicksort list bytecode coremark dhrystone; do
  number_of_program=$((number_of_program + 1))
  [ "${1:-}" = --all ] || [ $(((number_of_program + commits) % 3)) -eq 0 ] || continue
  k="$kernels/$kernel.c"
  with=(-DROUNDS=5u -I "$kernels" "$kernels/main.c" "$k") machine=()
  "${CC:-cc}" -O1 -w -o native "${with[@]}" >why 2>&1
  if [ $(((number_of_program + commits) % 9)) -eq 0 ]; then
    with+=(-DPAGES "$kernels/pages-pg32.c") machine=(--mmu paged --memory 4M)
  fi
  "$trapeze" cc -O2 -o kernel.elf "${with[@]}" >>why 2>&1 &&
    [ "$("$trapeze" run "${machine[@]}" kernel.elf 2>>why)" = "$(./native)" ]
  report $? "the kernel $kernel has the host's sum${machine[*]:+, with pages}" why
done

# ------------------------------------------------------------------ several files
cat >main.c <<'END'
#include <stdio.h>
#include <string.h>
static int count = 1;
int other(int);
static int helper(int n) { return n + count; }
void *memcpy(void *to, const void *from, size_t n) { puts("my own"); while (n--) ((char *)to)[n] = ((char *)from)[n]; return to; }
int main(void)
{
  char a[40], b[40] = "copied";
  int n = 39;
  __asm__ volatile("" : "+r"(n));
  memcpy(a, b, n);
  printf("%d %d %s\n", helper(1), other(1), a);
  return 7;
}
END
cat >other.c <<'END'
static int count = 10;
static int helper(int n) { return n * count; }
int other(int n) { return helper(n) + 1; }
END
"$trapeze" cc -O0 -o both.elf main.c other.c >why 2>&1 && "$trapeze" run both.elf >out 2>>why
printf 'my own\n2 11 copied\n[exit status 7]\n' | diff - out >>why
report $? "two files with statics of the same names, and a function of the library's name" why
"$trapeze" cc -O0 main.c other.c >why 2>&1 && cmp main.elf both.elf >>why
report $? "the output is named after the first" why
"$trapeze" cc -S -o - main.c other.c >both.s 2>why && "$trapeze" asm both.s -o again.elf >>why 2>&1 &&
  "$trapeze" run again.elf 2>&1 | grep -q '^2 11 copied'
report $? "-S writes PG32 assembly that assembles" why

# --------------------------------------------------------------- on the machine
cat >ticks.c <<'END'
#include <stdio.h>
#include <trapeze.h>
static volatile int ticks;
static void on_trap(struct trap_frame *f)
{
  if (f->cause == 16) {
    ticks++;
    set_cr(timer, 1000);
  } else {
    printf("trap %u\n", f->cause);
    f->epc += 4;
  }
}
int main(void)
{
  c_on_trap = on_trap;
  set_cr(imask, 1);
  set_cr(timer, 1000);
  interrupts_on();
  while (ticks < 5) {
  }
  interrupts_off();
  __asm__ volatile("sys 1");
  printf("%d interrupts, tick %s\n", ticks, get_cr(tick) > 5000 ? "after 5000" : "too early");
  *(volatile int *)0x7ffffff0 = 1;
  c_on_trap = 0;
}
END
"$trapeze" cc -o ticks.elf ticks.c >why 2>&1 && "$trapeze" run ticks.elf >out 2>>why
printf 'trap 2\n5 interrupts, tick after 5000\ntrap 11\n' | diff - out >>why
report $? "a program in C takes interrupts and traps" why
"$trapeze" verify ticks.elf --profile s360 >why 2>&1
report $? "and is the same in a virtual machine, at every tick" why
"$trapeze" verify ticks.elf --profile pg --depth 2 >why 2>&1
report $? "and in one within one" why
printf 'int main(void) { *(volatile int *)0x7ffffff0 = 1; }\n' >lost.c
"$trapeze" cc lost.c && "$trapeze" run lost.elf 2>&1 | grep -q '^\[trap 11 at 0x0000'
report $? "a trap that nobody expects ends the program with a line"

# ------------------------------------------------------------ processes of minos
"$trapeze" cc --for minos -o mine.elf "$top/minos/life.c" "$top/minos/talk.c" >why 2>&1
printf 'talk\nabc\nlife &\nlife\nhello\nsort\nmatrix\nfib\nhalt\n' >keys
"$trapeze" run mine.elf --input keys --stats >out 2>>why
{
  grep -q '^talk: disk 0 0, pointers in data, 3 4 0, 1 arguments$' out &&
    grep -q '^no such program: -1$' out && grep -q '^1 1$' out && grep -q '^<a><b><c>$' out &&
    grep -q '^\[5\] talk: exit code 45$' out && grep -q '^life: generation 3, 5 alive' out
} || ! cat out >>why
report $? "programs in C are processes of minos, and talk to it" why
"$trapeze" run minos --input <(printf 'sort\nmatrix\nfib\nhalt\n') | grep -E '^(sort|matrix|fib): ' >want
grep -E '^(sort|matrix|fib): ' out | diff want - >why
report $? "its own programs do what they did" why
"$trapeze" verify mine.elf --input keys --fast-only >why 2>&1
report $? "a minos with programs in C is the same in a virtual machine" why
"$trapeze" verify mine.elf --input keys --profile x86 >why 2>&1
[ $? = 1 ] && grep -q 'thread.inc:.*:$' why && grep -q 'popf is sensitive' why
report $? "and on x86 it meets minos's popf" why
"$trapeze" debug --nx --batch --input <(printf 'life\n') --ex 'break life.c:25' --ex continue --ex list --ex backtrace \
  --ex 'print {b}(board - user_image + 14)' --ex finish mine.elf >out 2>&1
grep -q '^Breakpoint 1, .*+0x' out && grep -q '^=>\*  25.*memcpy(board' out && grep -q '^#1  c_run.*libc.c:' out &&
  grep -q '^\$1 = 1$' out && grep -q 'and 0x0000.*where a process has a copy' <("$trapeze" debug --nx --batch \
    --input <(printf 'life\n') --ex 'break life.c:25' --ex continue --ex 'info breakpoints' mine.elf 2>&1)
report $? "the debugger stops in a process at a line of C" out
"$trapeze" cc --for minos -S -o - "$top/minos/life.c" >life.s 2>why && "$trapeze" asm life.s -o life.elf >>why 2>&1 &&
  printf 'life\nhalt\n' | "$trapeze" run life.elf 2>>why | grep -q '^life: generation 3, 5 alive'
report $? "-S writes all of it, minos included by name" why

# --------------------------------------------------------------- programs of solo
cat >args.c <<'END'
#include <solo.h>
#include <stdio.h>
static int count;
int main(int argc, char **argv)
{
  for (int i = 0; i < argc; i++) printf("<%s>", argv[i]);
  char bytes[40];
  int size = solo_open(argv[1]), sum = 0, n;
  while ((n = solo_get(bytes, sizeof bytes)) > 0) sum += n;
  printf(" %d %d %d ", size == sum, size > 100, solo_open("nothing"));
  while ((n = getchar()) != '\n') putchar(n), count++;
  puts(".");
  return count;
}
END
"$trapeze" cc --for solo args.c >why 2>&1 && "$trapeze" disk make --example solo.img >>why 2>&1 &&
  "$trapeze" disk put solo.img args.elf >>why 2>&1 &&
  printf 'args welcome  two\nBob\nhalt\n' | "$trapeze" run solo --disk solo.img >out 2>>why
grep -q '^<args><welcome><two> 1 1 -1 Bob$' out && grep -q '^Bob\.$' out && grep -q '^args: exit code 3$' out || ! cat out >>why
report $? "a program in C on a disk of solo's" why

# ------------------------------------------------------------- what docs/c.md shows
mkdir documented && for name in turns double ticks; do
  # The first block of C that has not been taken.
  awk -v n="$name" -v names="turns double ticks" 'BEGIN { split(names, w) } /^```c$/ { k++; on = w[k] == n; next } /^```$/ { on = 0 } on' \
    "$top/../../docs/c.md" >"documented/$name.c"
done
(
  cd documented &&
    "$trapeze" cc --for minos turns.c -o mine.elf && "$trapeze" cc --for solo double.c && "$trapeze" cc -Os ticks.c &&
    printf 'turns &\nturns\n' | "$trapeze" run mine.elf >minos.out 2>&1
  "$trapeze" disk make --example mine.img && "$trapeze" disk put mine.img double.elf &&
    printf 'double 21\nhalt\n' | "$trapeze" run solo --disk mine.img >solo.out && "$trapeze" run ticks.elf >ticks.out
) >why 2>&1
grep -q '^process 5: turn 3 at' documented/minos.out && grep -q '^\[5\] turns: done' documented/minos.out &&
  grep -q '^42$' documented/solo.out && grep -q '^5 ticks of the timer$' documented/ticks.out
report $? "the programs of docs/c.md do what it says" why
(cd documented && "$trapeze" debug --nx -batch mine.elf -ex 'type turns' -ex 'break turns.c:10' -ex continue \
  -ex 'print *(turns - user_image)' -ex reverse-step >../out 2>&1)
grep -q 'turns\.c:10$' out && grep -q '^\$1 = 1$' out && tail -n 4 out | grep -q '^9 .*turns++;'
report $? "and its debugger stops where it says" out

# ---------------------------------------------------------------- by its source
cat >lines.c <<'END'
#include <stdio.h>
__attribute__((noinline)) static int add(int a, int b)
{
  int sum = a + b;
  return sum;
}
int main(void)
{
  printf("%d\n", add(2, 3));
}
END
"$trapeze" cc -O0 -o lines.elf lines.c && "$trapeze" debug --nx --batch --ex 'break add' --ex continue --ex step \
  --ex 'break lines.c:9' --ex backtrace --ex 'info line putchar' lines.elf >out 2>&1
grep -q 'lines\.c:4' out && grep -q 'sum = a + b' out && grep -q '#1 .*main.*lines\.c:9' out && grep -q 'libc\.c:' out
report $? "the debugger speaks of lines of C, the library's too" out

# ----------------------------------------------------------------------- errors
refused() { # STATUS TEXT NAME ARGUMENT…
  local want=$1 text=$2 name=$3
  shift 3
  rm -f x.elf
  PATH=${path:-$PATH} "$trapeze" cc -o x.elf "$@" >out 2>&1
  [ $? = "$want" ] && grep -qF -- "$text" out && [ ! -e x.elf ] && [ -z "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'trapeze-cc-*' -user "$(id -u)" -newer both.s 2>/dev/null)" ]
  report $? "$name" out
}
export TMPDIR=$work
echo 'int main(void) { return x; }' >bad.c
refused 2 "bad.c:1:25: error: 'x' undeclared" "what the compiler says of a source comes as it is" bad.c
printf 'double d = 3;\nint main(void)\n{\n  d *= d;\n  return d / 2 > 1;\n}\n' >float.c
refused 2 "float.c:4: error: floating point, which this machine has not" "floating point, once" float.c
[ "$(wc -l <out)" = 1 ]
report $? "that is one line" out
printf 'int f(void);\nint main(void)\n{\n  return f();\n}\n' >undefined.c
refused 2 "undefined.c:4: error: 'f' is used and defined nowhere" "a function that is nowhere" undefined.c
echo 'int f(void) { return 1; }' >nomain.c
refused 2 "error: 'main' is used and defined nowhere: a program begins with it" "no main" nomain.c
printf '#include <trapeze.h>\nint main(void)\n{\n  c_out(0, 65);\n}\n' >device.c
refused 2 "device.c:4: error: 'c_out' is used and defined nowhere: a process has no devices" "a device, from a process" --for minos device.c
printf 'void g(char *);\nvoid f(void)\n{\n  char a[70000];\n  g(a);\n}\nvoid g(char *a) { *a = 1; }\nint main(void) { f(); }\n' >frame.c
refused 2 "larger than 65536 bytes" "a frame that the stack has no room for" -O0 frame.c
"$trapeze" cc -O0 --stack 128K -o x.elf frame.c 2>why
report $? "but with more of a stack it has" why
echo 'int z; __attribute__((constructor)) void f(void) { z = 3; } int main(void) { return z; }' >constructor.c
refused 2 "constructor.c: error: a constructor: nothing is called before main()" "what would run before main" constructor.c
printf 'int x[9000];\nint main(void)\n{\n  return x[3];\n}\n' >big.c
refused 2 "solo has 64 KiB for a program" "a program that solo has no room for" --for solo big.c
cp other.c copy.c
refused 2 "other.c: error: 'other' is defined here and in copy.c" "a function that is there twice" main.c copy.c other.c
printf 'int main(void)\n{\n  __asm__ volatile("frobnicate 3");\n}\n' >odd.c
refused 2 "odd.c:3: error: there is no instruction or macro 'frobnicate'" "an instruction that PG32 has not" odd.c
refused 2 "'main.s' is no C source" "a source that is no C" main.s
refused 2 "none.c" "a file that is not there" none.c
refused 2 "optimisation level" "a level that does not exist" -O9 main.c
refused 2 "no size of the stack" "a stack of 7 bytes" --stack 7 main.c
refused 2 "Try" "no source at all"
path=/nonexistent refused 3 "Debian: gcc-riscv64-unknown-elf" "no compiler" main.c
path=
(TMPDIR=/nonexistent refused 3 "cannot create a folder in '/nonexistent'" "no room for temporary files" main.c)
number=$((number + 1))
echo "1..$number"
