#!/bin/bash
# A second solver confirms the first: cvc5 is given the queries that solver_print()
# writes and must say of each what Z3 said. TAP lines; tests/classify/run.sh runs this.
#   tests/classify/cvc5.sh                  some queries of one profile
#   tests/classify/cvc5.sh --all [PROFILE…] every query of these profiles, or of all, and
#                                           of x86 with pages
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=${BUILD:-build}
queries=$BUILD/tests/classify/queries
scratch=$(mktemp -d) && trap 'rm -rf "$scratch"' EXIT
number=0 failed=0

report() { # STATUS NAME [FILE with diagnostics]
  number=$((number + 1))
  [ "$1" -eq 0 ] && echo "ok $number - $2" && return
  failed=1
  echo "not ok $number - $2"
  [ -z "${3:-}" ] || sed 's/^/# /' "$3"
}

# Prints the queries on which cvc5's answers in ANSWERS are not those of LIST.
disagreements() { # LIST ANSWERS
  [ -s "$1" ] || echo "no queries"
  [ "$(wc -l <"$1")" = "$(wc -l <"$2")" ] || echo "cvc5 answered $(wc -l <"$2") of $(wc -l <"$1") queries"
  paste -d' ' "$2" "$1" | awk '$1 != $2 { print "cvc5 says " $0 }'
}

confirm() { # PROFILE [--all]
  local status=0 name
  name=$(basename "$1" .profile)
  local at=$scratch/$name
  "$queries" "$1" "$at.smt2" "$at.list" ${2:+"$2"} >"$at.diff" 2>&1 || status=1
  cvc5 -q --lang smt2 "$at.smt2" >"$at.answers" 2>>"$at.diff" || status=1
  disagreements "$at.list" "$at.answers" >>"$at.diff"
  [ ! -s "$at.diff" ] && [ "$status" = 0 ]
  report $? "$name: cvc5 agrees with Z3 on $(wc -l <"$at.list") queries" "$at.diff"
}

if [ "${1:-}" = --all ]; then
  shift
  if [ $# = 0 ]; then
    set -- $(ls isa/profiles/*.profile | sed 's|.*/||; s|\.profile$||')
    for mmu in paged tlb nested; do
      printf 'extends x86; profile x86-%s; mmu %s; kseg;\n' $mmu $mmu >"$scratch/x86-$mmu.profile"
      set -- "$@" "$scratch/x86-$mmu.profile"
    done
  fi
  for profile in "$@"; do
    confirm "$profile" --all
  done
  echo "1..$number"
  exit $failed
fi

confirm x86

# The comparison can fail: one answer that is not what cvc5 said, and one missing.
sed '1s/^[a-z]*/maybe/' "$scratch/x86.list" >"$scratch/wrong.list"
[ -n "$(disagreements "$scratch/wrong.list" "$scratch/x86.answers")" ]
report $? "caught: an answer that differs"
sed 1d "$scratch/x86.answers" >"$scratch/short.answers"
[ -n "$(disagreements "$scratch/x86.list" "$scratch/short.answers")" ]
report $? "caught: a query without an answer"
# And a solver that is asked something else answers something else.
head -n 40 "$scratch/x86.list" >"$scratch/some.list"
awk '{ print } /^\(reset\)/ && ++n == 40 { exit }' "$scratch/x86.smt2" |
  sed 's/^(assert \(.*\)/(assert false) (assert \1/' | cvc5 -q --lang smt2 - \
  >"$scratch/false.answers" 2>&1
[ "$(disagreements "$scratch/some.list" "$scratch/false.answers" | grep -c 'unsat sat')" -gt 3 ]
report $? "caught: queries that nothing satisfies"
echo "1..$number"
exit $failed
