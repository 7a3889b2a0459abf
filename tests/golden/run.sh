#!/bin/bash
# Golden tests: each folder is a case. Its `command` is run by bash in a copy of
# the folder, with the command under test as `trapeze`; what it prints, errors
# included, and its exit status must be `expected`.
#   tests/golden/run.sh [--update [NAME...]]   rewrites the expectations instead
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=${BUILD:-build}
trapeze=$(realpath "${TRAPEZE:-$BUILD/trapeze}")
cases=$PWD/tests/golden
scratch=$(mktemp -d) && trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin" && ln -s "$trapeze" "$scratch/bin/trapeze"
export PATH=$scratch/bin:$PATH LC_ALL=C.UTF-8 TOP=$PWD
unset CDPATH MAKEFLAGS
number=0

report() { # STATUS NAME [FILE with diagnostics]
  number=$((number + 1))
  [ "$1" -eq 0 ] && echo "ok $number - $2" && return
  echo "not ok $number - $2"
  [ -z "${3:-}" ] || sed 's/^/# /' "$3"
}

run_case() { # NAME: leaves $scratch/NAME.said
  cp -r "$cases/$1" "$scratch/$1"
  (
    cd "$scratch/$1" && rm -f expected &&
      bash -u -o pipefail ./command 2>&1 </dev/null
    echo "exit status $?"
  ) | "$cases/normalise.sh" >"$scratch/$1.said"
}

if [ ! -x "$trapeze" ]; then
  echo "not ok 1 - $trapeze can be run"
  exit 1
fi
names=$(cd "$cases" && for f in */command; do dirname "$f"; done)
if [ "${1:-}" = --update ]; then
  shift
  [ $# -eq 0 ] || names=$*
  for name in $names; do
    run_case "$name"
    cmp -s "$scratch/$name.said" "$cases/$name/expected" || echo "updated: $name"
    cp "$scratch/$name.said" "$cases/$name/expected"
  done
  exit 0
fi

for name in $names; do
  run_case "$name"
  diff "$cases/$name/expected" "$scratch/$name.said" >"$scratch/diff" 2>&1
  report $? "$name" "$scratch/diff"
done

# The comparison can fail: in an exit status, a word, and a program's bytes.
run_case asm-hello >/dev/null
sed 's/^exit status 0$/exit status 1/' "$cases/asm-hello/expected" | diff -q - "$scratch/asm-hello.said" >/dev/null
[ $? -eq 1 ]
report $? "judging: another exit status is seen"
sed -i 's/addi  *a0, a0, 1/addi a0, a0, 2/' "$scratch/asm-hello/hello.s"
(cd "$scratch/asm-hello" && bash -u -o pipefail ./command 2>&1; echo "exit status $?") | diff -q "$cases/asm-hello/expected" - >/dev/null
[ $? -eq 1 ]
report $? "judging: another instruction is seen"
echo "1..$number"
