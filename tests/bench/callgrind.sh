#!/bin/bash
# Host instructions for each of what the bench program measures, counted by callgrind within
# bench_counted() alone: they do not depend on who else uses the host. Prints Markdown; with
# --update it goes into docs/performance.md, between its two marks.
#   tests/bench/callgrind.sh [--update] [--smoke] [ID:ROUNDS …]
set -u
cd "$(dirname "$0")/../.." || exit 3
BUILD=${BUILD:-build}
bench=$BUILD/tests/bench/bench
kernels=${KERNELS:-$BUILD/tests/bench/kernels-40}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
update='' factor=1 wanted=()
for option; do
  case $option in
    --update) update=1 ;;
    --smoke) factor=100 ;;
    -*) echo "usage: callgrind.sh [--update] [--smoke] [ID:ROUNDS ...]" >&2 && exit 2 ;;
    *) wanted+=("$option") ;;
  esac
done

with=()
[ ! -f "$kernels/list" ] || with=(--kernels="$kernels")
counted() { # ID ROUNDS: instructions a round
  local rounds=$(($2 / factor > 10 ? $2 / factor : 10))
  valgrind --tool=callgrind --callgrind-out-file="$work/out" --collect-atstart=no --toggle-collect=bench_counted \
    "$bench" ${with[@]+"${with[@]}"} --id="$1" --rounds="$rounds" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    echo "callgrind.sh: $1 cannot be counted" >&2
    exit 3
  }
  awk -v rounds="$rounds" '/Collected :/ { printf "%.2f", $NF / rounds }' "$work/log"
}

if [ ${#wanted[@]} -gt 0 ]; then
  for w in "${wanted[@]}"; do
    count=$(counted "${w%:*}" "${w##*:}") || exit 3
    printf '%-24s %10s\n' "${w%:*}" "$count"
  done
  exit 0
fi
tests/bench/kernels.sh "$kernels" 40 || exit
with=(--kernels="$kernels")

kernel_table() {
  local ways=(bare unfused bare-paged vm-bounds vm-shadow vm-nested vm-exact) name way count
  echo '| host instructions for an instruction of PG32 | bare | … without fusion | … with pages | virtual, bounds | … shadow | … nested | … TLB, exact |'
  echo '|---|---|---|---|---|---|---|---|'
  while read -r name _; do
    printf '| %s' "$name"
    for way in "${ways[@]}"; do
      count=$(counted "$name/$way" 1000000) || exit 3
      printf ' | %s' "$count"
    done
    echo ' |'
  done <"$kernels/list"
}
operation_table() {
  local what count
  echo '| one of these | id | host instructions |'
  echo '|---|---|---|'
  while IFS='|' read -r what id rounds; do
    count=$(counted "$id" "$rounds") || exit 3
    printf '| %s | `%s` | %s |\n' "$what" "$id" "$count"
  done
}
tables() {
  kernel_table || exit
  echo
  operation_table <<'IDS'
trap and return, bare: `sys`, `rfe`|trap-and-return|100000
… with a handler of four instructions|system-call|100000
trap and return, virtual: `sys` reflected, `rfe` emulated|trap-and-return-vm|20000
… with a handler of four instructions|system-call-vm|20000
privileged instruction emulated: `mtcr`, `mfcr`|emulate-cr|20000
… `cli`, `sti`|emulate-flags|20000
… two VMMs deep|emulate-cr-vm2|10000
step by `machine_run`, bare|step|100000
… of a virtual machine|step-vm|20000
… of two in turns; less the line above it is a world switch|step-two-vms|20000
a turn of 100 ticks of ten guests|turn-10|5000
step by the debugger, bare|debug-step|20000
… of a virtual machine|debug-step-vm|20000
port read, virtual|port-in-vm|20000
mapped register read, virtual|mmio-load-vm|20000
disk sector by ports, virtual|disk-port-vm|2000
minos, four busy processes, a tick: bare|busy|3000000
… virtual, bounds|busy-vm|3000000
snapshot of 16 MiB, each page changed|snapshot-changed|10
… nothing changed|snapshot-unchanged|100
state hash after a step|step-and-hash|20000
IDS
  echo
  tests/bench/untraced.sh
}
tables >"$work/tables" || exit
[ -n "$update" ] || exec cat "$work/tables"
sed -i -e '/^<!-- counted/,/^<!-- end/{/^<!-- counted/{p;r '"$work/tables" -e '};/^<!-- end/!d}' docs/performance.md
