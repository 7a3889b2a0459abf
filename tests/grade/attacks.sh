# shellcheck shell=bash disable=SC2154
# Sourced by run.sh: submissions that attack the grader, graded as a class. None gains a point,
# ends the class, or leaves a process or a file behind; each is told the same at each run.

# In the place of a function's first statement. Of the dispatcher at its 40th call, when the
# guest is well under way.
hostile() { # FOLDER FILE FUNCTION STATEMENT [FILE-SCOPE]
  local scope=${5:-}
  awk -v function_="$3" -v statement="${4//\\/\\\\}" -v scope="${scope//\\/\\\\}" '
    /^#include/ && !done && scope {
      n = split("stdio stdlib string unistd signal fcntl setjmp poll pthread sys/socket sys/mman sys/stat sys/syscall sys/resource sys/ptrace", h, " ")
      print "#define _GNU_SOURCE"
      for (i = 1; i <= n; i++) print "#include <" h[i] ".h>"
      print "#include \"vmm/modules.h\"\nstruct message { unsigned kind, op; unsigned long seq; unsigned count, zero; unsigned long value[20]; };"
      print scope; done = 1 }
    { print }
    $0 ~ "^static .*[ *]" function_ "\\(" { inside = 1 }
    inside && /^{/ { print "  " statement; inside = 0 }' "$1/$2" >hostile.c && mv hostile.c "$1/$2"
}
# The module that they are made of is right, as far as `hello` goes, and soon compiled.
mkdir -p attacked && cp $ref/dispatch.c attacked/ && cat >attacked/emulate.c <<'END'
#include "vmm/modules.h"
static bool handles(enum isa_insn insn) { return insn == ISA_OUT || insn == ISA_HALT; }
static struct vmm_trap emulate(void *state, const struct vmm_env *env, uint32_t word)
{
  struct isa_decoded d = env->decode(env->ctx, word).decoded;
  (void)state;
  env->set_pc(env->ctx, env->get_pc(env->ctx) + 4);
  if (d.insn == ISA_HALT) {
    env->halt(env->ctx);
  } else {
    env->port_out(env->ctx, env->get_reg(env->ctx, d.b) + d.imm, env->get_reg(env->ctx, d.a));
  }
  return (struct vmm_trap){.raised = false};
}
const struct vmm_emulate_module vmm_emulate = {.handles = handles, .emulate = emulate};
END
says 0 '^Score: 2 of 2' "what attacks are made of passes" 4 attacked --only hello
declare -A wanted
attack() { # NAME REGEX STATEMENT [FILE-SCOPE]
  mkdir -p attacks/4 && cp -r attacked "attacks/4/$1" && wanted[4/$1]=$2
  hostile "attacks/4/$1" dispatch.c dispatch "static int calls; if (calls++ == 40) { $3 }" "${4:-struct message;}"
}
attack_guest() { # NAME REGEX <SOURCE
  mkdir -p "attacks/1/$1" && cat >"attacks/1/$1/machine.s" && wanted[1/$1]=$2
}
judged() { # LAB ONLY RESULTS [option…]
  "$trapeze" grade-all --labs "$top/labs" "$1" "attacks/$1" --only "$2" -j 2 -o "$3" "${@:4}"
}
told() { # RESULT REGEX
  jq -e --arg want "$2" '.score == 0 and .points > 0 and ((.problem // .tests[0].text) | test($want))' "$1" ||
    { echo "wanted: $2"; jq . "$1"; return 1; }
}
all_told() { # LAB RESULTS
  local key
  for key in "${!wanted[@]}"; do
    [ "${key%%/*}" != "$1" ] || is "attack on lab $1: ${key#*/}" told "$2/${key#*/}.result.json" "${wanted[$key]}"
  done
}

