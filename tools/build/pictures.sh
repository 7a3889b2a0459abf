#!/bin/bash
# Draws the pictures of the demos: runs them, records, renders.
#   pictures.sh DIRECTORY [dot]   writes NAME.dot and NAME.svg; with `dot`, no NAME.svg
# TRAPEZE is the command. Each line below is a name, what to run, how to show it.
set -eu
out=$1 only=${2:-}
trapeze=${TRAPEZE:-build/trapeze}
top=$(dirname "$0")/../..
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

while IFS='|' read -r name run show; do
  # shellcheck disable=SC2086
  "$trapeze" ${run/TOP/$top} --trace="$work/$name.trace" </dev/null >/dev/null 2>"$work/said" ||
    [ $? -eq 1 ] || { cat "$work/said" >&2; exit 1; } # a guest may fail; that is the story
  # shellcheck disable=SC2086
  "$trapeze" trace "$work/$name.trace" $show -T dot -o "$out/$name.dot"
  if [ -z "$only" ]; then
    # shellcheck disable=SC2086
    "$trapeze" trace "$work/$name.trace" $show -T svg -o "$out/$name.svg"
  fi
done <<'PICTURES'
popf-bare|run popf --profile x86 --trace-events=default|
popf-pg|vmm popf --profile pg --trace-events=default,sensitive|
popf-x86|vmm popf --profile x86 --trace-events=default,sensitive|
popf-interpret|vmm popf --profile x86 --technique interpret --trace-events=default,sensitive|
popf-translate|vmm popf --profile x86 --technique translate --trace-events=default,sensitive|
popf-patch|vmm popf --profile x86 --technique patch --trace-events=default,sensitive|
holes-hybrid|vmm holes --profile x86 --technique hybrid --trace-events=default,sensitive|--from 20 --to 55
hello|vmm hello|
timer|vmm timer|
traps|vmm traps|
disk|vmm disk|
blocks|vmm TOP/docs/examples/blocks.dir --quantum 700 --costs 0 --ticks 3330|-c traps,emulation,interrupts,io,switches
chain|vmm TOP/docs/examples/chain.dir --io channel --costs 0|
network|vmm TOP/docs/examples/fetch.dir --costs 0|-c io,interrupts --to 4000
minos-syscall|vmm minos --session|--from 58335 --to 58560
minos-nested|vmm minos --session --depth 2 --ticks 60k|--from 58335 --to 58390
minos-divergence|verify minos --profile x86 --ticks 100k|--from 58335 --to 58560
minos-bare|run minos --session --ticks 60k|--from 58200 --to 60000
minos-paravirt|vmm minos-paravirt --technique paravirt --session --ticks 80k|--from 58905 --to 60036
minos-graph|vmm minos --session|--picture graph
minos-modes|vmm minos --session|--picture modes
minos-memory|vmm minos --session|--picture memory
PICTURES

# Two address spaces.
TRAPEZE=$trapeze "$(dirname "$0")/spaces.sh" >"$out/minos-spaces.dot"
[ -n "$only" ] || dot -Tsvg "$out/minos-spaces.dot" -o "$out/minos-spaces.svg"

# From a guest's addresses to the machine's.
for way in shadow nested; do
  TRAPEZE=$trapeze "$(dirname "$0")/maps.sh" $way >"$out/minos-$way-map.dot"
  [ -n "$only" ] || dot -Tsvg "$out/minos-$way-map.dot" -o "$out/minos-$way-map.svg"
done

# Three users' clocks on one machine.
if [ -z "$only" ]; then
  "$(dirname "$0")/clocks.sh" docs/examples/speed.dir 350000 1750 >"$out/clocks.svg"
fi

# The sets of the theory, of three machines to compare.
for profile in pg x86 pdp10; do
  for format in dot ${only:-svg}; do
    "$trapeze" classify "$profile" --routes exhaustion -T "$format" -o "$out/sets-$profile.$format"
  done
done
# Of all machines; whether it is current is seen by tests/classify, which has their proofs.
if [ -z "$only" ]; then
  for format in dot svg; do
    "$trapeze" classify --all --routes exhaustion -T "$format" -o "$out/matrix.$format"
  done
fi
