#!/bin/bash
# Scripted sessions of the debugger. cases/NAME.x holds the commands, NAME.args the
# command line, NAME.out what must be said. --update rewrites the .out files.
set -u
cd "$(dirname "$0")/../.." || exit 3
trapeze=$(realpath "$TRAPEZE")
here=$PWD/tests/repl
update=${1-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$here/../common/jobs.sh"
export XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config
number=0
report() { # status, name
  number=$((number + 1))
  if [ "$1" -eq 0 ]; then echo "ok $number - $2"; else echo "not ok $number - $2"; fi
}
t() { timeout 100 "$trapeze" debug "$@"; }

session() { # NAME: what it says
  cd "$here/cases" || exit 3
  # shellcheck disable=SC2046
  t -nx -batch -x "$1.x" $(cat "$1.args") 2>&1
}
golden() { # NAME
  session "$1" >"$work/out"
  [ "$update" != --update ] || cp "$work/out" "$here/cases/$1.out"
  if cmp -s "$work/out" "$here/cases/$1.out"; then
    report 0 "session $1"
  else
    report 1 "session $1"
    diff "$here/cases/$1.out" "$work/out" | head -n 20 | sed 's/^/# /'
  fi
}
for x in "$here"/cases/*.x; do
  golden "$(basename "$x" .x)"
done
sed 's/^\$1 = 3$/$1 = 4/' "$here/cases/values.out" >"$work/wrong"
! cmp -s "$work/wrong" "$here/cases/values.out"
report $? "caught: a value that is another"

# Every command occurs in a session; every line of a session fits the screen.
cd "$work" || exit 3
t -nx -batch -ex 'help all' "$here/cases/loop.s" | sed -n 's/^  \([a-z-]*\).*/\1/p' | grep . >commands
cat "$here"/cases/*.x "$here"/pty.sh | sed 's/^[a-z_]* "*//; s/^ *//' >used
cat "$here"/cases/*.x "$here/pty.sh" >>used
missing=$(while read -r c; do grep -qE "(^|[^a-z-])$c([ /\\\\\"]|\$)" used || echo "$c"; done <commands)
[ "$(wc -l <commands)" -gt 50 ] && [ -z "$missing" ]
report $? "each command is in a session"
[ -z "$missing" ] || printf '# %s\n' $missing
wide() { # file...: lines of more than 80 columns
  LC_ALL=C.UTF-8 grep -HnE '^.{81,}' "$@"
}
too_wide=$(wide "$here"/cases/*.out "$here/mistakes.out")
[ -z "$too_wide" ]
report $? "every line of every session fits 80 columns"
[ -z "$too_wide" ] || echo "$too_wide" | head -n 10 | sed 's/^/# /'
printf '%081d\n' 1 >too-wide
[ -n "$(wide too-wide)" ]
report $? "caught: a line of 81 columns"

# Mistakes of a newcomer: each gets one message that says what to do, and a script
# stops at it with status 2.
cp "$here/cases/loop.s" .
while IFS= read -r line; do
  [ "$line" = "echo done" ] && continue
  t -nx -batch -ex "$line" loop.s >mistake 2>&1
  status=$?
  echo "(trapeze) $line"
  cat mistake
  [ $status -eq 2 ] || echo "STATUS $status"
done <"$here/mistakes.txt" >said
[ "$update" != --update ] || cp said "$here/mistakes.out"
cmp -s said "$here/mistakes.out"
report $? "what mistakes are told"
diff "$here/mistakes.out" said | head -n 20 | sed 's/^/# /'
! grep -q STATUS said
report $? "each ends a script with status 2"
printf 'print nothing\necho after\n' | t -nx loop.s >out 2>&1
[ $? -eq 2 ] && grep -q after out
report $? "from a pipe, commands go on after a mistake, and the status tells"
printf 'continue\ncontinue\n' | t -nx loop.s 2>&1 | tr -s '\n ' ' ' |
  grep -q "it goes no further. 'reverse-stepi' goes back"
report $? "stepping after the end is explained"
t -nx -batch -x /nonexistent loop.s 2>&1 | grep -q "cannot read '/nonexistent'"
report $? "a missing command file is named"
printf 'echo one\nprint nothing\n' >two.x
t -nx -batch -x two.x loop.s 2>&1 | grep -q '^two.x:2: error: '
report $? "a mistake in a file is told with its line"
mkdir -p "$XDG_CONFIG_HOME/trapeze"
echo 'echo from the init file' >"$XDG_CONFIG_HOME/trapeze/init"
echo 'echo from the folder' >.trapezeinit
t -batch loop.s | grep -qx 'from the init file'
report $? "the init file is read"
! t -batch -nx loop.s | grep -q 'init file'
report $? "but not with -nx"
! t -batch loop.s | grep -q 'from the folder'
report $? "nor one in the present folder"
! printf 'print 1\n' | t -nx loop.s | grep -q '(trapeze)'
report $? "no prompt where there is no terminal"
rm -f "$XDG_CONFIG_HOME/trapeze/init"

# shellcheck source=tests/repl/classes.sh
. "$here/classes.sh"
# shellcheck source=tests/repl/watches.sh
. "$here/watches.sh"
# shellcheck source=tests/repl/traces.sh
. "$here/traces.sh"
# shellcheck source=tests/repl/walk.sh
. "$here/walk.sh"
# shellcheck source=tests/repl/pty.sh
. "$here/pty.sh"
# shellcheck source=tests/repl/signals.sh
. "$here/signals.sh"
echo "1..$number"