# ---- it ends, or does not
attack "exit(0)" 'called exit\(0\)' 'exit(0);'
attack "a crash" 'signal SEGV' '*(volatile int *)8 = 1;'
attack "abort()" 'signal ABRT' 'abort();'
attack "killing itself" 'signal KILL' 'raise(SIGKILL);'
attack "undefined behaviour" 'signal (SEGV|ABRT)' 'free((char *)env + 8);'
attack "closing the channel" 'called exit|closed its socket' 'close(3); for (;;);'
attack "a long jump" 'out of order' 'longjmp(home, 1);' 'static jmp_buf home; __attribute__((constructor)) static void early(void)
  { if (setjmp(home)) { struct message m = {4, 1, 60, 1, 0, {0}}; send(3, &m, 32, 0); for (;;); } }'
# ---- messages; get_pc, which is operation 2, and a flood of set_pc, 3
session='struct { void *session; unsigned long seq; } *a = env->ctx;'
attack "a forged answer" 'out of order|answered another call|another form' 'char m[104] = {4}; send(3, m, sizeof m, 0);'
attack "answers to all calls to come" 'out of order' 'struct message m = {4, 1, 0, 1, 0, {1}}; for (int i = 0; i < 99; i++) { m.seq++; send(3, &m, 32, 0); }'
attack "a short message" 'another form' 'send(3, "x", 1, 0);'
attack "an empty message" 'closed its socket' 'send(3, "", 0, 0); for (;;);'
attack "a flood of messages" 'out of order|does not exist|another form' 'char m[104] = {2}; for (int i = 0; i < 100000; i++) send(3, m, sizeof m, MSG_DONTWAIT);'
attack "asking and not listening" 'does not read' "$session struct message m = {2, 2, a->seq, 0, 0, {0}}; for (;;) send(3, &m, 24, 0);"
attack "posting without end" 'more than 10000 requests' "$session static struct { struct message m; unsigned long more[3980]; } b; b.m = (struct message){2, 2, a->seq, 4000, 0, {0}};
  for (int i = 0; i < 4000; i += 2) *(i < 20 ? b.m.value + i : b.more + i - 20) = 3; for (int i = 0; i < 9; i++) { send(3, &b, 24 + 32000, 0); char c; recv(3, &c, 1, 0); }"
attack "half a posted request" 'does not exist' "$session struct message m = {2, 2, a->seq, 1, 0, {3}}; send(3, &m, 32, 0);"
attack "posting a question" 'does not exist' "$session struct message m = {2, 2, a->seq, 2, 0, {0, 1}}; send(3, &m, 40, 0);"
attack "posting what is forbidden" 'a control register that does not exist' "$session struct message m = {2, 2, a->seq, 3, 0, {5, 1000, 1}}; send(3, &m, 48, 0);"
attack "more spared than there can be" 'more than 10000 requests' "$session struct message m = {2, 2, a->seq, 0, -1, {0}}; send(3, &m, 24, 0);"
attack "answers to calls not made" 'out of order|another call' "$session struct message m = {4, 2, a->seq, 2, 0, {0}}; send(3, &m, 40, 0);"
attack "a call of its own" 'out of order' "$session struct message m = {1, 1, a->seq, 1, 0, {0}}; send(3, &m, 32, 0);"
attack "a write when none is foretold" 'at tick' 'env->set_pc(env->ctx, env->get_pc(env->ctx) + 4);'
attack "requests without end" 'more than 10000 requests' 'for (;;) env->get_pc(env->ctx);'
attack "requests in each call" 'more than 200000 requests, and 2 for each tick' 'calls = 40; for (int i = 0; i < 9000; i++) env->set_reg(env->ctx, 0, 0);'
attack "a register that does not exist" 'a register that does not exist' 'env->set_reg(env->ctx, 99, 1);'
attack "a control register that does not exist" 'control register that does not exist' 'env->set_cr(env->ctx, (enum isa_cr)1000, 1);'
attack "a port that does not exist" 'a port that does not exist' 'env->port_out(env->ctx, 77777, 1);'
attack "an action that does not exist" 'none of the answers' 'return (enum vmm_action)77;'
attack "speaking before main" 'answered another call' '' '__attribute__((constructor)) static void early(void)
  { struct message m; while (recv(3, &m, sizeof m, 0) > 0) { m.kind = 4; m.count = 1; m.value[0] = 1; send(3, &m, 32, 0); } _exit(0); }'
