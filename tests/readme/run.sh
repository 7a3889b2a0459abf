#!/bin/bash
# What the README and the tutorial show is what the command prints: each line of a
# transcript stands in the output of the command above it, and each file linked to exists.
set -u
cd "$(dirname "$0")/../.." || exit 3
n=0
report() { # status, name
  n=$((n + 1))
  if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

# The transcript below "$ build/trapeze …" in a README, without its indentation.
transcript() { # README, command
  awk -v want="    \$ build/trapeze $2" '
    $0 == want { on = 1; next }
    on && /^    / { print substr($0, 5); next }
    on && $0 != "" { exit }' "$1"
}
# Lines of the transcript that the output lacks.
stale() { # README, command, output
  transcript "$1" "$2" | grep -vxFf "$3"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for profile in pg x86; do
  command="verify minos --session --profile $profile"
  # shellcheck disable=SC2086
  "$TRAPEZE" $command >"$work/out"
  [ "$(transcript README.md "$command" | wc -l)" -gt 3 ]
  report $? "the README shows trapeze $command"
  lines=$(stale README.md "$command" "$work/out")
  [ -z "$lines" ]
  report $? "and what that prints"
  [ -z "$lines" ] || sed 's/^/# not printed: /' <<<"$lines"
done
pair="vmm docs/examples/pair.dir"
# shellcheck disable=SC2086
"$TRAPEZE" $pair >"$work/pair" 2>/dev/null </dev/null
[ "$(transcript README.md "$pair" | wc -l)" -gt 3 ] && lines=$(stale README.md "$pair" "$work/pair"; :) && [ -z "$lines" ]
report $? "the README shows what two systems print"
[ -z "$lines" ] || sed 's/^/# not printed: /' <<<"$lines"
sed 's/ 799 / 798 /' README.md >"$work/README.md"
[ -n "$(stale "$work/README.md" "$command" "$work/out")" ]
report $? "caught: a stale number"

# The tutorial: its program, run as it says.
top=$PWD trapeze=$(realpath "$TRAPEZE") tutorial=docs/first-kernel.md
sed -n '/^```asm/,/^```/p' $tutorial | grep -v '^```' >"$work/first.s"
"$trapeze" run "$work/first.s" --trace="$work/f.trace" >/dev/null </dev/null
report $? "the tutorial's kernel runs"
tutorial_lacks() { # FILE: lines shown that are not printed
  cd "$work" || exit 3
  sed -n 's/^    \$ build\/trapeze //p' "$1" | while read -r shown; do
    # shellcheck disable=SC2086
    "$trapeze" $shown >out 2>&1 </dev/null
    [ "$(transcript "$1" "$shown" | wc -l)" -ge 1 ] || echo "nothing shown: $shown"
    stale "$1" "$shown" out
  done
  cd "$top" || exit 3
}
lines=$(tutorial_lacks "$top/$tutorial")
[ -z "$lines" ]
report $? "and prints what the tutorial shows"
[ -z "$lines" ] || sed 's/^/# not printed: /' <<<"$lines"
sed 's/^    \.\.u\.\.u/    ..u.u/' $tutorial >"$work/wrong.md"
[ -n "$(tutorial_lacks "$work/wrong.md")" ]
report $? "caught: an output that is another"
grep -v 'addi    t0, t0, 4' "$work/first.s" >"$work/loop.s"
"$trapeze" run -t 4000 "$work/loop.s" 2>/dev/null </dev/null | grep -q 'uuuu.*uuuu'
report $? "without the step over sys it prints u for ever, as the tutorial says"

# docs/timers.md: the experiment.
timers_lacks() { # FILE: lines shown that are not printed
  sed -n 's/^    \$ build\/trapeze //p' "$1" | while read -r shown; do
    # shellcheck disable=SC2086
    "$trapeze" $shown >"$work/out" 2>&1 </dev/null
    [ "$(transcript "$1" "$shown" | wc -l)" -ge 1 ] || echo "nothing shown: $shown"
    stale "$1" "$shown" "$work/out"
  done
}
lines=$(timers_lacks docs/timers.md)
[ -z "$lines" ] && [ "$(grep -c '^    \$ ' docs/timers.md)" -eq 5 ]
report $? "docs/timers.md shows what its commands print"
[ -z "$lines" ] || sed 's/^/# not printed: /' <<<"$lines"
sed 's/speed 33 percent/speed 34 percent/' docs/timers.md >"$work/timers.md"
[ "$(timers_lacks "$work/timers.md" | wc -l)" -eq 1 ]
report $? "caught: another speed"

# docs/machine.md, "Reset": what a program finds.
reset_test() { # what IMASK is expected to be
  echo '_start: or s1, s0, sp'
  printf '  or s1, s1, %s\n' ra gp tp t0 t1 t2 a0 a1 a2 a3 a4 a5
  for cr in psw epc epsw cause badva einsn vbr scr0 scr1 scr2 scr3 base bound timer ipend; do
    printf '  mfcr t0, %s\n  or s1, s1, t0\n' $cr
  done
  printf '  mfcr t0, imask\n  li t1, %s\n  xor t0, t0, t1\n  or s1, s1, t0\n' "$1"
  printf '  mfcr t0, cpuid\n  li t1, 0x50470001\n  xor t0, t0, t1\n  or s1, s1, t0\n'
  printf '  lw t0, 0(zero)\n  or s1, s1, t0\n  snez s1, s1\n  addi a0, s1, 48\n  out a0, 0\n  halt\n'
}
reset_test 0x1f >"$work/reset.s"
[ "$("$trapeze" run "$work/reset.s" </dev/null)" = 0 ]
report $? "after reset all is as docs/machine.md says"
reset_test 0x1e >"$work/reset.s"
[ "$("$trapeze" run "$work/reset.s" </dev/null)" = 1 ]
report $? "caught: a reset state that is another"

missing=$(grep -o '](\([^)#]*\))' README.md docs/*.md | sed 's/^\([^:]*\):](\(.*\))$/\1 \2/' |
  while read -r file link; do
    case $link in http*) continue ;; esac
    [ -e "$(dirname "$file")/$link" ] || echo "# $file: $link"
  done)
[ -z "$missing" ]
report $? "every link leads to a file"
[ -z "$missing" ] || echo "$missing"
echo "1..$n"
