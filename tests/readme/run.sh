#!/bin/bash
# What the README shows is what the command prints: each line of its transcripts
# stands in the output of the command above it, and each file it links to exists.
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

missing=$(grep -o '](\([^)#]*\))' README.md docs/*.md | sed 's/^\([^:]*\):](\(.*\))$/\1 \2/' |
  while read -r file link; do
    case $link in http*) continue ;; esac
    [ -e "$(dirname "$file")/$link" ] || echo "# $file: $link"
  done)
[ -z "$missing" ]
report $? "every link leads to a file"
[ -z "$missing" ] || echo "$missing"
echo "1..$n"
