#!/bin/bash
# What --trace costs: sessions of minos recorded and not, in turns, processor time of
# all threads and time on the clock. `make bench` ends with it.
#   record.sh [TURNS [SESSIONS a turn]]
set -u
cd "$(dirname "$0")/../.." || exit 3
trapeze=${TRAPEZE:-${BUILD:-build}/trapeze}
turns=${1:-15} sessions=${2:-10}
file=$(mktemp)
trap 'rm -f "$file"' EXIT
TIMEFORMAT='%R %U %S'

timed() { # options: "clock processor", in seconds
  local spent
  spent=$({ time for ((i = 0; i < sessions; i++)); do
    "$trapeze" "$@" --session >/dev/null 2>&1 </dev/null || exit 3
  done; } 2>&1) || return
  awk '{ print $1, $2 + $3 }' <<<"$spent"
}
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

printf '\nrecorded with --trace, time over that without; medians of %s turns\n' "$turns"
printf '%-43s%13s%13s\n' '' 'processor' 'clock'
while IFS='|' read -r name options; do
  ratios=$(for ((turn = 0; turn < turns; turn++)); do
    # shellcheck disable=SC2086
    recorded=$(timed $options --trace="$file") && plain=$(timed $options) || exit 3
    echo "$recorded $plain"
  done | awk 'NF == 4 && $3 > 0 && $4 > 0 { print $2 / $4, $1 / $3 }')
  [ "$(wc -l <<<"$ratios")" -eq "$turns" ] && [ -n "$ratios" ] || exit 3
  printf '  %-41s%13.2f%13.2f\n' "$name" "$(cut -d' ' -f1 <<<"$ratios" | median)" \
    "$(cut -d' ' -f2 <<<"$ratios" | median)"
done <<'RUNS'
minos, bare|run minos
minos, bare, x86|run minos --profile x86
minos, virtual machine|vmm minos
RUNS
