#!/bin/bash
# For people: the card of the instruction set is today's and one page; the container's steps are
# steps that work; what docs/student.md and docs/instructor.md show is what is printed. TAP.
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=$(realpath "${BUILD:-build}")
. tests/common/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8

is() { # NAME command…
  "${@:2}" >"$work/log" 2>&1
  report $? "$1" "$work/log"
}

# ----------------------------------------------------------------------- the card
card() { "$BUILD/isagen" --manual "${2:-isa/pg32.isa}" | awk -v as="$1" -f tools/build/card.awk; }
card html >"$work/card.html"
is "docs/isa-card.html is what the definition makes" diff docs/isa-card.html "$work/card.html"
sed 's/"Load word"/"Load a word"/' isa/pg32.isa >"$work/changed.isa"
card html "$work/changed.isa" >"$work/changed.html"
is "caught: a changed definition makes it stale, in one line" test "$(diff docs/isa-card.html "$work/changed.html" | grep -c '^>')" -eq 1
is "it is HTML that a parser takes" xmllint --html --noout "$work/card.html"
lacking() { # every instruction of the definition has its line
  sed -n 's/^instruction \([a-z]*\) .*/\1/p' isa/pg32.isa | while read -r name; do
    grep -q "<td>$name\b" "$work/card.html" || echo "$name"
  done
}
is "every instruction is on it" test -z "$(lacking)"
card roff | groff -Tpdf -P-p21c,29.7c >"$work/card.pdf" 2>"$work/log"
report $? "it is printed" "$work/log"
is "… on one page" grep -aq '/Count 1$' "$work/card.pdf"
is "… with no complaint" test ! -s "$work/log"

# ------------------------------------------------------------------- the container
# No container here; but what it does can be done: each step by itself.
targets() { grep -v apt-get "$1" | grep -oE '\bmake [a-z][a-z-]*' | sort -u; }
is "the container is made from the system that we support" grep -qx 'FROM debian:12' Dockerfile
is "every line of it is an instruction or a comment" sh -c '! grep -vE "^(#.*|(FROM|RUN|WORKDIR|COPY|USER|CMD) .+)$" Dockerfile'
is "what it copies is there" sh -c 'sed -n "s/^COPY \([^ ]*\) .*/\1/p" Dockerfile | xargs ls'
mkdir "$work/container" && cp --parents Makefile tools/build/deps.sh "$work/container/"
is "make deps works with these alone" make -C "$work/container" deps
is "its shell commands can be parsed" sh -c 'sed -n "s/^RUN //p" Dockerfile | sh -n'
is "devcontainer.json is one, and leads to it" jq -e '(.build.dockerfile == "../Dockerfile") and (.build.context == "..") and .remoteUser == "student"' .devcontainer/devcontainer.json
is "… for the user that is made" grep -q 'useradd .* student ' Dockerfile
for file in Dockerfile .devcontainer/devcontainer.json; do
  while read -r _ target; do
    is "$file: make $target is a target" make -n "$target" BUILD="$work/none"
  done < <(targets "$file")
done
is "caught: a target that is none" sh -c '! make -n no-such-target'
echo "1..$number"
exit $failed
