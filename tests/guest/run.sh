#!/bin/bash
# Programs in PG32 assembly, each with what it must print beside its code, and the
# shipped guests; on several profiles, by every engine, bare and virtual.
#
# In a program's comments:
#   #> TEXT        a line of its output; all of these, in this order, are the output
#   # bare: P...   profiles to run it on, bare (default: five)
#   # vmm: P...    and in a virtual machine (default: those of bare: on which every
#                  sensitive instruction traps: pg and s360)
#   # input: TEXT  what is typed
#   # exit: N      exit status (default 0)
set -u
cd "$(dirname "$0")/../.." || exit 3
here=tests/guest
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0

report() { # status, name; after a failure also what there is to say
  n=$((n + 1))
  if [ "$1" -eq 0 ]; then
    echo "ok $n - $2"
  else
    echo "not ok $n - $2"
    cat "$work/diff" "$work/errors" 2>/dev/null | head -n 30 | sed 's/^/# /'
  fi
}

# ------------------------------------------------- programs beside their output
directive() { # file, name, default
  local found
  found=$(sed -n "s/^# $2: *//p" "$1" | head -n 1)
  if grep -q "^# $2:" "$1"; then echo "$found"; else echo "$3"; fi
}

# matches FILE COMMAND ARGS...: runs it; 0 if output and exit status are right.
matches() {
  local file=$1 status
  shift
  sed -n 's/.*#> //p' "$file" >"$work/expected"
  directive "$file" input "" | tr -d '\n' >"$work/input"
  timeout 300 "$TRAPEZE" "$@" --ticks 1000000 --input "$work/input" "$file" \
    >"$work/output" 2>"$work/errors"
  status=$?
  diff -u "$work/expected" "$work/output" >"$work/diff" &&
    [ "$status" -eq "$(directive "$file" exit 0)" ]
}

run_program() { # file
  local name bare virtual profile engine
  name=$(basename "$1" .s)
  bare=$(directive "$1" bare "pg s360 x86 x86-popf pdp10")
  virtual=$(directive "$1" vmm "pg s360")
  for profile in $bare; do
    for engine in fast unfused step; do
      matches "$1" run --profile "$profile" --engine "$engine"
      report $? "$name, bare, $profile, $engine"
    done
  done
  for profile in $virtual; do
    for engine in fast step; do
      matches "$1" vmm --profile "$profile" --engine "$engine"
      report $? "$name, virtual, $profile, $engine"
    done
    matches "$1" vmm --depth 2 --profile "$profile"
    report $? "$name, in a VMM on a VMM, $profile"
  done
}

for file in "$here"/*.s; do
  run_program "$file"
done

# The comparison can fail: a program that prints something else, one that prints
# too little, and one with another exit status.
for file in "$here"/wrong/*.s; do
  ! matches "$file" run && [ -s "$work/output" ]
  report $? "$(basename "$file" .s) is noticed"
done

. "$here/shipped.sh"

echo "1..$n"
