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

missing=$(grep -o '](\([^)#]*\))' README.md docs/*.md | sed 's/^\([^:]*\):](\(.*\))$/\1 \2/' |
  while read -r file link; do
    case $link in http*) continue ;; esac
    [ -e "$(dirname "$file")/$link" ] || echo "# $file: $link"
  done)
[ -z "$missing" ]
report $? "every link leads to a file"
[ -z "$missing" ] || echo "$missing"
echo "1..$n"
