#!/bin/bash
# `make bench`: makes the C kernels, measures everything in turns (tests/bench/main.c), then
# what --trace costs and what minos costs by each technique for memory.
#   tests/bench/bench.sh [--short | --long] [--json] [--json=FILE] [--chart=FILE.svg] [--only=TEXT]
# With --json or --only there is only the first part.
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=${BUILD:-build}
export TRAPEZE=${TRAPEZE:-$BUILD/trapeze}
millions=40
for option; do
  case $option in
    --long) millions=200 ;;
    --smoke) millions=2 ;;
  esac
done
kernels=$BUILD/tests/bench/kernels-$millions
tests/bench/kernels.sh "$kernels" $millions || exit
"$BUILD/tests/bench/bench" --kernels="$kernels" --trapeze="$TRAPEZE" "$@" || exit
case "$*" in *--json* | *--only* | *--id* | *--list*) exit 0 ;; esac
tests/bench/record.sh && echo && "$TRAPEZE" compare --memory-techniques minos --time
