#!/bin/bash
# The definition's checker and the manual's tables. Each case NAME.isa is a bad
# definition (prelude.isa is appended unless it says "# alone"); NAME.expected
# is what isagen says. A bad definition exits with 2 and writes nothing. good/ holds definitions that must work.
#   tests/isagen/run.sh [--update]   rewrites the expectations instead
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=${BUILD:-build}
isagen=$(realpath "$BUILD/isagen")
cases=tests/isagen
scratch=$(mktemp -d) && trap 'rm -rf "$scratch"' EXIT
number=0

report() { # STATUS NAME [FILE with diagnostics]
  number=$((number + 1))
  [ "$1" -eq 0 ] && echo "ok $number - $2" && return
  echo "not ok $number - $2"
  [ -z "${3:-}" ] || sed 's/^/# /' "$3"
}

run_case() { # NAME: leaves $scratch/NAME.{said,status,out/}
  local name=$1
  cp "$cases/$name.isa" "$scratch/$name.isa"
  grep -q '^# alone$' "$cases/$name.isa" || cat "$cases/prelude.isa" >>"$scratch/$name.isa"
  mkdir -p "$scratch/$name.out"
  (cd "$scratch" && "$isagen" --out "$name.out" "$name.isa" 2>"$name.said")
  echo $? >"$scratch/$name.status"
}

# Prints what is wrong with a case's outcome.
judge() { # NAME EXPECTED
  [ "$(cat "$scratch/$1.status")" = 2 ] || echo "exit status $(cat "$scratch/$1.status"), expected 2"
  [ -z "$(ls "$scratch/$1.out")" ] || echo "wrote: $(ls "$scratch/$1.out" | xargs)"
  diff "$2" "$scratch/$1.said"
}

names=$(cd "$cases" && ls ./*.isa | sed 's|^\./||; s|\.isa$||' | grep -v '^prelude$')
if [ "${1:-}" = --update ]; then
  for name in $names; do
    run_case "$name"
    cp "$scratch/$name.said" "$cases/$name.expected"
  done
  exit 0
fi

for name in $names; do
  run_case "$name"
  judge "$name" "$cases/$name.expected" >"$scratch/diff" 2>&1
  [ ! -s "$scratch/diff" ]
  report $? "bad definition: $name" "$scratch/diff"
done

# The oracle can fail: a good definition is not mistaken for a bad one, and one
# word more in what is expected is seen.
printf '# alone\n' >"$scratch/good.isa"
cat "$cases/prelude.isa" >>"$scratch/good.isa"
mkdir "$scratch/good.out"
(cd "$scratch" && "$isagen" --out good.out good.isa >good.said 2>&1)
echo $? >"$scratch/good.status"
[ "$(cat "$scratch/good.status")" = 0 ] && [ ! -s "$scratch/good.said" ] &&
  [ "$(ls "$scratch/good.out" | xargs)" = "pg32.h pg32_bodies.h pg32_tables.c pg32_terms.h" ]
report $? "the prelude is accepted" "$scratch/good.said"
[ "$(judge good /dev/null | wc -l)" -eq 2 ]
report $? "judging: a wrong status and output files are seen"
sed '1s/error/eror/' "$cases/opcode-overlap.expected" >"$scratch/altered"
[ -n "$(judge opcode-overlap "$scratch/altered")" ]
report $? "judging: a different message is seen"

# Good definitions: every construct compiles without warnings and computes what
# C written by hand does; one operator changed is noticed.
build_and_run() { # DIR with language.isa
  (cd "$1" && "$isagen" --out . language.isa) &&
    ${CC:-cc} -std=gnu11 -Wall -Wextra -Wshadow -Wconversion -Werror -I"$1" -I. -o "$1/language" \
      "$cases/good/language.c" && "$1/language"
}
mkdir "$scratch/language" "$scratch/altered-language"
cat "$cases/good/language.isa" "$cases/prelude.isa" >"$scratch/language/language.isa"
build_and_run "$scratch/language" >"$scratch/said" 2>&1
report $? "every construct of the language compiles and computes" "$scratch/said"
sed 's/a = -b - -c;/a = -b + -c;/' "$scratch/language/language.isa" >"$scratch/altered-language/language.isa"
build_and_run "$scratch/altered-language" >"$scratch/said" 2>&1
[ $? -eq 1 ] && grep -q '^body 1 with' "$scratch/said"
report $? "judging: a changed operator computes something else" "$scratch/said"

# The manual.
"$isagen" --manual isa/pg32.isa >"$scratch/manual" 2>&1
diff docs/isa-tables.md "$scratch/manual" >"$scratch/diff"
report $? "docs/isa-tables.md is what 'isagen --manual isa/pg32.isa' prints" "$scratch/diff"
sed 's/"Load word"/"Load a word"/' isa/pg32.isa >"$scratch/changed.isa"
"$isagen" --manual "$scratch/changed.isa" 2>&1 | diff -q docs/isa-tables.md - >/dev/null
[ $? -eq 1 ]
report $? "judging: a changed definition makes docs/isa-tables.md stale"

# The command line.
"$isagen" --out "$scratch/nowhere" isa/pg32.isa >"$scratch/said" 2>&1
[ $? -eq 3 ] && grep -q nowhere "$scratch/said"
report $? "a folder that does not exist is the host's fault" "$scratch/said"
"$isagen" --check "$scratch/missing.isa" >"$scratch/said" 2>&1
[ $? -eq 2 ] && grep -q missing.isa "$scratch/said"
report $? "a definition that does not exist is the user's fault" "$scratch/said"
"$isagen" >"$scratch/said" 2>&1
[ $? -eq 2 ] && grep -q '^usage: ' "$scratch/said"
report $? "no arguments: usage" "$scratch/said"
echo "1..$number"
