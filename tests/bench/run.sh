#!/bin/bash
# `make bench` works: a very short run prints a table, and JSON with its fields.
# What the figures say is not tested: time is not the tests' business. TAP.
#   tests/bench/run.sh [--all]   also the C kernels and callgrind
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

# A kernel that takes no compiler: the same loop for every machine of ours, nothing for the host.
kernels=$work/kernels
mkdir "$kernels"
"$TRAPEZE" asm tests/bench/sieve.s -o "$kernels/tiny.elf" 2>"$work/err"
cp "$kernels/tiny.elf" "$kernels/tiny.paged.elf"
cp "$kernels/tiny.elf" "$kernels/tiny.tlb.elf"
printf '#!/bin/sh\n' >"$kernels/tiny.small.native"
chmod +x "$kernels/tiny.small.native"
cp "$kernels/tiny.small.native" "$kernels/tiny.large.native"
echo 'tiny 1000 2000' >"$kernels/list"

"$bench" --smoke --kernels="$kernels" --json="$work/json" --chart="$work/chart.svg" >"$work/table" 2>"$work/err"
result $? 'the tables are printed'
has "$work/table" 'M ticks/s' alu sieve fib 'world switch' snapshot 'input and output' 'channel program' \
  tiny 'virtual, nested paging' 'four busy processes' 'step back' 'aims'
result $? 'with loops, kernels, operations and aims'
has "$work/json" '"schema": "trapeze-bench/2"' '"form": "smoke"' '"ticks_per_second": ' \
  '"ratio": ' '"machine": "bare-stepper"' '"machine": "vm2-fused"' '"way": "vm-disco"' '"to_bare_paged": '
result $? 'JSON is written, with its schema, loops and kernels'
ids=(port-in port-out-vm mmio-load-vm channel-program-vm disk-channel-vm timer-set-vm turn-1 turn-1000 trap-and-return emulate-cr emulate-flags pages-bounds pages-paged world-switch step debug-step debug-back busy-vm state-hash snapshot-full snapshot-unchanged)
has "$work/json" "${ids[@]/#/\"id\": \"}"
result $? 'and the operations'
[ "$(grep -c '"ns": 0\.0,' "$work/json")" -eq 0 ]
result $? 'none of which took no time'
xmllint --noout "$work/chart.svg" 2>"$work/err" && [ "$(grep -c '<rect' "$work/chart.svg")" -eq 13 ]
result $? 'and a chart'
"$bench" --smoke --only=alu --wrong >"$work/out" 2>"$work/err"
[ $? -eq 3 ] && has "$work/err" 'differ after'
result $? 'machines that come to different states give no figures'
"$bench" --id=tiny/vm-shadow --kernels="$kernels" --rounds=1000 >"$work/out" 2>"$work/err" && [ ! -s "$work/out" ]
result $? 'so many rounds of one, for callgrind'
"$bench" --only=grade-2 --smoke --trapeze="$TRAPEZE" >"$work/out" 2>"$work/err" && has "$work/out" 'grade lab 2'
result $? 'a whole run of the command is measured'
"$bench" --only=grade-2 --smoke --trapeze=/nowhere >"$work/out" 2>"$work/err"
[ $? -eq 3 ] && has "$work/err" fails
result $? 'unless it fails'

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
# The C kernels themselves, by every technique: compiling them takes long. And callgrind.
if [ "${1:-}" = --all ]; then
  env -u MAKEFLAGS -u MFLAGS make -s deps PACKAGES=valgrind >"$work/out" 2>&1
  tests/bench/bench.sh --smoke --only=kernel --chart="$work/chart.svg" >"$work/table" 2>"$work/err" &&
    has "$work/table" fibonacci bytecode 'mean of 7' 'virtual, TLB disco' 'virtual over bare, shadow tables'
  result $? 'the C kernels come to the same state by every technique'
  tests/bench/callgrind.sh trap-and-return:1000 sieve/bare-fused:10000 >"$work/out" 2>"$work/err" &&
    awk 'NF != 2 || $2 < 5 || $2 > 2000 { exit 1 }' "$work/out"
  result $? 'callgrind counts'
  tests/bench/callgrind.sh nonsense:1000 >"$work/out" 2>"$work/err"
  [ $? -eq 3 ]
  result $? 'but not what there is not'
fi
echo "1..$number"