attack "a main of its own" 'answered another call' '' 'int main(void)
  { struct message m; while (recv(3, &m, sizeof m, 0) > 0) { m.kind = 4; m.count = 1; m.value[0] = 1; send(3, &m, 32, 0); } return 0; }'
attack "a runner of its own" 'multiple definition' '' 'int wire_send(int fd, const void *m) { return fd && m; }'
# ---- the host; 7: all of it was refused
attack "processes without end" 'at tick|called|ended' 'for (int i = 0; i < 1000; i++) if (fork() == 0) for (;;); env->halt(env->ctx);'
attack "threads" 'exit\(7\)' 'pthread_t t; exit(pthread_create(&t, 0, spin, 0) ? 7 : 0);' 'static void *spin(void *p) { for (;;); return p; }'
attack "killing its parent" 'exit\(7\)' 'exit(kill(getppid(), 9) && kill(-1, 9) && kill(1, 9) ? 7 : 0);'
attack "killing by number" 'exit\(7\)' 'for (int i = 3; i < 70000; i++) if (i != getpid() && i != syscall(SYS_getpid) && syscall(SYS_tgkill, i, i, 9) == 0) exit(0); exit(7);'
attack "killing by name" 'exit\(7\)' 'exit(system("killall -9 trapeze") ? 7 : 0);'
attack "limits of its parent" 'exit\(7\)' 'struct rlimit r = {0, 0}; exit(prlimit(getppid(), RLIMIT_CPU, &r, 0) && prlimit(0, RLIMIT_CPU, &(struct rlimit){99, 99}, 0) ? 7 : 0);'
attack "tracing its parent" 'exit\(7\)' 'exit(ptrace(PTRACE_ATTACH, getppid(), 0, 0) ? 7 : 0);'
attack "others' storage" 'exit\(7\)' 'char p[40]; snprintf(p, 40, "/proc/%d/mem", (int)getppid()); exit(open(p, 2) < 0 && open("/proc/self/mem", 2) < 0 && open("/proc/1/mem", 2) < 0 ? 7 : 0);'
attack "files" 'exit\(7\)' 'exit(open("/etc/passwd", 0) < 0 && open("/tmp/x", O_CREAT | O_RDWR, 0600) < 0 && mkdir("/x", 0700) ? 7 : 0);'
attack "storage without end" 'exit\(7\)' 'char *p; while ((p = mmap(0, 1 << 24, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED) *p = 1; exit(7);'
attack "filling the disk" 'exit\(7\)' 'static char b[65536]; long n = 0; for (int i = 0; i < 1000; i++) { ssize_t k = write(1, b, sizeof b); n += k > 0 ? k : 0; } exit(n <= 65536 && ftruncate(1, 1L << 40) ? 7 : 0);'
attack "sleeping" 'exit\(7\)' 'exit(poll(0, 0, 1000) < 0 && usleep(1) < 0 && alarm(1) > 1000 ? 7 : 0);'
attack "waiting for a lock" 'exit\(7\)' 'int x = 0; exit(syscall(SYS_futex, &x, 0, 0, 0) < 0 ? 7 : 0);'
# ---- the compiler
attack "a file outside" 'No such file|not found|denied' '' 'asm(".incbin \"/etc/passwd\"");'
attack "the hidden tests" 'No such file|not found|denied' '' "asm(\".incbin \\\"$top/labs/04-trap-and-emulate/hidden/hidden.json\\\"\");"
attack "a device as source" 'No such file|denied' '' '#include "/dev/zero"'
attack "a terminal as source" 'No such file|denied' '' '#include "/dev/tty"'
attack "a source that includes itself" 'In file included from' '' '#include __FILE__'
attack "an array of a terabyte" 'dispatch.c|standard input' '' 'char a[1ul << 40] = {1};'
attack "a program of gigabytes" 'standard input' '' 'asm(".fill 4000000000, 1, 1");'
attack "a function that is not there" 'undefined reference' 'nowhere();' 'void nowhere(void);'

