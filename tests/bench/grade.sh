#!/bin/bash
# What grading a class costs: SUBMISSIONS (300) of lab 4, made of the reference, its stub and the
# wrong solutions, each a text of its own, graded on two processors. Prints Markdown: the
# table of docs/grading.md. Not a test; `make bench-grade`.
set -eu
cd "$(dirname "$0")/../.."
trapeze=$(realpath "${TRAPEZE:-build/trapeze}")
count=${SUBMISSIONS:-300}
top=$PWD lab=$PWD/labs/04-trap-and-emulate
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8 TMPDIR=$work

kinds=(reference stub "$lab"/wrong/*.patch)
one() { # KIND FOLDER
  mkdir -p "$2"
  case $1 in
    reference) cp vmm/dispatch.c vmm/emulate.c "$2/" ;;
    stub) tools/build/stubs.sh "$lab" "$2" ;;
    *)
      mkdir "$work/made" && cp -r --parents vmm/dispatch.c vmm/emulate.c "$work/made/"
      patch -p1 -s -f -d "$work/made" <"$1"
      cp "$work"/made/vmm/*.c "$2/" && rm -r "$work/made"
      ;;
  esac
}
for i in "${!kinds[@]}"; do one "${kinds[i]}" "$work/kind/$i"; done
# A class: some have not begun, some are done, most are somewhere between.
for n in $(seq "$count"); do
  case $((n % 10)) in 0) kind=1 ;; 1 | 2 | 3) kind=0 ;; *) kind=$((2 + n % (${#kinds[@]} - 2))) ;; esac
  cp -r "$work/kind/$kind" "$work/class/$(printf %03d "$n")" 2>/dev/null ||
    { mkdir -p "$work/class" && cp -r "$work/kind/$kind" "$work/class/$(printf %03d "$n")"; }
  echo "/* submission $n */" >>"$work/class/$(printf %03d "$n")/dispatch.c"
done

TIMEFORMAT='%R %U %S'
timed() { # FILE command…: seconds on the clock, of processors
  { time "${@:2}" >"$work/said" 2>&1; } 2>"$work/times" || { cat "$work/said" >&2; exit 3; }
  awk '{ printf "%.2f %.2f\n", $1, $2 + $3 }' "$work/times" >"$1"
}
pinned=()
[ "$(nproc)" -lt 2 ] || pinned=(taskset -c 0,1)
timed "$work/all" "${pinned[@]}" "$trapeze" grade-all --labs "$top/labs" 4 "$work/class" -j 2 -o "$work/results"
graded=$(jq '.submissions | length' "$work/results/summary.json")
[ "$graded" -eq "$count" ] || { echo "only $graded of $count were graded" >&2; exit 3; }
# The parts, by difference: built and nothing tested but one guest of 400 ticks; and all.
for what in reference:0 stub:1 wrong:2; do
  for only in errant-kernel ""; do
    timed "$work/part.${what%:*}.${only:-all}" "$trapeze" grade --labs "$top/labs" 4 "$work/kind/${what#*:}" --only "$only"
  done
done
read -r wall cpu <"$work/all"
awk -v n="$count" -v wall="$wall" -v cpu="$cpu" 'BEGIN {
  print "| | on the clock | of processors |\n|---|---|---|"
  printf "| %d submissions, two at a time on two processors | %d min %02d s | %d s |\n", n, wall / 60, wall % 60, cpu
  printf "| one of them | %.2f s | %.2f s |\n", wall / n, cpu / n }'
for kind in reference stub wrong; do
  read -r _ built <"$work/part.$kind.errant-kernel"
  read -r _ whole <"$work/part.$kind.all"
  awk -v kind="$kind" -v built="$built" -v whole="$whole" 'BEGIN {
    printf "| … %s: built | | %.2f s |\n", kind, built
    printf "| … %s: its tests | | %.2f s |\n", kind, whole - built }'
done
