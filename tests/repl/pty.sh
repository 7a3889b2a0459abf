# A person at a terminal: completion, history, interrupt, resize. Sourced by run.sh.
# Keys are sent when what was waited for has been shown, not after some time.
# The shell that script starts is to outlive Ctrl-C, which goes to it too: bash waits
# for the debugger's own end, dash (a host's /bin/sh, where SHELL is not set) dies.
at_terminal() { # PROGRAM; the keys are what the function `keys` prints
  rm -f seen ttyname
  { keys && printf 'quit\n' && soon shown 'status '; } |
    SHELL=$BASH TERM=xterm timeout -s KILL 600 \
      script -qfec "tty >ttyname; stty rows 24 cols 80; '$trapeze' debug -nx $1; echo status \$?" seen >/dev/null 2>&1
}
shown() { # TEXT
  grep -qF -- "$1" seen
}
keys() {
  soon shown '(trapeze)' && printf 'conte\t\n' && soon shown 'tick 0' && printf 'print *cou\t\n' &&
    soon shown '$1 = 0' && printf 'history\n' && soon shown 'history'
}
at_terminal loop.s
grep -q 'context' seen && grep -q 'print \*count' seen
report $? "tab completes commands and symbols"
grep -q 'status 0' seen
report $? "quit is status 0"
grep -q '^print \*count' "$XDG_STATE_HOME/trapeze/history"
report $? "the history is kept in the XDG state folder"
# It prints @, which its source does not show, and then no more.
printf "        .globl _start\n_start: li t0, 64\n        out t0, 0\n1:      j 1b\n" >spin.s
keys() {
  soon shown '(trapeze)' && printf 'continue\n' && soon shown '@' && printf '\003' &&
    soon shown 'Interrupted' && printf 'print 40 + 2\n' && soon shown '$1 = 42'
}
at_terminal spin.s
grep -q '^\$1 = 42' seen && grep -q 'status 0' seen
report $? "Ctrl-C stops the guest and not the debugger"
! grep -q '\^C.*(trapeze)' seen && [ "$(grep -c '(trapeze).*\^C' seen)" -eq 0 ]
report $? "and gives up no line at the next prompt"
keys() {
  soon shown '(trapeze)' && printf 'print 1' && soon shown '(trapeze) print 1' && printf '\003' &&
    soon shown '^C' && printf 'print 40 + 2\n' && soon shown '$1 = 42'
}
at_terminal spin.s
grep -q '^\$1 = 42' seen && grep -q 'status 0' seen
report $? "Ctrl-C at the prompt gives up the line"
keys() {
  soon shown '(trapeze)' && printf 'layout on\n' && soon shown '--- source' &&
    stty -F "$(cat ttyname)" rows 40 cols 100 && soon shown ';40r' &&
    printf 'layout off\nprint 1 + 6\n' && soon shown '$1 = 7'
}
at_terminal loop.s
grep -q ';24r' seen && grep -q ';40r' seen && grep -q 'status 0' seen
report $? "the full-screen view survives another size"