# ---- what is handed in
mkdir -p attacks/4/{folder,missing,large,$'new\nline, "quoted"'}/dispatch.c
wanted[4/folder]='dispatch.c is no regular file' wanted[4/$'new\nline, "quoted"']='no regular file'
rm -rf attacks/4/{missing,large}/dispatch.c && wanted[4/missing]='is not there'
truncate -s 10M attacks/4/large/dispatch.c && wanted[4/large]='larger than 1 MiB'
mkdir attacks/4/bytes && cp attacked/*.c attacks/4/bytes/ && head -c 5000 "$trapeze" >attacks/4/bytes/dispatch.c && wanted[4/bytes]='dispatch.c:1:'
mkdir attacks/4/long && cp attacked/*.c attacks/4/long/ && wanted[4/long]='…'
{ printf 'int x = '; head -c 500000 /dev/zero | tr '\0' y; echo ';'; } >attacks/4/long/dispatch.c

attack_guest "a file outside" 'cannot read' <<<'.incbin "/etc/passwd"'
attack_guest "a file outside, included" 'cannot read' <<<'.include "/etc/passwd"'
attack_guest "itself" 'nested more than' <<<'.include "machine.s"'
attack_guest "a macro that calls itself" 'nested more than' < <(printf '.macro a\n a\n a\n.endm\n a\n')
attack_guest "a repetition" 'repetitions' < <(printf '.rept 100000000\n.word 1\n.endr\n')
attack_guest "nothing" 'can be loaded' </dev/null
attack_guest "more than there is storage" 'storage up to' < <(printf '.globl count_ones\ncount_ones: ret\n.space 50000000\n')
attack_guest "more than there are addresses" 'storage up to|error' < <(printf '.globl count_ones\ncount_ones: ret\n.bss\n.space 1000000000\n')
attack_guest "never ending" 'expected  count_ones returns' < <(printf '.globl count_ones\ncount_ones: j count_ones\n')
attack_guest "a flood of output" 'expected  count_ones returns' < <(printf '.globl count_ones\ncount_ones: out a0, 0\n j count_ones\n')
attack_guest "the expected answer to one" 'expected' < <(printf '.globl count_ones\ncount_ones: li a0, 1\n ret\n')
attack_guest "bytes" 'error' < <(head -c 5000 "$trapeze")
attack_guest "a long line" 'does not fit' < <(printf 'x: li a0, '; head -c 500000 /dev/zero | tr '\0' 1)

# ---- other modules
attack_module() { # LAB NAME REGEX FILE FUNCTION STATEMENT
  mkdir -p "attacks/$1" && cp -r reference/"0$1"-* "attacks/$1/$2" && wanted[$1/$2]=$3
  hostile "attacks/$1/$2" "$4" "$5" "$6"
}
attack_module 7 "a machine that does not exist" 'ticks|answer' share.c next 'return 99999;'
attack_module 7 "nobody's turn, ever" 'ticks|answer' share.c next 'return VMM_NOBODY;'
attack_module 7 "a turn without end" 'ticks|answer' share.c quantum 'return 0xffffffff;'
attack_module 8 "asking for what calls it" 'times deep|exist' chain.c snapshot 'env->channel_start(env->ctx, caw);'
attack_module 8 "a program without end" 'reaches out|answer|tick' chain.c snapshot 'static struct channel_program p; p.count = 0xffffffff; return p;'
attack_module 8 "a transfer to anywhere" 'reaches out|answer|tick' chain.c translate 'struct vmm_real_chain far = {.kind = VMM_CHAIN_REAL, .sectors = 1, .count = 3, .ccw = {{.command = CHANNEL_SEEK}, {.command = CHANNEL_READ, .count = 512}}}; return far;'

# Where bubblewrap does not work (in a chroot, in most containers) it is Landlock that keeps the
# compiler from files of the host; in a kernel without, nothing: docs/grading.md.
has_landlock() { python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 1)'; }
rung=$(grade 4 $ref --only hello -T json | jq -r .sandbox)
if [ "$rung" != bwrap ] && ! has_landlock; then
  for key in "4/a file outside" "4/the hidden tests" "4/a device as source" "4/a terminal as source" \
    "1/a file outside" "1/a file outside, included"; do
    rm -rf "attacks/$key"
    unset "wanted[$key]"
  done
fi
says 0 "^Score: .*sandbox: $rung\\)$" "the report names the rung" 4 $ref --only hello

judged 7 equal hostile7 >said 2>&1
is "hostile schedulers do not end the grading of their class" test $? -eq 0
judged 8 transfer hostile8 >said 2>&1
is "… nor do hostile channel programs" test $? -eq 0
all_told 7 hostile7
all_told 8 hostile8
judged 4 hello hostile4 >said 2>&1
is "hostile modules do not end the grading of their class" test $? -eq 0
judged 1 count-ones hostile1 >said 2>&1
is "… nor do hostile guests" test $? -eq 0
all_told 4 hostile4
all_told 1 hostile1
is "all attacks were graded" test "$(find hostile[1478] -name '*.result.json' -printf x | wc -c)" -eq ${#wanted[@]}
is "a name of two lines is one record" grep -q '^line, ""quoted""",0,2,yes,0' hostile4/summary.csv

# The next rung, for hosts without bubblewrap: what the process may do there is the same, and
# what is said of it, too, byte by byte.
mkdir nobwrap attacks/all && for tool in gcc as ld; do ln -s "$(command -v $tool)" nobwrap/; done
mv attacks/4/* attacks/all/
for name in "killing its parent" "killing by number" "limits of its parent" "others' storage" files threads \
  "filling the disk" "asking and not listening" "an array of a terabyte" "a terminal as source"; do
  [ ! -e "attacks/all/$name" ] || mv "attacks/all/$name" attacks/4/
done
env PATH="$work/nobwrap" "$trapeze" grade-all --labs "$top/labs" 4 attacks/4 --only hello -j 2 -o seccomp4 >said 2>&1
is "without bubblewrap they are graded as well" test $? -eq 0
if has_landlock; then
  rm -rf outside && cp -r $ref outside && sed -i '1i #include "/etc/passwd"' outside/dispatch.c
  env PATH="$work/nobwrap" "$trapeze" grade --labs "$top/labs" 4 outside >said 2>&1
  is "… and the compiler reads no file outside" grep -q '/etc/passwd: Permission denied' said
fi
# But for the rung, and for why there is no terminal, which the host decides on either rung.
as_told() { # RESULT
  sed 's/"seccomp"/"bwrap"/; s|fatal error: /dev/tty: [A-Za-z ]*|fatal error: /dev/tty: none|' "$1"
}
for result in seccomp4/*.result.json; do
  is "… the same is told: $(basename "$result" .result.json)" cmp <(as_told "$result") <(as_told "hostile4/$(basename "$result")")
done
is "no attack leaves a process" test -z "$(pgrep -f "$work/trapeze-grade")"
is "no attack leaves a file" test -z "$(find . -name 'trapeze-grade-*')"

# ---- Ctrl-C, while a module keeps the judge waiting
interrupted() { # SIGNAL command…
  local pid
  "$trapeze" "${@:2}" --labs "$top/labs" --only hello >said 2>&1 &
  pid=$!
  until pgrep -P "$(pgrep -d, -P "$pid")" >/dev/null 2>&1 && [ -n "$(find . -name runner)" ]; do
    kill -0 $pid || return 1
    sleep 0.05
  done
  kill "-$1" $pid
  wait $pid
  [ $? -eq $((128 + $(kill -l "$1"))) ] && [ -z "$(find . -name 'trapeze-grade-*')" ] && [ -z "$(pgrep -f "$work/")" ]
}
attack "silence" '' 'char b[9]; for (;;) recv(3, b, 9, 0);'
is "the end of a grading leaves nothing" interrupted TERM grade 4 attacks/4/silence
mkdir silence && cp -r attacks/4/silence silence/one && cp -r attacks/4/silence silence/two
is "the end of a class's grading leaves nothing" interrupted TERM grade-all 4 silence -j 2 -o silence-results
