# Signals without a terminal: what runs is stopped, what waits is ended. Sourced by run.sh
# after pty.sh, which writes spin.s.
said() { grep -q "$1" out; }
for signal in TERM HUP QUIT; do
  job "$trapeze" debug -nx -batch -ex continue -ex continue spin.s >out 2>&1 </dev/null
  job_signal $signal said @
  [ $? -eq $((128 + $(kill -l $signal))) ]
  report $? "SIG$signal ends the debugger while the guest runs"
  mkfifo typed.$signal
  exec 5<>typed.$signal # open for writing, so that no end is seen
  job "$trapeze" debug -nx spin.s >out 2>&1 <typed.$signal 5>&-
  printf 'echo ready\nprint 6' >&5
  job_signal $signal said ready
  [ $? -eq $((128 + $(kill -l $signal))) ]
  report $? "and while it waits for a line"
  exec 5>&-
done
job "$trapeze" debug -nx -batch -ex continue -ex 'print 40 + 2' spin.s >out 2>&1 </dev/null
job_signal INT said @
[ $? -eq 0 ] && grep -q Interrupted out && grep -q '^\$1 = 42' out
report $? "SIGINT stops the guest, and the script goes on"
# Before the guest has begun: the signal is not forgotten when it does.
takes_signals() { grep -qE '^SigBlk:.*[1-9a-f]' /proc/"$job"/status; }
job "$trapeze" debug -nx -batch -ex continue spin.s >out 2>&1 </dev/null
job_signal TERM takes_signals
[ $? -eq 143 ]
report $? "a signal that comes early ends it"
