# shellcheck shell=bash
# shellcheck disable=SC2016 # the debugger's $
# Traces that the debugger records are those of the run, however it was gone about.
# Sourced by run.sh.
listed() { # trace: what does not depend on which command recorded it
  "$trapeze" trace "$1" -T jsonl | sed "1s/\"command\":\"[a-z]*\"//"
}
same_trace() { # trace, trace
  cmp -s <(listed "$1") <(listed "$2") && [ "$(listed "$1" | wc -l)" -gt 4 ]
}
# The arguments of the command, then the commands of the debugger before the trace.
as_recorded() { # name, command, "arguments", "classes", debugger's commands…
  local name=$1 command=$2 classes=$4 arguments depth=() ex=()
  read -ra arguments <<<"$3"
  [ "$command" = run ] || depth=(--vmm)
  shift 4
  for x in "$@"; do ex+=(-ex "$x"); done
  rm -f ours.trace its.trace
  "$trapeze" "$command" "${arguments[@]}" --trace its.trace --trace-events "$classes" \
    </dev/null >/dev/null 2>&1
  t -nx -batch "${depth[@]}" "${arguments[@]}" "${ex[@]}" -ex "trace ours.trace $classes" \
    >traced 2>&1
  same_trace ours.trace its.trace && grep -q "events up to tick .* in 'ours.trace'" traced
  report $? "the trace of the debugger is that of '$command': $name"
}
as_recorded "every event" run "popf --profile x86" all run
as_recorded "back and forth" run "minos --session" default run 'rsi 5000' 'goto 1000' continue
as_recorded "a double fault" run "$here/cases/fault.s" all run
as_recorded "to a tick" run "minos --session --ticks 1500000" default run
as_recorded "every event of both machines" vmm "popf --profile x86" all run 'goto 100' continue
as_recorded "interrupts" vmm timer default run 'watch $sp' 'rc' 'delete' continue
as_recorded "two machines below" vmm "traps --depth 2" default run
as_recorded "the guest's own" vmm "minos --session" default,-switches,-interrupts run 'rsi 3' continue
"$trapeze" run popf --trace other.trace </dev/null >/dev/null 2>&1
"$trapeze" run popf --profile x86 --trace its.trace </dev/null >/dev/null 2>&1
! same_trace other.trace its.trace
report $? "caught: another run's trace"

# Input that was typed, and what was changed, is in it, and once.
history=(-ex 'goto 300k' -ex 'type x' -ex 'goto 310k' -ex 'set $s7 = 5' -ex 'goto 320k')
t -nx -batch minos "${history[@]}" -ex 'trace straight.trace all' >/dev/null 2>&1
t -nx -batch minos "${history[@]}" -ex 'goto 100' -ex 'goto 315k' -ex 'rc' -ex 'goto 320k' \
  -ex 'trace twice.trace' -ex 'trace round.trace all' -ex 'print $s7' >said 2>&1
same_trace straight.trace round.trace && grep -q '= 5$' said
report $? "what was typed and changed is in it, once; the place is the same afterwards"
t -nx -batch minos -ex 'goto 320k' -ex 'trace untyped.trace all' >/dev/null 2>&1
! same_trace straight.trace untyped.trace
report $? "caught: a history without what was typed"
t -nx -batch "$here/cases/class.dir" -ex 'goto 50k' -ex 'trace class.trace' >/dev/null 2>&1
"$trapeze" trace class.trace | grep -q ' enter '
report $? "of a system directory's machines"

# --trace writes at the end, also after a mistake, and says early what cannot be.
rm -f ours.trace
printf 'run\nprint nothing\nrsi 20\ncontinue\n' |
  t -nx --profile x86 --trace=ours.trace --trace-events=default popf >/dev/null 2>&1
[ $? -eq 2 ] && same_trace ours.trace its.trace
report $? "--trace writes it at the end of the session"
t -nx -batch --trace=/nonexistent/x.trace -ex 'echo begun' popf >said 2>&1
[ $? -eq 2 ] && grep -q "cannot create '/nonexistent/x.trace'" said && ! grep -q begun said
report $? "a file that cannot be written is told before the session"
t -nx -batch --trace=- popf >said 2>&1
[ $? -eq 2 ] && grep -q "needs a file" said
report $? "standard output is no file for it"
t -nx -batch --trace=x.trace --trace-events=fish popf >said 2>&1
[ $? -eq 2 ] && [ ! -e x.trace ] && grep -q "unknown class of events 'fish'" said
report $? "nor is a fish a class"
t -nx -batch -ex run -ex 'trace /dev/full all' popf >said 2>&1
[ $? -eq 3 ] && grep -q "cannot write '/dev/full'" said
report $? "a full disk ends a script with status 3"
