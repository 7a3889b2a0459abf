# A person at a terminal: completion, history, interrupt, resize. Sourced by run.sh.
# Keys are sent when what was waited for has been seen, not after some time.
soon() { # text: it is seen within 15 seconds
  for _ in $(seq 150); do
    grep -qF -- "$1" seen 2>/dev/null && return 0
    sleep 0.1
  done
  return 1
}
# The shell that script starts is to outlive Ctrl-C, which goes to it too: bash waits
# for the debugger's own end, dash (a host's /bin/sh, where SHELL is not set) dies.
at_terminal() { # the keys come from standard input
  rm -f seen
  SHELL=$BASH TERM=xterm timeout -s KILL 90 script -qfec "tty >ttyname; stty rows 24 cols 80; '$trapeze' debug -nx $1; echo status \$?" seen >/dev/null 2>&1
}
printf '        .globl _start\n_start: j _start\n' >spin.s
{ soon '(trapeze)' && printf 'conte\t\n' && soon 'tick 0' && printf 'print *cou\t\n' &&
  soon '$1 = 0' && printf 'history\n' && soon 'history' && printf 'quit\n' && sleep 1; } |
  at_terminal "loop.s"
grep -q 'context' seen && grep -q 'print \*count' seen
report $? "tab completes commands and symbols"
grep -q 'status 0' seen
report $? "quit is status 0"
grep -q '^print \*count' "$XDG_STATE_HOME/trapeze/history"
report $? "the history is kept in the XDG state folder"
{ soon '(trapeze)' && printf 'continue\n' && sleep 1 && printf '\003' && soon 'Interrupted' &&
  printf 'print 40 + 2\n' && soon '$1 = 42' && printf 'quit\n' && sleep 1; } | at_terminal "spin.s"
grep -q '^\$1 = 42' seen && grep -q 'status 0' seen
report $? "Ctrl-C stops the guest and not the debugger"
{ soon '(trapeze)' && printf 'layout on\n' && soon '--- source' &&
  stty -F "$(cat ttyname)" rows 40 cols 100 && soon ';40r' &&
  printf 'layout off\nprint 1 + 6\n' && soon '$1 = 7' && printf 'quit\n' && sleep 1; } | at_terminal "loop.s"
grep -q ';24r' seen && grep -q ';40r' seen && grep -q 'status 0' seen
report $? "the full-screen view survives another size"
