#!/bin/bash
# `make bench` works: a very short run prints a table, and JSON with its fields.
# What the figures say is not tested: time is not the tests' business. TAP.
set -u
cd "$(dirname "$0")/../.." || exit 3
bench=$BUILD/tests/bench/bench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0

result() { # status, name
  number=$((number + 1))
  if [ "$1" -eq 0 ]; then
    echo "ok $number - $2"
  else
    echo "not ok $number - $2"
    sed 's/^/# /' "$work/err"
  fi
}

has() { # FILE, text…: every one of them is there
  local file=$1 text
  shift
  for text in "$@"; do
    grep -qF -- "$text" "$file" || {
      echo "missing: $text" >>"$work/err"
      return 1
    }
  done
}

"$bench" --smoke >"$work/table" 2>"$work/err"
result $? 'the table is printed'
has "$work/table" 'M ticks/s' alu sieve fib 'world switch' snapshot 'input and output' 'channel program'
result $? 'with loops and operations'

"$bench" --smoke --json >"$work/json" 2>"$work/err"
result $? 'JSON is printed'
has "$work/json" '"schema": "trapeze-bench/1"' '"form": "smoke"' '"ticks_per_second": ' \
  '"ratio": ' '"machine": "bare-stepper"' '"machine": "vm2-fused"'
result $? 'with its schema and the loops'
ids=(port-in port-out-vm mmio-load-vm channel-program-vm disk-channel-vm timer-set-vm turn-1 turn-1000 trap-and-return emulate-cr emulate-flags pages-bounds pages-paged world-switch step state-hash snapshot-full)
has "$work/json" "${ids[@]/#/\"id\": \"}"
result $? 'and the operations'
[ "$(grep -c '"ns": 0\.0,' "$work/json")" -eq 0 ]
result $? 'none of which took no time'

tests/bench/record.sh 1 1 >"$work/table" 2>"$work/err"
result $? 'what recording costs is printed'
[ "$(grep -cE '^  minos.* [0-9]+\.[0-9]{2} +[0-9]+\.[0-9]{2}$' "$work/table")" -eq 3 ]
result $? 'of three runs'
TRAPEZE=/nowhere tests/bench/record.sh 1 1 >"$work/table" 2>"$work/err"
[ $? -eq 3 ]
result $? 'unless they fail'

BUILD=$BUILD tests/bench/growth.sh "$work" --smoke >"$work/out" 2>"$work/err"
result $? 'the growth of cost is measured'
[ "$(wc -l <"$work/growth.dat")" -eq 7 ] && [ "$(grep -c '<circle' "$work/growth.svg")" -eq 7 ] && has "$work/growth.svg" '</svg>'
result $? 'and drawn'

"$bench" --nonsense >"$work/out" 2>"$work/err"
[ $? -eq 2 ]
result $? 'an unknown option is a usage error'
bench=$(realpath "$bench")
(cd "$work" && "$bench" --smoke) >"$work/out" 2>"$work/err"
[ $? -eq 3 ] && has "$work/err" tests/bench/alu.s
result $? 'programs that are not there are named'
echo "1..$number"
